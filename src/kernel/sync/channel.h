// SPDX-License-Identifier: Apache-2.0
// Channel<T>: the bounded queue between threads, a mutex and two sets of sleepers. Not lock-free on
// purpose: its users must sleep when idle. What makes it fast is that it moves many items for one
// lock (pop_all swaps vectors) and wakes nobody twice (sleepers.h); numbers in docs/performance.md.
#pragma once

#include "kernel/base/check.h"
#include "kernel/sync/select.h"
#include "kernel/sync/sleepers.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// How a channel operation ended.
enum class ChannelStatus { ok, full, empty, timeout, closed };

/// The word used in logs and tests ("closed").
std::string_view to_string(ChannelStatus status);

/// What a channel counted since it was made.
struct ChannelCounters {
    std::size_t depth = 0;       ///< Items waiting now.
    std::size_t depth_peak = 0;  ///< The most that ever waited.
    std::uint64_t pushed = 0;
    std::uint64_t popped = 0;
    std::uint64_t push_waits = 0;  ///< Pushes that had to wait for room.
    std::uint64_t pop_waits = 0;   ///< Pops that had to wait for an item.
    std::uint64_t refused = 0;     ///< Pushes that failed: full, past their deadline, or closed.
};

/// A bounded first-in-first-out queue for any number of pushing and popping threads. T must be
/// movable without throwing. After close() pushes fail and pops drain what is left, then say
/// closed. A push that fails leaves the item with the caller.
template <class T, class Sync = StdSync>
class BasicChannel final : public BasicSelectable<Sync> {
    using Mutex = typename Sync::Mutex;
    using MutexLock = typename Sync::MutexLock;
    using Waiter = BasicWaiter<Sync>;

public:
    /// `capacity` is the most items that wait; at least 1. Memory grows with use, up to two places
    /// for each. Waits are counted under `name` (wait_accounting.h).
    explicit BasicChannel(std::size_t capacity, SiteName name = "channel")
        : capacity_(std::max<std::size_t>(capacity, 1)),
          name_(name),
          mutex_(make_named<Mutex>(name)) {}
    BasicChannel(const BasicChannel&) = delete;
    BasicChannel& operator=(const BasicChannel&) = delete;

    /// Waits for room. ok or closed.
    ChannelStatus push(T&& item) { return push_until(std::move(item), no_deadline); }
    /// ok, full or closed, at once.
    ChannelStatus try_push(T&& item) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (closed_) return refuse(ChannelStatus::closed);
        if (is_full()) return refuse(ChannelStatus::full);
        return put(std::move(item));
    }
    /// Waits for room. ok, timeout or closed.
    ChannelStatus push_until(T&& item, Instant deadline) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        const ChannelStatus status = wait_for_room(deadline);
        return status == ChannelStatus::ok ? put(std::move(item)) : refuse(status);
    }
    /// Pushes as many as there is room for, in order, with one lock and one wake-up, and takes them
    /// out of `items`. ok (none is left), full or closed, at once.
    ChannelStatus try_push_all(std::vector<T>& items) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (closed_) return refuse(ChannelStatus::closed);
        const std::size_t count = put_many(items, 0);
        drop_front(items, count);
        return items.empty() ? ChannelStatus::ok : refuse(ChannelStatus::full);
    }
    /// Pushes all of `items`, in order, as room comes, and takes them out: one lock for as many as
    /// there is room for. Items of other pushers may come in between. ok, timeout or closed; what
    /// was not pushed is left.
    ChannelStatus push_all(std::vector<T>& items, Instant deadline = no_deadline)
        SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        std::size_t done = 0;
        ChannelStatus status = closed_ ? ChannelStatus::closed : ChannelStatus::ok;
        while (status == ChannelStatus::ok && done < items.size()) {
            status = wait_for_room(deadline);
            if (status == ChannelStatus::ok) done += put_many(items, done);
        }
        drop_front(items, done);
        return status == ChannelStatus::ok ? status : refuse(status);
    }

    /// Waits for an item. ok or closed.
    ChannelStatus pop(T& out) { return pop_until(out, no_deadline); }
    /// ok, empty or closed, at once.
    ChannelStatus try_pop(T& out) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (depth() == 0) return closed_ ? ChannelStatus::closed : ChannelStatus::empty;
        return take_one(out);
    }
    /// Waits for an item. ok, timeout or closed.
    ChannelStatus pop_until(T& out, Instant deadline) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        const ChannelStatus status = wait_for_item(deadline);
        return status == ChannelStatus::ok ? take_one(out) : status;
    }
    /// Waits for an item and leaves it there. ok, timeout or closed.
    ChannelStatus wait(Instant deadline) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        return wait_for_item(deadline);
    }
    /// Waits for at least one item, then appends up to `max` of those there to `out`, in order. ok,
    /// timeout or closed. Fastest with an empty `out` whose memory is used again: the vectors are
    /// swapped.
    ChannelStatus pop_all(std::vector<T>& out, std::size_t max, Instant deadline = no_deadline)
        SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        const ChannelStatus status = wait_for_item(deadline);
        if (status == ChannelStatus::ok) take_many(out, max);
        return status;
    }
    /// The same without waiting: ok, empty or closed.
    ChannelStatus try_pop_all(std::vector<T>& out, std::size_t max) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (depth() == 0) return closed_ ? ChannelStatus::closed : ChannelStatus::empty;
        take_many(out, max);
        return ChannelStatus::ok;
    }

    /// Refuses further items and wakes everybody. May be called again.
    void close() SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        closed_ = true;
        pushers_.wake_all(mutex_);
        poppers_.wake_all(mutex_);
        for (Waiter* waiter : waiters_) waiter->notify();
    }

    [[nodiscard]] bool is_closed() const SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        return closed_;
    }
    [[nodiscard]] std::size_t capacity() const { return capacity_; }
    [[nodiscard]] ChannelCounters counters() const SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        ChannelCounters copy = counters_;
        copy.depth = depth();
        return copy;
    }

    [[nodiscard]] bool is_ready() const override SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        return closed_ || depth() > 0;
    }
    void attach(Waiter& waiter) override SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        waiters_.push_back(&waiter);
    }
    void detach(Waiter& waiter) noexcept override SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        std::erase(waiters_, &waiter);
    }

private:
    // Items go in at the end of `newer_` and come out at `head_` of `older_`; when that is used up,
    // the two change places. Nothing is ever shifted, and a drain can take a vector as it is.
    [[nodiscard]] std::size_t depth() const SLUICE_REQUIRES(mutex_) {
        return older_.size() - head_ + newer_.size();
    }
    [[nodiscard]] bool is_full() const SLUICE_REQUIRES(mutex_) { return depth() >= capacity_; }

    ChannelStatus refuse(ChannelStatus status) SLUICE_REQUIRES(mutex_) {
        ++counters_.refused;
        return status;
    }

    ChannelStatus wait_for_room(Instant deadline) SLUICE_REQUIRES(mutex_) {
        if (closed_) return ChannelStatus::closed;
        if (!is_full()) return ChannelStatus::ok;
        ++counters_.push_waits;
        const CountedWait<Sync> counted(WaitSite{name_, WaitKind::push});
        while (is_full() && !closed_) {
            const bool in_time = pushers_.wait_until(mutex_, deadline);
            if (!in_time && is_full() && !closed_) return ChannelStatus::timeout;
        }
        return closed_ ? ChannelStatus::closed : ChannelStatus::ok;
    }
    ChannelStatus wait_for_item(Instant deadline) SLUICE_REQUIRES(mutex_) {
        if (depth() > 0) return ChannelStatus::ok;
        if (closed_) return ChannelStatus::closed;
        ++counters_.pop_waits;
        const CountedWait<Sync> counted(WaitSite{name_, WaitKind::pop});
        while (depth() == 0 && !closed_) {
            const bool in_time = poppers_.wait_until(mutex_, deadline);
            if (!in_time && depth() == 0 && !closed_) return ChannelStatus::timeout;
        }
        return depth() > 0 ? ChannelStatus::ok : ChannelStatus::closed;
    }

    ChannelStatus put(T&& item) SLUICE_REQUIRES(mutex_) {
        newer_.push_back(std::move(item));
        have_put(1);
        return ChannelStatus::ok;
    }
    /// As many of `items` from `begin` on as there is room for; returns how many.
    std::size_t put_many(std::vector<T>& items, std::size_t begin) SLUICE_REQUIRES(mutex_) {
        const std::size_t room = capacity_ - std::min(depth(), capacity_);
        const std::size_t count = std::min(items.size() - begin, room);
        if (count == 0) return 0;
        const auto first = items.begin() + static_cast<std::ptrdiff_t>(begin);
        newer_.insert(newer_.end(), std::make_move_iterator(first),
                      std::make_move_iterator(first + static_cast<std::ptrdiff_t>(count)));
        have_put(count);
        return count;
    }
    void have_put(std::size_t count) SLUICE_REQUIRES(mutex_) {
        counters_.pushed += count;
        counters_.depth_peak = std::max(counters_.depth_peak, depth());
        poppers_.wake(mutex_, count);
        for (Waiter* waiter : waiters_) waiter->notify();
    }
    static void drop_front(std::vector<T>& items, std::size_t count) {
        items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(count));
    }

    ChannelStatus take_one(T& out) SLUICE_REQUIRES(mutex_) {
        if (head_ == older_.size()) turn();
        out = std::move(older_[head_++]);
        have_taken(1);
        return ChannelStatus::ok;
    }
    void take_many(std::vector<T>& out, std::size_t max) SLUICE_REQUIRES(mutex_) {
        const std::size_t count = std::min(max, depth());
        std::size_t left = count;
        while (left > 0) {
            if (head_ == older_.size()) turn();
            if (out.empty() && head_ == 0 && left >= older_.size()) {
                left -= older_.size();
                out.swap(older_);
                continue;
            }
            const std::size_t some = std::min(left, older_.size() - head_);
            const auto first = older_.begin() + static_cast<std::ptrdiff_t>(head_);
            out.insert(out.end(), std::make_move_iterator(first),
                       std::make_move_iterator(first + static_cast<std::ptrdiff_t>(some)));
            head_ += some;
            left -= some;
        }
        have_taken(count);
    }
    void turn() SLUICE_REQUIRES(mutex_) {
        older_.clear();
        older_.swap(newer_);
        head_ = 0;
    }
    void have_taken(std::size_t count) SLUICE_REQUIRES(mutex_) {
        counters_.popped += count;
        pushers_.wake(mutex_, count);
    }

    const std::size_t capacity_;
    const SiteName name_;
    mutable Mutex mutex_;
    Sleepers<Sync> pushers_ SLUICE_GUARDED_BY(mutex_);
    Sleepers<Sync> poppers_ SLUICE_GUARDED_BY(mutex_);
    std::vector<T> newer_ SLUICE_GUARDED_BY(mutex_);
    std::vector<T> older_ SLUICE_GUARDED_BY(mutex_);
    std::size_t head_ SLUICE_GUARDED_BY(mutex_) = 0;
    std::vector<Waiter*> waiters_ SLUICE_GUARDED_BY(mutex_);
    bool closed_ SLUICE_GUARDED_BY(mutex_) = false;
    ChannelCounters counters_ SLUICE_GUARDED_BY(mutex_);
};

/// The channel of the product.
template <class T>
using Channel = BasicChannel<T>;

}  // namespace sluice
