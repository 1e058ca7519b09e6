// SPDX-License-Identifier: Apache-2.0
// `sluice work` and `sluice types`: start sluice-worker, which lies beside this program and links
// the heavy job libraries, with the same words.
#include "app/commands.h"
#include "app/exit_code.h"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace sluice::app {

namespace {

/// Replaces this process; comes back only when it could not.
int become_worker(std::vector<std::string> words) {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::string worker = (self.parent_path() / "sluice-worker").string();
    words.insert(words.begin(), "sluice work");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(worker.c_str(), argv.data());
    std::fprintf(stderr,
                 "sluice work: cannot start %s: %s\n  it is installed beside sluice; build it "
                 "with: ./dev build\n",
                 worker.c_str(), std::strerror(errno));
    return exit_failed;
}

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
    command->callback([command, &exit_code] { exit_code = become_worker(command->remaining()); });
}

void add_types(CLI::App& program, int& exit_code) {
    CLI::App* command =
        add_passed_on(program, "types", "List the built-in job types and what they take");
    command->callback([command, &exit_code] {
        std::vector<std::string> words = command->remaining();
        words.insert(words.begin(), "types");
        exit_code = become_worker(std::move(words));
    });
}

}  // namespace sluice::app
