// SPDX-License-Identifier: Apache-2.0
#include "kernel/store/spare_log.h"

#include "kernel/store/file_io.h"
#include "kernel/store/rocks_store.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/write_batch.h>
#include <support/scratch_disk.h>
#include <support/scratch_folder.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <latch>
#include <sstream>
#include <thread>
#include <vector>

namespace sluice {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::uint64_t memtable = 1U << 20U;
constexpr std::uint64_t spare_size = memtable / 4 * 3;

class SpareLogTest : public testing::Test {
protected:
    [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }

    void open(const std::string& name) {
        store_.reset();
        auto opened = RocksStore::open({.folder = path(name), .memtable = Bytes{memtable}});
        ASSERT_TRUE(opened) << opened.error().text();
        store_ = std::move(*opened);
    }
    void put(const std::string& key, const std::string& value) {
        rocksdb::WriteBatch batch;
        batch.Put(key, value);
        ASSERT_TRUE(store_->write(batch));
    }
    std::string get(const std::string& key) {
        std::string value;
        return store_->db().Get({}, key, &value).ok() ? value : "";
    }
    /// The store's newest log.
    [[nodiscard]] std::string log_of(const std::string& name) const {
        std::string newest;
        for (const auto& entry : fs::directory_iterator(path(name))) {
            if (entry.path().extension() == ".log")
                newest = std::max(newest, entry.path().string());
        }
        return newest;
    }

    /// What SIGKILL would leave: the store's files as they are at one moment. Flushes and
    /// compactions stand still meanwhile; the next spare log may still come or go.
    void copy_store(const std::string& source, const std::string& target) const {
        ASSERT_TRUE(store_->db().PauseBackgroundWork().ok());
        fs::create_directory(path(target));
        for (const auto& entry : fs::directory_iterator(path(source))) {
            std::error_code gone;
            const std::string name = entry.path().filename().string();
            if (name != "store.lock") fs::copy_file(entry.path(), path(target) + "/" + name, gone);
        }
        ASSERT_TRUE(store_->db().ContinueBackgroundWork().ok());
    }

    ScratchFolder folder_;
    std::unique_ptr<RocksStore> store_;
};

ino_t inode_of(const std::string& file) {
    struct stat info{};
    EXPECT_EQ(::stat(file.c_str(), &info), 0);
    return info.st_ino;
}

std::string slurp(const std::string& file) {
    std::ostringstream out;
    out << std::ifstream(file, std::ios::binary).rdbuf();
    return std::move(out).str();
}

TEST_F(SpareLogTest, NewStoreWritesOverBlocksThatAreThere) {
    open("s");
    EXPECT_EQ(fs::file_size(log_of("s")), spare_size);
    put("a", "value");
    ASSERT_TRUE(store_->sync());
    EXPECT_EQ(fs::file_size(log_of("s")), spare_size);  // a sync had no size to write
}

TEST_F(SpareLogTest, LeftOverSpareServesTheNextOpeningAndAHalfMadeOneDoesNot) {
    open("s");
    store_.reset();
    std::ofstream(path("s/log.spare"), std::ios::binary) << "half";
    std::ofstream(path("s/log.spare.draft"), std::ios::binary) << "less";
    open("s");
    EXPECT_EQ(fs::file_size(log_of("s")), spare_size);
    store_.reset();
    std::ofstream(path("s/log.spare"), std::ios::binary) << std::string(spare_size, '\0');
    const ino_t spare = inode_of(path("s/log.spare"));
    open("s");
    EXPECT_EQ(inode_of(log_of("s")), spare);  // renamed, not written again
}

/// As when a thread of the pool has taken a job and sleeps before its first line: too late to be
/// unscheduled, and it begins when whoever asked for that has gone on.
class LateEnv final : public rocksdb::EnvWrapper {
public:
    LateEnv() : EnvWrapper(rocksdb::Env::Default()) {}
    const char* Name() const override { return "LateEnv"; }
    void Schedule(void (*job)(void*), void* argument, Priority /*priority*/, void* /*tag*/,
                  void (* /*dropped*/)(void*)) override {
        jobs_.emplace_back([this, job, argument] {
            begin_.wait();
            std::this_thread::sleep_for(50ms);
            ++begun;
            job(argument);
        });
    }
    int UnSchedule(void* /*tag*/, Priority /*priority*/) override {
        begin_.count_down();
        return 0;
    }

    std::atomic<int> begun{0};

private:
    std::latch begin_{1};
    std::vector<std::jthread> jobs_;
};

TEST_F(SpareLogTest, EndWaitsForAJobThatHasNotBegun) {
    LateEnv env;
    {
        SpareLogs spares(&env, path(""), Bytes{spare_size});
        spares.prepare();
        std::unique_ptr<rocksdb::FSWritableFile> log;
        const auto files = spares.env()->GetFileSystem();
        ASSERT_TRUE(files->NewWritableFile(path("000001.log"), {}, &log, nullptr).ok());
        EXPECT_EQ(env.begun, 0);
    }
    EXPECT_EQ(env.begun, 1);
}

TEST_F(SpareLogTest, SpareIsGivenBackOnce) {
    open("s");
    store_.reset();
    std::ofstream(path("s/log.spare"), std::ios::binary) << std::string(spare_size, '\0');
    SpareLogs spares(rocksdb::Env::Default(), path("s"), Bytes{spare_size});
    EXPECT_FALSE(spares.give_back());  // it does not know of any yet
    spares.prepare();
    EXPECT_TRUE(spares.give_back());
    EXPECT_FALSE(fs::exists(path("s/log.spare")));
    EXPECT_FALSE(spares.give_back());
}

TEST_F(SpareLogTest, LastRoomOfADiskIsNotForASpare) {
    const ScratchDisk disk(3 * spare_size);
    if (!disk.is_there()) GTEST_SKIP() << ScratchDisk::lack;
    const auto has_spare = [&] {
        SpareLogs(rocksdb::Env::Default(), disk.path(), Bytes{spare_size}).prepare();
        return fs::exists(disk / "log.spare");
    };
    std::ofstream(disk / "other", std::ios::binary) << std::string(spare_size * 5 / 4, 'x');
    EXPECT_FALSE(has_spare());
    fs::resize_file(disk / "other", spare_size / 2);
    EXPECT_TRUE(has_spare());
}

TEST_F(SpareLogTest, StoreKilledInTheMiddleIsReplayedUpToTheZeros) {
    open("s");
    for (int i = 0; i < 100; ++i) put("key" + std::to_string(i), std::string(500, 'v'));
    copy_store("s", "killed");
    open("killed");
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(get("key" + std::to_string(i)), std::string(500, 'v')) << i;
    }
}

TEST_F(SpareLogTest, TornEndIsLeftOutAndWhatCameBeforeStays) {
    open("s");
    put("first", std::string(500, 'a'));
    put("second", std::string(500, 'b'));
    copy_store("s", "torn");
    const std::string log = log_of("torn");
    std::string bytes = slurp(log);
    const std::size_t second = bytes.find(std::string(500, 'b'));
    ASSERT_NE(second, std::string::npos);
    bytes.replace(second + 100, 400, std::string(400, '\0'));  // blocks that never reached the disk
    std::ofstream(log, std::ios::binary) << bytes;
    open("torn");
    EXPECT_EQ(get("first"), std::string(500, 'a'));
    EXPECT_EQ(get("second"), "");
    put("third", "c");
    store_.reset();
    open("torn");
    EXPECT_EQ(get("third"), "c");
}

TEST_F(SpareLogTest, LogsTurnOverManyTimesWithoutLoss) {
    open("s");
    for (int i = 0; i < 4000; ++i) put("key" + std::to_string(i), std::string(1500, 'v'));
    ASSERT_TRUE(store_->sync());
    copy_store("s", "killed");
    open("killed");
    for (int i = 0; i < 4000; i += 37) {
        EXPECT_EQ(get("key" + std::to_string(i)).size(), 1500U) << i;
    }
}

}  // namespace
}  // namespace sluice
