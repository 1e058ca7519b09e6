// SPDX-License-Identifier: Apache-2.0
// What the archive types share. Private to this module.
#pragma once

#include "modules/work/core/entry_name.h"
#include "modules/work/task.h"

namespace sluice::work {

sdk::JobType archive_create(const SharedServices& services);

/// The arguments `include` and `exclude`, and what they mean. Errors: exhausted, invalid.
sdk::Argument include_argument();
sdk::Argument exclude_argument();
Result<NamePatterns> read_patterns(const Arguments& arguments);

}  // namespace sluice::work
