// SPDX-License-Identifier: Apache-2.0
// The program `sluice`: server, client and admin tool in one. It only reads the command line; each
// command is a file.
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/version.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <string>

int main(int argc, char** argv) {
    using namespace sluice::app;
    try {
        CLI::App program(
            "Sluice: durable background jobs in one server.\n"
            "Start with:  sluice serve      then, in other terminals:  sluice work  and  "
            "sluice push text.wordcount '{\"text\":\"hello\"}'",
            "sluice");
        program.set_version_flag("--version", std::string(version));
        program.require_subcommand(1);
        program.footer(
            "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 no server, 5 timed out, "
            "6 job failed.\n'sluice COMMAND --help' explains a command.");
        int exit_code = 0;
        add_commands(program, exit_code);
        try {
            program.parse(argc, argv);
        } catch (const CLI::ParseError& error) {
            return program.exit(error) == 0 ? exit_ok : exit_usage;
        }
        return exit_code;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "sluice: %s\n", error.what());
        return exit_failed;
    }
}
