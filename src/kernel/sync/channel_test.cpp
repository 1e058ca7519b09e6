// SPDX-License-Identifier: Apache-2.0
// Channel and select, alone and under several threads.
#include "kernel/sync/channel.h"

#include "kernel/base/random.h"
#include "kernel/sync/thread.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <numeric>
#include <vector>

namespace sluice {
namespace {

using Box = std::unique_ptr<int>;

Box box(int value) { return std::make_unique<int>(value); }

TEST(Channel, KeepsOrderAndRefusesWhenFull) {
    Channel<Box> channel(2);
    EXPECT_EQ(channel.try_push(box(1)), ChannelStatus::ok);
    EXPECT_EQ(channel.try_push(box(2)), ChannelStatus::ok);
    Box third = box(3);
    EXPECT_EQ(channel.try_push(std::move(third)), ChannelStatus::full);
    ASSERT_TRUE(third);  // NOLINT(bugprone-use-after-move): a refused item stays with the caller
    EXPECT_EQ(channel.push_until(std::move(third), monotonic_now()), ChannelStatus::timeout);
    Box out;
    EXPECT_EQ(channel.pop(out), ChannelStatus::ok);
    EXPECT_EQ(*out, 1);
    EXPECT_EQ(channel.try_pop(out), ChannelStatus::ok);
    EXPECT_EQ(*out, 2);
    EXPECT_EQ(channel.try_pop(out), ChannelStatus::empty);
    EXPECT_EQ(channel.pop_until(out, monotonic_now() + 1ms), ChannelStatus::timeout);
    const ChannelCounters counters = channel.counters();
    EXPECT_EQ(counters.depth, 0u);
    EXPECT_EQ(counters.depth_peak, 2u);
    EXPECT_EQ(counters.pushed, 2u);
    EXPECT_EQ(counters.popped, 2u);
    EXPECT_EQ(counters.refused, 2u);
    EXPECT_EQ(counters.push_waits, 1u);
    EXPECT_EQ(counters.pop_waits, 1u);
}

TEST(Channel, CloseRefusesPushesAndLetsPopsDrain) {
    Channel<int> channel(4);
    channel.push(1);
    channel.push(2);
    channel.close();
    channel.close();
    EXPECT_EQ(channel.push(3), ChannelStatus::closed);
    EXPECT_EQ(channel.try_push(3), ChannelStatus::closed);
    int out = 0;
    EXPECT_EQ(channel.pop(out), ChannelStatus::ok);
    std::vector<int> rest;
    EXPECT_EQ(channel.pop_all(rest, 10, no_deadline), ChannelStatus::ok);
    EXPECT_EQ(rest, (std::vector<int>{2}));
    EXPECT_EQ(channel.pop(out), ChannelStatus::closed);
    EXPECT_EQ(channel.try_pop(out), ChannelStatus::closed);
    EXPECT_EQ(channel.pop_all(rest, 10, no_deadline), ChannelStatus::closed);
    EXPECT_EQ(channel.try_pop_all(rest, 10), ChannelStatus::closed);
}

TEST(Channel, CloseWakesWaitingPushersAndPoppers) {
    Channel<int> full(1);
    Channel<int> empty(1);
    full.push(1);
    Thread pusher("pusher", [&] { EXPECT_EQ(full.push(2), ChannelStatus::closed); });
    Thread popper("popper", [&] {
        int out = 0;
        EXPECT_EQ(empty.pop(out), ChannelStatus::closed);
    });
    full.close();
    empty.close();
}

TEST(Channel, PopAllTakesAtMostMaxAndAppends) {
    Channel<int> channel(10);
    for (int i = 0; i < 5; ++i) channel.push(int{i});
    std::vector<int> out{-1};
    EXPECT_EQ(channel.pop_all(out, 2, no_deadline), ChannelStatus::ok);
    EXPECT_EQ(out, (std::vector<int>{-1, 0, 1}));
    out.clear();
    EXPECT_EQ(channel.try_pop_all(out, 100), ChannelStatus::ok);
    EXPECT_EQ(out, (std::vector<int>{2, 3, 4}));
    EXPECT_EQ(channel.try_pop_all(out, 100), ChannelStatus::empty);
    EXPECT_EQ(channel.pop_all(out, 100, monotonic_now()), ChannelStatus::timeout);
}

TEST(Channel, PushAllWaitsForRoomAndLeavesWhatItCouldNotPush) {
    Channel<Box> channel(2);
    std::vector<Box> items;
    for (int i = 0; i < 5; ++i) items.push_back(box(i));
    EXPECT_EQ(channel.push_all(items, monotonic_now()), ChannelStatus::timeout);
    ASSERT_EQ(items.size(), 3u);
    EXPECT_EQ(*items.front(), 2);
    std::vector<int> seen;
    Thread popper("popper", [&] {
        Box out;
        while (channel.pop(out) == ChannelStatus::ok) seen.push_back(*out);
    });
    EXPECT_EQ(channel.push_all(items), ChannelStatus::ok);
    EXPECT_TRUE(items.empty());
    EXPECT_EQ(channel.push_all(items), ChannelStatus::ok);
    channel.close();
    popper.join();
    EXPECT_EQ(seen, (std::vector<int>{0, 1, 2, 3, 4}));
    items.push_back(box(6));
    EXPECT_EQ(channel.push_all(items), ChannelStatus::closed);
    EXPECT_EQ(items.size(), 1u);
    EXPECT_EQ(channel.counters().refused, 2u);
}

TEST(Channel, OneBatchWakesAsManyPoppersAsItHasItems) {
    Channel<int> channel(8);
    Channel<int> got(8);
    std::vector<Thread> poppers;
    for (int i = 0; i < 3; ++i) {
        poppers.emplace_back("popper", [&] {
            int out = 0;
            if (channel.pop(out) == ChannelStatus::ok) got.push(std::move(out));
        });
    }
    while (channel.counters().pop_waits < 3) std::this_thread::yield();
    std::vector<int> items{1, 2, 3};
    EXPECT_EQ(channel.push_all(items), ChannelStatus::ok);
    poppers.clear();
    EXPECT_EQ(got.counters().depth, 3u);
}

TEST(Channel, BehavesLikeABoundedDequeForAnyHistory) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Random random(seed);
        const std::size_t capacity = 1 + random.below(7);
        Channel<int> channel(capacity);
        std::deque<int> model;
        for (int step = 0; step < 400; ++step) {
            const std::uint64_t act = random.below(6);
            if (act == 5) {
                std::vector<int> items;
                for (std::uint64_t i = random.below(4); i > 0; --i) items.push_back(step);
                const std::size_t fits = std::min(items.size(), capacity - model.size());
                const auto expected =
                    fits == items.size() ? ChannelStatus::ok : ChannelStatus::full;
                model.insert(model.end(), fits, step);
                const std::size_t left = items.size() - fits;
                ASSERT_EQ(channel.try_push_all(items), expected) << "seed " << seed;
                ASSERT_EQ(items.size(), left);
            } else if (act < 3) {
                const bool fits = model.size() < capacity;
                ASSERT_EQ(channel.try_push(int{step}),
                          fits ? ChannelStatus::ok : ChannelStatus::full)
                    << "seed " << seed;
                if (fits) model.push_back(step);
            } else if (act == 3) {
                int out = -1;
                const ChannelStatus status = channel.try_pop(out);
                ASSERT_EQ(status, model.empty() ? ChannelStatus::empty : ChannelStatus::ok);
                if (model.empty()) continue;
                ASSERT_EQ(out, model.front()) << "seed " << seed;
                model.pop_front();
            } else {
                std::vector<int> out;
                channel.try_pop_all(out, 1 + random.below(4));
                for (const int item : out) {
                    ASSERT_EQ(item, model.front()) << "seed " << seed;
                    model.pop_front();
                }
            }
            ASSERT_EQ(channel.counters().depth, model.size());
        }
    }
}

TEST(Channel, ManyPushersOneDrainerLoseAndReorderNothing) {
    constexpr int pushers = 3;
    constexpr int each = 20'000;
    Channel<std::pair<int, int>> channel(64);
    std::vector<Thread> threads;
    for (int p = 0; p < pushers; ++p) {
        threads.emplace_back("pusher", [&channel, p] {
            for (int i = 0; i < each; ++i) {
                ASSERT_EQ(channel.push(std::pair{p, i}), ChannelStatus::ok);
            }
        });
    }
    std::vector<int> next(pushers, 0);
    std::vector<std::pair<int, int>> batch;
    for (int taken = 0; taken < pushers * each;) {
        batch.clear();
        ASSERT_EQ(channel.pop_all(batch, 1000, no_deadline), ChannelStatus::ok);
        for (const auto& [pusher, item] : batch) ASSERT_EQ(next[std::size_t(pusher)]++, item);
        taken += static_cast<int>(batch.size());
    }
    EXPECT_EQ(channel.counters().depth, 0u);
    EXPECT_LE(channel.counters().depth_peak, 64u);
}

TEST(Channel, SeveralPoppersShareTheItems) {
    constexpr std::uint64_t count = 20'000;
    Channel<std::uint64_t> channel(16);
    std::vector<std::uint64_t> sums(3, 0);
    std::vector<Thread> threads;
    for (auto& sum : sums) {
        threads.emplace_back("popper", [&channel, &sum] {
            std::uint64_t out = 0;
            while (channel.pop(out) == ChannelStatus::ok) sum += out;
        });
    }
    for (std::uint64_t i = 1; i <= count; ++i) channel.push(std::uint64_t{i});
    channel.close();
    threads.clear();
    EXPECT_EQ(std::accumulate(sums.begin(), sums.end(), std::uint64_t{0}), count * (count + 1) / 2);
}

TEST(Select, SaysWhichChannelIsReadyAndStarvesNone) {
    Channel<int> numbers(4);
    Channel<Box> boxes(4);
    numbers.push(1);
    numbers.push(2);
    boxes.push(box(3));
    Selector selector({&numbers, &boxes});
    const Selected first = selector.wait_until(no_deadline);
    const Selected second = selector.wait_until(no_deadline);
    EXPECT_EQ(first.outcome, SelectOutcome::ready);
    EXPECT_NE(first.index, second.index);
}

TEST(Select, EndsAtTheDeadlineOrTheTokensDeadline) {
    Channel<int> channel(1);
    EXPECT_EQ(select(monotonic_now() + 1ms, {}, channel).outcome, SelectOutcome::timeout);
    const CancelSource source(monotonic_now() + 1ms);
    EXPECT_EQ(select(no_deadline, source.token(), channel).outcome, SelectOutcome::cancelled);
}

TEST(Select, IsWokenByCancelAndClose) {
    Channel<int> channel(1);
    const CancelSource source;
    Thread canceller("canceller", [&] { source.cancel(); });
    EXPECT_EQ(select(no_deadline, source.token(), channel).outcome, SelectOutcome::cancelled);
    Thread closer("closer", [&] { channel.close(); });
    EXPECT_EQ(select(no_deadline, {}, channel).outcome, SelectOutcome::ready);
    int out = 0;
    EXPECT_EQ(channel.try_pop(out), ChannelStatus::closed);
}

TEST(Select, OneOwnerHearsTwoKindsOfChannels) {
    constexpr int each = 5'000;
    Channel<int> numbers(8);
    Channel<Box> boxes(8);
    Thread left("left", [&] {
        for (int i = 0; i < each; ++i) numbers.push(int{i});
        numbers.close();
    });
    Thread right("right", [&] {
        for (int i = 0; i < each; ++i) boxes.push(box(i));
    });
    Selector selector({&numbers, &boxes});
    std::vector<int> batch;
    std::size_t numbers_seen = 0;
    int boxes_seen = 0;
    while (numbers_seen < each || boxes_seen < each) {
        const Selected selected = selector.wait_until(no_deadline);
        ASSERT_EQ(selected.outcome, SelectOutcome::ready);
        batch.clear();
        if (selected.index == 0 && numbers.try_pop_all(batch, 100) == ChannelStatus::ok) {
            numbers_seen += batch.size();
        }
        Box out;
        if (selected.index == 1 && boxes.try_pop(out) == ChannelStatus::ok) {
            ASSERT_EQ(*out, boxes_seen);
            ++boxes_seen;
        }
    }
}

}  // namespace
}  // namespace sluice
