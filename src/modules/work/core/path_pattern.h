// SPDX-License-Identifier: Apache-2.0
// Which paths a pattern of a job means. Pure.
#pragma once

#include <string_view>

namespace sluice::work {

/// A glob (`*`, also across `/`, `?`, `[a-z]`). A pattern with a slash is compared with the whole
/// path, one without with its last part.
bool path_fits(std::string_view pattern, std::string_view path);

}  // namespace sluice::work
