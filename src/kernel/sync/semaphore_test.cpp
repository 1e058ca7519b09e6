// SPDX-License-Identifier: Apache-2.0
// Semaphore and Permit: counting, order of the line, and every way a wait ends.
#include "kernel/sync/semaphore.h"

#include "kernel/sync/channel.h"
#include "kernel/sync/thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace sluice {
namespace {

/// Returns when `count` threads stand in the line.
void await_line(const Semaphore& semaphore, std::size_t count) {
    while (semaphore.counters().waiting < count) std::this_thread::yield();
}

TEST(Semaphore, CountsAndRefuses) {
    Semaphore semaphore(3);
    EXPECT_TRUE(semaphore.try_acquire(2));
    EXPECT_FALSE(semaphore.try_acquire(2));
    EXPECT_TRUE(semaphore.acquire());
    EXPECT_EQ(semaphore.acquire(1, monotonic_now()).error().code, Code::timeout);
    semaphore.release(3);
    EXPECT_EQ(semaphore.counters().available, 3u);
    EXPECT_EQ(semaphore.counters().waits, 1u);
    EXPECT_EQ(semaphore.counters().refused, 1u);
}

TEST(Semaphore, ServesInTheOrderOfTheLineAndLetsNobodyOvertake) {
    Semaphore semaphore(0);
    Channel<int> served(8);
    std::vector<Thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back("waiter", [&, i] {
            // The first wants two: the one permit that comes first must not go to the others.
            EXPECT_TRUE(semaphore.acquire(i == 0 ? 2 : 1));
            served.push(int{i});
        });
        await_line(semaphore, std::size_t(i) + 1);
    }
    semaphore.release();
    EXPECT_FALSE(semaphore.try_acquire());
    EXPECT_EQ(semaphore.counters().waiting, 3u);
    semaphore.release();
    int first = -1;
    served.pop(first);
    EXPECT_EQ(first, 0);
    semaphore.release(2);
}

TEST(Semaphore, WhoLeavesTheLineLetsTheNextPass) {
    Semaphore semaphore(1);
    const CancelSource source;
    Thread large("large", [&] {
        EXPECT_EQ(semaphore.acquire(5, no_deadline, source.token()).error().message, "enough");
    });
    await_line(semaphore, 1);
    Thread small("small", [&] { EXPECT_TRUE(semaphore.acquire()); });
    await_line(semaphore, 2);
    source.cancel(Error{Code::cancelled, "enough"});
    small.join();
    EXPECT_EQ(semaphore.counters().available, 0u);
}

TEST(Semaphore, EndsAtTheTokensDeadlineAndWithACancelledToken) {
    Semaphore semaphore(0);
    const CancelSource timed(monotonic_now() + 1ms);
    EXPECT_EQ(semaphore.acquire(1, no_deadline, timed.token()).error().code, Code::timeout);
    const CancelSource cancelled;
    cancelled.cancel();
    EXPECT_EQ(semaphore.acquire(1, no_deadline, cancelled.token()).error().code, Code::cancelled);
    EXPECT_EQ(semaphore.counters().waiting, 0u);
}

TEST(Semaphore, CloseEndsTheWaits) {
    Semaphore semaphore(0);
    Thread waiter("waiter", [&] { EXPECT_EQ(semaphore.acquire().error().code, Code::cancelled); });
    await_line(semaphore, 1);
    semaphore.close();
    waiter.join();
    semaphore.release();
    EXPECT_EQ(semaphore.acquire().error().code, Code::cancelled);
}

TEST(Semaphore, NeverMoreThanItsPermitsAreHeld) {
    constexpr int permits = 2;
    Semaphore semaphore(permits);
    std::atomic<int> held{0};
    std::atomic<int> most{0};
    std::vector<Thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back("holder", [&] {
            for (int i = 0; i < 2'000; ++i) {
                Permit permit = Permit::acquire(semaphore).value();
                const int now = ++held;
                int seen = most;
                while (now > seen && !most.compare_exchange_weak(seen, now)) {
                }
                --held;
            }
        });
    }
    threads.clear();
    EXPECT_LE(most.load(), permits);
    EXPECT_EQ(semaphore.counters().available, std::size_t(permits));
}

TEST(Permit, IsGivenBackOnceAlsoAfterAMove) {
    Semaphore semaphore(1);
    {
        Permit first = Permit::acquire(semaphore).value();
        Permit second = std::move(first);
        EXPECT_FALSE(semaphore.try_acquire());
        first = std::move(second);
        first.release();
        EXPECT_EQ(semaphore.counters().available, 1u);
    }
    EXPECT_EQ(semaphore.counters().available, 1u);
    EXPECT_EQ(Permit::acquire(semaphore, 2, monotonic_now()).error().code, Code::timeout);
}

}  // namespace
}  // namespace sluice
