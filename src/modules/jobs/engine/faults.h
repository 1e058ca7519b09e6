// SPDX-License-Identifier: Apache-2.0
// Faults that the simulator plants in the engine to prove that its invariants see them. In every
// other build planted() is the constant false and the compiler removes the branch.
#pragma once

#include "modules/jobs/engine/config.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace sluice::jobs {

enum class Fault : std::uint8_t {
    forget_holder_check,      ///< anybody may ack or fail a running job
    lease_survives_ack,       ///< the lease timer is left armed after an ack and gives the job back
    refill_from_wrong_key,    ///< a refill starts at the list's beginning and takes jobs twice
    refill_skips_one,         ///< a refill drops its first job
    drop_finished_ids,        ///< finished jobs are forgotten at once
    forget_lease_on_restart,  ///< running jobs are not restored
    lease_timer_forgotten,    ///< a delivery arms no timer
    retry_without_count,      ///< failures are not counted
    token_reused,             ///< tokens start again from the same number after a restart
    stale_token_accepted,     ///< an ack with an old token is taken
    waiter_forgotten,         ///< a fetch that times out is not answered
    duplicate_makes_second_job,  ///< a repeated push of a waiting job is a new job
    priority_ignored,            ///< lists are served from the lowest priority
    spill_without_index,         ///< a job that goes to disk only gets no index row
    evict_without_index,         ///< a job that leaves the window for the disk gets no index row
    due_early,                   ///< scheduled jobs are released a second early
    totals_not_written,          ///< counters are left out of the batch
    paused_queue_served,         ///< a paused queue still delivers
    late_ack_after_redelivery,   ///< a late ack is taken although somebody else runs the job by now
    worker_lost_drops_job,       ///< jobs of a lost worker are forgotten
    purge_takes_new_jid,         ///< retention of an old job erases the jid of a newer one
    cancelled_still_delivered,   ///< a cancelled job stays in its list
    sync_skipped,                ///< a push is not marked as needing a sync
    window_bytes_ignored,        ///< refills look at the number of jobs alone
    spill_without_jid,           ///< a job that is on disk only gets no jid row
    final_not_found,             ///< final jobs that have no jid row are not looked up
    jid_row_not_taken_over,      ///< a jid's row goes on leading to the job before the latest
    // These are planted in the drain and the ledger, not in the engine.
    reply_before_commit,   ///< replies are released before the write
    failed_write_ignored,  ///< work goes on after a failed write
};
inline constexpr std::size_t fault_count = 29;

/// The fault's name as in the enumeration, for reports.
std::string_view to_string(Fault fault);

constexpr std::uint64_t fault_bit(Fault fault) { return 1ULL << static_cast<unsigned>(fault); }

#ifdef SLUICE_PLANTED_FAULTS
inline bool planted(const EngineConfig& config, Fault fault) {
    return (config.faults & fault_bit(fault)) != 0;
}
#else
constexpr bool planted(const EngineConfig&, Fault) { return false; }
#endif

}  // namespace sluice::jobs
