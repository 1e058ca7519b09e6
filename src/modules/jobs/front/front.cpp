// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/front/front.h"

#include "kernel/observe/process.h"

namespace sluice::jobs {

ServerFacts Front::facts() const {
    return {.version = options.version,
            .uptime = monotonic_now() - started_at,
            .connections = connections.load(std::memory_order_relaxed),
            .command_count = commands.value(),
            .used_memory_mb = resident_memory().count >> 20};
}

}  // namespace sluice::jobs
