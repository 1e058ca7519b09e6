// SPDX-License-Identifier: Apache-2.0
#include "kernel/sync/wait_accounting.h"

#include "kernel/sync/channel.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>
#include <vector>

namespace sluice {
namespace {

/// The total of one site in one thread; none if nobody waited there.
std::optional<WaitTotal> total_of(std::string_view site, WaitKind kind, std::string_view thread) {
    for (const WaitTotal& total : wait_totals()) {
        if (total.site == site && total.kind == kind && total.thread == thread) return total;
    }
    return std::nullopt;
}

/// Until the named thread waits at the site.
void await_waiting(std::string_view thread, std::string_view site) {
    for (;;) {
        for (const ThreadNow& now : threads_now()) {
            if (now.name == thread && now.site == site) return;
        }
    }
}

TEST(WaitAccounting, ContendedLockIsCountedForTheThreadThatWaited) {
    Mutex mutex("test.contended");
    Thread waiter;
    {
        MutexLock lock(mutex);
        waiter = Thread("lock-waiter", [&] { const MutexLock inner(mutex); });
        await_waiting("lock-waiter", "test.contended");
    }
    waiter.join();
    const auto total = total_of("test.contended", WaitKind::lock, "lock-waiter");
    ASSERT_TRUE(total);
    EXPECT_EQ(total->waits, 1U);
    EXPECT_GT(total->total, Duration{0});
    EXPECT_EQ(total->total, total->longest);
}

TEST(WaitAccounting, FreeLockIsNotCounted) {
    Mutex mutex("test.free");
    for (int i = 0; i < 100; ++i) MutexLock{mutex};
    for (const WaitTotal& total : wait_totals()) EXPECT_NE(total.site, "test.free");
}

TEST(WaitAccounting, OnlyTheOuterOfTwoWaitsIsCounted) {
    Mutex mutex;
    CondVar never({"test.inner", WaitKind::condition});
    {
        const ScopedWait outer({"test.outer", WaitKind::pop});
        MutexLock lock(mutex);
        never.wait_until(mutex, Instant::min());
    }
    for (const WaitTotal& total : wait_totals()) EXPECT_NE(total.site, "test.inner");
    Thread("reader", [&] {
        MutexLock lock(mutex);
        never.wait_until(mutex, Instant::min());
    }).join();
    EXPECT_TRUE(total_of("test.inner", WaitKind::condition, "reader"));
}

TEST(WaitAccounting, ThreadsOfOneNameAndSitesOfOneTextAreSummed) {
    for (int i = 0; i < 3; ++i) {
        Thread("twin", [] {
            record_wait({"test.sum", WaitKind::push}, 2ms);
            record_wait({SiteName::interned("test.sum"), WaitKind::push}, 5ms);
        }).join();
    }
    const auto total = total_of("test.sum", WaitKind::push, "twin");
    ASSERT_TRUE(total);
    EXPECT_EQ(total->waits, 6U);
    EXPECT_EQ(total->total, 21ms);
    EXPECT_EQ(total->longest, 5ms);
}

TEST(WaitAccounting, TotalsComeLongestFirst) {
    record_wait({"test.short", WaitKind::lock}, 1s);
    record_wait({"test.long", WaitKind::lock}, 2s);
    const std::vector<WaitTotal> totals = wait_totals();
    for (std::size_t i = 1; i < totals.size(); ++i) {
        EXPECT_GE(totals[i - 1].total, totals[i].total);
    }
}

TEST(WaitAccounting, NamesMadeAtRunTimeAreKeptOnceAndBounded) {
    const std::string text = std::string("test.") + "interned";
    EXPECT_EQ(SiteName::interned(text).text(), SiteName::interned(text).text());
    EXPECT_EQ(std::string(SiteName::interned(std::string(100, 'x')).text()), std::string(47, 'x'));
    const char* last = nullptr;
    for (int i = 0; i < 300; ++i) {
        last = SiteName::interned("test.many." + std::to_string(i)).text();
    }
    EXPECT_STREQ(last, "other");
}

TEST(WaitAccounting, ChannelCountsWaitsForRoomAndForItems) {
    Channel<int> channel(1, "test.channel");
    Thread popper("channel-popper", [&] {
        int item = 0;
        channel.pop(item);
    });
    await_waiting("channel-popper", "test.channel");
    channel.push(1);
    popper.join();
    channel.push(2);
    Thread pusher("channel-pusher", [&] { channel.push(3); });
    await_waiting("channel-pusher", "test.channel");
    int item = 0;
    channel.pop(item);
    pusher.join();
    EXPECT_TRUE(total_of("test.channel", WaitKind::pop, "channel-popper"));
    EXPECT_TRUE(total_of("test.channel", WaitKind::push, "channel-pusher"));
}

TEST(WaitAccounting, ManyThreadsLoseNoWait) {
    constexpr std::uint64_t rounds = 2000;
    std::vector<Thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back("counter-" + std::to_string(i % 2), [] {
            for (std::uint64_t round = 0; round < rounds; ++round) {
                record_wait({"test.count", WaitKind::lock}, 1us);
            }
        });
    }
    threads.clear();
    for (const char* thread : {"counter-0", "counter-1"}) {
        const auto total = total_of("test.count", WaitKind::lock, thread);
        ASSERT_TRUE(total);
        EXPECT_EQ(total->waits, 2 * rounds);
        EXPECT_EQ(total->total, 2 * rounds * 1us);
    }
}

TEST(WaitAccounting, WaitsOfAThreadThatRunsAreSeenOnce) {
    Channel<int> stop(1, "test.stop");
    Channel<int> counted(1);
    Thread thread("still-there", [&] {
        for (int i = 0; i < 3; ++i) record_wait({"test.running", WaitKind::lock}, 2us);
        int item = 0;
        counted.push(1);
        stop.pop(item);
    });
    int item = 0;
    counted.pop(item);
    for (const bool running : {true, false}) {
        const auto total = total_of("test.running", WaitKind::lock, "still-there");
        ASSERT_TRUE(total);
        EXPECT_EQ(total->waits, 3U);
        EXPECT_EQ(total->total, 6us);
        EXPECT_EQ(total->longest, 2us);
        if (!running) break;
        stop.close();
        thread.join();
    }
}

TEST(WaitAccounting, MoreSitesThanAThreadRemembersLoseNothing) {
    static constexpr SiteName names[] = {"test.walk.a", "test.walk.b", "test.walk.c", "test.walk.d",
                                         "test.walk.e"};
    static constexpr WaitKind kinds[] = {WaitKind::lock, WaitKind::push, WaitKind::pop,
                                         WaitKind::permit};
    Thread("wanderer", [] {
        for (int round = 0; round < 50; ++round) {
            for (const SiteName name : names) {
                for (const WaitKind kind : kinds) record_wait({name, kind}, 1us);
            }
        }
    }).join();
    for (const SiteName name : names) {
        for (const WaitKind kind : kinds) {
            const auto total = total_of(name.text(), kind, "wanderer");
            ASSERT_TRUE(total) << name.text();
            EXPECT_EQ(total->waits, 50U);
            EXPECT_EQ(total->total, 50us);
        }
    }
}

// What a thread waits for while its thread-local objects are destroyed.
TEST(WaitAccounting, AThreadMayWaitWhileItEnds) {
    struct Late {
        ~Late() { record_wait({"test.late", WaitKind::lock}, 3us); }
        bool used = false;
    };
    Thread("ender", [] {
        thread_local Late late;
        late.used = true;
        record_wait({"test.early", WaitKind::lock}, 1us);
    }).join();
    EXPECT_EQ(total_of("test.early", WaitKind::lock, "ender")->waits, 1U);
    const auto total = total_of("test.late", WaitKind::lock, "ender");
    ASSERT_TRUE(total);
    EXPECT_EQ(total->total, 3us);
}

// Last: it fills the table for the rest of the process.
TEST(WaitAccountingLast, FullTableCountsTheRestAsOther) {
    for (int i = 0; i < 5; ++i) {
        Thread("filler-" + std::to_string(i), [] {
            static std::vector<std::string>& texts = *new std::vector<std::string>(260);
            for (std::size_t n = 0; n < texts.size(); ++n) {
                const SiteName site = SiteName::interned("test.many." + std::to_string(n));
                record_wait({site, WaitKind::permit}, 1ns);
                record_wait({site, WaitKind::result}, 1ns);
            }
        }).join();
    }
    EXPECT_TRUE(total_of("other", WaitKind::condition, "other"));
    EXPECT_LE(wait_totals().size(), 1024U);
}

}  // namespace
}  // namespace sluice
