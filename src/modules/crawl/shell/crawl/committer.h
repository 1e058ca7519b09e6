// SPDX-License-Identifier: Apache-2.0
// Committer: what a crawl has decided, made durable: outputs and store in the right order, and the
// sync thread. In crawler.h it says what that is worth after a crash, and in
// docs/adr/0023-crawl-durability.md why it is so.
#pragma once

#include "kernel/base/result.h"
#include "kernel/observe/pulse.h"
#include "kernel/store/file_io.h"
#include "kernel/sync/channel.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/thread.h"
#include "modules/crawl/shell/output/outputs.h"
#include "modules/crawl/shell/store/crawl_store.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::crawl {

struct CommitterOptions {
    std::string folder;    ///< of the crawl; made when missing
    OutputConfig outputs;  ///< its folder is that of the crawl
    CrawlSettings settings;
    bool resume = false;
    Duration sync_every = 100ms;                      ///< 0: each commit is durable at once
    std::shared_ptr<RocksFaultEnv> faults = nullptr;  ///< tests only
    FileIo files = FileIo();
};

/// The owner's, but for what is said otherwise.
class Committer {
public:
    /// Opens the store and the outputs of a crawl, or makes those of a new one. Errors: not_found
    /// (`resume`, and there is none), exists (there is one, and not `resume`), invalid (other
    /// settings), busy, denied, corrupt, exhausted, io.
    static Result<std::unique_ptr<Committer>> open(CommitterOptions options);
    /// The store of the crawl in a folder, to be read; it has settings. Errors: not_found, busy,
    /// corrupt, io.
    static Result<std::unique_ptr<CrawlStore>> store_in(const std::string& folder);
    /// Closes.
    ~Committer();
    Committer(const Committer&) = delete;
    Committer& operator=(const Committer&) = delete;

    [[nodiscard]] const CrawlStore& store() const { return *store_; }
    /// For render(), on any thread.
    [[nodiscard]] const Outputs& outputs() const { return *outputs_; }

    /// Starts the sync thread, if there is to be one. `on_failure` is called on it, once at most:
    /// nothing can be made durable any more.
    void start(std::function<void(const Error&)> on_failure);
    /// Appends the pages to the outputs, then writes `writes` and the outputs' marks in one batch.
    /// After an error, also one of the sync thread, nothing is taken any more: it is given again.
    Status commit(std::span<RenderedPage> pages, std::vector<Write>& writes);
    /// Everything committed before is durable when it returns. Any thread.
    Status sync();
    /// Ends the sync thread; `on_failure` is not called any more. Idempotent.
    void stop_syncing();
    /// Makes everything durable, and writes the outputs that need the whole crawl.
    Status finish(CrawlSummary& summary);
    /// Ends the sync thread, syncs and closes. Idempotent.
    Status close();

private:
    explicit Committer(CommitterOptions options) : options_(std::move(options)) {}
    Status open_store();
    Status open_outputs(bool is_new);
    Status check_settings_of_store(bool& is_new);
    Status sync_outputs();
    void keep_synced();
    [[nodiscard]] Status usable() const;
    Status note(Status status);

    const CommitterOptions options_;
    std::unique_ptr<Outputs> outputs_;
    std::unique_ptr<CrawlStore> store_;
    /// Held while something is appended and written, and while the store is synced: RocksDB ends
    /// the process when its log is synced after a write to it has failed, before we know of the
    /// failure.
    Mutex turn_{"crawl.commit"};
    mutable Mutex failure_mutex_{"crawl.commit_failure"};
    std::optional<Error> failure_ SLUICE_GUARDED_BY(failure_mutex_);  ///< the first
    std::function<void(const Error&)> on_failure_;
    Channel<char> unsynced_{1, "crawl.unsynced"};  ///< something was written since the last sync
    Channel<char> ending_{1, "crawl.sync_pause"};  ///< closed: the pauses between syncs end
    Pulse pulse_{"crawl.sync"};
    Thread sync_thread_;
};

}  // namespace sluice::crawl
