// SPDX-License-Identifier: Apache-2.0
// The scenario that the flags of `sluice simulate --virtual` describe.
#pragma once

#include "app/simulate.h"
#include "modules/sim/module.h"

namespace sluice::app {

/// From the file, or from the flags; with --seed, --replications, --duration and --warmup where
/// given. Errors: invalid.
Result<sim::Scenario> read_scenario(const SimulateArguments& arguments);

}  // namespace sluice::app
