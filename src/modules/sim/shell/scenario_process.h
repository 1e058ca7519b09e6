// SPDX-License-Identifier: Apache-2.0
// Arrival processes and distributions as tables of a scenario file, and the traces they name.
#pragma once

#include "modules/sim/core/dist_arrivals.h"
#include "modules/sim/core/scenario_trace.h"
#include "modules/sim/shell/scenario_table.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice::sim {

/// The traces of one scenario, each file read once.
class TraceFiles {
public:
    explicit TraceFiles(std::string folder) : folder_(std::move(folder)) {}
    /// The rows of a file: CSV, or the JSON of `sluice jobs --json` where its text begins with
    /// '['. Errors: io, invalid.
    Result<const std::vector<TraceRow>*> rows(const std::string& file);

private:
    std::string folder_;
    std::map<std::string, std::unique_ptr<std::vector<TraceRow>>> files_;
};

/// What a process needs to know of the table around it.
struct ProcessPlace {
    std::string where;  ///< "traffic \"mail\""
    Duration starts_at{0};
    TraceFiles* traces = nullptr;
    Mistakes* mistakes = nullptr;
};

/// `arrivals = { kind = "poisson", rate = "20/s" }` and its sisters. Mistakes are noted.
ArrivalProcess read_arrivals(const TomlValue& value, const ProcessPlace& place);
/// `service = { kind = "exponential", mean = "200ms" }`, or a plain duration for a constant.
Distribution read_distribution(const TomlValue& value, const ProcessPlace& place,
                               std::string_view member);

}  // namespace sluice::sim
