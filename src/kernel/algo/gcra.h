// SPDX-License-Identifier: Apache-2.0
// The generic cell rate algorithm (GCRA, ITU-T I.371) as arithmetic: what TokenBucket and its
// lock-free sibling decide. The whole state of a bucket is one time. Pure.
#pragma once

#include "kernel/base/time.h"

#include <algorithm>
#include <cstdint>

namespace sluice {

/// `tokens` each `per`, up to `burst` at once. Everything is at least 1; at most one token each
/// nanosecond, and a bucket fills in at most 100 years.
struct TokenBucketLimit {
    std::uint64_t tokens = 1;
    Duration per = 1s;
    std::uint64_t burst = 1;
};

/// The answer of a take.
struct TokensTaken {
    bool allowed = false;
    /// Tokens left for an immediate further take.
    std::uint64_t left = 0;
    /// If refused: when the same take would succeed. Duration::max(): never (more than the burst).
    Duration retry_after{0};
};

/// A limit, cleaned and turned into the two numbers that the algorithm needs. `full_at`, the state,
/// is when the bucket will be full again ("theoretical arrival time").
class Gcra {
public:
    explicit Gcra(TokenBucketLimit limit) {
        const Duration per = std::clamp(limit.per, Duration{1}, longest);
        const auto tokens = std::clamp<std::uint64_t>(limit.tokens, 1, most);
        interval_ =
            std::max(Duration{per.count() / static_cast<std::int64_t>(tokens)}, Duration{1});
        const auto fits = static_cast<std::uint64_t>(longest / interval_);
        burst_ = std::clamp<std::uint64_t>(limit.burst, 1, std::max<std::uint64_t>(fits, 1));
    }

    /// Takes `count` tokens, or none: moves `full_at` on if they are there.
    template <class Time>
    TokensTaken take(Time& full_at, Time now, std::uint64_t count) const {
        if (count > burst_) return {false, left_at(full_at, now), Duration::max()};
        const Time wanted = std::max(full_at, now) + span(count);
        const Duration over = (wanted - now) - span(burst_);
        if (over > Duration::zero()) return {false, left_at(full_at, now), over};
        full_at = wanted;
        return {true, left_at(full_at, now), Duration::zero()};
    }
    /// Tokens there now.
    template <class Time>
    [[nodiscard]] std::uint64_t left_at(Time full_at, Time now) const {
        const Duration missing = std::max(full_at, now) - now;
        const Duration there = span(burst_) - missing;
        return there <= Duration::zero() ? 0 : static_cast<std::uint64_t>(there / interval_);
    }
    /// Between two tokens.
    [[nodiscard]] Duration interval() const { return interval_; }
    /// From an empty bucket to a full one. At most 100 years.
    [[nodiscard]] Duration filling_time() const { return span(burst_); }

private:
    static constexpr Duration longest = 24h * 36'500;
    static constexpr std::uint64_t most = INT64_MAX;

    [[nodiscard]] Duration span(std::uint64_t count) const {
        return interval_ * static_cast<std::int64_t>(count);
    }

    Duration interval_{1};
    std::uint64_t burst_ = 1;
};

}  // namespace sluice
