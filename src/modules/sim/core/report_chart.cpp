// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/report_chart.h"

#include "modules/sim/core/dist.h"
#include "modules/sim/core/report_words.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

namespace sluice::sim {

namespace {

std::string padded(const std::string& text, std::size_t width, bool left) {
    const std::size_t own = text_width(text);
    const std::string blanks(width > own ? width - own : 0, ' ');
    return left ? text + blanks : blanks + text;
}

/// Cut to `width` code points.
std::string cut(const std::string& text, std::size_t width, bool unicode) {
    if (text_width(text) <= width) return text;
    const std::size_t keep = width > 1 ? width - 1 : width;
    std::size_t bytes = 0;
    for (std::size_t count = 0; bytes < text.size(); ++bytes) {
        if ((static_cast<unsigned char>(text[bytes]) & 0xc0U) != 0x80U && count++ == keep) break;
    }
    return text.substr(0, bytes) + (width > 1 ? (unicode ? "…" : ".") : "");
}

/// As say_moment(), but an axis that goes on to "2 h" has "1 h" and "1 h 30 min" before it.
std::string say_tick(Duration at, Duration starts_at) {
    if (starts_at != Duration{0} || at < 1h || at >= 2h || at % 1min != Duration{0})
        return say_moment(to_seconds(at), starts_at);
    const auto minutes = (at - 1h) / 1min;
    return minutes == 0 ? "1 h" : "1 h " + std::to_string(minutes) + " min";
}

double step_of(double high, AxisUnit unit, std::size_t count) {
    static constexpr std::array<double, 26> times = {
        1e-6, 1e-5, 1e-4, 1e-3, 5e-3, 0.01, 0.05, 0.1,  0.2,  0.5,  1,     2,     5,
        10,   20,   30,   60,   120,  300,  600,  1800, 3600, 7200, 21600, 43200, 86400};
    const double least = high / static_cast<double>(std::max<std::size_t>(count, 1));
    if (unit == AxisUnit::share) return least <= 0.25 ? 0.25 : 0.5;
    if (unit == AxisUnit::seconds) {
        for (const double step : times) {
            if (step >= least) return step;
        }
    }
    const double power = std::pow(10, std::floor(std::log10(std::max(least, 1e-9))));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= least * (1 - 1e-9)) return factor * power;
    }
    return 10 * power;
}

/// As many values as there are columns: the mean of what falls into each.
std::vector<double> in_columns(const std::vector<double>& values, std::size_t columns) {
    std::vector<double> out;
    for (std::size_t c = 0; c < columns; ++c) {
        const std::size_t from = c * values.size() / columns;
        const std::size_t to = std::max(from + 1, (c + 1) * values.size() / columns);
        double sum = 0;
        double count = 0;
        for (std::size_t i = from; i < to && i < values.size(); ++i) {
            if (std::isnan(values[i])) continue;
            sum += values[i];
            ++count;
        }
        out.push_back(count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN());
    }
    return out;
}

/// One character of a bar: how much of this row it fills, in eighths.
std::string_view cell(double eighths, bool unicode) {
    static constexpr std::array<std::string_view, 9> blocks = {" ", "▁", "▂", "▃", "▄",
                                                               "▅", "▆", "▇", "█"};
    const double held = std::clamp(eighths, 0.0, 8.0);
    if (unicode) return blocks[static_cast<std::size_t>(std::lround(held))];
    if (held < 1) return " ";
    return held < 5 ? "." : "#";
}

std::string x_axis(const CharChart& chart, std::size_t columns, std::size_t indent) {
    const Duration length = chart.bin * static_cast<std::int64_t>(chart.values.size());
    std::string line(columns, ' ');
    std::size_t free_from = 0;
    std::string ticks;
    for (std::size_t i = 0; i < columns; ++i) ticks += chart.unicode ? "─" : "-";
    for (const TimeTick& tick : time_ticks(length, chart.starts_at, columns / 12 + 1)) {
        const auto at = static_cast<std::size_t>(static_cast<double>(columns) *
                                                 to_seconds(tick.at) / to_seconds(length));
        const std::string label = to_ascii(tick.label);
        if (at < free_from || at + label.size() > columns) continue;
        line.replace(at, label.size(), label);
        free_from = at + label.size() + 2;
    }
    return std::string(indent, ' ') + (chart.unicode ? "└" : "+") + ticks + "\n" +
           std::string(indent + 1, ' ') + line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

}  // namespace

std::size_t text_width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    }));
}

std::string CharTable::render(std::size_t width, bool unicode) const {
    std::vector<std::size_t> widths(rows_.front().size(), 0);
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i)
            widths[i] = std::max(widths[i], text_width(row[i]));
    }
    std::size_t total = 0;
    for (const std::size_t one : widths) total += one + 2;
    if (total > width + 2) {
        const std::size_t over = total - width - 2;
        widths[0] = widths[0] > over + 8 ? widths[0] - over : std::min<std::size_t>(widths[0], 8);
    }
    std::string out;
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
            if (i > 0) line += "  ";
            line += padded(cut(row[i], widths[i], unicode), widths[i], i == 0);
        }
        out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return out;
}

std::string axis_label(double value, AxisUnit unit) {
    switch (unit) {
        case AxisUnit::number: return say_number(value);
        case AxisUnit::seconds: {
            if (value == 0) return "0";
            std::string text = say_time(value);
            if (const std::size_t at = text.find(".0 "); at != std::string::npos) text.erase(at, 2);
            return text;
        }
        case AxisUnit::share: return say_share(value);
    }
    return {};
}

std::vector<double> value_ticks(double high, AxisUnit unit, std::size_t count) {
    if (!(high > 0) || !std::isfinite(high)) high = unit == AxisUnit::share ? 1 : 1e-3;
    if (unit == AxisUnit::number) high = std::max(high, 1.0);
    const double step = step_of(high, unit, count);
    std::vector<double> ticks;
    for (int i = 0; ticks.empty() || ticks.back() < high * (1 - 1e-9); ++i)
        ticks.push_back(i * step);
    return ticks;
}

std::vector<TimeTick> time_ticks(Duration duration, Duration starts_at, std::size_t count) {
    static constexpr std::array<Duration, 22> steps = {
        1ms,   10ms, 100ms, 1s, 5s, 10s, 30s, 1min, 5min,    10min,    15min,
        30min, 1h,   2h,    3h, 6h, 12h, 24h, 48h,  7 * 24h, 28 * 24h, 84 * 24h};
    const auto wanted = static_cast<std::int64_t>(std::max<std::size_t>(count, 1));
    Duration step = steps.back();
    for (const Duration one : steps) {
        if (duration / wanted <= one) {
            step = one;
            break;
        }
    }
    std::vector<TimeTick> ticks;
    // Round times of day, not of the run.
    const Duration first = (step - starts_at % step) % step;
    for (Duration at = first; at <= duration; at += step) {
        const bool start = at == Duration{0} && starts_at == Duration{0};
        ticks.push_back({at, start ? "0" : say_tick(at, starts_at)});
    }
    return ticks;
}

std::string char_chart(const CharChart& chart) {
    double high = 0;
    for (const double value : chart.values) {
        if (!std::isnan(value)) high = std::max(high, value);
    }
    const double top = chart.unit == AxisUnit::share
                           ? 1.0
                           : value_ticks(high, chart.unit, chart.height / 2).back();
    std::array<std::string, 3> labels = {axis_label(top, chart.unit),
                                         axis_label(top / 2, chart.unit), "0"};
    std::size_t indent = 0;
    for (std::string& label : labels) {
        if (!chart.unicode) label = to_ascii(label);
        indent = std::max(indent, text_width(label) + 1);
    }
    const std::size_t columns = std::max<std::size_t>(chart.width, indent + 12) - indent - 1;
    const std::vector<double> bars = in_columns(chart.values, columns);
    std::string out;
    for (std::size_t row = chart.height; row-- > 0;) {
        std::string label;
        if (row + 1 == chart.height) label = labels[0];
        if (row == chart.height / 2 && chart.height > 3) label = labels[1];
        if (row == 0) label = labels[2];
        std::string line = padded(label, indent - 1, false) + " " + (chart.unicode ? "│" : "|");
        for (const double bar : bars) {
            const double filled =
                std::isnan(bar) ? 0 : bar / top * static_cast<double>(chart.height);
            line += cell((filled - static_cast<double>(row)) * 8, chart.unicode);
        }
        out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return out + x_axis(chart, columns, indent);
}

std::string to_ascii(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> signs = {
        {{"…", ".."}, {"–", "-"}, {"−", "-"}, {"µ", "u"}, {"·", "*"}, {"≤", "<="}, {"±", "+-"}}};
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        bool replaced = false;
        for (const auto& [sign, plain] : signs) {
            if (!text.substr(i).starts_with(sign)) continue;
            out += plain;
            i += sign.size();
            replaced = true;
            break;
        }
        if (replaced) continue;
        if (static_cast<unsigned char>(text[i]) < 0x80) {
            out += text[i];
        } else if ((static_cast<unsigned char>(text[i]) & 0xc0U) == 0xc0U) {
            out += '?';
        }
        ++i;
    }
    return out;
}

}  // namespace sluice::sim
