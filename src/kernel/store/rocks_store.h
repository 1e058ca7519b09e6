// SPDX-License-Identifier: Apache-2.0
// RocksStore: one RocksDB database in a folder, opened so that it serves a queue: one writer, a
// sync thread beside it, memory that does not grow with what is stored, and fail-stop after any
// failure. Knows bytes only; what the keys mean is its user's business.
#pragma once

#include "kernel/base/result.h"
#include "kernel/store/disk_guard.h"
#include "kernel/store/file_io.h"
#include "kernel/store/log_guard.h"
#include "kernel/store/rocks_env.h"
#include "kernel/store/spare_log.h"
#include "kernel/sync/mutex.h"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace rocksdb {
class DB;
class Status;
class WalFilter;
class WriteBatch;
struct Options;
}  // namespace rocksdb

namespace sluice {

struct RocksSettings {
    std::string folder;  ///< made (0700) when missing
    /// Writes kept in memory before they become a table file. Smaller ones are flushed and
    /// compacted more often, beside the same work: docs/performance.md has the figures.
    Bytes memtable = mib(64);
    int memtables_max = 4;  ///< so many, then writes wait for the disk
    Bytes cache = mib(2);   ///< blocks, indexes and filters of table files together
    int open_files_max = 512;
    /// Log files get their blocks beforehand (spare_log.h): for those who wait for each sync.
    bool spare_logs = true;
    /// Called on RocksDB's threads after a compaction, which leaves much freed memory behind.
    std::function<void()> after_compaction = nullptr;
    /// Hears RocksDB's own warnings, a line each, on any thread and perhaps with a lock of RocksDB
    /// held: it must not call the store. There is no LOG file beside the store: on a full disk the
    /// second line that cannot be written to it ends the process (an assertion of RocksDB 7.8).
    std::function<void(std::string_view line)> on_warning = nullptr;
    /// Makes durable what records may speak of. Called before each sync of the log, also before
    /// those that the store does by itself, with its lock held: on one thread at a time.
    std::function<Status()> before_sync = nullptr;
    /// Asked when the database is opened, for each batch that is replayed from its log, oldest
    /// first: is what its records speak of really there? False drops the batch and all behind it,
    /// for good. Tables are written after a sync, so they never hold what before_sync() has not
    /// made durable.
    std::function<bool(const rocksdb::WriteBatch&)> may_replay = nullptr;
    /// Opens it although its log is damaged or gone; what stood there and behind it is lost then.
    bool accept_damaged_log = false;
    std::string damaged_log_hint;           ///< appended to that error: how to accept it
    std::shared_ptr<DiskGuard> guard;       ///< told when the disk is full; may be null
    std::shared_ptr<RocksFaultEnv> faults;  ///< tests only
};

/// One thread at a time calls everything but sync(), which one other thread may call meanwhile.
class RocksStore {
public:
    /// Opens or makes the database. Errors: busy (another process has it; says which), denied,
    /// corrupt, invalid (the folder holds something else), exhausted, io.
    static Result<std::unique_ptr<RocksStore>> open(RocksSettings settings);
    ~RocksStore();
    RocksStore(const RocksStore&) = delete;
    RocksStore& operator=(const RocksStore&) = delete;

    /// Ok while it can be used; after a failure or close() the error to answer with.
    [[nodiscard]] Status usable() const;
    /// Not null while usable.
    [[nodiscard]] rocksdb::DB& db() { return *db_; }

    /// Applies the batch at once; durable after sync(). A failure stops the store until reopen().
    /// The first key of a range deletion must be one byte long (see set_writing()).
    Status write(rocksdb::WriteBatch& batch);
    /// The same, durable when it returns.
    Status write_durably(rocksdb::WriteBatch& batch);
    /// Everything written before is durable when it returns. A failure stops the store.
    Status sync();
    /// To be called once a second: a store that has hardly been written to for some calls makes a
    /// file of what it holds in memory, in the background. What was synced since the last write is
    /// noted in the log (log_check.h). A failure stops the store.
    Status rest();
    /// Turns a failed read into an error; the store goes on.
    [[nodiscard]] Error read_error(const rocksdb::Status& status) const;
    /// Closes what is open and opens it again; ends a stop.
    Status reopen();
    /// Stops the store as if `error` had come from the disk.
    void stop();
    /// A consistent copy of everything in the new folder `folder`. Errors: exists, exhausted, io.
    Status checkpoint(const std::string& folder);
    /// Reads every table file and compares checksums. Errors: corrupt, io.
    Status verify();
    /// Syncs and closes. Idempotent.
    Status close();

private:
    explicit RocksStore(RocksSettings settings);
    bool give_room();
    Status check_logs() const;
    [[nodiscard]] Error damaged_log(const std::string& what) const;
    Status open_db();
    Status look_at_folder(bool& is_new) const;
    Status turn_when_full(std::uint64_t bytes);
    [[nodiscard]] std::uint64_t memtable_used();
    Status turn_memtable();
    Status make_referred_durable() SLUICE_REQUIRES(lifetime_);
    Status sync_log() SLUICE_REQUIRES(lifetime_);
    Error failed(const rocksdb::Status& status, std::string_view what);
    void close_db();

    const RocksSettings settings_;
    const FileIo files_;
    FileLock lock_;
    std::unique_ptr<rocksdb::Options> options_;
    std::unique_ptr<rocksdb::WalFilter> replay_filter_;
    std::unique_ptr<SpareLogs> spare_logs_;
    std::unique_ptr<LogGuard> log_guard_;  ///< outlives db_, as those above do
    /// Held by sync() and by whoever opens or closes; the owner reads db_ without it.
    Mutex lifetime_{"store.lifetime"};
    std::unique_ptr<rocksdb::DB> db_;
    std::uint64_t unchecked_ = 0;    ///< bytes written since the memtable was last looked at
    std::uint64_t since_rest_ = 0;   ///< bytes written since the last rest()
    std::uint32_t quiet_rests_ = 0;  ///< calls of rest() in a row with few bytes between them
    std::atomic<std::uint64_t> durable_{0};  ///< sequence number up to which a sync has come
    std::uint64_t marked_ = 0;               ///< what the last batch says of it
    std::atomic<bool> stopped_{false};
    std::atomic<bool> closed_{false};
};

/// Copies the backup `source` (made by checkpoint()) to `target`, which must be missing or empty,
/// and proves it whole: nothing is at `target` unless all of it is. `inspect` may look at the copy
/// and change it before it gets its name. Errors: not_found, exists, corrupt, exhausted, io.
Status restore_rocks(const std::string& source, const std::string& target,
                     const std::function<Status(const std::string& folder)>& inspect);

}  // namespace sluice
