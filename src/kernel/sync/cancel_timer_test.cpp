// SPDX-License-Identifier: Apache-2.0
// CancelTimer: deadlines that run callbacks, and watches that end in time.
#include "kernel/sync/cancel_timer.h"

#include "kernel/base/random.h"
#include "kernel/sync/channel.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace sluice {
namespace {

/// Watches a late deadline, then one of half the time. False when they were not both watched before
/// the late one: then it may well have come first.
bool two_deadlines_come_in_order(Duration late_after) {
    CancelTimer timer;
    const Instant now = monotonic_now();
    const CancelSource late(now + late_after);
    const CancelSource early(now + late_after / 2);
    Channel<int> fired(4);
    const auto first = late.token().on_cancel([&] { fired.push(2); });
    const auto second = early.token().on_cancel([&] { fired.push(1); });
    const auto watch_late = timer.watch(late);
    const auto watch_early = timer.watch(early);
    if (monotonic_now() >= now + late_after) return false;
    int out = 0;
    EXPECT_EQ(fired.pop(out), ChannelStatus::ok);
    EXPECT_EQ(out, 1);
    EXPECT_EQ(fired.pop(out), ChannelStatus::ok);
    EXPECT_EQ(out, 2);
    EXPECT_EQ(late.token().check().error().code, Code::timeout);
    EXPECT_GE(monotonic_now(), now + late_after);
    return true;
}

TEST(CancelTimer, RunsCallbacksInTheOrderOfTheDeadlines) {
    Duration late_after = 4ms;
    while (!two_deadlines_come_in_order(late_after)) {
        late_after *= 2;
        ASSERT_LT(late_after, 1min);
    }
}

TEST(CancelTimer, CancelsWhatIsBelowTheSourceToo) {
    CancelTimer timer;
    const CancelSource parent(monotonic_now() + 1ms);
    const CancelSource child(parent.token());
    Channel<int> fired(1);
    const auto callback = child.token().on_cancel([&] { fired.push(1); });
    const auto watch = timer.watch(parent);
    int out = 0;
    EXPECT_EQ(fired.pop(out), ChannelStatus::ok);
    EXPECT_EQ(child.token().check().error().code, Code::timeout);
}

TEST(CancelTimer, ForgetsWhatIsNoLongerWatched) {
    CancelTimer timer;
    const CancelSource never;
    const CancelSource source(monotonic_now() + 1h);
    {
        const auto nothing = timer.watch(never);
        auto watch = timer.watch(source);
        EXPECT_EQ(timer.watched(), 1u);
        auto moved = std::move(watch);
        EXPECT_EQ(timer.watched(), 1u);
        watch = timer.watch(source);
        watch = std::move(moved);
        EXPECT_EQ(timer.watched(), 1u);
    }
    EXPECT_EQ(timer.watched(), 0u);
    EXPECT_FALSE(source.token().is_cancelled());
}

TEST(CancelTimer, AWatchThatHasEndedLeavesNoCancellationRunning) {
    CancelTimer timer;
    for (int i = 0; i < 200; ++i) {
        const CancelSource source(monotonic_now() + Duration{i * 100});
        auto data = std::make_unique<int>(0);
        const auto callback = source.token().on_cancel([&] { ++*data; });
        auto watch = timer.watch(source);
        watch.reset();
        const int seen = *data;
        EXPECT_EQ(*data, seen);
    }
}

TEST(CancelTimer, AWatchMayEndInsideItsOwnCallback) {
    CancelTimer timer;
    const CancelSource source(monotonic_now() + 1ms);
    Channel<int> ready(1);
    Channel<int> fired(1);
    CancelTimer::Watch watch;
    const auto callback = source.token().on_cancel([&] {
        int out = 0;
        ready.pop(out);
        watch.reset();
        fired.push(1);
    });
    watch = timer.watch(source);
    ready.push(1);
    int out = 0;
    EXPECT_EQ(fired.pop(out), ChannelStatus::ok);
}

}  // namespace
}  // namespace sluice
