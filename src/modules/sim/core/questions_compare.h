// SPDX-License-Identifier: Apache-2.0
// Two played scenarios beside each other, replication by replication with the same random numbers.
// For questions*.cpp.
#pragma once

#include "modules/sim/core/questions.h"

#include <string>
#include <vector>

namespace sluice::sim {

/// One number of each run: a measure of all jobs (empty name), a traffic, a queue or a tenant.
std::vector<double> measured(const Played& played, const std::string& group, Measure measure);

struct Difference {
    Figure before;
    Figure after;
    Figure change;            ///< Paired: after minus before.
    bool is_certain = false;  ///< The interval of the change leaves out 0.
};
Difference difference(const Played& before, const Played& after, const std::string& group,
                      Measure measure);

/// "p99 wait falls from 41 s to 6 s (95 % interval of the difference −36 … −33 s)".
std::string say_difference(const Difference& difference, const std::string& what);
/// "p99 wait"
std::string say_measure(Measure measure);

/// Fills the table (all jobs, then tenants or queues, then traffic) and the curves of an answer.
void compare(const Played& before, const Played& after, Answer& out);

}  // namespace sluice::sim
