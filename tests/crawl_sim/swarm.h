// SPDX-License-Identifier: Apache-2.0
// What one seed simulates: which web, which limits (tiny ones), and what goes wrong. Drawn once.
#pragma once

#include "modules/crawl/core/frontier/types.h"
#include "web.h"

#include <cstdint>

namespace sluice::crawl::sim {

struct Swarm {
    WebConfig web;
    FrontierConfig frontier;
    std::uint32_t seeds = 1;
    std::uint32_t crashes_max = 0;
    Duration crash_mean{0};   ///< 0: never
    bool power_cuts = false;  ///< a crash also loses what was not synced
    Duration sync_every = 100ms;
    Duration drain_at{0};        ///< 0: never; the crawl is taken up again afterwards
    Duration read_delay_max{0};  ///< of queue reads
    std::uint32_t put_back = 0;  ///< thousandths of orders that are never started
};

Swarm draw_swarm(std::uint64_t seed);

}  // namespace sluice::crawl::sim
