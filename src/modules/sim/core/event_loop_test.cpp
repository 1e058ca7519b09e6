// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/event_loop.h"

#include "modules/sim/core/dist.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <queue>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

namespace sluice::sim {
namespace {

TEST(EventLoop, TakesByTimeThenByOrderOfScheduling) {
    EventLoop loop;
    loop.at(3s, 30);
    loop.at(1s, 10);
    loop.at(2s, 20);
    loop.at(1s, 11);
    loop.at(1s, 5);
    std::vector<std::uint32_t> seen;
    loop.run([&seen](const Event& event) { seen.push_back(event.payload); });
    EXPECT_EQ(seen, (std::vector<std::uint32_t>{10, 11, 5, 20, 30}));
    EXPECT_TRUE(loop.empty());
    EXPECT_EQ(loop.now(), 3s);
    EXPECT_EQ(loop.taken(), 5U);
}

TEST(EventLoop, StopsBeforeWhatLiesAfterTheEnd) {
    EventLoop loop;
    for (std::uint32_t i = 1; i <= 5; ++i) loop.at(Duration{i}, i);
    int handled = 0;
    loop.run([&handled](const Event&) { ++handled; }, Duration{3});
    EXPECT_EQ(handled, 3);
    EXPECT_EQ(loop.pending(), 2U);
    EXPECT_EQ(loop.next_time(), Duration{4});
}

TEST(EventLoop, EventsMayScheduleForNow) {
    EventLoop loop;
    loop.at(1s, 3);
    std::vector<std::uint32_t> seen;
    loop.run([&](const Event& event) {
        seen.push_back(event.payload);
        if (event.payload > 0) loop.at(event.time, event.payload - 1);
    });
    EXPECT_EQ(seen, (std::vector<std::uint32_t>{3, 2, 1, 0}));
}

TEST(EventLoop, KeepsTheWholePayloadAndTime) {
    EventLoop loop;
    const std::uint64_t sequence = loop.at(Duration::max(), EventLoop::payload_end - 1);
    const Event event = loop.take();
    EXPECT_EQ(event.time, Duration::max());
    EXPECT_EQ(event.payload, EventLoop::payload_end - 1);
    EXPECT_EQ(event.sequence, sequence);
    EXPECT_EQ(loop.next_time(), Duration::max());
}

// Against a sorted set, with every mixture of schedule and take, many equal times.
TEST(EventLoop, AgreesWithASortedSet) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        Stream stream(seed, 0, 0);
        EventLoop loop;
        std::set<std::tuple<Duration, std::uint64_t, std::uint32_t>> model;
        const double lean = 0.35 + 0.3 * stream.unit();
        for (int step = 0; step < 3'000; ++step) {
            if (model.empty() || stream.chance(lean)) {
                const Duration time = loop.now() + Duration{static_cast<int>(stream.below(20))};
                const auto payload = static_cast<std::uint32_t>(stream.below(1U << 24));
                model.emplace(time, loop.at(time, payload), payload);
            } else {
                if (stream.chance(0.5)) {
                    ASSERT_EQ(loop.next_time(), std::get<0>(*model.begin()));
                }
                const Event event = loop.take();
                ASSERT_EQ(std::tuple(event.time, event.sequence, event.payload), *model.begin());
                model.erase(model.begin());
            }
            ASSERT_EQ(loop.pending(), model.size());
        }
    }
}

/// How far ahead an event is scheduled; each stresses the buckets in its way.
Duration distance(int shape, Stream& stream) {
    switch (shape) {
        case 0: return from_seconds(stream.exponential());
        case 1: return Duration{static_cast<int>(stream.below(3))};          // many at once
        case 2: return from_seconds(1e-9 * std::exp(12 * stream.normal()));  // heavy tail
        case 3: return stream.chance(0.9) ? 0ns : Duration::max() / 4;       // now or never
        default: return Duration{1'000'000};                                 // all alike
    }
}

// Many pending: the loop moves events through its buckets. They grow to `most`, are held there,
// and drained; the order must be that of a plain priority queue.
TEST(EventLoop, KeepsTheOrderWithManyPending) {
    using Key = std::pair<Duration, std::uint64_t>;
    constexpr std::size_t most = 30'000;
    for (int shape = 0; shape < 5; ++shape) {
        Stream stream(8, 0, static_cast<std::uint64_t>(shape));
        EventLoop loop;
        std::priority_queue<Key, std::vector<Key>, std::greater<>> model;
        const auto schedule = [&] {
            if (loop.now() > Duration::max() / 2) return;
            const Duration time = loop.now() + distance(shape, stream);
            model.emplace(time, loop.at(time, 7));
        };
        const auto take = [&] {
            const Event event = loop.take();
            ASSERT_EQ(Key(event.time, event.sequence), model.top());
            model.pop();
        };
        while (model.size() < most) schedule();
        for (int i = 0; i < 60'000 && !model.empty(); ++i) {
            take();
            schedule();
            ASSERT_EQ(loop.pending(), model.size());
        }
        for (int round = 0; round < 3; ++round) {
            while (model.size() > 100) take();
            while (model.size() < most && loop.now() < Duration::max() / 2) schedule();
        }
        while (!model.empty()) take();
        EXPECT_TRUE(loop.empty());
        EXPECT_EQ(loop.next_time(), Duration::max());
    }
}

TEST(EventLoopDeathTest, RefusesThePast) {
    EventLoop loop;
    loop.at(2s, 0);
    (void)loop.take();
    EXPECT_DEATH(loop.at(1s, 0), "time >= now_");
}

}  // namespace
}  // namespace sluice::sim
