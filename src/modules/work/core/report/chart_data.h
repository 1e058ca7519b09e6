// SPDX-License-Identifier: Apache-2.0
// From a table to what a chart draws: names and numbers, grouped, ordered and limited; and the
// round numbers of its axes. Pure.
#pragma once

#include "modules/work/core/report/report_spec.h"

#include <cstddef>
#include <string>
#include <vector>

namespace sluice::work {

/// What stands along the x axis of a line chart.
enum class AxisKind { number, time, name };

struct ChartSeries {
    std::string name;
    /// One for each x; NaN where there is none.
    std::vector<double> values;
};

struct ChartData {
    AxisKind axis = AxisKind::name;
    std::vector<std::string> names;  ///< Of each x, as they are shown.
    std::vector<double> places;      ///< Of each x: its number, seconds since 1970, or its index.
    std::vector<ChartSeries> series;
    std::size_t left_out = 0;  ///< Bars beyond the limit, or values that are no numbers.
};

/// Of a histogram: equal bins over the range of the numbers.
struct Bins {
    double begin = 0;
    double width = 1;
    std::vector<std::size_t> counts;
    std::size_t left_out = 0;  ///< Values that are no numbers.
};

/// Errors: invalid (a column), exhausted (too many points).
Result<ChartData> make_chart_data(const ReportSection& section, const ReportTable& table,
                                  const ReportLimits& limits);
Result<Bins> make_bins(const ReportSection& section, const ReportTable& table,
                       const ReportLimits& limits);

struct Tick {
    double place;
    std::string text;
};
/// Round numbers (1, 2, 5 × 10^n) from `min` to `max`, about `wanted` of them.
std::vector<Tick> number_ticks(double min, double max, int wanted);
/// Round times between two seconds since 1970, UTC.
std::vector<Tick> time_ticks(double min, double max, int wanted);

}  // namespace sluice::work
