// SPDX-License-Identifier: Apache-2.0
#include "app/crawl_text.h"

#include "app/human.h"
#include "kernel/wire/json_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::app {

namespace {

using crawl::CrawlEnd;
using crawl::CrawlState;
using crawl::CrawlSummary;
using crawl::CrawlTotals;
using crawl::Exclusion;
using crawl::Failure;

/// Shorter pauses are everyday politeness.
constexpr Duration idle_shown_min = 5s;

std::string human_rate(double rate) {
    if (rate >= 100) return human_count(static_cast<std::uint64_t>(std::llround(rate))) + "/s";
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f/s", rate);
    return text.data();
}

/// "12 hosts: 3 busy, 8 pausing, 1 held back".
std::string hosts_text(const crawl::HostCounts& hosts) {
    std::string text = human_count(hosts.known, "host");
    std::string parts;
    const auto add = [&](std::uint64_t count, const char* what) {
        if (count == 0) return;
        parts += (parts.empty() ? ": " : ", ") + human_count(count) + ' ' + what;
    };
    add(hosts.running, "busy");
    add(hosts.pausing, "pausing");
    add(hosts.at_gates, "held back");
    return text + parts;
}

std::string_view exclusion_text(Exclusion exclusion) {
    switch (exclusion) {
        case Exclusion::scope: return "out of scope";
        case Exclusion::shape: return "shape of the URL (traps)";
        case Exclusion::depth: return "too deep";
        case Exclusion::redirects: return "too many redirects";
        case Exclusion::hosts: return "too many hosts";
        case Exclusion::host_pages: return "host's budget used up";
        case Exclusion::robots: return "robots.txt forbids it";
        case Exclusion::robots_unreachable: return "robots.txt not to be had";
    }
    return "";
}

std::string_view failure_text(Failure failure) {
    switch (failure) {
        case Failure::dns: return "name not found";
        case Failure::connect: return "no connection";
        case Failure::tls: return "TLS (certificate, handshake)";
        case Failure::timeout: return "timed out";
        case Failure::http: return "HTTP status";
        case Failure::body: return "body cut short or broken";
        case Failure::blocked: return "address not allowed (--allow-net)";
        case Failure::given_up: return "host given up";
    }
    return "";
}

std::string end_text(const CrawlSummary& summary) {
    switch (summary.end) {
        case CrawlEnd::complete: return "complete";
        case CrawlEnd::pages_limit: return "stopped at --pages";
        case CrawlEnd::bytes_limit: return "stopped at --bytes";
        case CrawlEnd::time_limit: return "stopped at --time";
        case CrawlEnd::drained: return "stopped";
        case CrawlEnd::cancelled: return "cancelled";
    }
    return "";
}

/// Rows "name  number", the numbers in one column.
class Rows {
public:
    void add(std::string name, std::uint64_t count) {
        rows_.emplace_back(std::move(name), human_count(count));
    }
    void add_text(std::string name, std::string text) {
        rows_.emplace_back(std::move(name), std::move(text));
    }
    [[nodiscard]] std::string text() const {
        std::size_t names = 0;
        std::size_t numbers = 0;
        for (const auto& [name, number] : rows_) {
            names = std::max(names, columns_of(name));
            numbers = std::max(numbers, columns_of(number));
        }
        std::string out;
        for (const auto& [name, number] : rows_) {
            out.append("  ").append(name).append(names - columns_of(name) + 2, ' ');
            out.append(numbers - columns_of(number), ' ').append(number).append("\n");
        }
        return out;
    }

private:
    std::vector<std::pair<std::string, std::string>> rows_;
};

void put_totals(JsonWriter& json, const CrawlTotals& totals) {
    json.key("seen").unsigned_integer(totals.seen);
    json.key("queued").unsigned_integer(totals.pending);
    json.key("fetched").unsigned_integer(totals.fetched);
    json.key("redirected").unsigned_integer(totals.redirected);
    json.key("failed").unsigned_integer(totals.all_failed());
    json.key("excluded").unsigned_integer(totals.all_excluded());
    json.key("retried").unsigned_integer(totals.retried);
    json.key("robots_fetched").unsigned_integer(totals.robots_fetched);
    json.key("bytes").unsigned_integer(totals.bytes);
}

void put_reasons(JsonWriter& json, const CrawlTotals& totals) {
    json.key("failures").begin_object();
    for (std::size_t i = 0; i < totals.failed.size(); ++i)
        if (totals.failed[i] > 0)
            json.key(to_string(static_cast<Failure>(i))).unsigned_integer(totals.failed[i]);
    json.end_object();
    json.key("exclusions").begin_object();
    for (std::size_t i = 0; i < totals.excluded.size(); ++i)
        if (totals.excluded[i] > 0)
            json.key(to_string(static_cast<Exclusion>(i))).unsigned_integer(totals.excluded[i]);
    json.end_object();
}

}  // namespace

Duration idle_time(const crawl::CrawlProgress& progress, Instant now) {
    return progress.idle_until ? std::max(*progress.idle_until - now, Duration{0}) : Duration{0};
}

std::string crawl_line(const CrawlView& view, std::size_t columns) {
    const crawl::CrawlProgress& progress = view.progress;
    const CrawlTotals& totals = progress.totals;
    std::vector<std::string> parts;
    std::string pages = human_count(totals.fetched);
    if (view.limits.pages != UINT64_MAX) pages += " of " + human_count(view.limits.pages);
    parts.push_back(pages + " pages");
    parts.push_back(human_rate(view.rates.pages_per_second));
    parts.push_back(human_count(totals.pending) + " queued");
    parts.push_back(hosts_text(progress.hosts));
    if (totals.all_failed() > 0) parts.push_back(human_count(totals.all_failed()) + " failed");
    parts.push_back(human_size(totals.bytes));
    const Duration left = time_left(progress, view.limits, view.rates);
    if (view.idle_for >= idle_shown_min)
        parts.insert(parts.begin() + 1, "nothing to ask for " + human_duration(view.idle_for));
    else if (left != Duration::max() && left > Duration{0})
        parts.push_back("about " + human_duration(left) + " left");
    std::string line;
    switch (progress.state) {
        case CrawlState::draining:
            line = "ending: " + std::to_string(progress.in_flight) + " in flight · ";
            break;
        case CrawlState::cancelling: line = "cancelling · "; break;
        case CrawlState::paused: line = "paused · "; break;
        case CrawlState::opened:
        case CrawlState::running:
        case CrawlState::ended: break;
    }
    for (std::size_t i = 0; i < parts.size(); ++i) line += (i == 0 ? "" : " · ") + parts[i];
    return printable(line, columns);
}

std::string crawl_progress_json(const CrawlView& view) {
    const crawl::CrawlProgress& progress = view.progress;
    std::string text;
    JsonWriter json(text);
    json.begin_object();
    json.key("event").string("progress");
    json.key("state").string(to_string(progress.state));
    put_totals(json, progress.totals);
    json.key("pages_per_second").number(view.rates.pages_per_second);
    json.key("bytes_per_second").number(view.rates.bytes_per_second);
    json.key("in_flight").unsigned_integer(progress.in_flight);
    json.key("hosts").begin_object();
    json.key("known").unsigned_integer(progress.hosts.known);
    json.key("busy").unsigned_integer(progress.hosts.running);
    json.key("pausing").unsigned_integer(progress.hosts.pausing);
    json.key("held_back").unsigned_integer(progress.hosts.at_gates);
    json.end_object();
    json.key("running_s").number(to_seconds(progress.running));
    const Duration left = time_left(progress, view.limits, view.rates);
    json.key("idle_s").number(to_seconds(view.idle_for));
    json.key("left_s");
    left == Duration::max() ? json.null() : json.number(to_seconds(left));
    json.end_object();
    return text;
}

std::string crawl_summary_json(const CrawlSummary& summary, const std::string& folder) {
    std::string text;
    JsonWriter json(text);
    json.begin_object();
    json.key("event").string("ended");
    json.key("end").string(to_string(summary.end));
    json.key("resumable").boolean(summary.resumable());
    json.key("adds_up").boolean(summary.adds_up());
    put_totals(json, summary.totals);
    put_reasons(json, summary.totals);
    json.key("hosts").unsigned_integer(summary.hosts);
    json.key("pages_run").unsigned_integer(summary.pages_run);
    json.key("bytes_run").unsigned_integer(summary.bytes_run);
    json.key("took_s").number(to_seconds(summary.took));
    json.key("folder").string(folder);
    json.key("files").begin_array();
    for (const std::string& file : summary.files) json.string(file);
    json.end_array();
    json.end_object();
    return text;
}

std::string crawl_summary_text(const CrawlSummary& summary, const std::string& folder) {
    const CrawlTotals& totals = summary.totals;
    const double took = std::max(to_seconds(summary.took), 1e-3);
    std::string out = end_text(summary) + " after " + human_duration(summary.took) + ": " +
                      human_count(summary.pages_run, "page") + " (" +
                      human_rate(static_cast<double>(summary.pages_run) / took) + "), " +
                      human_size(summary.bytes_run) + ", " + human_count(summary.hosts, "host") +
                      "\n\n";
    Rows rows;
    rows.add("URLs seen", totals.seen);
    rows.add("= fetched", totals.fetched);
    rows.add("+ redirected", totals.redirected);
    rows.add("+ failed", totals.all_failed());
    for (std::size_t i = 0; i < totals.failed.size(); ++i)
        if (totals.failed[i] > 0)
            rows.add("    " + std::string(failure_text(static_cast<Failure>(i))), totals.failed[i]);
    rows.add("+ excluded", totals.all_excluded());
    for (std::size_t i = 0; i < totals.excluded.size(); ++i)
        if (totals.excluded[i] > 0)
            rows.add("    " + std::string(exclusion_text(static_cast<Exclusion>(i))),
                     totals.excluded[i]);
    rows.add("+ queued", totals.pending);
    out += rows.text();
    if (!summary.adds_up())
        out += "\nThe books do NOT balance: please report this as a bug of sluice.\n";
    std::string files;
    for (const std::string& file : summary.files) files += (files.empty() ? "" : ", ") + file;
    if (!files.empty()) out += "\nIn " + folder + ": " + files + '\n';
    if (totals.failed[static_cast<std::size_t>(Failure::blocked)] > 0)
        out +=
            "\nPrivate addresses are not asked unless named, such as:  --allow-net "
            "127.0.0.0/8\n";
    if (totals.fetched == 0 && totals.excluded[static_cast<std::size_t>(Exclusion::scope)] > 0)
        out +=
            "\nThe seeds lead to hosts that are not in scope: name them (--include-host "
            "www.example.org),\nor a domain with all its hosts (--domain example.org).\n";
    if (summary.resumable())
        out += "\nTo go on:  sluice crawl --resume --out " + folder +
               (summary.end == CrawlEnd::pages_limit   ? " --pages MORE"
                : summary.end == CrawlEnd::bytes_limit ? " --bytes MORE"
                                                       : "") +
               '\n';
    return out;
}

}  // namespace sluice::app
