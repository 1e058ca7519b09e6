// SPDX-License-Identifier: Apache-2.0
#include "kernel/store/rocks_store.h"

#include "kernel/store/log_check.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/utilities/table_properties_collectors.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <utility>

namespace sluice {

namespace {

/// A store at rest: so many calls of rest() in a row with fewer bytes between them, and so much in
/// memory that a file of it is worth having.
constexpr std::uint64_t quiet_bytes = 256U << 10U;
constexpr std::uint32_t quiet_rests_min = 5;
constexpr std::uint64_t rest_bytes_min = 4U << 20U;

Code code_of(const rocksdb::Status& status) {
    if (status.IsNoSpace()) return Code::exhausted;
    if (status.IsCorruption()) return Code::corrupt;
    const std::string text = status.ToString();
    if (text.find("Permission denied") != std::string::npos ||
        text.find("Read-only file system") != std::string::npos) {
        return Code::denied;
    }
    if (text.find("No such file or directory") != std::string::npos) return Code::corrupt;
    return Code::io;
}

Error error_of(const rocksdb::Status& status, std::string_view what, const std::string& folder) {
    const Code code = code_of(status);
    std::string text =
        "cannot " + std::string(what) + " the store " + folder + ": " + status.ToString();
    if (code == Code::corrupt) {
        text += ". The store is damaged: move it aside and restore a backup";
    } else if (code == Code::exhausted) {
        text += ". Make room on this disk";
    } else if (code == Code::denied) {
        text += ". Make the folder and its files writable for this user";
    }
    return fail(code, std::move(text));
}

rocksdb::BlockBasedTableOptions table_options(const RocksSettings& settings) {
    rocksdb::BlockBasedTableOptions table;
    // Indexes and filters live in the cache, in pieces: memory stays the same however much waits.
    table.block_cache = rocksdb::NewLRUCache(settings.cache.count, 4, false, 0.5);
    table.cache_index_and_filter_blocks = true;
    table.cache_index_and_filter_blocks_with_high_priority = true;
    table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
    table.partition_filters = true;
    table.metadata_block_size = 8192;
    table.pin_top_level_index_and_filter = true;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.whole_key_filtering = true;
    table.optimize_filters_for_memory = true;
    table.block_size = 8192;
    table.format_version = 5;
    return table;
}

void set_writing(const RocksSettings& settings, rocksdb::Options& options) {
    options.write_buffer_size = settings.memtable.count;
    options.max_write_buffer_number = settings.memtables_max;
    options.min_write_buffer_number_to_merge = 1;
    // One thread writes, so the plain insert with a remembered place per kind of key is fastest.
    // Two bytes of prefix: RocksDB 7.8 would use the hint of the row table for range deletions
    // too, which corrupts memory; ours begin with one byte and so have no hint.
    options.allow_concurrent_memtable_write = false;
    options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(2));
    options.memtable_prefix_bloom_size_ratio = 0.02;
    options.memtable_whole_key_filtering = true;
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    options.bytes_per_sync = 1U << 20U;  // table files; the log is synced by each commit anyway
    options.wal_bytes_per_sync = 0;
    options.max_bgerror_resume_count = 0;  // fail-stop: the owner decides when to go on
}

void set_levels(rocksdb::Options& options) {
    options.compaction_style = rocksdb::kCompactionStyleLevel;
    // The last level is filled first, so erased rows end at their first compaction.
    options.level_compaction_dynamic_level_bytes = true;
    options.level0_file_num_compaction_trigger = 4;
    options.level0_slowdown_writes_trigger = 24;
    options.level0_stop_writes_trigger = 40;
    options.target_file_size_base = 32U << 20U;
    options.max_bytes_for_level_base = 256U << 20U;
    options.compression_per_level.assign(7, rocksdb::kLZ4Compression);
    options.compression_per_level[0] = rocksdb::kNoCompression;
    // A file in which most rows of some stretch are erasures is compacted without waiting.
    options.table_properties_collector_factories.push_back(
        rocksdb::NewCompactOnDeletionCollectorFactory(16384, 12288, 0.6));
    options.max_background_jobs = 2;
    options.max_subcompactions = 1;
}

class CompactionListener final : public rocksdb::EventListener {
public:
    explicit CompactionListener(std::function<void()> after) : after_(std::move(after)) {}
    void OnCompactionCompleted(rocksdb::DB* /*db*/,
                               const rocksdb::CompactionJobInfo& /*info*/) override {
        after_();
    }

private:
    std::function<void()> after_;
};

class Warnings final : public rocksdb::Logger {
public:
    explicit Warnings(std::function<void(std::string_view)> hear)
        : Logger(rocksdb::InfoLogLevel::WARN_LEVEL), hear_(std::move(hear)) {}
    using Logger::Logv;
    void LogHeader(const char* /*format*/, va_list /*arguments*/) override {}
    void Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
        if (!hear_ || level < GetInfoLogLevel() || level == rocksdb::InfoLogLevel::HEADER_LEVEL)
            return;
        std::array<char, 500> line{};
        (void)std::vsnprintf(line.data(), line.size(), format, arguments);
        hear_(std::string_view(line.data()));
    }

private:
    std::function<void(std::string_view)> hear_;
};

class ReplayFilter final : public rocksdb::WalFilter {
public:
    explicit ReplayFilter(std::function<bool(const rocksdb::WriteBatch&)> may_replay)
        : may_replay_(std::move(may_replay)) {}
    const char* Name() const override { return "sluice.may_replay"; }
    WalProcessingOption LogRecordFound(unsigned long long /*log*/, const std::string& /*name*/,
                                       const rocksdb::WriteBatch& batch,
                                       rocksdb::WriteBatch* /*new_batch*/,
                                       bool* /*batch_changed*/) override {
        return may_replay_(batch) ? WalProcessingOption::kContinueProcessing
                                  : WalProcessingOption::kStopReplay;
    }

private:
    std::function<bool(const rocksdb::WriteBatch&)> may_replay_;
};

std::unique_ptr<rocksdb::Options> make_options(const RocksSettings& settings) {
    auto options = std::make_unique<rocksdb::Options>();
    options->paranoid_checks = true;
    options->manifest_preallocation_size = 64U << 10U;  // of a full disk not the last 4 MiB
    options->max_open_files = settings.open_files_max;
    options->max_file_opening_threads = 2;
    options->avoid_unnecessary_blocking_io = true;
    options->stats_dump_period_sec = 0;
    options->stats_persist_period_sec = 0;
    options->info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
    options->info_log = std::make_shared<Warnings>(settings.on_warning);
    options->table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options(settings)));
    if (settings.after_compaction) {
        options->listeners.push_back(
            std::make_shared<CompactionListener>(settings.after_compaction));
    }
    set_writing(settings, *options);
    set_levels(*options);
    return options;
}

bool ends_with(std::string_view text, std::string_view end) { return text.ends_with(end); }

/// Files that RocksDB or we leave behind when making a store is interrupted.
bool is_leftover(std::string_view name) {
    constexpr std::array<std::string_view, 4> exact{"LOCK", "IDENTITY", "store.lock", "ballast"};
    if (std::find(exact.begin(), exact.end(), name) != exact.end()) return true;
    return SpareLogs::is_spare(name) || name.starts_with("LOG") || name.starts_with("MANIFEST-") ||
           name.starts_with("OPTIONS-") || ends_with(name, ".log") || ends_with(name, ".dbtmp");
}

}  // namespace

RocksStore::RocksStore(RocksSettings settings)
    : settings_(std::move(settings)), options_(make_options(settings_)) {
    if (settings_.may_replay) {
        replay_filter_ = std::make_unique<ReplayFilter>(settings_.may_replay);
        options_->wal_filter = replay_filter_.get();
    }
    rocksdb::Env* env = settings_.faults ? settings_.faults->env() : rocksdb::Env::Default();
    // Faults count every operation; a spare would be made at any time.
    if (settings_.spare_logs && !settings_.faults) {
        spare_logs_ = std::make_unique<SpareLogs>(env, settings_.folder,
                                                  Bytes{settings_.memtable.count / 4 * 3});
        env = spare_logs_->env();
    }
    log_guard_ = std::make_unique<LogGuard>(env);
    options_->env = log_guard_->env();
}

RocksStore::~RocksStore() {
    if (!closed_) (void)close();
}

Result<std::unique_ptr<RocksStore>> RocksStore::open(RocksSettings settings) {
    std::unique_ptr<RocksStore> store(new RocksStore(std::move(settings)));
    const std::string& folder = store->settings_.folder;
    SLUICE_TRY_STATUS(store->files_.make_folders(folder));
    bool is_new = false;
    SLUICE_TRY_STATUS(store->look_at_folder(is_new));
    auto lock = store->files_.lock_file(folder + "/store.lock");
    if (!lock && lock.error().code == Code::busy) {
        return fail(Code::busy, "the store " + folder + " is in use: " + lock.error().message +
                                    ". Stop that server first, or choose another folder");
    }
    if (!lock && lock.error().code == Code::denied) {
        return fail(Code::denied, "the store " + folder +
                                      " cannot be written: " + lock.error().message +
                                      ". Make the folder and its files writable for this user");
    }
    if (!lock) return std::move(lock).error();
    store->lock_ = std::move(lock).value();
    SLUICE_TRY_STATUS(store->open_db());
    return store;
}

Status RocksStore::look_at_folder(bool& is_new) const {
    is_new = !files_.exists(settings_.folder + "/CURRENT");
    if (!is_new) return {};
    SLUICE_TRY(const auto names, files_.list_folder(settings_.folder));
    for (const std::string& name : names) {
        if (ends_with(name, ".sst")) {
            return fail(Code::corrupt, "the store " + settings_.folder +
                                           " is damaged: its file CURRENT is missing. Move it "
                                           "aside and restore a backup");
        }
        if (!is_leftover(name)) {
            return fail(Code::invalid, "the folder " + settings_.folder +
                                           " is not empty and holds no store (it has \"" + name +
                                           "\"). Choose an empty or a new folder");
        }
    }
    return {};
}

/// What is set aside is for opening as well. True when trying again may help.
bool RocksStore::give_room() {
    const bool ballast = settings_.guard && settings_.guard->disk_is_full();
    const bool spare = spare_logs_ && spare_logs_->give_back();
    return ballast || spare;
}

Error RocksStore::damaged_log(const std::string& what) const {
    return fail(Code::corrupt, "the store " + settings_.folder + " is damaged: its log " + what +
                                   ". Move it aside and restore a backup" +
                                   settings_.damaged_log_hint);
}

/// What was durable comes back, or the store is not opened. Changes nothing.
Status RocksStore::check_logs() const {
    if (settings_.accept_damaged_log) return {};
    const std::string& folder = settings_.folder;
    SLUICE_TRY(const LogReading logs, read_logs(*options_->env, folder));
    if (logs.logs == 0) {
        // There is a log ever since the first opening, which begins with the identity and ends with
        // the options. A backup has no identity.
        SLUICE_TRY(const auto names, files_.list_folder(folder));
        const bool opened = std::any_of(names.begin(), names.end(), [](const std::string& name) {
            return name.starts_with("OPTIONS-");
        });
        if (opened && files_.exists(folder + "/IDENTITY")) return damaged_log("is missing");
        return {};
    }
    if (logs.unreadable.empty()) return {};
    // It may be a log whose contents are in tables already: see how far a replay really comes.
    rocksdb::Options options = *options_;
    options.wal_filter = nullptr;
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(options, folder, &db);
    const std::unique_ptr<rocksdb::DB> owner(db);
    if (!status.ok()) return error_of(status, "open", folder);
    if (db->GetLatestSequenceNumber() >= logs.durable) return {};
    return damaged_log(logs.unreadable + " cannot be read, and behind it is what was stored");
}

Status RocksStore::open_db() {
    bool is_new = false;
    SLUICE_TRY_STATUS(look_at_folder(is_new));
    MutexLock lock(lifetime_);
    if (!is_new) SLUICE_TRY_STATUS(check_logs());
    options_->create_if_missing = is_new;
    durable_ = marked_ = 0;
    if (spare_logs_) spare_logs_->prepare();
    rocksdb::DB* db = nullptr;
    rocksdb::Status status = rocksdb::DB::Open(*options_, settings_.folder, &db);
    if (status.IsNoSpace() && give_room())
        status = rocksdb::DB::Open(*options_, settings_.folder, &db);
    if (!status.ok()) return error_of(status, "open", settings_.folder);
    db_.reset(db);
    stopped_ = false;
    return {};
}

Status RocksStore::usable() const {
    if (closed_.load(std::memory_order_relaxed)) {
        return fail(Code::io, "the store " + settings_.folder + " is closed");
    }
    if (stopped_.load(std::memory_order_acquire)) {
        return fail(Code::io, "the store " + settings_.folder +
                                  " stopped after a failed write; load it again to go on");
    }
    return {};
}

Error RocksStore::failed(const rocksdb::Status& status, std::string_view what) {
    stopped_.store(true, std::memory_order_release);
    if (status.IsNoSpace() && settings_.guard) settings_.guard->disk_is_full();
    return error_of(status, what, settings_.folder);
}

Error RocksStore::read_error(const rocksdb::Status& status) const {
    return error_of(status, "read", settings_.folder);
}

void RocksStore::stop() { stopped_.store(true, std::memory_order_release); }

std::uint64_t RocksStore::memtable_used() {
    std::uint64_t used = 0;
    return db_->GetIntProperty(rocksdb::DB::Properties::kCurSizeActiveMemTable, &used) ? used : 0;
}

Status RocksStore::turn_memtable() {
    SLUICE_TRY_STATUS(sync());
    rocksdb::FlushOptions options;
    options.wait = false;
    options.allow_write_stall = true;
    const rocksdb::Status status = db_->Flush(options);
    if (!status.ok()) return failed(status, "write to");
    return {};
}

/// RocksDB goes on to a new log with the write after the one that filled a memtable. Were the end
/// of the old log not yet synced then, a power cut could lose it and keep the beginning of the new
/// one: a hole in the history, which replay would not notice. So we look before every write that
/// follows or completes a sixteenth of a memtable, and sync and turn over ourselves shortly before
/// it is full.
Status RocksStore::turn_when_full(std::uint64_t bytes) {
    since_rest_ += bytes;
    if (unchecked_ + bytes < settings_.memtable.count / 16) {
        unchecked_ += bytes;
        return {};
    }
    unchecked_ = bytes;  // what is about to be written has yet to be looked at
    if (memtable_used() < settings_.memtable.count / 8 * 6) return {};
    return turn_memtable();
}

Status RocksStore::rest() {
    SLUICE_TRY_STATUS(usable());
    if (durable_ > marked_) {
        rocksdb::WriteBatch nothing;  // but how far the last sync came
        SLUICE_TRY_STATUS(write(nothing));
    }
    const bool is_quiet = std::exchange(since_rest_, 0) < quiet_bytes;
    quiet_rests_ = is_quiet ? quiet_rests_ + 1 : 0;
    if (quiet_rests_ < quiet_rests_min) return {};
    quiet_rests_ = 0;
    if (memtable_used() < rest_bytes_min) return {};
    return turn_memtable();
}

Status RocksStore::write(rocksdb::WriteBatch& batch) {
    SLUICE_TRY_STATUS(usable());
    rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);  // counting comparisons costs a sixth
    SLUICE_TRY_STATUS(turn_when_full(batch.GetDataSize()));
    marked_ = durable_;
    mark_durable(batch, marked_);
    const rocksdb::Status status = db_->Write({}, &batch);
    if (!status.ok()) return failed(status, "write to");
    return {};
}

Status RocksStore::write_durably(rocksdb::WriteBatch& batch) {
    SLUICE_TRY_STATUS(usable());
    {
        // Not behind the write: a batch that fills a memtable goes on to a file by itself.
        MutexLock lock(lifetime_);
        SLUICE_TRY_STATUS(make_referred_durable());
    }
    SLUICE_TRY_STATUS(write(batch));
    MutexLock lock(lifetime_);
    return sync_log();
}

/// A log that is durable must not speak of what is not.
Status RocksStore::make_referred_durable() {
    if (!settings_.before_sync) return {};
    Status status = settings_.before_sync();
    if (!status) stop();
    return status;
}

Status RocksStore::sync() {
    MutexLock lock(lifetime_);
    SLUICE_TRY_STATUS(usable());
    SLUICE_TRY_STATUS(make_referred_durable());
    return sync_log();
}

Status RocksStore::sync_log() {
    SLUICE_TRY_STATUS(usable());
    const std::uint64_t written = db_->GetLatestSequenceNumber();
    const rocksdb::Status status = log_guard_->sync(*db_);
    if (!status.ok()) return failed(status, "sync");
    durable_ = written;
    return {};
}

void RocksStore::close_db() {
    MutexLock lock(lifetime_);
    if (!db_) return;
    (void)db_->Close();  // what was not synced was not promised
    db_.reset();
}

Status RocksStore::reopen() {
    if (closed_) return usable();
    stop();
    close_db();
    return open_db();
}

Status RocksStore::checkpoint(const std::string& folder) {
    SLUICE_TRY_STATUS(usable());
    if (files_.exists(folder)) {
        return fail(Code::exists, folder + " exists already; a backup needs a new folder");
    }
    SLUICE_TRY_STATUS(files_.make_folders(folder_of(folder)));
    rocksdb::Checkpoint* made = nullptr;
    rocksdb::Status status = rocksdb::Checkpoint::Create(db_.get(), &made);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    if (status.ok()) status = checkpoint->CreateCheckpoint(folder);
    if (status.IsCorruption()) return error_of(status, "back up", settings_.folder);
    if (!status.ok()) {  // it may be the place of the copy
        const Code code = code_of(status);
        return fail(code == Code::corrupt ? Code::io : code, "cannot copy the store " +
                                                                 settings_.folder + " to " +
                                                                 folder + ": " + status.ToString());
    }
    return files_.sync_folder(folder_of(folder));
}

Status RocksStore::verify() {
    SLUICE_TRY_STATUS(usable());
    const rocksdb::Status status = db_->VerifyChecksum();
    if (!status.ok()) return error_of(status, "verify", settings_.folder);
    return {};
}

Status RocksStore::close() {
    if (closed_) return {};
    Status status;
    if (!stopped_ && db_) {
        status = sync();
        // An empty memtable makes the next start quick; the log holds everything if this fails.
        if (status) (void)db_->Flush(rocksdb::FlushOptions{});
    }
    close_db();
    closed_ = true;
    lock_ = FileLock{};
    return status;
}

Status restore_rocks(const std::string& source, const std::string& target,
                     const std::function<Status(const std::string& folder)>& inspect) {
    const FileIo files;
    if (!files.exists(source + "/CURRENT")) {
        return fail(Code::not_found, source + " holds no backup of a store");
    }
    if (files.exists(target)) {
        SLUICE_TRY(const auto names, files.list_folder(target));
        if (!names.empty()) {
            return fail(Code::exists, target + " is not empty; restore into a new folder");
        }
    }
    const std::string draft = target + ".restoring";
    SLUICE_TRY_STATUS(files.remove_folder(draft));
    SLUICE_TRY_STATUS(files.make_folders(draft));
    const auto copy = [&]() -> Status {
        SLUICE_TRY(const auto names, files.list_folder(source));
        for (const std::string& name : names) {
            if (name == "LOCK" || name == "store.lock") continue;
            const std::string part = "/" + name;
            SLUICE_TRY_STATUS(files.copy_file(source + part, draft + part));
        }
        SLUICE_TRY_STATUS(files.sync_folder(draft));
        SLUICE_TRY(auto store, RocksStore::open({.folder = draft}));
        SLUICE_TRY_STATUS(store->verify());
        SLUICE_TRY_STATUS(store->close());
        return inspect(draft);
    };
    if (Status status = copy(); !status) {
        (void)files.remove_folder(draft);
        return std::move(status).error().in("restore of " + source);
    }
    return files.rename_durably(draft, target);
}

}  // namespace sluice
