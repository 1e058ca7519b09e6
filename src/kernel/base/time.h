// SPDX-License-Identifier: Apache-2.0
// Times as types: WallTime (since 1970, UTC) and Instant (monotonic) do not mix. Neither clock can
// be read from here; readings come from kernel/sync/clock.h at the edge and are passed down as
// values.
#pragma once

#include "kernel/base/result.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

using Duration = std::chrono::nanoseconds;
using std::chrono_literals::operator""ns;
using std::chrono_literals::operator""us;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;

/// A clock type without now(): only the arithmetic of std::chrono::time_point.
struct WallScale {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<WallScale>;
    static constexpr bool is_steady = false;
};
struct MonotonicScale {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<MonotonicScale>;
    static constexpr bool is_steady = true;
};

/// Nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
using WallTime = WallScale::time_point;
/// Nanoseconds since some fixed point of this machine; meaningless elsewhere.
using Instant = MonotonicScale::time_point;

constexpr WallTime wall_from_ns(std::int64_t ns) { return WallTime{Duration{ns}}; }
constexpr std::int64_t to_ns(WallTime time) { return time.time_since_epoch().count(); }

constexpr double to_seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}
/// Cut to whole nanoseconds; the caller has seen that it fits.
constexpr Duration from_double_seconds(double seconds) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

/// "2026-11-21T05:42:00.123456789Z"; the fraction is left out when it is zero and has no trailing
/// zeros.
std::string format_rfc3339(WallTime time);
/// RFC 3339 with any offset and zero to nine fractional digits, years 1970 to 2261. Errors:
/// invalid.
Result<WallTime> parse_rfc3339(std::string_view text);
/// "90s", "5m", "1h30m", "250ms", "7d". Errors: invalid.
Result<Duration> parse_duration(std::string_view text);
/// The shortest exact form that parse_duration reads.
std::string format_duration(Duration duration);

/// A wall clock that cannot jump: it advances with the monotonic clock and follows steps of the
/// wall clock only within limits, so that deadlines kept as WallTime never run early (invariant
/// J8). Single owner. A backward step of the wall clock is ignored until real time catches up; a
/// forward step is followed by at most `step_max` in each `step_max` of monotonic time, so the
/// clock never runs faster than twice real time for long.
class DisciplinedClock {
public:
    DisciplinedClock(Instant instant, WallTime wall, Duration step_max = 60s)
        : last_instant_(instant), now_(wall), step_max_(step_max) {}

    /// The disciplined time for a pair of readings taken together.
    WallTime advance(Instant instant, WallTime wall);
    [[nodiscard]] WallTime now() const { return now_; }

private:
    Instant last_instant_;
    WallTime now_;
    Duration step_max_;
    Duration step_spent_{0};
    Instant step_window_{last_instant_};
};

}  // namespace sluice
