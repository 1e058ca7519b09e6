// SPDX-License-Identifier: Apache-2.0
// The port to durable storage: it stores, it does not decide. One thread at a time calls everything
// but sync(), which one other thread may call at the same time as the owner writes or reads.
#pragma once

#include "kernel/base/result.h"
#include "modules/jobs/engine/lookups.h"
#include "modules/jobs/engine/read.h"
#include "modules/jobs/engine/write.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::jobs {

/// What a start needs besides the jobs.
struct LedgerState {
    /// One more than at the last load, already durable: tokens of this run differ from those of all
    /// earlier runs.
    std::uint64_t epoch = 0;
    std::vector<QueueRow> queues;
    Totals totals;
};

class Ledger {
public:
    Ledger() = default;
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;
    virtual ~Ledger() = default;

    /// Begins a run: raises the epoch durably, reads queues and totals, and visits every job in
    /// push order. May be called again after a failed write, to go on from what is stored. Errors:
    /// corrupt, io.
    virtual Result<LedgerState> load(const std::function<void(JobRecord&&)>& visit) = 0;

    /// Applies all writes in order as one atomic step, visible to reads at once, durable after the
    /// next sync(). After an error nothing of it was applied, or the ledger answers every call with
    /// an error until load(). Errors: exhausted (disk full), io.
    virtual Status write(std::span<const Write> writes) = 0;

    /// Makes every write that returned before this call durable. May run on another thread. Errors:
    /// exhausted, io.
    virtual Status sync() = 0;

    /// Called about once a second by whoever may write, so that memory which only writing needs is
    /// given back when little is written. Errors as write().
    virtual Status rest() { return {}; }

    /// The job of each: the one under its seq if that has this jid, else the one that the jid leads
    /// to. found[i] belongs to sought[i]. Looks up in order and ends behind the job with which
    /// memory_bytes() reaches `bytes_max`: `found` is as long as what was looked up, at least one
    /// if there is one. Errors: corrupt, io.
    virtual Status find(std::span<const Sought> sought, std::size_t bytes_max,
                        std::vector<std::optional<JobRecord>>& found) = 0;

    /// Performs a wanted read; index rows whose job has moved on are passed over. Errors: corrupt,
    /// io.
    virtual Result<ReadResult> read(const WantedRead& wanted) = 0;

    /// Makes a consistent copy in the new folder `directory` while work goes on. Errors: exists,
    /// io.
    virtual Status checkpoint(const std::string& directory) = 0;

    /// Syncs and closes; every later call fails. Idempotent.
    virtual Status close() = 0;
};

}  // namespace sluice::jobs
