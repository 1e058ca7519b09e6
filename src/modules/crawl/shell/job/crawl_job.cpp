// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/job/crawl_job.h"

#include "kernel/sync/mutex.h"
#include "kernel/wire/json_text.h"
#include "modules/crawl/shell/crawl/crawler.h"
#include "modules/crawl/shell/extract/page_extract.h"
#include "modules/crawl/shell/job/crawl_request.h"
#include "modules/crawl/shell/job/job_folder.h"
#include "modules/crawl/shell/job/job_run.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace sluice::crawl {
namespace {

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

CrawlConfig config_of(const CrawlRequest& request, const JobServices& services,
                      std::string folder) {
    CrawlConfig config = job_config(services, std::move(folder));
    config.seeds = request.urls;
    config.scope.hosts = request.hosts;
    config.scope.domains = request.domains;
    config.scope.patterns = request.include;
    config.scope.patterns_excluded = request.exclude;
    config.frontier.depth_max = request.depth;
    config.frontier.pages_max = request.pages;
    config.frontier.host_pages_max = request.host_pages;
    config.frontier.bytes_max = request.bytes;
    config.frontier.pace.delay = request.delay;
    config.page.keep_links = request.edges;
    config.outputs.warc = request.warc;
    config.outputs.edges = request.edges;
    config.time_max = request.time;
    return config;
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
    json.key("seconds").number(to_seconds(summary.took));
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

sdk::Outcome run_crawl(const CrawlRequest& request, const JobServices& services,
                       sdk::JobContext& context) {
    const CrawlJobLimits& limits = services.settings.limits;
    auto rules = ExtractRules::parse(request.extract);
    if (!rules) return to_failure(rules.error());
    auto folder = JobFolder::open_own(services.settings.write_root, request.output);
    if (!folder) return to_failure(folder.error());
    HostTable hosts(limits.hosts_counted_max);
    JobCrawl crawl{config_of(request, services, folder->path()), {}, request.pages, request.time};
    crawl.callbacks.on_page = crawl.callbacks.on_error =
        [&](const FetchAnswer& answer, const PageReading& reading) { hosts.note(answer, reading); };
    if (rules->size() > 0) {
        crawl.callbacks.extract = [&](const FetchAnswer& answer, const PageReading& reading) {
            return extract_from_markup(*rules, answer, reading);
        };
    }
    auto summary = run_crawl_job(std::move(crawl), services, context);
    if (!summary) return to_failure(folder->shown(summary.error(), request.output));
    if (const Status status = context.cancel().check(); !status && summary->resumable())
        return to_failure(status.error());
    return result_of(*summary, request, hosts, limits.hosts_shown_max);
}

}  // namespace

Result<sdk::JobType> crawl_type(CrawlJobSettings settings) {
    SLUICE_TRY(auto rules, AddressRules::make(settings.hosts, settings.networks));
    const auto services =
        std::make_shared<const JobServices>(JobServices{std::move(settings), std::move(rules)});
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
