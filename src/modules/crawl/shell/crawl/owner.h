// SPDX-License-Identifier: Apache-2.0
// Owner: the one thread that decides for a crawl. It owns the frontier, the cookies and the writing
// side of store and outputs; it takes what the others bring in drains, and for each drain there is
// one batch in the store before any order that depends on it leaves.
#pragma once

#include "kernel/base/annotations.h"
#include "kernel/base/time.h"
#include "kernel/observe/pulse.h"
#include "kernel/sync/channel.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/role.h"
#include "kernel/sync/snapshot.h"
#include "modules/crawl/core/frontier/frontier.h"
#include "modules/crawl/core/http/cookie_jar.h"
#include "modules/crawl/core/politeness/rates.h"
#include "modules/crawl/core/report/progress.h"
#include "modules/crawl/shell/crawl/committer.h"
#include "modules/crawl/shell/crawl/crawl_metrics.h"
#include "modules/crawl/shell/crawl/events.h"

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::crawl {

struct OwnerOptions {
    FrontierConfig frontier;
    std::vector<Found> seeds;
    std::size_t resolving_max = 256;
    std::optional<Duration> time_max;
    Duration drain_timeout = 30s;
    Duration progress_every = 1s;
    std::uint64_t random_seed = 1;
    bool many_lanes = false;  ///< the port has several
    bool cookies = true;
    bool remember_pages = false;
    /// The store of an earlier crawl, whose pages are asked for anew, if they have changed; may be
    /// null.
    std::shared_ptr<const CrawlStore> earlier;
    /// A URL of it as this crawl would find it. Not empty if there is `earlier`.
    std::function<Found(std::string_view url)> judge;
    std::shared_ptr<const PublicSuffixes> suffixes;  ///< may be null
    Registry* metrics = nullptr;                     ///< may be null
    std::function<void(const CrawlProgress&)> on_progress;
};

class Owner {
public:
    /// All must outlive it.
    Owner(OwnerOptions options, Committer& committer, Inbox& inbox);
    ~Owner();
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;

    /// Room that an inbox needs, so that nobody who brings an event ever waits.
    static std::size_t inbox_room(const OwnerOptions& options);

    /// Reads what an earlier run left. Before run(), on any thread. Errors: corrupt, io.
    Status restore();
    /// The whole crawl, on the owner's thread; once. Closes the inbox and stops the port. Errors:
    /// of store, outputs and port; what was committed before stays.
    Result<CrawlSummary> run(FetchPort& port);

    // Any thread.
    void drain() { wish_to_stop(Stop::drain); }
    void cancel() { wish_to_stop(Stop::cancel); }
    void pause(bool paused);
    /// Kept with the crawl: a later run goes on with them, unless it was given other rates.
    void set_rates(Rates rates);
    /// Something outside failed; the crawl ends with that error.
    void fail_with(const Error& error);
    [[nodiscard]] CrawlProgress progress() const { return *progress_.read(); }
    /// Asks the owner while it runs, and waits for its answer.
    [[nodiscard]] std::vector<HostProgress> hosts(std::size_t count_max);

private:
    enum class Stop : std::uint8_t { no, drain, cancel };
    /// Held by both until it is answered.
    struct HostsQuestion {
        std::size_t count_max = 0;
        Channel<std::vector<HostProgress>> answer{1, "crawl.hosts"};
    };

    void wish_to_stop(Stop stop);
    void wake() { (void)inbox_.try_push(Event{Wake{}}); }

    Result<CrawlSummary> run_as_owner(FetchPort& port);
    Status crawl(FetchPort& port) SLUICE_REQUIRES(role_);
    Status offer_seeds(FetchPort& port) SLUICE_REQUIRES(role_);
    Status offer_earlier(FetchPort& port) SLUICE_REQUIRES(role_);
    Status offer_all(std::vector<Found>& found, FetchPort& port) SLUICE_REQUIRES(role_);
    Status add_validators(const FetchOrder& order, FetchLoop::Extra& extra) const
        SLUICE_REQUIRES(role_);
    void remember(PageDone& done) SLUICE_REQUIRES(role_);
    Status round(FetchPort& port) SLUICE_REQUIRES(role_);
    void listen(FetchPort& port) SLUICE_REQUIRES(role_);
    void apply_rates(Rates rates) SLUICE_REQUIRES(role_);
    Status restore_rates() SLUICE_REQUIRES(role_);
    void stop_for(CrawlEnd reason, FetchPort& port) SLUICE_REQUIRES(role_);
    void watch_limits(FetchPort& port) SLUICE_REQUIRES(role_);
    std::size_t chunk_end(std::size_t begin) const SLUICE_REQUIRES(role_);
    Status look_up(std::span<Event> events) SLUICE_REQUIRES(role_);
    Status look_up(std::vector<Found*>& unknown) SLUICE_REQUIRES(role_);
    void finish(Event& event) SLUICE_REQUIRES(role_);
    void finish_page(PageDone& done) SLUICE_REQUIRES(role_);
    void finish_robots(RobotsDone& done) SLUICE_REQUIRES(role_);
    Status carry_out(FetchPort& port) SLUICE_REQUIRES(role_);
    Status send_orders(FetchPort& port) SLUICE_REQUIRES(role_);
    Status read_queues() SLUICE_REQUIRES(role_);
    void keep_cookies(bool at_end) SLUICE_REQUIRES(role_);
    void publish(bool at_end) SLUICE_REQUIRES(role_);
    void answer_questions() SLUICE_REQUIRES(role_);
    [[nodiscard]] std::vector<HostProgress> host_table(std::size_t count_max) const
        SLUICE_REQUIRES(role_);
    [[nodiscard]] bool is_over() const SLUICE_REQUIRES(role_);
    [[nodiscard]] Instant wake_at() const SLUICE_REQUIRES(role_);
    [[nodiscard]] CrawlSummary summary() const SLUICE_REQUIRES(role_);
    WallTime read_clock() SLUICE_REQUIRES(role_);

    const OwnerOptions options_;
    Committer& committer_;
    Inbox& inbox_;

    // What is wished from outside.
    std::atomic<Stop> stop_wish_{Stop::no};
    std::atomic<bool> pause_wish_{false};
    std::atomic<bool> has_wishes_{false};  ///< of those below
    Mutex wishes_mutex_{"crawl.wishes"};
    std::optional<Rates> rates_wish_ SLUICE_GUARDED_BY(wishes_mutex_);
    std::optional<Error> failure_ SLUICE_GUARDED_BY(wishes_mutex_);
    std::vector<std::shared_ptr<HostsQuestion>> questions_ SLUICE_GUARDED_BY(wishes_mutex_);
    bool running_ SLUICE_GUARDED_BY(wishes_mutex_) = false;

    Snapshot<CrawlProgress> progress_{CrawlProgress{}};
    Pulse pulse_{"crawl.owner"};
    std::optional<CrawlMetrics> metrics_;

    Role role_;
    DisciplinedClock clock_ SLUICE_GUARDED_BY(role_);
    Frontier frontier_ SLUICE_GUARDED_BY(role_);
    CookieJar cookies_ SLUICE_GUARDED_BY(role_);
    Decision decision_ SLUICE_GUARDED_BY(role_);
    std::vector<Event> events_ SLUICE_GUARDED_BY(role_);
    std::vector<RenderedPage> rendered_ SLUICE_GUARDED_BY(role_);
    std::vector<ReadOrder> reads_ SLUICE_GUARDED_BY(role_);
    std::vector<std::string> keys_ SLUICE_GUARDED_BY(role_);
    std::vector<Seen> states_ SLUICE_GUARDED_BY(role_);
    std::deque<ResolveOrder> names_ SLUICE_GUARDED_BY(role_);  ///< one for each host at most
    std::size_t resolving_ SLUICE_GUARDED_BY(role_) = 0;
    std::size_t orders_out_ SLUICE_GUARDED_BY(role_) = 0;
    std::optional<CrawlEnd> stopped_for_ SLUICE_GUARDED_BY(role_);
    std::optional<Error> broken_ SLUICE_GUARDED_BY(role_);
    bool cancelled_ SLUICE_GUARDED_BY(role_) = false;
    bool paused_ SLUICE_GUARDED_BY(role_) = false;
    bool cookies_changed_ SLUICE_GUARDED_BY(role_) = false;
    CrawlTotals before_ SLUICE_GUARDED_BY(role_);  ///< at the beginning of this run
    CrawlTotals shown_ SLUICE_GUARDED_BY(role_);   ///< as the metrics had it last
    Instant begun_ SLUICE_GUARDED_BY(role_){};
    Instant ends_at_ SLUICE_GUARDED_BY(role_);     ///< by the limit of time
    Instant cancels_at_ SLUICE_GUARDED_BY(role_);  ///< of a drain
    Instant publish_at_ SLUICE_GUARDED_BY(role_){};
    Instant tell_at_ SLUICE_GUARDED_BY(role_);  ///< on_progress
    Instant cookies_at_ SLUICE_GUARDED_BY(role_){};
    bool unpublished_ SLUICE_GUARDED_BY(role_) = false;
};

}  // namespace sluice::crawl
