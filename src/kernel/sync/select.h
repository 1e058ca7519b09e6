// SPDX-License-Identifier: Apache-2.0
// Waiting on several channels at once: the part of Channel that does not know the item type, and
// select().
#pragma once

#include "kernel/base/time.h"
#include "kernel/sync/cancel.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/mutex.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace sluice {

/// One sleeping selector, shared by all channels it waits on.
class Waiter {
public:
    /// Wakes the selector, or keeps its next wait from sleeping. Any thread.
    void notify() SLUICE_EXCLUDES(mutex_);
    /// Until notified or the deadline; takes the notification. False at the deadline.
    bool wait_until(Instant deadline) SLUICE_EXCLUDES(mutex_);

private:
    Mutex mutex_;
    CondVar woken_;
    bool notified_ SLUICE_GUARDED_BY(mutex_) = false;
};

/// What select() can wait on: something that becomes ready to pop.
class Selectable {
public:
    virtual ~Selectable() = default;
    /// True when a pop would not wait: an item is there, or the channel is closed.
    [[nodiscard]] virtual bool is_ready() const = 0;
    virtual void attach(Waiter& waiter) = 0;
    virtual void detach(Waiter& waiter) noexcept = 0;
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
class Selector {
public:
    explicit Selector(std::vector<Selectable*> sources);
    ~Selector();
    Selector(const Selector&) = delete;
    Selector& operator=(const Selector&) = delete;

    /// Until a source is ready to pop or closed, the deadline (or the token's), or a cancel. What
    /// is ready comes before a passed deadline, a cancel before both. With several poppers on one
    /// channel a following try_pop may find it empty: select again. Drop closed sources, they stay
    /// ready for ever.
    Selected wait_until(Instant deadline, const CancelToken& cancel = {});

private:
    [[nodiscard]] std::optional<std::size_t> find_ready();

    std::vector<Selectable*> sources_;
    std::size_t next_ = 0;
    Waiter waiter_;
};

/// The same for one wait. A thread that waits in a loop keeps a Selector.
template <class... Sources>
Selected select(Instant deadline, const CancelToken& cancel, Sources&... sources) {
    return Selector(std::vector<Selectable*>{&sources...}).wait_until(deadline, cancel);
}

}  // namespace sluice
