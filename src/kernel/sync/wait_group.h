// SPDX-License-Identifier: Apache-2.0
// WaitGroup: waits until a number of things that were started have ended.
#pragma once

#include "kernel/base/check.h"
#include "kernel/sync/sync_policy.h"

#include <cstddef>

namespace sluice {

/// A counter that can be waited on. add() before the thing starts, done() when it ends; any thread.
template <class Sync = StdSync>
class BasicWaitGroup {
    using MutexLock = typename Sync::MutexLock;

public:
    explicit BasicWaitGroup(WaitSite site = {"wait group", WaitKind::condition}) : site_(site) {}

    void add(std::size_t count = 1) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        open_ += count;
    }
    /// More done() than add() stops the process.
    void done() SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        SLUICE_CHECK(open_ > 0);
        // Notified under the lock: the woken waiter may destroy this next.
        if (--open_ == 0) none_open_.notify_all();
    }
    /// Until every add() has its done(). False at the deadline.
    bool wait_until(Instant deadline) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (open_ == 0) return true;
        const CountedWait<Sync> counted(site_);
        while (open_ > 0) {
            if (!none_open_.wait_until(mutex_, deadline)) return open_ == 0;
        }
        return true;
    }
    void wait() { wait_until(no_deadline); }
    [[nodiscard]] std::size_t open() const SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        return open_;
    }

private:
    mutable typename Sync::Mutex mutex_;
    typename Sync::CondVar none_open_;
    std::size_t open_ SLUICE_GUARDED_BY(mutex_) = 0;
    WaitSite site_;
};

using WaitGroup = BasicWaitGroup<>;

}  // namespace sluice
