// SPDX-License-Identifier: Apache-2.0
// The slow paths of Mutex and CondVar: those that sleep.
#include "kernel/sync/mutex.h"

#include <algorithm>
#include <chrono>

namespace sluice {

void Mutex::wait_for_lock() {
    const ScopedWait wait(WaitSite{name_, WaitKind::lock});
    mutex_.lock();
}

// A wait gives the lock back and takes it again at its end; for the lock order it is a new
// acquisition, under whatever else the thread still holds.
void CondVar::wait(Mutex& mutex) {
    mutex.order_.before_unlock();
    mutex.order_.before_lock(mutex.name_);
    {
        const ScopedWait counted(site_);
        std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
        condition_.wait(lock);
        lock.release();
    }
    mutex.order_.locked(mutex.name_);
}

bool CondVar::wait_until(Mutex& mutex, Instant deadline) {
    if (deadline == Instant::max()) {
        wait(mutex);
        return true;
    }
    // The system call knows no negative times.
    const Duration since = std::max(deadline.time_since_epoch(), Duration::zero());
    const std::chrono::steady_clock::time_point until{since};
    mutex.order_.before_unlock();
    mutex.order_.before_lock(mutex.name_);
    bool in_time = false;
    {
        const ScopedWait counted(site_);
        std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
        in_time = condition_.wait_until(lock, until) == std::cv_status::no_timeout;
        lock.release();
    }
    mutex.order_.locked(mutex.name_);
    return in_time;
}

}  // namespace sluice
