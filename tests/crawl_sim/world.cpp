// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include "modules/crawl/core/politeness/faults.h"
#include "modules/crawl/core/robots/robots.h"

#include <utility>

namespace sluice::crawl::sim {
namespace {

constexpr std::size_t trace_lines_max = 400;
constexpr std::string_view agent = "sluice";

}  // namespace

World::World(const RunOptions& options)
    : options_(options),
      swarm_(draw_swarm(options.seed)),
      random_(options.seed ^ 0x63726177ULL),
      web_(swarm_.web, options.seed),
      checker_(swarm_, web_) {
    swarm_.frontier.faults = swarm_.frontier.pace.faults = swarm_.frontier.gates.faults =
        options.faults;
    for (std::uint32_t i = 0; i < swarm_.seeds; ++i) {
        const std::uint64_t host = i == 0 ? 0 : random_.below(web_.hosts().size());
        Found seed;
        seed.url = web_.seed_url(static_cast<std::uint32_t>(host));
        seed.domain = web_.hosts()[host].domain;
        seeds_.push_back(seed);
    }
}

Outcome World::run() {
    Outcome outcome;
    try {
        begin_process();
        if (swarm_.crash_mean > Duration::zero())
            at(up_to(swarm_.crash_mean * 2), {Event::Kind::crash, 0, {}, {}, {}});
        if (swarm_.drain_at > Duration::zero())
            at(swarm_.drain_at, {Event::Kind::drain, epoch_, {}, {}, {}});
        while (!is_over()) {
            auto next = events_.pop_due(WallTime::max());
            if (!next) Checker::fail("C11", "nothing will ever happen, and the crawl is not over");
            if (++handled_ > events_max) Checker::fail("C11", "the crawl does not end");
            now_ = std::max(now_, next->deadline);
            step(next->value);
        }
        if (frontier_->is_finished()) checker_.finished(seeds_);
    } catch (const Violation& violation) {
        outcome.violation = violation;
    } catch (const CheckFailure& check) {
        outcome.violation = Violation{"check", std::string(check.condition) + " in " + check.file +
                                                   ":" + std::to_string(check.line)};
    }
    outcome.hash = hash_;
    outcome.events = handled_;
    outcome.crashes = crashes_;
    if (frontier_) outcome.totals = frontier_->totals();
    outcome.virtual_time = now_ - base;
    outcome.trace = std::move(trace_);
    return outcome;
}

// A crawl that was drained is taken up once more.
bool World::is_over() {
    if (!frontier_ || !frontier_->is_over()) return false;
    if (frontier_->is_finished() || frontier_->at_limit() || !drained_) return true;
    drained_ = false;
    note("taken up after the drain");
    begin_process();
    return false;
}

void World::at(Duration delay, Event event) { events_.push(now_ + delay, std::move(event)); }

Duration World::up_to(Duration most) {
    return Duration(
        static_cast<Duration::rep>(random_.below(static_cast<std::uint64_t>(most.count()) + 1)));
}

void World::step(const Event& event) {
    if (event.kind == Event::Kind::crash) return crash();
    if (event.epoch != epoch_) return;
    Decision out;
    switch (event.kind) {
        case Event::Kind::start: return begin_process();
        case Event::Kind::sync:
            unsynced_.clear();
            if (frontier_) at(swarm_.sync_every, {Event::Kind::sync, epoch_, {}, {}, {}});
            return;
        case Event::Kind::drain:
            note("drain");
            drained_ = true;
            frontier_->drain();
            break;
        case Event::Kind::wake: break;
        case Event::Kind::fetched:
            event.order.robots ? robots_done(event.order, out) : page_done(event.order, out);
            break;
        case Event::Kind::resolved: resolve_done(event.resolve, out); break;
        case Event::Kind::read: read_done(event.read); break;
        case Event::Kind::crash: return;
    }
    carry_out(out);
}

void World::begin_process() {
    ++epoch_;
    FrontierConfig config = swarm_.frontier;
    frontier_ = std::make_unique<Frontier>(config, random_.next());
    restore();
    Decision out;
    offer_seeds(out);
    carry_out(out);
    if (swarm_.power_cuts) at(swarm_.sync_every, {Event::Kind::sync, epoch_, {}, {}, {}});
}

void World::restore() {
    const auto ok = [](const Status& status) {
        if (!status) Checker::fail("C12", "what was kept cannot be read: " + status.error().text());
    };
    for (const auto& [key, value] : store_) {
        if (key[0] == 'H') ok(frontier_->restore_host(key, value));
        if (key[0] == 'R') ok(frontier_->restore_robots(key, value));
        if (key[0] == 'T') ok(frontier_->restore_totals(value));
    }
    if (epoch_ > 1) frontier_->restored(now_);
    checker_.kept(frontier_->totals(), queued_, seen_, frontier_->loaded_urls(),
                  web_.hosts().size());
}

// Seeds are offered at every start; those that are known are not taken again.
void World::offer_seeds(Decision& out) {
    for (Found seed : seeds_) {
        look_up(seed);
        frontier_->offer(seed, now_, out);
    }
}

void World::look_up(Found& found) {
    const auto key = frontier_->must_look_up(found);
    if (!key) return;
    const auto it = store_.find(*key);
    found.stored = it == store_.end() ? Seen::no : static_cast<Seen>(it->second[0]);
}

std::vector<Found> World::found_on(const FetchOrder& order, const WebAnswer& answer) {
    const bool redirect = answer.kind == WebAnswer::Kind::redirect;
    std::vector<Found> all;
    for (const WebLink& link : answer.links) {
        Found found;
        found.url = link.url;
        found.depth = redirect ? order.depth : order.depth + 1;
        found.hops = redirect ? static_cast<std::uint8_t>(order.hops + 1) : std::uint8_t{0};
        found.urgency = static_cast<std::uint8_t>(std::min<std::uint32_t>(found.depth, 7));
        if (link.outside) {
            found.excluded = Exclusion::scope;
        } else {
            found.domain = web_.host_of(link.url).domain;
        }
        look_up(found);
        all.push_back(std::move(found));
    }
    return all;
}

void World::page_done(const FetchOrder& order, Decision& out) {
    const WebAnswer answer = web_.fetch(order.url, order.attempt);
    PageEnd end;
    end.ticket = order.ticket;
    end.answer.latency = answer.latency;
    if (random_.below(1000) < swarm_.put_back) {
        end.kind = PageEnd::Kind::put_back;
        checker_.page_ended(order, end, now_);
        frontier_->finish_page(end, now_, out);
        return;
    }
    switch (answer.kind) {
        case WebAnswer::Kind::page: end.kind = PageEnd::Kind::fetched; break;
        case WebAnswer::Kind::redirect: end.kind = PageEnd::Kind::redirected; break;
        case WebAnswer::Kind::error: end.kind = PageEnd::Kind::failed; break;
        case WebAnswer::Kind::server_error: end.kind = PageEnd::Kind::retry; break;
        case WebAnswer::Kind::throttled:
            end.kind = PageEnd::Kind::retry;
            end.answer.kind = Answer::Kind::throttled;
            end.answer.retry_after = answer.retry_after;
            break;
        case WebAnswer::Kind::dead:
            end.kind = PageEnd::Kind::retry;
            end.failure = Failure::connect;
            end.answer.kind = Answer::Kind::dead;
            break;
    }
    end.bytes = std::min(answer.bytes, order.body_max);
    end.found = found_on(order, answer);
    // The pages of a trap are all alike.
    const bool trap = path_of(order.url).starts_with("/trap/");
    if (answer.kind == WebAnswer::Kind::page) end.simhash = trap ? 1 : fingerprint(order.url).low;
    note("ended " + order.url + " kind " + std::to_string(static_cast<int>(end.kind)));
    checker_.page_ended(order, end, now_);
    ended_now_.push_back(order.url);
    frontier_->finish_page(end, now_, out);
}

void World::robots_done(const FetchOrder& order, Decision& out) {
    const WebHost& host = web_.host_of(order.url);
    const WebRobots robots = web_.robots(order.url, now_ - base);
    RobotsEnd end;
    end.ticket = order.ticket;
    end.answer.latency = host.latency;
    if (host.dead) {
        end.answer.kind = Answer::Kind::dead;
    } else {
        end.robots.status = robots.status;
        end.robots.has_location = !robots.location.empty();
        end.location = robots.location;
        if (robots.status == 200)
            end.rules =
                std::make_shared<const RobotsRules>(parse_robots(robots.body).for_agent(agent));
    }
    note("robots of " + host.origin + " " + std::to_string(end.robots.status));
    checker_.robots_ended(order, end, now_);
    frontier_->finish_robots(end, now_, out);
}

void World::resolve_done(const ResolveOrder& order, Decision& out) {
    const WebHost& host = web_.host_of(order.origin);
    Resolved resolved;
    resolved.host = order.host;
    resolved.ttl = 30s;
    const bool fails = host.no_name || random_.below(50) == 0;
    if (fails) checker_.named(order.origin);
    if (!fails) resolved.addresses = host.addresses;
    frontier_->finish_resolve(resolved, now_, out);
}

void World::read_done(const ReadOrder& order) {
    ReadEnd end{order.host, order.queue, order.after, {}, true};
    const std::string last = queue_key(order.host, order.queue, UINT64_MAX);
    auto it = store_.upper_bound(queue_key(order.host, order.queue, order.after));
    for (; it != store_.end() && it->first <= last; ++it) {
        if (end.entries.size() == order.limit) {
            end.last = false;
            break;
        }
        auto url = read_queued(it->first, it->second);
        if (!url) Checker::fail("C12", "an entry cannot be read");
        end.entries.push_back(std::move(*url));
    }
    frontier_->finish_read(std::move(end), now_);
}

void World::carry_out(Decision& out) {
    frontier_->turn(now_, out);
    frontier_->commit(out);
    apply(out.writes);
    checker_.kept(frontier_->totals(), queued_, seen_, frontier_->loaded_urls(),
                  web_.hosts().size());
    for (FetchOrder& order : out.fetches) {
        const WebHost& host = web_.host_of(order.url);
        note("fetch " + order.url + " at " + order.address);
        mix(order.url);
        checker_.ordered(order, host.domain, now_);
        const Duration takes = host.dead ? Duration(5s) : host.latency + up_to(host.latency);
        at(takes, {Event::Kind::fetched, epoch_, std::move(order), {}, {}});
    }
    for (ResolveOrder& order : out.resolves)
        at(up_to(20ms), {Event::Kind::resolved, epoch_, {}, std::move(order), {}});
    for (const ReadOrder& order : out.reads)
        at(up_to(swarm_.read_delay_max), {Event::Kind::read, epoch_, {}, {}, order});
    events_.remove(wake_);
    if (const auto wake = frontier_->next_wake())
        wake_ = events_.push(std::max(*wake, now_), {Event::Kind::wake, epoch_, {}, {}, {}});
}

void World::apply(const std::vector<Write>& writes) {
    Batch batch;
    for (const Write& write : writes) {
        if (swarm_.power_cuts) {
            const auto it = store_.find(write.key);
            batch.before.push_back(
                {write.key, it == store_.end() ? std::nullopt : std::optional(it->second)});
        }
        set(write.key, write.value);
    }
    batch.ended = std::exchange(ended_now_, {});
    if (swarm_.power_cuts) unsynced_.push_back(std::move(batch));
}

void World::set(const std::string& key, const std::optional<std::string>& value) {
    const auto it = store_.find(key);
    std::uint64_t* count = key[0] == 'Q' ? &queued_ : key[0] == 'S' ? &seen_ : nullptr;
    if (count != nullptr && it == store_.end() && value) ++*count;
    if (count != nullptr && it != store_.end() && !value) --*count;
    if (value) {
        store_[key] = *value;
    } else if (it != store_.end()) {
        store_.erase(it);
    }
}

void World::crash() {
    if (crashes_ >= swarm_.crashes_max || !frontier_) return;
    ++crashes_;
    ++epoch_;
    note("crash");
    frontier_.reset();
    drained_ = false;
    if (swarm_.power_cuts) cut_power();
    checker_.crashed(swarm_.power_cuts);
    at(up_to(2s), {Event::Kind::start, epoch_, {}, {}, {}});
    at(up_to(swarm_.crash_mean * 2), {Event::Kind::crash, 0, {}, {}, {}});
}

// Batches reach the disk in order; any number of the last ones is lost.
void World::cut_power() {
    std::uint64_t lost = random_.below(unsynced_.size() + 1);
    for (; lost > 0; --lost) {
        const Batch& batch = unsynced_.back();
        for (std::size_t i = batch.before.size(); i-- > 0;)
            set(batch.before[i].key, batch.before[i].value);
        checker_.forget_ends(batch.ended);
        unsynced_.pop_back();
    }
    unsynced_.clear();
}

void World::note(const std::string& line) {
    if (!options_.trace) return;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now_ - base).count();
    trace_.push_back(std::to_string(ms) + " ms  " + line);
    if (trace_.size() > trace_lines_max) trace_.pop_front();
}

void World::mix(std::string_view text) {
    for (const char c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    hash_ = (hash_ ^ static_cast<std::uint64_t>(to_ns(now_))) * 0x9e3779b97f4a7c15ULL;
}

Outcome run_seed(const RunOptions& options) { return World(options).run(); }

}  // namespace sluice::crawl::sim
