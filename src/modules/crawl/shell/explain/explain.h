// SPDX-License-Identifier: Apache-2.0
// Why a URL was fetched, or not: every rule that it passes through, asked in the order in which the
// crawl asks them, beside what the crawl in the folder knows of it. Fetches nothing and changes
// nothing.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "modules/crawl/core/frontier/types.h"
#include "modules/crawl/core/scope/scope.h"
#include "modules/crawl/core/url/canonical.h"

#include <string>
#include <vector>

namespace sluice::crawl {

struct ExplainRules {
    std::string folder;  ///< of the crawl; one that is not there: only rules are asked
    ScopeConfig scope;   ///< as the crawl has it, hosts of the seeds included
    LinkRules links;
    FrontierConfig frontier;
};

/// One rule or fact: "robots.txt", "line 3: Disallow: /private/".
struct ExplainedStep {
    std::string what;
    std::string found;
    bool against = false;  ///< this alone keeps the URL from being fetched
};

struct Explanation {
    std::string url;      ///< canonical
    std::string verdict;  ///< one sentence
    std::vector<ExplainedStep> steps;
};

/// Errors: invalid (no URL, a pattern), busy (the crawl is running), corrupt, io.
Result<Explanation> explain_url(const ExplainRules& rules, const std::string& url, WallTime now);

}  // namespace sluice::crawl
