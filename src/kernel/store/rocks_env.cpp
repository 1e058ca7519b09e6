// SPDX-License-Identifier: Apache-2.0
// Debian's librocksdb exports the type information of FileSystem and its wrappers, so subclassing
// needs no special flags. What is not synced is known from two records: for each file how much of
// it was synced, and the list of folder entries made or renamed since the folder was synced.
#include "kernel/store/rocks_env.h"

#include "kernel/sync/mutex.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

std::string plain(const std::string& path) {
    std::string out = std::filesystem::path(path).lexically_normal().string();
    while (out.size() > 1 && out.back() == '/') out.pop_back();
    return out;
}

std::string folder_part(const std::string& path) {
    return std::filesystem::path(path).parent_path().string();
}

IOStatus failed(int error) {
    if (error == ENOSPC) return IOStatus::NoSpace("injected: no space left on device");
    return IOStatus::IOError("injected: input/output error");
}

std::string slurp(const std::string& path) {
    const std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return std::move(out).str();
}

/// What was written and what of it survives a power cut. Any thread.
class SyncRecord {
public:
    void made(const std::string& path) {
        MutexLock lock(mutex_);
        lengths_[path] = {};
        entries_.push_back({path, "", std::nullopt});
    }
    void opened(const std::string& path, std::uint64_t size) {
        MutexLock lock(mutex_);
        lengths_[path] = {size, size};
    }
    void written(const std::string& path, std::uint64_t bytes) {
        MutexLock lock(mutex_);
        lengths_[path].written += bytes;
    }
    void truncated(const std::string& path, std::uint64_t size) {
        MutexLock lock(mutex_);
        Length& length = lengths_[path];
        length.written = size;
        length.synced = std::min(length.synced, size);
    }
    /// How many bytes of the file survive a power cut from now on.
    std::uint64_t synced(const std::string& path) {
        MutexLock lock(mutex_);
        Length& length = lengths_[path];
        return length.synced = length.written;
    }
    void folder_synced(const std::string& folder) {
        MutexLock lock(mutex_);
        std::erase_if(entries_, [&](const Entry& e) { return folder_part(e.path) == folder; });
    }
    void renamed(const std::string& source, const std::string& target,
                 std::optional<std::string> overwritten) {
        MutexLock lock(mutex_);
        lengths_[target] = lengths_[source];
        lengths_.erase(source);
        entries_.push_back({target, source, std::move(overwritten)});
    }
    void removed(const std::string& path) {
        MutexLock lock(mutex_);
        lengths_.erase(path);
        std::erase_if(entries_, [&](const Entry& e) { return e.path == path; });
    }
    void drop(Random* torn) {
        MutexLock lock(mutex_);
        for (const auto& [path, length] : lengths_) {
            std::error_code error;
            const std::uint64_t size = std::filesystem::file_size(path, error);
            if (error) continue;
            std::uint64_t keep = std::min(length.synced, size);
            if (torn != nullptr && size > keep) keep += torn->below(size - keep + 1);
            if (keep < size) std::filesystem::resize_file(path, keep, error);
        }
        for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) undo(*entry);
        lengths_.clear();
        entries_.clear();
    }

private:
    struct Length {
        std::uint64_t written = 0;
        std::uint64_t synced = 0;
    };
    /// An entry made (no source) or renamed from `source`, over `overwritten`.
    struct Entry {
        std::string path;
        std::string source;
        std::optional<std::string> overwritten;
    };
    static void undo(const Entry& entry) {
        std::error_code error;
        if (entry.source.empty()) {
            std::filesystem::remove(entry.path, error);
            return;
        }
        std::filesystem::rename(entry.path, entry.source, error);
        if (entry.overwritten) {
            std::ofstream(entry.path, std::ios::binary) << *entry.overwritten;
        }
    }

    Mutex mutex_{"store.env"};
    std::map<std::string, Length> lengths_ SLUICE_GUARDED_BY(mutex_);
    std::vector<Entry> entries_ SLUICE_GUARDED_BY(mutex_);
};

class FaultFile final : public rocksdb::FSWritableFileOwnerWrapper {
public:
    FaultFile(std::unique_ptr<rocksdb::FSWritableFile>&& target, std::string path,
              FaultInjector& faults, SyncRecord& record)
        : FSWritableFileOwnerWrapper(std::move(target)),
          path_(std::move(path)),
          faults_(faults),
          record_(record) {}

    IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* dbg) override {
        const auto verdict = faults_.check(FileOp::write);
        if (verdict.error != 0) {
            if (verdict.torn && data.size() > 1) {
                const Slice half(data.data(), data.size() / 2);
                if (target()->Append(half, options, dbg).ok()) record_.written(path_, half.size());
            }
            return failed(verdict.error);
        }
        IOStatus status = target()->Append(data, options, dbg);
        if (status.ok()) record_.written(path_, data.size());
        return status;
    }
    IOStatus Append(const Slice& data, const IOOptions& options,
                    const rocksdb::DataVerificationInfo& /*info*/, IODebugContext* dbg) override {
        return Append(data, options, dbg);
    }
    IOStatus PositionedAppend(const Slice& /*data*/, std::uint64_t /*offset*/,
                              const IOOptions& /*options*/, IODebugContext* /*dbg*/) override {
        return IOStatus::NotSupported("direct writes are not simulated");
    }
    IOStatus PositionedAppend(const Slice& data, std::uint64_t offset, const IOOptions& options,
                              const rocksdb::DataVerificationInfo& /*info*/,
                              IODebugContext* dbg) override {
        return PositionedAppend(data, offset, options, dbg);
    }
    IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* dbg) override {
        if (const auto verdict = faults_.check(FileOp::write); verdict.error != 0) {
            return failed(verdict.error);
        }
        IOStatus status = target()->Truncate(size, options, dbg);
        if (status.ok()) record_.truncated(path_, size);
        return status;
    }
    IOStatus Sync(const IOOptions& /*options*/, IODebugContext* /*dbg*/) override { return sync(); }
    IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*dbg*/) override {
        return sync();
    }
    IOStatus RangeSync(std::uint64_t /*offset*/, std::uint64_t /*size*/,
                       const IOOptions& /*options*/, IODebugContext* /*dbg*/) override {
        return IOStatus::OK();  // promises nothing
    }

private:
    IOStatus sync() {
        if (const auto verdict = faults_.check(FileOp::sync); verdict.error != 0) {
            return failed(verdict.error);
        }
        faults_.note_synced(path_, record_.synced(path_));
        return IOStatus::OK();
    }

    std::string path_;
    FaultInjector& faults_;
    SyncRecord& record_;
};

class FaultFolder final : public rocksdb::FSDirectoryWrapper {
public:
    FaultFolder(std::unique_ptr<rocksdb::FSDirectory>&& target, std::string path,
                FaultInjector& faults, SyncRecord& record)
        : FSDirectoryWrapper(std::move(target)),
          path_(std::move(path)),
          faults_(faults),
          record_(record) {}

    IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*dbg*/) override {
        if (const auto verdict = faults_.check(FileOp::sync); verdict.error != 0) {
            return failed(verdict.error);
        }
        record_.folder_synced(path_);
        return IOStatus::OK();
    }
    IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* dbg,
                                 const rocksdb::DirFsyncOptions& /*more*/) override {
        return Fsync(options, dbg);
    }

private:
    std::string path_;
    FaultInjector& faults_;
    SyncRecord& record_;
};

}  // namespace

class FaultFileSystem final : public rocksdb::FileSystemWrapper {
public:
    explicit FaultFileSystem(std::shared_ptr<FaultInjector> faults)
        : FileSystemWrapper(rocksdb::FileSystem::Default()), faults_(std::move(faults)) {}

    const char* Name() const override { return "SluiceFaultFileSystem"; }
    void drop(Random* torn) { record_.drop(torn); }

    IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* out,
                             IODebugContext* dbg) override {
        if (const auto v = faults_->check(FileOp::open); v.error != 0) return failed(v.error);
        IOStatus status = target()->NewWritableFile(name, options, out, dbg);
        if (status.ok()) {
            record_.made(plain(name));
            wrap(name, out);
        }
        return status;
    }
    IOStatus ReopenWritableFile(const std::string& name, const FileOptions& options,
                                std::unique_ptr<rocksdb::FSWritableFile>* out,
                                IODebugContext* dbg) override {
        if (const auto v = faults_->check(FileOp::open); v.error != 0) return failed(v.error);
        IOStatus status = target()->ReopenWritableFile(name, options, out, dbg);
        if (status.ok()) {
            record_.opened(plain(name), (*out)->GetFileSize({}, nullptr));
            wrap(name, out);
        }
        return status;
    }
    IOStatus ReuseWritableFile(const std::string& name, const std::string& old_name,
                               const FileOptions& options,
                               std::unique_ptr<rocksdb::FSWritableFile>* out,
                               IODebugContext* dbg) override {
        if (const auto v = faults_->check(FileOp::rename); v.error != 0) return failed(v.error);
        IOStatus status = target()->ReuseWritableFile(name, old_name, options, out, dbg);
        if (status.ok()) {
            record_.renamed(plain(old_name), plain(name), std::nullopt);
            record_.truncated(plain(name), 0);
            wrap(name, out);
        }
        return status;
    }
    IOStatus NewDirectory(const std::string& name, const IOOptions& options,
                          std::unique_ptr<rocksdb::FSDirectory>* out,
                          IODebugContext* dbg) override {
        IOStatus status = target()->NewDirectory(name, options, out, dbg);
        if (status.ok()) {
            *out = std::make_unique<FaultFolder>(std::move(*out), plain(name), *faults_, record_);
        }
        return status;
    }
    IOStatus DeleteFile(const std::string& name, const IOOptions& options,
                        IODebugContext* dbg) override {
        if (const auto v = faults_->check(FileOp::remove); v.error != 0) return failed(v.error);
        IOStatus status = target()->DeleteFile(name, options, dbg);
        if (status.ok()) record_.removed(plain(name));
        return status;
    }
    IOStatus RenameFile(const std::string& source, const std::string& to, const IOOptions& options,
                        IODebugContext* dbg) override {
        if (const auto v = faults_->check(FileOp::rename); v.error != 0) return failed(v.error);
        std::optional<std::string> overwritten;
        if (std::filesystem::exists(to)) overwritten = slurp(to);
        IOStatus status = target()->RenameFile(source, to, options, dbg);
        if (status.ok()) record_.renamed(plain(source), plain(to), std::move(overwritten));
        return status;
    }
    IOStatus LinkFile(const std::string& source, const std::string& to, const IOOptions& options,
                      IODebugContext* dbg) override {
        if (const auto v = faults_->check(FileOp::open); v.error != 0) return failed(v.error);
        return target()->LinkFile(source, to, options, dbg);
    }

private:
    void wrap(const std::string& name, std::unique_ptr<rocksdb::FSWritableFile>* out) {
        *out = std::make_unique<FaultFile>(std::move(*out), plain(name), *faults_, record_);
    }

    std::shared_ptr<FaultInjector> faults_;
    SyncRecord record_;
};

RocksFaultEnv::RocksFaultEnv(std::shared_ptr<FaultInjector> faults)
    : files_(std::make_shared<FaultFileSystem>(std::move(faults))),
      env_(rocksdb::NewCompositeEnv(files_)) {}

RocksFaultEnv::~RocksFaultEnv() = default;

Status RocksFaultEnv::drop_unsynced(Random* torn) {
    try {
        files_->drop(torn);
    } catch (const std::exception& problem) {
        return fail(Code::io, std::string("cannot simulate the power cut: ") + problem.what());
    }
    return {};
}

}  // namespace sluice
