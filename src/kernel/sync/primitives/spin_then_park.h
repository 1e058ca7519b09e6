// SPDX-License-Identifier: Apache-2.0
// SpinThenPark: one thread waits for a signal of the others, first awake, then asleep.
#pragma once

#include "kernel/sync/primitives/platform.h"

#include <algorithm>
#include <cstdint>

namespace sluice::primitives {

/// A signal with one place: notify() leaves it, wait_until() takes it. Several notify() before a
/// wait count as one. Any thread notifies; one thread waits.
///
/// A wake-up through the kernel costs microseconds; a signal that comes within the few hundred
/// nanoseconds of spinning saves it. Spinning while the notifier has no processor only hinders it,
/// so the length adapts: it grows after a spin that was rewarded and shrinks after one that was
/// not.
///
/// Invariants: only the waiter goes empty → parked and signalled → empty; notify() goes from
/// anything to signalled. Who finds parked in its place owes a futex_wake.
template <class Platform = LinuxPlatform>
class SpinThenPark {
public:
    SpinThenPark() = default;
    SpinThenPark(const SpinThenPark&) = delete;
    SpinThenPark& operator=(const SpinThenPark&) = delete;

    /// Leaves the signal and wakes the waiter. What was written before is seen by the waiter that
    /// takes it. The object is not touched once the waiter can return.
    void notify() noexcept {
        // Release, with the waiter's acquire. An exchange, not a store: it must see parked.
        if (state_.exchange(signalled, std::memory_order_release) == parked)
            Platform::futex_wake(state_, 1);
    }

    /// Takes the signal, waiting for it until the deadline; Instant::max() is none. False at the
    /// deadline.
    bool wait_until(Instant deadline) noexcept {
        if (try_take() || spin()) return true;
        std::uint32_t seen = empty;
        // Relaxed: going to sleep publishes nothing. The exchange in notify() is on the same word,
        // so either it finds parked, or this fails.
        if (!state_.compare_exchange_strong(seen, parked, std::memory_order_relaxed,
                                            std::memory_order_relaxed))
            return try_take();
        while (true) {
            const FutexWait ended = Platform::futex_wait(state_, parked, deadline);
            if (try_take()) return true;
            if (ended != FutexWait::timeout) continue;
            seen = parked;
            // If this fails, the signal came at the last moment.
            return !state_.compare_exchange_strong(seen, empty, std::memory_order_relaxed,
                                                   std::memory_order_relaxed) &&
                   try_take();
        }
    }
    void wait() noexcept { wait_until(Instant::max()); }

private:
    static constexpr std::uint32_t empty = 0, signalled = 1, parked = 2;

    bool try_take() noexcept {
        std::uint32_t seen = signalled;
        // Acquire, with the release in notify(). Relaxed where nothing is taken.
        return state_.compare_exchange_strong(seen, empty, std::memory_order_acquire,
                                              std::memory_order_relaxed);
    }

    bool spin() noexcept {
        for (int i = 0; i < spins_; ++i) {
            Platform::pause();
            // Relaxed: a look; taking it is what synchronises.
            if (state_.load(std::memory_order_relaxed) == signalled && try_take()) {
                spins_ = std::min(spins_ + spins_ / 4 + 1, Platform::spins_max);
                return true;
            }
        }
        spins_ -= spins_ / 4;
        return false;
    }

    typename Platform::template Atomic<std::uint32_t> state_{empty};
    int spins_ = Platform::spins_max;  // The waiter's own.
};

}  // namespace sluice::primitives
