// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/crawl/committer.h"

#include "kernel/observe/log.h"
#include "kernel/sync/clock.h"
#include "modules/crawl/shell/output/replay_check.h"

#include <utility>

namespace sluice::crawl {
namespace {

constexpr std::string_view store_name = "/frontier";

bool has_store(const FileIo& files, const std::string& folder) {
    return files.exists(folder + std::string(store_name) + "/CURRENT");
}

/// Opens the store as far as its log agrees with the outputs. Whoever opens it has to: what is
/// replayed once stays.
Result<std::unique_ptr<CrawlStore>> open_agreeing(const FileIo& files, const std::string& folder,
                                                  CrawlStoreOptions options) {
    SLUICE_TRY(const auto check, ReplayCheck::open(files, folder));
    options.folder = folder + std::string(store_name);
    options.may_replay = [check](std::string_view key, std::string_view value) {
        return check->may_replay(key, value);
    };
    SLUICE_TRY(auto store, CrawlStore::open(std::move(options)));
    if (const std::string missing = check->end(); !missing.empty()) {
        log_warning("the end of the crawl was lost; it goes on from before that",
                    {{"lost", missing}});
    }
    return store;
}

}  // namespace

Result<std::unique_ptr<Committer>> Committer::open(CommitterOptions options) {
    std::unique_ptr<Committer> made(new Committer(std::move(options)));
    SLUICE_TRY_STATUS(made->open_store());
    bool is_new = false;
    SLUICE_TRY_STATUS(made->check_settings_of_store(is_new));
    SLUICE_TRY_STATUS(made->open_outputs(is_new));
    return made;
}

Result<std::unique_ptr<CrawlStore>> Committer::store_in(const std::string& folder) {
    const Error none = fail(Code::not_found, "there is no crawl in " + folder);
    if (!has_store(FileIo(), folder)) return none;
    SLUICE_TRY(auto store, open_agreeing(FileIo(), folder, {}));
    SLUICE_TRY(const auto settings, store->settings());
    if (!settings) return none;
    return store;
}

Committer::~Committer() { (void)close(); }

Status Committer::open_store() {
    const std::string& folder = options_.folder;
    if (options_.resume && !has_store(options_.files, folder))
        return fail(Code::not_found, "there is no crawl in " + folder + " to go on with");
    SLUICE_TRY_STATUS(options_.files.make_folders(folder));
    CrawlStoreOptions store;
    store.before_sync = [this] { return sync_outputs(); };
    store.faults = options_.faults;
    SLUICE_TRY(store_, open_agreeing(options_.files, folder, std::move(store)));
    return {};
}

Status Committer::check_settings_of_store(bool& is_new) {
    SLUICE_TRY(const auto before, store_->settings());
    is_new = !before;  // also of one that ended before its first batch
    if (!options_.resume && !is_new)
        return fail(Code::exists, "there is a crawl in " + options_.folder +
                                      " already. Go on with it, or choose another folder");
    return is_new ? Status() : check_settings(*before, options_.settings);
}

// The settings and the marks of the files are one batch: either there is a crawl with its files, or
// none. A crawl that goes on may have files that it had not before.
Status Committer::open_outputs(bool is_new) {
    std::vector<Write> marks;
    SLUICE_TRY_STATUS(store_->each(std::string(1, output_letter),
                                   [&](std::string_view key, std::string_view value) -> Status {
                                       marks.push_back({std::string(key), std::string(value)});
                                       return {};
                                   }));
    OutputConfig config = options_.outputs;
    config.folder = options_.folder;
    SLUICE_TRY(outputs_, Outputs::open(std::move(config), marks, options_.files));
    std::vector<Write> first;
    if (is_new) first.push_back(CrawlStore::begin(options_.settings));
    outputs_->put_marks(first);
    SLUICE_TRY_STATUS(store_->write(first));
    return store_->sync();
}

void Committer::start(std::function<void(const Error&)> on_failure) {
    on_failure_ = std::move(on_failure);
    if (options_.sync_every > Duration::zero())
        sync_thread_ = Thread("crawl-sync", [this] { keep_synced(); });
}

Status Committer::commit(std::span<RenderedPage> pages, std::vector<Write>& writes) {
    SLUICE_TRY_STATUS(usable());
    const bool each = options_.sync_every <= Duration::zero();
    Status status;
    {
        MutexLock lock(turn_);
        if (!pages.empty()) status = outputs_->append(pages, writes);
        if (status && !writes.empty()) status = store_->write(writes);
        if (status && each) status = store_->sync();
    }
    if (status && !each) (void)unsynced_.try_push(0);
    return note(std::move(status));
}

Status Committer::usable() const {
    MutexLock lock(failure_mutex_);
    return failure_ ? Status(*failure_) : Status();
}

/// The first failure is why later ones failed.
Status Committer::note(Status status) {
    if (status) return status;
    MutexLock lock(failure_mutex_);
    if (!failure_) failure_ = status.error();
    return *failure_;
}

// Called by the store before each of its syncs, also before those that it does by itself.
Status Committer::sync_outputs() { return outputs_ ? outputs_->sync() : Status(); }

// The first half does most of the work while the owner goes on; the second is short, and the owner
// waits for it. The store has the outputs synced before itself; what the kernel writes in another
// order is seen to by ReplayCheck.
Status Committer::sync() {
    Status status = outputs_->sync();
    if (status) {
        MutexLock lock(turn_);
        status = store_->sync();
    }
    return note(std::move(status));
}

void Committer::keep_synced() {
    Instant next{};
    char token = 0;
    while (unsynced_.pop(token) == ChannelStatus::ok) {
        (void)ending_.wait(next);  // its only event is its end
        next = deadline_after(options_.sync_every);
        const Pulse::Turn watched(pulse_);
        const Status status = sync();
        if (status) continue;
        log_error("the crawl cannot be made durable", {{"error", status.error().text()}});
        if (on_failure_) on_failure_(status.error());
        return;
    }
}

void Committer::stop_syncing() {
    unsynced_.close();
    ending_.close();
    sync_thread_.join();
}

Status Committer::finish(CrawlSummary& summary) {
    SLUICE_TRY_STATUS(usable());
    SLUICE_TRY_STATUS(sync());
    return outputs_->finish(summary, [this](std::string_view prefix, const VisitRecord& visit) {
        return store_->each(prefix, visit);
    });
}

Status Committer::close() {
    stop_syncing();
    return store_ ? store_->close() : Status();
}

}  // namespace sluice::crawl
