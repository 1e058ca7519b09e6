// SPDX-License-Identifier: Apache-2.0
// Web: a made-up web, the same for the same seed. Some of its hosts are slow, dead, strict or
// hostile; its pages link to each other, redirect, loop, and go on for ever. Answers depend on the
// URL and the time alone, so what is reachable can be worked out afterwards.
#pragma once

#include "kernel/base/random.h"
#include "kernel/base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl::sim {

struct WebConfig {
    std::uint32_t hosts = 8;
    std::uint32_t domains = 3;
    std::uint32_t addresses = 5;
    std::uint32_t pages_max = 12;  ///< of a host
    std::uint32_t links_max = 5;   ///< of a page
    // Chances in thousandths.
    std::uint32_t dead_hosts = 0, no_name = 0, strict = 0, with_rules = 300, with_delay = 200;
    std::uint32_t robots_errors = 0, robots_changes = 0, robots_moves = 0;
    std::uint32_t traps = 0, redirects = 100, loops = 0, errors = 0, private_links = 100;
    Duration latency_max = 200ms;
};

struct WebHost {
    std::string origin;
    std::string domain;
    std::vector<std::string> addresses;
    std::uint32_t pages = 1;
    Duration latency = 10ms;
    bool dead = false;       ///< nobody listens
    bool no_name = false;    ///< its name does not resolve
    bool throttles = false;  ///< answers 429 now and then
    bool trap = false;       ///< has pages without end
    // robots.txt
    bool has_rules = false;
    std::uint32_t delay_seconds = 0;
    std::uint32_t robots_errors_until = 0;  ///< seconds after the beginning; UINT32_MAX: for ever
    std::uint32_t robots_change_at = 0;     ///< then other rules; 0: never
    bool robots_moved = false;              ///< answers with a redirect first
};

struct WebLink {
    std::string url;
    bool outside = false;  ///< the finder's scope refuses it
};

struct WebAnswer {
    enum class Kind : std::uint8_t { page, redirect, error, server_error, throttled, dead };
    Kind kind = Kind::page;
    std::uint64_t bytes = 0;
    Duration latency{0};
    std::optional<Duration> retry_after;
    std::vector<WebLink> links;  ///< the one target, of a redirect
};

struct WebRobots {
    int status = 200;
    std::string body;
    std::string location;
};

class Web {
public:
    Web(const WebConfig& config, std::uint64_t seed);

    [[nodiscard]] const std::vector<WebHost>& hosts() const { return hosts_; }
    [[nodiscard]] const WebHost& host_of(std::string_view url) const;
    /// `attempt` makes errors that pass.
    [[nodiscard]] WebAnswer fetch(std::string_view url, std::uint32_t attempt) const;
    /// `after`: since the beginning.
    [[nodiscard]] WebRobots robots(std::string_view url, Duration after) const;
    [[nodiscard]] std::string seed_url(std::uint32_t host) const;

private:
    WebHost draw_host(std::uint32_t number, Random& random) const;
    [[nodiscard]] WebLink link(std::uint64_t hash) const;
    [[nodiscard]] std::string robots_body(const WebHost& host, Duration after) const;
    [[nodiscard]] bool chance(std::uint64_t hash, std::uint32_t thousandths) const {
        return hash % 1000 < thousandths;
    }

    WebConfig config_;
    std::uint64_t seed_;
    std::vector<WebHost> hosts_;
};

}  // namespace sluice::crawl::sim
