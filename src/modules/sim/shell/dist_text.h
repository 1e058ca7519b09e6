// SPDX-License-Identifier: Apache-2.0
// Distributions and arrivals as one word of a command line. Scenario files have tables for the
// same.
#pragma once

#include "kernel/base/result.h"
#include "modules/sim/core/dist.h"
#include "modules/sim/core/dist_arrivals.h"

#include <optional>
#include <string_view>

namespace sluice::sim {

/// "250ms", "1m30s", or a plain number of seconds ("0.25"). Errors: invalid.
Result<Duration> parse_seconds(std::string_view text);

/// "20ms" or "constant:20ms", "exponential:20ms" (or "exp:"), "uniform:10ms,30ms",
/// "lognormal:20ms,2" (mean, cv), "gamma:20ms,0.5", "erlang:20ms,3" (mean, phases),
/// "hyperexponential:20ms,3" (mean, cv; or "hyper:"). Errors: invalid, listing the forms.
Result<Distribution> parse_distribution(std::string_view text);

/// "poisson:50" (a second; "poisson:50/s", "poisson:120/min", "poisson:9000/h"),
/// "bursts:100@2s,5@10s" (rate @ mean stay), or a distribution of the gap: "20ms",
/// "lognormal:20ms,2". "asap": nothing, as fast as the queue takes items. Errors: invalid, listing
/// the forms.
Result<std::optional<ArrivalProcess>> parse_arrivals(std::string_view text);

}  // namespace sluice::sim
