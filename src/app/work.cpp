// SPDX-License-Identifier: Apache-2.0
// `sluice work` and `sluice types`: start sluice-worker, which lies beside this program and links
// the heavy job libraries, with the same words.
#include "app/commands.h"
#include "app/helper_programs.h"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace sluice::app {

namespace {

CLI::App* add_passed_on(CLI::App& program, const char* name, const char* help) {
    CLI::App* command = program.add_subcommand(name, help);
    command->set_help_flag();  // sluice-worker has its own
    command->prefix_command(true);
    command->allow_extras(true);
    return command;
}

}  // namespace

void add_work(CLI::App& program, int& exit_code) {
    CLI::App* command = add_passed_on(program, "work", "Run a worker with the built-in job types");
    command->callback([command, &exit_code] {
        exit_code = become(Helper::worker, "sluice work", command->remaining());
    });
}

void add_types(CLI::App& program, int& exit_code) {
    CLI::App* command =
        add_passed_on(program, "types", "List the built-in job types and what they take");
    command->callback([command, &exit_code] {
        std::vector<std::string> words = command->remaining();
        words.insert(words.begin(), "types");
        exit_code = become(Helper::worker, "sluice work", std::move(words));
    });
}

}  // namespace sluice::app
