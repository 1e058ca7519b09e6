// SPDX-License-Identifier: Apache-2.0
// The validation of the plain models against exact results, as data: a test asks is_good(), the
// benchmark prints the table of docs/simulator.md.
#pragma once

#include "modules/sim/core/models.h"
#include "modules/sim/core/stats.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::bench {

/// How long the validation runs; the default is the long form.
struct ValidationPlan {
    std::uint64_t seed = 1;
    std::uint64_t replications = 40;
    std::uint64_t customers = 1'000'000;  ///< Of each replication; heavy loads four times.
    std::uint64_t coverage_intervals = 1'000;
    std::uint64_t coverage_replications = 30;
    std::uint64_t coverage_customers = 4'000;
};

/// One number of one model.
struct ValidationRow {
    std::string model;
    std::string measure;
    double exact = 0;
    sim::Interval simulated;  ///< At 99.9 %.
    bool is_bound = false;    ///< `exact` must not be exceeded, rather than met.

    [[nodiscard]] bool is_good() const {
        return is_bound ? simulated.low() <= exact : simulated.contains(exact);
    }
};

struct ValidationReport {
    ValidationPlan plan;
    std::vector<ValidationRow> rows;
    std::vector<std::pair<std::string, sim::Coverage>> coverage;
    std::uint32_t staffing = 0;  ///< Fewest servers for 50 Erlang, P(wait) <= .2, found.
    std::uint32_t staffing_exact = 0;
    /// Runs made; each checks Little's law and the flow exactly, and stops the process otherwise.
    std::uint64_t runs = 0;
    /// Largest |L / λW - 1| within the time that counted, where customers cut by its ends disturb.
    double little_off = 0;
    std::uint64_t events = 0;
    double seconds = 0;

    [[nodiscard]] bool is_good() const;
    [[nodiscard]] std::string markdown() const;
};

/// Runs all of it on all processors.
ValidationReport validate(const ValidationPlan& plan);

}  // namespace sluice::bench
