// SPDX-License-Identifier: Apache-2.0
// How long to wait before the next attempt. Pure: the random number is passed in, so a history
// repeats.
#pragma once

#include "kernel/base/time.h"

#include <cstdint>
#include <string_view>

namespace sluice {

/// The longest delay any formula gives: 100 years, so that adding it to a time cannot overflow.
inline constexpr Duration backoff_limit = 24h * 36'500;

/// The formula of a Backoff.
enum class BackoffKind {
    constant,     ///< always `base`
    exponential,  ///< uniform in [0, min(cap, base * 2^count)] ("full jitter")
    faktory,      ///< count^4 + 15 + R * (count + 1) seconds, R uniform in 0..29
};

/// The word used on the wire and in configuration ("exponential").
std::string_view to_string(BackoffKind kind);

/// A formula with its numbers. Every delay is at most `cap` and at most backoff_limit.
struct Backoff {
    BackoffKind kind = BackoffKind::faktory;
    Duration base = 1s;
    Duration cap = backoff_limit;

    /// The delay after `count` earlier failures (0 for the first). `random` is any 64-bit number,
    /// uniform. Never negative.
    [[nodiscard]] Duration delay(std::uint32_t count, std::uint64_t random) const;
};

/// Uniform in [0, min(cap, base * 2^count)].
Duration exponential_delay(Duration base, Duration cap, std::uint32_t count, std::uint64_t random);
/// count^4 + 15 + R * (count + 1) seconds, with R made from `random`. Source: Faktory's wiki, "Job
/// Errors".
Duration faktory_delay(std::uint32_t count, std::uint64_t random);

}  // namespace sluice
