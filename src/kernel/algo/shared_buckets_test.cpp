// SPDX-License-Identifier: Apache-2.0
// SharedTokenBucket against TokenBucket, and LeakyBucket against a list of turns, one call after
// the other; this folder knows no threads.
#include "kernel/algo/shared_buckets.h"

#include "kernel/algo/token_bucket.h"
#include "kernel/base/random.h"

#include <gtest/gtest.h>

#include <deque>

namespace sluice {
namespace {

Instant at(std::int64_t ns) { return Instant{Duration{ns}}; }

TEST(SharedTokenBucket, AnswersAsATokenBucketForAnyHistory) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Random random(seed);
        const TokenBucketLimit limit{
            .tokens = 1 + random.below(5), .per = 10ns, .burst = 1 + random.below(6)};
        SharedTokenBucket<> shared(limit);
        TokenBucket<> plain(limit);
        std::int64_t now = 0;
        for (int step = 0; step < 300; ++step) {
            now += static_cast<std::int64_t>(random.below(8)) - 1;  // Also back.
            now = std::max<std::int64_t>(now, 0);
            const std::uint64_t count = 1 + random.below(4);
            const TokensTaken one = shared.take(at(now), count);
            const TokensTaken two = plain.take(at(now), count);
            ASSERT_EQ(one.allowed, two.allowed) << "seed " << seed;
            ASSERT_EQ(one.left, two.left);
            ASSERT_EQ(one.retry_after, two.retry_after);
            ASSERT_EQ(shared.left_at(at(now)), plain.left_at(at(now)));
            ASSERT_EQ(shared.is_full(at(now)), plain.is_full(at(now)));
        }
        EXPECT_EQ(shared.interval(), plain.interval());
    }
}

TEST(LeakyBucket, SpreadsABurstAndRefusesWhatDoesNotFit) {
    LeakyBucket<> bucket({.interval = 10ns, .depth = 2});
    EXPECT_EQ(bucket.pour(at(100)), at(100));
    EXPECT_EQ(bucket.pour(at(100)), at(110));
    EXPECT_EQ(bucket.wait_at(at(100)), 20ns);
    EXPECT_EQ(bucket.pour(at(100)), at(120));
    EXPECT_EQ(bucket.pour(at(100)), std::nullopt);
    EXPECT_EQ(bucket.pour(at(109)), std::nullopt);
    EXPECT_EQ(bucket.pour(at(110)), at(130));
    EXPECT_EQ(bucket.pour(at(500)), at(500));
    EXPECT_EQ(bucket.wait_at(at(600)), 0ns);
}

TEST(LeakyBucket, BehavesLikeAListOfTurnsForAnyHistory) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Random random(seed);
        const std::int64_t interval = 1 + static_cast<std::int64_t>(random.below(9));
        const std::uint64_t depth = random.below(4);
        LeakyBucket<> bucket({.interval = Duration{interval}, .depth = depth});
        std::deque<std::int64_t> turns;  // Given and not yet passed.
        std::int64_t last = -interval;
        std::int64_t now = 0;
        for (int step = 0; step < 300; ++step) {
            now += static_cast<std::int64_t>(random.below(12));
            while (!turns.empty() && turns.front() <= now) turns.pop_front();
            const std::int64_t turn = std::max(now, last + interval);
            const bool fits = turn - now <= interval * static_cast<std::int64_t>(depth);
            const auto given = bucket.pour(at(now));
            ASSERT_EQ(given.has_value(), fits) << "seed " << seed;
            if (!fits) continue;
            ASSERT_EQ(*given, at(turn));
            if (turn > now) turns.push_back(turn);
            ASSERT_LE(turns.size(), depth) << "seed " << seed;
            last = turn;
        }
    }
}

TEST(LeakyBucket, ExtremeLimitsDoNotOverflow) {
    LeakyBucket<> slow({.interval = Duration::max(), .depth = UINT64_MAX});
    EXPECT_TRUE(slow.pour(at(0)));
    LeakyBucket<> zero({.interval = 0ns, .depth = 0});
    EXPECT_EQ(zero.pour(at(5)), at(5));
    EXPECT_EQ(zero.pour(at(5)), std::nullopt);
}

}  // namespace
}  // namespace sluice
