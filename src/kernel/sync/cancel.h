// SPDX-License-Identifier: Apache-2.0
// Cancellation: a CancelSource says stop, CancelTokens hear it. Sources form a tree: cancelling one
// cancels everything below it. There is no timer here: a passed deadline is seen by whoever asks.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/sync/cancel_state.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/sync_policy.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

namespace sluice {

template <class Sync>
class BasicCancelToken;
template <class Sync>
class BasicCancelSource;

/// A registration of a callback. Destroying it removes the callback; if the callback is running on
/// another thread right now, the destructor waits for its end, so what the callback uses may be
/// destroyed next. (From inside the callback itself it does not wait.)
template <class Sync = StdSync>
class [[nodiscard]] BasicCancelCallback {
public:
    BasicCancelCallback() = default;
    ~BasicCancelCallback() { reset(); }
    BasicCancelCallback(BasicCancelCallback&& other) noexcept : link_(std::move(other.link_)) {}
    BasicCancelCallback& operator=(BasicCancelCallback&& other) noexcept {
        if (this == &other) return *this;
        reset();
        link_ = std::move(other.link_);
        return *this;
    }
    BasicCancelCallback(const BasicCancelCallback&) = delete;
    BasicCancelCallback& operator=(const BasicCancelCallback&) = delete;

    void reset() noexcept { link_.reset(); }

private:
    friend class BasicCancelToken<Sync>;
    explicit BasicCancelCallback(detail::CancelLink<Sync> link) : link_(std::move(link)) {}
    detail::CancelLink<Sync> link_;
};

/// Asks whether work should stop. Cheap to copy; usable from any thread. A default-constructed
/// token is never cancelled.
template <class Sync = StdSync>
class BasicCancelToken {
public:
    BasicCancelToken() = default;

    /// True after cancel() on the source or one above it, or when the deadline has passed. One
    /// atomic read; with a deadline also one clock reading.
    [[nodiscard]] bool is_cancelled() const {
        if (!state_) return false;
        if (state_->was_cancelled()) return true;
        return state_->deadline() != no_deadline && Sync::now() >= state_->deadline();
    }
    /// The earliest deadline of the source and all above it; no_deadline if there is none.
    [[nodiscard]] Instant deadline() const { return state_ ? state_->deadline() : no_deadline; }
    /// Success while work may go on; else the reason given to cancel(), or timeout for a passed
    /// deadline.
    [[nodiscard]] Status check() const {
        if (!is_cancelled()) return {};
        return state_->reason();
    }
    /// Runs `callback` once when the source is cancelled, on the cancelling thread; at once, on
    /// this thread, if it is cancelled already. A passing deadline runs nothing. The callback must
    /// be quick and must not throw.
    BasicCancelCallback<Sync> on_cancel(std::function<void()> callback) const {
        return BasicCancelCallback<Sync>(link(std::move(callback)));
    }

private:
    friend class BasicCancelSource<Sync>;
    using State = detail::CancelState<Sync>;
    explicit BasicCancelToken(std::shared_ptr<State> state) : state_(std::move(state)) {}

    [[nodiscard]] detail::CancelLink<Sync> link(std::function<void()> callback) const {
        if (!state_) return {};
        auto node = std::make_shared<detail::CancelNode>();
        node->callback = std::move(callback);
        if (state_->add(*node)) return {state_, std::move(node)};
        node->callback();
        return {};
    }

    std::shared_ptr<State> state_;
};

/// The one who may cancel. Destroying a source cancels nothing.
template <class Sync = StdSync>
class BasicCancelSource {
    using State = detail::CancelState<Sync>;

public:
    /// A root.
    explicit BasicCancelSource(Instant deadline = no_deadline)
        : state_(std::make_shared<State>(deadline)) {}
    /// A child: cancelled with its parent or alone; its deadline is never later than the parent's.
    explicit BasicCancelSource(const BasicCancelToken<Sync>& parent, Instant deadline = no_deadline)
        : state_(std::make_shared<State>(std::min(deadline, parent.deadline()))) {
        const std::weak_ptr<State> weak = state_;
        // The parent's state is kept alive by the link; the parent knows the child only weakly.
        state_->parent_link = parent.link([weak, above = std::weak_ptr(parent.state_)] {
            const auto self = weak.lock();
            const auto parent_state = above.lock();
            if (self)
                self->cancel(parent_state ? parent_state->reason() : Error{Code::cancelled, ""});
        });
    }

    [[nodiscard]] BasicCancelToken<Sync> token() const { return BasicCancelToken<Sync>(state_); }
    /// Cancels this source and everything below it, and runs the callbacks. The first reason stays.
    /// False if it was cancelled before (by cancel(), not by the deadline).
    bool cancel(Error reason = Error{Code::cancelled, "cancelled"}) const {
        // A callback may destroy this source.
        const auto state = state_;
        return state->cancel(std::move(reason));
    }

private:
    std::shared_ptr<State> state_;
};

using CancelCallback = BasicCancelCallback<>;
using CancelToken = BasicCancelToken<>;
using CancelSource = BasicCancelSource<>;

}  // namespace sluice
