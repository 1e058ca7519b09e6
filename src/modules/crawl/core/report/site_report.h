// SPDX-License-Identifier: Apache-2.0
// SiteReport: what a finished crawl found, as numbers of bounded size. Pure data; site_html.h makes
// a page of it, and whoever reads the output files fills it.
#pragma once

#include "kernel/base/time.h"
#include "modules/crawl/core/report/progress.h"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sluice::crawl {

/// Shown at most; more are in broken.csv.
inline constexpr std::size_t broken_shown_max = 100;
/// Deeper pages are counted with the last.
inline constexpr std::size_t report_depths = 32;
inline constexpr std::size_t report_bins_max = 240;

/// A URL that was not had.
struct BrokenLink {
    std::string url;
    int status = 0;  ///< 0: nobody answered
    std::string_view failure;
    std::string problem;
    std::uint64_t links = 0;             ///< pages that link to it
    std::vector<std::string> referrers;  ///< the first of them
};

/// One host.
struct HostReport {
    std::string origin;
    std::uint64_t pages = 0;   ///< fetched, redirects not counted
    std::uint64_t failed = 0;  ///< with an answer or without
    std::uint64_t bytes = 0;
    std::uint64_t answers = 0;  ///< with a latency
    double latency_ms = 0;      ///< sum over `answers`
    double latency_max_ms = 0;
};

/// What happened in a stretch of time.
struct TimeBin {
    std::uint64_t pages = 0;
    std::uint64_t failed = 0;
    std::uint64_t bytes = 0;
};

/// Counts over time in at most report_bins_max bins, which get wider as time goes on.
class TimeBins {
public:
    void add(WallTime when, const TimeBin& what);
    [[nodiscard]] WallTime begin() const { return begin_; }
    [[nodiscard]] Duration width() const { return width_; }
    [[nodiscard]] const std::vector<TimeBin>& bins() const { return bins_; }

private:
    WallTime begin_{Duration{0}};
    Duration width_ = 100ms;
    std::vector<TimeBin> bins_;
};

/// So large a share of all answers took no longer.
struct LatencyPoint {
    double share = 0;
    double milliseconds = 0;
};

/// A point and a line of the picture of the links.
struct GraphNode {
    std::string name;         ///< host or URL
    std::uint64_t links = 0;  ///< to it
    std::uint32_t group = 0;  ///< colour; 0: not crawled
    double x = 0, y = 0;      ///< 0 to 1, set by lay_out()
};
struct GraphLine {
    std::uint32_t from = 0, to = 0;  ///< indexes of nodes
    std::uint64_t links = 0;
};
struct LinkPicture {
    bool of_hosts = false;        ///< nodes are hosts; else pages
    std::uint64_t edges_all = 0;  ///< links that were looked at
    std::uint64_t nodes_all = 0;  ///< hosts there are, if they are the nodes
    std::vector<GraphNode> nodes;
    std::vector<GraphLine> lines;
};

struct SiteReport {
    CrawlSummary summary;
    std::string software;
    bool has_pages = false;  ///< there is a pages.jsonl
    bool has_edges = false;
    std::map<int, std::uint64_t> statuses;       ///< of answers
    std::map<std::string, std::uint64_t> types;  ///< of fetched pages
    std::array<std::uint64_t, report_depths> depths{};
    std::vector<HostReport> hosts;  ///< by pages, the largest first; at most report_hosts_shown
    std::uint64_t hosts_all = 0;
    std::uint64_t uncounted_pages = 0;  ///< of hosts beyond those counted one by one
    TimeBins time;
    std::vector<LatencyPoint> latencies;  ///< ascending; the last is the largest
    std::vector<BrokenLink> broken;
    LinkPicture picture;
};

/// Rows of the table of hosts.
inline constexpr std::size_t report_hosts_shown = 200;

/// Places the nodes: linked ones near each other, all apart. Deterministic; at most some 300 × n²
/// steps.
void lay_out(LinkPicture& picture);

}  // namespace sluice::crawl
