// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/job/job_run.h"

#include "kernel/sync/channel.h"
#include "kernel/sync/thread.h"
#include "modules/crawl/core/robots/robots.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace sluice::crawl {
namespace {

/// Goes on with the crawl that an earlier attempt left there.
Result<std::unique_ptr<Crawler>> open_crawl(CrawlConfig config, const CrawlCallbacks& callbacks) {
    config.resume = true;
    auto crawler = Crawler::open(config, callbacks);
    if (crawler || crawler.error().code != Code::not_found) return crawler;
    config.resume = false;
    return Crawler::open(std::move(config), callbacks);
}

int percent_of(const CrawlProgress& progress, const JobCrawl& request) {
    const auto part = [](double done, double whole) { return 100 * done / std::max(whole, 1.0); };
    const double pages =
        part(static_cast<double>(progress.totals.fetched), static_cast<double>(request.pages));
    const double time = part(to_seconds(progress.running), to_seconds(request.time));
    return static_cast<int>(std::clamp(std::max(pages, time), 0.0, 99.0));
}

std::string note_of(const CrawlProgress& progress) {
    return std::to_string(progress.totals.fetched) + " pages, " +
           std::to_string(progress.totals.pending) + " queued, " +
           std::to_string(progress.totals.all_failed()) + " failed, " +
           std::to_string(progress.hosts.running) + " of " + std::to_string(progress.hosts.known) +
           " hosts active";
}

/// Crawls on a thread of its own; this one, which alone may, tells how far it is.
Result<CrawlSummary> run_to_the_end(Crawler& crawler, Channel<CrawlProgress>& news,
                                    const JobCrawl& request, sdk::JobContext& context) {
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

}  // namespace

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

CrawlConfig job_config(const JobServices& services, std::string folder) {
    CrawlConfig config;
    config.folder = std::move(folder);
    config.fetch.user_agent = services.settings.user_agent;
    config.fetch.rules = services.rules;
    config.names.rules = services.rules;
    config.connections_max = services.settings.limits.connections_max;
    config.page.agent = robots_token(services.settings.user_agent);
    config.outputs.user_agent = services.settings.user_agent;
    config.outputs.software = services.settings.user_agent;
    return config;
}

Result<CrawlSummary> run_crawl_job(JobCrawl crawl, const JobServices& services,
                                   sdk::JobContext& context) {
    if (!services.rules.enabled())
        return fail(Code::denied, "this worker allows no hosts to be crawled (work.http_hosts)");
    Channel<CrawlProgress> news(1, "crawl-job.news");
    crawl.callbacks.on_progress = [&news](const CrawlProgress& progress) {
        // What has not been told yet is as good as this.
        static_cast<void>(news.try_push(CrawlProgress(progress)));
    };
    SLUICE_TRY(auto crawler, open_crawl(crawl.config, crawl.callbacks));
    return run_to_the_end(*crawler, news, crawl, context);
}

}  // namespace sluice::crawl
