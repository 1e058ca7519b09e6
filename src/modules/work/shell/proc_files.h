// SPDX-License-Identifier: Apache-2.0
// The files of /proc that tell what the machine is doing; what they mean is core/operations.
#pragma once

#include "kernel/base/result.h"

#include <string>
#include <string_view>

namespace sluice::work {

/// A whole file below /proc, at most 4 MiB of it. Errors: not_found, io.
Result<std::string> read_proc(std::string_view name);

}  // namespace sluice::work
