// SPDX-License-Identifier: Apache-2.0
// The settings of sluice-worker ("work", "log"), from a file, the environment and flags.
#pragma once

#include "kernel/mount/config.h"
#include "modules/work/module.h"
#include "sdk/worker.h"

#include <string>
#include <vector>

namespace sluice::app {

/// What the command line says; empty means not given.
struct WorkerArguments {
    std::string file;
    std::string jobs;
    std::vector<std::string> queues;
    std::string concurrency;
    std::vector<std::string> read_roots;
    std::string write_root;
    std::string grace;
    std::string log_format;
    std::vector<std::string> settings;  ///< "section.key=value"
    bool dry_run = false;
    bool only_work = false;  ///< all but the section "work" is looked at by somebody else
};

/// All that `sluice work` reads: the section "work" and, unless somebody else looks at it, "log".
ConfigTable worker_table(bool only_work);
/// Errors: invalid (every mistake, a line each), io.
Result<Config> load_worker_config(const WorkerArguments& arguments);
/// What the jobs may touch. Errors: invalid.
Result<work::WorkSettings> work_settings(const Config& config);
/// Errors: invalid (the URL).
Result<sdk::WorkerOptions> worker_options(const Config& config);

}  // namespace sluice::app
