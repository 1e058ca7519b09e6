// SPDX-License-Identifier: Apache-2.0
// The real thing: a scenario played against `sluice serve` on loopback, with a producer for each
// kind of job and real workers (sdk/worker.h) whose handlers wait as long as the plan says.
#pragma once

#include "costs.h"
#include "kernel/base/result.h"
#include "plan.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::bench {

/// Of jobs that arrived within the measured window, as TrafficResult of the simulation.
struct MeasuredTraffic {
    std::uint64_t arrived = 0;
    std::uint64_t unstarted = 0;
    /// Seconds from the planned arrival until the handler began, of each job of the plan; below 0:
    /// it never did.
    std::vector<double> waits;
    double throughput = 0;  ///< Successes a second in the window, of all jobs.
};

struct MeasuredRun {
    std::vector<MeasuredTraffic> traffic;
    MeasuredCosts costs;
    double server_cpu_share = 0;  ///< Of one core.
};

struct RealRunOptions {
    std::string program;  ///< sluice
    std::string folder;   ///< For the store and the log.
};

/// Errors: invalid (the scenario asks for what cannot be played with a real server), and whatever
/// the server or the client said.
Result<MeasuredRun> run_real(const sim::Scenario& scenario, const Plan& plan,
                             const RealRunOptions& options);

}  // namespace sluice::bench
