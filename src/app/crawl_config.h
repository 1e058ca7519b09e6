// SPDX-License-Identifier: Apache-2.0
// From the words of `sluice crawl` to the crawler's settings. Reads files and variables that the
// words name; opens no crawl.
#pragma once

#include "app/crawl_options.h"
#include "kernel/base/result.h"
#include "modules/crawl/module.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::app {

/// A run, read and checked.
struct CrawlPlan {
    crawl::CrawlConfig config;
    crawl::CrawlLimits limits;
    std::shared_ptr<const crawl::ExtractRules> extract;  ///< null: nothing is extracted
    bool json = false;
    bool quiet = false;
};

/// Errors: invalid, naming the flag and what it takes.
Result<CrawlPlan> read_crawl_plan(const CrawlArguments& arguments);

/// "5", "0.5", "90/min", "200/h": starts at even distances, and after a pause at once as many as
/// come in 50 ms (at least one), so that a late timer does not slow the crawl down. Errors:
/// invalid.
Result<TokenBucketLimit> parse_rate(std::string_view text);

/// "localhost=127.0.0.1,::1". Errors: invalid.
struct NameAddresses {
    std::string name;
    std::vector<std::string> addresses;
};
Result<NameAddresses> parse_resolve(const std::string& text);
/// Lines of /etc/hosts. Errors: invalid, with the line's number.
Result<std::vector<NameAddresses>> parse_hosts(std::string_view text);

/// "HOST=basic:USER:{env:VARIABLE}", "HOST=bearer:{env:VARIABLE}". `variable` looks one up. Errors:
/// invalid.
Result<crawl::FetchCredentials> parse_auth(const std::string& text,
                                           const std::function<const char*(const char*)>& variable);

/// "Name: value". Errors: invalid.
Result<crawl::HttpHeader> parse_header(const std::string& text);

}  // namespace sluice::app
