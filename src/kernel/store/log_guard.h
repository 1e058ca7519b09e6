// SPDX-License-Identifier: Apache-2.0
// LogGuard: keeps RocksDB from syncing a log to which a write has failed. RocksDB takes that for a
// fault of its caller, and one that is built with assertions, as Debian's is, ends the process
// (7.8: WritableFileWriter::SyncWithoutFlush). A lock around every write and every sync would do,
// but then no write could be made while another is synced (docs/adr/0035).
#pragma once

#include <memory>
#include <string_view>

namespace rocksdb {
class DB;
class Env;
class Status;
}  // namespace rocksdb

namespace sluice {

class GuardedLogFiles;

/// The environment of one store.
class LogGuard {
public:
    /// `base` must outlive this.
    explicit LogGuard(rocksdb::Env* base);
    ~LogGuard();
    LogGuard(const LogGuard&) = delete;
    LogGuard& operator=(const LogGuard&) = delete;

    /// Must outlive every database that is open on it.
    [[nodiscard]] rocksdb::Env* env() const { return env_.get(); }
    /// db.SyncWAL(), or an error from when a write to a log failed until that log is closed. A
    /// write that fails waits for the sync that is under way. Any thread; the database must not be
    /// asked for a sync in any other way (nor WriteOptions::sync): such a sync and this one could
    /// each wait for what the other does first.
    rocksdb::Status sync(rocksdb::DB& db);

private:
    std::shared_ptr<GuardedLogFiles> files_;
    std::unique_ptr<rocksdb::Env> env_;
};

/// True for the path of one of RocksDB's logs.
bool is_log_file(std::string_view path);

}  // namespace sluice
