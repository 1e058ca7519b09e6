// SPDX-License-Identifier: Apache-2.0
// Study: what several replications of a plain model say together. The replications themselves are
// run by shell/study.h, on threads; here is only what is made of their results.
#pragma once

#include "modules/sim/core/models.h"
#include "modules/sim/core/stats.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sluice::sim {

/// Intervals over replications for one class, or for all customers. Times in seconds.
struct ClassStudy {
    std::string name;
    Interval in_system;
    Interval in_queue;
    Interval sojourn;
    Interval wait;
    Interval p_wait;
    Interval p_lost;
    Interval load_factor;
    Interval wait_p50;  ///< Of the replications' own quantiles, each at most 1/32 too long.
    Interval wait_p95;
    Interval wait_p99;
    Histogram waits;  ///< Of all replications together.
};

/// A model's answer with its confidence.
struct Study {
    std::vector<ClassStudy> classes;
    ClassStudy all;
    Interval utilisation;
    std::size_t replications = 0;
    std::uint64_t warmup = 0;  ///< Arrivals left out of each.
    std::uint64_t events = 0;
};

/// An interval over replications of any number taken from a result.
Interval interval_of(std::span<const ModelResult> results,
                     const std::function<double(const ModelResult&)>& measure, double level = 0.95);

/// All of them; `results` in the order of replications (the result depends on it in the last bit).
Study study_of(const QueueModel& model, std::span<const ModelResult> results, double level = 0.95);

/// The warm-up that MSER-5 finds in the mean series of waits of `pilots` (RunPlan::series_max).
Truncation warmup_of(std::span<const ModelResult> pilots);

/// The search for the fewest servers that meet a goal.
struct ServerSearch {
    std::uint32_t from = 1;      ///< Known to be needed at least.
    std::uint32_t most = 1'000;  ///< Give up beyond.
    double goal = 0;             ///< Met by a measure at most that.
};
struct ServerAnswer {
    std::uint32_t servers = 0;
    /// Every number of servers tried, with its measure, ascending.
    std::vector<std::pair<std::uint32_t, double>> tried;
};
/// Doubles its step until the goal is met, then halves the gap. `measure(servers)` must not grow
/// with more servers (common random numbers help: use one seed for all). An Error of `exhausted`
/// counts as a goal missed, any other ends the search. Errors: not_found (`most` do not suffice).
Result<ServerAnswer> fewest_servers(const ServerSearch& search,
                                    const std::function<Result<double>(std::uint32_t)>& measure);

}  // namespace sluice::sim
