// SPDX-License-Identifier: Apache-2.0
// The lock-order checker: what it must report, what it must not, and that reports can be read.
#include "kernel/sync/lock_order.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/thread.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <new>
#include <string>
#include <vector>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
// The thread sanitizer has a checker of its own, which would report what these tests do on purpose.
// NOLINTNEXTLINE(bugprone-reserved-identifier, readability-identifier-naming): theirs.
extern "C" const char* __tsan_default_options() { return "detect_deadlocks=0"; }
#endif
#endif

namespace sluice {
namespace {

#if SLUICE_SYNC_CHECKS

/// Collects reports instead of aborting. Reports come on the thread at fault; tests join it first.
class Reports {
public:
    Reports() {
        found().clear();
        before_ = lock_order::set_handler(
            [](const lock_order::Report& report) { found().push_back(report); });
    }
    ~Reports() { lock_order::set_handler(before_); }
    Reports(const Reports&) = delete;
    Reports& operator=(const Reports&) = delete;

    static std::vector<lock_order::Report>& found() {
        static std::vector<lock_order::Report> list;
        return list;
    }

private:
    lock_order::Handler before_;
};

[[gnu::noinline]] void take_both(Mutex& first, Mutex& second) {
    MutexLock outer(first);
    MutexLock inner(second);
}

[[gnu::noinline]] void pay_then_ship(Mutex& payments, Mutex& shipments) {
    MutexLock outer(payments);
    MutexLock inner(shipments);
}
[[gnu::noinline]] void ship_then_pay(Mutex& payments, Mutex& shipments) {
    MutexLock outer(shipments);
    MutexLock inner(payments);
}

TEST(LockOrder, InversionOfTwoIsReportedWithBothStacksAndNames) {
    const Reports reports;
    Mutex payments("payments");
    Mutex shipments("shipments");
    Thread("payer", [&] { pay_then_ship(payments, shipments); }).join();
    EXPECT_TRUE(Reports::found().empty());
    Thread("shipper", [&] { ship_then_pay(payments, shipments); }).join();
    ASSERT_EQ(Reports::found().size(), 1U);
    const lock_order::Report& report = Reports::found()[0];
    EXPECT_EQ(report.fault, lock_order::Fault::cycle);
    for (const char* words : {"thread shipper takes \"payments\"", "while it holds \"shipments\"",
                              "thread payer took \"payments\"", "pay_then_ship(", "ship_then_pay("})
        EXPECT_NE(report.text.find(words), std::string::npos) << words << " in\n" << report.text;
}

TEST(LockOrder, CircleOfThreeIsReported) {
    const Reports reports;
    Mutex a("a");
    Mutex b("b");
    Mutex c("c");
    Thread("first", [&] { take_both(a, b); }).join();
    Thread("second", [&] { take_both(b, c); }).join();
    EXPECT_TRUE(Reports::found().empty());
    Thread("third", [&] { take_both(c, a); }).join();
    ASSERT_EQ(Reports::found().size(), 1U);
    const std::string& text = Reports::found()[0].text;
    for (const char* words : {"thread third takes \"a\"", "thread first took \"a\"",
                              "thread second took \"b\"", "then took \"c\""})
        EXPECT_NE(text.find(words), std::string::npos) << words << " in\n" << text;
}

TEST(LockOrder, OneOrderInManyThreadsIsFine) {
    const Reports reports;
    Mutex a("a");
    Mutex b("b");
    Mutex c("c");
    std::vector<Thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back("orderly", [&] {
            for (int round = 0; round < 200; ++round) {
                MutexLock outer(a);
                if (round % 2 == 0) {
                    take_both(b, c);
                } else {
                    MutexLock inner(c);
                }
            }
        });
    }
    threads.clear();
    EXPECT_TRUE(Reports::found().empty());
}

TEST(LockOrder, OrderIsRememberedPastTheThreadThatMadeIt) {
    const Reports reports;
    Mutex a("a");
    Mutex b("b");
    for (int i = 0; i < 20; ++i) Thread("mortal", [&] { take_both(a, b); }).join();
    Thread("late", [&] { take_both(b, a); }).join();
    EXPECT_EQ(Reports::found().size(), 1U);
}

TEST(LockOrder, DestroyedLocksAreForgottenAndTheirAddressesMeanNothing) {
    const Reports reports;
    const lock_order::Size before = lock_order::size();
    Mutex lasting("lasting");
    // Each round builds a lock at the same address; the order changes with the round.
    alignas(Mutex) std::array<std::byte, sizeof(Mutex)> place;
    for (int round = 0; round < 10; ++round) {
        auto* brief = new (place.data()) Mutex("brief");
        if (round % 2 == 0) {
            take_both(lasting, *brief);
        } else {
            take_both(*brief, lasting);
        }
        EXPECT_GT(lock_order::size().orders, before.orders);
        brief->~Mutex();
        EXPECT_EQ(lock_order::size().orders, before.orders);
    }
    EXPECT_TRUE(Reports::found().empty());
}

TEST(LockOrder, TryIsNotJudgedButWhatIsTakenUnderItIs) {
    const Reports reports;
    Mutex a("a");
    Mutex b("b");
    Mutex c("c");
    take_both(a, b);
    {
        MutexLock outer(b);
        if (a.try_lock()) {      // the other way round, but a try cannot block
            MutexLock inner(c);  // order a -> c
            a.unlock();
        } else {
            ADD_FAILURE();
        }
    }
    EXPECT_TRUE(Reports::found().empty());
    take_both(c, a);
    EXPECT_EQ(Reports::found().size(), 1U);
}

TEST(LockOrder, WaitOnAConditionTakesItsLockAgainUnderWhatIsHeld) {
    const Reports reports;
    Mutex queue("queue");
    Mutex other("other");
    CondVar never;
    MutexLock outer(queue);
    MutexLock inner(other);
    never.wait_until(queue, Instant::min());  // queue is taken again while other is held
    ASSERT_EQ(Reports::found().size(), 1U);
    EXPECT_EQ(Reports::found()[0].fault, lock_order::Fault::cycle);
}

TEST(LockOrder, LocksMayBeGivenBackInAnyOrder) {
    const Reports reports;
    Mutex a;
    Mutex b;
    a.lock();
    b.lock();
    a.unlock();
    b.unlock();
    take_both(b, a);  // b was never taken after a was let go … but a -> b is an order
    EXPECT_EQ(Reports::found().size(), 1U);
}

TEST(LockOrder, NeverNestedLocksCostNoPlaceInTheGraph) {
    const lock_order::Size before = lock_order::size();
    const auto locks = std::make_unique<std::array<Mutex, 100>>();
    for (Mutex& mutex : *locks) MutexLock{mutex};
    EXPECT_EQ(lock_order::size().locks, before.locks);
}

/// What the analysis would refuse, done in spite of it.
void destroy_while_held() SLUICE_NO_THREAD_SAFETY_ANALYSIS {
    auto mutex = std::make_unique<Mutex>(SiteName("short-lived"));
    mutex->lock();
    mutex.reset();
}

// Deadlocks for real if the report does not stop it: in processes of their own.
TEST(LockOrderDeathTest, TakingAHeldLockAgainStopsTheProcess) {
    EXPECT_DEATH(
        {
            Mutex mutex("counter");
            take_both(mutex, mutex);
        },
        "takes it again");
}

TEST(LockOrderDeathTest, InversionStopsTheProcess) {
    EXPECT_DEATH(
        {
            Mutex a("alpha");
            Mutex b("beta");
            take_both(a, b);
            take_both(b, a);
        },
        "possible deadlock: thread .* takes \"alpha\"");
}

TEST(LockOrderDeathTest, DestroyingAHeldLockStopsTheProcess) {
    EXPECT_DEATH(destroy_while_held(), "destroyed by the thread that holds it");
}

#else

TEST(LockOrder, CostsNothingOutsideDebugBuilds) {
    // The futex word with its padding, and the name.
    static_assert(sizeof(Mutex) == 2 * sizeof(void*));
    EXPECT_EQ(lock_order::size().locks, 0U);
}

#endif

}  // namespace
}  // namespace sluice
