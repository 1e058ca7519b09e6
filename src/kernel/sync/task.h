// SPDX-License-Identifier: Apache-2.0
// A piece of work for a WorkerPool, and the handle by which its submitter hears how it went.
#pragma once

#include "kernel/base/result.h"
#include "kernel/sync/cancel.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/leak_check.h"
#include "kernel/sync/sync_policy.h"

#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace sluice {

namespace detail {

/// What the pool sees of a task.
template <class Sync>
class Task {
public:
    Task() = default;
    virtual ~Task() = default;
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    virtual void run(const BasicCancelToken<Sync>& cancel) noexcept = 0;
    virtual void abandon(Error reason) noexcept = 0;

    Instant queued_at{};  ///< written by the pool before it queues the task

private:
    [[no_unique_address]] leak_check::EntryOf<Sync, leak_check::DebugEntry> alive_{
        leak_check::Kind::task, "task"};
};

template <class T>
struct Unwrapped {
    using type = T;
};
template <class T>
struct Unwrapped<Result<T>> {
    using type = T;
};

template <class F, class Sync>
auto call_task(F& function, const BasicCancelToken<Sync>& cancel) {
    if constexpr (std::is_invocable_v<F&, const BasicCancelToken<Sync>&>) {
        return function(cancel);
    } else {
        return function();
    }
}

/// The value type of a task function: T for one that returns T or Result<T>.
template <class F, class Sync = StdSync>
using TaskValue = typename Unwrapped<decltype(call_task(
    std::declval<F&>(), std::declval<const BasicCancelToken<Sync>&>()))>::type;

template <class T, class Sync>
class TaskState {
    using MutexLock = typename Sync::MutexLock;

public:
    void set(Result<T> result) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        result_.emplace(std::move(result));
        done_.notify_all();
    }
    bool wait_until(Instant deadline) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        while (!result_) {
            if (!done_.wait_until(mutex_, deadline)) return result_.has_value();
        }
        return true;
    }
    Result<T> take() SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        while (!result_) done_.wait(mutex_);
        return std::move(*result_);
    }

private:
    typename Sync::Mutex mutex_;
    typename Sync::CondVar done_ =
        make_counted<typename Sync::CondVar>(WaitSite{"task", WaitKind::result});
    std::optional<Result<T>> result_ SLUICE_GUARDED_BY(mutex_);
};

template <class F, class Sync>
class FunctionTask final : public Task<Sync> {
    using CancelToken = BasicCancelToken<Sync>;

public:
    using Value = TaskValue<F, Sync>;

    FunctionTask(F function, std::shared_ptr<TaskState<Value, Sync>> state)
        : function_(std::in_place, std::move(function)), state_(std::move(state)) {}

    void run(const CancelToken& cancel) noexcept override {
        Result<Value> result = guarded(cancel);
        // What the function held is gone before its submitter is told.
        function_.reset();
        state_->set(std::move(result));
    }
    void abandon(Error reason) noexcept override {
        function_.reset();
        state_->set(std::move(reason));
    }

private:
    Result<Value> guarded(const CancelToken& cancel) noexcept {
        try {
            if constexpr (std::is_void_v<decltype(call_task(*function_, cancel))>) {
                call_task(*function_, cancel);
                return {};
            } else {
                return call_task(*function_, cancel);
            }
        } catch (const std::bad_alloc&) {
            return Error{Code::exhausted, "the task ran out of memory"};
        } catch (const std::exception& error) {
            return Error{Code::internal, std::string("the task threw: ") + error.what()};
        } catch (...) {
            return Error{Code::internal, "the task threw something unknown"};
        }
    }

    std::optional<F> function_;
    std::shared_ptr<TaskState<Value, Sync>> state_;
};

}  // namespace detail

/// The submitter's end of a task. Dropping it does not stop the task.
template <class T, class Sync = StdSync>
class [[nodiscard]] TaskHandle {
public:
    /// Waits for the end. The function's value or Error; internal with the text of an exception it
    /// threw; the pool's reason (cancelled, …) if it never ran. Call once.
    Result<T> wait() && { return state_->take(); }
    /// False if the task has not ended by the deadline.
    [[nodiscard]] bool wait_until(Instant deadline) const { return state_->wait_until(deadline); }
    [[nodiscard]] bool is_done() const { return state_->wait_until(Instant::min()); }

private:
    template <class>
    friend class BasicWorkerPool;
    using State = detail::TaskState<T, Sync>;
    explicit TaskHandle(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
};

}  // namespace sluice
