// SPDX-License-Identifier: Apache-2.0
// Mutex on a futex: three states, after Ulrich Drepper, "Futexes Are Tricky" (2011), mutex2. The
// product uses it inside kernel/sync/mutex.h.
#pragma once

#include "kernel/base/annotations.h"
#include "kernel/sync/primitives/platform.h"

#include <cstdint>

namespace sluice::primitives {

/// A plain lock: not recursive, not fair (a thread that runs may overtake one that is being woken).
///
/// Invariants:
///  1. The thread that changed the state from unlocked holds the lock.
///  2. If a thread sleeps, or is about to, the state is contended, or a wake-up is under way, or
///  the
///     lock is free and the woken thread has not run yet. So an unlock that finds `locked` need not
///     ask the kernel.
///  3. A woken thread takes the lock as contended, as it cannot know whether others still sleep:
///     one wake-up too many at the end is the price of keeping no count.
template <class Platform = PatientPlatform>
class SLUICE_CAPABILITY("mutex") Mutex {
public:
    Mutex() = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock() noexcept SLUICE_ACQUIRE() {
        if (!try_take()) lock_slowly(Platform::spins_max, [](int) { Platform::pause(); });
    }

    /// The same for a thread that comes back from a condition variable: whoever woke it probably
    /// holds the lock still, for a moment.
    void lock_again() noexcept SLUICE_ACQUIRE() {
        if (!try_take())
            lock_slowly(Platform::brief_looks, [](int look) { Platform::pause_briefly(look); });
    }

    [[nodiscard]] bool try_lock() noexcept SLUICE_TRY_ACQUIRE(true) { return try_take(); }

    /// The object is not touched once another thread can have the lock, so that one may destroy it.
    void unlock() noexcept SLUICE_RELEASE() {
        // Release: what was done under the lock is seen by the next holder.
        if (state_.exchange(unlocked, std::memory_order_release) == contended)
            Platform::futex_wake(state_, 1);
    }

private:
    static constexpr std::uint32_t unlocked = 0, locked = 1, contended = 2;

    bool try_take() noexcept {
        std::uint32_t seen = unlocked;
        // Acquire, with the release in unlock(); a failure gives nothing, so relaxed.
        return state_.compare_exchange_strong(seen, locked, std::memory_order_acquire,
                                              std::memory_order_relaxed);
    }

    template <class Pause>
    void lock_slowly(int looks, Pause pause) noexcept {
        for (int i = 0; i < looks; ++i) {
            // Relaxed: a look, so that the line is not torn from the holder; taking synchronises.
            const std::uint32_t seen = state_.load(std::memory_order_relaxed);
            if (seen == unlocked && try_take()) return;
            // Others sleep already: the holder's unlock is expensive anyway, and they came first.
            if (seen == contended) break;
            pause(i);
        }
        // Acquire, as in try_take(). The exchange tells the holder before the sleep, on the word
        // that the kernel compares; so its unlock either wakes this thread or changes the word.
        while (state_.exchange(contended, std::memory_order_acquire) != unlocked)
            Platform::futex_wait(state_, contended);
    }

    typename Platform::template Atomic<std::uint32_t> state_{unlocked};
};

/// Holds a lock for a scope.
template <class Lock>
class SLUICE_SCOPED_CAPABILITY LockGuard {
public:
    explicit LockGuard(Lock& lock) SLUICE_ACQUIRE(lock) : lock_(lock) { lock_.lock(); }
    ~LockGuard() SLUICE_RELEASE() { lock_.unlock(); }
    LockGuard(const LockGuard&) = delete;
    LockGuard& operator=(const LockGuard&) = delete;

private:
    Lock& lock_;
};

}  // namespace sluice::primitives
