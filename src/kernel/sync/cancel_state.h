// SPDX-License-Identifier: Apache-2.0
// The shared state behind sources and tokens (cancel.h): a flag, a reason and a list of callbacks.
// Takes the Sync policy, so that tests/interleave sees this very code.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/sync/sync_policy.h"

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <utility>

namespace sluice {

namespace detail {

/// A registered callback.
struct CancelNode {
    std::function<void()> callback;
    std::list<CancelNode*>::iterator place;
    bool listed = false;
};

template <class Sync>
class CancelState;

/// A registration: the state and the node in it.
template <class Sync>
struct CancelLink {
    std::shared_ptr<CancelState<Sync>> state;
    std::shared_ptr<CancelNode> node;

    void reset() noexcept {
        // Emptied first: the callback may reset its own registration while this waits for it.
        const auto from = std::exchange(state, nullptr);
        const auto entry = std::exchange(node, nullptr);
        if (from && entry) from->remove(*entry);
    }
};

/// Cancelled once, by whoever comes first; runs each callback once, on that thread, without the
/// lock. Whoever removes a callback that is running waits for its end.
template <class Sync>
class CancelState {
    using MutexLock = typename Sync::MutexLock;

public:
    explicit CancelState(Instant deadline) : deadline_(deadline) {}
    ~CancelState() { parent_link.reset(); }
    CancelState(const CancelState&) = delete;
    CancelState& operator=(const CancelState&) = delete;

    /// Who sees true sees what was done before cancel().
    [[nodiscard]] bool was_cancelled() const {
        // Acquire, with the release in cancel().
        return cancelled_.load(std::memory_order_acquire);
    }
    [[nodiscard]] Instant deadline() const { return deadline_; }

    [[nodiscard]] Error reason() SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        return reason_.value_or(Error{Code::timeout, "the deadline has passed"});
    }

    bool cancel(Error reason) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (reason_) return false;
        reason_ = std::move(reason);
        canceller_ = Sync::this_thread();
        // Release, with the acquire in was_cancelled().
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
            // One: only whoever removed this very callback can be waiting.
            ended_.notify_one();
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
        while (running_ == &node && canceller_ != Sync::this_thread()) ended_.wait(mutex_);
    }

    /// The registration that ties this state to its parent; written once, before it is shared.
    CancelLink<Sync> parent_link;

private:
    const Instant deadline_;
    typename Sync::template Atomic<bool> cancelled_{false};
    typename Sync::Mutex mutex_;
    typename Sync::CondVar ended_;
    std::optional<Error> reason_ SLUICE_GUARDED_BY(mutex_);
    std::list<CancelNode*> nodes_ SLUICE_GUARDED_BY(mutex_);
    CancelNode* running_ SLUICE_GUARDED_BY(mutex_) = nullptr;
    typename Sync::ThreadId canceller_ SLUICE_GUARDED_BY(mutex_){};
};

}  // namespace detail
}  // namespace sluice
