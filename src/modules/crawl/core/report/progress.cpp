// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/report/progress.h"

namespace sluice::crawl {

std::string_view to_string(CrawlState state) {
    switch (state) {
        case CrawlState::opened: return "opened";
        case CrawlState::running: return "running";
        case CrawlState::paused: return "paused";
        case CrawlState::draining: return "draining";
        case CrawlState::cancelling: return "cancelling";
        case CrawlState::ended: return "ended";
    }
    return "";
}

std::string_view to_string(CrawlEnd end) {
    switch (end) {
        case CrawlEnd::complete: return "complete";
        case CrawlEnd::pages_limit: return "pages_limit";
        case CrawlEnd::bytes_limit: return "bytes_limit";
        case CrawlEnd::time_limit: return "time_limit";
        case CrawlEnd::drained: return "drained";
        case CrawlEnd::cancelled: return "cancelled";
    }
    return "";
}

}  // namespace sluice::crawl
