// SPDX-License-Identifier: Apache-2.0
// The formulas, with their overflow guards.
#include "kernel/algo/backoff.h"

#include <algorithm>

namespace sluice {
namespace {

Duration clamp_delay(Duration delay, Duration cap) {
    return std::clamp(delay, Duration::zero(), std::clamp(cap, Duration::zero(), backoff_limit));
}

}  // namespace

std::string_view to_string(BackoffKind kind) {
    switch (kind) {
        case BackoffKind::constant: return "constant";
        case BackoffKind::exponential: return "exponential";
        case BackoffKind::faktory: return "faktory";
    }
    return "unknown";
}

Duration exponential_delay(Duration base, Duration cap, std::uint32_t count, std::uint64_t random) {
    const Duration ceiling = clamp_delay(cap, backoff_limit);
    Duration top = clamp_delay(base, ceiling);
    for (std::uint32_t i = 0; i < count && top > Duration::zero() && top < ceiling; ++i) {
        top = top > ceiling / 2 ? ceiling : top * 2;
    }
    const auto values = static_cast<std::uint64_t>(top.count()) + 1;
    return Duration{static_cast<std::int64_t>(random % values)};
}

Duration faktory_delay(std::uint32_t count, std::uint64_t random) {
    // 231^4 seconds are more than 90 years: beyond that only the limit is left.
    if (count > 231) return backoff_limit;
    const std::int64_t n = count;
    const auto r = static_cast<std::int64_t>(random % 30);
    return clamp_delay(std::chrono::seconds{n * n * n * n + 15 + r * (n + 1)}, backoff_limit);
}

Duration Backoff::delay(std::uint32_t count, std::uint64_t random) const {
    switch (kind) {
        case BackoffKind::constant: return clamp_delay(base, cap);
        case BackoffKind::exponential: return exponential_delay(base, cap, count, random);
        case BackoffKind::faktory: return clamp_delay(faktory_delay(count, random), cap);
    }
    return clamp_delay(base, cap);
}

}  // namespace sluice
