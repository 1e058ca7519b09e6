// SPDX-License-Identifier: Apache-2.0
// One function for each command: it adds its options to the program, and its callback leaves the
// exit code.
#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): the library's name
class App;
}

namespace sluice::app {

void add_serve(CLI::App& program, int& exit_code);
void add_work(CLI::App& program, int& exit_code);
void add_push(CLI::App& program, int& exit_code);
void add_wait(CLI::App& program, int& exit_code);
void add_job(CLI::App& program, int& exit_code);
void add_jobs(CLI::App& program, int& exit_code);
void add_cancel(CLI::App& program, int& exit_code);
void add_dead(CLI::App& program, int& exit_code);
void add_queues(CLI::App& program, int& exit_code);
void add_workers(CLI::App& program, int& exit_code);
void add_info(CLI::App& program, int& exit_code);
void add_top(CLI::App& program, int& exit_code);
void add_types(CLI::App& program, int& exit_code);
void add_crawl(CLI::App& program, int& exit_code);
void add_simulate(CLI::App& program, int& exit_code);
void add_check_config(CLI::App& program, int& exit_code);
void add_backup(CLI::App& program, int& exit_code);
void add_restore(CLI::App& program, int& exit_code);
void add_completion(CLI::App& program, int& exit_code);

/// All of them, in the order of the help.
void add_commands(CLI::App& program, int& exit_code);

}  // namespace sluice::app
