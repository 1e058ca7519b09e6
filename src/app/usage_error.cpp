// SPDX-License-Identifier: Apache-2.0
#include "app/usage_error.h"

#include "app/exit_code.h"
#include "kernel/base/text.h"

#include <CLI/CLI.hpp>

#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::app {

namespace {

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
    const std::vector<std::string_view> candidates(known.begin(), known.end());
    const auto near = nearest(word, candidates);
    return near ? "; did you mean " + std::string(*near) + "?" : "";
}

std::string unknown_option(const CLI::App& command, std::string_view word) {
    word = word.substr(0, word.find('='));
    std::vector<std::string> known;
    for (const CLI::Option* option : command.get_options()) {
        for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
    return "unknown option " + std::string(word) + did_you_mean(word, known);
}

std::string unknown_word(const CLI::App& command, const std::string& word) {
    std::vector<std::string> known;
    std::string list;
    for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; })) {
        known.push_back(sub->get_name());
        (list += list.empty() ? "" : ", ") += sub->get_name();
    }
    if (known.empty()) {
        return command.get_options(
                          [](const CLI::Option* option) { return option->get_positional(); })
                       .empty()
                   ? "'" + word + "' is not expected: this command takes options only"
                   : "'" + word + "' is one word too many";
    }
    return "no such word '" + word + "'" + did_you_mean(word, known) + "\n  there are: " + list;
}

constexpr std::array must_not_be_empty{"--server",    "--jobs",       "--data",   "--config",
                                       "--queue",     "--queues",     "--type",   "--glob",
                                       "--read-root", "--write-root", "--tls-ca", "--file"};

}  // namespace

void refuse_empty_values(CLI::App& program) {
    for (const char* name : must_not_be_empty) {
        if (CLI::Option* option = program.get_option_no_throw(name)) {
            option->check([](const std::string& value) {
                return value.empty() ? std::string("the value is empty") : std::string();
            });
        }
    }
    for (CLI::App* command : program.get_subcommands([](const CLI::App*) { return true; }))
        refuse_empty_values(*command);
}

int finish_parse(const CLI::App& program, const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error) == 0 ? exit_ok : exit_failed;
    const CLI::App* command = &program;
    std::string name = program.get_name();
    while (!command->get_subcommands().empty()) {
        command = command->get_subcommands().front();
        name += " " + command->get_name();
    }
    std::string message = error.what();
    // CLI11: "--jobs: At Most 1 required but received 2".
    if (const std::size_t at = message.find(": At Most 1 required"); at != std::string::npos)
        message = message.substr(0, at) + " is given more than once";
    if (const auto extras = program.remaining(true); !extras.empty()) {
        const std::string& first = extras.front();
        const bool is_option = first.size() > 1 && first.front() == '-';
        message = is_option ? unknown_option(*command, first) : unknown_word(*command, first);
    }
    std::fprintf(stderr, "%s: %s\n  see: %s --help\n", name.c_str(), message.c_str(), name.c_str());
    return exit_usage;
}

}  // namespace sluice::app
