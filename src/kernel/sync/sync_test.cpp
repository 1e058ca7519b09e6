// SPDX-License-Identifier: Apache-2.0
// Clock, Mutex, CondVar, Role, Thread and CancelToken.
#include "kernel/sync/cancel.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/role.h"
#include "kernel/sync/thread.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice {
namespace {

TEST(Clock, MonotonicNeverGoesBackAndWallIsInThisCentury) {
    const Instant first = monotonic_now();
    const Instant second = monotonic_now();
    EXPECT_LE(first, second);
    EXPECT_GT(to_ns(wall_now()), 1'700'000'000'000'000'000);
}

TEST(Clock, DeadlineAfterDoesNotOverflow) {
    EXPECT_EQ(deadline_after(Duration::max()), no_deadline);
    const Instant before = monotonic_now();
    EXPECT_GE(deadline_after(-5s), before);
    EXPECT_GE(deadline_after(5s), before + 5s);
}

TEST(CondVar, WaitEndsAtTheDeadline) {
    Mutex mutex;
    CondVar never;
    MutexLock lock(mutex);
    const Instant deadline = monotonic_now() + 2ms;
    while (never.wait_until(mutex, deadline)) {
    }
    EXPECT_GE(monotonic_now(), deadline);
}

struct Guarded {
    Mutex mutex;
    CondVar changed;
    int value SLUICE_GUARDED_BY(mutex) = 0;
};

TEST(CondVar, WaiterIsWokenByAnotherThread) {
    Guarded shared;
    Thread thread("setter", [&] {
        MutexLock lock(shared.mutex);
        shared.value = 7;
        shared.changed.notify_all();
    });
    MutexLock lock(shared.mutex);
    while (shared.value == 0) shared.changed.wait(shared.mutex);
    EXPECT_EQ(shared.value, 7);
}

TEST(Thread, HasItsNameCutToFifteenBytesAndJoins) {
    std::string seen;
    {
        auto moved_in = std::make_unique<int>(1);
        Thread thread("a-name-that-is-too-long", [&seen, keep = std::move(moved_in)] {
            char name[16] = {};
            pthread_getname_np(pthread_self(), name, sizeof name);
            seen = name;
        });
    }
    EXPECT_EQ(seen, "a-name-that-is-");
}

TEST(Thread, AssignmentJoinsTheOldThread) {
    std::atomic<int> ended{0};
    Thread thread("one", [&] { ++ended; });
    thread = Thread("two", [&] { ++ended; });
    EXPECT_GE(ended.load(), 1);
    thread.join();
    EXPECT_EQ(ended.load(), 2);
    EXPECT_FALSE(thread.joinable());
}

TEST(Thread, ThatInterruptsNobodyChangesItselfOnly) {
    int after = -1;
    Thread thread("polite", [&] {
        interrupt_nobody();
        after = ::sched_getscheduler(0);
    });
    thread.join();
    EXPECT_EQ(after, SCHED_BATCH);
    EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER);
}

TEST(ThreadDeathTest, ExceptionInTheEntryIsNamedAndAborts) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(Thread("thrower", [] { throw std::runtime_error("boom"); }),
                 "thread thrower ended by an exception: boom");
}

struct Owned {
    Role owner;
    int value SLUICE_GUARDED_BY(owner) = 0;
    void add() SLUICE_REQUIRES(owner) { ++value; }
    int vouched() {
        owner.assert_held();
        add();
        return value;
    }
};

TEST(Role, OwnerTouchesItsStateAndMayHandItOn) {
    Owned owned;
    Thread("owner", [&] {
        const RoleScope scope(owned.owner);
        owned.add();
        EXPECT_EQ(owned.vouched(), 2);
    }).join();
    const RoleScope scope(owned.owner);
    EXPECT_EQ(owned.vouched(), 3);
}

#ifndef NDEBUG
TEST(RoleDeathTest, StrangerIsStopped) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(Owned{}.vouched(), "owner_");
}
#endif

TEST(Cancel, DefaultTokenIsNeverCancelled) {
    const CancelToken token;
    EXPECT_FALSE(token.is_cancelled());
    EXPECT_TRUE(token.check());
    EXPECT_EQ(token.deadline(), no_deadline);
    const CancelCallback registration = token.on_cancel([] { FAIL(); });
}

TEST(Cancel, GoesDownTheTreeWithItsReasonButNotUp) {
    const CancelSource root;
    const CancelSource left(root.token());
    const CancelSource right(root.token());
    const CancelSource leaf(left.token());
    EXPECT_TRUE(left.cancel(Error{Code::conflict, "left only"}));
    EXPECT_FALSE(left.cancel());
    EXPECT_TRUE(leaf.token().is_cancelled());
    EXPECT_EQ(leaf.token().check().error().message, "left only");
    EXPECT_FALSE(root.token().is_cancelled());
    EXPECT_FALSE(right.token().is_cancelled());
    root.cancel();
    EXPECT_EQ(right.token().check().error().code, Code::cancelled);
    EXPECT_EQ(leaf.token().check().error().code, Code::conflict);
    const CancelSource late(left.token());
    EXPECT_EQ(late.token().check().error().message, "left only");
}

TEST(Cancel, DeadlineIsTheEarliestAboveAndReadsAsTimeout) {
    const CancelSource root(monotonic_now() - 1ms);
    const CancelSource child(root.token(), monotonic_now() + 1h);
    EXPECT_EQ(child.token().deadline(), root.token().deadline());
    EXPECT_EQ(child.token().check().error().code, Code::timeout);
    EXPECT_TRUE(child.cancel(Error{Code::cancelled, "said"}));
    EXPECT_EQ(child.token().check().error().message, "said");
}

TEST(Cancel, CallbackRunsOnceAtOnceIfLateAndNotAfterRemoval) {
    const CancelSource source;
    int early = 0;
    int removed = 0;
    int late = 0;
    const CancelCallback keep = source.token().on_cancel([&] { ++early; });
    {
        const CancelCallback gone = source.token().on_cancel([&] { ++removed; });
    }
    source.cancel();
    const CancelCallback after = source.token().on_cancel([&] { ++late; });
    EXPECT_EQ(early, 1);
    EXPECT_EQ(removed, 0);
    EXPECT_EQ(late, 1);
}

TEST(Cancel, CallbackMayRemoveItself) {
    const CancelSource source;
    CancelCallback own;
    int runs = 0;
    own = source.token().on_cancel([&] {
        own.reset();
        ++runs;
    });
    source.cancel();
    EXPECT_EQ(runs, 1);
}

TEST(Cancel, RemovalNeverLeavesACallbackRunning) {
    // The flag dies right after its registration; a callback that still ran would be seen by ASan
    // or TSan.
    for (int round = 0; round < 500; ++round) {
        const CancelSource source;
        std::atomic<bool> go{false};
        Thread canceller("canceller", [&] {
            go.wait(false);
            source.cancel();
        });
        {
            auto flag = std::make_unique<int>(0);
            const CancelCallback registration = source.token().on_cancel([&] { *flag = 1; });
            go.store(true);
            go.notify_all();
        }
    }
}

TEST(Cancel, ChildrenComeAndGoWhileTheParentIsCancelled) {
    for (int round = 0; round < 50; ++round) {
        const CancelSource root;
        std::vector<Thread> threads;
        for (int i = 0; i < 3; ++i) {
            threads.emplace_back("child", [&] {
                while (!root.token().is_cancelled()) {
                    const CancelSource child(root.token());
                    const CancelSource grandchild(child.token());
                }
                const CancelSource child(root.token());
                EXPECT_TRUE(child.token().is_cancelled());
            });
        }
        root.cancel();
    }
}

}  // namespace
}  // namespace sluice
