// SPDX-License-Identifier: Apache-2.0
// When a failed job is tried again. Pure.
#pragma once

#include "modules/jobs/model/job.h"

#include <cstdint>

namespace sluice::jobs {

/// The wait before the next attempt, after `count` earlier failures (0 at the first). `random` is
/// uniform over 64 bits. Never negative. Source: faktory-protocol "Failure and retry" for the
/// default.
Duration retry_delay(const Backoff& backoff, std::int32_t count, std::uint64_t random);

}  // namespace sluice::jobs
