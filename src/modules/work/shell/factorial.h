// SPDX-License-Identifier: Apache-2.0
// n! exactly, by GMP.
#pragma once

#include "kernel/base/result.h"
#include "kernel/sync/cancel.h"

#include <cstdint>
#include <functional>
#include <string>

namespace sluice::work {

/// The decimal digits of n!. Multiplies by halves of the range and looks at `cancel` between; calls
/// `report` with 0 to 100. One million takes about two seconds and 15 MB. Errors: cancelled,
/// timeout.
Result<std::string> factorial(std::uint64_t n, const CancelToken& cancel,
                              const std::function<void(int)>& report);

}  // namespace sluice::work
