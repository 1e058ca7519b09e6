// SPDX-License-Identifier: Apache-2.0
// ScopedLock: std::unique_lock for our own mutexes, without what would let it be empty or moved.
#pragma once

#include "kernel/base/annotations.h"

namespace sluice {

/// Holds a mutex for a scope; may let go of it and take it again in between. Of one thread.
template <class M>
class SLUICE_SCOPED_CAPABILITY ScopedLock {
public:
    explicit ScopedLock(M& mutex) SLUICE_ACQUIRE(mutex) : mutex_(mutex), held_(true) {
        mutex_.lock();
    }
    ~ScopedLock() SLUICE_RELEASE() {
        if (held_) mutex_.unlock();
    }
    ScopedLock(const ScopedLock&) = delete;
    ScopedLock& operator=(const ScopedLock&) = delete;

    void unlock() SLUICE_RELEASE() {
        held_ = false;
        mutex_.unlock();
    }
    void lock() SLUICE_ACQUIRE() {
        mutex_.lock();
        held_ = true;
    }

private:
    M& mutex_;
    bool held_;
};

}  // namespace sluice
