// SPDX-License-Identifier: Apache-2.0
// The job type web.crawl: one crawl as a job, in a folder of its own. A job that is tried again
// goes on where it stopped. What a crawl may reach and cost is told here, once, by whoever runs the
// worker; a job can only choose within that.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "sdk/handler.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::crawl {

/// Each is the most (delay_min: the least) that a job can ask for.
struct CrawlJobLimits {
    std::uint64_t pages_default = 10'000;
    std::uint64_t pages_max = 1'000'000;
    std::uint64_t bytes_max = std::uint64_t{64} << 30U;
    std::uint32_t depth_max = 100;
    std::uint64_t scrape_pages_max = 10'000;  ///< of web.scrape_pages
    Duration time_max = 24h;
    Duration delay_min = 100ms;                ///< between two requests to one host
    std::uint32_t connections_max = 32;        ///< at once, to all hosts
    std::uint32_t hosts_shown_max = 50;        ///< in the result
    std::uint32_t hosts_counted_max = 10'000;  ///< one by one; the others are left out
};

struct CrawlJobSettings {
    /// The folder that jobs write to; empty: none, and no crawl runs.
    std::string write_root;
    /// Host patterns ("*.example.org"; "*" for all), and networks that are allowed although they
    /// may be private. With neither no crawl runs.
    std::vector<std::string> hosts;
    std::vector<std::string> networks;
    std::string user_agent = "sluice";
    CrawlJobLimits limits{};
};

/// The row for a worker's table. Errors: invalid (a host or network).
Result<sdk::JobType> crawl_type(CrawlJobSettings settings);

}  // namespace sluice::crawl
