// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/report/report_page.h"

#include "kernel/base/text.h"
#include "kernel/wire/markup_text.h"
#include "modules/work/core/csv/csv_value.h"
#include "modules/work/core/report/chart_svg.h"

#include <cmath>

namespace sluice::work {

namespace {

/// Points behind a chart that are given as a table for those who do not see it.
constexpr std::size_t behind_rows_max = 100;

// Longhands where a colour is a variable: WeasyPrint knows variables in no others.
constexpr std::string_view style = R"(
:root{color-scheme:light dark;--ink:#1f2328;--soft:#59636e;--rule:#d1d9e0;--band:#f6f8fa;--page:#fff;--lead:#0072b2}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa4ae;--rule:#3d444d;--band:#161b22;--page:#0d1117;--lead:#56b4e9}
svg text{fill:#c9d1d9}svg .g{stroke:#30363d}svg .a{stroke:#9aa4ae}}
*{box-sizing:border-box}
body{margin:0;background-color:var(--page);color:var(--ink);font:16px/1.55 "Lato","Segoe UI","Helvetica Neue","DejaVu Sans",sans-serif}
main,header{max-width:52rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2.5rem;padding-bottom:1rem;border-bottom:3px solid;border-bottom-color:var(--lead)}
h1{font-size:1.9rem;line-height:1.2;margin:0}
header p{margin:.4rem 0 0;color:var(--soft)}
section{padding:1.5rem 0 .25rem;break-inside:auto}
h2{font-size:1.25rem;line-height:1.3;margin:0 0 .5rem;break-after:avoid}
p{margin:.5rem 0}
figure{margin:.75rem 0;break-inside:avoid}
svg{display:block;width:100%;height:auto}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
thead{display:table-header-group}
tr{break-inside:avoid}
th,td{padding:.35rem .6rem;text-align:left;border-bottom:1px solid;border-bottom-color:var(--rule);vertical-align:top;overflow-wrap:anywhere}
th{border-bottom-width:2px;font-weight:600}
tbody tr:nth-child(even){background-color:var(--band)}
.n{text-align:right;white-space:nowrap;overflow-wrap:normal}
.note,details{color:var(--soft);font-size:.85rem}
summary{cursor:pointer}
@page{size:A4;margin:18mm 16mm 20mm;@bottom-right{content:counter(page) " / " counter(pages);font:9pt sans-serif;color:#59636e}}
@media print{:root{--ink:#000;--soft:#444;--rule:#bbb;--band:#f4f4f4;--page:#fff;--lead:#0072b2}
body{font-size:10.5pt}main,header{max-width:none;padding-left:0;padding-right:0}header{padding-top:0}
table{font-size:9pt;line-height:1.35}th,td{padding:2.5pt 5pt}
details{display:none}.wide{overflow:visible}svg text{fill:#3b4148}}
)";

std::string rows_of(std::size_t count) {
    return people_number(static_cast<double>(count)) + (count == 1 ? " row" : " rows");
}

}  // namespace

ReportPage::ReportPage(const ReportSpec& spec, ReportLimits limits) : limits_(limits) {
    const std::string title = markup_escape(spec.title);
    out_ = "<!DOCTYPE html>\n<html lang=\"" + markup_escape(spec.language) +
           "\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
           title + "</title>\n<style>" + std::string(style) +
           "</style>\n</head>\n<body>\n<header>\n<h1>" + title + "</h1>\n";
    if (!spec.subtitle.empty()) out_ += "<p>" + markup_escape(spec.subtitle) + "</p>\n";
    out_ += "</header>\n<main>\n";
}

void ReportPage::put_text(std::string_view text) {
    std::string paragraph;
    const auto end = [&] {
        if (!paragraph.empty()) out_ += "<p>" + markup_escape(paragraph) + "</p>\n";
        paragraph.clear();
    };
    for (const auto line : split(text, '\n')) {
        if (trim(line).empty()) {
            end();
        } else {
            if (!paragraph.empty()) paragraph += ' ';
            paragraph += trim(line);
        }
    }
    end();
}

void ReportPage::put_note(const std::string& note) {
    out_ += "<p class=\"note\">" + markup_escape(note) + "</p>\n";
}

Status ReportPage::add(const ReportSection& section, const ReportTable& table) {
    ++sections_;
    const std::string id = "s" + std::to_string(sections_);
    out_ += "<section";
    if (!section.heading.empty()) {
        out_ += " aria-labelledby=\"" + id + "\">\n<h2 id=\"" + id + "\">" +
                markup_escape(section.heading) + "</h2>\n";
    } else {
        out_ += ">\n";
    }
    put_text(section.text);
    if (section.kind == SectionKind::table) {
        SLUICE_TRY_STATUS(put_table(section, table));
    } else if (section.kind != SectionKind::text) {
        SLUICE_TRY_STATUS(put_chart(section, table));
    }
    out_ += "</section>\n";
    return {};
}

Status ReportPage::put_table(const ReportSection& section, const ReportTable& table) {
    ++tables_;
    std::vector<std::size_t> columns;
    for (const auto& name : section.columns) {
        SLUICE_TRY(const std::size_t column, table.find(name));
        columns.push_back(column);
    }
    for (std::size_t i = 0; section.columns.empty() && i < table.columns.size(); ++i) {
        columns.push_back(i);
    }
    std::vector<bool> numeric;
    out_ += "<div class=\"wide\"><table>\n<thead><tr>";
    for (const std::size_t column : columns) {
        numeric.push_back(table.is_numeric(column));
        out_ += numeric.back() ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">";
        out_ += markup_escape(table.columns[column]) + "</th>";
    }
    out_ += "</tr></thead>\n<tbody>\n";
    const std::size_t most = section.limit == 0 ? limits_.shown_rows_max : section.limit;
    const std::size_t shown = std::min(most, table.rows.size());
    for (std::size_t r = 0; r < shown; ++r) {
        out_ += "<tr>";
        for (std::size_t i = 0; i < columns.size(); ++i) {
            out_ += numeric[i] ? "<td class=\"n\">" : "<td>";
            out_ += markup_escape(table.rows[r][columns[i]]) + "</td>";
        }
        out_ += "</tr>\n";
    }
    out_ += "</tbody>\n</table></div>\n";
    if (shown < table.rows.size()) {
        put_note("The first " + std::to_string(shown) + " of " + rows_of(table.rows.size()) + ".");
    }
    return {};
}

Status ReportPage::put_chart(const ReportSection& section, const ReportTable& table) {
    ++charts_;
    const ChartLabel label{section.heading.empty() ? section.x : section.heading,
                           "c" + std::to_string(charts_), section.unit};
    if (section.kind == SectionKind::histogram) {
        SLUICE_TRY(const Bins bins, make_bins(section, table, limits_));
        out_ += "<figure>" + histogram_chart(bins, label) + "</figure>\n";
        if (bins.left_out > 0) {
            put_note(std::to_string(bins.left_out) + " values are no numbers and are left out.");
        }
        return {};
    }
    SLUICE_TRY(const ChartData data, make_chart_data(section, table, limits_));
    if (data.names.empty()) {
        put_note("There is no data for this chart.");
        return {};
    }
    const bool bars = section.kind == SectionKind::bar;
    out_ += "<figure>" + (bars ? bar_chart(data, label) : line_chart(data, label)) + "</figure>\n";
    if (data.left_out > 0) {
        put_note(bars ? std::to_string(data.left_out) + " more are not shown."
                      : std::to_string(data.left_out) + " values cannot be shown.");
    }
    put_data_behind(data, section.x);
    return {};
}

void ReportPage::put_data_behind(const ChartData& data, const std::string& x) {
    out_ +=
        "<details><summary>The numbers of this chart</summary>\n<div class=\"wide\"><table>\n"
        "<thead><tr><th scope=\"col\">" +
        markup_escape(x) + "</th>";
    for (const auto& series : data.series) {
        out_ += "<th scope=\"col\" class=\"n\">" + markup_escape(series.name) + "</th>";
    }
    out_ += "</tr></thead>\n<tbody>\n";
    const std::size_t shown = std::min(behind_rows_max, data.names.size());
    for (std::size_t i = 0; i < shown; ++i) {
        out_ += "<tr><td>" + markup_escape(data.names[i]) + "</td>";
        for (const auto& series : data.series) {
            const double value = series.values[i];
            out_ += "<td class=\"n\">" + (std::isfinite(value) ? people_number(value, 4) : "") +
                    "</td>";
        }
        out_ += "</tr>\n";
    }
    out_ += "</tbody>\n</table></div></details>\n";
}

std::string ReportPage::finish() {
    out_ += "</main>\n</body>\n</html>\n";
    return std::move(out_);
}

}  // namespace sluice::work
