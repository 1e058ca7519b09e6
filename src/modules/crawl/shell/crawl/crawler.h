// SPDX-License-Identifier: Apache-2.0
// Crawler: the library face of the crawler, which the command itself uses. One crawl lives in one
// folder: its frontier, its outputs, and all that a later run needs to go on where it stopped.
//
// What survives. A page's end, its links, its host's state and the length of every output are one
// atomic batch, written after the output's bytes. So a process that is killed at any moment loses
// nothing: the next run cuts the outputs back to the recorded lengths and fetches again at most
// what was in flight. After a power cut the crawl goes back to the last batch whose bytes are all
// on the disk, at most about `sync_every` before (docs/adr/0023-crawl-durability.md, 0032).
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "modules/crawl/core/frontier/frontier.h"
#include "modules/crawl/core/page/page_reader.h"
#include "modules/crawl/core/report/progress.h"
#include "modules/crawl/shell/fetch/fetch_config.h"
#include "modules/crawl/shell/fetch/resolver.h"
#include "modules/crawl/shell/output/outputs.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {
class Registry;
}

namespace sluice::crawl {

/// Defaults are those of docs/limits.md.
struct CrawlConfig {
    std::vector<std::string> seeds;          ///< URLs as a person types them: "example.org" is http
    std::vector<std::string> sitemap_seeds;  ///< URLs of sitemaps
    std::string folder;  ///< made when missing; one crawl, one process at a time
    /// Go on with the crawl that is in the folder. False: the folder must have none.
    bool resume = false;
    /// Kept with a new crawl and given back by Crawler::remembered(); for the caller's own use.
    std::string remember;

    /// Which URLs belong to the crawl. Nothing in it: the hosts of the seeds.
    ScopeConfig scope;
    FrontierConfig frontier;  ///< pace, shared limits, depth, pages, bytes, robots.txt
    FetchConfig fetch;        ///< `rules` hold for names, too; connections_max is that below
    ResolverConfig names;
    OutputConfig outputs;  ///< its folder is `folder`
    PageRules page;        ///< `scope`, `suffixes` and `allow` are filled in by open()

    std::uint32_t workers = 1;            ///< threads that fetch and read pages, 1 to 64
    std::uint32_t connections_max = 256;  ///< requests in flight, of all workers
    std::uint32_t resolving_max = 256;    ///< names being resolved at once
    std::optional<Duration> time_max;     ///< of this run; then it drains
    Duration drain_timeout = 30s;         ///< for requests in flight; then they are cancelled
    Duration sync_every = 100ms;          ///< 0: each batch of pages, before the next is begun
    Duration progress_every = 1s;         ///< on_progress
    std::uint64_t random_seed = 0;        ///< jitter of retries; 0: from the system
    Registry* metrics = nullptr;          ///< sluice_crawl_…; outlives the crawler
    std::string suffix_list = "/usr/share/publicsuffix/public_suffix_list.dat";
    bool cookies = true;
    /// Keeps what a later crawl needs to ask only for what has changed.
    bool remember_pages = false;
    /// The folder of an earlier crawl with `remember_pages`: all of its pages are asked for again,
    /// with If-None-Match and If-Modified-Since; those that have not changed end as status 304.
    std::string recrawl_of;
};

/// Called while the crawl runs; each may be empty. None may block for long or call the crawler,
/// except drain() and cancel().
struct CrawlCallbacks {
    /// A page was fetched and read. On the workers' threads, several at once. Not yet durable:
    /// after a crash it may be told again.
    std::function<void(const FetchAnswer&, const PageReading&)> on_page;
    /// A URL failed or will be tried again (PageEnd::Kind). As on_page.
    std::function<void(const FetchAnswer&, const PageReading&)> on_error;
    /// A veto behind the scope: false excludes the URL for good. As on_page.
    std::function<bool(const Url&)> allow;
    /// What is taken out of a fetched page for pages.jsonl: JSON, or nothing. As on_page.
    std::function<std::string(const FetchAnswer&, const PageReading&)> extract;
    /// Every `progress_every`, on the owner's thread.
    std::function<void(const CrawlProgress&)> on_progress;
};

class Crawler {
public:
    /// Opens or makes the folder, restores the frontier, and starts nothing yet. Errors: invalid (a
    /// seed, the scope, settings other than those of the crawl that is resumed), exists (a crawl is
    /// there, and `resume` is false), not_found (none is there, and it is true), busy (another
    /// process has the folder), denied, corrupt, exhausted, io.
    static Result<std::unique_ptr<Crawler>> open(CrawlConfig config, CrawlCallbacks callbacks);
    /// What was kept as CrawlConfig::remember. Errors: not_found, busy, corrupt, io.
    static Result<std::string> remembered(const std::string& folder);
    ~Crawler();
    Crawler(const Crawler&) = delete;
    Crawler& operator=(const Crawler&) = delete;

    /// Crawls until it is complete, at a limit, drained or cancelled; everything is durable then.
    /// Once only. Errors: of the store or an output (what was durable before stays, and can be
    /// resumed).
    Result<CrawlSummary> run();

    // Any thread; before run() too.
    /// Starts nothing more and ends when what is in flight has ended, after `drain_timeout` at the
    /// latest. Wait-free and safe to repeat.
    void drain();
    /// As drain, with what is in flight cancelled at once. It is fetched again when resumed.
    void cancel();
    /// Starts nothing while paused; what is in flight ends.
    void pause(bool paused);
    /// Live change of every rate. `gates.crawl.running_max` stays within `connections_max`. Kept
    /// with the crawl: a run that resumes it goes on with these, unless its CrawlConfig has other
    /// rates than that of this run.
    void set_rates(const PaceConfig& pace, const GateConfig& gates);
    /// As of at most a tenth of a second ago.
    [[nodiscard]] CrawlProgress progress() const;
    /// The hosts with the most pages, at most `count_max`; asks the owner and waits for it. Empty
    /// when it has ended.
    [[nodiscard]] std::vector<HostProgress> hosts(std::size_t count_max) const;

private:
    struct Parts;
    explicit Crawler(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace sluice::crawl
