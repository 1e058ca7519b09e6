// SPDX-License-Identifier: Apache-2.0
// Drain: one turn of the durable queue: look up, decide, write. The shard runs it on its thread and
// the simulator in virtual time, so that what is simulated is what runs. No thread, no clock, no
// sync: these belong to the caller.
#pragma once

#include "modules/jobs/engine/engine.h"
#include "modules/jobs/ledger/ledger.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace sluice::jobs {

/// Takes out the replies that may leave before the sync: deliveries and heartbeats. A lease that a
/// power cut takes away only means that the job is delivered again, which the contract allows; the
/// decision has been written, so the end of the process alone loses nothing.
std::vector<Reply> take_early(Decision& out);

class Drain {
public:
    /// Stored jobs that commands look up together: memory_bytes() of them.
    static constexpr std::size_t lookup_bytes_default = std::size_t{256} << 20U;

    /// Never holds more than `lookup_bytes_max` of looked-up jobs, and one more. Commands that need
    /// more are decided one after the other; a single one that does is refused, but for a WAIT,
    /// which needs no bodies.
    Drain(Engine& engine, Ledger& ledger, std::size_t lookup_bytes_max = lookup_bytes_default)
        : engine_(engine), ledger_(ledger), lookup_bytes_max_(lookup_bytes_max) {}

    /// Reads everything that is stored into the engine, which must be new, and writes the repairs
    /// it asks for. Errors: those of the ledger, corrupt.
    Status restore(WallTime now);

    /// Performs the reads that earlier turns wanted, then decides all commands at one time and
    /// writes them as one batch (as several where so much is looked up). What is left in `out` are
    /// the replies, closes and notes, to be released once a sync has followed (or at once when
    /// !needs_sync and nothing earlier waits for one). After an error the engine is ahead of the
    /// ledger.
    Status run(std::span<const Command> commands, WallTime now, Decision& out);

    /// Lets go of memory that is kept for further turns.
    void give_back();

    /// The last turn wanted reads: run again without waiting for commands.
    [[nodiscard]] bool has_reads() const { return !reads_.empty(); }

private:
    Result<std::size_t> look_up(std::span<const Command> commands);
    Result<bool> look_up_heads(const Command& wait);
    Status decide(std::span<const Command> commands, WallTime now, Decision& out);
    Status answer_reads(WallTime now, Decision& out);
    Status write(Decision& out);

    Engine& engine_;
    Ledger& ledger_;
    const std::size_t lookup_bytes_max_;
    std::vector<WantedRead> reads_;
    // Reused from turn to turn.
    std::vector<Sought> sought_;
    std::vector<std::size_t> sought_end_;  ///< of each command
    std::vector<std::optional<JobRecord>> found_;
    Lookups lookups_;
};

}  // namespace sluice::jobs
