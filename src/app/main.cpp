// SPDX-License-Identifier: Apache-2.0
// The program `sluice`: server, client and admin tool in one. It only reads the command line; each
// command is a file.
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/usage_error.h"
#include "app/version.h"
#include "kernel/base/text.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::app {
namespace {

/// Says so when the first word is no command; CLI11 would only say that one is missing.
bool reject_unknown_command(const CLI::App& program, int argc, char** argv) {
    if (argc < 2 || argv[1][0] == '-') return false;
    const std::vector<const CLI::App*> commands =
        program.get_subcommands([](const CLI::App*) { return true; });
    std::vector<std::string> names;
    for (const CLI::App* command : commands) names.push_back(command->get_name());
    if (std::find(names.begin(), names.end(), argv[1]) != names.end()) return false;
    const std::vector<std::string_view> candidates(names.begin(), names.end());
    const auto near = nearest(argv[1], candidates);
    const std::string hint = near ? "; did you mean '" + std::string(*near) + "'?" : "";
    std::fprintf(stderr, "sluice: no such command '%s'%s\n'sluice --help' lists them\n", argv[1],
                 hint.c_str());
    return true;
}

}  // namespace
}  // namespace sluice::app

int main(int argc, char** argv) {
    using namespace sluice::app;
    try {
        CLI::App program(
            "Sluice: durable background jobs in one server.\n"
            "Start with:  sluice serve      then, in other terminals:  sluice work  and  "
            "sluice push math.primes 1 1000000 --wait",
            "sluice");
        program.set_version_flag("--version", std::string(version));
        program.require_subcommand(1);
        program.footer(
            "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 no server, 5 timed out, "
            "6 job failed.\n'sluice COMMAND --help' explains a command.");
        int exit_code = 0;
        add_commands(program, exit_code);
        refuse_empty_values(program);
        if (reject_unknown_command(program, argc, argv)) return exit_usage;
        try {
            program.parse(argc, argv);
        } catch (const CLI::ParseError& error) {
            return finish_parse(program, error);
        }
        return exit_code;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "sluice: %s\n", error.what());
        return exit_failed;
    }
}
