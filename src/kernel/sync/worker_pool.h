// SPDX-License-Identifier: Apache-2.0
// WorkerPool: a few named threads that run functions from one bounded queue. For blocking work
// beside the owner threads; not an event loop.
#pragma once

#include "kernel/sync/channel.h"
#include "kernel/sync/leak_check.h"
#include "kernel/sync/task.h"
#include "kernel/sync/thread.h"
#include "kernel/sync/wait_group.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

/// How a WorkerPool is built.
struct WorkerPoolOptions {
    std::string name = "pool";    ///< Threads are called name-0, name-1, …
    std::size_t threads = 1;      ///< At least 1.
    std::size_t queue_max = 256;  ///< Tasks that wait; one more is refused or waits.
};

/// Threads over a bounded queue. How long tasks lie in it is counted under the pool's name, kind
/// queued (wait_accounting.h). submit() from any thread; drain() and destruction by the owner.
template <class Sync = StdSync>
class BasicWorkerPool {
    using CancelToken = BasicCancelToken<Sync>;
    template <class F>
    using Value = detail::TaskValue<F, Sync>;
    template <class T>
    using State = detail::TaskState<T, Sync>;

public:
    template <class T>
    using Handle = TaskHandle<T, Sync>;

    /// Cancelled also when `parent` is.
    explicit BasicWorkerPool(WorkerPoolOptions options, const CancelToken& parent = {});
    /// Cancels and joins: tasks that wait are abandoned, those that run are waited for.
    ~BasicWorkerPool();
    BasicWorkerPool(const BasicWorkerPool&) = delete;
    BasicWorkerPool& operator=(const BasicWorkerPool&) = delete;

    /// Queues `function`, called as function(const CancelToken&) or function(), returning T,
    /// Result<T> or void; it may be move-only. Waits for room until the deadline. Errors: timeout,
    /// cancelled (the pool takes nothing new).
    template <class F>
    Result<Handle<Value<F>>> submit(F function, Instant deadline = no_deadline) {
        auto state = std::make_shared<State<Value<F>>>();
        SLUICE_TRY_STATUS(enqueue(make_task(std::move(function), state), deadline));
        return Handle<Value<F>>(std::move(state));
    }
    /// The same without waiting. Errors: busy (no room), cancelled.
    template <class F>
    Result<Handle<Value<F>>> try_submit(F function) {
        auto state = std::make_shared<State<Value<F>>>();
        SLUICE_TRY_STATUS(try_enqueue(make_task(std::move(function), state)));
        return Handle<Value<F>>(std::move(state));
    }

    /// Takes nothing new, runs what waits, and joins. May be called again.
    void drain();
    /// The same, but cancels at the deadline with the code timeout: tasks that still wait then are
    /// abandoned, those that run see it in their token and are waited for. True if all ran in time.
    bool drain_until(Instant deadline);
    /// Takes nothing new; tasks that wait are answered with `reason`, those that run see it in
    /// their token. Returns at once. Any thread.
    void cancel(Error reason = Error{Code::cancelled, "the pool was cancelled"});

    [[nodiscard]] std::size_t thread_count() const { return threads_.size(); }
    [[nodiscard]] ChannelCounters counters() const { return queue_.counters(); }

private:
    using TaskPointer = std::unique_ptr<detail::Task<Sync>>;

    template <class F>
    static TaskPointer make_task(F function, std::shared_ptr<State<Value<F>>> state) {
        return std::make_unique<detail::FunctionTask<F, Sync>>(std::move(function),
                                                               std::move(state));
    }
    Status enqueue(TaskPointer task, Instant deadline);
    Status try_enqueue(TaskPointer task);
    void serve();

    [[no_unique_address]] const leak_check::EntryOf<Sync> alive_;
    const SiteName name_;
    BasicChannel<TaskPointer, Sync> queue_;
    BasicCancelSource<Sync> source_;
    BasicCancelCallback<Sync> closer_;
    BasicWaitGroup<Sync> serving_;  // Threads that have not ended.
    std::vector<ThreadOf<Sync>> threads_;
};

namespace detail {
/// The answer of a pool whose queue answered so.
Status pool_status(ChannelStatus status);
}  // namespace detail

template <class Sync>
BasicWorkerPool<Sync>::BasicWorkerPool(WorkerPoolOptions options, const CancelToken& parent)
    : alive_(leak_check::Kind::pool, options.name),
      name_(SiteName::interned(options.name)),
      queue_(options.queue_max, name_),
      source_(parent) {
    closer_ = source_.token().on_cancel([this] { queue_.close(); });
    const std::size_t count = std::max<std::size_t>(options.threads, 1);
    threads_.reserve(count);
    serving_.add(count);
    for (std::size_t i = 0; i < count; ++i) {
        threads_.emplace_back(options.name + "-" + std::to_string(i), [this] { serve(); });
    }
}

template <class Sync>
BasicWorkerPool<Sync>::~BasicWorkerPool() {
    cancel();
    drain();
    closer_.reset();
}

template <class Sync>
Status BasicWorkerPool<Sync>::enqueue(TaskPointer task, Instant deadline) {
    task->queued_at = Sync::now();
    return detail::pool_status(queue_.push_until(std::move(task), deadline));
}

template <class Sync>
Status BasicWorkerPool<Sync>::try_enqueue(TaskPointer task) {
    task->queued_at = Sync::now();
    return detail::pool_status(queue_.try_push(std::move(task)));
}

template <class Sync>
void BasicWorkerPool<Sync>::drain() {
    queue_.close();
    for (auto& thread : threads_) thread.join();
}

template <class Sync>
bool BasicWorkerPool<Sync>::drain_until(Instant deadline) {
    queue_.close();
    const bool in_time = serving_.wait_until(deadline);
    if (!in_time) cancel(Error{Code::timeout, "the pool was not drained by the deadline"});
    drain();
    return in_time;
}

template <class Sync>
void BasicWorkerPool<Sync>::cancel(Error reason) {
    source_.cancel(std::move(reason));
}

template <class Sync>
void BasicWorkerPool<Sync>::serve() {
    const CancelToken token = source_.token();
    TaskPointer task;
    while (queue_.pop(task) == ChannelStatus::ok) {
        count_wait<Sync>({name_, WaitKind::queued}, Sync::now() - task->queued_at);
        if (Status go = token.check(); go) {
            task->run(token);
        } else {
            task->abandon(std::move(go).error());
        }
        task.reset();
    }
    serving_.done();
}

extern template class BasicWorkerPool<StdSync>;

using WorkerPool = BasicWorkerPool<>;

}  // namespace sluice
