// SPDX-License-Identifier: Apache-2.0
// Faults that the simulator of the crawler plants to prove that its invariants see them. In every
// other build planted() is the constant false and the compiler removes the branch.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::crawl {

enum class Fault : std::uint8_t {
    address_not_charged,       ///< a start takes no token from its address
    domain_not_charged,        ///< a start takes no token from its domain
    crawl_not_charged,         ///< a start takes no token from the whole crawl
    running_not_given_back,    ///< a finished request still counts as running at its gates
    buckets_full_after_crash,  ///< a restart forgets what was started just before it
    gate_forgets_waiter,       ///< a host that waits at a gate is dropped when another goes ahead
    retry_after_ignored,       ///< 429 and 503 delay nothing
    crawl_delay_ignored,       ///< Crawl-delay is read and not obeyed
    second_connection,         ///< a host gets one request more than it may have at once
    robots_ignored,            ///< rules are fetched and not asked
    robots_never_expire,       ///< rules are used for ever
    robots_error_allows,       ///< a server error on robots.txt counts as "no rules"
    refill_takes_in_flight,    ///< a refill reads again what is being fetched
    refill_skips_one,          ///< a refill drops its first URL
    children_after_parent,     ///< a page is counted as done before its links are counted
    entry_survives_finish,     ///< a finished URL stays in its queue on disk
    seen_not_written,          ///< a new URL is not noted as seen on disk
    seen_cache_lies,           ///< a cache that was cut is believed to be whole
    retry_forgotten,           ///< a URL that is to be tried again is dropped
    totals_not_written,        ///< the counters are left out of the batch
    pages_limit_counts_done,   ///< the limit of pages does not count what is in flight
    bytes_not_reserved,        ///< the limit of bytes does not count what is in flight
    depth_not_checked,         ///< links below the depth are queued
    redirect_loops,            ///< hops are not counted
    dead_host_waits_for_ever,  ///< the URLs of a host given up are never written off
};
inline constexpr std::size_t fault_count = 25;

/// The fault's name as in the enumeration, for reports.
std::string_view to_string(Fault fault);

constexpr std::uint64_t fault_bit(Fault fault) { return 1ULL << static_cast<unsigned>(fault); }

#ifdef SLUICE_PLANTED_FAULTS
inline bool planted(std::uint64_t faults, Fault fault) { return (faults & fault_bit(fault)) != 0; }
#else
constexpr bool planted(std::uint64_t, Fault) { return false; }
#endif

}  // namespace sluice::crawl
