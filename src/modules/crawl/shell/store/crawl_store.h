// SPDX-License-Identifier: Apache-2.0
// CrawlStore: the durable side of one crawl, a RocksDB database of small memory. It keeps what the
// frontier and the outputs want kept and gives it back; what the records mean is their business.
//
// First letters of the keys. Those of the frontier are coded in core/frontier/records.cpp.
//   H host   Q queue entry   R robots.txt   S seen   T counters          the frontier
//   O length and checksum of an output   X CDX line   F failure          shell/output
//   M settings of the crawl   C cookies   E memory of a page             shell/crawl
// A new letter needs no new format; a change of what a letter holds gets a version in its record.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/base/result.h"
#include "kernel/store/rocks_env.h"
#include "modules/crawl/core/frontier/types.h"
#include "modules/crawl/shell/store/crawl_settings.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

struct CrawlStoreOptions {
    std::string folder;  ///< made (0700) when missing
    Bytes memtable = mib(8);
    int memtables_max = 2;
    Bytes cache = mib(4);
    /// Makes durable whatever a record may speak of (the outputs). Called before each sync of the
    /// store, on the thread that syncs; the store never calls it on two threads at once.
    std::function<Status()> before_sync = nullptr;
    /// Asked at open for each record that is replayed from the store's log, oldest first: is what
    /// it speaks of there? False: its batch and all behind it never were.
    std::function<bool(std::string_view key, std::string_view value)> may_replay = nullptr;
    std::shared_ptr<RocksFaultEnv> faults = nullptr;  ///< tests only
};

/// Who may read a crawl's records.
class StoreReader {
public:
    using Visit = std::function<Status(std::string_view key, std::string_view value)>;

    StoreReader() = default;
    StoreReader(const StoreReader&) = delete;
    StoreReader& operator=(const StoreReader&) = delete;
    virtual ~StoreReader() = default;

    /// Every key that begins with `prefix`, in order; ends early with the first error of `visit`.
    /// The views are valid during the call. Errors: of `visit`; corrupt, io.
    virtual Status each(std::string_view prefix, const Visit& visit) const = 0;
    /// Nothing if there is no such key. Errors: corrupt, io.
    [[nodiscard]] virtual Result<std::optional<std::string>> get(std::string_view key) const = 0;
};

/// One thread at a time calls everything but sync(), which one other thread may call meanwhile.
class CrawlStore final : public StoreReader {
public:
    /// Opens the store or makes an empty one. Errors: busy (another process crawls here), invalid
    /// (the folder holds something else), denied, corrupt (also: written by a newer Sluice),
    /// exhausted, io.
    static Result<std::unique_ptr<CrawlStore>> open(CrawlStoreOptions options);
    ~CrawlStore() override;

    /// The settings of the crawl that is here; nothing in an empty store.
    [[nodiscard]] Result<std::optional<CrawlSettings>> settings() const;
    /// Makes a store that of a crawl; to be in its first batch.
    [[nodiscard]] static Write begin(const CrawlSettings& settings);

    Status each(std::string_view prefix, const Visit& visit) const override;
    [[nodiscard]] Result<std::optional<std::string>> get(std::string_view key) const override;
    /// What is known of the URLs with these keys (Frontier::must_look_up), in their order.
    Status look_up(std::span<const std::string> keys, std::vector<Seen>& states) const;
    /// The entries that the order asks for. Errors: corrupt, io.
    [[nodiscard]] Result<ReadEnd> read(const ReadOrder& order) const;

    /// Applies all of them or none; durable after sync(). After a failure the store takes nothing
    /// more.
    Status write(std::span<const Write> writes);
    /// What was written before is durable when it returns.
    Status sync();
    /// Syncs and closes. Idempotent.
    Status close();

private:
    struct Parts;
    explicit CrawlStore(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace sluice::crawl
