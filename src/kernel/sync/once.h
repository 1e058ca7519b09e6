// SPDX-License-Identifier: Apache-2.0
// Once: does a thing once, whoever asks first. Unlike std::call_once the thing may fail, and then
// the next one to ask tries again.
#pragma once

#include "kernel/base/result.h"
#include "kernel/sync/sync_policy.h"

#include <exception>
#include <string>

namespace sluice {

/// Runs a function until it has succeeded once. Any thread; after the success call() is one atomic
/// read.
template <class Sync = StdSync>
class BasicOnce {
    using MutexLock = typename Sync::MutexLock;

public:
    BasicOnce() = default;
    BasicOnce(const BasicOnce&) = delete;
    BasicOnce& operator=(const BasicOnce&) = delete;

    /// Success when `attempt()`, which returns a Status, has succeeded, here or earlier; what it
    /// wrote is visible then. One attempt runs at a time; who asks meanwhile waits for it, and
    /// tries itself if it failed. Errors: those of this caller's own attempt; internal if it threw;
    /// timeout if another attempt has not ended by the deadline. Must not be called from `attempt`.
    template <class F>
    Status call(F&& attempt, Instant deadline = no_deadline) SLUICE_EXCLUDES(mutex_) {
        // Acquire, with the release below: who sees `done` sees what the attempt wrote.
        if (done_.load(std::memory_order_acquire)) return {};
        {
            MutexLock lock(mutex_);
            while (running_) {
                if (!ended_.wait_until(mutex_, deadline) && running_) {
                    return fail(Code::timeout, "another attempt has not ended by the deadline");
                }
            }
            // Relaxed: read under the mutex that its writer held.
            if (done_.load(std::memory_order_relaxed)) return {};
            running_ = true;
        }
        Status result = guarded(attempt);
        MutexLock lock(mutex_);
        running_ = false;
        if (result) done_.store(true, std::memory_order_release);
        ended_.notify_all();
        return result;
    }

    [[nodiscard]] bool is_done() const { return done_.load(std::memory_order_acquire); }

private:
    template <class F>
    static Status guarded(F& attempt) noexcept {
        try {
            return attempt();
        } catch (const std::exception& error) {
            return fail(Code::internal, std::string("the attempt threw: ") + error.what());
        } catch (...) {
            return fail(Code::internal, "the attempt threw something unknown");
        }
    }

    typename Sync::template Atomic<bool> done_{false};
    typename Sync::Mutex mutex_;
    typename Sync::CondVar ended_;
    bool running_ SLUICE_GUARDED_BY(mutex_) = false;
};

using Once = BasicOnce<>;

}  // namespace sluice
