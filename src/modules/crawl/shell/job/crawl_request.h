// SPDX-License-Identifier: Apache-2.0
// What a job of the type web.crawl asks for, read from its arguments. Pure; what a worker allows is
// given as limits.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "modules/crawl/shell/job/crawl_job.h"
#include "sdk/job_schema.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::crawl {

struct CrawlRequest {
    std::vector<std::string> urls;
    std::string output;                ///< folder below the worker's one, no ".." in it
    std::vector<std::string> hosts;    ///< besides those of the URLs
    std::vector<std::string> domains;  ///< with everything below them
    std::vector<std::string> include;  ///< patterns of RE2
    std::vector<std::string> exclude;
    std::vector<std::string> extract;  ///< rules, see extract.h
    std::uint32_t depth = 20;
    std::uint64_t pages = 0;
    std::uint64_t host_pages = UINT64_MAX;
    std::uint64_t bytes = 0;
    Duration time{0};
    Duration delay{0};
    bool warc = false;
    bool edges = false;
};

sdk::JobSchema crawl_schema(const CrawlJobLimits& limits);

/// `["https://example.org/", {"output": "example", "pages": 100}]`, `[["a", "b"], {…}]` or one
/// object that names "urls", too; `schema` is crawl_schema(limits). Errors: invalid (names the
/// member).
Result<CrawlRequest> read_crawl_request(const std::string& arguments, const sdk::JobSchema& schema);

}  // namespace sluice::crawl
