// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/frontier/types.h"

#include <numeric>

namespace sluice::crawl {

std::string_view to_string(Exclusion exclusion) {
    switch (exclusion) {
        case Exclusion::scope: return "scope";
        case Exclusion::shape: return "shape";
        case Exclusion::depth: return "depth";
        case Exclusion::redirects: return "redirects";
        case Exclusion::hosts: return "hosts";
        case Exclusion::host_pages: return "host_pages";
        case Exclusion::robots: return "robots";
        case Exclusion::robots_unreachable: return "robots_unreachable";
    }
    return "";
}

std::string_view to_string(Failure failure) {
    switch (failure) {
        case Failure::dns: return "dns";
        case Failure::connect: return "connect";
        case Failure::tls: return "tls";
        case Failure::timeout: return "timeout";
        case Failure::http: return "http";
        case Failure::body: return "body";
        case Failure::blocked: return "blocked";
        case Failure::given_up: return "given_up";
    }
    return "";
}

void Decision::clear() {
    writes.clear();
    fetches.clear();
    resolves.clear();
    reads.clear();
    unasked.clear();
}

std::uint64_t CrawlTotals::all_failed() const {
    return std::accumulate(failed.begin(), failed.end(), std::uint64_t{0});
}

std::uint64_t CrawlTotals::all_excluded() const {
    return std::accumulate(excluded.begin(), excluded.end(), std::uint64_t{0});
}

bool CrawlTotals::adds_up() const {
    return seen == pending + fetched + redirected + all_failed() + all_excluded();
}

}  // namespace sluice::crawl
