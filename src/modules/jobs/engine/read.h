// SPDX-License-Identifier: Apache-2.0
// What the engine may want to know from the ledger, as data: it asks in its decisions, the shell
// reads and answers with a command before the next decision.
#pragma once

#include "modules/jobs/model/job.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sluice::jobs {

/// Position in the index of due jobs: by time, then by sequence.
struct DueKey {
    WallTime at{};
    Seq seq;
    friend auto operator<=>(const DueKey&, const DueKey&) = default;
};

enum class ReadKind : std::uint8_t {
    ready,  ///< index of one (queue, priority) list, after `order`
    due,    ///< index of scheduled and retrying jobs, after `due`
    jobs,   ///< live and finished records in push order, after `seq`, with seq < `until`
};

/// Asks for up to `limit` records that follow a position. The page ends early once its jobs
/// reach `bytes`, so that it holds at most that and a part of one job, and always one job when
/// there is one.
struct WantedRead {
    ReadKind kind = ReadKind::ready;
    QueueId queue;              ///< ready
    std::uint8_t priority = 0;  ///< ready
    bool from_start = true;     ///< ready, due: there is no position yet; begin at the first
    Order order = 0;            ///< ready: after this one
    DueKey due;                 ///< due: after this one
    Seq seq;                    ///< jobs: after this one
    Seq until;                  ///< jobs: before this one; none: to the end
    std::uint16_t states = 0;   ///< jobs: bit set of JobState; only these are returned
    std::uint32_t limit = 0;
    std::size_t bytes = SIZE_MAX;  ///< memory_bytes() of the jobs
    std::uint64_t sweep = 0;       ///< who asked, for the engine itself
};

struct ReadResult {
    WantedRead request;
    std::vector<JobRecord> jobs;
    /// Nothing follows the last one returned. For `jobs` a page may be short and yet not at the
    /// end: the ledger may stop after a bounded number of records that did not match; `scanned_to`
    /// then says where to go on.
    bool at_end = false;
    Seq scanned_to;
    std::size_t bytes = 0;  ///< memory_bytes() of the jobs

    [[nodiscard]] bool is_full() const {
        return jobs.size() >= request.limit || (!jobs.empty() && bytes >= request.bytes);
    }
    void add(JobRecord job) {
        bytes += memory_bytes(job);
        jobs.push_back(std::move(job));
    }
};

}  // namespace sluice::jobs
