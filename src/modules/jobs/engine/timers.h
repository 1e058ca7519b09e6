// SPDX-License-Identifier: Apache-2.0
// The engine's deadlines of one kind: leases, waiting fetches, silent workers and waits, in one
// heap.
#pragma once

#include "kernel/algo/deadline_heap.h"
#include "kernel/base/time.h"

#include <cstdint>

namespace sluice::jobs {

enum class TimerKind : std::uint8_t { lease, fetch, worker, wait };

/// What is due: the id is a Seq, TicketId, worker number or TicketId.
struct Timer {
    TimerKind kind = TimerKind::lease;
    std::uint64_t id = 0;
};

using Timers = DeadlineHeap<Timer>;
using TimerHandle = DeadlineHandle;

}  // namespace sluice::jobs
