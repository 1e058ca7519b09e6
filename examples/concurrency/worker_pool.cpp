// SPDX-License-Identifier: Apache-2.0
// Worker pool: blocking work on a few threads, results and failures handed back to the submitter.
#include "kernel/sync/worker_pool.h"

#include <cstdio>
#include <stdexcept>
#include <vector>

using sluice::Code;
using sluice::Error;
using sluice::Result;

namespace {

int count_primes(int below) {
    int count = 0;
    for (int n = 2; n < below; ++n) {
        bool prime = true;
        for (int d = 2; d * d <= n && prime; ++d) prime = n % d != 0;
        count += prime ? 1 : 0;
    }
    return count;
}

/// What a task may return: a value, a Result, nothing; and what it throws comes back as an error.
Result<int> count_primes_carefully(int below) {
    if (below < 0) return Error{Code::invalid, "a limit is not negative"};
    if (below > 50'000) throw std::runtime_error("that would take all day");
    return count_primes(below);
}

}  // namespace

int main() {
    sluice::WorkerPool pool({.name = "primes", .threads = 2, .queue_max = 16});

    const std::vector<int> limits = {10, 1'000, 20'000, -1, 90'000};
    std::vector<sluice::TaskHandle<int>> handles;
    for (const int limit : limits) {
        // Waits for room in the queue. try_submit() would answer "busy" instead.
        auto handle = pool.submit([limit] { return count_primes_carefully(limit); });
        if (handle) handles.push_back(std::move(*handle));
    }
    for (std::size_t i = 0; i < handles.size(); ++i) {
        const Result<int> primes = std::move(handles[i]).wait();
        if (primes) {
            std::printf("below %d: %d primes\n", limits[i], *primes);
        } else {
            std::printf("below %d: %s\n", limits[i], primes.error().text().c_str());
        }
    }
    pool.drain();  // nothing new; what waits is run; the threads end
    const auto late = pool.submit([] { return 0; });
    std::printf("after drain: %s\n", late ? "taken" : late.error().text().c_str());
    return 0;
}
