// SPDX-License-Identifier: Apache-2.0
// The INFO document as a struct, for the commands that show it.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::app {

struct QueueView {
    std::string name;
    std::uint64_t enqueued = 0;
    std::uint64_t running = 0;
    std::uint64_t waiting_fetches = 0;
    std::uint64_t arrived = 0;
    std::uint64_t delivered = 0;
    bool paused = false;
    std::string durability;
    Duration latency{0};
};

struct WorkerView {
    std::string wid;
    std::string hostname;
    std::int64_t pid = 0;
    std::vector<std::string> labels;
    std::string state;
    std::uint64_t running = 0;
    std::uint64_t connections = 0;
    std::int64_t rss_kb = 0;
    WallTime started_at{};
    WallTime beat_at{};
};

struct ServerInfo {
    WallTime now{};
    std::uint64_t scheduled = 0;
    std::uint64_t retries = 0;
    std::uint64_t dead = 0;
    std::uint64_t working = 0;
    std::uint64_t enqueued = 0;
    std::uint64_t failures = 0;
    std::uint64_t processed = 0;
    std::uint64_t pushed = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t finished_kept = 0;
    std::string version;
    Duration uptime{0};
    std::uint64_t connections = 0;
    std::uint64_t command_count = 0;
    std::uint64_t memory_mb = 0;
    bool disk_full = false;
    std::vector<QueueView> queues;
    std::vector<WorkerView> workers;
};

/// Members that are missing keep their defaults, so that other Faktory servers can be shown too.
/// Errors: invalid (not JSON).
Result<ServerInfo> read_server_info(std::string_view json);

}  // namespace sluice::app
