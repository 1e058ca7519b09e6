// SPDX-License-Identifier: Apache-2.0
// What `sluice crawl` shows: the progress line, the summary, events as JSON. Writes to strings
// only.
#pragma once

#include "modules/crawl/module.h"

#include <string>

namespace sluice::app {

struct CrawlView {
    const crawl::CrawlProgress& progress;
    const crawl::CrawlLimits& limits;
    crawl::CrawlRates rates;
    Duration idle_for{0};  ///< until CrawlProgress::idle_until
};

/// What is left until CrawlProgress::idle_until.
Duration idle_time(const crawl::CrawlProgress& progress, Instant now);

/// One line of at most so many columns: pages, rate, queue, hosts and what they wait for, errors,
/// bytes, time left.
std::string crawl_line(const CrawlView& view, std::size_t columns);

/// {"event":"progress",…} without a line end.
std::string crawl_progress_json(const CrawlView& view);
/// {"event":"ended",…}
std::string crawl_summary_json(const crawl::CrawlSummary& summary, const std::string& folder);

/// The table at the end, with what to do next.
std::string crawl_summary_text(const crawl::CrawlSummary& summary, const std::string& folder);

}  // namespace sluice::app
