// SPDX-License-Identifier: Apache-2.0
#include "costs.h"

#include <algorithm>
#include <optional>

namespace sluice::bench {

namespace {

constexpr Duration step_wanted = 100ms;

/// The mean of each step; of one without samples that of the nearest with some.
std::vector<Duration> by_step(const std::vector<CostSample>& samples, Duration step,
                              std::size_t steps) {
    std::vector<Duration> sums(steps, Duration{0});
    std::vector<std::int64_t> counts(steps, 0);
    for (const CostSample& sample : samples) {
        const auto i = std::min(static_cast<std::size_t>(sample.at / step), steps - 1);
        sums[i] += sample.cost;
        ++counts[i];
    }
    std::vector<Duration> means(steps, Duration{0});
    std::optional<std::size_t> before;
    for (std::size_t i = 0; i < steps; ++i) {
        if (counts[i] == 0) continue;
        const std::size_t from = before ? *before + 1 : 0;
        means[i] = sums[i] / counts[i];
        for (std::size_t gap = from; gap < i; ++gap)
            means[gap] = before && gap - *before < i - gap ? means[*before] : means[i];
        before = i;
    }
    if (!before) return means;
    for (std::size_t i = *before + 1; i < steps; ++i) means[i] = means[*before];
    return means;
}

}  // namespace

Duration mean_of(const std::vector<CostSample>& samples) {
    if (samples.empty()) return Duration{0};
    Duration sum{0};
    for (const CostSample& sample : samples) sum += sample.cost;
    return sum / static_cast<std::int64_t>(samples.size());
}

sim::Scenario with_mean(sim::Scenario scenario, const MeasuredCosts& costs) {
    for (sim::Pool& pool : scenario.pools) pool.overhead += mean_of(costs.overhead);
    for (sim::Traffic& traffic : scenario.traffic) traffic.latency += mean_of(costs.latency);
    return scenario;
}

sim::Scenario with_course(sim::Scenario scenario, const MeasuredCosts& costs) {
    const std::size_t room = sim::Scenario::events_max - scenario.events.size();
    const auto most = static_cast<std::int64_t>(room);
    const Duration step = std::max(step_wanted, scenario.duration / most + Duration{1});
    const auto steps = static_cast<std::size_t>(scenario.duration / step) + 1;
    const std::vector<Duration> latency = by_step(costs.latency, step, steps);
    const std::vector<Duration> overhead = by_step(costs.overhead, step, steps);
    for (std::size_t i = 0; i < steps; ++i) {
        if (latency[i] <= Duration{0} && overhead[i] <= Duration{0}) continue;
        sim::ScenarioEvent event;
        event.at = step * static_cast<std::int64_t>(i);
        event.kind = sim::EventKind::slow;
        event.slow = {.latency = std::max(latency[i], Duration{0}),
                      .overhead = std::max(overhead[i], Duration{0}),
                      .length = step};
        // What a run leaves behind is worked off at the pace it had at its end.
        if (i + 1 == steps) event.slow.length = scenario.duration;
        scenario.events.push_back(event);
    }
    return scenario;
}

}  // namespace sluice::bench
