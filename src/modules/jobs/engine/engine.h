// SPDX-License-Identifier: Apache-2.0
// Engine: the durable queue's decisions. Pure: it reads no clock, no file, no global and no random
// device; time and stored records come in as arguments, everything it wants done goes out as a
// Decision. One owner thread.
//
// A drain, as the shell and the simulator run it:
//     lookups(command, sought) for each command, and one read of those jobs from the ledger
//     begin_drain(found); apply(command, now, out) for each; end_drain(out)
//     write out.writes; perform out.reads, each answered by a ReadDone in a drain of its own,
//     before other commands sync if out.needs_sync; then release out.replies
// After a failed write or sync the engine is ahead of the ledger: throw it away and restore a new
// one.
#pragma once

#include "kernel/base/result.h"
#include "modules/jobs/engine/config.h"
#include "modules/jobs/engine/decision.h"
#include "modules/jobs/engine/lookups.h"

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::jobs {

struct EngineState;

/// What is stored besides the jobs.
struct StoredState {
    std::uint64_t epoch = 0;  ///< of this run; greater than of every earlier one
    std::vector<QueueRow> queues;
    Totals totals;
};

class Engine {
public:
    explicit Engine(const EngineConfig& config);
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    ~Engine();

    // Restoring, once, before anything else: begin, every stored job in push order, finish.
    void begin_restore(WallTime now);
    void restore_job(JobRecord job);
    /// Repairs that the ledger must keep go to `out`, to be written before the first drain. Errors:
    /// corrupt.
    Status finish_restore(const StoredState& stored, Decision& out);

    /// Adds the jobs whose stored records this command needs and that are not in memory.
    void lookups(const Command& command, std::vector<Sought>& sought) const;
    /// `found` must live until end_drain.
    void begin_drain(const Lookups& found);
    /// Decides one command at the time of its drain; adds to `out`. `now` never goes back.
    void apply(const Command& command, WallTime now, Decision& out);
    void end_drain(Decision& out);

    /// Lets go of memory that is kept for further jobs; for when there is little to do.
    void give_back();

    /// When a Tick is due at the latest; empty: nothing waits for time.
    [[nodiscard]] std::optional<WallTime> next_deadline() const;

    /// Jobs kept, by state: for metrics, and for the simulator's recount.
    [[nodiscard]] const std::array<std::uint64_t, job_state_count>& counts() const;
    [[nodiscard]] const Totals& totals() const;
    /// Jobs in memory.
    [[nodiscard]] std::size_t resident() const;
    /// Fetches without an answer yet.
    [[nodiscard]] std::size_t waiting() const;
    /// Checks that every table agrees with every other; the first disagreement in words, or
    /// nothing. For tests: O(n).
    [[nodiscard]] std::optional<std::string> inconsistency() const;

private:
    std::unique_ptr<EngineState> state_;
    std::vector<Write> repairs_;  ///< while restoring
};

}  // namespace sluice::jobs
