// SPDX-License-Identifier: Apache-2.0
// What RocksStore does with its memory; durability is proved in tests/conformance.
#include "kernel/store/rocks_store.h"

#include "kernel/base/random.h"
#include "kernel/store/rocks_env.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>
#include <support/scratch_disk.h>
#include <support/scratch_folder.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>

namespace sluice {
namespace {

class RocksStoreTest : public testing::Test {
protected:
    RocksStoreTest() {
        auto opened = RocksStore::open({.folder = folder_ / "store"});
        EXPECT_TRUE(opened) << opened.error().text();
        store_ = std::move(opened).value();
    }
    void put(std::size_t bytes) {
        rocksdb::WriteBatch batch;
        ASSERT_TRUE(batch.Put("row" + std::to_string(rows_++), std::string(bytes, 'x')).ok());
        const Status written = store_->write(batch);
        ASSERT_TRUE(written) << written.error().text();
    }
    void rest(int times) {
        for (int i = 0; i < times; ++i) {
            const Status rested = store_->rest();
            ASSERT_TRUE(rested) << rested.error().text();
        }
    }
    /// Of what can still be written to, so a flush under way does not count.
    [[nodiscard]] std::uint64_t in_memory() {
        std::uint64_t used = 0;
        EXPECT_TRUE(
            store_->db().GetIntProperty(rocksdb::DB::Properties::kCurSizeActiveMemTable, &used));
        return used;
    }

    ScratchFolder folder_;
    std::unique_ptr<RocksStore> store_;
    std::uint64_t rows_ = 0;
};

constexpr std::size_t megabyte = 1'000'000;

TEST_F(RocksStoreTest, AtRestMakesAFileOfWhatIsInMemory) {
    for (int i = 0; i < 6; ++i) put(megabyte);
    ASSERT_GT(in_memory(), 6 * megabyte);
    rest(5);  // the first one hears of the writes
    EXPECT_GT(in_memory(), 6 * megabyte);
    put(1);  // a little work is rest, too
    rest(1);
    EXPECT_LT(in_memory(), 3 * megabyte);
    ASSERT_TRUE(store_->reopen());
    std::string value;
    ASSERT_TRUE(store_->db().Get({}, "row0", &value).ok());
    EXPECT_EQ(value.size(), megabyte);
    ASSERT_TRUE(store_->db().Get({}, "row6", &value).ok());
}

TEST_F(RocksStoreTest, WhileWritingGoesOnItIsNotAtRest) {
    for (int i = 0; i < 20; ++i) {
        put(megabyte / 2);
        rest(1);
    }
    EXPECT_GT(in_memory(), 10 * megabyte);
}

TEST_F(RocksStoreTest, LittleInMemoryIsNotWorthAFile) {
    put(megabyte);
    rest(20);
    EXPECT_GT(in_memory(), megabyte);
}

TEST_F(RocksStoreTest, RestOfAClosedStoreIsAnError) {
    ASSERT_TRUE(store_->close());
    EXPECT_FALSE(store_->rest());
}

/// RocksDB goes on to another log by itself once a memtable is full, whether or not the end of the
/// old one is synced. A power cut then might keep what is behind a gap.
TEST_F(RocksStoreTest, NoLogIsLeftBeforeItsEndIsSynced) {
    const auto faults = std::make_shared<FaultInjector>();
    auto opened = RocksStore::open({.folder = folder_ / "small",
                                    .memtable = mib(1),
                                    .memtables_max = 8,
                                    .faults = std::make_shared<RocksFaultEnv>(faults)});
    ASSERT_TRUE(opened) << opened.error().text();
    store_ = std::move(opened).value();
    ASSERT_TRUE(store_->db().DisableFileDeletions().ok());  // of logs that are in tables
    std::set<std::string> logs;
    const auto look = [&](const std::string& after) {
        logs.clear();
        for (const auto& file : std::filesystem::directory_iterator(folder_ / "small")) {
            if (file.path().extension() == ".log") logs.insert(file.path().string());
        }
        const auto synced = faults->synced();
        for (auto log = logs.begin(); log != std::prev(logs.end()); ++log) {
            const auto known = synced.find(*log);
            ASSERT_TRUE(known != synced.end()) << *log << " was never synced, after " << after;
            ASSERT_EQ(known->second, std::filesystem::file_size(*log)) << *log << ' ' << after;
        }
    };
    Random random(7);
    for (int i = 0; i < 100; ++i) {
        const std::size_t row = std::array{0U, 20U, 16'000U}[random.below(3)];
        const std::size_t bytes = std::size_t{1} << (4 + random.below(18));  // up to 2 MiB
        const std::size_t rows = 1 + bytes / (row + 12);
        rocksdb::WriteBatch batch;
        for (std::size_t n = 0; n < rows; ++n) {
            const std::string key = "row" + std::to_string(rows_++);
            ASSERT_TRUE(batch.Put(key, std::string(row, 'x')).ok());
        }
        const Status written = store_->write(batch);
        ASSERT_TRUE(written) << written.error().text();
        look(std::to_string(rows) + " rows of " + std::to_string(row) + " bytes");
        if (HasFatalFailure()) return;
    }
    EXPECT_GT(logs.size(), 5U);
}

TEST_F(RocksStoreTest, PlaceWhereNoCopyCanBeMadeIsNoDamage) {
    const Status made = store_->checkpoint("/proc/copy");
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Code::io);
    EXPECT_NE(made.error().message.find("to /proc/copy"), std::string::npos) << made.error().text();
    EXPECT_TRUE(store_->checkpoint(folder_ / "copy"));
}

TEST_F(RocksStoreTest, WhatMayNotBeReplayedIsGoneWithAllBehindItForGood) {
    // Without spare logs, which come and go by themselves, also while the folder is copied.
    auto opened = RocksStore::open({.folder = folder_ / "living", .spare_logs = false});
    ASSERT_TRUE(opened) << opened.error().text();
    store_ = std::move(opened).value();
    for (int i = 0; i < 5; ++i) put(10);
    ASSERT_TRUE(store_->sync());
    // As a process leaves it that was killed: everything is in the log.
    std::filesystem::copy(folder_ / "living", folder_ / "killed",
                          std::filesystem::copy_options::recursive);
    const auto rows = [&](std::function<bool(const rocksdb::WriteBatch&)> may_replay) {
        auto store =
            RocksStore::open({.folder = folder_ / "killed", .may_replay = std::move(may_replay)});
        EXPECT_TRUE(store) << store.error().text();
        std::string found, value;
        for (int i = 0; i < 6; ++i) {
            const std::string row = "row" + std::to_string(i);
            if ((*store)->db().Get({}, row, &value).ok()) found += std::to_string(i);
        }
        return found;
    };
    int asked = 0;
    EXPECT_EQ(
        rows([&](const rocksdb::WriteBatch& batch) { return ++asked != 3 || batch.Count() != 1; }),
        "01");
    EXPECT_EQ(asked, 3);
    EXPECT_EQ(rows([](const rocksdb::WriteBatch&) { return true; }), "01");
}

TEST_F(RocksStoreTest, OnAFullDiskItIsOpenedWithWhatWasSetAside) {
    const ScratchDisk disk(mib(32).count);
    if (!disk.is_there()) GTEST_SKIP() << ScratchDisk::lack;
    const FileIo files;
    const auto guard = std::make_shared<DiskGuard>(DiskGuardSettings{.folder = disk.path(),
                                                                     .ballast = mib(8),
                                                                     .refuse_below = mib(2),
                                                                     .accept_above = mib(3),
                                                                     .release_below = mib(1)});
    ASSERT_TRUE(guard->check());
    ASSERT_TRUE(guard->has_ballast());
    std::atomic<int> warnings = 0;
    const RocksSettings settings{.folder = disk / "store",
                                 .memtable = mib(4),
                                 .spare_logs = false,
                                 .on_warning = [&](std::string_view) { ++warnings; },
                                 .guard = guard};
    const auto open = [&] {
        store_.reset();
        auto opened = RocksStore::open(settings);
        ASSERT_TRUE(opened) << opened.error().text();
        store_ = std::move(opened).value();
    };
    open();
    put(megabyte);
    ASSERT_TRUE(store_ && store_->close());
    int more = 0;
    for (const std::size_t piece : {mib(1).count, kib(64).count, kib(4).count}) {
        while (files.preallocate_file(disk / ("more" + std::to_string(more)), Bytes{piece})) ++more;
    }
    open();
    ASSERT_TRUE(store_);
    EXPECT_FALSE(guard->has_ballast());
    EXPECT_FALSE(guard->accepting());
    EXPECT_GT(warnings, 0);
    EXPECT_FALSE(files.exists(disk / "store/LOG"));
    std::string value;
    EXPECT_TRUE(store_->db().Get({}, "row0", &value).ok());
    put(100);
    EXPECT_TRUE(store_->sync());
    store_.reset();
}

}  // namespace
}  // namespace sluice
