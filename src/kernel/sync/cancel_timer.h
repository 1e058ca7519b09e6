// SPDX-License-Identifier: Apache-2.0
// CancelTimer: the owner of time for cancellation. A deadline in a CancelSource is only seen by who
// asks; a source that is watched here is cancelled when its deadline passes, so that callbacks run
// and whoever sleeps is woken.
#pragma once

#include "kernel/sync/cancel.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/thread.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace sluice {

/// One thread that sleeps until the earliest deadline. Usable from any thread; must outlive its
/// watches.
class CancelTimer {
public:
    /// The registration of a source. Its end (before or after the deadline) ends the watching; if
    /// the timer is cancelling the source right now, it waits for that, except on the timer's own
    /// thread.
    class [[nodiscard]] Watch {
    public:
        Watch() = default;
        ~Watch() { reset(); }
        Watch(Watch&& other) noexcept
            : timer_(std::exchange(other.timer_, nullptr)), key_(std::move(other.key_)) {}
        Watch& operator=(Watch&& other) noexcept;
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;
        void reset() noexcept;

    private:
        friend class CancelTimer;
        using Key = std::pair<Instant, std::uint64_t>;
        Watch(CancelTimer& timer, Key key) : timer_(&timer), key_(key) {}
        CancelTimer* timer_ = nullptr;
        Key key_{};
    };

    explicit CancelTimer(std::string thread_name = "cancel-timer");
    /// Joins its thread. Every watch must have ended.
    ~CancelTimer();
    CancelTimer(const CancelTimer&) = delete;
    CancelTimer& operator=(const CancelTimer&) = delete;

    /// Cancels `source` with the code timeout when its deadline (or one above it) passes; a passed
    /// one at once, on the timer's thread. Nothing to watch: no deadline.
    Watch watch(const CancelSource& source) SLUICE_EXCLUDES(mutex_);
    /// How many sources are watched now.
    [[nodiscard]] std::size_t watched() const SLUICE_EXCLUDES(mutex_);

private:
    void serve() SLUICE_EXCLUDES(mutex_);
    void forget(Watch::Key key) noexcept SLUICE_EXCLUDES(mutex_);

    mutable Mutex mutex_;
    CondVar changed_;  // An earlier deadline, or the end.
    CondVar fired_;    // The source of `firing_` has been cancelled.
    // A source is a reference to shared state; a copy of it keeps that alive.
    std::map<Watch::Key, CancelSource> sources_ SLUICE_GUARDED_BY(mutex_);
    Watch::Key firing_ SLUICE_GUARDED_BY(mutex_){no_deadline, 0};
    std::uint64_t next_ SLUICE_GUARDED_BY(mutex_) = 1;
    bool ending_ SLUICE_GUARDED_BY(mutex_) = false;
    Thread thread_;
};

}  // namespace sluice
