// SPDX-License-Identifier: Apache-2.0
// The settings work.exec.NAME.…: programs as handlers, each with a job type of its own.
#pragma once

#include "kernel/mount/config.h"
#include "modules/work/module.h"

#include <vector>

namespace sluice::app {

std::vector<Setting> exec_handler_settings();
/// As the settings say it; what is wrong with a program is found when the types are made.
std::vector<work::ExecHandler> exec_handlers(const Config& config);

}  // namespace sluice::app
