// SPDX-License-Identifier: Apache-2.0
// How things end, what is kept, and how a crawl is taken up again. What is found is in
// frontier_offer.cpp, what is started in frontier_turn.cpp.
#include "modules/crawl/core/frontier/frontier.h"

#include "kernel/algo/backoff.h"
#include "kernel/base/bytes.h"
#include "kernel/base/check.h"
#include "modules/crawl/core/politeness/faults.h"

#include <algorithm>

namespace sluice::crawl {

Frontier::Frontier(const FrontierConfig& config, std::uint64_t seed)
    : config_(config), random_(seed), seen_(config.seen_bytes), gates_(config.gates) {}

// --- the end of requests ------------------------------------------------------------------------

Frontier::Flight Frontier::land(Ticket ticket, WallTime now) {
    const auto it = in_flight_.find(ticket);
    SLUICE_CHECK(it != in_flight_.end());
    Flight flight = std::move(it->second);
    in_flight_.erase(it);
    Host& host = *hosts_.at(flight.host);
    SLUICE_CHECK(host.running > 0);
    --host.running;
    gates_.finished(flight.route, now);
    if (!flight.robots) {
        --pages_in_flight_;
        if (!planted(config_.faults, Fault::bytes_not_reserved)) bytes_reserved_ -= flight.reserved;
    }
    touch(host);
    nudge(host, now);
    nudge_blocked(now);
    return flight;
}

void Frontier::judge(Host& host, const Answer& answer, WallTime now) {
    host.pace.answered(config_.pace, answer, now, random_.next());
    if (answer.kind == Answer::Kind::dead && host.addresses.size() > 1)
        set_address(host, (host.address + 1) % host.addresses.size());
    if (host.pace.given_up(config_.pace)) host.written_off = WrittenOff::given_up;
    // It may stand still from now on, or for longer than it knew.
    if (host.place == Host::Place::timed) wait_until(host, now, now);
}

// The links are counted before the page that has them, so `pending` is zero only at the end.
void Frontier::finish_page(const PageEnd& end, WallTime now, Decision& out) {
    Flight flight = land(end.ticket, now);
    SLUICE_CHECK(!flight.robots);
    Host& host = *hosts_.at(flight.host);
    if (end.kind == PageEnd::Kind::put_back) {
        host.window(flight.queue).give_back(std::move(flight.url));
        ++loaded_;
        return;
    }
    judge(host, end.answer, now);
    totals_.bytes += end.bytes;
    host.bytes += end.bytes;
    if (end.kind == PageEnd::Kind::retry) {
        try_again(host, std::move(flight), end.failure, now, out);
        return;
    }
    const bool early = planted(config_.faults, Fault::children_after_parent);
    if (!early || totals_.pending > 1)
        offer_all(end.found, end.found.empty() ? "" : host.origin + flight.url.path, now, out);
    --totals_.pending;
    remove_entry(host, flight.queue, flight.url.seq, out);
    if (end.kind == PageEnd::Kind::fetched) {
        ++totals_.fetched;
        ++host.fetched;
        if (!end.simhash) return;
        if (!host.novelty) host.novelty = std::make_unique<Novelty>(config_.novelty);
        host.novelty->note(flight.url.path, *end.simhash);
    } else if (end.kind == PageEnd::Kind::redirected) {
        ++totals_.redirected;
    } else {
        ++totals_.failed[static_cast<std::size_t>(end.failure)];
        ++host.failed;
    }
}

void Frontier::remove_entry(Host& host, std::uint8_t queue, std::uint64_t seq, Decision& out) {
    SLUICE_CHECK(host.stored[queue] > 0);
    --host.stored[queue];
    if (!planted(config_.faults, Fault::entry_survives_finish))
        out.writes.push_back({queue_key(host.id, queue, seq), std::nullopt});
    touch(host);
}

void Frontier::try_again(Host& host, Flight flight, Failure failure, WallTime now, Decision& out) {
    const std::uint32_t attempts = flight.url.attempts + 1U;
    remove_entry(host, flight.queue, flight.url.seq, out);
    if (attempts >= config_.attempts_max || host.written_off != WrittenOff::no) {
        --totals_.pending;
        ++totals_.failed[static_cast<std::size_t>(failure)];
        ++host.failed;
        return;
    }
    ++totals_.retried;
    if (planted(config_.faults, Fault::retry_forgotten)) return;
    const Duration wait =
        exponential_delay(config_.retry_base, config_.retry_cap, attempts - 1, random_.next());
    flight.url.attempts = static_cast<std::uint8_t>(attempts);
    flight.url.seq = retry_seq(now + wait, host.next_seq++);
    add_entry(host, retry_queue, std::move(flight.url), out);
}

void Frontier::finish_robots(const RobotsEnd& end, WallTime now, Decision& out) {
    const Flight flight = land(end.ticket, now);
    SLUICE_CHECK(flight.robots);
    Host& host = *hosts_.at(flight.host);
    host.asks_robots = false;
    // What another host does says nothing of this one.
    if (!asks_elsewhere(host)) judge(host, end.answer, now);
    ++totals_.robots_fetched;
    RobotsAnswer answer = end.robots;
    answer.redirects = host.robots_redirects;
    RobotsKnown known{host.robots.rules != nullptr, host.robots.failures, std::nullopt};
    if (host.robots.failures > 0) known.unreachable = now - host.robots.failing_since;
    RobotsDecision decision = decide_robots(answer, known, config_.robots);
    if (planted(config_.faults, Fault::robots_error_allows) &&
        decision.action == RobotsAction::disallow_all)
        decision.action = RobotsAction::allow_all;
    host.robots_dirty = true;
    if (decision.action == RobotsAction::follow) {
        host.robots_location = end.location;
        ++host.robots_redirects;
        return;
    }
    host.robots_location.clear();
    host.robots_redirects = 0;
    set_rules(host, end, decision, now);
    offer_all(end.found, {}, now, out);
}

void Frontier::set_rules(Host& host, const RobotsEnd& end, const RobotsDecision& decision,
                         WallTime now) {
    HostRobots& robots = host.robots;
    if (decision.reached) {
        robots.failures = 0;
    } else if (robots.failures++ == 0) {
        robots.failing_since = now;
    }
    robots.ask_again = WallTime{Duration{0}};
    robots.expires = now + decision.again_in;
    switch (decision.action) {
        case RobotsAction::follow: return;
        case RobotsAction::use_body:
            robots.rules = end.rules ? end.rules : std::make_shared<const RobotsRules>();
            return;
        case RobotsAction::allow_all: robots.rules = std::make_shared<const RobotsRules>(); return;
        case RobotsAction::keep_old: return;
        case RobotsAction::disallow_all:
            robots.rules = nullptr;
            robots.ask_again = robots.expires;
            if (robots.failures >= config_.robots_attempts_max)
                host.written_off = WrittenOff::robots_unreachable;
            return;
    }
}

void Frontier::finish_resolve(const Resolved& resolved, WallTime now, Decision&) {
    constexpr Duration ttl_min = 10s, ttl_max = 1h;
    Host& host = *hosts_.at(resolved.host);
    host.resolving = false;
    if (resolved.addresses.empty()) {
        const std::uint32_t failures = ++host.resolve_failures;
        host.resolve_again =
            now + exponential_delay(config_.dns_retry, config_.retry_cap, failures, random_.next());
        if (resolved.failure == Failure::blocked)
            host.written_off = WrittenOff::blocked;
        else if (failures >= config_.dns_attempts_max)
            host.written_off = WrittenOff::dns;
    } else {
        const std::string asked = host.route ? host.addresses[host.address] : std::string();
        host.resolve_failures = 0;
        host.addresses_until = now + std::clamp(resolved.ttl, ttl_min, ttl_max);
        host.addresses = resolved.addresses;
        const auto same = std::find(host.addresses.begin(), host.addresses.end(), asked);
        const bool stays = same != host.addresses.end();
        set_address(host, stays ? static_cast<std::size_t>(same - host.addresses.begin()) : 0);
    }
    nudge(host, now);
}

void Frontier::set_address(Host& host, std::size_t index) {
    const std::optional<Route> old = host.route;
    host.address = index;
    host.route = Route{gates_.address(host.addresses[index]), gates_.domain(host.domain)};
    if (!old) return;
    gates_.let_go(old->address);
    gates_.let_go(old->domain);
}

void Frontier::finish_read(ReadEnd read, WallTime now) {
    Host& host = *hosts_.at(read.host);
    Host::Queue& queue = host.queue(read.queue);
    UrlWindow& window = queue.window;
    asked_ -= std::exchange(queue.asked, 0U);
    if (planted(config_.faults, Fault::refill_takes_in_flight)) read.after = window.through();
    if (planted(config_.faults, Fault::refill_skips_one) && read.entries.size() > 1)
        read.entries.erase(read.entries.begin());
    const std::size_t before = window.size();
    window.end_read(read.after, std::move(read.entries), read.last);
    loaded_ = loaded_ - before + window.size();
    nudge(host, now);
}

void Frontier::nudge_blocked(WallTime now) {
    for (const HostId id : std::exchange(blocked_, {})) nudge(*hosts_.at(id), now);
}

// --- keeping and taking up again ----------------------------------------------------------------

void Frontier::touch(Host& host) {
    totals_changed_ = true;
    if (!std::exchange(host.dirty, true)) dirty_.push_back(&host);
}

void Frontier::commit(Decision& out) {
    for (Host* host : dirty_) {
        out.writes.push_back({host_key(host->id), host_record(*host)});
        if (std::exchange(host->robots_dirty, false))
            out.writes.push_back({robots_key(host->id), robots_record(host->robots)});
        host->dirty = false;
    }
    dirty_.clear();
    if (std::exchange(totals_changed_, false) &&
        !planted(config_.faults, Fault::totals_not_written))
        out.writes.push_back({totals_key(), totals_record(totals_)});
}

Status Frontier::restore_totals(std::string_view record) {
    auto totals = read_totals(record);
    if (!totals) return std::move(totals).error();
    totals_ = *totals;
    return {};
}

Status Frontier::restore_host(std::string_view key, std::string_view record) {
    auto read = read_host(key, record);
    if (!read) return std::move(read).error();
    auto host = std::make_unique<Host>(std::move(*read));
    for (std::uint8_t queue = 0; queue < queue_count; ++queue) {
        if (host->stored[queue] > 0) host->window(queue) = UrlWindow::unread();
    }
    by_origin_.emplace(host->origin, host.get());
    const HostId id = host->id;
    hosts_.emplace(id, std::move(host));
    return {};
}

Status Frontier::restore_robots(std::string_view key, std::string_view record) {
    ByteReader name(key);
    name.take(1);
    const auto it = hosts_.find(HostId(name.big_endian()));
    if (!name.ok() || it == hosts_.end())
        return fail(Code::corrupt, "the crawl has a robots.txt of a host that it does not have");
    auto robots = read_robots(record);
    if (!robots) return std::move(robots).error();
    it->second->robots = std::move(*robots);
    return {};
}

void Frontier::restored(WallTime now) {
    if (totals_.seen > 0) seen_.set_partial();
    const bool forgets = planted(config_.faults, Fault::buckets_full_after_crash);
    if (!forgets) {
        restored_at_ = now;
        gates_.assume_spent(now);
    }
    for (const auto& [id, host] : hosts_) {
        if (!forgets) host->pace.assume_spent(config_.pace, now);
        if (host->has_more()) nudge(*host, now);
    }
}

// --- live changes -------------------------------------------------------------------------------

void Frontier::pause(bool paused, WallTime now) {
    if (std::exchange(paused_, paused) == paused || paused) return;
    for (const auto& [id, host] : hosts_) {
        if (host->has_more()) nudge(*host, now);
    }
}

void Frontier::set_politeness(const PaceConfig& pace, const GateConfig& gates, WallTime now) {
    const std::uint64_t faults = config_.pace.faults;
    config_.pace = pace;
    config_.pace.faults = faults;
    config_.gates = gates;
    gates_.set_limits(gates, now);
    // Whoever waits for its own pace may start sooner, or has to wait longer.
    for (const auto& [id, host] : hosts_) {
        host->pace.set_delay(pace);
        if (host->place == Host::Place::timed) wait_until(*host, now, now);
    }
}

// --- questions ----------------------------------------------------------------------------------

bool Frontier::at_limit() const {
    return totals_.fetched >= config_.pages_max || totals_.bytes >= config_.bytes_max;
}

bool Frontier::is_over() const {
    return in_flight_.empty() && (totals_.pending == 0 || draining_ || at_limit());
}

HostCounts Frontier::host_counts() const {
    HostCounts counts;
    counts.known = hosts_.size();
    for (const auto& [id, host] : hosts_) {
        if (host->running > 0)
            ++counts.running;
        else if (host->place == Host::Place::timed)
            ++counts.pausing;
        else if (host->place == Host::Place::gated)
            ++counts.at_gates;
    }
    return counts;
}

const Host* Frontier::find_host(std::string_view origin) const {
    const auto it = by_origin_.find(origin);
    return it == by_origin_.end() ? nullptr : it->second;
}

const Host* Frontier::find_host(HostId id) const {
    const auto it = hosts_.find(id);
    return it == hosts_.end() ? nullptr : it->second.get();
}

std::string_view Frontier::waits_for(const Host& host) const {
    if (host.asks_robots) return "robots";
    if (host.resolving) return "name";
    if (host.running > 0 || !host.has_more()) return "";
    if (host.place == Host::Place::timed) return "pace";
    const auto gate = gates_.waits_at(host.id);
    return gate ? to_string(*gate) : "";
}

}  // namespace sluice::crawl
