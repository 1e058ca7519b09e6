// SPDX-License-Identifier: Apache-2.0
// The contention profile as text: for a person (GET /debug/contention) and for Prometheus. The
// numbers are kept by kernel/sync/wait_accounting.h; the JSON form is in
// kernel/mount/debug_pages.h.
#pragma once

#include "kernel/sync/wait_accounting.h"

#include <span>
#include <string>

namespace sluice {

/// A table of the waits, contention first and idleness last, and what each thread waits on now, or,
/// where that is none of our sites, what the kernel says it does. Ends with a line break.
std::string contention_text(std::span<const WaitTotal> totals, std::span<const ThreadNow> threads);

/// sluice_wait_seconds_total and sluice_waits_total by site and kind, summed over threads, in the
/// text exposition format 0.0.4.
std::string contention_metrics(std::span<const WaitTotal> totals);

}  // namespace sluice
