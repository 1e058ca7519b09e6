// SPDX-License-Identifier: Apache-2.0
// What one seed simulates: which features and faults are on, how often, and which (tiny) limits the
// engine runs with. Drawn once from the seed.
#pragma once

#include "kernel/base/random.h"
#include "modules/jobs/engine/config.h"

#include <cstdint>

namespace sluice::jobs::sim {

/// Chances are in thousandths.
struct Swarm {
    std::uint64_t chaos_events = 0;  ///< then faults stop and everything must come to an end

    std::uint32_t producers = 1;
    std::uint32_t plain_workers = 1;
    std::uint32_t bare_workers = 0;  ///< without a wid
    std::uint32_t extended_workers = 0;
    std::uint32_t queues = 1;
    std::uint32_t slots = 1;  ///< jobs a worker holds at once

    // Producers.
    std::uint32_t bulk = 0, scheduled = 0, priorities = 0, short_keep = 0, once = 0;
    std::uint32_t odd_retries = 0, odd_backoff = 0, wait_when_lost = 0, same_jid = 0;
    std::uint32_t big = 0;  ///< jobs of some KiB, under limits of as many
    std::uint32_t repeats_max = 3;
    Duration think_max = 4ms;

    // Workers.
    std::uint32_t fail = 0, final_fail = 0, retry_in = 0, release = 0, extend = 0, ack_twice = 0;
    std::uint32_t stale_answer = 0, stranger_answer = 0, stall = 0, die = 0, deaf = 0, leave = 0;
    Duration work_max = 20ms;

    // Operator.
    std::uint32_t sweeps = 0, filters = 0, queue_changes = 0, removals = 0, flush = 0, queries = 0;
    std::uint32_t disk_guard = 0, signals = 0, async = 0;
    Duration operator_pause = 20ms;

    // Network.
    std::uint32_t loss = 0, duplicate = 0, reorder = 0, breaks = 0, silent_breaks = 0;
    bool tells_undelivered = false;
    Duration delay_max = 2ms;

    // Server.
    std::uint32_t write_failure = 0, sync_failure = 0;
    bool early_deliveries = false;  ///< before the sync
    Duration crash_mean{0};         ///< 0: never
    Duration jump_mean{0};
    Duration sync_max = 1ms;
    Duration drain_max = 500us;
    std::uint32_t batch_max = 16;

    EngineConfig engine;
};

Swarm draw_swarm(std::uint64_t seed);
/// Other limits for the same history, as when a server is restarted with a new configuration.
void draw_limits(Random& random, EngineConfig& config);

}  // namespace sluice::jobs::sim
