// SPDX-License-Identifier: Apache-2.0
// Cancellation: a CancelSource says stop, CancelTokens hear it. Sources form a tree: cancelling one
// cancels everything below it. There is no timer here: a passed deadline is seen by whoever asks.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/sync/clock.h"

#include <functional>
#include <memory>

namespace sluice {

namespace detail {
class CancelState;
struct CancelNode;
}  // namespace detail

/// A registration of a callback. Destroying it removes the callback; if the callback is running on
/// another thread right now, the destructor waits for its end, so what the callback uses may be
/// destroyed next. (From inside the callback itself it does not wait.)
class [[nodiscard]] CancelCallback {
public:
    CancelCallback() = default;
    ~CancelCallback() { reset(); }
    CancelCallback(CancelCallback&& other) noexcept;
    CancelCallback& operator=(CancelCallback&& other) noexcept;
    CancelCallback(const CancelCallback&) = delete;
    CancelCallback& operator=(const CancelCallback&) = delete;

    void reset() noexcept;

private:
    friend class CancelToken;
    std::shared_ptr<detail::CancelState> state_;
    std::shared_ptr<detail::CancelNode> node_;
};

/// Asks whether work should stop. Cheap to copy; usable from any thread. A default-constructed
/// token is never cancelled.
class CancelToken {
public:
    CancelToken() = default;

    /// True after cancel() on the source or one above it, or when the deadline has passed. One
    /// atomic read; with a deadline also one clock reading.
    [[nodiscard]] bool is_cancelled() const;
    /// The earliest deadline of the source and all above it; no_deadline if there is none.
    [[nodiscard]] Instant deadline() const;
    /// Success while work may go on; else the reason given to cancel(), or timeout for a passed
    /// deadline.
    [[nodiscard]] Status check() const;
    /// Runs `callback` once when the source is cancelled, on the cancelling thread; at once, on
    /// this thread, if it is cancelled already. A passing deadline runs nothing. The callback must
    /// be quick and must not throw.
    CancelCallback on_cancel(std::function<void()> callback) const;

private:
    friend class CancelSource;
    explicit CancelToken(std::shared_ptr<detail::CancelState> state) : state_(std::move(state)) {}
    std::shared_ptr<detail::CancelState> state_;
};

/// The one who may cancel. Destroying a source cancels nothing.
class CancelSource {
public:
    /// A root.
    explicit CancelSource(Instant deadline = no_deadline);
    /// A child: cancelled with its parent or alone; its deadline is never later than the parent's.
    explicit CancelSource(const CancelToken& parent, Instant deadline = no_deadline);

    [[nodiscard]] CancelToken token() const { return CancelToken(state_); }
    /// Cancels this source and everything below it, and runs the callbacks. The first reason stays.
    /// False if it was cancelled before (by cancel(), not by the deadline).
    bool cancel(Error reason = Error{Code::cancelled, "cancelled"}) const;

private:
    std::shared_ptr<detail::CancelState> state_;
};

}  // namespace sluice
