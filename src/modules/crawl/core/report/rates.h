// SPDX-License-Identifier: Apache-2.0
// How fast a crawl is, and how long it will still take. Pure arithmetic over CrawlProgress.
#pragma once

#include "kernel/base/time.h"
#include "modules/crawl/core/report/progress.h"

#include <cstdint>
#include <deque>

namespace sluice::crawl {

/// Bounds of the whole crawl; the largest value stands for "none".
struct CrawlLimits {
    std::uint64_t pages = UINT64_MAX;  ///< of all runs
    std::uint64_t bytes = UINT64_MAX;  ///< of all runs
    Duration time = Duration::max();   ///< of this run
};

struct CrawlRates {
    double pages_per_second = 0;
    double bytes_per_second = 0;
};

/// Pages and bytes a second over the last seconds. One owner.
class RateMeter {
public:
    explicit RateMeter(Duration window = 5s) : window_(window) {}

    /// CrawlProgress::running, pages_run and bytes_run: they only grow. Keeps at most 64 points.
    void note(Duration now, std::uint64_t pages, std::uint64_t bytes);
    void note(const CrawlProgress& progress) {
        note(progress.running, progress.pages_run, progress.bytes_run);
    }
    [[nodiscard]] CrawlRates rates() const;

private:
    struct Point {
        Duration when{0};
        std::uint64_t pages = 0;
        std::uint64_t bytes = 0;
    };
    [[nodiscard]] double per_second(std::uint64_t Point::* counter) const;

    Duration window_;
    std::deque<Point> points_;
};

/// How long until one of the limits is reached or the queue is empty at these rates, whichever
/// comes first; Duration::max() if nobody can say.
Duration time_left(const CrawlProgress& progress, const CrawlLimits& limits,
                   const CrawlRates& rates);

}  // namespace sluice::crawl
