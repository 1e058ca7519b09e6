// SPDX-License-Identifier: Apache-2.0
// Charts as inline SVG for the HTML report. Colours are classes and variables of the page, so that
// dark and light need one drawing. All texts are escaped.
#pragma once

#include "modules/sim/core/report.h"
#include "modules/sim/core/report_chart.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sim {

/// How many colours the page has (classes c0 … c7); later series use them again.
inline constexpr std::size_t svg_colours = 8;

struct SvgTimeChart {
    std::vector<SeriesReport> series;  ///< Drawn in order, coloured by place.
    AxisUnit unit = AxisUnit::number;
    Duration bin{1};
    Duration duration{0};
    Duration starts_at{0};
    Duration warmup{0};  ///< Shaded.
    std::vector<MarkReport> marks;
    bool bands = true;  ///< The range of the replications behind each line.
    std::string title;  ///< For screen readers.
};
/// Lines over time.
std::string svg_time_chart(const SvgTimeChart& chart);

/// Rows of workers over time.
std::string svg_lives(const Report& report, std::size_t rows_max);

/// The points of an answer with their intervals and the target; nothing below two points.
std::string svg_points(const Answer& answer);

}  // namespace sluice::sim
