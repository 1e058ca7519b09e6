// SPDX-License-Identifier: Apache-2.0
// Sleepers: a condition variable that knows who sleeps. The part of Channel that decides whether a
// wake-up is worth a system call.
#pragma once

#include "kernel/sync/sync_policy.h"

#include <algorithm>
#include <cstddef>

namespace sluice {

/// The threads that wait for one condition under one mutex, which guards this object too. A wake-up
/// is sent only for a thread that sleeps and has not been sent one: a thread needs microseconds to
/// come back, and whoever makes the condition true again meanwhile need not wake it again.
///
/// Invariant: threads that will come back by themselves >= woken_. A wake-up adds one to both, or
/// finds that all sleepers are on their way already; a thread that comes back, for whatever reason,
/// takes one from both. So a wake-up that is not sent is never the one that was needed.
template <class Sync = StdSync>
class Sleepers {
    using Mutex = typename Sync::Mutex;

public:
    /// Sleeps until woken or the deadline, or for no reason: test the condition in a loop. False at
    /// the deadline.
    bool wait_until(Mutex& mutex, Instant deadline) SLUICE_REQUIRES(mutex) {
        ++asleep_;
        const bool in_time = condition_.wait_until(mutex, deadline);
        --asleep_;
        if (woken_ > 0) --woken_;
        return in_time;
    }
    /// Wakes up to `count` of those that sleep. Under the mutex: a thread that has seen the
    /// condition may destroy this next.
    void wake(Mutex& mutex, std::size_t count) SLUICE_REQUIRES(mutex) {
        static_cast<void>(mutex);
        for (std::size_t todo = std::min(count, asleep_ - woken_); todo > 0; --todo) {
            ++woken_;
            condition_.notify_one();
        }
    }
    void wake_all(Mutex& mutex) SLUICE_REQUIRES(mutex) {
        static_cast<void>(mutex);
        if (asleep_ == 0) return;
        woken_ = asleep_;
        condition_.notify_all();
    }

private:
    typename Sync::CondVar condition_;
    std::size_t asleep_ = 0;
    std::size_t woken_ = 0;
};

}  // namespace sluice
