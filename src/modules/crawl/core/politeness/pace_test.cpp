// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/politeness/pace.h"

#include <gtest/gtest.h>

namespace sluice::crawl {
namespace {

constexpr WallTime zero = wall_from_ns(1'000'000'000'000);
constexpr std::uint64_t most = UINT64_MAX;  // the longest a jitter gives

Answer answer(Answer::Kind kind, Duration latency = 0ms,
              std::optional<Duration> retry_after = std::nullopt) {
    return {kind, latency, retry_after};
}

TEST(Pace, OneStartForEachDelay) {
    const PaceConfig config{.delay = 2s};
    Pace pace;
    EXPECT_LE(pace.next(config), zero);
    pace.started(config, zero);
    EXPECT_EQ(pace.next(config), zero + 2s);
}

TEST(Pace, ABurstIsAllowedUnlessACrawlDelayIsAsked) {
    const PaceConfig config{.delay = 2s, .burst = 3};
    Pace pace;
    for (int i = 0; i < 3; ++i) {
        EXPECT_LE(pace.next(config), zero);
        pace.started(config, zero);
    }
    EXPECT_EQ(pace.next(config), zero + 2s);
    pace.set_crawl_delay(10s);
    EXPECT_EQ(pace.next(config), zero + 10s);
}

TEST(Pace, ACrawlDelayIsCapped) {
    const PaceConfig config{.crawl_delay_max = 30s};
    Pace pace;
    pace.set_crawl_delay(24h);
    pace.started(config, zero);
    EXPECT_EQ(pace.next(config), zero + 30s);
}

TEST(Pace, ASlowHostIsAskedLessOften) {
    const PaceConfig config{.delay = 100ms, .latency_factor = 2.0, .latency_delay_max = 5s};
    Pace pace;
    pace.answered(config, answer(Answer::Kind::fine, 800ms), zero, most);
    EXPECT_EQ(pace.delay(config), 1600ms);
    pace.answered(config, answer(Answer::Kind::fine, 60s), zero, most);
    EXPECT_EQ(pace.delay(config), 5s);
}

TEST(Pace, RetryAfterIsObeyedUpToItsLimit) {
    const PaceConfig config{.retry_after_max = 1h};
    Pace pace;
    pace.answered(config, answer(Answer::Kind::throttled, 1ms, Duration(90s)), zero, most);
    EXPECT_EQ(pace.next(config), zero + 90s);
    pace.answered(config, answer(Answer::Kind::throttled, 1ms, Duration(99h)), zero, most);
    EXPECT_EQ(pace.next(config), zero + 1h);
    // A shorter one later does not shorten the pause.
    pace.answered(config, answer(Answer::Kind::throttled, 1ms, Duration(1s)), zero, most);
    EXPECT_EQ(pace.next(config), zero + 1h);
}

TEST(Pace, BackOffDoublesAndComesDownAgain) {
    const PaceConfig config{.delay = 0s, .latency_factor = 0, .backoff_base = 8s};
    Pace pace;
    WallTime now = zero;
    // The longest pause: a draw of as many ns is taken as it is, one more begins at zero again.
    const auto throttle = [&](Duration longest) {
        const auto draw = static_cast<std::uint64_t>(longest.count());
        Pace other = pace;
        other.answered(config, answer(Answer::Kind::throttled), now, draw + 1);
        pace.answered(config, answer(Answer::Kind::throttled), now, draw);
        EXPECT_EQ(other.paused_until(), now);
        EXPECT_EQ(pace.paused_until(), now + longest);
        now = pace.next(config);
    };
    throttle(8s);
    throttle(16s);
    throttle(32s);
    pace.answered(config, answer(Answer::Kind::fine), now, most);
    throttle(32s);
    for (int i = 0; i < 10; ++i) pace.answered(config, answer(Answer::Kind::fine), now, most);
    throttle(8s);
}

TEST(Pace, DeadHostsAreParkedAndThenGivenUp) {
    const PaceConfig config{.dead_connects_max = 2, .park = 1h, .parks_max = 1};
    Pace pace;
    const auto die = [&] { pace.answered(config, answer(Answer::Kind::dead), zero, 0); };
    die();
    EXPECT_LT(pace.next(config), zero + 1h);
    die();
    EXPECT_EQ(pace.next(config), zero + 1h);
    EXPECT_FALSE(pace.given_up(config));
    die();
    die();
    EXPECT_TRUE(pace.given_up(config));
}

TEST(Pace, AnAnswerEndsTheRowOfDeadConnections) {
    const PaceConfig config{.dead_connects_max = 2, .parks_max = 0};
    Pace pace;
    for (int i = 0; i < 20; ++i)
        pace.answered(config, answer(i % 2 == 0 ? Answer::Kind::dead : Answer::Kind::fine), zero,
                      0);
    EXPECT_FALSE(pace.given_up(config));
}

TEST(Pace, IsTheSameAfterItWasWrittenAndRead) {
    const PaceConfig config{.delay = 3s};
    Pace pace;
    pace.set_crawl_delay(7s);
    pace.started(config, zero);
    pace.answered(config, answer(Answer::Kind::throttled, 20ms, Duration(40s)), zero, most);
    std::string bytes;
    pace.put(bytes);
    ByteReader in(bytes);
    const Pace read = Pace::read(in);
    EXPECT_TRUE(in.ok() && in.at_end());
    EXPECT_EQ(read.next(config), pace.next(config));
    EXPECT_EQ(read.delay(config), pace.delay(config));
    EXPECT_EQ(read.paused_until(), zero + 40s);
}

}  // namespace
}  // namespace sluice::crawl
