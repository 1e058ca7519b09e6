// SPDX-License-Identifier: Apache-2.0
// The slow paths of Mutex and CondVar: those that sleep.
#include "kernel/sync/mutex.h"

namespace sluice {

void Mutex::wait_for_lock() {
    const ScopedWait wait(WaitSite{name_, WaitKind::lock});
    mutex_.lock();
}

// A wait gives the lock back and takes it again at its end; for the lock order it is a new
// acquisition, under whatever else the thread still holds.
bool CondVar::wait_until(Mutex& mutex, Instant deadline) {
    mutex.order_.before_unlock();
    mutex.order_.before_lock(mutex.name_);
    bool in_time = false;
    {
        const ScopedWait counted(site_);
        in_time = condition_.wait_until(mutex.mutex_, deadline);
    }
    mutex.order_.locked(mutex.name_);
    return in_time;
}

}  // namespace sluice
