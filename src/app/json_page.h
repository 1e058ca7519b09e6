// SPDX-License-Identifier: Apache-2.0
// JSON as people read it.
#pragma once

#include <string>
#include <string_view>

namespace sluice::app {

/// The same JSON in indented lines. Below the outer `depth` levels, what has no further level
/// inside stays on one line. `json` must be valid and compact.
std::string json_page(std::string_view json, unsigned depth = 2);

}  // namespace sluice::app
