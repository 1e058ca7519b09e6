// SPDX-License-Identifier: Apache-2.0
// How jobs ended, for the commands that wait for them.
#pragma once

#include "sdk/client.h"

namespace sluice::app {

/// Waits and prints every end (`is_json`: one array), then gives the exit code: ok when all
/// succeeded, else timeout, not_found or job_failed. A negative timeout waits for ever.
Result<int> wait_and_print(sdk::Client& client, std::span<const std::string> jids, Duration timeout,
                           bool is_json);

}  // namespace sluice::app
