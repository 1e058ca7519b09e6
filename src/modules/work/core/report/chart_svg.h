// SPDX-License-Identifier: Apache-2.0
// Charts as SVG: self-contained, with a title and a description for those who do not see them. The
// colours are those of Okabe and Ito, which people with any colour vision can tell apart. Pure.
#pragma once

#include "modules/work/core/report/chart_data.h"

#include <string>
#include <string_view>

namespace sluice::work {

/// `label` is what the picture is called; `id` makes its parts' names unique in the page.
struct ChartLabel {
    std::string label;
    std::string id;
    std::string unit;
};

/// Horizontal bars, a group of them for each name.
std::string bar_chart(const ChartData& data, const ChartLabel& label);
std::string line_chart(const ChartData& data, const ChartLabel& label);
std::string histogram_chart(const Bins& bins, const ChartLabel& label);

}  // namespace sluice::work
