// SPDX-License-Identifier: Apache-2.0
// report.html: one pass over pages.jsonl for the numbers.
#include "kernel/algo/histogram.h"
#include "modules/crawl/core/frontier/host.h"
#include "modules/crawl/core/report/site_html.h"
#include "modules/crawl/shell/output/edge_reader.h"
#include "modules/crawl/shell/output/finish.h"
#include "modules/crawl/shell/output/link_picture.h"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace sluice::crawl {
namespace {

/// Further words are counted as "others".
constexpr std::size_t words_max = 500;

void count_word(std::map<std::string, std::uint64_t>& words, std::string_view word) {
    std::string key(word.empty() ? "unknown" : word);
    if (words.size() >= words_max && !words.contains(key)) key = "others";
    ++words[key];
}

class Collector {
public:
    Collector(const Finish& finish, SiteReport& report) : finish_(finish), report_(report) {}

    Status collect() {
        SLUICE_TRY_STATUS(each_page(finish_.files, finish_.path(pages_name),
                                    [this](const JsonView& page) { return add(page); }));
        sort_hosts();
        for (const double share : {0.5, 0.75, 0.9, 0.95, 0.99, 1.0}) {
            if (latency_.count() == 0) break;
            const double ms =
                std::chrono::duration<double, std::milli>(latency_.quantile(share)).count();
            report_.latencies.push_back({share, ms});
        }
        return {};
    }

    /// Hosts of which pages were fetched.
    [[nodiscard]] const std::vector<std::string>& crawled() const { return crawled_; }

private:
    Status add(const JsonView& page) {
        report_.has_pages = true;
        const std::string_view url = text_of(page, "url");
        const auto status = static_cast<int>(count_of(page, "status"));
        const bool failed = page.find("failure").has_value();
        const bool redirected = page.find("redirect").has_value();
        const std::uint64_t bytes = count_of(page, "bytes");
        if (status != 0) ++report_.statuses[status];
        if (auto when = parse_rfc3339(text_of(page, "time")))
            report_.time.add(*when, {failed ? 0U : 1U, failed ? 1U : 0U, bytes});
        if (!failed && !redirected) {
            count_word(report_.types, text_of(page, "type"));
            ++report_.depths[std::min<std::uint64_t>(count_of(page, "depth"), report_depths - 1)];
        }
        add_to_host(url, page, failed, redirected, bytes);
        return {};
    }

    void add_to_host(std::string_view url, const JsonView& page, bool failed, bool redirected,
                     std::uint64_t bytes) {
        if (url.find("://") == std::string_view::npos) return;
        const std::string origin(origin_of(url));
        auto found = hosts_.find(origin);
        if (found == hosts_.end() && hosts_.size() >= finish_.config.report_hosts_max) {
            ++report_.uncounted_pages;
            return;
        }
        if (found == hosts_.end()) found = hosts_.emplace(origin, HostReport()).first;
        HostReport& host = found->second;
        host.origin = origin;
        host.pages += failed || redirected ? 0 : 1;
        host.failed += failed ? 1 : 0;
        host.bytes += bytes;
        if (!page.find("latency_ms")) return;
        const double ms = number_of(page, "latency_ms");
        ++host.answers;
        host.latency_ms += ms;
        host.latency_max_ms = std::max(host.latency_max_ms, ms);
        latency_.record(
            std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(ms)));
    }

    void sort_hosts() {
        report_.hosts_all = hosts_.size();
        for (auto& [origin, host] : hosts_) {
            if (host.pages > 0) crawled_.push_back(origin);
            report_.hosts.push_back(std::move(host));
        }
        std::sort(report_.hosts.begin(), report_.hosts.end(),
                  [](const HostReport& a, const HostReport& b) {
                      if (a.pages != b.pages) return a.pages > b.pages;
                      return a.failed != b.failed ? a.failed > b.failed : a.origin < b.origin;
                  });
        if (report_.hosts.size() > report_hosts_shown) report_.hosts.resize(report_hosts_shown);
    }

    const Finish& finish_;
    SiteReport& report_;
    std::unordered_map<std::string, HostReport> hosts_;
    std::vector<std::string> crawled_;
    Histogram latency_;
};

}  // namespace

Status write_report(const Finish& finish, std::vector<BrokenLink> broken) {
    constexpr std::string_view name = "report.html";
    SiteReport report;
    report.summary = finish.summary;
    report.software = finish.config.software;
    report.broken = std::move(broken);
    Collector collector(finish, report);
    SLUICE_TRY_STATUS(collector.collect());
    report.has_edges = finish.files.exists(finish.path(edges_name));
    SLUICE_TRY(report.picture,
               make_picture(finish.files, finish.path(edges_name), collector.crawled()));
    lay_out(report.picture);
    SLUICE_TRY_STATUS(finish.files.replace_file(finish.path(name), site_html(report)));
    finish.summary.files.emplace_back(name);
    return {};
}

}  // namespace sluice::crawl
