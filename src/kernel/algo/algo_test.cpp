// SPDX-License-Identifier: Apache-2.0
// Each structure against the most naive model of itself, over seeded random histories.
#include "kernel/algo/backoff.h"
#include "kernel/algo/deadline_heap.h"
#include "kernel/algo/histogram.h"
#include "kernel/algo/token_bucket.h"
#include "kernel/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

namespace sluice {
namespace {

WallTime at(std::int64_t ns) { return wall_from_ns(ns); }

TEST(DeadlineHeap, PopsInOrderOfDeadlineThenPush) {
    DeadlineHeap<std::unique_ptr<int>> heap;
    heap.push(at(20), std::make_unique<int>(1));
    heap.push(at(10), std::make_unique<int>(2));
    heap.push(at(20), std::make_unique<int>(3));
    EXPECT_EQ(heap.next_deadline(), at(10));
    EXPECT_EQ(**heap.front(), 2);
    EXPECT_FALSE(heap.pop_due(at(9)));
    EXPECT_EQ(*heap.pop_due(at(10))->value, 2);
    EXPECT_EQ(*heap.pop_due(at(99))->value, 1);
    EXPECT_EQ(*heap.pop_due(at(99))->value, 3);
    EXPECT_FALSE(heap.pop_due(at(99)));
    EXPECT_FALSE(heap.next_deadline());
}

TEST(DeadlineHeap, OldHandlesAreRecognisedAfterTheirPlaceIsUsedAgain) {
    DeadlineHeap<int> heap;
    const DeadlineHandle old = heap.push(at(1), 1);
    EXPECT_EQ(heap.remove(old), 1);
    const DeadlineHandle fresh = heap.push(at(2), 2);
    EXPECT_EQ(fresh.slot, old.slot);
    EXPECT_FALSE(heap.contains(old));
    EXPECT_FALSE(heap.reschedule(old, at(9)));
    EXPECT_FALSE(heap.remove(old));
    EXPECT_EQ(heap.find(old), nullptr);
    EXPECT_FALSE(heap.contains(DeadlineHandle{}));
    EXPECT_EQ(*heap.find(fresh), 2);
    heap.clear();
    EXPECT_FALSE(heap.contains(fresh));
    EXPECT_TRUE(heap.empty());
}

struct ModelEntry {
    DeadlineHandle handle;
    WallTime deadline;
    std::uint64_t order;
    int value;
};

void run_heap_history(std::uint64_t seed) {
    Random random(seed);
    DeadlineHeap<int> heap;
    std::vector<ModelEntry> model;
    std::vector<DeadlineHandle> gone;
    std::uint64_t order = 0;
    const auto soonest = [&] {
        return std::min_element(model.begin(), model.end(), [](const auto& a, const auto& b) {
            return std::pair(a.deadline, a.order) < std::pair(b.deadline, b.order);
        });
    };
    for (int step = 0; step < 1000; ++step) {
        const WallTime time = at(static_cast<std::int64_t>(random.below(50)));
        const std::uint64_t act = random.below(10);
        if (act < 4) {
            model.push_back({heap.push(time, step), time, order++, step});
        } else if (act < 6 && !model.empty()) {
            const auto chosen = model.begin() + static_cast<long>(random.below(model.size()));
            ASSERT_EQ(heap.remove(chosen->handle), chosen->value);
            gone.push_back(chosen->handle);
            model.erase(chosen);
        } else if (act < 8 && !model.empty()) {
            ModelEntry& chosen = model[random.below(model.size())];
            ASSERT_EQ(heap.deadline_of(chosen.handle), chosen.deadline);
            ASSERT_TRUE(heap.reschedule(chosen.handle, time));
            chosen.deadline = time;
            chosen.order = order++;
        } else if (act == 8 && !gone.empty()) {
            ASSERT_FALSE(heap.remove(gone[random.below(gone.size())]));
        } else {
            const auto item = heap.pop_due(time);
            const auto expected = soonest();
            const bool due = expected != model.end() && expected->deadline <= time;
            ASSERT_EQ(item.has_value(), due);
            if (!due) continue;
            ASSERT_EQ(item->value, expected->value);
            ASSERT_EQ(item->deadline, expected->deadline);
            gone.push_back(expected->handle);
            model.erase(expected);
        }
        ASSERT_EQ(heap.size(), model.size());
        if (!model.empty()) {
            ASSERT_EQ(heap.next_deadline(), soonest()->deadline);
        }
    }
}

TEST(DeadlineHeap, BehavesLikeASortedListForAnyHistory) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        run_heap_history(seed);
        if (HasFatalFailure()) FAIL() << "seed " << seed;
    }
}

TEST(Backoff, FaktoryFormulaMatchesItsTable) {
    EXPECT_EQ(faktory_delay(0, 0), 15s);
    EXPECT_EQ(faktory_delay(0, 29), 44s);
    EXPECT_EQ(faktory_delay(1, 29), 74s);
    EXPECT_EQ(faktory_delay(10, 30), 10'015s);
    EXPECT_EQ(faktory_delay(25, 1), std::chrono::seconds{390'625 + 15 + 26});
    EXPECT_EQ(faktory_delay(4'000'000'000u, 7), backoff_limit);
    EXPECT_LE(faktory_delay(231, 29), backoff_limit);
}

TEST(Backoff, ExponentialStaysBelowItsCeilingAndReachesIt) {
    Random random(3);
    for (std::uint32_t count = 0; count < 100; ++count) {
        const double top = std::min(60e9, 1e9 * std::pow(2.0, count));
        Duration most{0};
        for (int i = 0; i < 200; ++i) {
            const Duration delay = exponential_delay(1s, 60s, count, random.next());
            ASSERT_GE(delay, Duration::zero());
            ASSERT_LE(static_cast<double>(delay.count()), top);
            most = std::max(most, delay);
        }
        EXPECT_GT(static_cast<double>(most.count()), top * 0.9) << count;
    }
}

TEST(Backoff, NoFormulaLeavesItsLimits) {
    Random random(5);
    for (int i = 0; i < 20'000; ++i) {
        Backoff backoff;
        backoff.kind = static_cast<BackoffKind>(random.below(3));
        backoff.base = Duration{static_cast<std::int64_t>(random.next())};
        backoff.cap = Duration{static_cast<std::int64_t>(random.next())};
        const auto count = static_cast<std::uint32_t>(random.next() >> random.below(64));
        const Duration delay = backoff.delay(count, random.next());
        ASSERT_GE(delay, Duration::zero());
        ASSERT_LE(delay, backoff_limit);
        ASSERT_LE(delay, std::max(backoff.cap, Duration::zero()));
    }
    EXPECT_EQ((Backoff{BackoffKind::constant, 7s, 1h}.delay(99, 1)), 7s);
    EXPECT_EQ(to_string(BackoffKind::exponential), "exponential");
}

TEST(Histogram, EmptyAnswersZero) {
    const Histogram histogram;
    EXPECT_EQ(histogram.quantile(0.5), 0ns);
    EXPECT_EQ(histogram.mean(), 0ns);
    EXPECT_EQ(histogram.min(), 0ns);
    EXPECT_EQ(histogram.max(), 0ns);
}

TEST(Histogram, QuantilesAreNeverTooShortAndAtMostOneInThirtyTwoTooLong) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        Random random(seed);
        std::vector<std::int64_t> values;
        Histogram left;
        Histogram right;
        std::uint64_t sum = 0;
        const std::uint64_t count = 1 + random.below(2000);
        for (std::uint64_t i = 0; i < count; ++i) {
            const auto value = static_cast<std::int64_t>(random.next() >> (18 + random.below(46)));
            values.push_back(value);
            sum += static_cast<std::uint64_t>(value);
            (random.chance(0.5) ? left : right).record(Duration{value});
        }
        left.merge(right);
        std::sort(values.begin(), values.end());
        ASSERT_EQ(left.count(), count);
        ASSERT_EQ(left.min().count(), values.front());
        ASSERT_EQ(left.max().count(), values.back());
        ASSERT_EQ(left.mean().count(), static_cast<std::int64_t>(sum / count));
        for (const double q : {0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
            const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(count)));
            const std::int64_t truth = values[std::max<std::size_t>(rank, 1) - 1];
            const std::int64_t answer = left.quantile(q).count();
            ASSERT_GE(answer, truth) << "seed " << seed << " q " << q;
            ASSERT_LE(answer, truth + truth / 32 + 1) << "seed " << seed << " q " << q;
        }
        ASSERT_EQ(left.count_up_to(left.max()), count);
    }
}

TEST(Histogram, ExtremesAreKeptApart) {
    Histogram histogram;
    histogram.record(-5s);
    histogram.record(Duration::max());
    EXPECT_EQ(histogram.min(), 0ns);
    EXPECT_EQ(histogram.max(), Duration::max());
    EXPECT_EQ(histogram.quantile(1), Duration::max());
    EXPECT_EQ(histogram.quantile(0.5), 0ns);
    EXPECT_EQ(histogram.count_up_to(-1ns), 0u);
    histogram.record(Duration::max(), 1000);
    EXPECT_EQ(histogram.sum(), Duration::max());
}

TEST(TokenBucket, AllowsTheBurstThenTheRate) {
    TokenBucket<> bucket({.tokens = 10, .per = 1s, .burst = 3});
    const Instant start{5s};
    EXPECT_EQ(bucket.take(start).left, 2u);
    EXPECT_TRUE(bucket.take(start, 2).allowed);
    const TokensTaken refused = bucket.take(start);
    EXPECT_FALSE(refused.allowed);
    EXPECT_EQ(refused.retry_after, 100ms);
    EXPECT_FALSE(bucket.take(start + 99ms).allowed);
    EXPECT_TRUE(bucket.take(start + 100ms).allowed);
    EXPECT_EQ(bucket.take(start, 4).retry_after, Duration::max());
    EXPECT_TRUE(bucket.is_full(start + 1s));
}

TEST(TokenBucket, EqualsARefilledBucketForAnyHistory) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Random random(seed);
        const std::uint64_t burst = 1 + random.below(20);
        TokenBucket<WallTime> bucket({1 + random.below(1000), 1s, burst});
        const std::int64_t interval = bucket.interval().count();
        const std::int64_t full = interval * static_cast<std::int64_t>(burst);
        std::int64_t level = full;
        std::int64_t now = 1'000'000'000;
        for (int step = 0; step < 500; ++step) {
            const auto pause =
                static_cast<std::int64_t>(random.below(2 * static_cast<std::uint64_t>(interval)));
            now += pause;
            level = std::min(full, level + pause);
            const std::uint64_t count = random.below(burst + 2);
            const std::int64_t price = interval * static_cast<std::int64_t>(count);
            const TokensTaken taken = bucket.take(at(now), count);
            ASSERT_EQ(taken.allowed, price <= level) << "seed " << seed;
            if (taken.allowed) level -= price;
            ASSERT_EQ(taken.left, static_cast<std::uint64_t>(level / interval)) << "seed " << seed;
            if (!taken.allowed && count <= burst) {
                ASSERT_EQ(taken.retry_after.count(), price - level) << "seed " << seed;
            }
        }
    }
}

TEST(TokenBucket, AbsurdLimitsAreClampedNotOverflowed) {
    TokenBucket<WallTime> huge({UINT64_MAX, Duration::max(), UINT64_MAX});
    EXPECT_TRUE(huge.take(at(1)).allowed);
    TokenBucket<WallTime> zero({0, 0ns, 0});
    EXPECT_TRUE(zero.take(at(1)).allowed);
    EXPECT_FALSE(zero.take(at(1)).allowed);
    TokenBucket<WallTime> slow({1, Duration::max(), UINT64_MAX});
    EXPECT_TRUE(slow.take(at(1)).allowed);
    EXPECT_FALSE(slow.take(at(1)).allowed);
}

}  // namespace
}  // namespace sluice
