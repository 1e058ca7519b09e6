// SPDX-License-Identifier: Apache-2.0
// What a threaded run says: JSON for programs, text for people. Nothing is computed here.
#pragma once

#include "modules/sim/shell/threaded_run.h"

#include <string>

namespace sluice::sim {

/// {"config":{…},"stats":{…},"results_sample":[…]}; times in seconds, names end in _s.
std::string threaded_json(const ThreadedReport& report);

/// The same as a short page, with a bar for each consumer.
std::string threaded_text(const ThreadedReport& report);

}  // namespace sluice::sim
