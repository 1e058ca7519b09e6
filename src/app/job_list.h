// SPDX-License-Identifier: Apache-2.0
// Pages of jobs from the server, as a table or as JSON; for `sluice jobs` and `sluice dead`.
#pragma once

#include "sdk/client.h"

#include <functional>

namespace sluice::app {

/// Gives every matching job (a JSON object) in push order to `take` until it says false.
/// True when the last page was reached.
Result<bool> each_job(sdk::Client& client, const sdk::FilterParts& filter,
                      const std::function<bool(JsonView)>& take);

/// Prints up to `limit` jobs. The exit code.
Result<int> print_jobs(sdk::Client& client, const sdk::FilterParts& filter, std::uint64_t limit,
                       bool is_json);

}  // namespace sluice::app
