// SPDX-License-Identifier: Apache-2.0
// Rate limits that many threads ask at once, without a lock: SharedTokenBucket says yes or no,
// LeakyBucket says when. The state of each is one time in one atomic, changed by compare-and-swap.
// Pure: the caller passes the time in, and the atomic is a template parameter.
#pragma once

#include "kernel/algo/gcra.h"

#include <atomic>
#include <cstdint>
#include <optional>

namespace sluice {

/// TokenBucket for any number of threads; starts full. Every answer is what a TokenBucket would
/// have said at some moment of the call (linearizable), so never more tokens are given than the
/// limit allows, whatever the threads do. A thread whose `now` is older than another's only waits
/// longer.
///
/// Memory order: relaxed everywhere. The time carries no other data; all threads see the changes
/// of one atomic in one order, and that is all the decision needs. A compare-and-swap fails only if
/// another thread's take succeeded, so some thread always gets on (lock-free). The ABA question
/// does not arise: the time only grows, and an equal time is an equal state.
template <class Time = Instant, template <class> class Atomic = std::atomic>
class SharedTokenBucket {
public:
    explicit SharedTokenBucket(TokenBucketLimit limit) : gcra_(limit) {}

    /// Takes `count` tokens, or none.
    TokensTaken take(Time now, std::uint64_t count = 1) {
        std::int64_t seen = full_at_.load(std::memory_order_relaxed);
        while (true) {
            Time full_at{Duration{seen}};
            const TokensTaken taken = gcra_.take(full_at, now, count);
            if (!taken.allowed) return taken;
            if (full_at_.compare_exchange_weak(seen, full_at.time_since_epoch().count(),
                                               std::memory_order_relaxed,
                                               std::memory_order_relaxed))
                return taken;
        }
    }
    /// Tokens there now, if nobody takes meanwhile.
    [[nodiscard]] std::uint64_t left_at(Time now) const { return gcra_.left_at(state(), now); }
    [[nodiscard]] bool is_full(Time now) const { return state() <= now; }
    [[nodiscard]] Duration interval() const { return gcra_.interval(); }

private:
    [[nodiscard]] Time state() const {
        return Time{Duration{full_at_.load(std::memory_order_relaxed)}};
    }

    const Gcra gcra_;
    Atomic<std::int64_t> full_at_{0};  // Nanoseconds of `Time`.
};

/// One drop each `interval`; at most `depth` drops wait in the bucket, beside the one that leaves.
struct LeakyBucketLimit {
    Duration interval = 1s;   ///< At least 1 ns, at most 100 years / (depth + 1).
    std::uint64_t depth = 0;  ///< At least 0.
};

/// Smooths a stream: what arrives leaves evenly, one each interval, in the order of arrival; what
/// would wait behind `depth` others is refused. (A token bucket lets a burst pass at once; this one
/// spreads it.) Any number of threads; memory order and progress as in SharedTokenBucket.
template <class Time = Instant, template <class> class Atomic = std::atomic>
class LeakyBucket {
public:
    explicit LeakyBucket(LeakyBucketLimit limit)
        : interval_(std::clamp(limit.interval, Duration{1}, longest)),
          depth_(static_cast<std::int64_t>(std::min<std::uint64_t>(
              limit.depth, static_cast<std::uint64_t>(longest / interval_)))) {}

    /// The time at which the caller may go on: `now` if nobody is before it. Nothing: the bucket is
    /// full, and nobody's turn has moved.
    std::optional<Time> pour(Time now) {
        std::int64_t seen = next_.load(std::memory_order_relaxed);
        while (true) {
            const Time turn = std::max(Time{Duration{seen}}, now);
            if (turn - now > interval_ * depth_) return std::nullopt;
            const std::int64_t next = (turn + interval_).time_since_epoch().count();
            if (next_.compare_exchange_weak(seen, next, std::memory_order_relaxed,
                                            std::memory_order_relaxed))
                return turn;
        }
    }
    /// How long the next one would have to wait.
    [[nodiscard]] Duration wait_at(Time now) const {
        const Time turn{Duration{next_.load(std::memory_order_relaxed)}};
        return std::max(turn, now) - now;
    }

private:
    static constexpr Duration longest = 24h * 36'500;

    const Duration interval_;
    const std::int64_t depth_;
    Atomic<std::int64_t> next_{0};  // The next free turn, in nanoseconds of `Time`.
};

}  // namespace sluice
