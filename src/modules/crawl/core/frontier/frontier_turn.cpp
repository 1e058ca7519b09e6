// SPDX-License-Identifier: Apache-2.0
// What may start now: one host after the other is looked at when its time has come, when a gate
// opened for it, or when something happened to it.
#include "kernel/base/check.h"
#include "modules/crawl/core/frontier/frontier.h"
#include "modules/crawl/core/politeness/faults.h"
#include "modules/crawl/core/robots/robots_line.h"

#include <algorithm>
#include <bit>

namespace sluice::crawl {
namespace {

std::string referrer_of(const Host& host, const QueuedUrl& url) {
    return url.referrer.starts_with('/') ? host.origin + url.referrer : url.referrer;
}

constexpr int steps_max = 64;     // of one host, before others have their turn
constexpr int turns_max = 4'096;  // hosts in one turn
// The number of an entry of the retry queue: its time in ms, then a number of its own.
constexpr unsigned retry_bits = 20;

WallTime retry_time(std::uint64_t seq) {
    return wall_from_ns(static_cast<std::int64_t>(seq >> retry_bits) * 1'000'000);
}

}  // namespace

std::uint64_t retry_seq(WallTime when, std::uint64_t number) {
    const auto ms = static_cast<std::uint64_t>((to_ns(when) + 999'999) / 1'000'000);
    return (ms << retry_bits) | (number & ((1U << retry_bits) - 1));
}

void Frontier::turn(WallTime now, Decision& out) {
    for (int i = 0; i < turns_max; ++i) {
        if (const auto due = due_.pop_due(now)) {
            Host& host = *hosts_.at(due->value);
            host.place = Host::Place::resting;
            consider(host, now, out);
        } else if (const auto ready = gates_.next_ready(now)) {
            Host& host = *hosts_.at(*ready);
            host.place = Host::Place::resting;
            consider(host, now, out);
        } else {
            return;
        }
    }
}

std::optional<WallTime> Frontier::next_wake() const {
    const auto gate = gates_.next_wake(), due = due_.next_deadline();
    if (!gate || !due) return gate ? gate : due;
    return std::min(*gate, *due);
}

void Frontier::consider(Host& host, WallTime now, Decision& out) {
    for (int i = 0; i < steps_max; ++i) {
        if (consider_once(host, now, out) == Step::done) return;
    }
    wait_until(host, now, now);
}

Frontier::Step Frontier::consider_once(Host& host, WallTime now, Decision& out) {
    const std::uint32_t running_max =
        config_.host_running_max + (planted(config_.faults, Fault::second_connection) ? 1 : 0);
    const bool stopped = draining_ || paused_;
    if (host.written_off != WrittenOff::no && !stopped) return write_off(host, now, out);
    if (stopped || host.running >= running_max || host.asks_robots) {
        rest(host, now);
        return Step::done;
    }
    std::uint8_t queue = 0;
    UrlWindow* window = choose(host, now, out, queue);
    if (window == nullptr) return Step::done;
    if (host.robots.rules) host.pace.set_crawl_delay(host.robots.rules->pause(now));
    const WallTime next = host.pace.next(config_.pace);
    if (next > now) {
        wait_until(host, next, now);
        return Step::done;
    }
    if (!has_address(host, now, out) || !has_rules(host, now, out)) return Step::done;
    return start_page(host, queue, *window, now, out);
}

// Every second pick is of the first queue that has something, every fourth of the next, and so on:
// urgent first, and nothing starves. A queue that must be read first is left out until then.
UrlWindow* Frontier::choose(Host& host, WallTime now, Decision& out, std::uint8_t& queue) {
    int rank = std::countr_zero(host.picks + 1);
    UrlWindow* chosen = nullptr;
    std::optional<WallTime> later;
    bool reads = false;
    for (Host::Queue& one : host.queues) {
        if (!one.window.has_more()) continue;
        if (one.window.needs_read()) {
            reads = true;
            if (one.window.begin_read()) read_on(host, one, out);
            continue;
        }
        if (one.number == retry_queue && retry_time(one.window.front().seq) > now) {
            later = retry_time(one.window.front().seq);
            continue;
        }
        chosen = &one.window;
        queue = one.number;
        if (rank-- == 0) break;
    }
    if (chosen != nullptr) return chosen;
    if (later && !reads) {
        wait_until(host, *later, now);
    } else {
        rest(host, now);
    }
    return nullptr;
}

// What is asked for counts as if it were here: a turn may ask for many hosts before any is read.
void Frontier::read_on(Host& host, Host::Queue& queue, Decision& out) {
    queue.asked = static_cast<std::uint32_t>(window_max());
    asked_ += queue.asked;
    const bool again = planted(config_.faults, Fault::refill_takes_in_flight);
    out.reads.push_back({host.id, queue.number, again ? 0 : queue.window.through(), queue.asked});
}

bool Frontier::has_address(Host& host, WallTime now, Decision& out) {
    if (host.route && host.addresses_until > now) return true;
    if (!host.resolving && host.resolve_again > now) {
        wait_until(host, host.resolve_again, now);
        return false;
    }
    if (!std::exchange(host.resolving, true)) out.resolves.push_back({host.id, host.origin});
    rest(host, now);
    return false;
}

bool Frontier::has_rules(Host& host, WallTime now, Decision& out) {
    if (config_.ignore_robots) return true;
    HostRobots& robots = host.robots;
    const bool fresh = robots.expires > now || planted(config_.faults, Fault::robots_never_expire);
    if (robots.rules && fresh) return true;
    if (robots.ask_again > now) {
        wait_until(host, robots.ask_again, now);
        return false;
    }
    if (!gates_.start(host.id, *host.route, now)) {
        host.place = Host::Place::gated;
        return false;
    }
    host.asks_robots = true;
    FetchOrder order;
    order.url = host.robots_location.empty() ? host.origin + "/robots.txt" : host.robots_location;
    order.robots = true;
    order.body_max = robots_bytes_max;
    take_off(host, Flight{host.id, *host.route, 0, {}, 0, true}, std::move(order), now, out);
    rest(host, now);
    return false;
}

std::uint64_t Frontier::bytes_left() const {
    const std::uint64_t spent = totals_.bytes + bytes_reserved_;
    if (spent >= config_.bytes_max) return 0;
    const std::uint64_t left = std::min(config_.bytes_max - spent, config_.body_max);
    // Less than a whole body is left: others may give some of theirs back.
    return left < config_.body_max && pages_in_flight_ > 0 ? 0 : left;
}

bool Frontier::pages_left() const {
    const bool blind = planted(config_.faults, Fault::pages_limit_counts_done);
    return totals_.fetched + (blind ? 0 : pages_in_flight_) < config_.pages_max;
}

Frontier::Step Frontier::start_page(Host& host, std::uint8_t queue, UrlWindow& window, WallTime now,
                                    Decision& out) {
    const bool asks = !config_.ignore_robots && !planted(config_.faults, Fault::robots_ignored);
    if (asks && !host.robots.rules->verdict(window.front().path).allowed) {
        (void)end_unfetched(host, queue, window, out);
        ++totals_.excluded[static_cast<std::size_t>(Exclusion::robots)];
        ++host.excluded;
        return Step::again;
    }
    if (host.fetched >= config_.host_pages_max) {
        (void)end_unfetched(host, queue, window, out);
        ++totals_.excluded[static_cast<std::size_t>(Exclusion::host_pages)];
        ++host.excluded;
        return Step::again;
    }
    const std::uint64_t bytes = bytes_left();
    if (!pages_left() || bytes == 0) {
        blocked_.push_back(host.id);
        rest(host, now);
        return Step::done;
    }
    if (host.fetched + host.running >= config_.host_pages_max) {
        rest(host, now);
        return Step::done;
    }
    if (!gates_.start(host.id, *host.route, now)) {
        host.place = Host::Place::gated;
        return Step::done;
    }
    Flight flight{host.id, *host.route, queue, window.pop(), bytes, false};
    --loaded_;
    ++host.picks;
    ++pages_in_flight_;
    if (!planted(config_.faults, Fault::bytes_not_reserved)) bytes_reserved_ += bytes;
    FetchOrder order;
    order.url = host.origin + flight.url.path;
    order.depth = flight.url.depth;
    order.urgency = flight.url.urgency;
    order.hops = flight.url.hops;
    order.attempt = flight.url.attempts;
    order.kind = flight.url.kind;
    order.body_max = bytes;
    order.referrer = referrer_of(host, flight.url);
    take_off(host, std::move(flight), std::move(order), now, out);
    return Step::again;
}

void Frontier::take_off(Host& host, Flight flight, FetchOrder order, WallTime now, Decision& out) {
    order.ticket = Ticket(next_ticket_++);
    order.host = host.id;
    if (!order.robots || !asks_elsewhere(host)) order.address = host.addresses[host.address];
    ++host.running;
    host.pace.started(config_.pace, now);
    in_flight_.emplace(order.ticket, std::move(flight));
    order.let_go = now;
    out.fetches.push_back(std::move(order));
}

// The first URL of a window ends without being fetched.
QueuedUrl Frontier::end_unfetched(Host& host, std::uint8_t queue, UrlWindow& window,
                                  Decision& out) {
    QueuedUrl url = window.pop();
    --loaded_;
    --totals_.pending;
    remove_entry(host, queue, url.seq, out);
    return url;
}

Frontier::Step Frontier::write_off(Host& host, WallTime now, Decision& out) {
    if (planted(config_.faults, Fault::dead_host_waits_for_ever)) {
        rest(host, now);
        return Step::done;
    }
    for (Host::Queue& one : host.queues) {
        if (one.window.begin_read()) {
            read_on(host, one, out);
            continue;
        }
        if (one.window.empty()) continue;
        const QueuedUrl url = end_unfetched(host, one.number, one.window, out);
        if (host.written_off == WrittenOff::robots_unreachable) {
            ++totals_.excluded[static_cast<std::size_t>(Exclusion::robots_unreachable)];
            ++host.excluded;
            return Step::again;
        }
        auto why = Failure::given_up;
        if (host.written_off == WrittenOff::dns) why = Failure::dns;
        if (host.written_off == WrittenOff::blocked) why = Failure::blocked;
        ++totals_.failed[static_cast<std::size_t>(why)];
        ++host.failed;
        out.unasked.push_back(
            {host.origin + url.path, why, url.depth, url.kind, referrer_of(host, url)});
        return Step::again;
    }
    rest(host, now);
    return Step::done;
}

void Frontier::rest(Host& host, WallTime now) {
    gates_.withdraw(host.id, now);
    due_.remove(host.timer);
    host.place = Host::Place::resting;
}

void Frontier::wait_until(Host& host, WallTime when, WallTime now) {
    rest(host, now);
    host.timer = due_.push(when, host.id);
    host.place = Host::Place::timed;
}

// Something happened to the host: look at it in this turn, unless it is known when to.
void Frontier::nudge(Host& host, WallTime now) {
    if (host.place == Host::Place::resting) wait_until(host, now, now);
}

}  // namespace sluice::crawl
