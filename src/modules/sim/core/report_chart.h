// SPDX-License-Identifier: Apache-2.0
// Tables and charts of characters, as wide as the terminal, in Unicode or in plain ASCII; and the
// ticks of axes, which the SVG charts use as well.
#pragma once

#include "kernel/base/time.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::sim {

/// How many columns a text takes (code points; no wide ones are expected).
std::size_t text_width(std::string_view text);

/// A table whose first column is left-aligned and the others right-aligned.
class CharTable {
public:
    explicit CharTable(std::vector<std::string> header) { rows_.push_back(std::move(header)); }
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    /// The first column is cut where the table is wider than `width`.
    [[nodiscard]] std::string render(std::size_t width, bool unicode) const;

private:
    std::vector<std::vector<std::string>> rows_;
};

/// What the numbers of an axis are.
enum class AxisUnit : std::uint8_t { number, seconds, share };
std::string axis_label(double value, AxisUnit unit);
/// Round values from 0 (or below the least) to at least `high`, at most `count` of them.
std::vector<double> value_ticks(double high, AxisUnit unit, std::size_t count);
/// Moments of a run at round times, at most `count`; labels are times of day where the run has one.
struct TimeTick {
    Duration at{0};
    std::string label;
};
std::vector<TimeTick> time_ticks(Duration duration, Duration starts_at, std::size_t count);

struct CharChart {
    std::vector<double> values;  ///< Equally long bins; NaN: none.
    AxisUnit unit = AxisUnit::number;
    Duration bin{1};
    Duration starts_at{0};
    std::size_t width = 80;
    std::size_t height = 6;
    bool unicode = true;
};
/// A chart of bars over time with its axes.
std::string char_chart(const CharChart& chart);

/// Replaces what is not ASCII among the signs that reports use ("…", "–", "−", "µ").
std::string to_ascii(std::string_view text);

}  // namespace sluice::sim
