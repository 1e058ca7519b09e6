// SPDX-License-Identifier: Apache-2.0
// ShardedCounter: no addition is lost, and a reader never sees it fall.
#include "kernel/sync/sharded_counter.h"

#include "kernel/sync/thread.h"

#include <gtest/gtest.h>

#include <bit>
#include <vector>

namespace sluice {
namespace {

TEST(ShardedCounter, ShardsAreAPowerOfTwo) {
    EXPECT_TRUE(std::has_single_bit(detail::counter_shards()));
    EXPECT_LE(detail::counter_shards(), 16u);
}

TEST(ShardedCounter, LosesNothingAndNeverFalls) {
    ShardedCounter counter;
    counter.add(5);
    std::vector<Thread> threads;
    for (int t = 0; t < 3; ++t) {
        threads.emplace_back("adder", [&] {
            for (int i = 0; i < 20'000; ++i) counter.add();
        });
    }
    std::uint64_t last = 0;
    for (int i = 0; i < 1'000; ++i) {
        const std::uint64_t now = counter.value();
        ASSERT_GE(now, last);
        last = now;
    }
    threads.clear();
    EXPECT_EQ(counter.value(), 60'005u);
}

}  // namespace
}  // namespace sluice
