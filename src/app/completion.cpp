// SPDX-License-Identifier: Apache-2.0
// `sluice completion`: prints a completion script for a shell.
#include "app/completion.h"

#include "app/commands.h"
#include "app/exit_code.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

namespace sluice::app {

namespace {

/// The first line, without what a description line of zsh may not hold.
std::string one_line(const std::string& text) {
    std::string line = text.substr(0, text.find('\n'));
    std::replace(line.begin(), line.end(), ':', ',');
    return line;
}

CompletionNode describe(const CLI::App& command) {
    CompletionNode node{.name = command.get_name(), .help = one_line(command.get_description())};
    for (const CLI::App* one : command.get_subcommands([](const CLI::App*) { return true; })) {
        if (!one->get_name().empty()) node.commands.push_back(describe(*one));
    }
    for (const CLI::Option* option : command.get_options()) {
        std::vector<std::string> values = values_of_type(option->get_type_name());
        if (option->get_positional()) {
            node.values.insert(node.values.end(), values.begin(), values.end());
            continue;
        }
        CompletionOption known{.help = one_line(option->get_description()),
                               .takes_value = option->get_items_expected_min() > 0,
                               .values = std::move(values)};
        for (const std::string& name : option->get_lnames()) known.names.push_back("--" + name);
        for (const std::string& name : option->get_snames()) known.names.push_back("-" + name);
        node.options.push_back(std::move(known));
    }
    return node;
}

}  // namespace

void add_completion(CLI::App& program, int& exit_code) {
    CLI::App* command =
        program.add_subcommand("completion", "Print a completion script for a shell");
    auto shell = std::make_shared<std::string>();
    command->add_option("SHELL", *shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    command->footer("Example, for ~/.bashrc:  source <(sluice completion bash)");
    command->callback([&program, shell, &exit_code] {
        const CompletionNode node = describe(program);
        const std::string text = *shell == "bash"  ? bash_completion(node)
                                 : *shell == "zsh" ? zsh_completion(node)
                                                   : fish_completion(node);
        std::fputs(text.c_str(), stdout);
        exit_code = exit_ok;
    });
}

}  // namespace sluice::app
