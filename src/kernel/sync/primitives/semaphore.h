// SPDX-License-Identifier: Apache-2.0
// Semaphore on a futex: permits and sleepers in one word. To learn from; the product uses
// kernel/sync unless a benchmark says otherwise (README.md).
#pragma once

#include "kernel/sync/primitives/platform.h"

#include <cstdint>

namespace sluice::primitives {

/// A counting semaphore; at most 2^31 permits. Not fair: a thread that runs may take the permit
/// that one who is being woken was meant to have.
///
/// Invariants:
///  1. Low half: permits that are free. High half: threads that sleep or are about to.
///  2. A sleeper has counted itself before it sleeps, in the word that release() adds to: either
///     release() sees it and wakes one for each permit, or the sleeper sees the permit. With two
///     words, each side could miss the other (a Dekker race) unless all four operations were
///     sequentially consistent; and release() would read the second word when the semaphore may be
///     gone already, the fault of glibc's sem_post until 2.21 (bug 12674).
///  3. A thread that was woken looks for a permit before it looks at its deadline, so a wake-up is
///     never swallowed by a timeout.
template <class Platform = LinuxPlatform>
class Semaphore {
public:
    explicit Semaphore(std::uint32_t permits) : word_(permits) {}
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;

    /// Gives back `count` permits. The object is not touched once another thread can have them.
    void release(std::uint32_t count = 1) noexcept {
        // Release: what was done with a permit is seen by the one who takes it next.
        const std::uint64_t before = word_.fetch_add(count, std::memory_order_release);
        if (before >> 32 != 0) Platform::futex_wake_low(word_, count);
    }

    [[nodiscard]] bool try_acquire() noexcept { return try_take(0); }

    void acquire() noexcept { acquire_until(Instant::max()); }

    /// False when the deadline has passed. Instant::max() waits without a deadline.
    bool acquire_until(Instant deadline) noexcept {
        if (try_take(0)) return true;
        // Relaxed: says only "I am here"; it is on the same word as release().
        word_.fetch_add(one_sleeper, std::memory_order_relaxed);
        while (!try_take(one_sleeper)) {
            if (Platform::futex_wait_low(word_, 0, deadline) != FutexWait::timeout) continue;
            if (try_take(one_sleeper)) return true;
            word_.fetch_sub(one_sleeper, std::memory_order_relaxed);
            return false;
        }
        return true;
    }

    /// Free permits now; for statistics.
    [[nodiscard]] std::uint32_t available() const noexcept {
        return static_cast<std::uint32_t>(word_.load(std::memory_order_relaxed));
    }

private:
    static constexpr std::uint64_t one_sleeper = std::uint64_t{1} << 32;

    /// Takes a permit, and `also` from the word with it.
    bool try_take(std::uint64_t also) noexcept {
        // Relaxed: a guess; the compare-and-swap below decides and synchronises.
        std::uint64_t seen = word_.load(std::memory_order_relaxed);
        while (static_cast<std::uint32_t>(seen) != 0) {
            // Acquire, with the release in release().
            if (word_.compare_exchange_weak(seen, seen - 1 - also, std::memory_order_acquire,
                                            std::memory_order_relaxed))
                return true;
        }
        return false;
    }

    typename Platform::template Atomic<std::uint64_t> word_;
};

}  // namespace sluice::primitives
