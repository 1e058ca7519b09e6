// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/report/chart_svg.h"

#include "kernel/base/text.h"
#include "kernel/wire/markup_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace sluice::work {

namespace {

constexpr double width = 720;
constexpr std::array<std::string_view, 6> colours = {"#0072b2", "#d55e00", "#009e73",
                                                     "#cc79a7", "#e69f00", "#56b4e9"};
constexpr std::string_view ink = "#3b4148";
constexpr std::string_view grid = "#dde1e6";

std::string_view colour(std::size_t index) { return colours[index % colours.size()]; }

std::string shortened(std::string_view text, std::size_t characters) {
    std::size_t at = 0;
    std::size_t count = 0;
    while (at < text.size() && count < characters) {
        ++at;
        while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
        ++count;
    }
    if (at == text.size()) return std::string(text);
    return std::string(text.substr(0, at)) + "…";
}

/// A picture being written: parts of SVG one after the other.
class Drawing {
public:
    Drawing(double height, const ChartLabel& label, std::string_view description) {
        const std::string id = markup_escape(label.id);
        out_ = fmt::format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0f} {:.0f}\" "
            "width=\"{:.0f}\" height=\"{:.0f}\" role=\"img\" aria-labelledby=\"{}-t {}-d\" "
            "font-family=\"DejaVu Sans, Verdana, sans-serif\" font-size=\"12\">"
            "<title id=\"{}-t\">{}</title><desc id=\"{}-d\">{}</desc>",
            width, height, width, height, id, id, id, markup_escape(label.label), id,
            markup_escape(description));
    }
    void line(double x1, double y1, double x2, double y2, std::string_view stroke) {
        out_ += fmt::format(
            "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" "
            "stroke=\"{}\"/>",
            stroke == grid ? "g" : "a", x1, y1, x2, y2, stroke);
    }
    void text(double x, double y, std::string_view anchor, std::string_view text,
              std::string_view extra = "") {
        out_ += fmt::format(
            "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" fill=\"{}\"{}>{}</text>", x, y,
            anchor, ink, extra, markup_escape(text));
    }
    void box(double x, double y, double w, double h, std::string_view fill, std::string_view tip) {
        out_ += fmt::format(
            "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
            "fill=\"{}\"><title>{}</title></rect>",
            x, y, std::max(w, 0.0), h, fill, markup_escape(tip));
    }
    void raw(std::string_view svg) { out_ += svg; }
    void legend(const std::vector<ChartSeries>& series, double x, double y) {
        for (std::size_t i = 0; i < series.size(); ++i) {
            const std::string name = shortened(series[i].name, 24);
            box(x, y - 9, 10, 10, colour(i), name);
            text(x + 15, y, "start", name);
            x += 35 + 7.2 * static_cast<double>(std::min<std::size_t>(name.size(), 25));
        }
    }
    std::string finish() { return std::move(out_) + "</svg>"; }

private:
    std::string out_;
};

struct Range {
    double min = 0;
    double max = 0;
};

/// From all numbers; with zero in it where bars begin there.
Range range_of(const ChartData& data, bool with_zero) {
    Range out{INFINITY, -INFINITY};
    for (const auto& series : data.series) {
        for (const double value : series.values) {
            if (!std::isfinite(value)) continue;
            out.min = std::min(out.min, value);
            out.max = std::max(out.max, value);
        }
    }
    if (out.min > out.max) return {0, 1};
    if (with_zero || (out.min >= 0 && out.min < out.max * 0.6)) out.min = std::min(out.min, 0.0);
    if (with_zero) out.max = std::max(out.max, 0.0);
    if (out.max <= out.min) out.max = out.min + 1;
    return out;
}

std::string with_unit(std::string text, const std::string& unit) {
    return unit.empty() ? text : text + " " + unit;
}

/// Points of a line that have numbers, broken where they have none.
std::string line_path(const std::vector<double>& values, const std::vector<double>& xs,
                      const std::vector<double>& ys) {
    std::string path;
    bool pen = false;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!std::isfinite(values[i])) {
            pen = false;
            continue;
        }
        path += fmt::format("{}{:.1f} {:.1f}", pen ? "L" : "M", xs[i], ys[i]);
        // A point alone is drawn as a dot by the round end of its line.
        if (!pen && (i + 1 == values.size() || !std::isfinite(values[i + 1]))) path += "h0";
        pen = true;
    }
    return path;
}

std::vector<Tick> name_ticks(const ChartData& data) {
    std::vector<Tick> out;
    const std::size_t step = std::max<std::size_t>(1, (data.names.size() + 7) / 8);
    for (std::size_t i = 0; i < data.names.size(); i += step) {
        out.push_back({data.places[i], shortened(data.names[i], 12)});
    }
    return out;
}

}  // namespace

std::string bar_chart(const ChartData& data, const ChartLabel& label) {
    const std::size_t lines = data.series.size();
    const double thick = lines > 1 ? 11 : 18;
    const double pitch = thick * static_cast<double>(lines) + 8;
    const double top = lines > 1 ? 30 : 8;
    const double height = top + pitch * static_cast<double>(data.names.size()) + 34;
    std::size_t longest = 4;
    for (const auto& name : data.names) longest = std::max(longest, name.size());
    const double left = 16 + 6.9 * static_cast<double>(std::min<std::size_t>(longest, 28));
    const double right = width - 74;
    const Range range = range_of(data, true);
    const auto x_of = [&](double value) {
        return left + (right - left) * (value - range.min) / (range.max - range.min);
    };
    Drawing out(height, label, fmt::format("Bar chart with {} bars.", data.names.size() * lines));
    const double bottom = height - 30;
    for (const Tick& tick : number_ticks(range.min, range.max, 6)) {
        out.line(x_of(tick.place), top - 4, x_of(tick.place), bottom, grid);
        out.text(x_of(tick.place), bottom + 16, "middle", tick.text);
    }
    for (std::size_t i = 0; i < data.names.size(); ++i) {
        const double y = top + pitch * static_cast<double>(i);
        out.text(left - 8, y + (pitch - 8) / 2 + 4, "end", shortened(data.names[i], 26));
        for (std::size_t s = 0; s < lines; ++s) {
            const double value = data.series[s].values[i];
            if (!std::isfinite(value)) continue;
            const double from = std::min(x_of(0), x_of(value));
            const double to = std::max(x_of(0), x_of(value));
            const std::string number = with_unit(people_number(value), label.unit);
            const double at = y + thick * static_cast<double>(s);
            out.box(from, at, to - from, thick - 1, colour(s), data.names[i] + ": " + number);
            out.text(to + 5, at + thick / 2 + 3.5, "start", people_number(value),
                     " font-size=\"11\"");
        }
    }
    out.line(x_of(0), top - 4, x_of(0), bottom, ink);
    if (lines > 1) out.legend(data.series, left, 14);
    if (!label.unit.empty()) out.text(right, bottom + 30, "end", label.unit, " font-size=\"11\"");
    return out.finish();
}

std::string line_chart(const ChartData& data, const ChartLabel& label) {
    constexpr double height = 320;
    constexpr double left = 70;
    constexpr double right = width - 16;
    constexpr double top = 34;
    constexpr double bottom = height - 34;
    const Range range = range_of(data, false);
    Range along{0, 1};
    if (!data.places.empty()) along = {data.places.front(), data.places.back()};
    if (along.max <= along.min) along.max = along.min + 1;
    const auto x_of = [&](double place) {
        return left + (right - left) * (place - along.min) / (along.max - along.min);
    };
    const auto y_of = [&](double value) {
        return bottom - (bottom - top) * (value - range.min) / (range.max - range.min);
    };
    Drawing out(height, label,
                fmt::format("Line chart with {} points in {} lines.", data.names.size(),
                            data.series.size()));
    for (const Tick& tick : number_ticks(range.min, range.max, 5)) {
        out.line(left, y_of(tick.place), right, y_of(tick.place), grid);
        out.text(left - 8, y_of(tick.place) + 4, "end", tick.text);
    }
    const auto ticks = data.axis == AxisKind::time     ? time_ticks(along.min, along.max, 8)
                       : data.axis == AxisKind::number ? number_ticks(along.min, along.max, 8)
                                                       : name_ticks(data);
    for (const Tick& tick : ticks) {
        const double x = x_of(tick.place);
        out.line(x, bottom, x, bottom + 4, ink);
        const bool at_end = x > right - 20;
        out.text(at_end ? right : x, bottom + 18, at_end ? "end" : "middle", tick.text);
    }
    out.line(left, bottom, right, bottom, ink);
    for (std::size_t s = 0; s < data.series.size(); ++s) {
        std::vector<double> xs;
        std::vector<double> ys;
        for (std::size_t i = 0; i < data.places.size(); ++i) {
            xs.push_back(x_of(data.places[i]));
            ys.push_back(y_of(data.series[s].values[i]));
        }
        out.raw(
            fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.8\" "
                        "stroke-linejoin=\"round\" stroke-linecap=\"round\"/>",
                        line_path(data.series[s].values, xs, ys), colour(s)));
    }
    out.legend(data.series, left, 18);
    if (!label.unit.empty()) out.text(right, 18, "end", label.unit, " font-size=\"11\"");
    return out.finish();
}

std::string histogram_chart(const Bins& bins, const ChartLabel& label) {
    constexpr double height = 300;
    constexpr double left = 70;
    constexpr double right = width - 16;
    constexpr double top = 16;
    constexpr double bottom = height - 40;
    const auto most =
        static_cast<double>(*std::max_element(bins.counts.begin(), bins.counts.end()));
    const auto count = static_cast<double>(bins.counts.size());
    const double end = bins.begin + bins.width * count;
    const auto x_of = [&](double number) {
        return left + (right - left) * (number - bins.begin) / (end - bins.begin);
    };
    Drawing out(height, label, fmt::format("Histogram with {} bins.", bins.counts.size()));
    for (const Tick& tick : number_ticks(0, most, 5)) {
        const double y = bottom - (bottom - top) * tick.place / most;
        out.line(left, y, right, y, grid);
        out.text(left - 8, y + 4, "end", tick.text);
    }
    for (std::size_t i = 0; i < bins.counts.size(); ++i) {
        const double from = bins.begin + bins.width * static_cast<double>(i);
        const double tall = (bottom - top) * static_cast<double>(bins.counts[i]) / most;
        const double x = x_of(from);
        out.box(x + 0.5, bottom - tall, x_of(from + bins.width) - x - 1, tall, colour(0),
                people_number(from, 6) + " to " + people_number(from + bins.width, 6) + ": " +
                    people_number(static_cast<double>(bins.counts[i])));
    }
    for (const Tick& tick : number_ticks(bins.begin, end, 8)) {
        out.line(x_of(tick.place), bottom, x_of(tick.place), bottom + 4, ink);
        out.text(x_of(tick.place), bottom + 18, "middle", tick.text);
    }
    out.line(left, bottom, right, bottom, ink);
    if (!label.unit.empty()) out.text(right, bottom + 34, "end", label.unit, " font-size=\"11\"");
    return out.finish();
}

}  // namespace sluice::work
