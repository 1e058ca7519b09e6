// SPDX-License-Identifier: Apache-2.0
#include "kernel/store/log_guard.h"

#include "kernel/sync/mutex.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <string>
#include <utility>

namespace sluice {

namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

/// Any thread.
class BrokenLogs {
public:
    rocksdb::Status sync(rocksdb::DB& db) {
        MutexLock lock(mutex_);
        if (open_ > 0) return rocksdb::Status::IOError("a write to its log failed");
        return db.SyncWAL();
    }
    void add() {
        MutexLock lock(mutex_);
        ++open_;
    }
    void remove() {
        MutexLock lock(mutex_);
        --open_;
    }

private:
    Mutex mutex_{"store.log_sync"};  ///< held during a sync
    int open_ SLUICE_GUARDED_BY(mutex_) = 0;
};

/// A log as RocksDB writes it. It hears of a failure only when no sync is under way any more.
class GuardedLog final : public rocksdb::FSWritableFileOwnerWrapper {
public:
    GuardedLog(std::unique_ptr<rocksdb::FSWritableFile>&& target, std::shared_ptr<BrokenLogs> logs)
        : FSWritableFileOwnerWrapper(std::move(target)), logs_(std::move(logs)) {}
    ~GuardedLog() override {
        if (broken_) logs_->remove();
    }
    GuardedLog(const GuardedLog&) = delete;
    GuardedLog& operator=(const GuardedLog&) = delete;

    IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* dbg) override {
        return noted(target()->Append(data, options, dbg));
    }
    IOStatus Append(const Slice& data, const IOOptions& options,
                    const rocksdb::DataVerificationInfo& info, IODebugContext* dbg) override {
        return noted(target()->Append(data, options, info, dbg));
    }
    IOStatus Flush(const IOOptions& options, IODebugContext* dbg) override {
        return noted(target()->Flush(options, dbg));
    }

private:
    IOStatus noted(IOStatus status) {
        if (!status.ok() && !std::exchange(broken_, true)) logs_->add();
        return status;
    }

    std::shared_ptr<BrokenLogs> logs_;
    bool broken_ = false;  ///< one thread at a time writes
};

}  // namespace

class GuardedLogFiles final : public rocksdb::FileSystemWrapper {
public:
    explicit GuardedLogFiles(rocksdb::Env* base) : FileSystemWrapper(base->GetFileSystem()) {}

    const char* Name() const override { return "SluiceGuardedLogs"; }
    rocksdb::Status sync(rocksdb::DB& db) { return logs_->sync(db); }

    IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* out,
                             IODebugContext* dbg) override {
        return guarded(name, out, target()->NewWritableFile(name, options, out, dbg));
    }
    IOStatus ReopenWritableFile(const std::string& name, const FileOptions& options,
                                std::unique_ptr<rocksdb::FSWritableFile>* out,
                                IODebugContext* dbg) override {
        return guarded(name, out, target()->ReopenWritableFile(name, options, out, dbg));
    }
    IOStatus ReuseWritableFile(const std::string& name, const std::string& old_name,
                               const FileOptions& options,
                               std::unique_ptr<rocksdb::FSWritableFile>* out,
                               IODebugContext* dbg) override {
        return guarded(name, out, target()->ReuseWritableFile(name, old_name, options, out, dbg));
    }

private:
    IOStatus guarded(const std::string& name, std::unique_ptr<rocksdb::FSWritableFile>* out,
                     IOStatus status) {
        if (status.ok() && is_log_file(name))
            *out = std::make_unique<GuardedLog>(std::move(*out), logs_);
        return status;
    }

    std::shared_ptr<BrokenLogs> logs_ = std::make_shared<BrokenLogs>();
};

LogGuard::LogGuard(rocksdb::Env* base)
    : files_(std::make_shared<GuardedLogFiles>(base)), env_(rocksdb::NewCompositeEnv(files_)) {}

LogGuard::~LogGuard() = default;

rocksdb::Status LogGuard::sync(rocksdb::DB& db) { return files_->sync(db); }

bool is_log_file(std::string_view path) {
    const std::string_view name = path.substr(path.find_last_of('/') + 1);
    return name.ends_with(".log") && name.front() >= '0' && name.front() <= '9';
}

}  // namespace sluice
