// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/engine/retry.h"

#include <gtest/gtest.h>

#include <limits>

namespace sluice::jobs {
namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

TEST(RetryDelay, FaktoryFormulaStaysWithinItsBounds) {
    const Backoff backoff;
    for (std::int32_t count = 0; count < 25; ++count) {
        const std::int64_t n = count;
        for (const std::uint64_t random : {std::uint64_t{0}, std::uint64_t{29}, most}) {
            const Duration delay = retry_delay(backoff, count, random);
            EXPECT_GE(delay, std::chrono::seconds(n * n * n * n + 15));
            EXPECT_LE(delay, std::chrono::seconds(n * n * n * n + 15 + 29 * (n + 1)));
        }
    }
}

TEST(RetryDelay, ConstantAndNone) {
    const Backoff constant{.kind = BackoffKind::constant, .base = 3s, .max = 24h};
    EXPECT_EQ(retry_delay(constant, 0, most), 3s);
    EXPECT_EQ(retry_delay(constant, 9, most), 3s);
    EXPECT_EQ(retry_delay({.kind = BackoffKind::none}, 5, most), 0s);
}

TEST(RetryDelay, ExponentialDoublesUpToItsMaximum) {
    const Backoff backoff{.kind = BackoffKind::exponential, .base = 1s, .max = 10s};
    EXPECT_EQ(retry_delay(backoff, 0, 0), 1s);
    EXPECT_EQ(retry_delay(backoff, 3, 0), 8s);
    EXPECT_EQ(retry_delay(backoff, 4, 0), 10s);
    EXPECT_EQ(retry_delay(backoff, 1'000'000, 0), 10s);
}

TEST(RetryDelay, JitterAddsUpToItsShare) {
    const Backoff backoff{
        .kind = BackoffKind::constant, .base = 10s, .max = 24h, .jitter_percent = 50};
    EXPECT_EQ(retry_delay(backoff, 0, 0), 10s);
    EXPECT_GT(retry_delay(backoff, 0, most), 14s);
    EXPECT_LE(retry_delay(backoff, 0, most), 15s);
}

TEST(RetryDelay, HugeNumbersDoNotOverflow) {
    const Backoff backoff{.kind = BackoffKind::exponential, .base = 24h * 3650, .max = 24h * 36500};
    EXPECT_LE(retry_delay(backoff, 60, most), 24h * 36500);
    EXPECT_GE(retry_delay(backoff, 60, most), 0s);
}

}  // namespace
}  // namespace sluice::jobs
