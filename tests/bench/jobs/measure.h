// SPDX-License-Identifier: Apache-2.0
// One measurement of a rate: what was done in a time, what it cost, and how it is printed.
#pragma once

#include "load.h"
#include "options.h"
#include "process.h"
#include "roles.h"
#include "server.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::bench {

struct Rate {
    double per_second = 0;
    double server_cpu_us = 0;
    double load_cpu_us = 0;
};

/// Runs the load for the configured time, after a short warm-up, and counts what `value` gained.
Rate measure(const Options& options, Load& load, const ServerProcess& process,
             const std::uint64_t& value);
/// Median, lowest and highest of the rounds, and the processor time for each.
void print_rate(const std::string& name, const std::vector<Rate>& rounds, const char* unit);

/// What the server's own figures say about its syncs.
struct Syncs {
    explicit Syncs(const Sluice& server);
    double count;
    double seconds;
    double commands;
    double drains;
};

/// Where the time of a job goes: whether the disk, the waiting or the processors are the limit.
void print_details(const Options& options, const Counts& counts, const Syncs& before,
                   const Syncs& after);

}  // namespace sluice::bench
