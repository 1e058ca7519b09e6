// SPDX-License-Identifier: Apache-2.0
// Reads std::chrono's clocks into our own time types.
#include "kernel/sync/clock.h"

#include <algorithm>
#include <chrono>

namespace sluice {

Instant monotonic_now() {
    const auto reading = std::chrono::steady_clock::now().time_since_epoch();
    return Instant{std::chrono::duration_cast<Duration>(reading)};
}

WallTime wall_now() {
    const auto reading = std::chrono::system_clock::now().time_since_epoch();
    return WallTime{std::chrono::duration_cast<Duration>(reading)};
}

Instant deadline_after(Duration delay) {
    const Instant now = monotonic_now();
    if (delay > no_deadline - now) return no_deadline;
    return now + std::max(delay, Duration::zero());
}

}  // namespace sluice
