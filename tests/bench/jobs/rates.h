// SPDX-License-Identifier: Apache-2.0
// The groups of bench_jobs that print rates: the disk, pushes, drain and the peers' puts.
#pragma once

#include "options.h"

namespace sluice::bench {

void bench_disk(const Options& options);
void bench_push(const Options& options);
void bench_drain(const Options& options);
/// Puts into beanstalkd and Redis, where they are installed, told to sync every write.
void bench_peers(const Options& options);

}  // namespace sluice::bench
