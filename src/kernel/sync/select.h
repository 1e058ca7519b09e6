// SPDX-License-Identifier: Apache-2.0
// Waiting on several channels at once: the part of Channel that does not know the item type, and
// select().
#pragma once

#include "kernel/base/time.h"
#include "kernel/sync/cancel.h"
#include "kernel/sync/sync_policy.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace sluice {

/// One sleeping selector, shared by all channels it waits on.
template <class Sync = StdSync>
class BasicWaiter {
public:
    /// Wakes the selector, or keeps its next wait from sleeping. Any thread.
    void notify() SLUICE_EXCLUDES(mutex_) {
        typename Sync::MutexLock lock(mutex_);
        if (notified_) return;
        notified_ = true;
        woken_.notify_one();
    }
    /// Until notified or the deadline; takes the notification. False at the deadline.
    bool wait_until(Instant deadline) SLUICE_EXCLUDES(mutex_) {
        typename Sync::MutexLock lock(mutex_);
        if (std::exchange(notified_, false)) return true;
        const CountedWait<Sync> counted(WaitSite{"select", WaitKind::pop});
        while (!notified_) {
            if (!woken_.wait_until(mutex_, deadline)) break;
        }
        return std::exchange(notified_, false);
    }

private:
    typename Sync::Mutex mutex_;
    typename Sync::CondVar woken_;
    bool notified_ SLUICE_GUARDED_BY(mutex_) = false;
};

/// What select() can wait on: something that becomes ready to pop.
template <class Sync = StdSync>
class BasicSelectable {
public:
    using SyncPolicy = Sync;

    virtual ~BasicSelectable() = default;
    /// True when a pop would not wait: an item is there, or the channel is closed.
    [[nodiscard]] virtual bool is_ready() const = 0;
    virtual void attach(BasicWaiter<Sync>& waiter) = 0;
    virtual void detach(BasicWaiter<Sync>& waiter) noexcept = 0;
};

/// Why select() came back.
enum class SelectOutcome { ready, timeout, cancelled };

/// The answer of select().
struct Selected {
    SelectOutcome outcome = SelectOutcome::timeout;
    /// Which of the sources is ready, counted from 0; meaningful for `ready` only.
    std::size_t index = 0;
};

/// Waits on a fixed set of channels, again and again; the one that was ready last is asked last, so
/// none starves. One thread uses a Selector at a time; the channels must outlive it.
template <class Sync = StdSync>
class BasicSelector {
public:
    explicit BasicSelector(std::vector<BasicSelectable<Sync>*> sources)
        : sources_(std::move(sources)) {
        for (auto* source : sources_) source->attach(waiter_);
    }
    ~BasicSelector() {
        for (auto* source : sources_) source->detach(waiter_);
    }
    BasicSelector(const BasicSelector&) = delete;
    BasicSelector& operator=(const BasicSelector&) = delete;

    /// Until a source is ready to pop or closed, the deadline (or the token's), or a cancel. What
    /// is ready comes before a passed deadline, a cancel before both. With several poppers on one
    /// channel a following try_pop may find it empty: select again. Drop closed sources, they stay
    /// ready for ever.
    Selected wait_until(Instant deadline, const BasicCancelToken<Sync>& cancel = {}) {
        const Instant until = std::min(deadline, cancel.deadline());
        // Removed before this returns, so the waiter outlives it.
        const auto registration = cancel.on_cancel([this] { waiter_.notify(); });
        while (true) {
            if (cancel.is_cancelled()) return {SelectOutcome::cancelled, 0};
            if (const auto index = find_ready()) return {SelectOutcome::ready, *index};
            if (waiter_.wait_until(until)) continue;
            if (cancel.is_cancelled()) return {SelectOutcome::cancelled, 0};
            if (const auto index = find_ready()) return {SelectOutcome::ready, *index};
            return {SelectOutcome::timeout, 0};
        }
    }

private:
    [[nodiscard]] std::optional<std::size_t> find_ready() {
        for (std::size_t i = 0; i < sources_.size(); ++i) {
            const std::size_t index = (next_ + i) % sources_.size();
            if (!sources_[index]->is_ready()) continue;
            next_ = index + 1;
            return index;
        }
        return std::nullopt;
    }

    std::vector<BasicSelectable<Sync>*> sources_;
    std::size_t next_ = 0;
    BasicWaiter<Sync> waiter_;
};

using Waiter = BasicWaiter<>;
using Selectable = BasicSelectable<>;
using Selector = BasicSelector<>;

/// The same for one wait. A thread that waits in a loop keeps a Selector.
template <class First, class... Rest>
Selected select(Instant deadline, const BasicCancelToken<typename First::SyncPolicy>& cancel,
                First& first, Rest&... rest) {
    using Sync = typename First::SyncPolicy;
    BasicSelector<Sync> selector(std::vector<BasicSelectable<Sync>*>{&first, &rest...});
    return selector.wait_until(deadline, cancel);
}

}  // namespace sluice
