// SPDX-License-Identifier: Apache-2.0
// What a crawl's configuration comes to: its seeds as URLs, its rules, and the settings that its
// later runs must share. No thread, no store; the only file is the Public Suffix List.
#pragma once

#include "kernel/base/result.h"
#include "modules/crawl/core/frontier/types.h"
#include "modules/crawl/core/page/page_reader.h"
#include "modules/crawl/shell/crawl/crawler.h"
#include "modules/crawl/shell/store/crawl_settings.h"

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace sluice::crawl {

struct CrawlPlan {
    CrawlConfig config;  ///< with all of its parts agreeing
    std::shared_ptr<const PageRules> rules;
    std::vector<Found> seeds;
    /// How a URL of an earlier crawl would be found by this one.
    std::function<Found(std::string_view url)> judge;
    CrawlSettings settings;
};

/// Errors: invalid (no seed, or one that is no URL of http; a scope; numbers out of their bounds),
/// not_found (the Public Suffix List).
Result<CrawlPlan> make_plan(CrawlConfig config, const CrawlCallbacks& callbacks);

}  // namespace sluice::crawl
