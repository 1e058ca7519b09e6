// SPDX-License-Identifier: Apache-2.0
// fan_in, fan_out and Pipeline: order, and how ends and errors travel.
#include "kernel/sync/pipeline.h"

#include "kernel/sync/fan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace sluice {
namespace {

std::vector<int> drain(Channel<int>& channel) {
    std::vector<int> all;
    int out = 0;
    while (channel.pop(out) == ChannelStatus::ok) all.push_back(out);
    return all;
}

TEST(FanIn, KeepsTheOrderOfEachSourceAndEndsWithTheLast) {
    Channel<int> left(4);
    Channel<int> right(4);
    Channel<int> to(2);
    Thread fan = fan_in<int>("fan", {&left, &right}, to);
    Thread writer("writer", [&] {
        for (int i = 0; i < 500; ++i) left.push(int{i});
        left.close();
    });
    Thread other("other", [&] {
        for (int i = 1'000; i < 1'500; ++i) right.push(int{i});
        right.close();
    });
    const std::vector<int> all = drain(to);
    std::vector<int> small;
    std::vector<int> large;
    for (const int i : all) (i < 1'000 ? small : large).push_back(i);
    EXPECT_EQ(small.size(), 500u);
    EXPECT_EQ(large.size(), 500u);
    EXPECT_TRUE(std::is_sorted(small.begin(), small.end()));
    EXPECT_TRUE(std::is_sorted(large.begin(), large.end()));
}

TEST(FanIn, StopsItsWritersWhenNobodyReads) {
    Channel<int> from(1);
    Channel<int> to(1);
    Thread fan = fan_in<int>("fan", {&from}, to);
    to.close();
    while (from.push(1) == ChannelStatus::ok) {
    }
    fan.join();
    EXPECT_TRUE(from.is_closed());
}

TEST(FanIn, StopsAtCancel) {
    Channel<int> from(1);
    Channel<int> to(1);
    const CancelSource source;
    Thread idle = fan_in<int>("fan", {&from}, to, source.token());
    source.cancel();
    idle.join();
    EXPECT_TRUE(from.is_closed());
    EXPECT_TRUE(to.is_closed());
}

TEST(FanOut, SendsByKeyAndKeepsItsOrder) {
    Channel<int> from(8);
    Channel<int> even(1'000);
    Channel<int> odd(1'000);
    Thread fan = fan_out("fan", from, {&even, &odd}, [](int i) { return std::size_t(i % 2); });
    for (int i = 0; i < 1'000; ++i) from.push(int{i});
    from.close();
    const std::vector<int> evens = drain(even);
    const std::vector<int> odds = drain(odd);
    EXPECT_EQ(evens.size(), 500u);
    EXPECT_TRUE(std::is_sorted(evens.begin(), evens.end()));
    EXPECT_TRUE(std::is_sorted(odds.begin(), odds.end()));
    EXPECT_EQ(odds.back(), 999);
}

TEST(FanOut, StopsWhenATargetIsClosedAndAtCancel) {
    Channel<int> from(1);
    Channel<int> to(1);
    Thread fan = fan_out("fan", from, {&to}, [](int) { return std::size_t{0}; });
    to.close();
    while (from.push(1) == ChannelStatus::ok) {
    }
    fan.join();
    Channel<int> idle(1);
    Channel<int> target(1);
    const CancelSource source;
    Thread other =
        fan_out("fan", idle, {&target}, [](int) { return std::size_t{0}; }, source.token());
    source.cancel();
    other.join();
    EXPECT_TRUE(target.is_closed());
}

/// 0, 1, … until `count` or until nobody reads.
auto numbers(int count) {
    return [count](Channel<int>& out, const CancelToken&) -> Status {
        for (int i = 0; i < count; ++i) {
            if (out.push(int{i}) != ChannelStatus::ok) break;
        }
        return {};
    };
}

TEST(Pipeline, RunsEveryItemThroughEveryStageInOrder) {
    std::vector<int> seen;
    Pipeline pipeline;
    auto& raw = pipeline.source<int>({.name = "numbers", .capacity = 4}, numbers(1'000));
    auto& even = pipeline.stage<int>({.name = "even", .capacity = 4}, raw,
                                     [](int i) -> Result<std::optional<int>> {
                                         if (i % 2 == 1) return std::optional<int>{};
                                         return std::optional<int>{i};
                                     });
    auto& squares = pipeline.stage<long>({.name = "square", .capacity = 4}, even,
                                         [](int i) -> Result<long> { return long{i} * i; });
    pipeline.sink({.name = "sink"}, squares, [&](long square) -> Status {
        seen.push_back(static_cast<int>(square));
        return {};
    });
    EXPECT_TRUE(pipeline.wait());
    EXPECT_TRUE(pipeline.wait());
    ASSERT_EQ(seen.size(), 500u);
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
    EXPECT_EQ(seen.back(), 998 * 998);
}

TEST(Pipeline, AStageOfSeveralThreadsLosesNothing) {
    std::atomic<int> sum{0};
    Pipeline pipeline;
    auto& raw = pipeline.source<int>({.name = "numbers"}, numbers(2'000));
    auto& same = pipeline.stage<int>({.name = "same", .threads = 3, .capacity = 4}, raw,
                                     [](int i) -> Result<int> { return i; });
    pipeline.sink({.name = "sink", .threads = 2}, same, [&](int i) -> Status {
        sum += i;
        return {};
    });
    EXPECT_TRUE(pipeline.wait());
    EXPECT_EQ(sum.load(), 2'000 * 1'999 / 2);
}

TEST(Pipeline, AnErrorStopsWhatIsBeforeAndLetsWhatIsBehindFinish) {
    std::vector<int> seen;
    Pipeline pipeline;
    auto& raw = pipeline.source<int>({.name = "numbers", .capacity = 2}, numbers(1'000'000'000));
    auto& checked = pipeline.stage<int>({.name = "check"}, raw, [](int i) -> Result<int> {
        if (i == 100) return fail(Code::invalid, "a hundred");
        return i;
    });
    pipeline.sink({.name = "sink"}, checked, [&](int i) -> Status {
        seen.push_back(i);
        return {};
    });
    EXPECT_EQ(pipeline.wait().error().message, "a hundred");
    ASSERT_EQ(seen.size(), 100u);
    EXPECT_EQ(seen.back(), 99);
}

TEST(Pipeline, AnExceptionIsAnError) {
    Pipeline pipeline;
    auto& raw = pipeline.source<int>({.name = "numbers", .capacity = 2}, numbers(1'000'000'000));
    pipeline.sink({.name = "sink"}, raw, [](int) -> Status { throw std::runtime_error("boom"); });
    EXPECT_EQ(pipeline.wait().error().message, "the stage threw: boom");
}

TEST(Pipeline, CancelEndsItWithTheReason) {
    Pipeline pipeline;
    Channel<int> started(1);
    auto& raw = pipeline.source<int>({.name = "numbers", .capacity = 2}, numbers(1'000'000'000));
    pipeline.sink({.name = "sink"}, raw, [&](int) -> Status {
        started.try_push(1);
        return {};
    });
    int out = 0;
    started.pop(out);
    pipeline.cancel(Error{Code::cancelled, "enough"});
    EXPECT_EQ(pipeline.wait().error().message, "enough");
}

TEST(Pipeline, EndsWithTheDeadlineOfItsParent) {
    const CancelSource source(monotonic_now() + 2ms);
    Pipeline pipeline(source.token());
    auto& raw = pipeline.source<int>({.name = "idle"},
                                     [](Channel<int>&, const CancelToken& token) -> Status {
                                         Channel<int> never(1);
                                         static_cast<void>(select(no_deadline, token, never));
                                         return {};
                                     });
    pipeline.sink({.name = "sink"}, raw, [](int) -> Status { return {}; });
    EXPECT_EQ(pipeline.wait().error().code, Code::timeout);
}

}  // namespace
}  // namespace sluice
