// SPDX-License-Identifier: Apache-2.0
// The threads of a WorkerPool and its way to end.
#include "kernel/sync/worker_pool.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

Status to_status(ChannelStatus status) {
    switch (status) {
        case ChannelStatus::ok: return {};
        case ChannelStatus::full: return fail(Code::busy, "the pool's queue is full");
        case ChannelStatus::timeout:
            return fail(Code::timeout, "the pool's queue had no room before the deadline");
        case ChannelStatus::closed: return fail(Code::cancelled, "the pool takes no new tasks");
        case ChannelStatus::empty: break;
    }
    return fail(Code::internal, "the pool's queue gave an unexpected answer");
}

}  // namespace

WorkerPool::WorkerPool(WorkerPoolOptions options, const CancelToken& parent)
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

WorkerPool::~WorkerPool() {
    cancel();
    drain();
    closer_.reset();
}

Status WorkerPool::enqueue(TaskPointer task, Instant deadline) {
    task->queued_at = monotonic_now();
    return to_status(queue_.push_until(std::move(task), deadline));
}

Status WorkerPool::try_enqueue(TaskPointer task) {
    task->queued_at = monotonic_now();
    return to_status(queue_.try_push(std::move(task)));
}

void WorkerPool::drain() {
    queue_.close();
    for (Thread& thread : threads_) thread.join();
}

bool WorkerPool::drain_until(Instant deadline) {
    queue_.close();
    const bool in_time = serving_.wait_until(deadline);
    if (!in_time) cancel(Error{Code::timeout, "the pool was not drained by the deadline"});
    drain();
    return in_time;
}

void WorkerPool::cancel(Error reason) { source_.cancel(std::move(reason)); }

void WorkerPool::serve() {
    const CancelToken token = source_.token();
    TaskPointer task;
    while (queue_.pop(task) == ChannelStatus::ok) {
        record_wait({name_, WaitKind::queued}, monotonic_now() - task->queued_at);
        if (Status go = token.check(); go) {
            task->run(token);
        } else {
            task->abandon(std::move(go).error());
        }
        task.reset();
    }
    serving_.done();
}

}  // namespace sluice
