// SPDX-License-Identifier: Apache-2.0
// The primitives alone and between real threads. All their interleavings are tests/interleave's
// business.
#include "kernel/sync/clock.h"
#include "kernel/sync/primitives/cond_var.h"
#include "kernel/sync/primitives/mutex.h"
#include "kernel/sync/primitives/rw_mutex.h"
#include "kernel/sync/primitives/semaphore.h"
#include "kernel/sync/primitives/spin_then_park.h"
#include "kernel/sync/thread.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

namespace sluice::primitives {
namespace {

/// Runs `body(i)` on `count` threads and waits for their end.
template <class Body>
void on_threads(int count, Body body) {
    std::vector<Thread> threads;
    for (int i = 0; i < count; ++i) threads.emplace_back("test", [i, &body] { body(i); });
}

TEST(PrimitiveMutex, LetsOneInAtATime) {
    Mutex<> mutex;
    int inside = 0, sum = 0;
    on_threads(4, [&](int) {
        for (int i = 0; i < 5'000; ++i) {
            const LockGuard guard(mutex);
            EXPECT_EQ(++inside, 1);
            ++sum;
            --inside;
        }
    });
    EXPECT_EQ(sum, 20'000);
}

/// Whether the lock could be had; it is given back at once.
template <class Lock>
bool can_lock(Lock& lock) {
    if (!lock.try_lock()) return false;
    lock.unlock();
    return true;
}
template <class Lock>
bool can_lock_shared(Lock& lock) {
    if (!lock.try_lock_shared()) return false;
    lock.unlock_shared();
    return true;
}

TEST(PrimitiveMutex, RefusesATryWhileHeld) {
    Mutex<> mutex;
    EXPECT_TRUE(can_lock(mutex));
    {
        const LockGuard guard(mutex);
        on_threads(1, [&](int) { EXPECT_FALSE(can_lock(mutex)); });
    }
    EXPECT_TRUE(can_lock(mutex));
}

TEST(PrimitiveRwMutex, LetsReadersInTogether) {
    RwMutex<> mutex;
    Semaphore<> inside(0), leave(0);
    std::vector<Thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back("reader", [&] {
            const SharedGuard guard(mutex);
            inside.release();
            leave.acquire();
        });
    }
    // Would wait for ever if one reader kept out the others.
    for (int i = 0; i < 3; ++i) inside.acquire();
    EXPECT_FALSE(can_lock(mutex));
    leave.release(3);
}

TEST(PrimitiveRwMutex, KeepsEverybodyOutWhileWriting) {
    RwMutex<> mutex;
    int a = 0, b = 0;
    on_threads(4, [&](int thread) {
        for (int i = 0; i < 3'000; ++i) {
            if ((i + thread) % 3 == 0) {
                const LockGuard guard(mutex);
                ++a;
                ++b;
            } else {
                const SharedGuard guard(mutex);
                EXPECT_EQ(a, b);
            }
        }
    });
    EXPECT_EQ(a, 4'000);
}

TEST(PrimitiveRwMutex, AnswersTries) {
    RwMutex<> mutex;
    EXPECT_TRUE(can_lock(mutex));
    EXPECT_TRUE(can_lock_shared(mutex));
    {
        const LockGuard guard(mutex);
        on_threads(1, [&](int) {
            EXPECT_FALSE(can_lock(mutex));
            EXPECT_FALSE(can_lock_shared(mutex));
        });
    }
    {
        const SharedGuard guard(mutex);
        on_threads(1, [&](int) {
            EXPECT_FALSE(can_lock(mutex));
            EXPECT_TRUE(can_lock_shared(mutex));
        });
    }
    // A refused try has passed its turn on.
    EXPECT_TRUE(can_lock(mutex));
}

TEST(PrimitiveCondVar, HandsOverEveryItem) {
    Mutex<> mutex;
    CondVar<> there, room;
    constexpr int count = 5'000, most = 3;
    int waiting = 0, taken = 0;
    on_threads(4, [&](int thread) {
        for (int i = 0; i < count; ++i) {
            const LockGuard guard(mutex);
            if (thread % 2 == 0) {
                while (waiting == most) room.wait(mutex);
                ++waiting;
                there.notify_one();
            } else {
                while (waiting == 0) there.wait(mutex);
                --waiting;
                ++taken;
                room.notify_one();
            }
        }
    });
    EXPECT_EQ(taken, 2 * count);
    EXPECT_EQ(waiting, 0);
}

TEST(PrimitiveCondVar, NotifyAllWakesEverybody) {
    Mutex<> mutex;
    CondVar<> opened;
    Semaphore<> ready(0);
    bool open = false;
    std::vector<Thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back("test", [&] {
            const LockGuard guard(mutex);
            ready.release();
            while (!open) opened.wait(mutex);
        });
    }
    for (int i = 0; i < 3; ++i) ready.acquire();
    {
        const LockGuard guard(mutex);
        open = true;
    }
    opened.notify_all();
}

TEST(PrimitiveCondVar, SaysWhenTheDeadlineHasPassed) {
    Mutex<> mutex;
    CondVar<> never;
    const LockGuard guard(mutex);
    EXPECT_FALSE(never.wait_until(mutex, monotonic_now() - 1s));
    EXPECT_FALSE(never.wait_until(mutex, Instant{Duration{-5}}));
    const Instant until = monotonic_now() + 5ms;
    while (never.wait_until(mutex, until)) {
    }
    EXPECT_GE(monotonic_now(), until);
}

TEST(PrimitiveSemaphore, LetsInAsManyAsThereArePermits) {
    Semaphore<> permits(2);
    std::atomic<int> inside{0}, most{0};
    on_threads(4, [&](int) {
        for (int i = 0; i < 3'000; ++i) {
            permits.acquire();
            const int now = inside.fetch_add(1) + 1;
            int seen = most.load();
            while (now > seen && !most.compare_exchange_weak(seen, now)) {
            }
            inside.fetch_sub(1);
            permits.release();
        }
    });
    EXPECT_LE(most.load(), 2);
    EXPECT_EQ(permits.available(), 2u);
}

TEST(PrimitiveSemaphore, SaysWhenTheDeadlineHasPassed) {
    Semaphore<> permits(0);
    EXPECT_FALSE(permits.try_acquire());
    EXPECT_FALSE(permits.acquire_until(monotonic_now() + 5ms));
    permits.release(2);
    EXPECT_TRUE(permits.acquire_until(monotonic_now() - 1s));
    EXPECT_TRUE(permits.try_acquire());
    EXPECT_FALSE(permits.try_acquire());
}

TEST(PrimitiveSemaphore, MayBeDestroyedByTheOneItHasWoken) {
    for (int i = 0; i < 300; ++i) {
        auto done = std::make_unique<Semaphore<>>(0u);
        Thread releaser("releaser", [waited = done.get()] { waited->release(); });
        done->acquire();
        done.reset();
    }
}

TEST(SpinThenPark, PassesASignalBackAndForth) {
    SpinThenPark<> ping, pong;
    int ball = 0;
    on_threads(2, [&](int thread) {
        for (int i = 0; i < 3'000; ++i) {
            if (thread == 0) {
                ++ball;
                ping.notify();
                pong.wait();
                EXPECT_EQ(ball, 2 * i + 2);
            } else {
                ping.wait();
                ++ball;
                pong.notify();
            }
        }
    });
    EXPECT_EQ(ball, 6'000);
}

TEST(SpinThenPark, KeepsASignalThatCameBeforeTheWait) {
    SpinThenPark<> signal;
    signal.notify();
    signal.notify();
    EXPECT_TRUE(signal.wait_until(monotonic_now() - 1s));
    EXPECT_FALSE(signal.wait_until(monotonic_now() - 1s));
    EXPECT_FALSE(signal.wait_until(monotonic_now() + 2ms));
    signal.notify();
    EXPECT_TRUE(signal.wait_until(monotonic_now()));
}

}  // namespace
}  // namespace sluice::primitives
