// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/report/site_chart.h"

#include "kernel/wire/markup_text.h"
#include "modules/crawl/core/report/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sluice::crawl {
namespace {

double share(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// The next of 1, 2, 5 × 10^n from `value` up.
double nice_above(double value) {
    if (!(value > 0)) return 1;
    const double power = std::pow(10.0, std::floor(std::log10(value)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= value * 0.999999) return factor * power;
    }
    return 10 * power;
}

/// A mark of an axis: whole numbers without a fraction.
std::string axis_words(double rate) {
    return rate >= 1 && rate == std::floor(rate) ? count_words(static_cast<std::uint64_t>(rate))
                                                 : rate_words(rate);
}

std::string open_svg(double width, double height, std::string_view title) {
    return fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">", width, height,
                       markup_escape(title));
}

// --- throughput -----------------------------------------------------------------------------

class TimeChart {
public:
    explicit TimeChart(const TimeBins& time) : time_(time), width_(to_seconds(time.width())) {
        double most = 0;
        for (const TimeBin& bin : time.bins())
            most = std::max(most, static_cast<double>(bin.pages + bin.failed) / width_);
        step_ = nice_above(most / 4);
        top_ = step_ * std::max(1.0, std::ceil(most / step_));
    }

    std::string draw() {
        out_ = open_svg(full_width, full_height, "Pages and failures a second over time");
        grid();
        area("area pages", [](const TimeBin& bin) { return bin.pages + bin.failed; });
        area("area failed", [](const TimeBin& bin) { return bin.failed; });
        return out_ + "</svg>";
    }

private:
    static constexpr double full_width = 1000, full_height = 230, left = 56, right = 990, top = 12,
                            bottom = 200;

    [[nodiscard]] double x(double bins) const {
        return left + (right - left) * bins / static_cast<double>(time_.bins().size());
    }
    [[nodiscard]] double y(double rate) const { return bottom - (bottom - top) * rate / top_; }

    void grid() {
        for (double rate = 0; rate <= top_ * 1.0001; rate += step_) {
            out_ += fmt::format(
                "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" "
                "y2=\"{:.1f}\"/>",
                left, right, y(rate), y(rate));
            out_ += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
                                left - 8, y(rate) + 4, axis_words(rate));
        }
        const double seconds = width_ * static_cast<double>(time_.bins().size());
        constexpr int marks = 6;
        for (int i = 0; i <= marks; ++i) {
            const double at = seconds * i / marks;
            const auto anchor = i == 0 ? "start" : i == marks ? "end" : "middle";
            out_ += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"{}\">{}</text>",
                                left + (right - left) * i / marks, bottom + 20, anchor,
                                i == 0 ? std::string("0")
                                       : duration_words(std::chrono::duration_cast<Duration>(
                                             std::chrono::duration<double>(at))));
        }
    }

    template <class Count>
    void area(std::string_view name, Count count) {
        const auto& bins = time_.bins();
        std::string path = fmt::format("M{:.1f} {:.1f}", left, bottom);
        for (std::size_t i = 0; i < bins.size(); ++i) {
            const double height = y(static_cast<double>(count(bins[i])) / width_);
            path += fmt::format("L{:.1f} {:.1f}L{:.1f} {:.1f}", x(static_cast<double>(i)), height,
                                x(static_cast<double>(i + 1)), height);
        }
        path += fmt::format("L{:.1f} {:.1f}Z", right, bottom);
        out_ += fmt::format("<path class=\"{}\" d=\"{}\"/>", name, path);
    }

    const TimeBins& time_;
    double width_;  ///< of a bin, seconds
    double step_ = 1, top_ = 1;
    std::string out_;
};

// --- the picture of the links ---------------------------------------------------------------

constexpr std::size_t label_bytes_max = 34;
constexpr std::size_t labels_max = 28;

/// Without what all of them begin with.
std::string_view short_name(std::string_view name) {
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (name.starts_with(scheme)) return name.substr(scheme.size());
    }
    return name;
}

class Picture {
public:
    explicit Picture(const LinkPicture& picture) : picture_(picture) {
        for (const GraphNode& node : picture.nodes) most_ = std::max(most_, node.links);
        for (const GraphLine& line : picture.lines) heaviest_ = std::max(heaviest_, line.links);
        for (const GraphNode& node : picture.nodes) {
            discs_.push_back({edge + node.x * (full_width - 2 * edge),
                              edge + node.y * (full_height - 2 * edge),
                              4 + 16 * std::sqrt(share(node.links, most_))});
        }
        separate();
    }

    std::string draw() {
        out_ = open_svg(full_width, full_height, "Which of them link to which");
        out_ += "<g class=\"links\">";
        for (const GraphLine& line : picture_.lines) draw_line(line);
        out_ += "</g>";
        for (std::size_t i = 0; i < discs_.size(); ++i) draw_node(picture_.nodes[i], discs_[i]);
        for (std::size_t i = 0; i < discs_.size(); ++i) draw_label(picture_.nodes[i], discs_[i]);
        return out_ + "</svg>";
    }

private:
    static constexpr double full_width = 1000, full_height = 640, edge = 46, gap = 7;
    struct Disc {
        double x, y, r;
    };
    struct Box {
        double left, top, right, bottom;
    };

    /// Pushes discs that lie on each other apart.
    void separate() {
        constexpr int rounds = 60;
        for (int round = 0; round < rounds; ++round) {
            for (std::size_t a = 0; a < discs_.size(); ++a) {
                for (std::size_t b = a + 1; b < discs_.size(); ++b) push(discs_[a], discs_[b]);
            }
        }
        for (Disc& disc : discs_) {
            disc.x = std::clamp(disc.x, disc.r + 4, full_width - disc.r - 4);
            disc.y = std::clamp(disc.y, disc.r + 4, full_height - disc.r - 18);
        }
    }

    static void push(Disc& a, Disc& b) {
        const double dx = b.x - a.x, dy = b.y - a.y;
        const double distance = std::hypot(dx, dy);
        const double missing = a.r + b.r + gap - distance;
        if (missing <= 0 || distance <= 0) return;
        const double step = missing / 2 / distance;
        a.x -= dx * step, a.y -= dy * step;
        b.x += dx * step, b.y += dy * step;
    }

    void draw_line(const GraphLine& line) {
        const Disc &a = discs_[line.from], &b = discs_[line.to];
        const double weight = std::log1p(static_cast<double>(line.links)) /
                              std::log1p(static_cast<double>(heaviest_));
        // Bent a little to the right, so that there and back are two lines.
        const double middle_x = (a.x + b.x) / 2 + (b.y - a.y) * 0.08;
        const double middle_y = (a.y + b.y) / 2 - (b.x - a.x) * 0.08;
        out_ += fmt::format(
            "<path class=\"g{}\" d=\"M{:.1f} {:.1f}Q{:.1f} {:.1f} {:.1f} {:.1f}\" "
            "stroke-width=\"{:.2f}\" opacity=\"{:.2f}\"/>",
            picture_.nodes[line.from].group, a.x, a.y, middle_x, middle_y, b.x, b.y,
            0.6 + 2.2 * weight, 0.14 + 0.4 * weight);
    }

    void draw_node(const GraphNode& node, const Disc& disc) {
        out_ += fmt::format(
            "<circle class=\"g{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\">"
            "<title>{} – {}{}</title></circle>",
            node.group, disc.x, disc.y, disc.r, markup_escape(node.name),
            plural(node.links, "link"), node.group == 0 ? ", not crawled" : "");
        taken_.push_back({disc.x - disc.r, disc.y - disc.r, disc.x + disc.r, disc.y + disc.r});
    }

    /// Below the node or above it, if nothing is there; the most important ones come first.
    void draw_label(const GraphNode& node, const Disc& disc) {
        if (labels_ >= labels_max) return;
        std::string text(short_name(node.name));
        std::size_t letters = text.size();
        if (letters > label_bytes_max) {
            // Names and URLs are ASCII here; anything else is cut where markup_escape() says so.
            text = text.substr(0, label_bytes_max / 2) + "…" +
                   text.substr(text.size() - label_bytes_max / 2);
            letters = label_bytes_max + 1;
        }
        const double half = static_cast<double>(letters) * 3.1 + 2;
        for (const double line : {disc.y + disc.r + 13, disc.y - disc.r - 5}) {
            const Box box{disc.x - half, line - 11, disc.x + half, line + 3};
            if (box.left < 0 || box.right > full_width || box.bottom > full_height) continue;
            const bool is_free = std::none_of(taken_.begin(), taken_.end(), [&](const Box& other) {
                return box.left < other.right && other.left < box.right && box.top < other.bottom &&
                       other.top < box.bottom;
            });
            if (!is_free) continue;
            taken_.push_back(box);
            ++labels_;
            out_ += fmt::format(
                "<text class=\"name\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
                disc.x, line, markup_escape(text));
            return;
        }
    }

    const LinkPicture& picture_;
    std::uint64_t most_ = 1;
    std::uint64_t heaviest_ = 20;  ///< single links are thin, also where there are no others
    std::vector<Disc> discs_;
    std::vector<Box> taken_;
    std::size_t labels_ = 0;
    std::string out_;
};

}  // namespace

std::string stacked_bar(const std::vector<Amount>& parts, std::uint64_t whole) {
    std::string bar = "<div class=\"stack\">", legend = "<div class=\"legend\">";
    for (const Amount& part : parts) {
        if (part.count > 0) {
            bar += fmt::format("<i class=\"{}\" style=\"flex-grow:{}\" title=\"{}: {}\"></i>",
                               part.colour, part.count, markup_escape(part.label),
                               count_words(part.count));
        }
        legend += fmt::format("<span><i class=\"{}\"></i>{} <b>{}</b> <small>{}</small></span>",
                              part.colour, markup_escape(part.label), count_words(part.count),
                              share_words(part.count, whole));
    }
    return bar + "</div>" + legend + "</div>";
}

std::string bar_list(const std::vector<Amount>& bars) {
    std::uint64_t most = 0;
    for (const Amount& bar : bars) most = std::max(most, bar.count);
    std::string out = "<div class=\"bars\">";
    for (const Amount& bar : bars) {
        const std::string note =
            bar.note.empty() ? "" : " <small>" + markup_escape(bar.note) + "</small>";
        out += fmt::format(
            "<div><span class=\"what\">{}{}</span><span class=\"track\"><i "
            "class=\"{}\" style=\"width:{:.2f}%\"></i></span><b>{}</b></div>",
            markup_escape(bar.label), note, bar.colour, 100 * share(bar.count, most),
            count_words(bar.count));
    }
    return out + "</div>";
}

std::string column_chart(const std::vector<Amount>& columns, std::string_view title) {
    constexpr double full_width = 480, full_height = 220, bottom = 190, top = 24;
    std::uint64_t most = 1;
    for (const Amount& column : columns) most = std::max(most, column.count);
    const double room = full_width / static_cast<double>(std::max<std::size_t>(columns.size(), 1));
    const double wide = std::min(room * 0.72, 64.0);
    std::string out = open_svg(full_width, full_height, title);
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const double middle = room * (static_cast<double>(i) + 0.5);
        const double height = columns[i].count == 0
                                  ? 0
                                  : std::max(2.0, (bottom - top) * share(columns[i].count, most));
        out += fmt::format(
            "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
            "height=\"{:.1f}\" rx=\"3\"><title>{}: {}</title></rect>",
            columns[i].colour, middle - wide / 2, bottom - height, wide, height,
            markup_escape(columns[i].label), count_words(columns[i].count));
        out += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>", middle,
                           bottom + 18, markup_escape(columns[i].label));
        if (columns.size() > 14) continue;
        out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
                           middle, bottom - height - 6, count_words(columns[i].count));
    }
    return out + "</svg>";
}

std::string time_chart(const TimeBins& time) {
    return time.bins().empty() ? "" : TimeChart(time).draw();
}

std::string link_picture(const LinkPicture& picture) {
    return picture.nodes.empty() ? "" : Picture(picture).draw();
}

}  // namespace sluice::crawl
