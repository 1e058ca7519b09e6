// SPDX-License-Identifier: Apache-2.0
// The groups of bench_jobs that print latencies, memory and times to start.
#pragma once

#include "options.h"

namespace sluice::bench {

/// Push-to-start at 100 jobs/s on an otherwise idle server.
void bench_latency(const Options& options);
void bench_waiting(const Options& options);
void bench_restart(const Options& options);
void bench_memory(const Options& options);

}  // namespace sluice::bench
