// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/report/site_html.h"

#include "kernel/wire/markup_text.h"
#include "modules/crawl/core/report/site_chart.h"
#include "modules/crawl/core/report/site_style.h"
#include "modules/crawl/core/report/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace sluice::crawl {
namespace {

constexpr std::size_t hosts_open = 15;  ///< rows before one has to unfold the rest
constexpr std::size_t broken_open = 20;
constexpr std::size_t types_shown = 12;
constexpr std::size_t statuses_shown = 14;

std::string_view status_colour(int status) {
    return status < 300 ? "good" : status < 400 ? "move" : status < 500 ? "warn" : "bad";
}

std::string_view status_words(int status) {
    switch (status) {
        case 200: return "OK";
        case 204: return "No Content";
        case 301: return "Moved Permanently";
        case 302: return "Found";
        case 303: return "See Other";
        case 304: return "Not Modified";
        case 307: return "Temporary Redirect";
        case 308: return "Permanent Redirect";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 410: return "Gone";
        case 429: return "Too Many Requests";
        case 500: return "Internal Server Error";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        default: return "";
    }
}

/// What a person would call the end of it.
std::string_view outcome_words(CrawlEnd end) {
    switch (end) {
        case CrawlEnd::complete: return "complete";
        case CrawlEnd::pages_limit: return "stopped at the limit of pages";
        case CrawlEnd::bytes_limit: return "stopped at the limit of bytes";
        case CrawlEnd::time_limit: return "stopped at the limit of time";
        case CrawlEnd::drained: return "stopped when asked to";
        case CrawlEnd::cancelled: return "cancelled";
    }
    return "";
}

/// Only what may be clicked safely becomes a link.
std::string url_html(std::string_view url) {
    std::string text = markup_escape(url);
    if (!url.starts_with("http://") && !url.starts_with("https://")) return text;
    return "<a rel=\"noreferrer nofollow\" href=\"" + text + "\">" + text + "</a>";
}

class SitePage {
public:
    explicit SitePage(const SiteReport& report)
        : report_(report), summary_(report.summary), totals_(report.summary.totals) {}

    std::string render() {
        head();
        tiles();
        balance();
        over_time();
        if (report_.has_pages) {
            out_ += "<div class=\"two\">";
            answers();
            depths();
            types();
            latency();
            out_ += "</div>";
        }
        hosts();
        picture();
        broken();
        left_out();
        foot();
        return std::move(out_);
    }

private:
    void head() {
        const std::string name = summary_.seeds.empty() ? "the web" : summary_.seeds[0];
        const std::string title = "Crawl of " + markup_escape(name);
        out_ +=
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta "
            "name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta "
            "name=\"referrer\" content=\"no-referrer\"><meta http-equiv=\"Content-Security-"
            "Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>" +
            title + "</title><style>";
        out_ += site_style;
        out_ += "</style></head><body><main>\n<header><h1>" + title;
        const bool is_whole = summary_.end == CrawlEnd::complete;
        out_ += fmt::format("<span class=\"badge{}\">{}</span></h1>", is_whole ? "" : " warn",
                            outcome_words(summary_.end));
        out_ += "<p class=\"soft\">";
        if (summary_.seeds.size() > 1)
            out_ += "and " + plural(summary_.seeds.size() - 1, "other seed") + " · ";
        if (to_ns(summary_.ended) > 0)
            out_ += "ended " +
                    format_rfc3339(
                        wall_from_ns(to_ns(summary_.ended) / 1'000'000'000 * 1'000'000'000)) +
                    " · ";
        out_ += plural(totals_.fetched, "page") + " from " + plural(summary_.hosts, "host");
        out_ += "</p></header>\n";
    }

    void tile(std::string_view label, const std::string& value) {
        out_ += fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>", value, label);
    }

    void tiles() {
        const double seconds = to_seconds(summary_.took);
        out_ += "<div class=\"tiles\">";
        tile("pages fetched", count_words(totals_.fetched));
        tile("failed", count_words(totals_.all_failed()));
        tile("left out", count_words(totals_.all_excluded()));
        tile("downloaded", byte_words(static_cast<double>(totals_.bytes)));
        tile("this run took", duration_words(summary_.took));
        tile("pages a second",
             rate_words(seconds > 0 ? static_cast<double>(summary_.pages_run) / seconds : 0));
        out_ += "</div>\n";
    }

    void open(std::string_view title, std::string_view note = "") {
        out_ += fmt::format("<section><h2>{}</h2>", title);
        if (!note.empty()) out_ += fmt::format("<p class=\"soft\">{}</p>", note);
    }
    void close() { out_ += "</section>\n"; }

    void balance() {
        open("Where every URL went");
        out_ += stacked_bar({{"fetched", totals_.fetched, "good", ""},
                             {"redirected", totals_.redirected, "move", ""},
                             {"failed", totals_.all_failed(), "bad", ""},
                             {"left out", totals_.all_excluded(), "mute", ""},
                             {"still queued", totals_.pending, "warn", ""}},
                            totals_.seen);
        const bool adds_up = summary_.adds_up();
        out_ += fmt::format(
            "<p class=\"sum\">{} seen = {} fetched + {} redirected + {} failed + {} left out + {} "
            "queued &nbsp; <b class=\"{}\">{}</b></p>",
            count_words(totals_.seen), count_words(totals_.fetched),
            count_words(totals_.redirected), count_words(totals_.all_failed()),
            count_words(totals_.all_excluded()), count_words(totals_.pending),
            adds_up ? "yes" : "no", adds_up ? "✓ adds up" : "✗ does not add up");
        close();
    }

    void over_time() {
        if (report_.time.bins().size() < 2) return;
        open("Over time", "Answers a second; failures in red. Time since the first answer.");
        out_ += time_chart(report_.time);
        close();
    }

    void answers() {
        open("Answers");
        std::vector<std::pair<int, std::uint64_t>> all(report_.statuses.begin(),
                                                       report_.statuses.end());
        std::sort(all.begin(), all.end(),
                  [](const auto& a, const auto& b) { return a.second > b.second; });
        if (all.size() > statuses_shown) all.resize(statuses_shown);
        std::sort(all.begin(), all.end());
        std::vector<Amount> bars;
        for (const auto& [status, count] : all)
            bars.push_back({std::to_string(status), count, status_colour(status),
                            std::string(status_words(status))});
        for (std::size_t i = 0; i < failure_count; ++i) {
            const auto failure = static_cast<Failure>(i);
            if (failure == Failure::http || totals_.failed[i] == 0) continue;
            bars.push_back({std::string(to_string(failure)), totals_.failed[i], "bad",
                            std::string(explain(failure))});
        }
        out_ += bar_list(bars);
        close();
    }

    void depths() {
        open("Depth", "Links away from a seed.");
        std::size_t deepest = 0;
        for (std::size_t i = 0; i < report_.depths.size(); ++i) {
            if (report_.depths[i] > 0) deepest = i;
        }
        std::vector<Amount> columns;
        for (std::size_t i = 0; i <= deepest; ++i) {
            const bool is_last = i + 1 == report_.depths.size();
            columns.push_back(
                {std::to_string(i) + (is_last ? "+" : ""), report_.depths[i], "main", ""});
        }
        out_ += column_chart(columns, "Pages by depth");
        close();
    }

    void types() {
        open("Content types");
        std::vector<std::pair<std::string, std::uint64_t>> all(report_.types.begin(),
                                                               report_.types.end());
        std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
            return a.second != b.second ? a.second > b.second : a.first < b.first;
        });
        std::vector<Amount> bars;
        std::uint64_t others = 0;
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (i < types_shown) {
                bars.push_back({all[i].first, all[i].second, "main", ""});
            } else {
                others += all[i].second;
            }
        }
        if (others > 0) bars.push_back({"others", others, "mute", ""});
        out_ += bar_list(bars);
        close();
    }

    void latency() {
        if (report_.latencies.empty()) return;
        open("Latency", "To the first byte of the answer: so many were at least as fast.");
        const double most = std::max(report_.latencies.back().milliseconds, 0.001);
        out_ += "<div class=\"bars\">";
        for (const LatencyPoint& point : report_.latencies) {
            out_ += fmt::format(
                "<div><span class=\"what\">{}</span><span class=\"track\"><i "
                "class=\"main\" style=\"width:{:.2f}%\"></i></span><b>{}</b></div>",
                point.share >= 1 ? std::string("all") : fmt::format("{:g} %", point.share * 100),
                100 * point.milliseconds / most, latency_words(point.milliseconds));
        }
        out_ += "</div>";
        close();
    }

    static std::string latency_words(double ms) {
        return ms < 1000 ? fmt::format("{:.{}f} ms", ms, ms < 9.95 ? 1 : 0)
                         : fmt::format("{:.1f} s", ms / 1000);
    }

    void host_row(const HostReport& host, std::uint64_t most) {
        out_ += "<tr><td>" + url_html(host.origin) + "</td>";
        out_ += fmt::format(
            "<td><span class=\"track\"><i class=\"main\" style=\"width:{:.1f}%\"></i>"
            "</span>{}</td>",
            100.0 * static_cast<double>(host.pages) /
                static_cast<double>(std::max<std::uint64_t>(most, 1)),
            count_words(host.pages));
        out_ += host.failed == 0
                    ? "<td class=\"soft\">0</td>"
                    : "<td>" + count_words(host.failed) + " <small>" +
                          share_words(host.failed, host.failed + host.pages) + "</small></td>";
        out_ += "<td>" + byte_words(static_cast<double>(host.bytes)) + "</td>";
        if (host.answers == 0) {
            out_ += "<td class=\"soft\">–</td><td class=\"soft\">–</td></tr>";
            return;
        }
        out_ += "<td>" + latency_words(host.latency_ms / static_cast<double>(host.answers)) +
                "</td><td>" + latency_words(host.latency_max_ms) + "</td></tr>\n";
    }

    void host_table(std::size_t from, std::size_t to) {
        out_ +=
            "<div class=\"wide\"><table><tr><th>host</th><th>pages</th><th>failed</th><th>bytes"
            "</th><th>mean latency</th><th>worst</th></tr>\n";
        for (std::size_t i = from; i < to; ++i) host_row(report_.hosts[i], report_.hosts[0].pages);
        out_ += "</table></div>";
    }

    void hosts() {
        if (report_.hosts.empty()) return;
        open("Hosts", report_.hosts_all > report_.hosts.size()
                          ? fmt::format("The largest {} of {}.", report_.hosts.size(),
                                        count_words(report_.hosts_all))
                          : std::string());
        const std::size_t first = std::min(hosts_open, report_.hosts.size());
        host_table(0, first);
        if (report_.hosts.size() > first) {
            out_ +=
                fmt::format("<details><summary>{} more</summary>", report_.hosts.size() - first);
            host_table(first, report_.hosts.size());
            out_ += "</details>";
        }
        if (report_.uncounted_pages > 0)
            out_ += "<p class=\"soft\">" + plural(report_.uncounted_pages, "page") +
                    " of further hosts were not counted one by one.</p>";
        close();
    }

    void picture() {
        const LinkPicture& links = report_.picture;
        if (links.nodes.empty()) return;
        open(links.of_hosts ? "How the hosts link to each other"
                            : "How the pages link to each other",
             fmt::format(
                 "The {} with the most links to them, of {}. Size: links to it; grey: not "
                 "crawled; colour: {}.",
                 links.of_hosts ? plural(links.nodes.size(), "host")
                                : plural(links.nodes.size(), "page"),
                 plural(links.edges_all, "link"),
                 links.of_hosts ? "one for each host, the largest first" : "part of the site"));
        out_ += link_picture(links);
        close();
    }

    void broken_row(const BrokenLink& link) {
        out_ += "<tr><td>" + url_html(link.url) + "</td><td class=\"text\">";
        out_ += fmt::format(
            "<span class=\"tag{}\">{}</span> <small>{}</small></td>",
            link.status >= 400 && link.status < 500 ? " warn" : "",
            link.status >= 300 ? std::to_string(link.status) : std::string(link.failure),
            markup_escape(link.problem));
        out_ += "<td>" + (report_.has_edges ? count_words(link.links) : std::string("–")) +
                "</td><td class=\"text\">";
        if (link.referrers.size() == 1) {
            out_ += url_html(link.referrers[0]);
        } else if (!link.referrers.empty()) {
            out_ += fmt::format("<details><summary>{}</summary>", link.referrers.size() < link.links
                                                                      ? "the first of them"
                                                                      : "from these");
            for (const std::string& referrer : link.referrers)
                out_ += "<div>" + url_html(referrer) + "</div>";
            out_ += "</details>";
        }
        out_ += "</td></tr>\n";
    }

    void broken() {
        if (report_.broken.empty()) return;
        const std::uint64_t all =
            std::max<std::uint64_t>(totals_.all_failed(), report_.broken.size());
        open("Broken links",
             report_.broken.size() < all
                 ? fmt::format("The {} that most pages link to, of {}. All are in broken.csv.",
                               report_.broken.size(), count_words(all))
                 : std::string());
        const std::size_t first = std::min(broken_open, report_.broken.size());
        broken_table(0, first);
        if (report_.broken.size() > first) {
            out_ +=
                fmt::format("<details><summary>{} more</summary>", report_.broken.size() - first);
            broken_table(first, report_.broken.size());
            out_ += "</details>";
        }
        close();
    }

    void broken_table(std::size_t from, std::size_t to) {
        out_ +=
            "<div class=\"wide\"><table><tr><th>URL</th><th class=\"text\">what happened</th>"
            "<th>pages with it</th><th class=\"text\">linked from</th></tr>\n";
        for (std::size_t i = from; i < to; ++i) broken_row(report_.broken[i]);
        out_ += "</table></div>";
    }

    void left_out() {
        if (totals_.all_excluded() == 0) return;
        open("Left out, and why");
        std::vector<Amount> bars;
        for (std::size_t i = 0; i < exclusion_count; ++i) {
            if (totals_.excluded[i] == 0) continue;
            const auto exclusion = static_cast<Exclusion>(i);
            bars.push_back({std::string(to_string(exclusion)), totals_.excluded[i], "mute",
                            std::string(explain(exclusion))});
        }
        std::sort(bars.begin(), bars.end(),
                  [](const Amount& a, const Amount& b) { return a.count > b.count; });
        out_ += bar_list(bars);
        close();
    }

    void foot() {
        out_ += "<footer>";
        if (!report_.software.empty()) out_ += "Made by " + markup_escape(report_.software) + ". ";
        if (totals_.retried > 0) out_ += plural(totals_.retried, "attempt") + " tried again. ";
        if (totals_.robots_fetched > 0)
            out_ += "robots.txt was asked for " + plural(totals_.robots_fetched, "time") + ".";
        out_ += "</footer>\n</main></body></html>\n";
    }

    const SiteReport& report_;
    const CrawlSummary& summary_;
    const CrawlTotals& totals_;
    std::string out_;
};

}  // namespace

std::string site_html(const SiteReport& report) { return SitePage(report).render(); }

}  // namespace sluice::crawl
