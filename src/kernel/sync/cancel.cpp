// SPDX-License-Identifier: Apache-2.0
// The shared state behind sources and tokens: a flag, a reason and a list of callbacks.
#include "kernel/sync/cancel.h"

#include "kernel/sync/mutex.h"

#include <algorithm>
#include <atomic>
#include <list>
#include <optional>
#include <thread>
#include <utility>

namespace sluice {
namespace detail {

struct CancelNode {
    std::function<void()> callback;
    std::list<CancelNode*>::iterator place;
    bool listed = false;
};

class CancelState {
public:
    explicit CancelState(Instant deadline) : deadline_(deadline) {}

    [[nodiscard]] bool was_cancelled() const { return cancelled_.load(std::memory_order_acquire); }
    [[nodiscard]] Instant deadline() const { return deadline_; }

    [[nodiscard]] Error reason() SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        return reason_.value_or(Error{Code::timeout, "the deadline has passed"});
    }

    bool cancel(Error reason) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (reason_) return false;
        reason_ = std::move(reason);
        canceller_ = std::this_thread::get_id();
        cancelled_.store(true, std::memory_order_release);
        while (!nodes_.empty()) {
            CancelNode* node = nodes_.front();
            nodes_.pop_front();
            node->listed = false;
            running_ = node;
            // The function moves to this stack: the callback may destroy its own registration.
            auto callback = std::move(node->callback);
            lock.unlock();
            callback();
            callback = nullptr;
            lock.lock();
            running_ = nullptr;
            ended_.notify_all();
        }
        return true;
    }

    /// False if the state is cancelled already; then the caller runs the callback itself.
    bool add(CancelNode& node) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (reason_) return false;
        node.place = nodes_.insert(nodes_.end(), &node);
        node.listed = true;
        return true;
    }

    void remove(CancelNode& node) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (node.listed) {
            nodes_.erase(node.place);
            node.listed = false;
            return;
        }
        while (running_ == &node && canceller_ != std::this_thread::get_id()) ended_.wait(mutex_);
    }

    /// The registration that ties this state to its parent; written once, before it is shared.
    CancelCallback parent_link;

private:
    const Instant deadline_;
    std::atomic<bool> cancelled_{false};
    Mutex mutex_;
    CondVar ended_;
    std::optional<Error> reason_ SLUICE_GUARDED_BY(mutex_);
    std::list<CancelNode*> nodes_ SLUICE_GUARDED_BY(mutex_);
    CancelNode* running_ SLUICE_GUARDED_BY(mutex_) = nullptr;
    std::thread::id canceller_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace detail

CancelCallback::CancelCallback(CancelCallback&& other) noexcept
    : state_(std::move(other.state_)), node_(std::move(other.node_)) {}

CancelCallback& CancelCallback::operator=(CancelCallback&& other) noexcept {
    if (this == &other) return *this;
    reset();
    state_ = std::move(other.state_);
    node_ = std::move(other.node_);
    return *this;
}

void CancelCallback::reset() noexcept {
    // Emptied first: the callback may reset its own registration while this waits for it.
    const auto state = std::exchange(state_, nullptr);
    const auto node = std::exchange(node_, nullptr);
    if (state && node) state->remove(*node);
}

bool CancelToken::is_cancelled() const {
    if (!state_) return false;
    if (state_->was_cancelled()) return true;
    return state_->deadline() != no_deadline && monotonic_now() >= state_->deadline();
}

Instant CancelToken::deadline() const { return state_ ? state_->deadline() : no_deadline; }

Status CancelToken::check() const {
    if (!is_cancelled()) return {};
    return state_->reason();
}

CancelCallback CancelToken::on_cancel(std::function<void()> callback) const {
    CancelCallback registration;
    if (!state_) return registration;
    auto node = std::make_shared<detail::CancelNode>();
    node->callback = std::move(callback);
    if (!state_->add(*node)) {
        node->callback();
        return registration;
    }
    registration.state_ = state_;
    registration.node_ = std::move(node);
    return registration;
}

CancelSource::CancelSource(Instant deadline)
    : state_(std::make_shared<detail::CancelState>(deadline)) {}

CancelSource::CancelSource(const CancelToken& parent, Instant deadline)
    : state_(std::make_shared<detail::CancelState>(std::min(deadline, parent.deadline()))) {
    const std::weak_ptr<detail::CancelState> weak = state_;
    // The parent's state is kept alive by the link; the parent knows the child only weakly.
    state_->parent_link = parent.on_cancel([weak, above = std::weak_ptr(parent.state_)] {
        const auto self = weak.lock();
        const auto parent_state = above.lock();
        if (self) self->cancel(parent_state ? parent_state->reason() : Error{Code::cancelled, ""});
    });
}

bool CancelSource::cancel(Error reason) const { return state_->cancel(std::move(reason)); }

}  // namespace sluice
