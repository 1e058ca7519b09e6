// SPDX-License-Identifier: Apache-2.0
// WorkerPool: a few named threads that run functions from one bounded queue. For blocking work
// beside the owner threads; not an event loop.
#pragma once

#include "kernel/sync/channel.h"
#include "kernel/sync/leak_check.h"
#include "kernel/sync/task.h"
#include "kernel/sync/thread.h"
#include "kernel/sync/wait_group.h"

#include <cstddef>
#include <memory>
#include <string>
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
class WorkerPool {
public:
    /// Cancelled also when `parent` is.
    explicit WorkerPool(WorkerPoolOptions options, const CancelToken& parent = {});
    /// Cancels and joins: tasks that wait are abandoned, those that run are waited for.
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// Queues `function`, called as function(const CancelToken&) or function(), returning T,
    /// Result<T> or void; it may be move-only. Waits for room until the deadline. Errors: timeout,
    /// cancelled (the pool takes nothing new).
    template <class F>
    Result<TaskHandle<detail::TaskValue<F>>> submit(F function, Instant deadline = no_deadline) {
        using Value = detail::TaskValue<F>;
        auto state = std::make_shared<detail::TaskState<Value>>();
        SLUICE_TRY_STATUS(enqueue(
            std::make_unique<detail::FunctionTask<F>>(std::move(function), state), deadline));
        return TaskHandle<Value>(std::move(state));
    }
    /// The same without waiting. Errors: busy (no room), cancelled.
    template <class F>
    Result<TaskHandle<detail::TaskValue<F>>> try_submit(F function) {
        using Value = detail::TaskValue<F>;
        auto state = std::make_shared<detail::TaskState<Value>>();
        SLUICE_TRY_STATUS(
            try_enqueue(std::make_unique<detail::FunctionTask<F>>(std::move(function), state)));
        return TaskHandle<Value>(std::move(state));
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
    using TaskPointer = std::unique_ptr<detail::Task>;

    Status enqueue(TaskPointer task, Instant deadline);
    Status try_enqueue(TaskPointer task);
    void serve();

    const leak_check::Entry alive_;
    const SiteName name_;
    Channel<TaskPointer> queue_;
    CancelSource source_;
    CancelCallback closer_;
    WaitGroup serving_;  // Threads that have not ended.
    std::vector<Thread> threads_;
};

}  // namespace sluice
