// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/engine/retry.h"

#include "kernel/algo/backoff.h"

#include <algorithm>

namespace sluice::jobs {

namespace {

Duration with_jitter(Duration delay, std::uint8_t percent, std::uint64_t random) {
    if (percent == 0) return delay;
    const double share = static_cast<double>(random >> 11) * 0x1.0p-53;  // [0, 1)
    const double extra = static_cast<double>(delay.count()) * share * percent / 100.0;
    return delay + Duration(static_cast<Duration::rep>(extra));
}

Duration doubled(Duration base, Duration max, std::int32_t count) {
    Duration delay = base;
    for (std::int32_t i = 0; i < count && delay < max; ++i) delay *= 2;
    return std::min(delay, max);
}

}  // namespace

Duration retry_delay(const Backoff& backoff, std::int32_t count, std::uint64_t random) {
    switch (backoff.kind) {
        case BackoffKind::faktory: return faktory_delay(static_cast<std::uint32_t>(count), random);
        case BackoffKind::constant:
            return with_jitter(std::min(backoff.base, backoff.max), backoff.jitter_percent, random);
        case BackoffKind::exponential:
            return with_jitter(doubled(backoff.base, backoff.max, count), backoff.jitter_percent,
                               random);
        case BackoffKind::none: return Duration{0};
    }
    return Duration{0};
}

}  // namespace sluice::jobs
