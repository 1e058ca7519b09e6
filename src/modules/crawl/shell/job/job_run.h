// SPDX-License-Identifier: Apache-2.0
// How a crawl runs as a job: within what the worker allows, on a thread of its own, with progress,
// until it ends or the job is cancelled. What is crawled and what is made of it is each type's own.
#pragma once

#include "kernel/net/address_rules.h"
#include "modules/crawl/shell/crawl/crawler.h"
#include "modules/crawl/shell/job/crawl_job.h"
#include "sdk/handler.h"

#include <cstdint>
#include <string>

namespace sluice::crawl {

/// What the job types of a worker share.
struct JobServices {
    CrawlJobSettings settings;
    AddressRules rules;
};

sdk::Failure to_failure(const Error& error);

/// With the worker's user agent, policy and limits; seeds and bounds are still to be set.
CrawlConfig job_config(const JobServices& services, std::string folder);

struct JobCrawl {
    CrawlConfig config;
    CrawlCallbacks callbacks;  ///< but on_progress
    // For the percentage: where it ends.
    std::uint64_t pages = 0;
    Duration time{0};
};

/// Begins the crawl, or goes on with the one that an earlier attempt left in its folder. A crawl
/// that was cancelled is a summary that can be resumed. Errors: denied (this worker allows no
/// hosts), and those of Crawler.
Result<CrawlSummary> run_crawl_job(JobCrawl crawl, const JobServices& services,
                                   sdk::JobContext& context);

}  // namespace sluice::crawl
