// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/report/chart_data.h"

#include "modules/work/core/csv/csv_value.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

namespace sluice::work {

namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

/// The numbers of one x in one column, put together.
struct Gathered {
    double sum = 0;
    double min = 0, max = 0;
    std::size_t count = 0;

    void add(double number) {
        sum += number;
        min = count == 0 ? number : std::min(min, number);
        max = count == 0 ? number : std::max(max, number);
        ++count;
    }
    [[nodiscard]] double value(ChartAggregate aggregate) const {
        if (aggregate == ChartAggregate::count) return static_cast<double>(count);
        if (count == 0) return nothing;
        switch (aggregate) {
            case ChartAggregate::mean: return sum / static_cast<double>(count);
            case ChartAggregate::min: return min;
            case ChartAggregate::max: return max;
            default: return sum;
        }
    }
};

/// Rows by their x, in the order in which those appear.
struct Groups {
    std::vector<std::string> names;
    std::vector<std::vector<Gathered>> cells;  ///< By x, then by column.
    std::size_t unreadable = 0;
};

Groups gather(const ReportSection& section, const ReportTable& table, std::size_t x,
              const std::vector<std::size_t>& y) {
    Groups out;
    std::unordered_map<std::string, std::size_t> index;
    const bool each = section.aggregate == ChartAggregate::none;
    for (const auto& row : table.rows) {
        std::size_t place = out.names.size();
        if (!each) place = index.emplace(row[x], place).first->second;
        if (place == out.names.size()) {
            out.names.push_back(row[x]);
            out.cells.emplace_back(std::max<std::size_t>(1, y.size()));
        }
        if (y.empty()) out.cells[place][0].add(1);
        for (std::size_t i = 0; i < y.size(); ++i) {
            const std::string& text = row[y[i]];
            const auto number = as_number(text);
            if (number) {
                out.cells[place][i].add(*number);
            } else if (section.aggregate == ChartAggregate::count && !text.empty()) {
                out.cells[place][i].add(0);
            } else if (!text.empty()) {
                ++out.unreadable;
            }
        }
    }
    return out;
}

void order_and_limit(ChartData& data, const ReportSection& section, std::size_t most) {
    std::vector<std::size_t> order(data.names.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto value = [&data](std::size_t i) {
        const double number = data.series[0].values[i];
        return std::isnan(number) ? -INFINITY : number;
    };
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        if (section.order == ChartOrder::value && value(a) != value(b)) return value(a) > value(b);
        if (section.order == ChartOrder::name && data.names[a] != data.names[b]) {
            return data.names[a] < data.names[b];
        }
        return a < b;
    });
    if (order.size() > most) {
        data.left_out = order.size() - most;
        order.resize(most);
    }
    ChartData out;
    out.left_out = data.left_out;
    for (const auto& series : data.series) out.series.push_back({series.name, {}});
    for (const std::size_t i : order) {
        out.names.push_back(data.names[i]);
        for (std::size_t s = 0; s < data.series.size(); ++s) {
            out.series[s].values.push_back(data.series[s].values[i]);
        }
    }
    data = std::move(out);
}

/// A line runs from left to right, whatever the order of the rows.
void place_along_axis(ChartData& data, const ReportTable& table, std::size_t x) {
    data.axis = table.is_numeric(x)    ? AxisKind::number
                : table.is_temporal(x) ? AxisKind::time
                                       : AxisKind::name;
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t i = 0; i < data.names.size(); ++i) {
        double place = static_cast<double>(i);
        if (data.axis == AxisKind::number) {
            place = as_number(data.names[i]).value_or(nothing);
        } else if (data.axis == AxisKind::time) {
            const auto time = as_time(data.names[i]);
            place = time ? static_cast<double>(to_ns(*time)) / 1e9 : nothing;
        }
        if (!std::isnan(place)) order.emplace_back(place, i);
    }
    std::sort(order.begin(), order.end());
    ChartData out;
    out.axis = data.axis;
    out.left_out = data.left_out + data.names.size() - order.size();
    for (const auto& series : data.series) out.series.push_back({series.name, {}});
    for (const auto& [place, i] : order) {
        out.places.push_back(place);
        out.names.push_back(data.names[i]);
        for (std::size_t s = 0; s < data.series.size(); ++s) {
            out.series[s].values.push_back(data.series[s].values[i]);
        }
    }
    data = std::move(out);
}

}  // namespace

Result<ChartData> make_chart_data(const ReportSection& section, const ReportTable& table,
                                  const ReportLimits& limits) {
    SLUICE_TRY(const std::size_t x, table.find(section.x));
    std::vector<std::size_t> y;
    for (const auto& name : section.y) {
        SLUICE_TRY(const std::size_t column, table.find(name));
        y.push_back(column);
    }
    const Groups groups = gather(section, table, x, y);
    ChartData data;
    data.names = groups.names;
    data.left_out = groups.unreadable;
    for (std::size_t s = 0; s < std::max<std::size_t>(1, y.size()); ++s) {
        data.series.push_back({y.empty() ? "count" : section.y[s], {}});
        for (const auto& cells : groups.cells) {
            data.series.back().values.push_back(cells[s].value(section.aggregate));
        }
    }
    if (section.kind == SectionKind::bar) {
        const std::size_t most = section.limit == 0 ? limits.bars_max : section.limit;
        order_and_limit(data, section, most);
        return data;
    }
    place_along_axis(data, table, x);
    if (data.places.size() > limits.points_max) {
        return fail(Code::exhausted, "a line of more than " + std::to_string(limits.points_max) +
                                         " points; aggregate them first");
    }
    return data;
}

Result<Bins> make_bins(const ReportSection& section, const ReportTable& table,
                       const ReportLimits& limits) {
    SLUICE_TRY(const std::size_t column, table.find(section.x));
    std::vector<double> numbers;
    Bins out;
    for (const auto& row : table.rows) {
        if (const auto number = as_number(row[column])) {
            numbers.push_back(*number);
        } else if (!row[column].empty()) {
            ++out.left_out;
        }
    }
    if (numbers.empty())
        return fail(Code::invalid, "the column \"" + section.x + "\" has no numbers");
    std::sort(numbers.begin(), numbers.end());
    const auto count = static_cast<double>(numbers.size());
    const double range = numbers.back() - numbers.front();
    // Freedman and Diaconis' width, brought to a round number so that the edges can be read.
    const double quarters = numbers[numbers.size() * 3 / 4] - numbers[numbers.size() / 4];
    double width = 2 * quarters / std::cbrt(count);
    if (section.limit != 0) width = range / static_cast<double>(section.limit);
    const double least = range / static_cast<double>(limits.bins_max - 2);
    if (!(width > least)) width = least;
    if (!(width > 0) || !std::isfinite(width)) width = 1;
    const double power = std::pow(10, std::floor(std::log10(width)));
    for (const double step : {1.0, 2.0, 5.0, 10.0}) {
        out.width = step * power;
        if (out.width >= width * 0.999) break;
    }
    out.begin = std::floor(numbers.front() / out.width) * out.width;
    for (const double number : numbers) {
        const double place = std::max(0.0, std::floor((number - out.begin) / out.width));
        const auto bin = static_cast<std::size_t>(std::min(place, 200.0));
        if (out.counts.size() <= bin) out.counts.resize(bin + 1);
        ++out.counts[bin];
    }
    return out;
}

std::vector<Tick> number_ticks(double min, double max, int wanted) {
    std::vector<Tick> out;
    if (!(max > min)) max = min + 1;
    const double rough = (max - min) / wanted;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    double step = 10 * power;
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= rough) {
            step = factor * power;
            break;
        }
    }
    const int digits = std::max(0, static_cast<int>(-std::floor(std::log10(step))));
    for (double place = std::ceil(min / step - 1e-9) * step; place <= max + step * 1e-9;
         place += step) {
        const double size = std::fabs(place);
        std::string text = people_number(place, std::min(digits, 9));
        if (step >= 1e6 && size >= 1e6) {
            text = size >= 1e9 ? people_number(place / 1e9, 2) + " G"
                               : people_number(place / 1e6, 2) + " M";
        } else if (step >= 1e4 && size >= 1e4) {
            text = people_number(place / 1e3, 1) + " k";
        }
        out.push_back({place, std::move(text)});
        if (out.size() > 50) break;
    }
    return out;
}

std::vector<Tick> time_ticks(double min, double max, int wanted) {
    static constexpr std::array<double, 18> steps = {
        1,     5,     15,    30,    60,     300,    900,     1800,    3600,
        10800, 21600, 43200, 86400, 172800, 604800, 2592000, 7776000, 31536000};
    static constexpr std::array<const char*, 12> months = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    double step = steps.back();
    while ((max - min) / step > wanted * 2) step *= 2;
    for (const double one : steps) {
        if ((max - min) / one > wanted) continue;
        step = one;
        break;
    }
    std::vector<Tick> out;
    for (double place = std::ceil(min / step) * step; place <= max; place += step) {
        const auto seconds =
            std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(place)));
        const auto day = std::chrono::floor<std::chrono::days>(seconds);
        const std::chrono::year_month_day date(day);
        const auto time = (seconds - day).count();
        const char* month = months[static_cast<unsigned>(date.month()) - 1];
        std::string text;
        if (step < 60) {
            text = fmt::format("{:02}:{:02}:{:02}", time / 3600, time / 60 % 60, time % 60);
        } else if (step < 86400 && time != 0) {
            text = fmt::format("{:02}:{:02}", time / 3600, time / 60 % 60);
        } else if (step < 2592000) {
            text = fmt::format("{} {}", month, static_cast<unsigned>(date.day()));
        } else {
            text = fmt::format("{} {}", month, static_cast<int>(date.year()));
        }
        out.push_back({place, std::move(text)});
        if (out.size() > 50) break;
    }
    return out;
}

}  // namespace sluice::work
