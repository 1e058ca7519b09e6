// SPDX-License-Identifier: Apache-2.0
// `sluice work --dry-run`: what a worker with these settings would fetch and run, without doing it.
#pragma once

#include "app/worker_status.h"
#include "sdk/worker.h"

#include <string>
#include <vector>

namespace sluice::app {

struct DryRunType {
    std::string name;
    sdk::TypeTerms terms;
    bool is_isolated = false;
};

struct DryRun {
    const sdk::WorkerOptions& options;
    const WorkerFacts& facts;
    std::vector<DryRunType> types;
    std::vector<std::string> problems;  ///< in the settings, none of them fatal
    std::vector<std::string> read_roots;
    std::string write_root;
    std::string http;
};

/// What stands beside a type: "mem_mb 512, at most 2 at once, in a process of its own", or nothing.
std::string terms_text(const sdk::TypeTerms& terms, bool is_isolated);

/// Prints it, and asks the server for its queues. The exit code: 0, 4 (no server), 1 (refused), 2
/// (there are problems).
int run_dry(const DryRun& what);

}  // namespace sluice::app
