// SPDX-License-Identifier: Apache-2.0
// What `sluice check-config --json` prints: the server's part and the worker's, which
// sluice-worker prints in the same form. Text only.
#pragma once

#include "kernel/base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::app {

/// What was found in a configuration; without mistakes it has settings.
struct ConfigReport {
    std::string settings = "{}";  ///< a JSON object, as Config::json() gives it
    std::vector<std::string> errors;
    std::vector<std::string> warnings;
};

/// The mistakes of a message that has one on each line; indented lines belong to the one before.
std::vector<std::string> mistakes_in(std::string_view message);

/// {"ok":true,"settings":{…},"warnings":[…]} or {"ok":false,"errors":[…],"warnings":[…]}.
std::string to_json(const ConfigReport& report);
/// Errors: invalid (not what to_json() gives).
Result<ConfigReport> read_config_report(std::string_view json);
/// Both in one, the first one first. The settings must be of different sections.
ConfigReport joined(ConfigReport first, const ConfigReport& second);

}  // namespace sluice::app
