// SPDX-License-Identifier: Apache-2.0
// CondVar on a futex: a sequence number that every notification moves on. The product uses it
// inside kernel/sync/mutex.h.
#pragma once

#include "kernel/sync/primitives/mutex.h"

#include <cstdint>

namespace sluice::primitives {

/// A condition variable for Mutex. Waits may end for no reason: always test the condition in a
/// loop. The condition must be changed under the mutex; the notification may come after.
///
/// Why no wake-up is missed: the waiter reads the sequence while it holds the mutex. A notifier
/// that makes the condition true afterwards must lock the mutex after the waiter's unlock, so its
/// step of the sequence comes after the waiter's reading, and the kernel's comparison either sees
/// it or puts the waiter to sleep before the futex_wake that follows. (After 2^32 notifications
/// between reading and sleeping the sequence would look untouched.)
///
/// A notification wakes one of those that waited when it began: the kernel wakes in the order of
/// arrival, so a thread that comes in between does not swallow it. That holds for threads of one
/// priority, as all of ours are; with real-time priorities notify under the mutex, where nobody can
/// come in between. A deadline does not swallow one either: who was woken by the kernel says so,
/// even past its deadline.
///
/// It does without the requeue of glibc: notify_all wakes everybody, who then queue at the mutex.
/// And unlike the standard one it must live until its waiters have the mutex back.
template <class Platform = PatientPlatform>
class CondVar {
public:
    CondVar() = default;
    CondVar(const CondVar&) = delete;
    CondVar& operator=(const CondVar&) = delete;

    void notify_one() noexcept { notify(1); }
    void notify_all() noexcept { notify(everybody); }

    void wait(Mutex<Platform>& mutex) noexcept SLUICE_REQUIRES(mutex) {
        wait_until(mutex, Instant::max());
    }

    /// False when the deadline has passed. Instant::max() waits without a deadline.
    bool wait_until(Mutex<Platform>& mutex, Instant deadline) noexcept SLUICE_REQUIRES(mutex) {
        // Relaxed, both: the mutex orders them with the notifier's critical section, see notify().
        waiters_.fetch_add(1, std::memory_order_relaxed);
        const std::uint32_t seen = sequence_.load(std::memory_order_relaxed);
        mutex.unlock();
        const FutexWait ended = Platform::futex_wait(sequence_, seen, deadline);
        mutex.lock_again();
        // Relaxed: a count that is too high for a while costs a needless system call, no more.
        waiters_.fetch_sub(1, std::memory_order_relaxed);
        return ended != FutexWait::timeout;
    }

private:
    void notify(std::uint32_t count) noexcept {
        // Relaxed: a waiter who read the condition as false held the mutex before the notifier did,
        // so its count is visible here. Who comes later sees the condition.
        if (waiters_.load(std::memory_order_relaxed) == 0) return;
        // Relaxed: the sequence carries no data; the data is handed over by the mutex.
        sequence_.fetch_add(1, std::memory_order_relaxed);
        Platform::futex_wake(sequence_, count);
    }

    typename Platform::template Atomic<std::uint32_t> sequence_{0};
    typename Platform::template Atomic<std::uint32_t> waiters_{0};
};

}  // namespace sluice::primitives
