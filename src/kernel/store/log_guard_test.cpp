// SPDX-License-Identifier: Apache-2.0
// Writes to the log that fail beside a sync. Without the guard the process ends in an assertion of
// RocksDB, and the test program with it.
#include "kernel/store/log_guard.h"

#include "kernel/store/rocks_store.h"
#include "kernel/sync/channel.h"
#include "kernel/sync/thread.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>
#include <support/scratch_folder.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace sluice {
namespace {

class LogGuardTest : public testing::Test {
protected:
    void open(std::function<Status()> before_sync = nullptr) {
        auto opened = RocksStore::open({.folder = folder_ / "store",
                                        .memtable = kib(64),
                                        .before_sync = std::move(before_sync),
                                        .faults = env_});
        ASSERT_TRUE(opened) << opened.error().text();
        store_ = std::move(*opened);
    }
    Status put(const std::string& row) {
        rocksdb::WriteBatch batch;
        EXPECT_TRUE(batch.Put(row, std::string(1000, 'x')).ok());
        return store_->write(batch);
    }
    [[nodiscard]] bool has(const std::string& row) {
        std::string value;
        return store_->db().Get({}, row, &value).ok();
    }
    /// Writes until RocksDB has gone on to a new log, which nobody has synced yet; what was in
    /// memory is in a file then.
    void turn_log() {
        std::uint64_t before = 0;
        for (std::uint64_t used = 0; used >= before;) {
            before = used;
            ASSERT_TRUE(put("filler"));
            ASSERT_TRUE(store_->db().GetIntProperty(rocksdb::DB::Properties::kCurSizeActiveMemTable,
                                                    &used));
        }
        ASSERT_TRUE(store_->db().PauseBackgroundWork().ok());  // when it is done
        ASSERT_TRUE(store_->db().ContinueBackgroundWork().ok());
    }
    /// Not ENOSPC: from that RocksDB tries to recover by itself, with a new log.
    void fail_write(std::uint64_t nth) {
        faults_->arm({.ops = 0U | FileOp::write, .nth = nth, .error = EIO});
    }

    ScratchFolder folder_;
    std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
    std::shared_ptr<RocksFaultEnv> env_ = std::make_shared<RocksFaultEnv>(faults_);
    std::atomic<bool> holds_{false};  ///< the next sync, between its beginning and RocksDB's
    Channel<int> began_{1, "test.began"};
    Channel<int> go_on_{1, "test.go_on"};
    std::unique_ptr<RocksStore> store_;
};

TEST_F(LogGuardTest, SyncThatBeganBeforeTheWriteFailedIsAnErrorAndNoMore) {
    open([this]() -> Status {
        if (!holds_.exchange(false)) return {};
        (void)began_.push(0);
        int token = 0;
        (void)go_on_.pop(token);
        return {};
    });
    turn_log();
    holds_ = true;
    Status synced;
    Thread syncer("test-sync", [&] { synced = store_->sync(); });
    int token = 0;
    (void)began_.pop(token);
    fail_write(1);
    EXPECT_FALSE(put("lost"));
    (void)go_on_.push(0);
    syncer.join();
    EXPECT_FALSE(synced);
    faults_->disarm();
    const Status again = store_->reopen();
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_FALSE(has("lost"));
    EXPECT_TRUE(put("kept"));
    EXPECT_TRUE(store_->sync());
    EXPECT_TRUE(has("kept"));
}

TEST_F(LogGuardTest, WritesThatFailAtAnyTimeBesideSyncsStopTheStoreAndNothingElse) {
    open();
    std::atomic<bool> ended{false};
    Thread syncer("test-sync", [&] {
        while (!ended) (void)store_->sync();
    });
    for (std::uint64_t round = 0; round < 100; ++round) {
        ASSERT_NO_FATAL_FAILURE(turn_log());
        fail_write(1 + round % 3);
        Status status;
        for (int i = 0; i < 10'000 && status; ++i) status = put("row");
        EXPECT_FALSE(status);
        faults_->disarm();
        const Status again = store_->reopen();
        ASSERT_TRUE(again) << again.error().text();
    }
    ended = true;
    syncer.join();
}

}  // namespace
}  // namespace sluice
