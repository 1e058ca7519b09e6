// SPDX-License-Identifier: Apache-2.0
// The short form of ./dev interleave: every scenario within small limits, every planted bug, every
// weakening; and the checker itself.
#include "linearize.h"
#include "mutants.h"
#include "specs.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::interleave {
namespace {

class ScenarioTest : public testing::TestWithParam<Scenario> {};

TEST_P(ScenarioTest, GoesAsItShould) {
    const Scenario& scenario = GetParam();
    const bool planted = !scenario.fails_with.empty();
    // A planted bug may take a while; what has none is only begun here.
    const Effort effort{planted ? 1'000'000u : 20'000u, std::chrono::seconds(60)};
    Outcome outcome = explore(scenario, scenario.limits, effort);
    if (!planted && !outcome.failed)
        outcome = explore_randomly(scenario, wide(scenario.limits), 1,
                                   {.executions = 3'000, .time = std::chrono::seconds(60)});
    if (planted) {
        ASSERT_TRUE(outcome.failed) << "not caught in " << outcome.executions << " schedules";
        EXPECT_NE(outcome.what.find(scenario.fails_with), std::string::npos) << outcome.what;
        // The path that is printed leads there again, step by step.
        const Outcome again = replay(scenario, scenario.limits, outcome.choices);
        EXPECT_EQ(again.what, outcome.what);
        EXPECT_EQ(again.trace, outcome.trace);
    } else {
        EXPECT_FALSE(outcome.failed) << report(scenario, outcome, "plain or wide");
    }
}

std::string name_of(const testing::TestParamInfo<Scenario>& info) {
    std::string name = info.param.name;
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(All, ScenarioTest, testing::ValuesIn(scenarios()), name_of);

TEST(Mutants, AreAllCaught) {
    const auto mutants = try_mutations("");
    EXPECT_GE(mutants.size(), 40u);
    for (const auto& [mutation, catcher] : mutants) {
        if (why_left(mutation) == nullptr) {
            EXPECT_FALSE(catcher.empty()) << mutation.to_string() << " is not caught";
        } else {
            EXPECT_TRUE(catcher.empty()) << mutation.to_string() << " is caught after all";
        }
    }
}

TEST(Planted, AreAtLeastTwelve) {
    const auto& all = scenarios();
    EXPECT_GE(std::count_if(all.begin(), all.end(),
                            [](const Scenario& s) { return s.name.starts_with("planted."); }),
              12);
}

TEST(Checker, FindsPlantedBugsAtRandomToo) {
    for (const char* name : {"litmus.sb_release_acquire", "planted.sequence_read_after_unlock",
                             "planted.semaphore_in_two_words", "planted.published_too_early"}) {
        const Scenario& scenario = *find_scenario(name);
        const Effort effort{200'000, std::chrono::seconds(60)};
        const Outcome outcome = explore_randomly(scenario, wide(scenario.limits), 7, effort);
        ASSERT_TRUE(outcome.failed) << name;
        EXPECT_EQ(replay(scenario, wide(scenario.limits), outcome.choices).what, outcome.what);
        // The same seed, the same way.
        const Outcome again = explore_randomly(scenario, wide(scenario.limits), 7, effort);
        EXPECT_EQ(again.executions, outcome.executions);
        EXPECT_EQ(again.choices, outcome.choices);
    }
}

TEST(Checker, WalksTheSameTreeTwice) {
    const Scenario& scenario = *find_scenario("mutex.excludes");
    const Outcome first = explore(scenario, scenario.limits, {});
    const Outcome second = explore(scenario, scenario.limits, {});
    EXPECT_TRUE(first.complete);
    EXPECT_EQ(first.executions, second.executions);
    EXPECT_GT(first.executions, 100u);
}

TEST(Checker, RefusesPathsThatAreNone) {
    const Scenario& scenario = *find_scenario("litmus.coherence");
    for (const char* path : {"", "x", "1", "1:", "1:2;3", "99999999999:1"})
        EXPECT_EQ(replay(scenario, scenario.limits, path).what.empty(), path[0] == '\0') << path;
    EXPECT_FALSE(replay(scenario, scenario.limits, "-").failed);
}

History<QueueSpec::Call> in_sequence(std::vector<QueueSpec::Call> calls) {
    History<QueueSpec::Call> history;
    for (std::size_t i = 0; i < calls.size(); ++i)
        history.after.push_back((std::uint64_t{1} << i) - 1);
    history.calls = std::move(calls);
    return history;
}

TEST(Linearizer, AcceptsWhatAQueueDoes) {
    using enum QueueSpec::Verb;
    using enum ChannelStatus;
    EXPECT_TRUE(is_linearizable<QueueSpec>(
        in_sequence({{push, {1}, ok}, {push, {2}, full}, {pop, {1}, ok}, {pop, {}, empty}}),
        {{}, 1, false, false}));
    EXPECT_TRUE(is_linearizable<QueueSpec>(in_sequence({{push, {1}, ok},
                                                        {close, {}, ok},
                                                        {push, {2}, closed},
                                                        {pop_all, {1}, ok},
                                                        {pop, {}, closed}}),
                                           {{}, 2, false, false}));
}

TEST(Linearizer, RejectsWhatNoQueueDoes) {
    using enum QueueSpec::Verb;
    using enum ChannelStatus;
    const std::vector<std::vector<QueueSpec::Call>> wrong{
        {{push, {1}, ok}, {push, {2}, ok}, {pop, {2}, ok}},
        {{push, {1}, ok}, {pop, {1}, ok}, {pop, {1}, ok}},
        {{push, {1}, ok}, {pop, {}, empty}},
        {{push, {1}, full}},
        {{close, {}, ok}, {push, {1}, ok}},
        {{push, {1}, ok}, {close, {}, ok}, {pop, {}, closed}},
        {{push, {1}, ok}, {push, {2}, ok}, {pop_all, {1}, ok}},
    };
    for (const auto& calls : wrong)
        EXPECT_FALSE(is_linearizable<QueueSpec>(in_sequence(calls), {{}, 2, false, false}))
            << QueueSpec::to_string(calls.back());
}

TEST(Linearizer, ReordersOnlyCallsThatOverlap) {
    using enum QueueSpec::Verb;
    using enum ChannelStatus;
    // The pop found nothing although a push had begun: fine while they overlap, not after it.
    History<QueueSpec::Call> history{{{push, {1}, ok}, {pop, {}, empty}}, {0, 0}};
    EXPECT_TRUE(is_linearizable<QueueSpec>(history, {{}, 2, false, false}));
    history.after[1] = 1;
    EXPECT_FALSE(is_linearizable<QueueSpec>(history, {{}, 2, false, false}));
}

TEST(Linearizer, CountsPermits) {
    using enum PermitSpec::Verb;
    const History<PermitSpec::Call> good{{{acquire, 1, true}, {release, 1, true}}, {0, 0}};
    EXPECT_TRUE(is_linearizable<PermitSpec>(good, 0));
    const History<PermitSpec::Call> bad{{{acquire, 1, true}, {release, 1, true}}, {0, 1}};
    EXPECT_FALSE(is_linearizable<PermitSpec>(bad, 0));
}

}  // namespace
}  // namespace sluice::interleave
