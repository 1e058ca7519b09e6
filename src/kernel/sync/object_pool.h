// SPDX-License-Identifier: Apache-2.0
// ObjectPool<T>: things that are dear to make (connections) are lent out and come back. It has no
// thread and no timer: what is stale is dropped when somebody borrows, or asks for it.
#pragma once

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/sync/semaphore.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace sluice {

/// The bounds of an ObjectPool.
struct ObjectPoolOptions {
    std::size_t size_max = 8;                  ///< Objects at once, lent or idle; at least 1.
    std::size_t idle_max = 8;                  ///< Objects kept while nobody uses them.
    Duration lifetime_max = Duration::max();   ///< Older ones are not lent again.
    Duration idle_time_max = Duration::max();  ///< Idle for longer: not lent again.
};

/// What a pool counted since it was made.
struct ObjectPoolCounters {
    std::size_t idle = 0;        ///< Objects in the pool now.
    std::size_t lent = 0;        ///< Objects lent or being made now.
    std::size_t waiting = 0;     ///< Borrowers in the line now.
    std::uint64_t borrowed = 0;  ///< Successful borrows.
    std::uint64_t waits = 0;     ///< Borrows that had to wait.
    std::uint64_t refused = 0;   ///< Borrows that ended in the line: deadline, cancel, close.
    std::uint64_t created = 0;
    std::uint64_t create_failed = 0;
    std::uint64_t unhealthy = 0;  ///< Dropped because the health check said no, or discarded.
    std::uint64_t expired = 0;    ///< Dropped for their age or idle time.
    std::uint64_t surplus = 0;    ///< Dropped because `idle_max` were there, or after close().
};

/// Lends objects to one borrower each, the one that came back last first (so that what is not
/// needed grows old). Borrowers who must wait are served in the order they came. Any thread, apart
/// from construction and destruction. `create`, `is_healthy` and the objects' destructors run on
/// the borrower's thread without a lock, several at once; they must not throw.
template <class T, class Sync = StdSync>
class BasicObjectPool {
    using MutexLock = typename Sync::MutexLock;
    struct Entry {
        std::unique_ptr<T> object;
        Instant made;
        Instant idle_since;
    };

public:
    /// Makes one; has until the deadline and should obey the token.
    using Create =
        std::function<Result<std::unique_ptr<T>>(Instant, const BasicCancelToken<Sync>&)>;
    /// Asked before an idle object is lent again; false drops it.
    using IsHealthy = std::function<bool(T&)>;

    /// A borrowed object; gives it back at the end of its life. The pool must outlive it.
    class [[nodiscard]] Loan {
    public:
        Loan(Loan&& other) noexcept
            : pool_(std::exchange(other.pool_, nullptr)), entry_(std::move(other.entry_)) {}
        Loan& operator=(Loan&& other) noexcept {
            if (this == &other) return *this;
            give_back();
            pool_ = std::exchange(other.pool_, nullptr);
            entry_ = std::move(other.entry_);
            return *this;
        }
        Loan(const Loan&) = delete;
        Loan& operator=(const Loan&) = delete;
        ~Loan() { give_back(); }

        T& operator*() const { return *entry_.object; }
        T* operator->() const { return entry_.object.get(); }
        /// Gives it back now.
        void give_back() noexcept {
            if (pool_ != nullptr) std::exchange(pool_, nullptr)->take_back(std::move(entry_));
        }
        /// The object is broken: it is destroyed now and not lent again.
        void discard() noexcept {
            if (pool_ != nullptr) std::exchange(pool_, nullptr)->drop_lent(std::move(entry_));
        }

    private:
        friend class BasicObjectPool;
        Loan(BasicObjectPool& pool, Entry entry) : pool_(&pool), entry_(std::move(entry)) {}
        BasicObjectPool* pool_;
        Entry entry_;
    };

    BasicObjectPool(ObjectPoolOptions options, Create create, IsHealthy is_healthy = {})
        : options_(options),
          create_(std::move(create)),
          is_healthy_(std::move(is_healthy)),
          size_max_(std::max<std::size_t>(options.size_max, 1)),
          room_(size_max_, "object pool") {}
    /// Every loan must have ended.
    ~BasicObjectPool() { SLUICE_CHECK(counters().lent == 0); }
    BasicObjectPool(const BasicObjectPool&) = delete;
    BasicObjectPool& operator=(const BasicObjectPool&) = delete;

    /// An idle object that is healthy and not stale, else a new one; waits for room in line.
    /// Errors: timeout at the deadline; the token's reason; cancelled after close(); what `create`
    /// says (the place is free again then, the next in line tries).
    Result<Loan> borrow(Instant deadline = no_deadline, const BasicCancelToken<Sync>& cancel = {}) {
        SLUICE_TRY_STATUS(room_.acquire(1, deadline, cancel));
        if (!arrive()) {
            room_.release();
            return fail(Code::cancelled, "the pool is closed");
        }
        for (auto entry = take_idle(); entry; entry = take_idle()) {
            if (!is_healthy_ || is_healthy_(*entry->object)) return lend(std::move(*entry));
            entry->object.reset();
            count(&ObjectPoolCounters::unhealthy);
        }
        auto made = create_(deadline, cancel);
        if (!made) {
            count(&ObjectPoolCounters::create_failed);
            came_back();
            return std::move(made).error();
        }
        count(&ObjectPoolCounters::created);
        const Instant now = Sync::now();
        return lend(Entry{std::move(made).value(), now, now});
    }

    /// Destroys the idle objects that are past their lifetime or idle time; returns how many. For
    /// an owner's timer: without it they stay until somebody borrows.
    std::size_t drop_stale() SLUICE_EXCLUDES(mutex_) {
        std::vector<Entry> stale;  // Destroyed after the lock is gone.
        MutexLock lock(mutex_);
        move_stale(stale);
        lock.unlock();
        return stale.size();
    }

    /// Ends all waits as cancelled and destroys the idle objects; those that are lent are destroyed
    /// when they come back. May be called again.
    void close() SLUICE_EXCLUDES(mutex_) {
        room_.close();
        std::vector<Entry> dropped;  // Destroyed after the lock is gone.
        MutexLock lock(mutex_);
        closed_ = true;
        counters_.surplus += idle_.size();
        dropped.swap(idle_);
        lock.unlock();
    }
    /// close(), then waits until every object has come back. False at the deadline.
    bool drain(Instant deadline = no_deadline) SLUICE_EXCLUDES(mutex_) {
        close();
        MutexLock lock(mutex_);
        while (out_ > 0) {
            if (!all_back_.wait_until(mutex_, deadline)) return out_ == 0;
        }
        return true;
    }

    [[nodiscard]] ObjectPoolCounters counters() const SLUICE_EXCLUDES(mutex_) {
        const SemaphoreCounters line = room_.counters();
        MutexLock lock(mutex_);
        ObjectPoolCounters copy = counters_;
        copy.idle = idle_.size();
        copy.lent = size_max_ - std::min(line.available, size_max_);
        copy.waiting = line.waiting;
        copy.waits = line.waits;
        copy.refused = line.refused;
        return copy;
    }

private:
    // A permit of `room_` stands for an object that is lent or being made. An object comes into
    // `idle_` before its permit is given back, and nobody makes one while an idle one is there; so
    // there are never more than size_max.

    void move_stale(std::vector<Entry>& stale) SLUICE_REQUIRES(mutex_) {
        const Instant now = Sync::now();
        for (Entry& entry : idle_) {
            if (now - entry.made > options_.lifetime_max ||
                now - entry.idle_since > options_.idle_time_max)
                stale.push_back(std::move(entry));
        }
        std::erase_if(idle_, [](const Entry& entry) { return entry.object == nullptr; });
        counters_.expired += stale.size();
    }
    /// Counts a borrower that has its permit. False after close(): drain() may have looked already,
    /// and has said that nothing is out.
    bool arrive() SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (!closed_) ++out_;
        return !closed_;
    }
    std::optional<Entry> take_idle() SLUICE_EXCLUDES(mutex_) {
        std::vector<Entry> stale;  // Destroyed after the lock is gone.
        std::optional<Entry> found;
        MutexLock lock(mutex_);
        move_stale(stale);
        if (!idle_.empty()) {
            found.emplace(std::move(idle_.back()));
            idle_.pop_back();
        }
        lock.unlock();
        return found;
    }
    Loan lend(Entry entry) SLUICE_EXCLUDES(mutex_) {
        count(&ObjectPoolCounters::borrowed);
        return Loan(*this, std::move(entry));
    }
    void take_back(Entry entry) noexcept SLUICE_EXCLUDES(mutex_) {
        entry.idle_since = Sync::now();
        std::optional<Entry> dropped;  // Destroyed after the lock is gone.
        {
            MutexLock lock(mutex_);
            const bool is_surplus = closed_ || idle_.size() >= options_.idle_max;
            const bool is_old = entry.idle_since - entry.made > options_.lifetime_max;
            if (is_surplus)
                ++counters_.surplus;
            else if (is_old)
                ++counters_.expired;
            if (is_surplus || is_old)
                dropped.emplace(std::move(entry));
            else
                idle_.push_back(std::move(entry));
        }
        dropped.reset();
        came_back();
    }
    void drop_lent(Entry entry) noexcept SLUICE_EXCLUDES(mutex_) {
        entry.object.reset();
        count(&ObjectPoolCounters::unhealthy);
        came_back();
    }
    void came_back() noexcept SLUICE_EXCLUDES(mutex_) {
        room_.release();
        // Last, and notified under the lock: who waits in drain() may destroy the pool next.
        MutexLock lock(mutex_);
        if (--out_ == 0) all_back_.notify_all();
    }
    void count(std::uint64_t ObjectPoolCounters::* counter) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        ++(counters_.*counter);
    }

    const ObjectPoolOptions options_;
    const Create create_;
    const IsHealthy is_healthy_;
    const std::size_t size_max_;
    BasicSemaphore<Sync> room_;
    mutable typename Sync::Mutex mutex_;
    typename Sync::CondVar all_back_;
    std::vector<Entry> idle_ SLUICE_GUARDED_BY(mutex_);
    std::size_t out_ SLUICE_GUARDED_BY(mutex_) = 0;  // Borrowers inside borrow(), and loans.
    bool closed_ SLUICE_GUARDED_BY(mutex_) = false;
    ObjectPoolCounters counters_ SLUICE_GUARDED_BY(mutex_);
};

template <class T>
using ObjectPool = BasicObjectPool<T>;
/// A pool of connections: `create` connects and logs in, `is_healthy` asks for a sign of life.
template <class Connection>
using ConnectionPool = ObjectPool<Connection>;

}  // namespace sluice
