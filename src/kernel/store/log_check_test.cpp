// SPDX-License-Identifier: Apache-2.0
#include "kernel/store/log_check.h"

#include "kernel/base/random.h"
#include "kernel/store/rocks_store.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/write_batch.h>
#include <support/scratch_folder.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace sluice {
namespace {

namespace fs = std::filesystem;

class LogCheckTest : public testing::Test {
protected:
    void SetUp() override { open("s"); }
    void open(const std::string& name) {
        store_.reset();
        auto opened = RocksStore::open(settings(name));
        ASSERT_TRUE(opened) << opened.error().text();
        store_ = std::move(*opened);
    }
    [[nodiscard]] RocksSettings settings(const std::string& name) const {
        return {.folder = folder_ / name, .memtable = mib(8), .spare_logs = false};
    }
    void put(int row, std::size_t bytes = 100) {
        rocksdb::WriteBatch batch;
        ASSERT_TRUE(batch.Put("row" + std::to_string(row), std::string(bytes, 'v')).ok());
        ASSERT_TRUE(store_->write(batch));
    }
    void put_and_sync(int row, std::size_t bytes = 100) {
        put(row, bytes);
        ASSERT_TRUE(store_->sync());
    }
    /// What SIGKILL would leave, with this log. Gives the log's path.
    std::string kill(const std::string& name) {
        fs::remove_all(folder_ / name);
        fs::create_directory(folder_ / name);
        std::string log;
        for (const auto& entry : fs::directory_iterator(folder_ / "s")) {
            const std::string file = entry.path().filename().string();
            if (file == "store.lock") continue;
            fs::copy_file(entry.path(), folder_ / (name + "/" + file));
            if (file.ends_with(".log")) log = folder_ / (name + "/" + file);
        }
        return log;
    }
    /// The error of opening it, or how many of the first 1,000 rows are there.
    std::string outcome(const std::string& name, bool accept = false) {
        RocksSettings with = settings(name);
        with.accept_damaged_log = accept;
        const auto opened = RocksStore::open(std::move(with));
        if (!opened) {
            EXPECT_EQ(opened.error().code, Code::corrupt);
            return opened.error().message;
        }
        int rows = 0;
        std::string value;
        for (int i = 0; i < 1000; ++i)
            rows += (*opened)->db().Get({}, "row" + std::to_string(i), &value).ok() ? 1 : 0;
        return std::to_string(rows);
    }

    ScratchFolder folder_;
    std::unique_ptr<RocksStore> store_;
};

std::string log_bytes(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void set_log_bytes(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

void flip_bit(const std::string& path, std::size_t at) {
    std::string bytes = log_bytes(path);
    ASSERT_LT(at, bytes.size());
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    set_log_bytes(path, bytes);
}

TEST_F(LogCheckTest, WholeLogSpeaksOfWhatWasSynced) {
    for (int i = 0; i < 10; ++i) put_and_sync(i);
    put(10);
    (void)kill("killed");
    const auto logs = read_logs(*rocksdb::Env::Default(), folder_ / "killed");
    ASSERT_TRUE(logs);
    EXPECT_EQ(logs->logs, 1U);
    EXPECT_EQ(logs->readable, 11U);
    EXPECT_EQ(logs->durable, 10U);
    EXPECT_EQ(logs->unreadable, "");
    EXPECT_EQ(outcome("killed"), "11");
}

TEST_F(LogCheckTest, AnyDamageOfWhatALaterBatchCallsDurableIsRefused) {
    for (int i = 0; i < 200; ++i) put_and_sync(i, i % 20 == 7 ? 70'000 : 300);
    const std::size_t durable = log_bytes(kill("killed")).size();
    put(200);
    Random random(5);
    for (int i = 0; i < 60; ++i) {
        const std::string log = kill("killed");
        flip_bit(log, random.below(durable));
        const std::string said = outcome("killed");
        ASSERT_NE(said.find("is damaged: its log"), std::string::npos) << said;
        ASSERT_NE(said.find("restore a backup"), std::string::npos) << said;
    }
}

TEST_F(LogCheckTest, ARestCoversTheLastBatchToo) {
    for (int i = 0; i < 20; ++i) put_and_sync(i);
    const std::size_t before_last = log_bytes(kill("killed")).size();
    put_and_sync(20);
    const std::size_t durable = log_bytes(kill("killed")).size();
    ASSERT_TRUE(store_->rest());
    const std::size_t noted = log_bytes(kill("killed")).size();
    EXPECT_GT(noted, durable);
    ASSERT_TRUE(store_->sync());
    ASSERT_TRUE(store_->rest());  // nothing new to say
    const std::string log = kill("killed");
    EXPECT_EQ(log_bytes(log).size(), noted);
    for (std::size_t at = before_last; at < durable; at += 7) {
        flip_bit(kill("killed"), at);
        ASSERT_NE(outcome("killed").find("is damaged"), std::string::npos) << at;
    }
    (void)kill("killed");
    EXPECT_EQ(outcome("killed"), "21");
    EXPECT_EQ(outcome("killed"), "21");
    put_and_sync(21);
    ASSERT_TRUE(store_->reopen());
    put_and_sync(22);
    (void)kill("killed");
    EXPECT_EQ(outcome("killed"), "23");
}

TEST_F(LogCheckTest, RefusedStoreIsNotChangedAndCanBeOpenedWithoutTheRest) {
    for (int i = 0; i < 100; ++i) put_and_sync(i);
    const std::string log = kill("killed");
    flip_bit(log, log_bytes(log).size() / 2);
    const std::string damaged = log_bytes(log);
    EXPECT_NE(outcome("killed").find(".log at byte "), std::string::npos);
    EXPECT_TRUE(log_bytes(log) == damaged);
    const std::string rows = outcome("killed", true);
    EXPECT_GT(std::stoi(rows), 30);
    EXPECT_LT(std::stoi(rows), 60);
    EXPECT_EQ(outcome("killed"), rows);  // from then on it is whole
}

TEST_F(LogCheckTest, PowerCutThatTookTheEarlierOfTwoUnsyncedBatchesIsNoDamage) {
    for (int i = 0; i < 50; ++i) put_and_sync(i);
    const std::size_t synced = log_bytes(kill("killed")).size();
    put(50, 5000);
    const std::size_t first = log_bytes(kill("killed")).size();
    put(51, 5000);
    const std::string log = kill("killed");
    std::string bytes = log_bytes(log);
    bytes.replace(synced, first - synced, std::string(first - synced, '\0'));
    set_log_bytes(log, bytes);
    EXPECT_EQ(outcome("killed"), "50");
}

TEST_F(LogCheckTest, TornEndIsNoDamage) {
    for (int i = 0; i < 50; ++i) put_and_sync(i);
    put(50);
    const std::string log = kill("killed");
    fs::resize_file(log, fs::file_size(log) - 10);
    EXPECT_EQ(outcome("killed"), "50");
}

TEST_F(LogCheckTest, DamageOfAnEarlierLogIsSeenInALaterOne) {
    ASSERT_TRUE(store_->db().PauseBackgroundWork().ok());  // no flush: both logs are needed
    for (int i = 0; i < 5; ++i) put_and_sync(i, 1'400'000);
    for (int i = 5; i < 9; ++i) put_and_sync(i, 100);
    const std::string later = kill("killed");
    std::vector<std::string> logs;
    for (const auto& entry : fs::directory_iterator(folder_ / "killed")) {
        if (entry.path().extension() == ".log") logs.push_back(entry.path().string());
    }
    ASSERT_EQ(logs.size(), 2U) << later;
    EXPECT_EQ(outcome("killed"), "9");
    (void)kill("killed");
    const std::string earlier = std::min(logs[0], logs[1]);
    flip_bit(earlier, fs::file_size(earlier) - 100);
    EXPECT_NE(outcome("killed").find(fs::path(earlier).filename().string() + " at byte"),
              std::string::npos);
    ASSERT_TRUE(store_->db().ContinueBackgroundWork().ok());
}

TEST_F(LogCheckTest, MissingLogIsDamageAndAnInterruptedMakingIsNot) {
    put_and_sync(0);
    fs::remove(kill("killed"));
    EXPECT_NE(outcome("killed").find("its log is missing"), std::string::npos);
    EXPECT_EQ(outcome("killed", true), "0");
    fs::remove(kill("making"));
    for (const auto& entry : fs::directory_iterator(folder_ / "making")) {
        if (entry.path().filename().string().starts_with("OPTIONS-")) fs::remove(entry.path());
    }
    EXPECT_EQ(outcome("making"), "0");
}

TEST_F(LogCheckTest, CopiesAndClosedStoresAreWhole) {
    for (int i = 0; i < 20; ++i) put_and_sync(i, 100'000);
    ASSERT_TRUE(store_->checkpoint(folder_ / "copy"));
    for (int i = 20; i < 30; ++i) put_and_sync(i);
    EXPECT_EQ(outcome("copy"), "20");
    EXPECT_EQ(outcome("copy"), "20");
    ASSERT_TRUE(store_->reopen());
    put_and_sync(30);
    ASSERT_TRUE(store_->close());
    store_.reset();
    EXPECT_EQ(outcome("s"), "31");
}

}  // namespace
}  // namespace sluice
