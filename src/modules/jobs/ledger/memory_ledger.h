// SPDX-License-Identifier: Apache-2.0
// MemoryLedger: the ledger in RAM, for the simulator and for tests. It knows exactly what a crash
// keeps: each write is visible at once, durable after the next sync(), and lost or kept as a whole.
// Not a store for production: nothing of it reaches a disk.
#pragma once

#include "modules/jobs/ledger/ledger.h"

#include <atomic>
#include <cstdint>
#include <memory>

namespace sluice::jobs {

class MemoryLedger final : public Ledger {
public:
    MemoryLedger();
    ~MemoryLedger() override;

    /// Everything that is visible becomes durable, as when a store is opened again.
    Result<LedgerState> load(const std::function<void(JobRecord&&)>& visit) override;
    Status write(std::span<const Write> writes) override;
    Status sync() override;
    Status find(std::span<const Sought> sought, std::size_t bytes_max,
                std::vector<std::optional<JobRecord>>& found) override;
    Result<ReadResult> read(const WantedRead& wanted) override;
    /// A copy in RAM, kept under the name `directory`; see restored().
    Status checkpoint(const std::string& directory) override;
    Status close() override;

    // Test aids from here on. No other ledger has them.

    /// Writes that are visible and not yet durable, oldest first; each is one whole batch.
    [[nodiscard]] std::size_t unsynced() const;
    /// The process dies: unsynced batches are lost but for the first `keep_batches` (a disk may
    /// have written some of them already). Every call but load() then fails.
    void crash(std::size_t keep_batches);
    /// The next write fails with `code` and the ledger stops until load(). With `kept` the batch
    /// is there after load() nevertheless, as when a disk reports a failure too late.
    void fail_next_write(Code code, bool kept = false);
    /// The next sync fails with `code` and the ledger stops until load().
    void fail_next_sync(Code code);
    /// A new ledger holding what checkpoint(`directory`) copied; null when there is none.
    [[nodiscard]] std::unique_ptr<MemoryLedger> restored(const std::string& directory) const;
    /// The number of stored jobs, finished ones included.
    [[nodiscard]] std::size_t job_count() const;

private:
    struct State;
    struct Undo;
    struct UndoLog;
    class Applier;
    class Reverter;
    class Reader;

    [[nodiscard]] Status usable() const;
    void forget_durable();

    std::unique_ptr<State> state_;
    std::unique_ptr<UndoLog> undo_;
    std::uint64_t epoch_ = 0;
    /// Batches written so far; owner writes, sync() reads.
    std::atomic<std::uint64_t> written_{0};
    /// Batches known durable; sync() raises it, the owner forgets their undo steps later.
    std::atomic<std::uint64_t> durable_{0};
    std::atomic<bool> loaded_{false};
    std::atomic<bool> closed_{false};
    std::atomic<int> fail_sync_{-1};
    int fail_write_ = -1;
    bool fail_write_kept_ = false;
};

}  // namespace sluice::jobs
