// SPDX-License-Identifier: Apache-2.0
// Single primes and statistics over numbers.
#include "kernel/base/random.h"
#include "modules/work/core/number_stats.h"
#include "modules/work/core/primality.h"

#include <gtest/gtest.h>

#include <limits>

namespace sluice::work {
namespace {

bool divides_none(std::uint64_t number) {
    for (std::uint64_t d = 2; d * d <= number; ++d) {
        if (number % d == 0) return false;
    }
    return number >= 2;
}

TEST(Primality, AgreesWithDivision) {
    for (std::uint64_t n = 0; n < 20'000; ++n) ASSERT_EQ(is_prime(n), divides_none(n)) << n;
}

TEST(Primality, KnowsTheHardOnes) {
    // Strong pseudoprimes of several bases, Carmichael numbers, and squares of primes.
    for (const std::uint64_t n :
         {2047ULL, 3215031751ULL, 3474749660383ULL, 341550071728321ULL, 3825123056546413051ULL,
          561ULL, 1729ULL, 4295098369ULL, 18446744073709551615ULL, 18446744065119617025ULL}) {
        EXPECT_FALSE(is_prime(n)) << n;
    }
    for (const std::uint64_t n :
         {2ULL, 37ULL, 41ULL, 1000000007ULL, 2305843009213693951ULL, 18446744073709551557ULL}) {
        EXPECT_TRUE(is_prime(n)) << n;
    }
}

TEST(Primality, FindsTheNeighbours) {
    EXPECT_EQ(prime_above(0), 2u);
    EXPECT_EQ(prime_above(2), 3u);
    EXPECT_EQ(prime_above(7), 11u);
    EXPECT_EQ(prime_above(1'000'000'000'000), 1'000'000'000'039u);
    EXPECT_EQ(prime_above(18446744073709551556ULL), 18446744073709551557ULL);
    EXPECT_EQ(prime_above(18446744073709551557ULL), std::nullopt);
    EXPECT_EQ(prime_above(18446744073709551615ULL), std::nullopt);
    EXPECT_EQ(prime_below(2), std::nullopt);
    EXPECT_EQ(prime_below(3), 2u);
    EXPECT_EQ(prime_below(4), 3u);
    EXPECT_EQ(prime_below(5), 3u);
    EXPECT_EQ(prime_below(11), 7u);
    EXPECT_EQ(prime_below(18446744073709551615ULL), 18446744073709551557ULL);
    for (std::uint64_t n = 2; n < 5000; ++n) {
        if (is_prime(n)) {
            EXPECT_EQ(prime_below(*prime_above(n)), n);
        }
    }
}

TEST(ExactSum, LosesNothing) {
    ExactSum sum;
    for (const double number : {1e100, 1.0, -1e100}) sum.add(number);
    EXPECT_EQ(sum.value(), 1.0);
    ExactSum tenths;
    for (int i = 0; i < 10; ++i) tenths.add(0.1);
    EXPECT_EQ(tenths.value(), 1.0);
    // The tie that only the smallest part decides.
    ExactSum tie;
    for (const double number : {1e-16, 1.0, 1e16}) tie.add(number);
    EXPECT_EQ(tie.value(), 10000000000000002.0);
    Random random(5);
    ExactSum back;
    std::vector<double> numbers;
    for (int i = 0; i < 1000; ++i) {
        numbers.push_back(static_cast<double>(random.below(1'000'000)) *
                          (i % 2 == 0 ? 1e-9 : 1e12));
        back.add(numbers.back());
    }
    for (const double number : numbers) back.add(-number);
    EXPECT_EQ(back.value(), 0.0);
    EXPECT_EQ(ExactSum().value(), 0.0);
}

TEST(NumberStats, DescribeSomeNumbers) {
    NumberStats stats(10);
    for (const double number : {4.0, 1.0, 3.0, 2.0}) ASSERT_TRUE(stats.add(number));
    stats.finish();
    EXPECT_EQ(stats.count(), 4u);
    EXPECT_EQ(stats.sum(), 10.0);
    EXPECT_EQ(stats.mean(), 2.5);
    EXPECT_DOUBLE_EQ(stats.variance(), 5.0 / 3);
    EXPECT_EQ(stats.quantile(0), 1.0);
    EXPECT_EQ(stats.quantile(0.5), 2.5);
    EXPECT_DOUBLE_EQ(stats.quantile(0.9), 3.7);
    EXPECT_EQ(stats.quantile(1), 4.0);
    const auto bins = stats.histogram(3);
    ASSERT_EQ(bins.size(), 3u);
    EXPECT_EQ(bins[0].count, 1u);
    EXPECT_EQ(bins[1].count, 1u);
    EXPECT_EQ(bins[2].count, 2u);
    EXPECT_EQ(bins[2].to, 4.0);
}

TEST(NumberStats, HaveEdges) {
    NumberStats one(1);
    ASSERT_TRUE(one.add(7));
    EXPECT_EQ(one.add(8).error().code, Code::exhausted);
    EXPECT_EQ(one.add(std::numeric_limits<double>::infinity()).error().code, Code::invalid);
    one.finish();
    EXPECT_EQ(one.variance(), 0.0);
    EXPECT_EQ(one.quantile(0.3), 7.0);
    EXPECT_EQ(one.histogram(5).size(), 1u);
    NumberStats far(2);
    ASSERT_TRUE(far.add(-1e308));
    ASSERT_TRUE(far.add(1e308));
    far.finish();
    EXPECT_EQ(far.histogram(4).size(), 1u);
}

}  // namespace
}  // namespace sluice::work
