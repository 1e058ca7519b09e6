// SPDX-License-Identifier: Apache-2.0
// ObjectPool: its bounds, what it drops and why, and how waiting ends.
#include "kernel/sync/object_pool.h"

#include "kernel/sync/thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <vector>

namespace sluice {
namespace {

struct Connection {
    explicit Connection(int n, std::atomic<int>& count) : number(n), alive(count) { ++alive; }
    ~Connection() { --alive; }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    int number;
    bool healthy = true;
    std::atomic<int>& alive;
};

/// The clock that moves when it is told to; locks as usual.
struct ManualSync : StdSync {
    static inline std::atomic<Instant> time{Instant{Duration{0}}};
    static Instant now() { return time; }
};

template <class Pool>
struct Maker {
    std::atomic<int> made{0};
    std::atomic<int> alive{0};
    std::atomic<bool> fails{false};
    typename Pool::Create create() {
        return [this](Instant, const auto&) -> Result<std::unique_ptr<Connection>> {
            if (fails) return fail(Code::io, "refused");
            return std::make_unique<Connection>(++made, alive);
        };
    }
};

using Pool = ConnectionPool<Connection>;

TEST(ObjectPool, LendsTheLastThatCameBackAndMakesNoMoreThanItsSize) {
    Maker<Pool> maker;
    Pool pool({.size_max = 2}, maker.create());
    {
        auto first = pool.borrow().value();
        auto second = pool.borrow().value();
        EXPECT_EQ(pool.borrow(monotonic_now()).error().code, Code::timeout);
        EXPECT_EQ(pool.counters().lent, 2u);
        second.give_back();
        first.give_back();
    }
    EXPECT_EQ(pool.borrow().value()->number, 1);
    const ObjectPoolCounters counters = pool.counters();
    EXPECT_EQ(counters.created, 2u);
    EXPECT_EQ(counters.borrowed, 3u);
    EXPECT_EQ(counters.refused, 1u);
    EXPECT_EQ(counters.idle, 2u);
    EXPECT_EQ(counters.lent, 0u);
}

TEST(ObjectPool, FailedCreationFreesThePlace) {
    Maker<Pool> maker;
    Pool pool({.size_max = 1}, maker.create());
    maker.fails = true;
    EXPECT_EQ(pool.borrow().error().code, Code::io);
    maker.fails = false;
    EXPECT_TRUE(pool.borrow(monotonic_now()));
    EXPECT_EQ(pool.counters().create_failed, 1u);
}

TEST(ObjectPool, DropsTheUnhealthyTheDiscardedAndTheSurplus) {
    Maker<Pool> maker;
    Pool pool({.size_max = 3, .idle_max = 1}, maker.create(),
              [](Connection& connection) { return connection.healthy; });
    pool.borrow().value()->healthy = false;
    EXPECT_EQ(pool.borrow().value()->number, 2);
    EXPECT_EQ(pool.counters().unhealthy, 1u);
    pool.borrow().value().discard();
    EXPECT_EQ(maker.alive.load(), 0);
    EXPECT_EQ(pool.counters().unhealthy, 2u);
    {
        auto one = pool.borrow().value();
        auto two = pool.borrow().value();
    }
    EXPECT_EQ(pool.counters().surplus, 1u);
    EXPECT_EQ(maker.alive.load(), 1);
}

TEST(ObjectPool, DropsTheOldAndTheLongIdle) {
    using Timed = BasicObjectPool<Connection, ManualSync>;
    Maker<Timed> maker;
    Timed pool({.lifetime_max = 10s, .idle_time_max = 3s}, maker.create());
    const auto pass = [](Duration time) { ManualSync::time = ManualSync::now() + time; };
    pool.borrow().value().give_back();
    pass(2s);
    EXPECT_EQ(pool.borrow().value()->number, 1);
    pass(4s);
    EXPECT_EQ(pool.borrow().value()->number, 2);
    EXPECT_EQ(pool.counters().expired, 1u);
    {
        auto kept = pool.borrow().value();
        pass(11s);
    }
    EXPECT_EQ(pool.counters().idle, 0u);
    pool.borrow().value().give_back();
    EXPECT_EQ(pool.drop_stale(), 0u);
    pass(4s);
    EXPECT_EQ(pool.drop_stale(), 1u);
    EXPECT_EQ(maker.alive.load(), 0);
    EXPECT_EQ(pool.counters().expired, 3u);
}

TEST(ObjectPool, BorrowersAreServedInTheirOrder) {
    Maker<Pool> maker;
    Pool pool({.size_max = 1}, maker.create());
    std::vector<int> order;  // Written by the holder of the one object only.
    std::vector<Thread> borrowers;
    {
        auto only = pool.borrow().value();
        for (int i = 0; i < 3; ++i) {
            borrowers.emplace_back("borrower", [&, i] {
                auto loan = pool.borrow().value();
                order.push_back(i);
            });
            while (pool.counters().waiting < std::size_t(i) + 1) std::this_thread::yield();
        }
    }
    borrowers.clear();
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TEST(ObjectPool, WaitingEndsByCancelAndByClose) {
    Maker<Pool> maker;
    Pool pool({.size_max = 1}, maker.create());
    auto only = pool.borrow().value();
    const CancelSource source;
    Thread one("one", [&] {
        EXPECT_EQ(pool.borrow(no_deadline, source.token()).error().message, "stop");
    });
    source.cancel(Error{Code::cancelled, "stop"});
    one.join();
    Thread two("two", [&] { EXPECT_EQ(pool.borrow().error().code, Code::cancelled); });
    EXPECT_FALSE(pool.drain(monotonic_now()));
    two.join();
    Thread giver("giver", [&] { only.give_back(); });
    EXPECT_TRUE(pool.drain());
    EXPECT_EQ(maker.alive.load(), 0);
    EXPECT_EQ(pool.borrow().error().code, Code::cancelled);
}

TEST(ObjectPool, ManyBorrowersNeverShareAnObjectNorExceedTheSize) {
    constexpr int size = 3;
    Maker<Pool> maker;
    Pool pool({.size_max = size, .idle_max = 2}, maker.create());
    std::atomic<int> most{0};
    std::vector<Thread> borrowers;
    for (int t = 0; t < 5; ++t) {
        borrowers.emplace_back("borrower", [&, t] {
            for (int i = 0; i < 500; ++i) {
                auto loan = pool.borrow().value();
                ASSERT_TRUE(std::exchange(loan->healthy, false));
                int seen = most;
                const int now = maker.alive;
                while (now > seen && !most.compare_exchange_weak(seen, now)) {
                }
                loan->healthy = true;
                if ((i + t) % 50 == 0) loan.discard();
            }
        });
    }
    borrowers.clear();
    EXPECT_LE(most.load(), size);
    EXPECT_EQ(pool.counters().borrowed, 2'500u);
    EXPECT_EQ(pool.counters().lent, 0u);
}

}  // namespace
}  // namespace sluice
