// SPDX-License-Identifier: Apache-2.0
// A Report as one page of HTML.
#include "kernel/wire/markup_text.h"
#include "modules/sim/core/report_render.h"
#include "modules/sim/core/report_svg.h"
#include "modules/sim/core/report_words.h"

#include <algorithm>
#include <cmath>

namespace sluice::sim {

namespace {

constexpr std::size_t series_max = 8;
constexpr std::size_t lives_max = 60;

constexpr std::string_view style = R"css(
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1c2330;--soft:#5b6575;--rule:#e3e7ee;
--accent:#2456c9;--good:#137a3f;--warn:#b3590a;--shade:#8a94a622;
--c0:#2456c9;--c1:#d1571f;--c2:#0f8a6d;--c3:#8e3bb8;--c4:#b58900;--c5:#c2295b;--c6:#1793b5;--c7:#6b7280}
@media (prefers-color-scheme:dark){:root{--page:#12161d;--card:#1a202a;--ink:#e6eaf1;--soft:#9aa5b6;
--rule:#2c3543;--accent:#7ea6ff;--good:#5fce8f;--warn:#f0a35a;--shade:#9aa5b61f;
--c0:#7ea6ff;--c1:#ff9a5c;--c2:#4fd1ae;--c3:#cf93f0;--c4:#e6c34a;--c5:#ff7ea8;--c6:#5ccfe8;--c7:#a3adbd}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,"Segoe UI",Roboto,sans-serif}
main{max-width:1080px;margin:0 auto;padding:32px 20px 48px}
h1{font-size:28px;line-height:1.2;margin:0 0 4px}h2{font-size:18px;margin:0 0 4px}
p{margin:0 0 10px}.soft{color:var(--soft)}.small{font-size:13px}
section{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:18px 20px;margin:18px 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:18px 0}
.tile{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:12px 16px}
.tile b{display:block;font-size:23px;line-height:1.25;font-variant-numeric:tabular-nums}
.answer{border-left:4px solid var(--accent)}
.answer h2{color:var(--soft);font-weight:500;font-size:15px}.answer .say{font-size:18px;line-height:1.45}
.note{border-left:4px solid var(--warn)}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:14px}
th{color:var(--soft);font-weight:500;text-align:right;border-bottom:1px solid var(--rule);padding:6px 10px;white-space:nowrap}
td{text-align:right;border-bottom:1px solid var(--rule);padding:6px 10px;white-space:nowrap}
th:first-child,td:first-child{text-align:left;white-space:normal;padding-left:0}
tr:last-child td{border-bottom:0}tr.total td{font-weight:600}
.kind td{color:var(--soft);font-size:12px;letter-spacing:.06em;text-transform:uppercase;padding-top:14px}
svg{display:block;width:100%;height:auto;margin-top:8px}
svg text{fill:var(--soft);font:12px system-ui,"Segoe UI",Roboto,sans-serif}
.grid{stroke:var(--rule)}.axis{stroke:var(--soft)}
.line{fill:none;stroke-width:2;stroke-linejoin:round}.band{stroke:none;opacity:.16}
.c0.line{stroke:var(--c0)}.c1.line{stroke:var(--c1)}.c2.line{stroke:var(--c2)}.c3.line{stroke:var(--c3)}
.c4.line{stroke:var(--c4)}.c5.line{stroke:var(--c5)}.c6.line{stroke:var(--c6)}.c7.line{stroke:var(--c7)}
.c0.band{fill:var(--c0)}.c1.band{fill:var(--c1)}.c2.band{fill:var(--c2)}.c3.band{fill:var(--c3)}
.c4.band{fill:var(--c4)}.c5.band{fill:var(--c5)}.c6.band{fill:var(--c6)}.c7.band{fill:var(--c7)}
.event{stroke:var(--warn);stroke-width:1.5;stroke-dasharray:4 4}
.target{stroke:var(--good);stroke-width:1.5;stroke-dasharray:6 4}
.whisker{stroke:var(--c0);stroke-width:2;opacity:.55}.dot{fill:var(--c0)}
.warmup{fill:var(--shade)}
.working{fill:var(--c0)}.draining{fill:var(--c1)}.starting{fill:var(--c4)}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:13px;color:var(--soft);margin-top:6px}
.legend i{display:inline-block;width:14px;height:4px;border-radius:2px;margin-right:6px;vertical-align:middle}
.legend i.box{height:11px;border-radius:2px}
.legend i.dash{height:0;border-top:2px dashed var(--warn);border-radius:0}
@media screen and (max-width:760px){main{padding:20px 12px 32px}section{padding:14px 14px}svg{min-width:660px}}
@media print{body{background:#fff}section,.tile{break-inside:avoid}}
)css";

class HtmlReport {
public:
    explicit HtmlReport(const Report& report) : report_(report) {}

    std::string render() {
        out_ =
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
            "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
            "<title>" +
            markup_escape(report_.name) + " – simulation</title><style>" + std::string(style) +
            "</style></head><body><main>\n";
        head();
        tiles();
        for (const Answer& answer : report_.answers) put(answer);
        for (const std::string& note : report_.notes)
            out_ += "<section class=\"note\">" + markup_escape(note) + "</section>\n";
        jobs();
        charts();
        pools();
        lives();
        foot();
        return std::move(out_) + "</main></body></html>\n";
    }

private:
    void head() {
        out_ += "<h1>" + markup_escape(report_.name) + "</h1>";
        if (!report_.description.empty())
            out_ += "<p>" + markup_escape(report_.description) + "</p>";
        std::string how = say_number(report_.replications) + " replications of " +
                          say_time(to_seconds(report_.duration)) + ", seed " +
                          std::to_string(report_.seed);
        if (report_.warmup > Duration{0}) {
            how += "; the first " + say_time(to_seconds(report_.warmup)) + " left out" +
                   (report_.warmup_found ? " as warm-up" : "");
        }
        out_ += "<p class=\"soft small\">" + markup_escape(how) + "</p>\n";
    }

    /// A tile is narrow: an interval goes to the next line as a whole.
    static std::string unbroken(std::string text) {
        for (std::size_t at = 0; (at = text.find(' ', at)) != std::string::npos;)
            text.replace(at, 1, "\u00a0");
        return text;
    }
    void tile(const std::string& value, const std::string& what) {
        out_ += "<div class=\"tile\"><b>" + markup_escape(value) +
                "</b><span class=\"soft small\">" + markup_escape(what) + "</span></div>";
    }
    void tiles() {
        const GroupReport& total = report_.total;
        out_ += "<div class=\"tiles\">";
        tile(say_time(total[Measure::wait_p50].mean), "median wait");
        tile(say_time(total[Measure::wait_p99].mean),
             "p99 wait, 95\u00a0%: " + unbroken(say_interval(total[Measure::wait_p99])));
        tile(say_number(total[Measure::throughput].mean) + "/s", "jobs done");
        if (!report_.pools.empty())
            tile(say_share(report_.pools[0].busy_share.mean), report_.pools[0].name + " busy");
        tile(say_number(total[Measure::waiting].mean), "jobs waiting on average");
        if (report_.drained_at)
            tile(say_time(report_.drained_at->mean), "until the backlog is done");
        out_ += "</div>\n";
    }

    void legend(const std::vector<SeriesReport>& series, bool bands) {
        out_ += "<div class=\"legend\">";
        for (std::size_t i = 0; i < series.size(); ++i)
            out_ += "<span><i style=\"background:var(--c" + std::to_string(i % svg_colours) +
                    ")\"></i>" + markup_escape(series[i].name) + "</span>";
        if (bands && report_.replications > 1)
            out_ += "<span>shaded: where 80 % of the replications lie</span>";
        marks_legend();
        out_ += "</div>";
    }
    void marks_legend() {
        if (!report_.marks.empty()) out_ += "<span><i class=\"dash\"></i>events</span>";
    }

    /// Opens a section with its title; close with "</section>".
    void open(const std::string& title, const std::string& text) {
        out_ += "<section><h2>" + markup_escape(title) + "</h2><p class=\"soft small\">" +
                markup_escape(text) + "</p>";
    }
    SvgTimeChart time_chart(std::vector<SeriesReport> series, AxisUnit unit, std::string title) {
        SvgTimeChart chart;
        chart.series = std::move(series);
        if (chart.series.size() > series_max) chart.series.resize(series_max);
        chart.unit = unit;
        chart.bin = report_.bin;
        chart.duration = report_.duration;
        chart.starts_at = report_.starts_at;
        chart.warmup = report_.warmup;
        chart.marks = report_.marks;
        chart.bands = report_.replications > 1;
        chart.title = std::move(title);
        return chart;
    }

    void put(const Answer& answer) {
        out_ += "<section class=\"answer\"><h2>" + markup_escape(answer.question) +
                "</h2><p class=\"say\">" + markup_escape(answer.sentence) + "</p>";
        out_ += svg_points(answer);
        if (!answer.curves.empty()) {
            SvgTimeChart chart = time_chart(answer.curves, AxisUnit::number, "jobs waiting");
            chart.bands = false;
            out_ += "<p class=\"soft small\">Jobs waiting, mean of the replications</p>" +
                    svg_time_chart(chart);
            legend(answer.curves, false);
        }
        table(answer.columns, answer.rows);
        out_ += "</section>\n";
    }

    void table(const std::vector<std::string>& columns,
               const std::vector<std::vector<std::string>>& rows) {
        if (rows.empty()) return;
        out_ += "<div class=\"wide\"><table><tr>";
        for (const std::string& column : columns) out_ += "<th>" + markup_escape(column) + "</th>";
        out_ += "</tr>";
        for (const auto& row : rows) {
            out_ += "<tr>";
            for (const std::string& cell : row) out_ += "<td>" + markup_escape(cell) + "</td>";
            out_ += "</tr>";
        }
        out_ += "</table></div>";
    }

    void job_row(const GroupReport& group, std::string_view row_class) {
        out_ += "<tr class=\"" + std::string(row_class) + "\"><td>" + markup_escape(group.name) +
                "</td>";
        const auto cell = [&](const std::string& text) {
            out_ += "<td>" + markup_escape(text) + "</td>";
        };
        cell(say_number(std::round(group[Measure::arrived].mean)));
        for (const Measure m : {Measure::wait_p50, Measure::wait_p95, Measure::wait_p99})
            cell(say_time(group[m].mean));
        cell(say_interval(group[Measure::wait_p99]));
        cell(say_time(group[Measure::wait_max].mean));
        cell(say_time(group[Measure::response_mean].mean));
        cell(say_number(group[Measure::failed_attempts].mean));
        cell(say_number(group[Measure::lost_attempts].mean));
        cell(say_number(group[Measure::dead].mean));
        out_ += "</tr>";
    }
    void job_rows(const std::string& kind, const std::vector<GroupReport>& groups) {
        if (groups.empty()) return;
        out_ += "<tr class=\"kind\"><td colspan=\"11\">" + kind + "</td></tr>";
        for (const GroupReport& group : groups) job_row(group, "");
    }
    void jobs() {
        open(
            "Waits",
            "From arrival to the first worker. Means over the replications; the interval holds the "
            "true p99 in 95 of 100 such studies. Counts are per replication.");
        out_ +=
            "<div class=\"wide\"><table><tr><th>jobs</th><th>arrived</th><th>median</th>"
            "<th>p95</th><th>p99</th><th>95 % of p99</th><th>longest</th><th>to the end</th>"
            "<th>failed attempts</th><th>lost</th><th>dead</th></tr>";
        job_row(report_.total, "total");
        if (report_.traffic.size() > 1) job_rows("traffic", report_.traffic);
        if (report_.queues.size() > 1) job_rows("queues", report_.queues);
        job_rows("tenants", report_.tenants);
        out_ += "</table></div></section>\n";
    }

    void charts() {
        open("Jobs waiting", "Ready for a worker, by queue.");
        SvgTimeChart chart = time_chart(report_.waiting, AxisUnit::number, "jobs waiting by queue");
        out_ += svg_time_chart(chart);
        legend(chart.series, true);
        out_ += "</section>\n";
        open("Waits over the run", report_.tenants.empty()
                                       ? "Mean wait of the jobs that arrive at a time, by queue."
                                       : "Mean wait of the jobs that arrive at a time, by tenant.");
        chart = time_chart(report_.waits, AxisUnit::seconds, "mean wait over time");
        out_ += svg_time_chart(chart);
        legend(chart.series, true);
        out_ += "</section>\n";
    }

    void pools() {
        std::vector<SeriesReport> busy;
        std::vector<SeriesReport> present;
        bool changes = false;
        for (const PoolReport& pool : report_.pools) {
            busy.push_back(pool.busy);
            busy.back().name = pool.name;
            present.push_back(pool.present);
            present.back().name = pool.name;
            for (const double workers : pool.present.low)
                changes = changes || std::fabs(workers - pool.workers.mean) > 0.01;
        }
        open("Workers", "Share of the present slots that is busy.");
        SvgTimeChart chart = time_chart(busy, AxisUnit::share, "busy share of the workers");
        out_ += svg_time_chart(chart);
        legend(chart.series, true);
        if (changes) {
            out_ += "<p class=\"soft small\" style=\"margin-top:14px\">Workers present</p>";
            chart = time_chart(present, AxisUnit::number, "workers present");
            out_ += svg_time_chart(chart);
            legend(chart.series, true);
        }
        std::vector<std::vector<std::string>> rows;
        for (const PoolReport& pool : report_.pools) {
            rows.push_back({pool.name,
                            say_number(pool.workers.mean) + " × " + say_number(pool.slots),
                            say_share(pool.busy_share.mean), say_number(pool.crashes.mean),
                            say_number(pool.returned.mean), say_number(pool.scaled_up.mean),
                            say_number(pool.scaled_down.mean)});
        }
        out_ += "<div style=\"height:10px\"></div>";
        table({"pool", "workers × slots", "busy", "crashes", "jobs given back", "scaled up",
               "scaled down"},
              rows);
        resources();
        for (const LimitReport& limit : report_.limits)
            out_ += "<p class=\"small\">Limit " + markup_escape(limit.name) + ": full " +
                    say_share(limit.closed_share.mean) + " of the time.</p>";
        out_ += "</section>\n";
    }

    void resources() {
        std::vector<SeriesReport> used;
        std::vector<std::vector<std::string>> rows;
        for (const PoolReport& pool : report_.pools) {
            for (const ResourceReport& resource : pool.resources) {
                used.push_back(resource.used);
                rows.push_back({pool.name, resource.name, resource.each,
                                say_share(resource.used_share.mean),
                                say_interval_share(resource.used_share)});
            }
        }
        if (rows.empty()) return;
        out_ +=
            "<p class=\"soft small\" style=\"margin-top:14px\">Resources in use, share of what "
            "the present workers have</p>";
        const SvgTimeChart chart = time_chart(used, AxisUnit::share, "resources in use");
        out_ += svg_time_chart(chart);
        legend(chart.series, true);
        out_ += "<div style=\"height:10px\"></div>";
        table({"pool", "resource", "each worker has", "used", "95 % of it"}, rows);
    }

    static std::string say_interval_share(const Figure& figure) {
        return say_share(figure.low) + " – " + say_share(figure.high);
    }

    void lives() {
        if (report_.lives.empty()) return;
        std::string text = "First replication; the stronger the colour, the busier.";
        if (report_.lives.size() > lives_max)
            text += " The first " + std::to_string(lives_max) + " of " +
                    std::to_string(report_.lives.size()) + " workers.";
        open("Each worker", text);
        out_ += svg_lives(report_, lives_max);
        out_ +=
            "<div class=\"legend\">"
            "<span><i class=\"box\" style=\"background:var(--c0)\"></i>working</span>"
            "<span><i class=\"box\" style=\"background:var(--c1)\"></i>draining</span>"
            "<span><i class=\"box\" style=\"background:var(--c4)\"></i>starting</span>"
            "<span>empty: not there</span>";
        marks_legend();
        out_ += "</div></section>\n";
    }

    void foot() {
        out_ += "<p class=\"soft small\">" +
                markup_escape(say_number(static_cast<double>(report_.deliveries))) +
                " deliveries decided by the queue’s own engine in virtual time. The same scenario "
                "and seed give the same page.</p>";
    }

    const Report& report_;
    std::string out_;
};

}  // namespace

std::string report_html(const Report& report) { return HtmlReport(report).render(); }

}  // namespace sluice::sim
