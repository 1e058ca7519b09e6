// SPDX-License-Identifier: Apache-2.0
// The one place that reads the machine's clocks. Pure code never calls it: readings are taken at
// the edge and passed down as values.
#pragma once

#include "kernel/base/time.h"

namespace sluice {

/// Never goes back; meaningless on another machine or after a restart of this one. Any thread.
Instant monotonic_now();

/// The system's idea of UTC; may jump (see DisciplinedClock). Any thread.
WallTime wall_now();

/// A deadline that never comes.
inline constexpr Instant no_deadline = Instant::max();

/// `monotonic_now() + delay`, or no_deadline where that would overflow. A negative delay counts as
/// zero.
Instant deadline_after(Duration delay);

}  // namespace sluice
