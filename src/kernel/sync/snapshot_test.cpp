// SPDX-License-Identifier: Apache-2.0
// Snapshot: readers see whole versions, in order, and no version dies under its reader.
#include "kernel/sync/snapshot.h"

#include "kernel/sync/channel.h"
#include "kernel/sync/thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

namespace sluice {
namespace {

/// Counts its instances, and is of one piece: both halves are equal.
struct Version {
    explicit Version(int n, std::atomic<int>* count) : low(n), alive(count), high(n) {
        if (alive != nullptr) ++*alive;
    }
    Version(Version&& other) noexcept : Version(other.low, other.alive) {}
    Version(const Version&) = delete;
    Version& operator=(const Version&) = delete;
    ~Version() {
        if (alive != nullptr) --*alive;
        low = high = -1;
    }
    int low;
    std::atomic<int>* alive;
    int high;
};

TEST(Snapshot, ReadsTheLatestAndKeepsWhatIsBeingRead) {
    Snapshot<std::string> cell("one");
    {
        const auto old = cell.read();
        cell.store("two");
        EXPECT_EQ(*old, "one");
        EXPECT_EQ(*cell.read(), "two");
        EXPECT_EQ(cell.replaced_kept(), 1u);
        EXPECT_EQ(old->size(), 3u);
    }
    cell.store("three");
    EXPECT_EQ(cell.replaced_kept(), 0u);
}

TEST(Snapshot, DestroysEveryVersionOnce) {
    std::atomic<int> alive{0};
    {
        Snapshot<Version> cell(Version(0, &alive), 4);
        for (int i = 1; i < 100; ++i) cell.store(Version(i, &alive));
        EXPECT_EQ(alive.load(), 1);
        const auto one = cell.read();
        const auto two = cell.read();
        cell.store(Version(100, &alive));
        EXPECT_EQ(one->low, 99);
        EXPECT_EQ(two->low, 99);
        EXPECT_EQ(alive.load(), 2);
    }
    EXPECT_EQ(alive.load(), 0);
}

TEST(Snapshot, WaitsForASlotWhenAllAreTaken) {
    Snapshot<int> cell(1, 1);
    Channel<int> seen(1);
    Thread reader;
    {
        const auto only = cell.read();
        reader = Thread("reader", [&] { seen.push(int{*cell.read()}); });
        EXPECT_EQ(seen.counters().depth, 0u);
    }
    int out = 0;
    EXPECT_EQ(seen.pop(out), ChannelStatus::ok);
    EXPECT_EQ(out, 1);
    reader.join();
}

TEST(Snapshot, ReadersSeeWholeVersionsInOrderWhileWritersReplaceThem) {
    std::atomic<int> alive{0};
    {
        Snapshot<Version> cell(Version(0, &alive), 4);
        std::atomic<bool> stop{false};
        std::vector<Thread> readers;
        for (int r = 0; r < 3; ++r) {
            readers.emplace_back("reader", [&] {
                int last = 0;
                while (!stop) {
                    const auto reading = cell.read();
                    ASSERT_EQ(reading->low, reading->high);
                    ASSERT_GE(reading->low, last);
                    last = reading->low;
                }
            });
        }
        for (int i = 1; i <= 5'000; ++i) {
            cell.store(Version(i, &alive));
            ASSERT_LE(cell.replaced_kept(), 4u);
        }
        stop = true;
        readers.clear();
        EXPECT_EQ(cell.read()->low, 5'000);
    }
    EXPECT_EQ(alive.load(), 0);
}

}  // namespace
}  // namespace sluice
