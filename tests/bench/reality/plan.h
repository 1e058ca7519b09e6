// SPDX-License-Identifier: Apache-2.0
// Plan: what a scenario makes arrive in one replication, job by job, with the same draws as the
// simulation: when each job arrives, how long each attempt takes, how it ends.
#pragma once

#include "modules/sim/core/scenario.h"

#include <cstdint>
#include <vector>

namespace sluice::bench {

struct PlannedAttempt {
    Duration work{0};
    bool fails = false;
    bool is_final = false;  ///< Fails for good.
};

struct PlannedJob {
    Duration at{0};
    PlannedAttempt first;
};

/// The jobs of one kind, in order of arrival.
struct PlannedTraffic {
    std::vector<PlannedJob> jobs;
};

class Plan {
public:
    Plan(const sim::Scenario& scenario, std::uint64_t seed, std::uint64_t replication);

    [[nodiscard]] const std::vector<PlannedTraffic>& traffic() const { return traffic_; }
    /// Any thread.
    [[nodiscard]] PlannedAttempt attempt(std::size_t traffic, std::uint64_t job,
                                         std::uint32_t number) const;

private:
    const sim::Scenario& scenario_;
    std::uint64_t seed_;
    std::uint64_t replication_;
    std::vector<PlannedTraffic> traffic_;
};

}  // namespace sluice::bench
