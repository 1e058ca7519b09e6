// SPDX-License-Identifier: Apache-2.0
// Semaphore: so many at a time. Fair: who waits first is served first. It bounds what runs at once
// (a concurrency limit); how much happens in a time is a token bucket's business.
#pragma once

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/sync/cancel.h"
#include "kernel/sync/sync_policy.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <utility>

namespace sluice {

/// What a semaphore counted since it was made.
struct SemaphoreCounters {
    std::size_t available = 0;  ///< Permits free now.
    std::size_t waiting = 0;    ///< Threads in the line now.
    std::uint64_t waits = 0;    ///< Calls that had to wait.
    std::uint64_t refused = 0;  ///< Calls that ended without their permits.
};

/// Permits that are taken and given back. Threads that wait stand in one line: nobody overtakes,
/// not even who wants fewer, so a large request is not starved by small ones. Any thread.
template <class Sync = StdSync>
class BasicSemaphore {
    using MutexLock = typename Sync::MutexLock;

public:
    /// `permits` are free at the start; 0 makes a semaphore that somebody else fills. Waits are
    /// counted under `name` (wait_accounting.h).
    explicit BasicSemaphore(std::size_t permits, SiteName name = "semaphore")
        : name_(name), mutex_(make_named<typename Sync::Mutex>(name)), available_(permits) {}
    ~BasicSemaphore() { SLUICE_CHECK(line_.empty()); }
    BasicSemaphore(const BasicSemaphore&) = delete;
    BasicSemaphore& operator=(const BasicSemaphore&) = delete;

    /// Takes `count` permits at once or none; false too when somebody waits already.
    [[nodiscard]] bool try_acquire(std::size_t count = 1) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        return take_now(count);
    }
    /// Waits for `count` permits, all at once. Errors: timeout at the deadline; the token's reason;
    /// cancelled after close(). More permits than there will ever be wait for ever.
    Status acquire(std::size_t count = 1, Instant deadline = no_deadline,
                   const CancelToken& cancel = {}) SLUICE_EXCLUDES(mutex_) {
        Waiting me;
        me.count = count;
        {
            MutexLock lock(mutex_);
            if (!closed_ && take_now(count)) return {};
            if (closed_) return refuse(Code::cancelled, "the semaphore is closed");
            ++counters_.waits;
            me.place = line_.insert(line_.end(), &me);
        }
        // Registered without the lock, which the callback takes; removed after the lock is gone.
        const CancelCallback registration = cancel.on_cancel([this, &me] { give_up(me); });
        MutexLock lock(mutex_);
        const Instant until = std::min(deadline, cancel.deadline());
        const CountedWait<Sync> counted(WaitSite{name_, WaitKind::permit});
        while (me.state == State::waits && me.woken.wait_until(mutex_, until)) {
        }
        if (me.state == State::served) return {};
        if (me.state == State::waits) leave(me);
        if (closed_) return refuse(Code::cancelled, "the semaphore is closed");
        if (cancel.is_cancelled()) {
            ++counters_.refused;
            return cancel.check();
        }
        return refuse(Code::timeout, "no permit came free before the deadline");
    }
    /// Gives `count` permits back, or adds them.
    void release(std::size_t count = 1) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        available_ += count;
        serve();
    }

    /// Ends every wait, now and later, as cancelled. Permits may still be given back.
    void close() SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        closed_ = true;
        for (Waiting* waiting : line_) {
            waiting->state = State::gave_up;
            waiting->woken.notify_one();
        }
        line_.clear();
    }

    [[nodiscard]] SemaphoreCounters counters() const SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        SemaphoreCounters copy = counters_;
        copy.available = available_;
        copy.waiting = line_.size();
        return copy;
    }

private:
    enum class State { waits, served, gave_up };
    /// A thread in the line; lives on its stack. Each sleeps alone, so that one is woken and not
    /// the herd.
    struct Waiting {
        std::size_t count = 0;
        State state = State::waits;
        typename Sync::CondVar woken;
        typename std::list<Waiting*>::iterator place;
    };

    bool take_now(std::size_t count) SLUICE_REQUIRES(mutex_) {
        if (!line_.empty() || available_ < count) return false;
        available_ -= count;
        return true;
    }
    /// Hands permits to the head of the line, as far as they go.
    void serve() SLUICE_REQUIRES(mutex_) {
        while (!line_.empty() && available_ >= line_.front()->count) {
            Waiting* const first = line_.front();
            line_.pop_front();
            available_ -= first->count;
            first->state = State::served;
            // Under the lock: the woken thread's stack holds what is notified here.
            first->woken.notify_one();
        }
    }
    void leave(Waiting& waiting) SLUICE_REQUIRES(mutex_) {
        line_.erase(waiting.place);
        waiting.state = State::gave_up;
        // The next may want less than this one did.
        serve();
    }
    void give_up(Waiting& waiting) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (waiting.state != State::waits) return;
        leave(waiting);
        waiting.woken.notify_one();
    }
    Status refuse(Code code, const char* why) SLUICE_REQUIRES(mutex_) {
        ++counters_.refused;
        return fail(code, why);
    }

    const SiteName name_;
    mutable typename Sync::Mutex mutex_;
    std::size_t available_ SLUICE_GUARDED_BY(mutex_);
    std::list<Waiting*> line_ SLUICE_GUARDED_BY(mutex_);
    bool closed_ SLUICE_GUARDED_BY(mutex_) = false;
    SemaphoreCounters counters_ SLUICE_GUARDED_BY(mutex_);
};

/// Permits held for a scope; may be moved to where the work ends, also to another thread.
template <class Sync = StdSync>
class [[nodiscard]] BasicPermit {
public:
    BasicPermit() = default;
    /// Waits for the permits; errors as BasicSemaphore::acquire.
    static Result<BasicPermit> acquire(BasicSemaphore<Sync>& from, std::size_t count = 1,
                                       Instant deadline = no_deadline,
                                       const CancelToken& cancel = {}) {
        SLUICE_TRY_STATUS(from.acquire(count, deadline, cancel));
        return BasicPermit(from, count);
    }
    ~BasicPermit() { release(); }
    BasicPermit(BasicPermit&& other) noexcept
        : from_(std::exchange(other.from_, nullptr)), count_(other.count_) {}
    BasicPermit& operator=(BasicPermit&& other) noexcept {
        if (this == &other) return *this;
        release();
        from_ = std::exchange(other.from_, nullptr);
        count_ = other.count_;
        return *this;
    }
    BasicPermit(const BasicPermit&) = delete;
    BasicPermit& operator=(const BasicPermit&) = delete;

    /// Gives the permits back before the end of the scope.
    void release() noexcept {
        if (from_ != nullptr) std::exchange(from_, nullptr)->release(count_);
    }

private:
    BasicPermit(BasicSemaphore<Sync>& from, std::size_t count) : from_(&from), count_(count) {}
    BasicSemaphore<Sync>* from_ = nullptr;
    std::size_t count_ = 0;
};

using Semaphore = BasicSemaphore<>;
using Permit = BasicPermit<>;

}  // namespace sluice
