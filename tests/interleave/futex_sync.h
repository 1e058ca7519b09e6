// SPDX-License-Identifier: Apache-2.0
// FutexSync: the Sync policy made of the primitives, themselves under the model. So Channel is
// checked down to the futex.
#pragma once

#include "model.h"

#include "kernel/sync/primitives/cond_var.h"
#include "kernel/sync/primitives/mutex.h"

namespace sluice::interleave {

/// A scope over a primitive mutex that can be left and entered again.
class SLUICE_SCOPED_CAPABILITY FutexMutexLock {
public:
    using Mutex = primitives::Mutex<ModelPlatform>;

    explicit FutexMutexLock(Mutex& mutex) SLUICE_ACQUIRE(mutex) : mutex_(mutex), held_(true) {
        mutex_.lock();
    }
    ~FutexMutexLock() SLUICE_RELEASE() {
        if (held_) mutex_.unlock();
    }
    FutexMutexLock(const FutexMutexLock&) = delete;
    FutexMutexLock& operator=(const FutexMutexLock&) = delete;
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

struct FutexSync {
    using Mutex = primitives::Mutex<ModelPlatform>;
    using MutexLock = FutexMutexLock;
    using CondVar = primitives::CondVar<ModelPlatform>;
    template <class T>
    using Atomic = interleave::Atomic<T>;
    static Instant now() { return engine().now(); }
    using ThreadId = int;
    static ThreadId this_thread() noexcept { return engine().current(); }
};

}  // namespace sluice::interleave
