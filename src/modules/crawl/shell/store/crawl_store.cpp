// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/store/crawl_store.h"

#include "kernel/store/rocks_store.h"
#include "modules/crawl/core/frontier/host.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <utility>

namespace sluice::crawl {
namespace {

using rocksdb::Slice;

constexpr std::string_view settings_key = "M";
constexpr std::size_t look_up_max = 256;  // point reads at once

Slice slice_of(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view_of(const Slice& slice) { return {slice.data(), slice.size()}; }

/// The first key behind all that begin with `prefix`; empty: there is none.
std::string after_prefix(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
    if (!end.empty()) end.back() = static_cast<char>(end.back() + 1);
    return end;
}

using MayReplay = std::function<bool(std::string_view key, std::string_view value)>;

/// Asks for each record of a batch.
class ReplayAsker final : public rocksdb::WriteBatch::Handler {
public:
    explicit ReplayAsker(const MayReplay& may_replay) : may_replay_(may_replay) {}
    rocksdb::Status PutCF(std::uint32_t /*family*/, const Slice& key, const Slice& value) override {
        may_ = may_replay_(view_of(key), view_of(value));
        return {};
    }
    rocksdb::Status DeleteCF(std::uint32_t /*family*/, const Slice& /*key*/) override { return {}; }
    bool Continue() override { return may_; }
    [[nodiscard]] bool may() const { return may_; }

private:
    const MayReplay& may_replay_;
    bool may_ = true;
};

}  // namespace

struct CrawlStore::Parts {
    CrawlStoreOptions options;
    std::unique_ptr<RocksStore> rocks;
    rocksdb::WriteBatch batch;
};

CrawlStore::CrawlStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
CrawlStore::~CrawlStore() = default;

Result<std::unique_ptr<CrawlStore>> CrawlStore::open(CrawlStoreOptions options) {
    auto parts = std::make_unique<Parts>();
    RocksSettings settings;
    settings.folder = options.folder;
    settings.memtable = options.memtable;
    settings.memtables_max = options.memtables_max;
    settings.cache = options.cache;
    settings.open_files_max = 256;
    // Nobody waits for a sync; writing zeros first was a tenth of a crawl's CPU.
    settings.spare_logs = false;
    settings.before_sync = options.before_sync;
    if (options.may_replay) {
        settings.may_replay = [ask = options.may_replay](const rocksdb::WriteBatch& batch) {
            ReplayAsker asker(ask);
            return batch.Iterate(&asker).ok() && asker.may();
        };
    }
    settings.faults = options.faults;
    auto rocks = RocksStore::open(std::move(settings));
    if (!rocks && rocks.error().code == Code::busy)
        return fail(Code::busy, "another process crawls in this folder: " + rocks.error().message);
    if (!rocks) return std::move(rocks).error();
    parts->rocks = std::move(*rocks);
    parts->options = std::move(options);
    std::unique_ptr<CrawlStore> store(new CrawlStore(std::move(parts)));
    SLUICE_TRY(const auto known, store->settings());
    if (known) return store;
    bool empty = true;
    SLUICE_TRY_STATUS(store->each({}, [&empty](std::string_view, std::string_view) -> Status {
        empty = false;
        return {};
    }));
    if (empty) return store;
    return fail(Code::invalid, "the folder " + store->parts_->options.folder +
                                   " holds a database of another program. Choose another folder");
}

Result<std::optional<CrawlSettings>> CrawlStore::settings() const {
    SLUICE_TRY(const auto record, get(settings_key));
    if (!record) return std::optional<CrawlSettings>{};
    SLUICE_TRY(auto settings, read_settings(*record));
    return std::optional(std::move(settings));
}

Write CrawlStore::begin(const CrawlSettings& settings) {
    return {std::string(settings_key), settings_record(settings)};
}

Status CrawlStore::each(std::string_view prefix, const Visit& visit) const {
    SLUICE_TRY_STATUS(parts_->rocks->usable());
    const std::string end = after_prefix(prefix);
    const Slice upper = slice_of(end);
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    if (!end.empty()) options.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> at(parts_->rocks->db().NewIterator(options));
    for (at->Seek(slice_of(prefix)); at->Valid(); at->Next())
        SLUICE_TRY_STATUS(visit(view_of(at->key()), view_of(at->value())));
    if (!at->status().ok()) return parts_->rocks->read_error(at->status());
    return {};
}

Result<std::optional<std::string>> CrawlStore::get(std::string_view key) const {
    SLUICE_TRY_STATUS(parts_->rocks->usable());
    std::string value;
    const rocksdb::Status status = parts_->rocks->db().Get({}, slice_of(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>{};
    if (!status.ok()) return parts_->rocks->read_error(status);
    return std::optional(std::move(value));
}

Status CrawlStore::look_up(std::span<const std::string> keys, std::vector<Seen>& states) const {
    SLUICE_TRY_STATUS(parts_->rocks->usable());
    states.clear();
    rocksdb::DB& db = parts_->rocks->db();
    std::vector<Slice> slices;
    while (!keys.empty()) {
        const std::span<const std::string> some = keys.first(std::min(keys.size(), look_up_max));
        keys = keys.subspan(some.size());
        slices.assign(some.begin(), some.end());
        std::vector<rocksdb::PinnableSlice> values(some.size());
        std::vector<rocksdb::Status> statuses(some.size());
        db.MultiGet({}, db.DefaultColumnFamily(), slices.size(), slices.data(), values.data(),
                    statuses.data());
        for (std::size_t i = 0; i < some.size(); ++i) {
            if (!statuses[i].ok() && !statuses[i].IsNotFound())
                return parts_->rocks->read_error(statuses[i]);
            const bool known = statuses[i].ok() && values[i].size() == 1;
            if (statuses[i].ok() && (!known || values[i][0] > static_cast<char>(Seen::too_far)))
                return fail(Code::corrupt, "what the crawl knows of a URL cannot be read");
            states.push_back(known ? static_cast<Seen>(values[i][0]) : Seen::no);
        }
    }
    return {};
}

Result<ReadEnd> CrawlStore::read(const ReadOrder& order) const {
    SLUICE_TRY_STATUS(parts_->rocks->usable());
    ReadEnd end{order.host, order.queue, order.after, {}, true};
    const std::string after = queue_key(order.host, order.queue, order.after);
    const std::string behind = queue_key(order.host, order.queue, UINT64_MAX) + '\0';
    const Slice upper = slice_of(behind);
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> at(parts_->rocks->db().NewIterator(options));
    at->Seek(slice_of(after));
    if (at->Valid() && view_of(at->key()) == after) at->Next();
    for (; at->Valid(); at->Next()) {
        if (end.entries.size() == order.limit) {
            end.last = false;
            break;
        }
        SLUICE_TRY(auto url, read_queued(view_of(at->key()), view_of(at->value())));
        end.entries.push_back(std::move(url));
    }
    if (!at->status().ok()) return parts_->rocks->read_error(at->status());
    return end;
}

// RocksDB makes a memtable durable when it is full, and a batch that fills one by itself at once:
// such a batch is made durable in our order, after what its records speak of.
Status CrawlStore::write(std::span<const Write> writes) {
    rocksdb::WriteBatch& batch = parts_->batch;
    batch.Clear();
    for (const Write& write : writes) {
        const rocksdb::Status status = write.value
                                           ? batch.Put(slice_of(write.key), slice_of(*write.value))
                                           : batch.Delete(slice_of(write.key));
        if (!status.ok()) {
            parts_->rocks->stop();
            return parts_->rocks->read_error(status);
        }
    }
    const bool large = batch.GetDataSize() > parts_->options.memtable.count / 8;
    return large ? parts_->rocks->write_durably(batch) : parts_->rocks->write(batch);
}

Status CrawlStore::sync() { return parts_->rocks->sync(); }
Status CrawlStore::close() { return parts_->rocks->close(); }

}  // namespace sluice::crawl
