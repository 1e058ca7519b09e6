// SPDX-License-Identifier: Apache-2.0
// The group "e2e" of bench_jobs: jobs from the push to the ack, beside what the loopback allows and
// what the peers do in the same shape, taking turns.
#pragma once

#include "options.h"

namespace sluice::bench {

/// `--only plain`: Sluice's strict row alone.
void bench_end_to_end(const Options& options);

}  // namespace sluice::bench
