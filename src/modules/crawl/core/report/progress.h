// SPDX-License-Identifier: Apache-2.0
// What a crawl says of itself: while it runs, and at its end. Data only.
#pragma once

#include "kernel/base/time.h"
#include "modules/crawl/core/frontier/frontier.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

enum class CrawlState : std::uint8_t { opened, running, paused, draining, cancelling, ended };
std::string_view to_string(CrawlState state);

/// Why a run came to its end.
enum class CrawlEnd : std::uint8_t {
    complete,     ///< nothing is left
    pages_limit,  ///< CrawlConfig::frontier.pages_max
    bytes_limit,
    time_limit,
    drained,
    cancelled,
};
std::string_view to_string(CrawlEnd end);

/// How full the ways between the threads are.
struct CrawlDepths {
    std::size_t events = 0;      ///< ends of requests that wait for the owner
    std::size_t events_max = 0;  ///< room for them
    std::size_t resolving = 0;   ///< names asked for
    std::size_t names = 0;       ///< names that wait to be asked for
    std::size_t loaded = 0;      ///< queued URLs that are in memory
};

struct CrawlProgress {
    CrawlState state = CrawlState::opened;
    CrawlTotals totals;           ///< since the crawl was begun, all runs
    std::uint64_t pages_run = 0;  ///< fetched in this run
    std::uint64_t bytes_run = 0;  ///< of bodies, as sent, in this run
    std::size_t in_flight = 0;    ///< requests
    HostCounts hosts;
    CrawlDepths depths;
    Duration running{0};  ///< since run() was called
    /// When something may be asked for again, if nothing is in flight and every host stands still
    /// until then.
    std::optional<Instant> idle_until;
};

struct CrawlSummary {
    CrawlEnd end = CrawlEnd::complete;
    CrawlTotals totals;           ///< of the whole crawl
    std::uint64_t pages_run = 0;  ///< of this run
    std::uint64_t bytes_run = 0;
    std::uint64_t hosts = 0;
    Duration took{0};  ///< this run
    WallTime ended{Duration{0}};
    std::vector<std::string> seeds;  ///< as they were given
    std::vector<std::string> files;  ///< of the outputs, in the crawl's folder

    /// There is something left that another run would fetch.
    [[nodiscard]] bool resumable() const { return totals.pending > 0; }
    /// seen = fetched + redirected + failed + excluded + pending. False is a fault of ours.
    [[nodiscard]] bool adds_up() const { return totals.adds_up(); }
};

/// One host, for a table.
struct HostProgress {
    std::string origin;
    std::string address;  ///< asked last
    std::uint64_t known = 0, queued = 0, fetched = 0, failed = 0, excluded = 0, bytes = 0;
    std::uint32_t running = 0;
    Duration latency{0};  ///< smoothed
    Duration delay{0};    ///< between two requests, as it is now
    WallTime paused_until{Duration{0}};
    std::string
        waits_for;  ///< "pace", "address", "domain", "crawl", "robots", "name", "" (nothing)
};

}  // namespace sluice::crawl
