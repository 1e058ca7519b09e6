// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/primes.h"

#include <gtest/gtest.h>

namespace sluice::work {
namespace {

PrimeSummary sieve(std::uint64_t from, std::uint64_t to, std::size_t list = 0) {
    auto made = PrimeSieve::make({from, to}, list);
    EXPECT_TRUE(made) << made.error().text();
    while (made->step()) {
    }
    EXPECT_EQ(made->percent(), 100);
    return made->summary();
}

bool is_prime_slowly(std::uint64_t n) {
    if (n < 2) return false;
    for (std::uint64_t d = 2; d * d <= n; ++d) {
        if (n % d == 0) return false;
    }
    return true;
}

TEST(PrimeSieve, CountsAreTheKnownOnes) {
    EXPECT_EQ(sieve(0, 10).count, 4u);
    EXPECT_EQ(sieve(1, 1'000'000).count, 78'498u);
    EXPECT_EQ(sieve(1, 10'000'000).count, 664'579u);
    EXPECT_EQ(sieve(1, 1'000'000).twins, 8'169u);
    EXPECT_EQ(sieve(1, 1'000'000).gap, 114u);
    EXPECT_EQ(sieve(1, 1'000'000).gap_after, 492'113u);
    // The primes between 10^12 and 10^12 + 10^6 (OEIS and primesieve agree).
    EXPECT_EQ(sieve(1'000'000'000'000, 1'000'001'000'000).count, 36'249u);
}

TEST(PrimeSieve, EveryShortRangeAgreesWithTrialDivision) {
    for (std::uint64_t from = 0; from < 60; ++from) {
        for (std::uint64_t to = from; to < from + 60; ++to) {
            std::uint64_t count = 0;
            for (std::uint64_t n = from; n <= to; ++n) count += is_prime_slowly(n) ? 1 : 0;
            ASSERT_EQ(sieve(from, to).count, count) << from << ".." << to;
        }
    }
}

TEST(PrimeSieve, SegmentBordersLoseNothing) {
    const auto listed = sieve(524'200, 524'400, 100).listed;
    std::vector<std::uint64_t> expected;
    for (std::uint64_t n = 524'200; n <= 524'400; ++n) {
        if (is_prime_slowly(n)) expected.push_back(n);
    }
    EXPECT_EQ(listed, expected);
}

TEST(PrimeSieve, RefusesWhatIsBeyondItsLimits) {
    EXPECT_EQ(PrimeSieve::make({5, 4}, 0).error().code, Code::invalid);
    EXPECT_EQ(PrimeSieve::make({1, ~0ULL}, 0).error().code, Code::exhausted);
    EXPECT_EQ(PrimeSieve::make({0, 3'000'000'000}, 0).error().code, Code::exhausted);
    EXPECT_EQ(PrimeSieve::make({0, 3}, 1'000'000).error().code, Code::exhausted);
}

}  // namespace
}  // namespace sluice::work
