// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/politeness/faults.h"

#include <array>

namespace sluice::crawl {

std::string_view to_string(Fault fault) {
    static constexpr std::array<std::string_view, fault_count> names = {
        "address_not_charged",     "domain_not_charged",       "crawl_not_charged",
        "running_not_given_back",  "buckets_full_after_crash", "gate_forgets_waiter",
        "retry_after_ignored",     "crawl_delay_ignored",      "second_connection",
        "robots_ignored",          "robots_never_expire",      "robots_error_allows",
        "refill_takes_in_flight",  "refill_skips_one",         "children_after_parent",
        "entry_survives_finish",   "seen_not_written",         "seen_cache_lies",
        "retry_forgotten",         "totals_not_written",       "pages_limit_counts_done",
        "bytes_not_reserved",      "depth_not_checked",        "redirect_loops",
        "dead_host_waits_for_ever"};
    return names[static_cast<std::size_t>(fault)];
}

}  // namespace sluice::crawl
