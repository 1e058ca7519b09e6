// SPDX-License-Identifier: Apache-2.0
#include "kernel/store/spare_log.h"

#include "kernel/store/log_guard.h"
#include "kernel/sync/mutex.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOStatus;

constexpr std::string_view spare_name = "log.spare";
/// Until it is whole and synced.
constexpr std::string_view draft_name = "log.spare.draft";
constexpr std::size_t piece_bytes = 256U << 10U;

}  // namespace

/// Any thread: RocksDB calls it from its own.
class SpareLogFiles final : public rocksdb::FileSystemWrapper {
public:
    SpareLogFiles(rocksdb::Env* base, std::string folder, std::uint64_t size)
        : FileSystemWrapper(base->GetFileSystem()),
          base_(base),
          folder_(std::move(folder)),
          spare_(folder_ + '/' + std::string(spare_name)),
          draft_(folder_ + '/' + std::string(draft_name)),
          size_(size) {}
    ~SpareLogFiles() override {
        base_->UnSchedule(this, rocksdb::Env::LOW);
        MutexLock lock(mutex_);
        closing_ = true;
        // A job that a thread has taken cannot be unscheduled, and it may not have begun yet.
        while (jobs_ > 0 || state_ == State::writing) written_.wait(mutex_);
    }
    SpareLogFiles(const SpareLogFiles&) = delete;
    SpareLogFiles& operator=(const SpareLogFiles&) = delete;

    const char* Name() const override { return "SluiceSpareLogs"; }

    void prepare() {
        {
            MutexLock lock(mutex_);
            if (state_ != State::none) return;
            state_ = State::writing;
        }
        std::uint64_t size = 0;
        const bool left_over =
            target()->GetFileSize(spare_, {}, &size, nullptr).ok() && size == size_;
        finish(left_over || make());
    }

    bool give_back() { return take() && target()->DeleteFile(spare_, {}, nullptr).ok(); }

    IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* out,
                             IODebugContext* dbg) override {
        if (!is_log_file(name) || !take())
            return target()->NewWritableFile(name, options, out, dbg);
        IOStatus status = target()->ReuseWritableFile(name, spare_, options, out, dbg);
        {
            MutexLock lock(mutex_);
            ++jobs_;
        }
        base_->Schedule(&SpareLogFiles::run, this, rocksdb::Env::LOW, this, &SpareLogFiles::drop);
        return status;
    }

private:
    enum class State { none, writing, ready };

    bool take() {
        MutexLock lock(mutex_);
        return std::exchange(state_, state_ == State::ready ? State::none : state_) == State::ready;
    }
    void finish(bool made) {
        MutexLock lock(mutex_);
        state_ = made ? State::ready : State::none;
        written_.notify_all();
    }
    bool is_closing() {
        MutexLock lock(mutex_);
        return closing_;
    }
    /// A spare is for speed: it must not take the last room, not even for a moment.
    bool has_room() {
        std::uint64_t free = 0;
        return !target()->GetFreeSpace(folder_, {}, &free, nullptr).ok() || free >= 2 * size_;
    }
    bool make() {
        if (!has_room()) return false;
        const bool whole = write_zeros();
        if (whole && target()->RenameFile(draft_, spare_, {}, nullptr).ok()) return true;
        (void)target()->DeleteFile(draft_, {}, nullptr);
        return false;
    }
    bool write_zeros() {
        std::unique_ptr<rocksdb::FSWritableFile> file;
        if (!target()->NewWritableFile(draft_, {}, &file, nullptr).ok()) return false;
        const std::string zeros(piece_bytes, '\0');
        for (std::uint64_t at = 0; at < size_; at += piece_bytes) {
            const rocksdb::Slice piece(zeros.data(),
                                       std::min<std::uint64_t>(piece_bytes, size_ - at));
            if (is_closing() || !file->Append(piece, {}, nullptr).ok()) return false;
        }
        return file->Sync({}, nullptr).ok() && file->Close({}, nullptr).ok();
    }
    void end_job() {
        MutexLock lock(mutex_);
        --jobs_;
        written_.notify_all();
    }
    static void run(void* self) {
        static_cast<SpareLogFiles*>(self)->prepare();
        static_cast<SpareLogFiles*>(self)->end_job();
    }
    static void drop(void* self) { static_cast<SpareLogFiles*>(self)->end_job(); }

    rocksdb::Env* base_;
    const std::string folder_;
    const std::string spare_;
    const std::string draft_;
    const std::uint64_t size_;
    Mutex mutex_;
    CondVar written_;
    State state_ SLUICE_GUARDED_BY(mutex_) = State::none;
    bool closing_ SLUICE_GUARDED_BY(mutex_) = false;
    int jobs_ SLUICE_GUARDED_BY(mutex_) = 0;  ///< scheduled and not yet ended
};

SpareLogs::SpareLogs(rocksdb::Env* base, std::string folder, Bytes size)
    : files_(std::make_shared<SpareLogFiles>(base, std::move(folder), size.count)),
      env_(rocksdb::NewCompositeEnv(files_)) {}

SpareLogs::~SpareLogs() = default;

void SpareLogs::prepare() { files_->prepare(); }

bool SpareLogs::give_back() { return files_->give_back(); }

bool SpareLogs::is_spare(std::string_view name) { return name == spare_name || name == draft_name; }

}  // namespace sluice
