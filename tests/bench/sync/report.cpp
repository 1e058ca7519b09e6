// SPDX-License-Identifier: Apache-2.0
// Medians, ratios and their two forms.
#include "report.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace sluice::bench {
namespace {

double median(std::vector<double> samples) {
    std::sort(samples.begin(), samples.end());
    return samples.empty() ? 0 : samples[samples.size() / 2];
}

template <class Names>
void add_once(Names& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

double seconds_now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

void Report::describe(std::string_view group, std::string_view unit) {
    for (const Group& known : groups_) {
        if (known.name == group) return;
    }
    groups_.push_back({std::string(group), std::string(unit), {}});
}

void Report::add(const Cell& cell, double sample) {
    for (Group& group : groups_) {
        if (group.name != cell.group) continue;
        for (Series& series : group.series) {
            if (series.row == cell.row && series.column == cell.column) {
                series.samples.push_back(sample);
                return;
            }
        }
        group.series.push_back({std::string(cell.row), cell.column, {sample}});
    }
}

const Report::Series* Report::find(const Group& group, std::string_view row,
                                   std::string_view column) {
    for (const Series& series : group.series) {
        if (series.row == row && series.column == column) return &series;
    }
    return nullptr;
}

void Report::print_table(const Group& group) {
    std::vector<std::string> rows;
    std::vector<std::string> columns;
    for (const Series& series : group.series) {
        add_once(rows, series.row);
        add_once(columns, series.column);
    }
    std::printf("\n%s, %s; median (ratio to the first row)\n%-38s", group.name.c_str(),
                group.unit.c_str(), "");
    for (const std::string& column : columns) std::printf("%16s", column.c_str());
    for (const std::string& row : rows) {
        std::printf("\n%-38s", row.c_str());
        for (const std::string& column : columns) {
            const Series* const series = find(group, row, column);
            const Series* const first = find(group, rows.front(), column);
            if (series == nullptr) {
                std::printf("%16s", "");
                continue;
            }
            char text[32];
            const double base = first == nullptr ? 0 : median(first->samples);
            std::snprintf(text, sizeof text, base > 0 ? "%.2f (%.2f)" : "%.2f",
                          median(series->samples), median(series->samples) / base);
            std::printf("%16s", text);
        }
    }
    std::printf("\n");
}

void Report::print_tables() const {
    for (const Group& group : groups_) print_table(group);
}

void Report::print_json() const {
    std::printf("[");
    const char* comma = "";
    for (const Group& group : groups_) {
        for (const Series& series : group.series) {
            const Series* const first = find(group, group.series.front().row, series.column);
            const double base = first == nullptr ? 0 : median(first->samples);
            const auto [low, high] =
                std::minmax_element(series.samples.begin(), series.samples.end());
            std::printf(
                "%s\n{\"group\":\"%s\",\"unit\":\"%s\",\"row\":\"%s\",\"column\":\"%s\","
                "\"median\":%.4g,\"low\":%.4g,\"high\":%.4g,\"ratio\":%.4g}",
                comma, group.name.c_str(), group.unit.c_str(), series.row.c_str(),
                series.column.c_str(), median(series.samples), *low, *high,
                base > 0 ? median(series.samples) / base : 0);
            comma = ",";
        }
    }
    std::printf("\n]\n");
}

}  // namespace sluice::bench
