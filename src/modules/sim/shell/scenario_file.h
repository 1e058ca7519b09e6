// SPDX-License-Identifier: Apache-2.0
// Scenario files: TOML to Scenario. The reference of the format is docs/simulator.md.
//
// For the command line: load_scenario(path), then run_virtual() of shell/virtual_run.h.
#pragma once

#include "kernel/base/result.h"
#include "modules/sim/core/scenario.h"

#include <string>
#include <string_view>

namespace sluice::sim {

/// The scenario of a TOML text. `name` stands in messages; traces are looked for in `folder`
/// unless their path is absolute. Errors: invalid (every mistake on a line of its own: document,
/// line, member, what is allowed, and a suggestion for unknown members), io (a trace cannot be
/// read). Traces: at most 1 GiB a file.
Result<Scenario> parse_scenario(std::string_view toml, const std::string& name,
                                const std::string& folder);

/// The same from a file; traces are looked for beside it. Errors: also io.
Result<Scenario> load_scenario(const std::string& path);

}  // namespace sluice::sim
