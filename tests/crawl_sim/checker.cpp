// SPDX-License-Identifier: Apache-2.0
#include "checker.h"

#include "modules/crawl/core/frontier/host.h"

#include <algorithm>

namespace sluice::crawl::sim {

// GCRA once more, kept through crashes: n starts need n - burst intervals.
void Checker::check_rate(const std::string& name, const GateLimit& limit, WallTime now) {
    std::uint32_t& running = running_[name];
    ++running;
    if (limit.running_max != 0 && running > limit.running_max)
        fail("C2", name + " has " + std::to_string(running) + " requests at once");
    if (!limit.rate) return;
    const Duration interval = limit.rate->per / static_cast<std::int64_t>(limit.rate->tokens);
    WallTime& full_at = full_at_[name];
    full_at = std::max(full_at, now) + interval;
    if (full_at - now > interval * static_cast<std::int64_t>(limit.rate->burst))
        fail("C1", name + " is over its rate");
}

void Checker::check_robots(const HostView& host, const FetchOrder& order, WallTime now) const {
    if (swarm_.frontier.ignore_robots || order.robots) return;
    const auto fits = [&](const HostView::RobotsSeen& seen, std::size_t place) {
        if (!seen.rules || !seen.rules->verdict(path_of(order.url)).allowed) return false;
        // An answer without rules keeps those before it in force.
        WallTime confirmed = seen.at;
        for (std::size_t i = place + 1; i < host.robots.size() && !host.robots[i].rules; ++i)
            confirmed = host.robots[i].at;
        return now - confirmed <= swarm_.frontier.robots.age_max;
    };
    for (std::size_t i = host.robots.size(); i-- > 0;) {
        if (fits(host.robots[i], i)) return;
        // What was lost with the power may bring older rules back.
        if (host.robots[i].rules && !lost_) break;
    }
    fail("C4", order.url + " is fetched although robots.txt does not allow it now");
}

void Checker::check_pause(const HostView& host, const FetchOrder& order, WallTime now) const {
    if (now < host.paused_until) fail("C5", order.url + " is fetched during a pause");
    Duration pause = swarm_.frontier.pace.delay;
    if (!order.robots && !host.robots.empty() && host.robots.back().rules && !lost_) {
        const auto asked = host.robots.back().rules->crawl_delay();
        if (asked) pause = std::max(pause, std::min(*asked, swarm_.frontier.pace.crawl_delay_max));
    }
    if (now - host.last_start < pause) fail("C5", order.url + " is fetched too soon");
}

void Checker::ordered(const FetchOrder& order, const std::string& domain, WallTime now) {
    const std::string origin(origin_of(order.url));
    HostView& host = hosts_[origin];
    const FrontierConfig& config = swarm_.frontier;
    check_rate("address " + order.address, config.gates.address, now);
    check_rate("domain " + domain, config.gates.domain, now);
    check_rate("crawl", config.gates.crawl, now);
    check_pause(host, order, now);
    host.last_start = now;
    if (++host.running > config.host_running_max) fail("C2", origin + " has too many requests");
    check_robots(host, order, now);
    if (!in_flight_.insert(order.url).second) fail("C3", order.url + " is fetched twice at once");
    if (order.robots) return;
    if (ended_.contains(order.url)) fail("C3", order.url + " is fetched again");
    if (order.depth > config.depth_max) fail("C6", order.url + " is too deep");
    if (order.hops > config.hops_max) fail("C6", order.url + " is too many redirects away");
}

void Checker::release(const FetchOrder& order) {
    in_flight_.erase(order.url);
    const WebHost& host = web_.host_of(order.url);
    --running_["address " + order.address];
    --running_["domain " + host.domain];
    --running_["crawl"];
    --hosts_[host.origin].running;
}

void Checker::page_ended(const FetchOrder& order, const PageEnd& end, WallTime now) {
    release(order);
    if (end.kind == PageEnd::Kind::put_back) return;
    HostView& host = hosts_[std::string(origin_of(order.url))];
    if (end.answer.kind == Answer::Kind::dead) host.was_dead = true;
    if (end.answer.kind == Answer::Kind::throttled && end.answer.retry_after)
        host.paused_until =
            std::max(host.paused_until,
                     now + std::min(*end.answer.retry_after, swarm_.frontier.pace.retry_after_max));
    bytes_ += end.bytes;
    const bool again =
        end.kind == PageEnd::Kind::retry && order.attempt + 1U < swarm_.frontier.attempts_max;
    if (again) return;
    if (end.kind == PageEnd::Kind::fetched) ++fetched_;
    ended_[order.url] = end.found;
}

void Checker::robots_ended(const FetchOrder& order, const RobotsEnd& end, WallTime now) {
    release(order);
    HostView& host = hosts_[std::string(origin_of(order.url))];
    if (end.answer.kind == Answer::Kind::dead) host.was_dead = true;
    if (end.robots.status / 100 == 3) return;
    std::shared_ptr<const RobotsRules> rules = end.rules;
    if (end.robots.status / 100 == 4) rules = std::make_shared<const RobotsRules>();
    if (!rules) host.robots_failed = true;
    host.robots.push_back({now, rules});
}

void Checker::kept(const CrawlTotals& totals, std::uint64_t queued, std::uint64_t seen,
                   std::size_t loaded, std::size_t hosts) const {
    if (!totals.adds_up()) fail("C8", "the counters do not add up");
    if (totals.pending != queued)
        fail("C8", std::to_string(totals.pending) + " pending, but " + std::to_string(queued) +
                       " entries in queues");
    if (totals.seen != seen)
        fail("C8", std::to_string(totals.seen) + " seen, but " + std::to_string(seen) + " kept");
    const FrontierConfig& config = swarm_.frontier;
    if (totals.fetched > config.pages_max) fail("C7", "more pages than the limit");
    if (totals.bytes > config.bytes_max) fail("C7", "more bytes than the limit");
    const std::size_t most = config.loaded_urls_max + config.window_urls +
                             hosts * 9 * (config.window_urls_min + 1) + hosts;
    if (loaded > most) fail("C9", std::to_string(loaded) + " URLs in memory");
}

void Checker::forget_ends(const std::vector<std::string>& urls) {
    for (const std::string& url : urls) ended_.erase(url);
}

void Checker::crashed(bool lost) {
    in_flight_.clear();
    running_.clear();
    lost_ = lost_ || lost;
    for (auto& [origin, host] : hosts_) {
        host.running = 0;
        if (lost) host.paused_until = WallTime{Duration{0}};
    }
}

// Reasons that need no order: the host could not be asked, or robots.txt forbade it at some time.
bool Checker::may_be_missing(const std::string& url) const {
    const WebHost& host = web_.host_of(url);
    const FrontierConfig& config = swarm_.frontier;
    if (host.dead || host.no_name || unnamed_.contains(host.origin)) return true;
    if (config.host_pages_max != UINT64_MAX || config.hosts_max < web_.hosts().size()) return true;
    const auto view = hosts_.find(host.origin);
    if (view == hosts_.end()) return false;
    if (view->second.was_dead) return true;
    if (config.ignore_robots) return false;
    if (view->second.robots_failed) return true;
    return std::any_of(
        view->second.robots.begin(), view->second.robots.end(),
        [&](const auto& seen) { return seen.rules && !seen.rules->verdict(path_of(url)).allowed; });
}

void Checker::finished(const std::vector<Found>& seeds) const {
    const auto check = [&](const Found& found) {
        const bool refused = found.excluded || found.depth > swarm_.frontier.depth_max ||
                             found.hops > swarm_.frontier.hops_max;
        if (refused || ended_.contains(found.url) || may_be_missing(found.url)) return;
        fail("C10", found.url + " was found and is lost");
    };
    for (const Found& seed : seeds) check(seed);
    for (const auto& [url, found] : ended_) {
        for (const Found& one : found) check(one);
    }
}

}  // namespace sluice::crawl::sim
