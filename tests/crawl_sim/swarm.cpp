// SPDX-License-Identifier: Apache-2.0
#include "swarm.h"

#include "kernel/base/random.h"

namespace sluice::crawl::sim {
namespace {

bool coin(Random& random) { return random.below(2) == 0; }

std::uint32_t some(Random& random, std::uint32_t most) {
    return coin(random) ? static_cast<std::uint32_t>(random.below(most + 1)) : 0;
}

Duration ms_up_to(Random& random, std::uint64_t most) {
    return std::chrono::milliseconds(1 + random.below(most));
}

GateLimit draw_gate(Random& random, std::uint64_t interval_ms_max) {
    GateLimit limit;
    if (random.below(3) != 0)
        limit.rate = TokenBucketLimit{1, ms_up_to(random, interval_ms_max), 1 + random.below(4)};
    if (coin(random)) limit.running_max = 1 + static_cast<std::uint32_t>(random.below(5));
    return limit;
}

WebConfig draw_web(Random& random) {
    WebConfig web;
    web.hosts = 1 + static_cast<std::uint32_t>(random.below(coin(random) ? 6 : 40));
    web.domains = 1 + static_cast<std::uint32_t>(random.below(6));
    web.addresses = 1 + static_cast<std::uint32_t>(random.below(8));
    web.pages_max = 2 + static_cast<std::uint32_t>(random.below(60));
    web.links_max = 3 + static_cast<std::uint32_t>(random.below(10));
    web.dead_hosts = some(random, 200);
    web.no_name = some(random, 150);
    web.strict = some(random, 400);
    web.with_rules = some(random, 800);
    web.with_delay = some(random, 500);
    web.robots_errors = some(random, 300);
    web.robots_changes = some(random, 300);
    web.robots_moves = some(random, 300);
    web.traps = some(random, 400);
    web.redirects = some(random, 300);
    web.loops = some(random, 150);
    web.errors = some(random, 150);
    web.private_links = some(random, 300);
    web.latency_max = ms_up_to(random, 800);
    return web;
}

}  // namespace

Swarm draw_swarm(std::uint64_t seed) {
    Random random(seed * 0x9e3779b97f4a7c15ULL + 1);
    Swarm swarm;
    swarm.web = draw_web(random);
    FrontierConfig& config = swarm.frontier;
    config.pace.delay = coin(random) ? ms_up_to(random, 2'000) : Duration{0};
    config.pace.latency_factor = coin(random) ? 0.0 : 1.0;
    config.pace.dead_connects_max = 1 + static_cast<std::uint32_t>(random.below(4));
    config.pace.park = ms_up_to(random, 100'000);
    config.gates.address = draw_gate(random, 700);
    config.gates.domain = draw_gate(random, 900);
    config.gates.crawl = draw_gate(random, 120);
    config.gates.patience = 1 + static_cast<std::uint32_t>(random.below(8));
    config.host_running_max = 1 + some(random, 3);
    config.ignore_robots = random.below(8) == 0;
    // Longer than a host can wait between its robots.txt and its page.
    config.robots.age_max = coin(random) ? Duration(24h) : 120s + ms_up_to(random, 300'000);
    config.robots.age_min = 1s;
    config.robots.retry_min = ms_up_to(random, 60'000);
    config.depth_max = 1 + static_cast<std::uint32_t>(random.below(12));
    config.hops_max = static_cast<std::uint32_t>(random.below(8));
    config.attempts_max = 1 + static_cast<std::uint32_t>(random.below(3));
    config.body_max = 6'000;
    config.novelty.stale_after = 1 + static_cast<std::uint32_t>(random.below(5));
    if (random.below(4) == 0) config.pages_max = 1 + random.below(60);
    if (random.below(5) == 0) config.bytes_max = 1 + random.below(200'000);
    if (random.below(5) == 0) config.host_pages_max = 1 + random.below(8);
    if (random.below(6) == 0) config.hosts_max = 1 + random.below(10);
    config.seen_bytes = coin(random) ? 1 : 1U << 20U;  // the least there is, or more than enough
    config.window_urls = 1 + random.below(6);
    config.window_urls_min = 1;
    config.loaded_urls_max = coin(random) ? 4 : 10'000;
    swarm.seeds = 1 + static_cast<std::uint32_t>(random.below(3));
    if (coin(random)) {
        swarm.crash_mean = ms_up_to(random, 60'000);
        swarm.crashes_max = 1 + static_cast<std::uint32_t>(random.below(8));
        swarm.power_cuts = coin(random);
    }
    if (random.below(4) == 0) swarm.drain_at = ms_up_to(random, 60'000);
    if (coin(random)) swarm.read_delay_max = ms_up_to(random, 50);
    swarm.put_back = some(random, 30);
    return swarm;
}

}  // namespace sluice::crawl::sim
