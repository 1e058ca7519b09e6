// SPDX-License-Identifier: Apache-2.0
// Object pool: connections are dear to make, so they are lent out and come back. The pool bounds
// how many there are, asks whether one still works before it lends it again, and lets the others
// wait in line.
#include "kernel/sync/object_pool.h"
#include "kernel/sync/thread.h"

#include <atomic>
#include <cstdio>
#include <vector>

using namespace std::chrono_literals;
using sluice::CancelToken;
using sluice::Instant;
using sluice::ObjectPool;
using sluice::Result;

namespace {

/// Stands for a connection to a database.
struct Connection {
    int number = 0;
    bool broken = false;
};

}  // namespace

int main() {
    std::atomic<int> made{0};
    ObjectPool<Connection> pool(
        {.size_max = 2, .idle_max = 2},
        [&](Instant, const CancelToken&) -> Result<std::unique_ptr<Connection>> {
            return std::make_unique<Connection>(Connection{++made});
        },
        [](const Connection& connection) { return !connection.broken; });

    {
        auto first = pool.borrow();
        auto second = pool.borrow();
        std::printf("lent:     connection %d and %d\n", (*first)->number, (*second)->number);
        const auto third = pool.borrow(sluice::deadline_after(5ms));
        std::printf("third:    %s\n", third ? "lent" : third.error().text().c_str());
        (*first)->broken = true;
    }  // both come back here

    {
        auto again = pool.borrow();  // one that works and is warm
        auto fresh = pool.borrow();  // the broken one is dropped, a new one takes its place
        std::printf("again:    connection %d and %d\n", (*again)->number, (*fresh)->number);
    }

    std::atomic<int> queries{0};
    std::vector<sluice::Thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back("client-" + std::to_string(i), [&] {
            for (int query = 0; query < 100; ++query) {
                if (auto connection = pool.borrow()) ++queries;
            }
        });
    }
    threads.clear();  // joins
    const sluice::ObjectPoolCounters counters = pool.counters();
    std::printf("queries:  %d over %llu connections, %llu of them dropped as broken\n",
                queries.load(), static_cast<unsigned long long>(counters.created),
                static_cast<unsigned long long>(counters.unhealthy));
    return 0;
}
