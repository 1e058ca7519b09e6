// SPDX-License-Identifier: Apache-2.0
// Channel<T>: the bounded queue between threads, a mutex and two condition variables. Items wait in
// one vector, so draining everything is a swap of two vectors under the lock (measured to matter
// most: one owner drains what many I/O threads push). Not lock-free on purpose: its readers must
// sleep when idle.
#pragma once

#include "kernel/base/check.h"
#include "kernel/sync/select.h"

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
    using CondVar = typename Sync::CondVar;
    using Waiter = BasicWaiter<Sync>;

public:
    /// `capacity` is the most items that wait; at least 1.
    explicit BasicChannel(std::size_t capacity) : capacity_(std::max<std::size_t>(capacity, 1)) {}
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
    /// Pushes as many as there is room for, in order, with one lock and one wake-up, and takes them
    /// out of `items`. ok (none is left), full or closed, at once.
    ChannelStatus try_push_all(std::vector<T>& items) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (closed_) return refuse(ChannelStatus::closed);
        const std::size_t count = std::min(items.size(), capacity_ - std::min(depth(), capacity_));
        const auto end = items.begin() + static_cast<std::ptrdiff_t>(count);
        for (auto item = items.begin(); item != end; ++item) put(std::move(*item));
        items.erase(items.begin(), end);
        return items.empty() ? ChannelStatus::ok : refuse(ChannelStatus::full);
    }
    /// Waits for room. ok, timeout or closed.
    ChannelStatus push_until(T&& item, Instant deadline) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (!closed_ && is_full()) ++counters_.push_waits;
        while (!closed_ && is_full()) {
            ++pushers_waiting_;
            const bool in_time = room_.wait_until(mutex_, deadline);
            --pushers_waiting_;
            if (!in_time && !closed_ && is_full()) return refuse(ChannelStatus::timeout);
        }
        if (closed_) return refuse(ChannelStatus::closed);
        return put(std::move(item));
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
    /// Waits for at least one item, then appends up to `max` of those there to `out`, in order. ok,
    /// timeout or closed. Fastest with an empty `out` whose memory is used again: the vectors are
    /// swapped.
    ChannelStatus pop_all(std::vector<T>& out, std::size_t max, Instant deadline)
        SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        const ChannelStatus status = wait_for_item(deadline);
        if (status != ChannelStatus::ok) return status;
        take_many(out, max);
        return ChannelStatus::ok;
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
        room_.notify_all();
        items_there_.notify_all();
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
    [[nodiscard]] std::size_t depth() const SLUICE_REQUIRES(mutex_) {
        return items_.size() - head_;
    }
    [[nodiscard]] bool is_full() const SLUICE_REQUIRES(mutex_) { return depth() >= capacity_; }

    ChannelStatus refuse(ChannelStatus status) SLUICE_REQUIRES(mutex_) {
        ++counters_.refused;
        return status;
    }

    ChannelStatus put(T&& item) SLUICE_REQUIRES(mutex_) {
        // Taken items leave a gap in front; it is closed before the vector outgrows the capacity.
        if (head_ > 0 && items_.size() >= 2 * capacity_) {
            items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
            head_ = 0;
        }
        items_.push_back(std::move(item));
        ++counters_.pushed;
        counters_.depth_peak = std::max(counters_.depth_peak, depth());
        // Notified under the lock: a woken popper may destroy the channel next.
        if (poppers_waiting_ > 0) items_there_.notify_one();
        for (Waiter* waiter : waiters_) waiter->notify();
        return ChannelStatus::ok;
    }

    ChannelStatus wait_for_item(Instant deadline) SLUICE_REQUIRES(mutex_) {
        if (depth() == 0 && !closed_) ++counters_.pop_waits;
        while (depth() == 0 && !closed_) {
            ++poppers_waiting_;
            const bool in_time = items_there_.wait_until(mutex_, deadline);
            --poppers_waiting_;
            if (!in_time && depth() == 0 && !closed_) return ChannelStatus::timeout;
        }
        return depth() > 0 ? ChannelStatus::ok : ChannelStatus::closed;
    }

    ChannelStatus take_one(T& out) SLUICE_REQUIRES(mutex_) {
        out = std::move(items_[head_++]);
        if (head_ == items_.size()) {
            items_.clear();
            head_ = 0;
        }
        took(1);
        return ChannelStatus::ok;
    }

    void take_many(std::vector<T>& out, std::size_t max) SLUICE_REQUIRES(mutex_) {
        const std::size_t count = std::min(max, depth());
        if (out.empty() && head_ == 0 && count == items_.size()) {
            out.swap(items_);
        } else {
            const auto first = items_.begin() + static_cast<std::ptrdiff_t>(head_);
            const auto last = first + static_cast<std::ptrdiff_t>(count);
            out.insert(out.end(), std::make_move_iterator(first), std::make_move_iterator(last));
            head_ += count;
            if (head_ == items_.size()) {
                items_.clear();
                head_ = 0;
            }
        }
        took(count);
    }

    void took(std::size_t count) SLUICE_REQUIRES(mutex_) {
        counters_.popped += count;
        if (pushers_waiting_ == 0) return;
        if (count == 1) {
            room_.notify_one();
        } else {
            room_.notify_all();
        }
    }

    const std::size_t capacity_;
    mutable Mutex mutex_;
    CondVar room_;
    CondVar items_there_;
    std::vector<T> items_ SLUICE_GUARDED_BY(mutex_);
    std::size_t head_ SLUICE_GUARDED_BY(mutex_) = 0;
    std::size_t pushers_waiting_ SLUICE_GUARDED_BY(mutex_) = 0;
    std::size_t poppers_waiting_ SLUICE_GUARDED_BY(mutex_) = 0;
    std::vector<Waiter*> waiters_ SLUICE_GUARDED_BY(mutex_);
    bool closed_ SLUICE_GUARDED_BY(mutex_) = false;
    ChannelCounters counters_ SLUICE_GUARDED_BY(mutex_);
};

/// The channel of the product.
template <class T>
using Channel = BasicChannel<T>;

}  // namespace sluice
