// SPDX-License-Identifier: Apache-2.0
// The one file that knows every module.
#pragma once

#include "kernel/mount/module.h"

#include <memory>
#include <vector>

namespace sluice::app {

/// All modules of the server, in the order in which they start.
std::vector<std::unique_ptr<Module>> make_modules();

}  // namespace sluice::app
