// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/crawl/crawler.h"

#include "kernel/base/check.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/thread.h"
#include "modules/crawl/shell/crawl/owner.h"
#include "modules/crawl/shell/crawl/plan.h"
#include "modules/crawl/shell/crawl/web_port.h"

#include <utility>

namespace sluice::crawl {
namespace {

OwnerOptions owner_options(const CrawlPlan& plan, const CrawlCallbacks& callbacks,
                           std::shared_ptr<const CrawlStore> earlier) {
    const CrawlConfig& config = plan.config;
    OwnerOptions options;
    options.frontier = config.frontier;
    options.seeds = plan.seeds;
    options.resolving_max = config.resolving_max;
    options.time_max = config.time_max;
    options.drain_timeout = config.drain_timeout;
    options.progress_every = config.progress_every;
    options.random_seed = config.random_seed != 0 ? config.random_seed
                                                  : static_cast<std::uint64_t>(to_ns(wall_now()));
    options.many_lanes = config.workers > 1;
    options.cookies = config.cookies;
    options.suffixes = plan.rules->suffixes;
    options.remember_pages = config.remember_pages;
    options.judge = plan.judge;
    options.earlier = std::move(earlier);
    options.metrics = config.metrics;
    options.on_progress = callbacks.on_progress;
    return options;
}

WebPortOptions port_options(const CrawlPlan& plan, const CrawlCallbacks& callbacks) {
    WebPortOptions options;
    options.fetch = plan.config.fetch;
    options.names = plan.config.names;
    options.rules = plan.rules;
    options.workers = plan.config.workers;
    options.cookies = plan.config.cookies;
    options.remember_pages = plan.config.remember_pages;
    options.on_page = callbacks.on_page;
    options.on_error = callbacks.on_error;
    options.extract = callbacks.extract;
    return options;
}

}  // namespace

/// In the order in which they need each other.
struct Crawler::Parts {
    Parts(CrawlPlan plan_in, CrawlCallbacks callbacks_in, std::unique_ptr<Committer> committer_in,
          std::shared_ptr<const CrawlStore> earlier)
        : plan(std::move(plan_in)),
          callbacks(std::move(callbacks_in)),
          committer(std::move(committer_in)),
          options(owner_options(plan, callbacks, std::move(earlier))),
          inbox(Owner::inbox_room(options), "crawl.events"),
          owner(options, *committer, inbox) {}

    const CrawlPlan plan;
    const CrawlCallbacks callbacks;
    const std::unique_ptr<Committer> committer;
    const OwnerOptions options;
    Inbox inbox;
    Owner owner;
    bool has_run = false;
};

Crawler::Crawler(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Crawler::~Crawler() = default;

Result<std::unique_ptr<Crawler>> Crawler::open(CrawlConfig config, CrawlCallbacks callbacks) {
    SLUICE_TRY(auto plan, make_plan(std::move(config), callbacks));
    CommitterOptions options;
    options.folder = plan.config.folder;
    options.outputs = plan.config.outputs;
    options.settings = plan.settings;
    options.resume = plan.config.resume;
    options.sync_every = plan.config.sync_every;
    std::shared_ptr<const CrawlStore> earlier;
    if (!plan.config.recrawl_of.empty()) {
        SLUICE_TRY(earlier, Committer::store_in(plan.config.recrawl_of));
    }
    SLUICE_TRY(auto committer, Committer::open(std::move(options)));
    auto parts = std::make_unique<Parts>(std::move(plan), std::move(callbacks),
                                         std::move(committer), std::move(earlier));
    SLUICE_TRY_STATUS(parts->owner.restore());
    return std::unique_ptr<Crawler>(new Crawler(std::move(parts)));
}

Result<std::string> Crawler::remembered(const std::string& folder) {
    SLUICE_TRY(const auto store, Committer::store_in(folder));
    auto settings = store->settings();
    if (!settings) return std::move(settings).error();
    return settings->value_or(CrawlSettings{}).remembered;
}

Result<CrawlSummary> Crawler::run() {
    SLUICE_CHECK(!std::exchange(parts_->has_run, true));
    Parts& parts = *parts_;
    SLUICE_TRY(const auto port, WebPort::start(port_options(parts.plan, parts.callbacks),
                                               parts.committer->outputs(), parts.inbox));
    Result<CrawlSummary> result = fail(Code::internal, "the owner did not run");
    Thread("crawl-owner", [&] { result = parts.owner.run(*port); }).join();
    if (result) {
        result->seeds = parts.plan.config.seeds;
        const Status finished = parts.committer->finish(*result);
        if (!finished) result = finished.error();
    }
    const Status closed = parts.committer->close();
    if (result && !closed) result = closed.error();
    return result;
}

void Crawler::drain() { parts_->owner.drain(); }
void Crawler::cancel() { parts_->owner.cancel(); }
void Crawler::pause(bool paused) { parts_->owner.pause(paused); }

void Crawler::set_rates(const PaceConfig& pace, const GateConfig& gates) {
    parts_->owner.set_rates({pace, gates});
}

CrawlProgress Crawler::progress() const { return parts_->owner.progress(); }

std::vector<HostProgress> Crawler::hosts(std::size_t count_max) const {
    return parts_->owner.hosts(count_max);
}

}  // namespace sluice::crawl
