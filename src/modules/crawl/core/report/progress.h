// SPDX-License-Identifier: Apache-2.0
// What a crawl says of itself while it runs and when it ends. Pure data; crawl_text.h makes words
// of it for terminals and programs.
#pragma once

#include "kernel/base/time.h"
#include "modules/crawl/core/frontier/frontier.h"

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace sluice::crawl {

/// What the crawl is about.
enum class CrawlPhase : std::uint8_t { running, paused, draining, cancelling, ended };
std::string_view to_string(CrawlPhase phase);

/// Why it ended.
enum class CrawlOutcome : std::uint8_t {
    complete,     ///< nothing is left
    pages_limit,  ///< the others can be resumed
    bytes_limit,
    time_limit,
    drained,    ///< asked to stop; what was in flight was finished
    cancelled,  ///< asked to stop at once
};
std::string_view to_string(CrawlOutcome outcome);

/// Bounds of the whole crawl; the largest value stands for "none".
struct CrawlLimits {
    std::uint64_t pages = UINT64_MAX;
    std::uint64_t bytes = UINT64_MAX;
    Duration time = Duration::max();  ///< of this run
};

/// One host's row of a table.
struct HostProgress {
    std::string origin;  ///< "https://example.org"
    std::uint64_t fetched = 0;
    std::uint64_t failed = 0;
    std::uint64_t excluded = 0;
    std::uint64_t queued = 0;  ///< with those in flight
    std::uint64_t bytes = 0;
    std::uint32_t running = 0;
    Duration delay{0};    ///< between two requests, as of now
    Duration latency{0};  ///< smoothed
    std::string waiting;  ///< why nothing is asked of it now; empty: something is, or it is done
};

/// A moment of a crawl.
struct CrawlProgress {
    CrawlPhase phase = CrawlPhase::running;
    WallTime now{Duration{0}};
    Duration elapsed{0};  ///< of this run
    CrawlTotals totals;   ///< of all runs together
    HostCounts hosts;
    std::uint64_t in_flight = 0;
    std::uint64_t fetched_before = 0;  ///< pages of earlier runs
    std::uint64_t bytes_before = 0;
    double pages_per_second = 0;  ///< of the last seconds (RateMeter)
    double bytes_per_second = 0;
    CrawlLimits limits;
};

/// The end of a run.
struct CrawlSummary {
    CrawlOutcome outcome = CrawlOutcome::complete;
    CrawlProgress last;  ///< counters and times at the end
    WallTime began{Duration{0}};
    WallTime ended{Duration{0}};
    std::vector<std::string> seeds;
    std::vector<HostProgress> hosts;  ///< the largest ones, by pages
    std::vector<std::string> files;   ///< written, relative to the crawl's folder
    /// The balance seen = pending + fetched + redirected + failed + excluded holds.
    [[nodiscard]] bool adds_up() const { return last.totals.adds_up(); }
    /// Something is left that --resume would go on with.
    [[nodiscard]] bool is_resumable() const { return last.totals.pending > 0; }
};

/// Pages and bytes a second over the last seconds. One owner.
class RateMeter {
public:
    explicit RateMeter(Duration window = 5s) : window_(window) {}

    /// Counters that only grow; times that never run backwards. Keeps at most 64 points.
    void note(WallTime now, std::uint64_t pages, std::uint64_t bytes);
    [[nodiscard]] double pages_per_second() const;
    [[nodiscard]] double bytes_per_second() const;

private:
    struct Point {
        WallTime when;
        std::uint64_t pages = 0;
        std::uint64_t bytes = 0;
    };
    [[nodiscard]] double per_second(std::uint64_t Point::* counter) const;

    Duration window_;
    std::deque<Point> points_;
};

/// How long until one of the limits is reached or the queue is empty at the present rate, whichever
/// comes first; Duration::max() if nobody can say.
Duration time_left(const CrawlProgress& progress);

}  // namespace sluice::crawl
