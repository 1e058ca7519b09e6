// SPDX-License-Identifier: Apache-2.0
#include "web.h"

#include "modules/crawl/core/frontier/host.h"

#include <algorithm>
#include <charconv>

namespace sluice::crawl::sim {
namespace {

std::uint64_t mix(std::uint64_t seed, std::string_view text) {
    std::uint64_t hash = seed ^ 0x9e3779b97f4a7c15ULL;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    hash ^= hash >> 33U;
    hash *= 0xff51afd7ed558ccdULL;
    return hash ^ (hash >> 33U);
}

std::uint64_t number_behind(std::string_view text, std::string_view prefix) {
    std::uint64_t number = 0;
    if (!text.starts_with(prefix)) return number;
    text.remove_prefix(prefix.size());
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

Web::Web(const WebConfig& config, std::uint64_t seed) : config_(config), seed_(seed) {
    Random random(seed ^ 0x57656221ULL);
    for (std::uint32_t i = 0; i < config.hosts; ++i) hosts_.push_back(draw_host(i, random));
    // The first seed's host works, so that there is something to crawl.
    hosts_[0].dead = hosts_[0].no_name = false;
    hosts_[0].robots_errors_until = 0;
}

WebHost Web::draw_host(std::uint32_t number, Random& random) const {
    const auto chance = [&](std::uint32_t thousandths) { return random.below(1000) < thousandths; };
    WebHost host;
    const auto domain = static_cast<std::uint32_t>(random.below(config_.domains));
    host.domain = "d" + std::to_string(domain) + ".test";
    host.origin = "http://h" + std::to_string(number) + "." + host.domain;
    const std::uint64_t addresses = 1 + random.below(2);
    for (std::uint64_t i = 0; i < addresses; ++i) {
        const std::string text = "10.0.0." + std::to_string(random.below(config_.addresses));
        if (std::find(host.addresses.begin(), host.addresses.end(), text) == host.addresses.end())
            host.addresses.push_back(text);
    }
    host.pages = 1 + static_cast<std::uint32_t>(random.below(config_.pages_max));
    host.latency = Duration(static_cast<Duration::rep>(
        random.below(static_cast<std::uint64_t>(config_.latency_max.count())) + 1'000'000));
    host.dead = chance(config_.dead_hosts);
    host.no_name = chance(config_.no_name);
    host.throttles = chance(config_.strict);
    host.trap = chance(config_.traps);
    host.has_rules = chance(config_.with_rules);
    if (chance(config_.with_delay))
        host.delay_seconds = 1 + static_cast<std::uint32_t>(random.below(9));
    if (chance(config_.robots_errors))
        host.robots_errors_until =
            chance(300) ? UINT32_MAX : static_cast<std::uint32_t>(random.below(900));
    if (chance(config_.robots_changes))
        host.robots_change_at = 1 + static_cast<std::uint32_t>(random.below(600));
    host.robots_moved = chance(config_.robots_moves);
    return host;
}

const WebHost& Web::host_of(std::string_view url) const {
    return hosts_[number_behind(origin_of(url), "http://h")];
}

std::string Web::seed_url(std::uint32_t host) const { return hosts_[host].origin + "/p/0"; }

// Where one link leads, drawn from its hash.
WebLink Web::link(std::uint64_t hash) const {
    const WebHost& host = hosts_[(hash >> 8U) % hosts_.size()];
    const std::string page = std::to_string((hash >> 24U) % host.pages);
    if (chance(hash >> 40U, 40)) return {"http://elsewhere.invalid/" + page, true};
    if (host.trap && chance(hash >> 32U, 200)) return {host.origin + "/trap/0", false};
    if (chance(hash >> 44U, config_.redirects)) return {host.origin + "/r/" + page, false};
    if (chance(hash >> 48U, config_.loops)) return {host.origin + "/loop/" + page, false};
    if (chance(hash >> 52U, config_.private_links))
        return {host.origin + "/private/" + page, false};
    return {host.origin + "/p/" + page, false};
}

WebAnswer Web::fetch(std::string_view url, std::uint32_t attempt) const {
    const WebHost& host = host_of(url);
    const std::string_view path = path_of(url);
    const std::uint64_t hash = mix(seed_, url);
    WebAnswer answer;
    answer.latency = host.latency;
    if (host.dead) {
        answer.kind = WebAnswer::Kind::dead;
        answer.latency = 5s;
        return answer;
    }
    const std::uint64_t luck = mix(hash + attempt, "luck");
    if (host.throttles && chance(luck, 200)) {
        answer.kind = WebAnswer::Kind::throttled;
        if (chance(luck >> 10U, 600)) answer.retry_after = std::chrono::seconds((luck >> 20U) % 90);
        return answer;
    }
    if (chance(luck >> 30U, config_.errors)) {
        answer.kind =
            chance(luck >> 40U, 300) ? WebAnswer::Kind::dead : WebAnswer::Kind::server_error;
        return answer;
    }
    if (chance(hash >> 12U, config_.errors)) {
        answer.kind = WebAnswer::Kind::error;
        return answer;
    }
    if (path.starts_with("/r/")) {
        const std::uint64_t left = number_behind(path, "/r/");
        answer.kind = WebAnswer::Kind::redirect;
        answer.links.push_back(
            {host.origin + (left == 0 ? std::string("/p/0") : "/r/" + std::to_string(left - 1)),
             false});
        return answer;
    }
    if (path.starts_with("/loop/")) {
        // Each hop is a URL of its own, so only counting the hops ends it.
        answer.kind = WebAnswer::Kind::redirect;
        answer.links.push_back(
            {host.origin + "/loop/" + std::to_string(number_behind(path, "/loop/") + 1), false});
        return answer;
    }
    answer.bytes = 100 + hash % 5'000;
    if (path.starts_with("/trap/")) {
        answer.links.push_back(
            {host.origin + "/trap/" + std::to_string(number_behind(path, "/trap/") + 1), false});
        return answer;
    }
    const std::uint64_t links = (hash >> 16U) % (config_.links_max + 1);
    for (std::uint64_t i = 0; i < links; ++i) answer.links.push_back(link(mix(hash + i, "link")));
    return answer;
}

std::string Web::robots_body(const WebHost& host, Duration after) const {
    const bool changed =
        host.robots_change_at != 0 && after >= std::chrono::seconds(host.robots_change_at);
    std::string body = "User-agent: *\n";
    if (host.has_rules) body += changed ? "Disallow: /p/1\n" : "Disallow: /private/\n";
    if (host.delay_seconds != 0)
        body += "Crawl-delay: " + std::to_string(host.delay_seconds) + "\n";
    return body;
}

WebRobots Web::robots(std::string_view url, Duration after) const {
    const WebHost& host = host_of(url);
    if (host.robots_errors_until == UINT32_MAX ||
        after < std::chrono::seconds(host.robots_errors_until))
        return {503, {}, {}};
    if (host.robots_moved && path_of(url) == "/robots.txt")
        return {301, {}, host.origin + "/moved.txt"};
    if (!host.has_rules && host.delay_seconds == 0) return {404, {}, {}};
    return {200, robots_body(host, after), {}};
}

}  // namespace sluice::crawl::sim
