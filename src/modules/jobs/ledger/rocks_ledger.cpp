// SPDX-License-Identifier: Apache-2.0
// Writing and opening; reading is in rocks_rows. A life cycle of a small job that never leaves
// memory costs four row writes: at the push, at delivery, at completion, and its erasure.
#include "modules/jobs/ledger/rocks_ledger.h"

#include "kernel/base/bytes.h"
#include "modules/jobs/ledger/record.h"
#include "modules/jobs/ledger/rocks_keys.h"
#include "modules/jobs/ledger/rocks_rows.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>
#include <boost/unordered/unordered_flat_set.hpp>

#include <utility>

namespace sluice::jobs {

namespace {

/// Raised when an older Sluice must not open what a newer one wrote (see record.h).
/// 2: jobs that never left memory have no jid row; totals have another key.
constexpr std::uint64_t store_format = 2;
/// How far a restore moves the epoch.
constexpr std::uint64_t restore_leap = 1000;

using rocks_keys::Key;
using rocksdb::Slice;

Slice slice_of(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
Slice slice_of(const Key& key) { return slice_of(key.view()); }

/// Which stretches of 4,096 seqs may have bodies kept apart, so that erasing a job of another
/// stretch costs no second erasure. Grows by eight bytes per stretch that ever had one.
class ApartStretches {
public:
    void add(Seq seq) { stretches_.insert(seq.value() / 4096); }
    [[nodiscard]] bool may_hold(Seq seq) const {
        return !stretches_.empty() && stretches_.contains(seq.value() / 4096);
    }
    void clear() { stretches_.clear(); }

private:
    boost::unordered_flat_set<std::uint64_t> stretches_;
};

/// Turns writes into rows of one batch.
class BatchFiller {
public:
    BatchFiller(rocksdb::WriteBatch& batch, ApartStretches& apart, std::string& scratch)
        : batch_(batch), apart_(apart), scratch_(scratch) {}

    void operator()(const PutJob& w) {
        const Seq seq = w.job.head.seq;
        encode_job(w.job, scratch_);
        put(rocks_keys::job(seq).view(), scratch_);
        if (!w.fresh) return;
        const JobBody& body = *w.job.body;
        if (body_is_apart(body)) {
            apart_.add(seq);
            encode_body(seq, body, scratch_);
            put(rocks_keys::body(seq).view(), scratch_);
        }
    }
    void operator()(const PutJid& w) {
        rocks_keys::jid(w.jid, scratch_);
        put(scratch_, Key('\0').be8(w.seq.value()).view().substr(1));
    }
    void operator()(const EraseJob& w) {
        erase(rocks_keys::job(w.seq).view());
        if (apart_.may_hold(w.seq)) erase(rocks_keys::body(w.seq).view());
        // The engine's word is enough that no later push owns the jid; asking the disk would cost
        // more than the erasure.
        if (w.jid.empty()) return;
        rocks_keys::jid(w.jid, scratch_);
        erase(scratch_);
    }
    void operator()(const PutReady& w) {
        put(rocks_keys::ready(w.queue, w.priority, w.order).view(),
            Key('\0').be8(w.seq.value()).view().substr(1));
    }
    void operator()(const EraseReady& w) {
        erase(rocks_keys::ready(w.queue, w.priority, w.order).view());
    }
    void operator()(const PutDue& w) { put(rocks_keys::due({w.at, w.seq}).view(), {}); }
    void operator()(const EraseDue& w) { erase(rocks_keys::due({w.at, w.seq}).view()); }
    void operator()(const PutQueue& w) {
        encode_queue(w.row, scratch_);
        put(rocks_keys::queue(w.row.id).view(), scratch_);
    }
    void operator()(const EraseQueue& w) { erase(rocks_keys::queue(w.id).view()); }
    void operator()(const PutTotals& w) {
        encode_totals(w.totals, scratch_);
        put(rocks_keys::totals, scratch_);
    }
    void operator()(const EraseEverything&) {
        using namespace rocks_keys;
        for (const char tag : {job_tag, body_tag, jid_tag, queue_tag, ready_tag, due_tag}) {
            const Key first(tag);
            const std::string last = after(first.view());
            note(batch_.DeleteRange(slice_of(first), last));
        }
        apart_.clear();
    }

    [[nodiscard]] const rocksdb::Status& status() const { return status_; }

private:
    void put(std::string_view key, std::string_view value) {
        note(batch_.Put(slice_of(key), slice_of(value)));
    }
    void erase(std::string_view key) { note(batch_.Delete(slice_of(key))); }
    void note(rocksdb::Status status) {
        if (!status.ok() && status_.ok()) status_ = std::move(status);
    }

    rocksdb::WriteBatch& batch_;
    ApartStretches& apart_;
    std::string& scratch_;
    rocksdb::Status status_;
};

/// A number under a key of its own; nothing when there is no such row.
Result<std::optional<std::uint64_t>> get_number(RocksStore& store, std::string_view key) {
    std::string value;
    const rocksdb::Status status = store.db().Get({}, slice_of(key), &value);
    if (status.IsNotFound()) return std::optional<std::uint64_t>{};
    if (!status.ok()) return store.read_error(status);
    ByteReader in(value);
    const std::uint64_t number = in.big_endian();
    if (!in.ok() || !in.at_end()) {
        return fail(Code::corrupt, "the stored " + std::string(key.substr(1)) +
                                       " is damaged; move the store aside and restore a backup");
    }
    return std::optional(number);
}

Status put_number(RocksStore& store, std::string_view key, std::uint64_t number) {
    rocksdb::WriteBatch batch;
    std::string value;
    put_big_endian(value, number);
    if (const auto status = batch.Put(slice_of(key), value); !status.ok()) {
        return store.read_error(status);
    }
    return store.write_durably(batch);
}

/// Before anything that an older Sluice would misunderstand is written.
Status take_over_format_1(RocksStore& store) {
    std::string value;
    const rocksdb::Status read = store.db().Get({}, slice_of(rocks_keys::totals_1), &value);
    if (!read.ok() && !read.IsNotFound()) return store.read_error(read);
    rocksdb::WriteBatch batch;
    rocksdb::Status filled;
    if (read.ok()) filled = batch.Put(slice_of(rocks_keys::totals), value);
    if (filled.ok()) filled = batch.Delete(slice_of(rocks_keys::totals_1));
    value.clear();
    put_big_endian(value, store_format);
    if (filled.ok()) filled = batch.Put(slice_of(rocks_keys::format), value);
    if (!filled.ok()) return store.read_error(filled);
    return store.write_durably(batch);
}

/// Proves that the database is a store of ours that we understand; marks a new one.
Status check_format(RocksStore& store, const std::string& folder) {
    SLUICE_TRY(const auto format, get_number(store, rocks_keys::format));
    if (!format) {
        const std::unique_ptr<rocksdb::Iterator> any(store.db().NewIterator({}));
        any->SeekToFirst();
        if (!any->status().ok()) return store.read_error(any->status());
        if (any->Valid()) {
            return fail(Code::invalid, "the folder " + folder +
                                           " holds a database of another program. Choose an empty "
                                           "or a new folder");
        }
        return put_number(store, rocks_keys::format, store_format);
    }
    if (*format > store_format) {
        return fail(Code::corrupt, "the store " + folder + " has format " +
                                       std::to_string(*format) + ", written by a newer Sluice; " +
                                       "this one reads up to " + std::to_string(store_format) +
                                       ". Upgrade Sluice, or restore an older backup");
    }
    if (*format < store_format) return take_over_format_1(store);
    return {};
}

class RocksLedger final : public Ledger {
public:
    RocksLedger(std::unique_ptr<RocksStore> store, std::string folder)
        : store_(std::move(store)), folder_(std::move(folder)), rows_(*store_) {}

    Result<LedgerState> load(const std::function<void(JobRecord&&)>& visit) override {
        LedgerState out;
        if (auto epoch = raise_epoch()) {
            out.epoch = *epoch;
        } else {
            // Stopped, or about to be told that work in the background has failed: begin anew.
            SLUICE_TRY_STATUS(store_->reopen());
            SLUICE_TRY_STATUS(check_format(*store_, folder_));
            SLUICE_TRY(out.epoch, raise_epoch());
        }
        apart_.clear();
        SLUICE_TRY_STATUS(load_queues(out.queues));
        SLUICE_TRY_STATUS(load_totals(out.totals));
        SLUICE_TRY_STATUS(rows_.visit_all(visit, [this](Seq seq) { apart_.add(seq); }));
        loaded_ = true;
        return out;
    }

    Status write(std::span<const Write> writes) override {
        SLUICE_TRY_STATUS(usable());
        batch_.Clear();
        BatchFiller fill(batch_, apart_, scratch_);
        for (const Write& write : writes) std::visit(fill, write);
        if (!fill.status().ok()) {
            store_->stop();
            return store_->read_error(fill.status());
        }
        return store_->write(batch_);
    }

    Status sync() override { return store_->sync(); }

    Status rest() override {
        SLUICE_TRY_STATUS(usable());
        return store_->rest();
    }

    Status find(std::span<const Sought> sought, std::size_t bytes_max,
                std::vector<std::optional<JobRecord>>& found) override {
        SLUICE_TRY_STATUS(usable());
        return rows_.find(sought, bytes_max, found);
    }

    Result<ReadResult> read(const WantedRead& wanted) override {
        SLUICE_TRY_STATUS(usable());
        return rows_.read(wanted);
    }

    Status checkpoint(const std::string& directory) override {
        SLUICE_TRY_STATUS(usable());
        return store_->checkpoint(directory);
    }

    Status close() override { return store_->close(); }

private:
    [[nodiscard]] Status usable() const {
        SLUICE_TRY_STATUS(store_->usable());
        if (!loaded_) return fail(Code::internal, "the ledger was not loaded");
        return {};
    }

    Result<std::uint64_t> raise_epoch() {
        SLUICE_TRY_STATUS(store_->usable());
        SLUICE_TRY(const auto epoch, get_number(*store_, rocks_keys::epoch));
        SLUICE_TRY_STATUS(put_number(*store_, rocks_keys::epoch, epoch.value_or(0) + 1));
        return epoch.value_or(0) + 1;
    }

    Status load_queues(std::vector<QueueRow>& queues) {
        const Key all(rocks_keys::queue_tag);
        const std::unique_ptr<rocksdb::Iterator> at(store_->db().NewIterator({}));
        for (at->Seek(slice_of(all)); at->Valid(); at->Next()) {
            const std::string_view key(at->key().data(), at->key().size());
            if (!key.starts_with(all.view()) || key.size() != 9) break;
            SLUICE_TRY(QueueRow row, decode_queue(QueueId(rocks_keys::be8_at(key, 1)),
                                                  {at->value().data(), at->value().size()}));
            queues.push_back(std::move(row));
        }
        if (!at->status().ok()) return store_->read_error(at->status());
        return {};
    }

    Status load_totals(Totals& totals) {
        std::string value;
        const rocksdb::Status status = store_->db().Get({}, slice_of(rocks_keys::totals), &value);
        if (status.IsNotFound()) return {};
        if (!status.ok()) return store_->read_error(status);
        SLUICE_TRY(totals, decode_totals(value));
        return {};
    }

    std::unique_ptr<RocksStore> store_;
    const std::string folder_;
    RocksRows rows_;
    ApartStretches apart_;
    rocksdb::WriteBatch batch_;
    std::string scratch_;
    bool loaded_ = false;
};

}  // namespace

Result<std::unique_ptr<Ledger>> open_rocks_ledger(RocksSettings settings) {
    const std::string folder = settings.folder;
    SLUICE_TRY(auto store, RocksStore::open(std::move(settings)));
    SLUICE_TRY_STATUS(check_format(*store, folder));
    return std::unique_ptr<Ledger>(std::make_unique<RocksLedger>(std::move(store), folder));
}

Status restore_rocks_ledger(const std::string& backup, const std::string& folder) {
    return restore_rocks(backup, folder, [](const std::string& copy) -> Status {
        SLUICE_TRY(auto store, RocksStore::open({.folder = copy}));
        SLUICE_TRY(const auto format, get_number(*store, rocks_keys::format));
        if (!format) return fail(Code::corrupt, "it is not a backup of a job store");
        SLUICE_TRY_STATUS(check_format(*store, copy));
        SLUICE_TRY(const auto epoch, get_number(*store, rocks_keys::epoch));
        SLUICE_TRY_STATUS(put_number(*store, rocks_keys::epoch, epoch.value_or(0) + restore_leap));
        return store->close();
    });
}

}  // namespace sluice::jobs
