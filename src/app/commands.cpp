// SPDX-License-Identifier: Apache-2.0
#include "app/commands.h"

namespace sluice::app {

void add_commands(CLI::App& program, int& exit_code) {
    add_serve(program, exit_code);
    add_work(program, exit_code);
    add_push(program, exit_code);
    add_wait(program, exit_code);
    add_job(program, exit_code);
    add_jobs(program, exit_code);
    add_cancel(program, exit_code);
    add_dead(program, exit_code);
    add_queues(program, exit_code);
    add_workers(program, exit_code);
    add_info(program, exit_code);
    add_top(program, exit_code);
    add_types(program, exit_code);
    add_crawl(program, exit_code);
    add_simulate(program, exit_code);
    add_check_config(program, exit_code);
    add_backup(program, exit_code);
    add_restore(program, exit_code);
    add_completion(program, exit_code);
}

}  // namespace sluice::app
