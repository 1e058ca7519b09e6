// SPDX-License-Identifier: Apache-2.0
// Mutex, MutexLock and CondVar: the standard ones with clang's thread-safety annotations, deadlines
// in our own time type, lock-order checking (debug builds) and wait accounting. For kernel/sync,
// kernel/observe and kernel/store only; elsewhere threads talk through channels.
#pragma once

#include "kernel/base/time.h"
#include "kernel/sync/annotations.h"
#include "kernel/sync/lock_order.h"
#include "kernel/sync/site_name.h"
#include "kernel/sync/wait_accounting.h"

#include <condition_variable>
#include <mutex>

namespace sluice {

/// A plain, non-recursive lock. Its name is what lock-order reports and the contention profile call
/// it; locks of one name are counted together and checked each for itself.
class SLUICE_CAPABILITY("mutex") Mutex {
public:
    constexpr explicit Mutex(SiteName name = "mutex") : name_(name) {}
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    /// Debug builds stop the process, before they block, where this could deadlock (lock_order.h).
    void lock() SLUICE_ACQUIRE() {
        order_.before_lock(name_);
        if (looks_held()) {
            wait_for_lock();
        } else {
            mutex_.lock();
        }
        order_.locked(name_);
    }
    void unlock() SLUICE_RELEASE() {
        order_.before_unlock();
        mutex_.unlock();
    }
    [[nodiscard]] bool try_lock() SLUICE_TRY_ACQUIRE(true) {
        if (!mutex_.try_lock()) return false;
        order_.locked(name_);
        return true;
    }

private:
    friend class CondVar;
    void wait_for_lock();
    /// One plain load, so that a free lock costs what std::mutex costs (try_lock() first is nearly
    /// twice that). Between the look and the lock another thread may come: such a wait is not
    /// counted, and it is as short as the holder is new.
    [[nodiscard]] bool looks_held() {
#if defined(__GLIBC__)
        return __atomic_load_n(&mutex_.native_handle()->__data.__lock, __ATOMIC_RELAXED) != 0;
#else
        if (!mutex_.try_lock()) return true;
        mutex_.unlock();
        return false;
#endif
    }

    std::mutex mutex_;
    SiteName name_;
    [[no_unique_address]] lock_order::Mark order_;
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
    /// The site under which waits are counted, where no outer one counts them already.
    explicit CondVar(WaitSite site = {"condition", WaitKind::condition}) : site_(site) {}
    CondVar(const CondVar&) = delete;
    CondVar& operator=(const CondVar&) = delete;

    void notify_one() noexcept { condition_.notify_one(); }
    void notify_all() noexcept { condition_.notify_all(); }

    void wait(Mutex& mutex) SLUICE_REQUIRES(mutex);
    /// False when the deadline has passed. Instant::max() waits without a deadline.
    bool wait_until(Mutex& mutex, Instant deadline) SLUICE_REQUIRES(mutex);

private:
    std::condition_variable condition_;
    WaitSite site_;
};

}  // namespace sluice
