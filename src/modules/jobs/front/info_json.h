// SPDX-License-Identifier: Apache-2.0
// INFO as JSON, for the job port and for GET /stats (docs/protocol.md, "INFO"). Pure.
#pragma once

#include "modules/jobs/engine/decision.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sluice::jobs {

/// What INFO says of the process.
struct ServerFacts {
    std::string_view version;
    Duration uptime{0};
    std::uint64_t connections = 0;
    std::uint64_t command_count = 0;
    std::uint64_t used_memory_mb = 0;
};

/// Appends the four members that Faktory has; ours are inside `server`.
void append_info(std::string& out, const InfoReply& info, const ServerFacts& facts, WallTime now);
/// Appends queue name → age in seconds of its oldest job.
void append_latency(std::string& out, const InfoReply& info, std::span<const std::string> names,
                    WallTime now);

}  // namespace sluice::jobs
