// SPDX-License-Identifier: Apache-2.0
// The drains: what comes in, what is decided, what is kept, what goes out. What is told to others
// is in owner_report.cpp.
#include "modules/crawl/shell/crawl/owner.h"

#include "kernel/observe/log.h"
#include "kernel/sync/clock.h"
#include "modules/crawl/core/frontier/host.h"

#include <algorithm>
#include <span>
#include <utility>

namespace sluice::crawl {
namespace {

constexpr std::size_t drain_max = 1024;  // events
// Links of one batch. What the frontier forgets of them is looked up in the store, where they are
// not before the batch is written; so it must not forget any of them before. Twice this and a
// page's 20,000 fit into half of the smallest memory for what was seen.
constexpr std::size_t links_max = 4'096;
constexpr std::size_t seen_bytes_min = 4U << 20U;
constexpr std::size_t wakes_room = 64;
constexpr Duration cookies_every = 5s;
const std::string cookies_key = "C";

FrontierConfig with_room(FrontierConfig config) {
    config.seen_bytes = std::max(config.seen_bytes, seen_bytes_min);
    return config;
}

std::size_t links_of(const Event& event) {
    if (const auto* page = std::get_if<PageDone>(&event)) return page->end.found.size();
    if (const auto* robots = std::get_if<RobotsDone>(&event)) return robots->end.found.size();
    return 0;
}

/// For cookies: the parts of a canonical URL.
CookieRequest cookie_request(std::string_view url) {
    CookieRequest request;
    request.secure = url.starts_with("https:");
    const std::string_view origin = origin_of(url);
    request.host = host_name_of(origin);
    request.path = url.substr(origin.size());
    return request;
}

}  // namespace

Owner::Owner(OwnerOptions options, Committer& committer, Inbox& inbox)
    : options_(std::move(options)),
      committer_(committer),
      inbox_(inbox),
      clock_(monotonic_now(), wall_now()),
      frontier_(with_room(options_.frontier), options_.random_seed),
      cookies_({}, options_.suffixes.get()),
      ends_at_(no_deadline),
      cancels_at_(no_deadline),
      tell_at_(no_deadline) {
    if (options_.metrics != nullptr) metrics_.emplace(*options_.metrics);
}

Owner::~Owner() = default;

std::size_t Owner::inbox_room(const OwnerOptions& options) {
    return options.frontier.gates.crawl.running_max + options.resolving_max + wakes_room;
}

WallTime Owner::read_clock() { return clock_.advance(monotonic_now(), wall_now()); }

// --- the beginning ------------------------------------------------------------------------------

Status Owner::restore() {
    const RoleScope scope(role_);
    const CrawlStore& store = committer_.store();
    SLUICE_TRY(const auto totals, store.get(totals_key()));
    if (!totals) return {};  // a new crawl
    SLUICE_TRY_STATUS(frontier_.restore_totals(*totals));
    const std::string hosts(1, host_key(HostId(0))[0]), robots(1, robots_key(HostId(0))[0]);
    SLUICE_TRY_STATUS(store.each(hosts, [&](std::string_view key, std::string_view value) {
        role_.assert_held();
        return frontier_.restore_host(key, value);
    }));
    SLUICE_TRY_STATUS(store.each(robots, [&](std::string_view key, std::string_view value) {
        role_.assert_held();
        return frontier_.restore_robots(key, value);
    }));
    SLUICE_TRY(const auto jar, store.get(cookies_key));
    if (jar && options_.cookies) SLUICE_TRY_STATUS(cookies_.decode(*jar));
    SLUICE_TRY_STATUS(restore_rates());
    frontier_.restored(read_clock());
    before_ = shown_ = frontier_.totals();
    return {};
}

// Seeds are offered in every run; those that are known are not taken again.
Status Owner::offer_seeds(FetchPort& port) {
    std::vector<Found> some;
    for (const Found& seed : options_.seeds) {
        some.push_back(seed);
        if (some.size() == links_max) SLUICE_TRY_STATUS(offer_all(some, port));
    }
    SLUICE_TRY_STATUS(offer_all(some, port));
    return options_.earlier ? offer_earlier(port) : Status();
}

// The links of a page that has not changed are not sent again, so all that it led to is offered
// here.
Status Owner::offer_earlier(FetchPort& port) {
    std::vector<Found> some;
    const auto offer = [&](std::string_view key, std::string_view record) -> Status {
        role_.assert_held();
        SLUICE_TRY(const PageMemory memory, read_page_memory(record));
        Found found = options_.judge(key.substr(1));
        found.depth = memory.depth;
        found.kind = memory.kind;
        some.push_back(std::move(found));
        return some.size() == links_max ? offer_all(some, port) : Status();
    };
    SLUICE_TRY_STATUS(options_.earlier->each(std::string(1, page_memory_letter), offer));
    return offer_all(some, port);
}

Status Owner::offer_all(std::vector<Found>& found, FetchPort& port) {
    std::vector<Found*> unknown;
    for (Found& one : found) unknown.push_back(&one);
    SLUICE_TRY_STATUS(look_up(unknown));
    for (const Found& one : found) frontier_.offer(one, clock_.now(), decision_);
    found.clear();
    return carry_out(port);
}

Result<CrawlSummary> Owner::run(FetchPort& port) {
    {
        MutexLock lock(wishes_mutex_);
        running_ = true;
    }
    Result<CrawlSummary> result = run_as_owner(port);
    MutexLock lock(wishes_mutex_);
    running_ = false;
    const auto questions = std::exchange(questions_, {});
    lock.unlock();
    const RoleScope scope(role_);
    for (const auto& question : questions)
        (void)question->answer.try_push(host_table(question->count_max));
    return result;
}

Result<CrawlSummary> Owner::run_as_owner(FetchPort& port) {
    const RoleScope scope(role_);
    begun_ = monotonic_now();
    if (options_.time_max) ends_at_ = deadline_after(*options_.time_max);
    if (options_.on_progress) tell_at_ = deadline_after(options_.progress_every);
    committer_.start([this](const Error& error) { fail_with(error); });
    Status status = crawl(port);
    inbox_.close();
    port.stop();
    if (status) {
        keep_cookies(true);
        status = committer_.commit({}, decision_.writes);
    }
    committer_.stop_syncing();
    publish(true);
    if (!status) return std::move(status).error();
    return summary();
}

Status Owner::crawl(FetchPort& port) {
    listen(port);
    SLUICE_TRY_STATUS(offer_seeds(port));
    while (true) {
        watch_limits(port);
        if (broken_) return *broken_;
        if (is_over()) return {};
        publish(false);
        events_.clear();
        (void)inbox_.pop_all(events_, drain_max, wake_at());
        const Pulse::Turn watched(pulse_);
        listen(port);
        SLUICE_TRY_STATUS(round(port));
    }
}

bool Owner::is_over() const {
    if (stopped_for_) return orders_out_ == 0;
    return frontier_.is_finished();
}

Instant Owner::wake_at() const {
    Instant at = std::min({ends_at_, cancels_at_, tell_at_});
    if (unpublished_) at = std::min(at, publish_at_);
    const auto wake = stopped_for_ || paused_ ? std::nullopt : frontier_.next_wake();
    if (wake) at = std::min(at, deadline_after(*wake - clock_.now()));
    return at;
}

// --- what is wished -----------------------------------------------------------------------------

void Owner::wish_to_stop(Stop stop) {
    Stop wished = stop_wish_.load();
    while (wished < stop && !stop_wish_.compare_exchange_weak(wished, stop)) {
    }
    wake();
}

void Owner::pause(bool paused) {
    pause_wish_ = paused;
    wake();
}

void Owner::set_rates(Rates rates) {
    MutexLock lock(wishes_mutex_);
    rates_wish_ = rates;
    has_wishes_ = true;
    lock.unlock();
    wake();
}

void Owner::fail_with(const Error& error) {
    MutexLock lock(wishes_mutex_);
    if (!failure_) failure_ = error;
    has_wishes_ = true;
    lock.unlock();
    wake();
}

void Owner::listen(FetchPort& port) {
    const Stop stop = stop_wish_;
    if (stop != Stop::no)
        stop_for(stop == Stop::cancel ? CrawlEnd::cancelled : CrawlEnd::drained, port);
    if (paused_ != pause_wish_) {
        paused_ = pause_wish_;
        frontier_.pause(paused_, read_clock());
        unpublished_ = true;
    }
    if (!has_wishes_.exchange(false)) return;
    std::optional<Rates> rates;
    {
        MutexLock lock(wishes_mutex_);
        rates = std::exchange(rates_wish_, std::nullopt);
        if (failure_) broken_ = failure_;
    }
    if (rates) {
        const Rates given{options_.frontier.pace, options_.frontier.gates};
        decision_.writes.push_back({rates_key(), rates_record(*rates, given)});
        apply_rates(*std::move(rates));
    }
    answer_questions();
}

void Owner::apply_rates(Rates rates) {
    std::uint32_t& running_max = rates.gates.crawl.running_max;
    const std::uint32_t most = options_.frontier.gates.crawl.running_max;
    if (running_max == 0 || running_max > most) running_max = most;
    frontier_.set_politeness(rates.pace, rates.gates, read_clock());
}

/// Those that were changed while an earlier run had the crawl.
Status Owner::restore_rates() {
    SLUICE_TRY(const auto record, committer_.store().get(rates_key()));
    if (!record) return {};
    SLUICE_TRY(auto rates, read_rates(*record, {options_.frontier.pace, options_.frontier.gates}));
    if (rates) {
        apply_rates(*std::move(rates));
    } else {
        decision_.writes.push_back({rates_key(), std::nullopt});
    }
    return {};
}

/// The one way out before the crawl is complete.
void Owner::stop_for(CrawlEnd reason, FetchPort& port) {
    if (!stopped_for_) {
        stopped_for_ = reason;
        frontier_.drain();
        cancels_at_ = deadline_after(options_.drain_timeout);
        unpublished_ = true;
    }
    if (reason != CrawlEnd::cancelled || std::exchange(cancelled_, true)) return;
    if (stopped_for_ == CrawlEnd::drained) stopped_for_ = CrawlEnd::cancelled;
    cancels_at_ = no_deadline;
    unpublished_ = true;
    port.cancel_all();
}

void Owner::watch_limits(FetchPort& port) {
    const bool by_pages = frontier_.totals().fetched >= options_.frontier.pages_max;
    if (frontier_.at_limit())
        stop_for(by_pages ? CrawlEnd::pages_limit : CrawlEnd::bytes_limit, port);
    const Instant now =
        ends_at_ == no_deadline && cancels_at_ == no_deadline ? Instant{} : monotonic_now();
    if (now >= ends_at_) {
        ends_at_ = no_deadline;
        stop_for(CrawlEnd::time_limit, port);
    }
    if (now < cancels_at_) return;
    const CrawlEnd reason = *stopped_for_;
    stop_for(CrawlEnd::cancelled, port);
    stopped_for_ = reason;
}

// --- a drain ------------------------------------------------------------------------------------

Status Owner::round(FetchPort& port) {
    std::size_t at = 0;
    do {
        const std::size_t end = chunk_end(at);
        (void)read_clock();
        SLUICE_TRY_STATUS(look_up(std::span(events_).subspan(at, end - at)));
        for (; at < end; ++at) finish(events_[at]);
        SLUICE_TRY_STATUS(carry_out(port));
    } while (at < events_.size());
    return {};
}

std::size_t Owner::chunk_end(std::size_t begin) const {
    std::size_t links = 0;
    while (begin < events_.size() && links < links_max) links += links_of(events_[begin++]);
    return begin;
}

Status Owner::look_up(std::span<Event> events) {
    std::vector<Found*> all;
    for (Event& event : events) {
        auto* page = std::get_if<PageDone>(&event);
        auto* robots = std::get_if<RobotsDone>(&event);
        if (page != nullptr)
            for (Found& found : page->end.found) all.push_back(&found);
        if (robots != nullptr)
            for (Found& found : robots->end.found) all.push_back(&found);
    }
    return look_up(all);
}

/// Asks the store what memory does not know. Leaves in `unknown` those that were asked for.
Status Owner::look_up(std::vector<Found*>& unknown) {
    keys_.clear();
    std::erase_if(unknown, [this](const Found* found) {
        role_.assert_held();
        auto key = frontier_.must_look_up(*found);
        if (key) keys_.push_back(std::move(*key));
        return !key;
    });
    if (keys_.empty()) return {};
    SLUICE_TRY_STATUS(committer_.store().look_up(keys_, states_));
    for (std::size_t i = 0; i < unknown.size(); ++i) unknown[i]->stored = states_[i];
    return {};
}

void Owner::finish(Event& event) {
    if (auto* page = std::get_if<PageDone>(&event)) {
        finish_page(*page);
    } else if (auto* robots = std::get_if<RobotsDone>(&event)) {
        finish_robots(*robots);
    } else if (auto* resolved = std::get_if<Resolved>(&event)) {
        --resolving_;
        frontier_.finish_resolve(*resolved, clock_.now(), decision_);
    }
}

void Owner::finish_page(PageDone& done) {
    --orders_out_;
    const std::uint64_t failed = frontier_.totals().all_failed();
    frontier_.finish_page(done.end, clock_.now(), decision_);
    if (done.end.kind == PageEnd::Kind::put_back) return;
    done.rendered.is_final =
        done.end.kind != PageEnd::Kind::retry || frontier_.totals().all_failed() != failed;
    const bool is_final = done.rendered.is_final;
    rendered_.push_back(std::move(done.rendered));
    if (is_final && done.memory) remember(done);
    if (!options_.cookies) return;
    for (const std::string& header : done.cookies)
        cookies_changed_ |= cookies_.set(cookie_request(done.url), header, clock_.now());
}

/// For the next crawl of this site. A 304 may leave out what it confirms.
void Owner::remember(PageDone& done) {
    PageMemory& now = *done.memory;
    if (done.not_modified && options_.earlier && now.etag.empty() && now.last_modified.empty()) {
        const auto record = options_.earlier->get(page_memory_letter + done.url);
        auto before = record && *record ? read_page_memory(**record) : Result<PageMemory>(now);
        if (before) now = std::move(*before);
    }
    decision_.writes.push_back(page_memory_write(done.url, now));
}

// One that was cancelled says nothing of its host; it is asked for again by the next run.
void Owner::finish_robots(RobotsDone& done) {
    --orders_out_;
    if (done.cancelled) return;
    frontier_.finish_robots(done.end, clock_.now(), decision_);
    rendered_.push_back(std::move(done.rendered));
}

/// Lets the frontier start what it may, keeps the batch, and only then sends the orders out and
/// reads the queues, so that a read finds everything that was decided before.
Status Owner::carry_out(FetchPort& port) {
    do {
        const Instant begun = metrics_ ? monotonic_now() : Instant{};
        frontier_.turn(read_clock(), decision_);
        frontier_.commit(decision_);
        for (const UnaskedUrl& unasked : decision_.unasked)
            rendered_.push_back(committer_.outputs().render_unasked(unasked));
        keep_cookies(false);
        if (!decision_.writes.empty() || !rendered_.empty()) {
            SLUICE_TRY_STATUS(committer_.commit(rendered_, decision_.writes));
            rendered_.clear();
            unpublished_ = true;
            if (metrics_) metrics_->wrote(monotonic_now() - begun);
        }
        SLUICE_TRY_STATUS(send_orders(port));
        reads_.clear();
        reads_.swap(decision_.reads);
        decision_.clear();
        SLUICE_TRY_STATUS(read_queues());
    } while (!reads_.empty());
    return {};
}

Status Owner::send_orders(FetchPort& port) {
    for (FetchOrder& order : decision_.fetches) {
        FetchLoop::Extra extra;
        if (options_.cookies && !order.robots && cookies_.size() > 0)
            extra.cookie = cookies_.header(cookie_request(order.url), clock_.now());
        if (options_.earlier && !order.robots) SLUICE_TRY_STATUS(add_validators(order, extra));
        const Host* host = options_.many_lanes ? frontier_.find_host(order.host) : nullptr;
        const std::uint64_t lane = host == nullptr ? 0 : std::hash<std::string>{}(host->domain);
        if (!port.fetch(std::move(order), std::move(extra), lane))
            return fail(Code::internal, "a fetch thread takes no more orders");
        ++orders_out_;
    }
    std::move(decision_.resolves.begin(), decision_.resolves.end(), std::back_inserter(names_));
    while (!names_.empty() && resolving_ < options_.resolving_max) {
        if (!port.resolve(std::move(names_.front())))
            return fail(Code::internal, "the resolver takes no more names");
        names_.pop_front();
        ++resolving_;
    }
    return {};
}

Status Owner::add_validators(const FetchOrder& order, FetchLoop::Extra& extra) const {
    SLUICE_TRY(const auto record, options_.earlier->get(page_memory_letter + order.url));
    if (!record) return {};
    SLUICE_TRY(PageMemory before, read_page_memory(*record));
    extra.if_none_match = std::move(before.etag);
    extra.if_modified_since = std::move(before.last_modified);
    return {};
}

Status Owner::read_queues() {
    for (const ReadOrder& order : reads_) {
        SLUICE_TRY(auto read, committer_.store().read(order));
        frontier_.finish_read(std::move(read), clock_.now());
    }
    return {};
}

/// The jar is written as a whole, so not at each change.
void Owner::keep_cookies(bool at_end) {
    if (!cookies_changed_) return;
    const Instant now = monotonic_now();
    if (!at_end && now < cookies_at_) return;
    cookies_at_ = now + cookies_every;
    cookies_changed_ = false;
    decision_.writes.push_back({cookies_key, cookies_.encode()});
}

}  // namespace sluice::crawl
