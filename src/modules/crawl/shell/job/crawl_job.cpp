// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/job/crawl_job.h"

#include "kernel/sync/channel.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/thread.h"
#include "kernel/wire/json_text.h"
#include "modules/crawl/core/robots/robots.h"
#include "modules/crawl/shell/crawl/crawler.h"
#include "modules/crawl/shell/extract/extract.h"
#include "modules/crawl/shell/job/crawl_request.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <system_error>
#include <utility>

namespace sluice::crawl {
namespace {

struct Services {
    CrawlJobSettings settings;
    AddressRules rules;
};

/// What each host gave in this run, counted on the threads that read the pages.
class HostTable {
public:
    explicit HostTable(std::size_t hosts_max) : hosts_max_(hosts_max) {}

    struct Row {
        std::uint64_t pages = 0, failed = 0, bytes = 0;
    };
    void note(const FetchAnswer& answer, const PageReading& reading) {
        const PageEnd::Kind kind = reading.end.kind;
        const MutexLock lock(mutex_);
        Row* row = find(std::string(origin_of(answer.order.url)));
        if (row == nullptr) return;
        row->bytes += reading.end.bytes;
        if (kind == PageEnd::Kind::fetched) ++row->pages;
        if (kind == PageEnd::Kind::failed) ++row->failed;
    }
    /// Those with the most pages.
    std::vector<std::pair<std::string, Row>> first(std::size_t count) {
        const MutexLock lock(mutex_);
        std::vector<std::pair<std::string, Row>> out(rows_.begin(), rows_.end());
        std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
            return a.second.pages != b.second.pages ? a.second.pages > b.second.pages
                                                    : a.first < b.first;
        });
        out.resize(std::min(out.size(), count));
        return out;
    }

private:
    Row* find(const std::string& origin) SLUICE_REQUIRES(mutex_) {
        const auto known = rows_.find(origin);
        if (known != rows_.end()) return &known->second;
        return rows_.size() < hosts_max_ ? &rows_[origin] : nullptr;
    }

    const std::size_t hosts_max_;
    Mutex mutex_{"crawl_job.hosts"};
    std::map<std::string, Row> rows_ SLUICE_GUARDED_BY(mutex_);
};

sdk::Failure to_failure(const Error& error) {
    switch (error.code) {
        case Code::invalid: return {"InvalidInput", error.message, true, {}};
        case Code::denied: return {"Denied", error.message, true, {}};
        case Code::corrupt: return {"CorruptInput", error.message, true, {}};
        case Code::exhausted: return {"LimitExceeded", error.message, true, {}};
        case Code::busy: return {"Busy", error.message, false, {}};
        case Code::cancelled: return {"Cancelled", error.message, false, {}};
        case Code::timeout: return {"Timeout", error.message, false, {}};
        case Code::not_found:
        case Code::exists:
        case Code::conflict:
        case Code::io:
        case Code::internal: break;
    }
    return {"CrawlFailed", error.message, false, {}};
}

/// The folder of the crawl, made; links below the root that lead out of it are refused.
Result<std::string> make_folder(const std::string& root, const std::string& below) {
    namespace fs = std::filesystem;
    if (root.empty())
        return fail(Code::denied, "this worker has no folder for writing (--write-root)");
    std::error_code error;
    const fs::path base = fs::canonical(root, error);
    if (error) return fail(Code::io, "the folder for writing: " + error.message());
    const fs::path wanted = base / below;
    const auto leads_out = [&](const fs::path& path) {
        const auto [end, rest] = std::mismatch(base.begin(), base.end(), path.begin(), path.end());
        return end != base.end();
    };
    const Error refused{Code::denied, "the folder " + below + " leads out of the one for writing"};
    fs::path known = fs::weakly_canonical(wanted, error);
    if (!error && leads_out(known)) return refused;
    if (!error) fs::create_directories(known, error);
    if (!error) known = fs::canonical(wanted, error);
    if (error) return fail(Code::io, "the folder " + below + ": " + error.message());
    if (leads_out(known)) return refused;
    return known.string();
}

CrawlConfig config_of(const CrawlRequest& request, const Services& services, std::string folder) {
    CrawlConfig config;
    config.seeds = request.urls;
    config.folder = std::move(folder);
    config.scope.hosts = request.hosts;
    config.scope.domains = request.domains;
    config.scope.patterns = request.include;
    config.scope.patterns_excluded = request.exclude;
    config.frontier.depth_max = request.depth;
    config.frontier.pages_max = request.pages;
    config.frontier.host_pages_max = request.host_pages;
    config.frontier.bytes_max = request.bytes;
    config.frontier.pace.delay = request.delay;
    config.fetch.user_agent = services.settings.user_agent;
    config.fetch.rules = services.rules;
    config.names.rules = services.rules;
    config.connections_max = services.settings.limits.connections_max;
    config.page.agent = robots_token(services.settings.user_agent);
    config.page.keep_links = request.edges;
    config.outputs.warc = request.warc;
    config.outputs.edges = request.edges;
    config.outputs.user_agent = services.settings.user_agent;
    config.outputs.software = services.settings.user_agent;
    config.time_max = request.time;
    return config;
}

std::string extracted(const ExtractRules& rules, const FetchAnswer& answer,
                      const PageReading& reading) {
    const bool html = reading.type.is_html();
    if (!html && !reading.type.is_xml()) return {};
    auto json = rules.extract({.url = answer.order.url,
                               .body = reading.body,
                               .encoding = reading.encoding,
                               .xml = !html});
    return json ? *std::move(json) : std::string();
}

/// Goes on with the crawl that an earlier attempt left there.
Result<std::unique_ptr<Crawler>> open_crawl(CrawlConfig config, const CrawlCallbacks& callbacks) {
    config.resume = true;
    auto crawler = Crawler::open(config, callbacks);
    if (crawler || crawler.error().code != Code::not_found) return crawler;
    config.resume = false;
    return Crawler::open(std::move(config), callbacks);
}

int percent_of(const CrawlProgress& progress, const CrawlRequest& request) {
    const auto part = [](double done, double whole) { return 100 * done / std::max(whole, 1.0); };
    const double pages =
        part(static_cast<double>(progress.totals.fetched), static_cast<double>(request.pages));
    const double time = part(std::chrono::duration<double>(progress.running).count(),
                             std::chrono::duration<double>(request.time).count());
    return static_cast<int>(std::clamp(std::max(pages, time), 0.0, 99.0));
}

std::string note_of(const CrawlProgress& progress) {
    return std::to_string(progress.totals.fetched) + " pages, " +
           std::to_string(progress.totals.pending) + " queued, " +
           std::to_string(progress.totals.all_failed()) + " failed, " +
           std::to_string(progress.hosts.running) + " of " + std::to_string(progress.hosts.known) +
           " hosts active";
}

template <class Word, std::size_t count>
void put_counts(JsonWriter& json, std::string_view name,
                const std::array<std::uint64_t, count>& counts) {
    json.key(name).begin_object();
    for (std::size_t i = 0; i < count; ++i) {
        if (counts[i] > 0) json.key(to_string(static_cast<Word>(i))).unsigned_integer(counts[i]);
    }
    json.end_object();
}

std::string result_of(const CrawlSummary& summary, const CrawlRequest& request, HostTable& hosts,
                      std::size_t hosts_shown) {
    const CrawlTotals& totals = summary.totals;
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("end").string(to_string(summary.end));
    json.key("output").string(request.output);
    json.key("balanced").boolean(summary.adds_up());
    json.key("seen").unsigned_integer(totals.seen);
    json.key("fetched").unsigned_integer(totals.fetched);
    json.key("redirected").unsigned_integer(totals.redirected);
    json.key("pending").unsigned_integer(totals.pending);
    json.key("bytes").unsigned_integer(totals.bytes);
    json.key("seconds").number(std::chrono::duration<double>(summary.took).count());
    put_counts<Failure>(json, "failed", totals.failed);
    put_counts<Exclusion>(json, "excluded", totals.excluded);
    json.key("hosts").unsigned_integer(summary.hosts);
    json.key("by_host").begin_array();
    for (const auto& [origin, row] : hosts.first(hosts_shown)) {
        json.begin_object().key("host").string(origin);
        json.key("pages").unsigned_integer(row.pages);
        json.key("failed").unsigned_integer(row.failed);
        json.key("bytes").unsigned_integer(row.bytes).end_object();
    }
    json.end_array().key("files").begin_array();
    for (const std::string& file : summary.files) json.string(file);
    json.end_array().end_object();
    return out;
}

/// Crawls on a thread of its own; this one, which alone may, tells how far it is.
Result<CrawlSummary> run_to_the_end(Crawler& crawler, Channel<CrawlProgress>& news,
                                    const CrawlRequest& request, sdk::JobContext& context) {
    Result<CrawlSummary> result = fail(Code::internal, "the crawl did not run");
    const CancelCallback stop = context.cancel().on_cancel([&] { crawler.cancel(); });
    Thread runner("crawl-job", [&] {
        result = crawler.run();
        news.close();
    });
    CrawlProgress progress;
    while (news.pop(progress) == ChannelStatus::ok) {
        // A deadline that has passed runs no callback.
        if (context.cancel().is_cancelled()) crawler.cancel();
        context.progress(percent_of(progress, request), note_of(progress));
    }
    runner.join();
    return result;
}

sdk::Outcome run_crawl(const CrawlRequest& request, const Services& services,
                       sdk::JobContext& context) {
    const CrawlJobLimits& limits = services.settings.limits;
    if (!services.rules.enabled())
        return to_failure(
            fail(Code::denied, "this worker allows no hosts to be crawled (work.http_hosts)"));
    auto rules = ExtractRules::parse(request.extract);
    if (!rules) return to_failure(rules.error());
    auto folder = make_folder(services.settings.write_root, request.output);
    if (!folder) return to_failure(folder.error());
    HostTable hosts(limits.hosts_counted_max);
    Channel<CrawlProgress> news(1, "crawl-job.news");
    CrawlCallbacks callbacks;
    callbacks.on_page = callbacks.on_error =
        [&](const FetchAnswer& answer, const PageReading& reading) { hosts.note(answer, reading); };
    if (rules->size() > 0) {
        callbacks.extract = [&](const FetchAnswer& answer, const PageReading& reading) {
            return extracted(*rules, answer, reading);
        };
    }
    callbacks.on_progress = [&](const CrawlProgress& progress) {
        CrawlProgress copy = progress;
        // What has not been told yet is as good as this.
        static_cast<void>(news.try_push(std::move(copy)));
    };
    auto crawler = open_crawl(config_of(request, services, *std::move(folder)), callbacks);
    if (!crawler) return to_failure(crawler.error());
    auto summary = run_to_the_end(**crawler, news, request, context);
    if (!summary) return to_failure(summary.error());
    if (const Status status = context.cancel().check(); !status && summary->resumable())
        return to_failure(status.error());
    return result_of(*summary, request, hosts, limits.hosts_shown_max);
}

}  // namespace

Result<sdk::JobType> crawl_type(CrawlJobSettings settings) {
    SLUICE_TRY(auto rules, AddressRules::make(settings.hosts, settings.networks));
    const auto services =
        std::make_shared<const Services>(Services{std::move(settings), std::move(rules)});
    const sdk::JobSchema schema = crawl_schema(services->settings.limits);
    return sdk::JobType{
        .name = "web.crawl",
        .summary = "Crawls a site into a folder; off unless the worker allows hosts or networks.",
        .schema = schema,
        .result_help =
            R"(`end` ("complete", or the limit that was reached), `balanced` (whether seen = fetched + redirected + failed + excluded + pending), these counters (`failed` and `excluded` by reason), `bytes`, `seconds`, `hosts`, `by_host` (the 50 hosts with the most pages in this attempt), `files` in the folder. A crawl that is cancelled or loses its worker fails and goes on when the job is tried again.)",
        .example =
            R"(sluice push web.crawl https://example.org/ '{"output": "example", "pages": 100}')",
        .run = [services, schema](sdk::JobContext& context) -> sdk::Outcome {
            const auto request = read_crawl_request(context.job().args, schema);
            if (!request)
                return sdk::Failure{"InvalidArguments", request.error().message, true, {}};
            if (const Status status = context.cancel().check(); !status)
                return to_failure(status.error());
            return run_crawl(*request, *services, context);
        },
    };
}

}  // namespace sluice::crawl
