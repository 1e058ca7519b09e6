// SPDX-License-Identifier: Apache-2.0
// A Report as JSON, CSV, text for a terminal, and one page of HTML that needs nothing else.
#pragma once

#include "modules/sim/core/report.h"

#include <string>

namespace sluice::sim {

/// One JSON object, `"schema":"sluice.simulation/1"`: members are only added within a version.
/// Times in seconds, with names that end in _s.
std::string report_json(const Report& report);

/// RFC 4180, one row a number: kind,name,measure,time_s,mean,low,high.
std::string report_csv(const Report& report);

struct TextOptions {
    std::size_t width = 80;  ///< Columns: 40 … 200.
    bool unicode = true;     ///< False: plain ASCII.
};
/// Tables and charts for people.
std::string report_text(const Report& report, const TextOptions& options);

/// A whole page with inline SVG: no scripts, no references to anywhere, dark and light.
std::string report_html(const Report& report);

}  // namespace sluice::sim
