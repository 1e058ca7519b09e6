// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/engine/faults.h"

namespace sluice::jobs {

namespace {
constexpr std::array<std::string_view, fault_count> fault_names{
    "forget_holder_check",
    "lease_survives_ack",
    "refill_from_wrong_key",
    "refill_skips_one",
    "drop_finished_ids",
    "forget_lease_on_restart",
    "lease_timer_forgotten",
    "retry_without_count",
    "token_reused",
    "stale_token_accepted",
    "waiter_forgotten",
    "duplicate_makes_second_job",
    "priority_ignored",
    "spill_without_index",
    "evict_without_index",
    "due_early",
    "totals_not_written",
    "paused_queue_served",
    "late_ack_after_redelivery",
    "worker_lost_drops_job",
    "purge_takes_new_jid",
    "cancelled_still_delivered",
    "sync_skipped",
    "window_bytes_ignored",
    "spill_without_jid",
    "final_not_found",
    "jid_row_not_taken_over",
    "reply_before_commit",
    "failed_write_ignored",
};
static_assert(static_cast<std::size_t>(Fault::failed_write_ignored) + 1 == fault_count);
}  // namespace

std::string_view to_string(Fault fault) { return fault_names[static_cast<std::size_t>(fault)]; }

}  // namespace sluice::jobs
