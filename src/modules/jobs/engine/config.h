// SPDX-License-Identifier: Apache-2.0
// The engine's numbers. Defaults are those of docs/limits.md; the simulator makes them tiny.
#pragma once

#include "kernel/base/time.h"

#include <cstddef>
#include <cstdint>

namespace sluice::jobs {

struct EngineConfig {
    std::uint64_t seed = 1;  ///< for retry jitter; the same seed gives the same decisions

    // Windows: how much of the backlog is in memory (docs/architecture.md, "Backlog on disk").
    std::size_t ready_window_jobs = 1024;  ///< per queue and priority
    std::size_t ready_window_bytes = 4 << 20;
    std::size_t due_window_jobs = 4096;  ///< scheduled and retrying, all queues together
    std::size_t due_window_bytes = 16 << 20;

    // Leases and workers.
    Duration reserve_default = 1800s;
    Duration reserve_min = 60s;
    Duration reserve_max = 86400s;
    Duration beat_lease = 30s;  ///< extended leases: renewed by each BEAT that lists them
    Duration worker_silence =
        60s;  ///< plain workers: lost when disconnected and silent for this long
    Duration extended_silence = 15s;  ///< extended workers: three missed beats
    Duration restart_grace = 60s;     ///< no lease expires sooner than this after a restart
    std::uint8_t losses_max = 3;      ///< poison limit …
    Duration losses_window = 72h;     ///< … within this time

    // Retention.
    Duration finished_keep = 24h;
    std::size_t finished_max = 100'000;
    Duration dead_keep = 180 * 24h;
    std::size_t dead_max = 1'000'000;

    // Limits.
    std::size_t queues_max = 10'000;
    std::size_t workers_max = 100'000;
    std::size_t waiting_fetches_max = 100'000;
    std::size_t waiting_names_max = 1'000'000;  ///< of queues, in all waiting fetches together
    std::size_t waits_max = 10'000;
    std::size_t waited_jids_max = 500'000;  ///< in all waiting WAITs together
    std::size_t sweeps_max = 16;
    std::uint32_t sweep_page = 500;
    std::size_t sweep_page_bytes = 4 << 20;
    std::size_t list_bytes = 8 << 20;    ///< a listing ends with the job that reaches it
    std::size_t fetch_bytes = 16 << 20;  ///< a delivery ends with the job that reaches it
    std::uint32_t timers_per_tick = 1000;

    /// Bit set of Fault; only the simulator's build of the engine looks at it.
    std::uint64_t faults = 0;
};

/// How many final jobs are forgotten when there is one more than `max`, besides that one.
constexpr std::size_t forgotten_at_once(std::size_t max) { return max / 16 < 64 ? max / 16 : 64; }

}  // namespace sluice::jobs
