// SPDX-License-Identifier: Apache-2.0
// Rate limit or concurrency limit: so many per second protects who is asked often; so many at once
// protects who is asked long. Slow calls pass a rate limit and still pile up; quick calls pass a
// concurrency limit and still come a million times a second.
#include "kernel/algo/token_bucket.h"
#include "kernel/sync/semaphore.h"
#include "kernel/sync/thread.h"
#include "kernel/sync/wait_group.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// Five a second, two at once: the times at which eight calls may begin. No clock and no sleep: the
/// bucket is pure, the time is handed in.
void by_rate() {
    sluice::TokenBucket<> bucket({.tokens = 5, .per = 1s, .burst = 2});
    sluice::Instant now{1s};
    std::printf("by rate:       ");
    for (int call = 0; call < 8; ++call) {
        sluice::TokensTaken taken = bucket.take(now);
        while (!taken.allowed) {
            now += taken.retry_after;
            taken = bucket.take(now);
        }
        const auto after =
            std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch() - 1s);
        std::printf(" %lld", static_cast<long long>(after.count()));
    }
    std::printf(" ms\n");
}

/// Eight threads, three permits: however long each call takes, never more than three at once.
void by_number() {
    sluice::Semaphore permits(3, "calls");
    sluice::WaitGroup three_inside;
    three_inside.add(3);
    std::atomic<int> entered{0};
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    std::vector<sluice::Thread> callers;
    for (int i = 0; i < 8; ++i) {
        callers.emplace_back("caller-" + std::to_string(i), [&] {
            const auto permit = sluice::Permit::acquire(permits);
            if (!permit) return;
            const int now = ++inside;
            int seen = most;
            while (seen < now && !most.compare_exchange_weak(seen, now)) {
            }
            // The first three leave together, so that the example shows the limit being reached.
            if (entered++ < 3) three_inside.done();
            three_inside.wait();
            --inside;
        });
    }
    callers.clear();  // joins
    std::printf("by number:      at most %d of 8 at once; %zu permits are back\n", most.load(),
                permits.counters().available);
}

/// Patience has an end, and a closed door wakes everybody.
void refusals() {
    sluice::Semaphore permits(0, "closed door");
    const auto late = permits.acquire(1, sluice::deadline_after(5ms));
    std::printf("no permit:      %s\n", late.error().text().c_str());
    sluice::Status woken;
    sluice::Thread waiter("waiter", [&] { woken = permits.acquire(); });
    permits.close();
    waiter.join();
    std::printf("closed:         %s\n", woken.error().text().c_str());
}

}  // namespace

int main() {
    by_rate();
    by_number();
    refusals();
    return 0;
}
