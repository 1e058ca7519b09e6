// SPDX-License-Identifier: Apache-2.0
// Numbers as people say them: "41 s", "2 h 12 min", "3,600", "95 % interval 5.8 … 6.3 s".
#pragma once

#include "modules/sim/core/report.h"

#include <string>

namespace sluice::sim {

/// A time with two or three meaning digits: "250 ms", "6.2 s", "41 s", "27 min", "2 h 12 min";
/// "–" for NaN.
std::string say_time(double seconds);
/// A number with thousands separators, and decimals only where they mean something.
std::string say_number(double value);
/// "87 %"
std::string say_share(double share);
/// "5.8 … 6.3 s", in the unit of the mean.
std::string say_interval(const Figure& seconds);
/// Time of day of a moment ("12:30"), or since the start ("2 h 30 min") where the scenario has
/// none.
std::string say_moment(double seconds, Duration starts_at);

}  // namespace sluice::sim
