// SPDX-License-Identifier: Apache-2.0
// Mutex, MutexLock and CondVar: the standard ones with clang's thread-safety annotations, and
// deadlines in our own time type. For kernel/sync, kernel/observe and kernel/store only; elsewhere
// threads talk through channels.
#pragma once

#include "kernel/base/time.h"
#include "kernel/sync/annotations.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace sluice {

/// A plain, non-recursive lock.
class SLUICE_CAPABILITY("mutex") Mutex {
public:
    Mutex() = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock() SLUICE_ACQUIRE() { mutex_.lock(); }
    void unlock() SLUICE_RELEASE() { mutex_.unlock(); }
    [[nodiscard]] bool try_lock() SLUICE_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

private:
    friend class CondVar;
    std::mutex mutex_;
};

/// Holds a Mutex for a scope; may let go of it and take it again in between.
class SLUICE_SCOPED_CAPABILITY MutexLock {
public:
    explicit MutexLock(Mutex& mutex) SLUICE_ACQUIRE(mutex) : mutex_(mutex), held_(true) {
        mutex_.lock();
    }
    ~MutexLock() SLUICE_RELEASE() {
        if (held_) mutex_.unlock();
    }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

    void unlock() SLUICE_RELEASE() {
        held_ = false;
        mutex_.unlock();
    }
    void lock() SLUICE_ACQUIRE() {
        mutex_.lock();
        held_ = true;
    }

private:
    Mutex& mutex_;
    bool held_;
};

/// A condition variable for Mutex. Waits may end for no reason: always test the condition in a
/// `while` around the wait (a loop, not a predicate lambda, so that the analysis sees the lock).
class CondVar {
public:
    CondVar() = default;
    CondVar(const CondVar&) = delete;
    CondVar& operator=(const CondVar&) = delete;

    void notify_one() noexcept { condition_.notify_one(); }
    void notify_all() noexcept { condition_.notify_all(); }

    void wait(Mutex& mutex) SLUICE_REQUIRES(mutex) {
        std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
        condition_.wait(lock);
        lock.release();
    }
    /// False when the deadline has passed. Instant::max() waits without a deadline.
    bool wait_until(Mutex& mutex, Instant deadline) SLUICE_REQUIRES(mutex) {
        if (deadline == Instant::max()) {
            wait(mutex);
            return true;
        }
        std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
        // The system call knows no negative times.
        const Duration since = std::max(deadline.time_since_epoch(), Duration::zero());
        const std::chrono::steady_clock::time_point until{since};
        const bool in_time = condition_.wait_until(lock, until) == std::cv_status::no_timeout;
        lock.release();
        return in_time;
    }

private:
    std::condition_variable condition_;
};

}  // namespace sluice
