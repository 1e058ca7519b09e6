// SPDX-License-Identifier: Apache-2.0
// Reading rows of the RocksDB ledger: jobs with their bodies by seq, and the three wanted reads.
// Only for the RocksDB ledger itself; writes nothing.
#pragma once

#include "kernel/store/rocks_store.h"
#include "modules/jobs/engine/lookups.h"
#include "modules/jobs/engine/read.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rocksdb {
class Iterator;
}

namespace sluice::jobs {

/// Reads with no regard to what is not written yet; used by the owner only.
class RocksRows {
public:
    explicit RocksRows(RocksStore& store) : store_(store) {}

    /// As Ledger::find.
    Status find(std::span<const Sought> sought, std::size_t bytes_max,
                std::vector<std::optional<JobRecord>>& found);
    Result<ReadResult> read(const WantedRead& wanted);
    /// Every job in push order; `apart` hears of each whose body is kept apart.
    Status visit_all(const std::function<void(JobRecord&&)>& visit,
                     const std::function<void(Seq)>& apart);

private:
    /// What a row of an index says: which job, and where in the index.
    struct IndexRow {
        Seq seq;
        std::uint64_t place = 0;
    };
    /// A range of an index, without `last`.
    struct IndexScan {
        std::string first;
        std::string last;
        /// Nothing: the row is damaged.
        std::optional<IndexRow> (*row_of)(std::string_view key, std::string_view value) = nullptr;
        std::function<bool(const JobHead&, std::uint64_t place)> belongs;
    };

    /// Where each is: as it says itself, or as the row of its jid says; none for an unknown jid.
    Status locate(std::span<const Sought> sought, std::vector<Seq>& seqs);
    /// The jobs stored under `seqs`, in their order; nothing for a seq that is none or not stored.
    /// Ends behind the job with which memory_bytes() reaches `bytes_max`.
    Status fetch(std::span<const Seq> seqs, std::size_t bytes_max,
                 std::vector<std::optional<JobRecord>>& jobs);
    /// As fetch() without a limit, and without the bodies that are kept apart.
    Status fetch_rows(std::span<const Seq> seqs, std::vector<std::optional<JobRecord>>& jobs);
    /// Joins the body, if it is kept apart, and puts the job into the page.
    Status add(std::optional<JobRecord>& job, ReadResult& out);
    /// Joins the bodies kept apart to the jobs that lack one.
    Status fetch_bodies(std::span<std::optional<JobRecord>> jobs);
    /// The jobs that the rows of an index lead to, page by page. A row may be older than its job:
    /// only those that still belong there count.
    Status read_index(const IndexScan& scan, ReadResult& out);
    Status read_ready(ReadResult& out);
    Status read_due(ReadResult& out);
    Status read_jobs(ReadResult& out);

    RocksStore& store_;
    std::vector<Seq> seqs_;  ///< of find()
};

}  // namespace sluice::jobs
