// SPDX-License-Identifier: Apache-2.0
#include "app/commands.h"

namespace sluice::app {

void add_commands(CLI::App& program, int& exit_code) {
    add_serve(program, exit_code);
    add_check_config(program, exit_code);
    add_backup(program, exit_code);
    add_restore(program, exit_code);
}

}  // namespace sluice::app
