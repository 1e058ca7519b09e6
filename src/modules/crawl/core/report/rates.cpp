// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/report/rates.h"

#include <algorithm>

namespace sluice::crawl {
namespace {

constexpr std::size_t points_max = 64;
/// Longer than anybody waits, and far from where a Duration overflows.
constexpr double seconds_max = 100.0 * 365 * 86'400;

Duration at_rate(std::uint64_t amount, double per_second) {
    if (amount == 0) return Duration{0};
    const double needed = static_cast<double>(amount) / per_second;
    if (!(per_second > 0) || needed > seconds_max) return Duration::max();
    return from_double_seconds(needed);
}

}  // namespace

void RateMeter::note(Duration now, std::uint64_t pages, std::uint64_t bytes) {
    // Points are at least window / 64 apart, so that the oldest one kept is a window old.
    const bool too_near = points_.size() > 1 && now - points_[points_.size() - 2].when <
                                                    window_ / Duration::rep{points_max};
    if (too_near) points_.pop_back();
    points_.push_back({now, pages, bytes});
    while (points_.size() > 2 && (points_[1].when + window_ <= now || points_.size() > points_max))
        points_.pop_front();
}

double RateMeter::per_second(std::uint64_t Point::* counter) const {
    if (points_.size() < 2) return 0;
    const double spent = to_seconds(points_.back().when - points_.front().when);
    const std::uint64_t grown = points_.back().*counter - points_.front().*counter;
    return spent > 0 ? static_cast<double>(grown) / spent : 0;
}

CrawlRates RateMeter::rates() const {
    return {per_second(&Point::pages), per_second(&Point::bytes)};
}

Duration time_left(const CrawlProgress& progress, const CrawlLimits& limits,
                   const CrawlRates& rates) {
    const CrawlTotals& totals = progress.totals;
    const auto left = [](std::uint64_t limit, std::uint64_t spent) {
        return limit > spent ? limit - spent : 0;
    };
    Duration least = at_rate(totals.pending, rates.pages_per_second);
    if (limits.pages != UINT64_MAX) {
        const std::uint64_t pages = left(limits.pages, totals.fetched);
        least = std::min(least, at_rate(pages, rates.pages_per_second));
    }
    if (limits.bytes != UINT64_MAX) {
        const std::uint64_t bytes = left(limits.bytes, totals.bytes);
        least = std::min(least, at_rate(bytes, rates.bytes_per_second));
    }
    if (limits.time != Duration::max())
        least = std::min(least, std::max(limits.time - progress.running, Duration{0}));
    return least;
}

}  // namespace sluice::crawl
