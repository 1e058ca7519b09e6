// SPDX-License-Identifier: Apache-2.0
// The job types web.scrape (the fields of one page, as the result) and web.scrape_pages (the fields
// of the pages that links lead to, as a file of JSON lines). Both are crawls within bounds: robots
// rules, pace and outbound policy are those of web.crawl.
#pragma once

#include "kernel/base/result.h"
#include "modules/crawl/shell/job/crawl_job.h"
#include "sdk/handler.h"

#include <vector>

namespace sluice::crawl {

/// The rows for a worker's table. Errors: invalid (a host or network).
Result<std::vector<sdk::JobType>> scrape_types(CrawlJobSettings settings);

}  // namespace sluice::crawl
