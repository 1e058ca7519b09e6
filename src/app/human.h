// SPDX-License-Identifier: Apache-2.0
// Numbers, times and foreign texts as people read them in a terminal. Writes to strings only.
#pragma once

#include "kernel/base/time.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::app {

/// "1,234,567".
std::string human_count(std::uint64_t count);
/// "850 B", "12.3 KiB", "4.0 GiB".
std::string human_size(std::uint64_t bytes);
/// "1 job", "1,234 jobs".
std::string human_count(std::uint64_t count, std::string_view noun);
/// Two or three significant digits: "850 µs", "12.3 ms", "4.2 s", "3 min 20 s", "2 h 5 min", "9 d".
std::string human_duration(Duration duration);
/// "2026-11-21 06:42:00 (3 min 20 s ago)" in the machine's time zone; "-" for the epoch.
std::string human_time(WallTime time, WallTime now);
/// The part in brackets of human_time: "3 min 20 s ago", "in 5.0 s", "now".
std::string human_distance(WallTime time, WallTime now);
/// `text` without control characters (each becomes a blank), so that data from jobs cannot write
/// escape sequences to the terminal. Cut to `columns_max` with an ellipsis.
std::string printable(std::string_view text, std::size_t columns_max = std::string::npos);
/// Columns on a terminal, one a code point.
std::size_t columns_of(std::string_view text);

}  // namespace sluice::app
