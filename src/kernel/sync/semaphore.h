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
/// not even who wants fewer, so a large request is not starved by small ones. Any thread. It must
/// outlive every call, release() too.
///
/// While nobody waits, the permits are one atomic word, and taking and giving back are one
/// atomic step each. Invariants:
///  1. The word's mark `line` says that somebody waits: with it permits are taken under the mutex
///     only, by serve(), so nobody can overtake those in the line.
///  2. The mark is set when somebody finds too few permits, in the same step and under the mutex; a
///     release() before that step is seen by it, one after it sees the mark, goes to the mutex and
///     finds the thread in the line.
///  3. The mark is taken away under the mutex when the line is empty.
template <class Sync = StdSync>
class BasicSemaphore {
    using MutexLock = typename Sync::MutexLock;
    using CancelToken = BasicCancelToken<Sync>;

public:
    /// `permits` are free at the start, at most 2^62; 0 makes a semaphore that somebody else fills.
    /// Waits are counted under `name` (wait_accounting.h).
    explicit BasicSemaphore(std::size_t permits, SiteName name = "semaphore")
        : name_(name), word_(permits), mutex_(make_named<typename Sync::Mutex>(name)) {}
    ~BasicSemaphore() { SLUICE_CHECK(line_.empty()); }
    BasicSemaphore(const BasicSemaphore&) = delete;
    BasicSemaphore& operator=(const BasicSemaphore&) = delete;

    /// Takes `count` permits at once or none; false too when somebody waits already.
    [[nodiscard]] bool try_acquire(std::size_t count = 1) { return take_unless(line, count); }
    /// Waits for `count` permits, all at once. Errors: timeout at the deadline; the token's reason;
    /// cancelled after close(). More permits than there will ever be wait for ever.
    Status acquire(std::size_t count = 1, Instant deadline = no_deadline,
                   const CancelToken& cancel = {}) SLUICE_EXCLUDES(mutex_) {
        if (take_unless(line | closed, count)) return {};
        return acquire_in_line(count, deadline, cancel);
    }
    /// Gives `count` permits back, or adds them.
    void release(std::size_t count = 1) SLUICE_EXCLUDES(mutex_) {
        // Release: what was done with a permit is seen by the one who takes it next.
        if ((word_.fetch_add(count, std::memory_order_release) & line) == 0) return;
        MutexLock lock(mutex_);
        serve();
    }

    /// Ends every wait, now and later, as cancelled. Permits may still be given back.
    void close() SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        // Relaxed: the waits end under the mutex.
        word_.fetch_or(closed, std::memory_order_relaxed);
        for (Waiting* waiting : line_) {
            waiting->state = State::gave_up;
            waiting->woken.notify_one();
        }
        line_.clear();
        end_line();
    }

    [[nodiscard]] SemaphoreCounters counters() const SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        SemaphoreCounters copy = counters_;
        // Relaxed: a number for people.
        copy.available = free_in(word_.load(std::memory_order_relaxed));
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

    static constexpr std::uint64_t line = std::uint64_t{1} << 63;
    static constexpr std::uint64_t closed = std::uint64_t{1} << 62;
    static constexpr std::size_t free_in(std::uint64_t word) { return word & (closed - 1); }

    /// Takes the permits if they are there and the word has none of the marks.
    bool take_unless(std::uint64_t marks, std::size_t count) {
        // Relaxed: a guess; the compare-and-swap below decides and synchronises.
        std::uint64_t seen = word_.load(std::memory_order_relaxed);
        while ((seen & marks) == 0 && free_in(seen) >= count) {
            // Acquire, with the release in release().
            if (word_.compare_exchange_weak(seen, seen - count, std::memory_order_acquire,
                                            std::memory_order_relaxed))
                return true;
        }
        return false;
    }
    Status acquire_in_line(std::size_t count, Instant deadline, const CancelToken& cancel)
        SLUICE_EXCLUDES(mutex_) {
        Waiting me;
        me.count = count;
        {
            MutexLock lock(mutex_);
            if (is_closed()) return refuse(Code::cancelled, "the semaphore is closed");
            if (take_or_mark(count)) return {};
            ++counters_.waits;
            me.place = line_.insert(line_.end(), &me);
        }
        // Registered without the lock, which the callback takes; removed after the lock is gone.
        const auto registration = cancel.on_cancel([this, &me] { give_up(me); });
        MutexLock lock(mutex_);
        const Instant until = std::min(deadline, cancel.deadline());
        const CountedWait<Sync> counted(WaitSite{name_, WaitKind::permit});
        while (me.state == State::waits && me.woken.wait_until(mutex_, until)) {
        }
        if (me.state == State::served) return {};
        if (me.state == State::waits) leave(me);
        if (is_closed()) return refuse(Code::cancelled, "the semaphore is closed");
        if (cancel.is_cancelled()) {
            ++counters_.refused;
            return cancel.check();
        }
        return refuse(Code::timeout, "no permit came free before the deadline");
    }

    [[nodiscard]] bool is_closed() const SLUICE_REQUIRES(mutex_) {
        // Relaxed: set under the mutex.
        return (word_.load(std::memory_order_relaxed) & closed) != 0;
    }
    /// Takes the permits, or marks the word: the caller goes to the end of the line.
    bool take_or_mark(std::size_t count) SLUICE_REQUIRES(mutex_) {
        // Relaxed: a guess, as in take_unless().
        std::uint64_t seen = word_.load(std::memory_order_relaxed);
        while ((seen & line) == 0) {
            const bool enough = free_in(seen) >= count;
            // Acquire, with the release in release(), for the permits taken here.
            if (word_.compare_exchange_weak(seen, enough ? seen - count : seen | line,
                                            std::memory_order_acquire, std::memory_order_relaxed))
                return enough;
        }
        return false;
    }
    /// Hands permits to the head of the line, as far as they go.
    void serve() SLUICE_REQUIRES(mutex_) {
        // Acquire, with the release in release(): the thread that is served sees through the mutex
        // what this one sees here. Others only add meanwhile, and come here after it.
        std::size_t free = free_in(word_.load(std::memory_order_acquire));
        while (!line_.empty() && free >= line_.front()->count) {
            Waiting* const first = line_.front();
            line_.pop_front();
            free -= first->count;
            word_.fetch_sub(first->count, std::memory_order_relaxed);
            first->state = State::served;
            // Under the lock: the woken thread's stack holds what is notified here.
            first->woken.notify_one();
        }
        end_line();
    }
    void end_line() SLUICE_REQUIRES(mutex_) {
        // Relaxed: permits that were given back before carry their release in this very word, whose
        // changes are all read-modify-writes.
        if (line_.empty()) word_.fetch_and(~line, std::memory_order_relaxed);
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
    typename Sync::template Atomic<std::uint64_t> word_;  ///< Marks, and the permits below them.
    mutable typename Sync::Mutex mutex_;
    std::list<Waiting*> line_ SLUICE_GUARDED_BY(mutex_);
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
                                       const BasicCancelToken<Sync>& cancel = {}) {
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
