// SPDX-License-Identifier: Apache-2.0
// What the way of a job costs on this machine, as it was measured beside a run, and as what a
// scenario can be given: events that say how slow the server was at each moment.
#pragma once

#include "modules/sim/core/scenario.h"

#include <vector>

namespace sluice::bench {

/// What one job cost, and when.
struct CostSample {
    Duration at{0};  ///< Since the begin of the scenario.
    Duration cost{0};
};

/// What jobs cost beside their work: what a scenario calls latency and overhead. Neither holds any
/// time that a job spent in a queue.
struct MeasuredCosts {
    /// From a job's planned arrival until it began, where its slot had been idle for some time: at
    /// its arrival.
    std::vector<CostSample> latency;
    /// From the planned end of a job until the next one began on the same slot, where that had been
    /// waiting for some time: at the planned end.
    std::vector<CostSample> overhead;
};

/// Zero without samples.
Duration mean_of(const std::vector<CostSample>& samples);

/// The scenario on a machine that always costs what it did on average.
sim::Scenario with_mean(sim::Scenario scenario, const MeasuredCosts& costs);

/// The scenario on a machine that costs at each moment what it did then: of each tenth of a second
/// the mean; where nothing was measured, that of the nearest moment with a measurement. Longer
/// steps where there would be more events than a scenario may have.
sim::Scenario with_course(sim::Scenario scenario, const MeasuredCosts& costs);

}  // namespace sluice::bench
