// SPDX-License-Identifier: Apache-2.0
// Mutex, MutexLock and CondVar: those of kernel/sync/primitives with lock-order checking (debug
// builds) and wait accounting. Why not the standard ones: docs/adr/0017-own-mutex.md. For
// kernel/sync, kernel/observe and kernel/store only; elsewhere threads talk through channels.
#pragma once

#include "kernel/base/annotations.h"
#include "kernel/base/time.h"
#include "kernel/sync/lock_order.h"
#include "kernel/sync/primitives/cond_var.h"
#include "kernel/sync/primitives/mutex.h"
#include "kernel/sync/scoped_lock.h"
#include "kernel/sync/site_name.h"
#include "kernel/sync/wait_accounting.h"

namespace sluice {

/// A plain, non-recursive lock. Its name is what lock-order reports and the contention profile call
/// it; locks of one name are counted together and checked each for itself.
class SLUICE_CAPABILITY("mutex") Mutex {
public:
    constexpr explicit Mutex(SiteName name = "mutex") : name_(name) {}
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    /// Debug builds stop the process, before they block, where this could deadlock (lock_order.h).
    // The analysis is told of this lock, not of the one within.
    void lock() SLUICE_ACQUIRE() SLUICE_NO_THREAD_SAFETY_ANALYSIS {
        order_.before_lock(name_);
        if (!mutex_.try_lock()) wait_for_lock();
        order_.locked(name_);
    }
    void unlock() SLUICE_RELEASE() SLUICE_NO_THREAD_SAFETY_ANALYSIS {
        order_.before_unlock();
        mutex_.unlock();
    }
    [[nodiscard]] bool try_lock() SLUICE_TRY_ACQUIRE(true) SLUICE_NO_THREAD_SAFETY_ANALYSIS {
        if (!mutex_.try_lock()) return false;
        order_.locked(name_);
        return true;
    }

private:
    friend class CondVar;
    void wait_for_lock() SLUICE_NO_THREAD_SAFETY_ANALYSIS;

    primitives::Mutex<> mutex_;
    SiteName name_;
    [[no_unique_address]] lock_order::Mark order_;
};

/// Holds a Mutex for a scope; may let go of it and take it again in between.
using MutexLock = ScopedLock<Mutex>;

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

    void wait(Mutex& mutex) SLUICE_REQUIRES(mutex) { wait_until(mutex, Instant::max()); }
    /// False when the deadline has passed. Instant::max() waits without a deadline.
    bool wait_until(Mutex& mutex, Instant deadline)
        SLUICE_REQUIRES(mutex) SLUICE_NO_THREAD_SAFETY_ANALYSIS;

private:
    primitives::CondVar<> condition_;
    WaitSite site_;
};

}  // namespace sluice
