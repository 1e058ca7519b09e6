// SPDX-License-Identifier: Apache-2.0
#include "costs.h"

#include <gtest/gtest.h>

namespace sluice::bench {
namespace {

sim::Scenario scenario_of(Duration duration) {
    sim::Scenario scenario;
    scenario.duration = duration;
    scenario.traffic.resize(2);
    scenario.pools.resize(1);
    return scenario;
}

TEST(Costs, TheMeanIsAddedToWhatTheScenarioHas) {
    sim::Scenario scenario = scenario_of(1s);
    scenario.traffic[1].latency = 10ms;
    scenario.pools[0].overhead = 20ms;
    scenario = with_mean(std::move(scenario),
                         {.latency = {{0s, 1ms}, {1s, 3ms}}, .overhead = {{0s, 5ms}}});
    EXPECT_EQ(scenario.traffic[0].latency, 2ms);
    EXPECT_EQ(scenario.traffic[1].latency, 12ms);
    EXPECT_EQ(scenario.pools[0].overhead, 25ms);
    EXPECT_EQ(mean_of({}), 0ms);
}

TEST(Costs, TheCourseHasTheMeanOfEachStepAndTheNearestWhereNothingWasMeasured) {
    const sim::Scenario scenario = with_course(
        scenario_of(590ms),
        {.latency = {{210ms, 1ms}, {290ms, 3ms}, {550ms, 9ms}}, .overhead = {{100ms, 4ms}}});
    ASSERT_EQ(scenario.events.size(), 6U);
    const Duration latencies[] = {2ms, 2ms, 2ms, 2ms, 9ms, 9ms};
    for (std::size_t i = 0; i < 6; ++i) {
        const sim::ScenarioEvent& event = scenario.events[i];
        EXPECT_EQ(event.kind, sim::EventKind::slow);
        EXPECT_EQ(event.at, i * 100ms);
        EXPECT_EQ(event.slow.latency, latencies[i]) << i;
        EXPECT_EQ(event.slow.overhead, 4ms);
        EXPECT_EQ(event.slow.length, i < 5 ? 100ms : 590ms);
    }
}

TEST(Costs, WithoutMeasurementsNothingIsAddedAndALongRunHasLongerSteps) {
    EXPECT_TRUE(with_course(scenario_of(1s), {}).events.empty());
    const sim::Scenario hour =
        with_course(scenario_of(1h), {.latency = {{0s, 1ms}}, .overhead = {}});
    EXPECT_LE(hour.events.size(), sim::Scenario::events_max);
    EXPECT_GT(hour.events.size(), sim::Scenario::events_max / 2);
    EXPECT_EQ(hour.events[1].at, hour.events[0].slow.length);
}

}  // namespace
}  // namespace sluice::bench
