// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/report_svg.h"

#include "kernel/wire/markup_text.h"
#include "modules/sim/core/dist.h"
#include "modules/sim/core/report_words.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace sluice::sim {

namespace {

constexpr double width = 1000;
constexpr double left = 78;
constexpr double right = 14;

std::string number(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f", value);
    return text.data();
}

/// The plotting area of one chart and its scales.
struct Plot {
    double top = 12;
    double height = 220;
    double x_low = 0;
    double x_high = 1;
    double y_high = 1;
    double y_low = 0;
    bool logarithmic = false;

    [[nodiscard]] double x(double value) const {
        return left + (value - x_low) / (x_high - x_low) * (width - left - right);
    }
    [[nodiscard]] double y(double value) const {
        double share = (value - y_low) / (y_high - y_low);
        if (logarithmic)
            share = std::log(std::max(value, y_low) / y_low) / std::log(y_high / y_low);
        return top + height * (1 - std::clamp(share, 0.0, 1.0));
    }
    [[nodiscard]] double bottom() const { return top + height; }
};

std::string line(double x1, double y1, double x2, double y2, std::string_view kind) {
    return "<line class=\"" + std::string(kind) + "\" x1=\"" + number(x1) + "\" y1=\"" +
           number(y1) + "\" x2=\"" + number(x2) + "\" y2=\"" + number(y2) + "\"/>";
}

std::string label(double x, double y, std::string_view anchor, const std::string& text) {
    return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" +
           std::string(anchor) + "\">" + markup_escape(text) + "</text>";
}

std::string rectangle(double x, double y, double w, double h, const std::string& attributes,
                      const std::string& title) {
    return "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(w) +
           "\" height=\"" + number(h) + "\" " + attributes +
           (title.empty() ? "/>" : "><title>" + markup_escape(title) + "</title></rect>");
}

/// Scrolled sideways where the page is too narrow for its letters (class "wide").
std::string open_svg(double height, const std::string& title) {
    return "<div class=\"wide\"><svg viewBox=\"0 0 " + number(width) + " " + number(height) +
           "\" role=\"img\" aria-label=\"" + markup_escape(title) + "\">";
}

std::string y_axis(const Plot& plot, const std::vector<double>& ticks, AxisUnit unit) {
    std::string out;
    for (const double tick : ticks) {
        out += line(left, plot.y(tick), width - right, plot.y(tick), "grid");
        out += label(left - 8, plot.y(tick) + 4, "end", axis_label(tick, unit));
    }
    return out;
}

std::string time_axis(const Plot& plot, Duration duration, Duration starts_at) {
    std::string out = line(left, plot.bottom(), width - right, plot.bottom(), "axis");
    for (const TimeTick& tick : time_ticks(duration, starts_at, 9)) {
        const double x = plot.x(to_seconds(tick.at));
        out += line(x, plot.bottom(), x, plot.bottom() + 5, "axis");
        const char* anchor = x > width - 40 ? "end" : "middle";
        out += label(x, plot.bottom() + 19, anchor, tick.label);
    }
    return out;
}

/// The middle of a bin.
double middle(std::size_t bin, Duration length) {
    return (static_cast<double>(bin) + 0.5) * to_seconds(length);
}

std::string path_of(const Plot& plot, const std::vector<double>& values, Duration bin) {
    std::string path;
    bool drawing = false;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::isnan(values[i])) {
            drawing = false;
            continue;
        }
        path += (drawing ? "L" : "M") + number(plot.x(middle(i, bin))) + " " +
                number(plot.y(values[i]));
        drawing = true;
    }
    return path;
}

std::string band_of(const Plot& plot, const SeriesReport& series, Duration bin) {
    std::string there;
    std::string back;
    for (std::size_t i = 0; i < series.low.size(); ++i) {
        if (std::isnan(series.low[i])) continue;
        const std::string x = number(plot.x(middle(i, bin)));
        there += (there.empty() ? "M" : "L") + x + " " + number(plot.y(series.high[i]));
        back = "L" + x + " " + number(plot.y(series.low[i])) + back;
    }
    return there.empty() ? "" : there + back + "Z";
}

std::string colour(std::size_t place) { return "c" + std::to_string(place % svg_colours); }

std::string marks_of(const SvgTimeChart& chart, const Plot& plot) {
    std::string out;
    for (const MarkReport& mark : chart.marks) {
        const double x = plot.x(to_seconds(mark.at));
        out += "<g class=\"mark\">" + line(x, plot.top, x, plot.bottom(), "event") + "<title>" +
               markup_escape(say_moment(to_seconds(mark.at), chart.starts_at) + " " + mark.text) +
               "</title></g>";
    }
    return out;
}

double highest(const SvgTimeChart& chart) {
    double high = 0;
    for (const SeriesReport& series : chart.series) {
        const auto& values = chart.bands ? series.high : series.mean;
        for (const double value : values) {
            if (!std::isnan(value)) high = std::max(high, value);
        }
    }
    return high;
}

/// The end of a name, which tells workers apart.
std::string short_name(const std::string& name) {
    constexpr std::size_t columns = 10;
    std::size_t from = 0;
    while (text_width(std::string_view(name).substr(from)) > columns) {
        do ++from;
        while ((static_cast<unsigned char>(name[from]) & 0xc0U) == 0x80U);
    }
    return from == 0 ? name : "…" + name.substr(from);
}

std::string life_row(const LifeReport& life, const Plot& plot, double y, Duration starts_at) {
    std::string out = label(left - 6, y + 10, "end", short_name(life.name));
    for (const WorkerSpan& span : life.spans) {
        if (span.phase == WorkerPhase::absent) continue;
        const double x = plot.x(to_seconds(span.from));
        const double w = std::max(0.6, plot.x(to_seconds(span.to)) - x);
        std::array<char, 64> style{};
        const bool present = span.phase != WorkerPhase::starting;
        std::snprintf(style.data(), style.size(), "class=\"%s\" fill-opacity=\"%.2f\"",
                      std::string(to_string(span.phase)).c_str(),
                      present ? 0.15 + 0.85 * span.busy : 0.8);
        std::string title = life.name + ", " + say_moment(to_seconds(span.from), starts_at) +
                            " – " + say_moment(to_seconds(span.to), starts_at) + ": " +
                            std::string(to_string(span.phase));
        if (present) title += ", " + say_share(span.busy) + " busy";
        out += rectangle(x, y, w, 13, style.data(), title);
    }
    return out;
}

}  // namespace

std::string svg_time_chart(const SvgTimeChart& chart) {
    Plot plot;
    plot.x_high = std::max(1e-9, to_seconds(chart.duration));
    std::vector<double> ticks;
    if (chart.unit == AxisUnit::share) {
        ticks = {0, 0.25, 0.5, 0.75, 1};
    } else {
        ticks = value_ticks(highest(chart), chart.unit, 5);
    }
    plot.y_high = ticks.back();
    std::string out = open_svg(plot.bottom() + 28, chart.title);
    if (chart.warmup > Duration{0}) {
        const double end = plot.x(to_seconds(chart.warmup));
        out += rectangle(left, plot.top, end - left, plot.height, "class=\"warmup\"",
                         "warm-up, left out of the figures");
    }
    out += y_axis(plot, ticks, chart.unit) + time_axis(plot, chart.duration, chart.starts_at);
    for (std::size_t i = 0; chart.bands && i < chart.series.size(); ++i) {
        out += "<path class=\"band " + colour(i) + "\" d=\"" +
               band_of(plot, chart.series[i], chart.bin) + "\"/>";
    }
    for (std::size_t i = 0; i < chart.series.size(); ++i) {
        out += "<path class=\"line " + colour(i) + "\" d=\"" +
               path_of(plot, chart.series[i].mean, chart.bin) + "\"><title>" +
               markup_escape(chart.series[i].name) + "</title></path>";
    }
    return out + marks_of(chart, plot) + "</svg></div>";
}

std::string svg_lives(const Report& report, std::size_t rows_max) {
    const std::size_t rows = std::min(rows_max, report.lives.size());
    Plot plot;
    plot.x_high = std::max(1e-9, to_seconds(report.duration));
    plot.height = static_cast<double>(rows) * 18 + 4;
    std::string out = open_svg(plot.bottom() + 28, "What each worker did");
    for (std::size_t i = 0; i < rows; ++i) {
        out += life_row(report.lives[i], plot, plot.top + 3 + static_cast<double>(i) * 18,
                        report.starts_at);
    }
    SvgTimeChart marks;
    marks.marks = report.marks;
    marks.starts_at = report.starts_at;
    return out + time_axis(plot, report.duration, report.starts_at) + marks_of(marks, plot) +
           "</svg></div>";
}

std::string svg_points(const Answer& answer) {
    if (answer.points.size() < 2) return {};
    Plot plot;
    double high = answer.target.value_or(0);
    double low = answer.target.value_or(1e300);
    for (const AnswerPoint& point : answer.points) {
        if (std::isnan(point.y.mean)) continue;
        high = std::max(high, point.y.high);
        low = std::min(low, point.y.mean);
    }
    const double first = answer.points.front().x;
    const double last = answer.points.back().x;
    const double margin = (last - first) * 0.06;
    plot.x_low = first - margin;
    plot.x_high = last + margin;
    std::vector<double> ticks = value_ticks(high, AxisUnit::seconds, 5);
    plot.logarithmic = low > 1e-4 && high / low > 30;
    if (plot.logarithmic) {
        static constexpr std::array<double, 12> decades = {1e-4, 1e-3, 0.01, 0.1,   1,     10,
                                                           60,   600,  3600, 36000, 86400, 864000};
        ticks.clear();
        for (std::size_t i = 0; i < decades.size(); ++i) {
            const bool below = i + 1 < decades.size() && decades[i + 1] <= low;
            if (!below && (ticks.empty() || ticks.back() < high)) ticks.push_back(decades[i]);
        }
        plot.y_low = ticks.front();
    }
    plot.y_high = ticks.back();
    std::string out = open_svg(plot.bottom() + 44, answer.question);
    out += y_axis(plot, ticks, AxisUnit::seconds);
    out += line(left, plot.bottom(), width - right, plot.bottom(), "axis");
    if (answer.target) {
        out += line(left, plot.y(*answer.target), width - right, plot.y(*answer.target), "target");
        out += label(width - right, plot.y(*answer.target) - 6, "end",
                     "< " + say_time(*answer.target));
    }
    std::string path;
    double labelled_to = 0;
    for (const AnswerPoint& point : answer.points) {
        if (std::isnan(point.y.mean)) continue;
        const double x = plot.x(point.x);
        path += (path.empty() ? "M" : "L") + number(x) + " " + number(plot.y(point.y.mean));
        out += line(x, plot.y(point.y.low), x, plot.y(point.y.high), "whisker");
        out += "<circle class=\"dot\" cx=\"" + number(x) + "\" cy=\"" +
               number(plot.y(point.y.mean)) + "\" r=\"4.5\"><title>" +
               markup_escape(say_number(point.x) + ": " + say_time(point.y.mean) + " (" +
                             say_interval(point.y) + ")") +
               "</title></circle>";
        if (x < labelled_to) continue;
        out += label(x, plot.bottom() + 19, "middle", say_number(point.x));
        labelled_to = x + 44;
    }
    out += "<path class=\"line c0\" d=\"" + path + "\"/>";
    out += label((left + width) / 2, plot.bottom() + 38, "middle", answer.x_name);
    return out + "</svg></div>";
}

}  // namespace sluice::sim
