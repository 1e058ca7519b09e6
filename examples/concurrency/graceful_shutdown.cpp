// SPDX-License-Identifier: Apache-2.0
// Graceful shutdown: take nothing new, finish what was taken, then end; and when that takes too
// long, cancel. Every thread is joined and every task gets an answer.
#include "kernel/sync/channel.h"
#include "kernel/sync/worker_pool.h"

#include <cstdio>

using sluice::CancelToken;
using sluice::Channel;
using sluice::Result;
using sluice::WorkerPool;

namespace {

/// Says that it runs, then works until it is told that it may end.
Result<int> stubborn(Channel<int>& running, Channel<int>& may_end) {
    running.push(1);
    int ignored = 0;
    may_end.pop(ignored);
    return 1;
}

/// Works until it is cancelled.
Result<int> obedient(Channel<int>& running, const CancelToken& cancel) {
    running.push(1);
    Channel<int> never(1);
    (void)sluice::select(sluice::no_deadline, cancel, never);
    return cancel.check().error();
}

void print(const char* who, Result<int> outcome) {
    std::printf("%-22s %s\n", who, outcome ? "finished" : outcome.error().text().c_str());
}

void drain_first() {
    Channel<int> running(1);
    Channel<int> may_end(1);
    WorkerPool pool({.name = "gentle", .threads = 1, .queue_max = 8});
    auto first = pool.submit([&] { return stubborn(running, may_end); });
    auto second = pool.submit([] { return 2; });
    int ignored = 0;
    running.pop(ignored);  // the first one runs, the second one waits behind it
    may_end.close();
    pool.drain();
    print("running at drain:", std::move(*first).wait());
    print("waiting at drain:", std::move(*second).wait());
}

void cancel_then() {
    Channel<int> running(1);
    WorkerPool pool({.name = "firm", .threads = 1, .queue_max = 8});
    auto first = pool.submit([&](const CancelToken& cancel) { return obedient(running, cancel); });
    auto second = pool.submit([] { return 2; });
    int ignored = 0;
    running.pop(ignored);
    pool.cancel({sluice::Code::cancelled, "the server stops"});
    print("running at cancel:", std::move(*first).wait());
    print("waiting at cancel:", std::move(*second).wait());
    // ~WorkerPool joins. Nothing is left: no thread, no task without an answer.
}

}  // namespace

int main() {
    drain_first();
    cancel_then();
    return 0;
}
