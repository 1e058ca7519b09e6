// SPDX-License-Identifier: Apache-2.0
// A Report as text for a terminal.
#include "modules/sim/core/report_chart.h"
#include "modules/sim/core/report_render.h"
#include "modules/sim/core/report_words.h"

#include <algorithm>
#include <cmath>

namespace sluice::sim {

namespace {

class TextReport {
public:
    TextReport(const Report& report, const TextOptions& options)
        : report_(report),
          width_(std::clamp<std::size_t>(options.width, 40, 200)),
          unicode_(options.unicode) {}

    std::string render() {
        head();
        answers();
        jobs();
        pools();
        charts();
        for (const std::string& note : report_.notes) paragraph("Note: " + note, 0);
        return unicode_ ? std::move(out_) : to_ascii(out_);
    }

private:
    void head() {
        line(report_.name + (report_.description.empty() ? "" : " – " + report_.description));
        std::string how = say_number(report_.replications) + " replications of " +
                          say_time(to_seconds(report_.duration)) + ", seed " +
                          std::to_string(report_.seed);
        if (report_.warmup > Duration{0}) {
            how += "; the first " + say_time(to_seconds(report_.warmup)) + " left out";
            how += report_.warmup_found ? " as warm-up" : "";
        }
        how += "; " + say_number(static_cast<double>(report_.deliveries)) + " deliveries";
        paragraph(how, 0);
        if (report_.drained_at) {
            paragraph("Backlog done after " + say_time(report_.drained_at->mean) + " (95 % " +
                          say_interval(*report_.drained_at) + ")",
                      0);
        }
        line("");
    }

    void answers() {
        for (const Answer& answer : report_.answers) {
            line("? " + answer.question);
            paragraph(answer.sentence, 2);
            if (!answer.rows.empty()) {
                CharTable table(answer.columns);
                for (const auto& row : answer.rows) table.add(row);
                indented(table.render(width_ - 2, unicode_));
            }
            bars(answer);
            line("");
        }
    }

    /// The points of an answer as horizontal bars.
    void bars(const Answer& answer) {
        double high = answer.target.value_or(0);
        std::size_t label_width = 0;
        for (const AnswerPoint& point : answer.points) {
            if (!std::isnan(point.y.mean)) high = std::max(high, point.y.mean);
            label_width = std::max(label_width, text_width(say_number(point.x)));
        }
        if (answer.points.size() < 2 || !(high > 0)) return;
        const std::size_t room = width_ - label_width - 18;
        for (const AnswerPoint& point : answer.points) {
            const std::string label = say_number(point.x);
            const double share = std::isnan(point.y.mean) ? 0 : point.y.mean / high;
            const auto length =
                static_cast<std::size_t>(std::lround(share * static_cast<double>(room)));
            std::string bar;
            for (std::size_t i = 0; i < length; ++i) bar += unicode_ ? "█" : "#";
            const bool good = answer.target && point.y.high <= *answer.target;
            line("  " + std::string(label_width - text_width(label), ' ') + label + " " +
                 (unicode_ ? "│" : "|") + bar + " " + say_time(point.y.mean) +
                 (good ? (unicode_ ? " ✓" : " ok") : ""));
        }
    }

    void jobs() {
        CharTable table(
            {"JOBS", "arrived", "p50 wait", "p95", "p99", "95 % of p99", "max", "dead"});
        const auto add = [&](const GroupReport& group, const std::string& kind) {
            table.add(
                {kind + group.name, say_number(std::round(group[Measure::arrived].mean)),
                 say_time(group[Measure::wait_p50].mean), say_time(group[Measure::wait_p95].mean),
                 say_time(group[Measure::wait_p99].mean), say_interval(group[Measure::wait_p99]),
                 say_time(group[Measure::wait_max].mean), say_number(group[Measure::dead].mean)});
        };
        if (report_.traffic.size() > 1) add(report_.total, "");
        for (const GroupReport& group : report_.traffic) add(group, "");
        if (report_.queues.size() > 1) {
            for (const GroupReport& group : report_.queues) add(group, "queue ");
        }
        for (const GroupReport& group : report_.tenants) add(group, "tenant ");
        out_ += table.render(width_, unicode_);
        line("");
    }

    void pools() {
        CharTable table({"WORKERS", "present", "busy", "crashes", "given back", "scaled"});
        for (const PoolReport& pool : report_.pools) {
            table.add(
                {pool.name, say_number(pool.workers.mean), say_share(pool.busy_share.mean),
                 say_number(pool.crashes.mean), say_number(pool.returned.mean),
                 "+" + say_number(pool.scaled_up.mean) + " −" + say_number(pool.scaled_down.mean)});
        }
        out_ += table.render(width_, unicode_);
        for (const PoolReport& pool : report_.pools) {
            for (const ResourceReport& resource : pool.resources)
                line(resource.name + " of " + pool.name + ": " +
                     say_share(resource.used_share.mean) + " used of " + resource.each +
                     " for each worker");
        }
        for (const LimitReport& limit : report_.limits)
            line("limit " + limit.name + ": full " + say_share(limit.closed_share.mean) +
                 " of the time");
        line("");
    }

    void chart(const std::string& title, const std::vector<double>& values, AxisUnit unit) {
        line(title);
        CharChart chart;
        chart.values = values;
        chart.unit = unit;
        chart.bin = report_.bin;
        chart.starts_at = report_.starts_at;
        chart.width = width_;
        chart.unicode = unicode_;
        out_ += char_chart(chart);
    }

    void charts() {
        constexpr std::size_t charts_max = 4;
        for (std::size_t i = 0; i < std::min(report_.waiting.size(), charts_max); ++i)
            chart("Jobs waiting in " + report_.waiting[i].name, report_.waiting[i].mean,
                  AxisUnit::number);
        for (std::size_t i = 0; i < std::min(report_.waits.size(), charts_max); ++i)
            chart("Mean wait of jobs that arrive, " + report_.waits[i].name, report_.waits[i].mean,
                  AxisUnit::seconds);
        for (std::size_t i = 0; i < std::min(report_.pools.size(), charts_max); ++i)
            chart("Busy share of " + report_.pools[i].name, report_.pools[i].busy.mean,
                  AxisUnit::share);
        marks();
    }

    void marks() {
        std::string all;
        for (std::size_t i = 0; i < std::min<std::size_t>(report_.marks.size(), 12); ++i) {
            const MarkReport& mark = report_.marks[i];
            all += (i > 0 ? "; " : "") + say_moment(to_seconds(mark.at), report_.starts_at) + " " +
                   mark.text;
        }
        if (!all.empty()) paragraph("Events: " + all + (report_.marks.size() > 12 ? "; …" : ""), 0);
    }

    void line(const std::string& text) { out_ += text + "\n"; }
    void indented(const std::string& block) {
        std::size_t begin = 0;
        while (begin < block.size()) {
            const std::size_t end = block.find('\n', begin);
            out_ += "  " + block.substr(begin, end - begin) + "\n";
            begin = end + 1;
        }
    }
    /// Breaks lines at blanks.
    void paragraph(const std::string& text, std::size_t indent) {
        std::string current(indent, ' ');
        std::size_t begin = 0;
        bool empty = true;
        while (begin <= text.size()) {
            const std::size_t end = std::min(text.find(' ', begin), text.size());
            const std::string word = text.substr(begin, end - begin);
            if (!empty && text_width(current) + 1 + text_width(word) > width_) {
                line(current);
                current = std::string(indent, ' ');
                empty = true;
            }
            current += (empty ? "" : " ") + word;
            empty = false;
            begin = end + 1;
        }
        line(current);
    }

    const Report& report_;
    const std::size_t width_;
    const bool unicode_;
    std::string out_;
};

}  // namespace

std::string report_text(const Report& report, const TextOptions& options) {
    return TextReport(report, options).render();
}

}  // namespace sluice::sim
