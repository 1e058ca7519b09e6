// SPDX-License-Identifier: Apache-2.0
// Arguments that the job types of the crawler declare alike.
#pragma once

#include "kernel/base/time.h"
#include "sdk/job_schema.h"

#include <string>

namespace sluice::crawl {

/// A time in seconds from `least` to `most`; `usual` where the job says nothing.
sdk::Argument time_argument(std::string name, Duration least, Duration usual, Duration most,
                            std::string help);

}  // namespace sluice::crawl
