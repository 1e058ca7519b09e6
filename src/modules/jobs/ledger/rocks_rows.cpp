// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/ledger/rocks_rows.h"

#include "modules/jobs/ledger/record.h"
#include "modules/jobs/ledger/rocks_keys.h"

#include <rocksdb/db.h>

#include <algorithm>

namespace sluice::jobs {

namespace {

using rocks_keys::Key;
using rocksdb::Slice;

/// Index rows are joined in pages of at most so many.
constexpr std::size_t join_max = 512;
/// Rows of looked-up jobs that are read at once; each may hold a result of 16 MiB.
constexpr std::size_t lookup_join_max = 32;
/// A scan stops after so many records that did not match, whatever the limit.
constexpr std::uint64_t scan_min = 4096;

Slice slice_of(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view_of(const Slice& slice) { return {slice.data(), slice.size()}; }

Error damaged(std::string_view what) {
    return fail(Code::corrupt, "a stored " + std::string(what) +
                                   " is damaged; move the store aside and restore a backup");
}

/// Several point reads at once.
class Gets {
public:
    explicit Gets(rocksdb::DB& db) : db_(db) {}

    /// Leaves value(i) and found(i) for each key. The keys must stay alive meanwhile.
    rocksdb::Status run(std::span<const Slice> keys) {
        values_ = std::vector<rocksdb::PinnableSlice>(keys.size());
        statuses_.assign(keys.size(), rocksdb::Status());
        if (keys.size() == 1) {
            statuses_[0] = db_.Get({}, db_.DefaultColumnFamily(), keys[0], values_.data());
        } else if (!keys.empty()) {
            db_.MultiGet({}, db_.DefaultColumnFamily(), keys.size(), keys.data(), values_.data(),
                         statuses_.data());
        }
        for (const auto& status : statuses_) {
            if (!status.ok() && !status.IsNotFound()) return status;
        }
        return rocksdb::Status::OK();
    }
    [[nodiscard]] bool found(std::size_t i) const { return statuses_[i].ok(); }
    [[nodiscard]] std::string_view value(std::size_t i) const { return view_of(values_[i]); }

private:
    rocksdb::DB& db_;
    std::vector<rocksdb::PinnableSlice> values_;
    std::vector<rocksdb::Status> statuses_;
};

/// An iterator over the keys from `first` up to, not including, `last`.
class Range {
public:
    Range(rocksdb::DB& db, std::string_view first, std::string last, std::size_t readahead = 0)
        : last_(std::move(last)), last_slice_(last_) {
        rocksdb::ReadOptions options;
        options.iterate_upper_bound = &last_slice_;
        options.readahead_size = readahead;
        options.fill_cache = readahead == 0;
        at_.reset(db.NewIterator(options));
        at_->Seek(slice_of(first));
    }
    Range(const Range&) = delete;
    Range& operator=(const Range&) = delete;

    [[nodiscard]] bool valid() const { return at_->Valid(); }
    void next() { at_->Next(); }
    [[nodiscard]] std::string_view key() const { return view_of(at_->key()); }
    [[nodiscard]] std::string_view value() const { return view_of(at_->value()); }
    [[nodiscard]] rocksdb::Status status() const { return at_->status(); }

private:
    std::string last_;
    Slice last_slice_;
    std::unique_ptr<rocksdb::Iterator> at_;
};

/// Index keys sort like their numbers, so "after this one" is "from the same key plus a zero byte".
std::string key_after(const Key& key) { return std::string(key.view()) + '\0'; }

}  // namespace

Status RocksRows::fetch(std::span<const Seq> seqs, std::size_t bytes_max,
                        std::vector<std::optional<JobRecord>>& jobs) {
    jobs.clear();
    std::size_t bytes = 0;
    std::vector<std::optional<JobRecord>> rows;
    while (jobs.size() < seqs.size()) {
        std::span<const Seq> page = seqs.subspan(jobs.size());
        std::size_t stored = 0;
        for (std::size_t i = 0; i < page.size(); ++i) {
            if (page[i] && ++stored == lookup_join_max) page = page.first(i + 1);
        }
        SLUICE_TRY_STATUS(fetch_rows(page, rows));
        for (std::optional<JobRecord>& job : rows) {
            // One at a time: how long a body is shows only once it is read.
            if (job) {
                SLUICE_TRY_STATUS(fetch_bodies({&job, 1}));
                bytes += memory_bytes(*job);
            }
            jobs.push_back(std::move(job));
            if (bytes >= bytes_max) return {};
        }
    }
    return {};
}

Status RocksRows::fetch_rows(std::span<const Seq> seqs,
                             std::vector<std::optional<JobRecord>>& jobs) {
    jobs.clear();
    jobs.resize(seqs.size());
    std::vector<Key> keys;
    std::vector<Slice> slices;
    std::vector<std::size_t> places;
    keys.reserve(seqs.size());
    for (std::size_t i = 0; i < seqs.size(); ++i) {
        if (!seqs[i]) continue;
        keys.push_back(rocks_keys::job(seqs[i]));
        slices.push_back(slice_of(keys.back().view()));
        places.push_back(i);
    }
    Gets gets(store_.db());
    if (const auto status = gets.run(slices); !status.ok()) return store_.read_error(status);
    for (std::size_t i = 0; i < slices.size(); ++i) {
        if (!gets.found(i)) continue;
        auto& job = jobs[places[i]].emplace();
        SLUICE_TRY_STATUS(decode_job(seqs[places[i]], gets.value(i), job));
    }
    return {};
}

Status RocksRows::add(std::optional<JobRecord>& job, ReadResult& out) {
    // One at a time: how long a body is shows only once it is read, and a page may hold few of the
    // long ones.
    SLUICE_TRY_STATUS(fetch_bodies({&job, 1}));
    out.add(std::move(*job));
    return {};
}

Status RocksRows::fetch_bodies(std::span<std::optional<JobRecord>> jobs) {
    std::vector<Key> keys;
    std::vector<Slice> slices;
    std::vector<JobRecord*> places;
    for (auto& job : jobs) {
        if (!job || job->body) continue;
        if (keys.empty()) keys.reserve(jobs.size());
        keys.push_back(rocks_keys::body(job->head.seq));
        slices.push_back(slice_of(keys.back().view()));
        places.push_back(&*job);
    }
    if (keys.empty()) return {};
    Gets gets(store_.db());
    if (const auto status = gets.run(slices); !status.ok()) return store_.read_error(status);
    for (std::size_t i = 0; i < slices.size(); ++i) {
        if (!gets.found(i)) return damaged("job: its body is missing; it");
        SLUICE_TRY(places[i]->body, decode_body(places[i]->head.seq, gets.value(i)));
    }
    return {};
}

Status RocksRows::find(std::span<const Sought> sought, std::size_t bytes_max,
                       std::vector<std::optional<JobRecord>>& found) {
    SLUICE_TRY_STATUS(locate(sought, seqs_));
    SLUICE_TRY_STATUS(fetch(seqs_, bytes_max, found));
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (!sought[i].seq || (found[i] && found[i]->body->jid() == sought[i].jid)) continue;
        const Sought by_jid{sought[i].jid, {}};
        std::vector<Seq> seq;
        std::vector<std::optional<JobRecord>> job;
        SLUICE_TRY_STATUS(locate({&by_jid, 1}, seq));
        SLUICE_TRY_STATUS(fetch(seq, bytes_max, job));
        found[i] = std::move(job.front());
    }
    return {};
}

Status RocksRows::locate(std::span<const Sought> sought, std::vector<Seq>& seqs) {
    seqs.clear();
    std::vector<std::string> keys;
    std::vector<std::size_t> places;
    for (const Sought& one : sought) {
        if (!one.seq) {
            rocks_keys::jid(one.jid, keys.emplace_back());
            places.push_back(seqs.size());
        }
        seqs.push_back(one.seq);
    }
    std::vector<Slice> slices(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) slices[i] = slice_of(keys[i]);
    Gets gets(store_.db());
    if (const auto status = gets.run(slices); !status.ok()) return store_.read_error(status);
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (!gets.found(i)) continue;
        if (gets.value(i).size() != 8) return damaged("job id");
        seqs[places[i]] = Seq(rocks_keys::be8_at(gets.value(i), 0));
    }
    return {};
}

Result<ReadResult> RocksRows::read(const WantedRead& wanted) {
    ReadResult out;
    out.request = wanted;
    Status status;
    switch (wanted.kind) {
        case ReadKind::ready: status = read_ready(out); break;
        case ReadKind::due: status = read_due(out); break;
        case ReadKind::jobs: status = read_jobs(out); break;
    }
    if (!status) return std::move(status).error();
    return out;
}

Status RocksRows::read_index(const IndexScan& scan, ReadResult& out) {
    Range rows(store_.db(), scan.first, scan.last);
    std::vector<Seq> seqs;
    std::vector<std::uint64_t> places;
    std::vector<std::optional<JobRecord>> jobs;
    while (rows.valid()) {
        seqs.clear();
        places.clear();
        const std::size_t page = std::min(join_max, out.request.limit - out.jobs.size() + 1);
        for (; rows.valid() && seqs.size() < page; rows.next()) {
            const auto row = scan.row_of(rows.key(), rows.value());
            if (!row) return damaged("index row");
            seqs.push_back(row->seq);
            places.push_back(row->place);
        }
        SLUICE_TRY_STATUS(fetch_rows(seqs, jobs));
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            if (!jobs[i] || !scan.belongs(jobs[i]->head, places[i])) continue;
            if (out.is_full()) return {};
            SLUICE_TRY_STATUS(add(jobs[i], out));
        }
    }
    if (!rows.status().ok()) return store_.read_error(rows.status());
    out.at_end = true;
    return {};
}

Status RocksRows::read_ready(ReadResult& out) {
    const WantedRead& wanted = out.request;
    const Key list = rocks_keys::ready_list(wanted.queue, wanted.priority);
    IndexScan scan;
    scan.first = wanted.from_start
                     ? std::string(list.view())
                     : key_after(rocks_keys::ready(wanted.queue, wanted.priority, wanted.order));
    scan.last = rocks_keys::after(list.view());
    scan.row_of = [](std::string_view key, std::string_view value) -> std::optional<IndexRow> {
        if (value.size() != 8 || key.size() != 18) return std::nullopt;
        return IndexRow{Seq(rocks_keys::be8_at(value, 0)), rocks_keys::be8_at(key, 10)};
    };
    scan.belongs = [&wanted](const JobHead& head, std::uint64_t place) {
        return head.state == JobState::enqueued && head.queue == wanted.queue &&
               head.priority == wanted.priority && head.order == place;
    };
    return read_index(scan, out);
}

Status RocksRows::read_due(ReadResult& out) {
    const WantedRead& wanted = out.request;
    const Key all(rocks_keys::due_tag);
    IndexScan scan;
    scan.first =
        wanted.from_start ? std::string(all.view()) : key_after(rocks_keys::due(wanted.due));
    scan.last = rocks_keys::after(all.view());
    scan.row_of = [](std::string_view key, std::string_view) -> std::optional<IndexRow> {
        if (key.size() != 17) return std::nullopt;
        return IndexRow{Seq(rocks_keys::be8_at(key, 9)), rocks_keys::be8_at(key, 1)};
    };
    scan.belongs = [](const JobHead& head, std::uint64_t place) {
        return (head.state == JobState::scheduled || head.state == JobState::retrying) &&
               rocks_keys::sortable(head.due_at) == place;
    };
    return read_index(scan, out);
}

Status RocksRows::read_jobs(ReadResult& out) {
    const WantedRead& wanted = out.request;
    const Key last = wanted.until ? rocks_keys::job(wanted.until)
                                  : Key(static_cast<char>(rocks_keys::job_tag + 1));
    Range rows(store_.db(), key_after(rocks_keys::job(wanted.seq)), std::string(last.view()));
    std::uint64_t budget = std::max<std::uint64_t>(scan_min, std::uint64_t{wanted.limit} * 16);
    std::optional<JobRecord> found;
    out.scanned_to = wanted.seq;
    for (; rows.valid() && budget > 0 && !out.is_full(); rows.next(), --budget) {
        if (rows.key().size() != 9) return damaged("job key");
        const Seq seq(rocks_keys::be8_at(rows.key(), 1));
        SLUICE_TRY(const JobState state, peek_state(rows.value()));
        out.scanned_to = seq;
        const auto bit = 1U << static_cast<unsigned>(state);
        if (wanted.states != 0 && (wanted.states & bit) == 0) continue;
        SLUICE_TRY_STATUS(decode_job(seq, rows.value(), found.emplace()));
        SLUICE_TRY_STATUS(add(found, out));
    }
    out.at_end = !rows.valid();
    if (!rows.status().ok()) return store_.read_error(rows.status());
    return {};
}

Status RocksRows::visit_all(const std::function<void(JobRecord&&)>& visit,
                            const std::function<void(Seq)>& apart) {
    constexpr std::size_t readahead = 2U << 20U;
    const Key jobs(rocks_keys::job_tag);
    Range rows(store_.db(), jobs.view(), rocks_keys::after(jobs.view()), readahead);
    std::unique_ptr<Range> bodies;  // both sort by seq, so one pass over each is enough
    for (; rows.valid(); rows.next()) {
        if (rows.key().size() != 9) return damaged("job key");
        const Seq seq(rocks_keys::be8_at(rows.key(), 1));
        JobRecord job;
        SLUICE_TRY_STATUS(decode_job(seq, rows.value(), job));
        if (!job.body) {
            const Key key = rocks_keys::body(seq);
            const Key all(rocks_keys::body_tag);
            if (!bodies) {
                bodies = std::make_unique<Range>(store_.db(), key.view(),
                                                 rocks_keys::after(all.view()), readahead);
            }
            while (bodies->valid() && bodies->key() < key.view()) bodies->next();
            if (!bodies->status().ok()) return store_.read_error(bodies->status());
            if (!bodies->valid() || bodies->key() != key.view()) {
                return damaged("job: its body is missing; it");
            }
            SLUICE_TRY(job.body, decode_body(seq, bodies->value()));
            apart(seq);
        }
        visit(std::move(job));
    }
    if (!rows.status().ok()) return store_.read_error(rows.status());
    return {};
}

}  // namespace sluice::jobs
