// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/path_pattern.h"

#include "kernel/base/text.h"

namespace sluice::work {

bool path_fits(std::string_view pattern, std::string_view path) {
    const bool is_whole = pattern.find('/') != std::string_view::npos;
    return glob_match(pattern, is_whole ? path : path.substr(path.rfind('/') + 1));
}

}  // namespace sluice::work
