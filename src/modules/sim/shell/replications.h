// SPDX-License-Identifier: Apache-2.0
// run_replications: the same function for replications 0, 1, 2 …, on several threads. Which thread
// runs which one leaves no trace in the result.
#pragma once

#include "kernel/base/result.h"
#include "kernel/sync/cancel.h"
#include "kernel/sync/worker_pool.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

namespace sluice::sim {

/// How many replications, and by how many threads.
struct ReplicationOptions {
    std::uint64_t count = 30;
    std::uint64_t first = 0;  ///< Number of the first one.
    std::size_t threads = 0;  ///< 0: one for each processor.
};

/// Threads that `options` mean: at least 1, not more than replications.
inline std::size_t threads_of(const ReplicationOptions& options) {
    const std::size_t most = std::thread::hardware_concurrency();
    const std::size_t wanted = options.threads > 0 ? options.threads : most;
    const std::size_t useful = options.count < wanted ? options.count : wanted;
    return useful > 0 ? useful : 1;
}

/// The values of `function(replication)`, which returns T or Result<T>, in the order of
/// replications; `function` runs on several threads at once. Threads are named sim-run-0, … and
/// have ended when it returns. With one thread it runs on the caller's. Errors: that of the first
/// replication (by number) that failed; the token's reason.
template <class F>
auto run_replications(const ReplicationOptions& options, const F& function,
                      const CancelToken& cancel = {})
    -> Result<std::vector<typename detail::Unwrapped<decltype(function(std::uint64_t{}))>::type>> {
    using Value = typename detail::Unwrapped<decltype(function(std::uint64_t{}))>::type;
    std::vector<Value> values;
    values.reserve(options.count);
    const std::size_t threads = threads_of(options);
    const auto one = [&function, &cancel](std::uint64_t number) -> Result<Value> {
        SLUICE_TRY_STATUS(cancel.check());
        return function(number);
    };
    const std::uint64_t end = options.first + options.count;
    if (threads == 1) {
        for (std::uint64_t number = options.first; number < end; ++number) {
            SLUICE_TRY(Value value, one(number));
            values.push_back(std::move(value));
        }
        return values;
    }
    // Declared before the pool: its destructor joins the threads that write into them.
    std::deque<TaskHandle<Value>> running;
    WorkerPool pool({.name = "sim-run", .threads = threads, .queue_max = 2 * threads}, cancel);
    for (std::uint64_t number = options.first; number < end; ++number) {
        SLUICE_TRY(auto handle, pool.submit([&one, number] { return one(number); }));
        running.push_back(std::move(handle));
        if (running.size() < 4 * threads) continue;
        SLUICE_TRY(Value value, std::move(running.front()).wait());
        running.pop_front();
        values.push_back(std::move(value));
    }
    for (auto& handle : running) {
        SLUICE_TRY(Value value, std::move(handle).wait());
        values.push_back(std::move(value));
    }
    return values;
}

}  // namespace sluice::sim
