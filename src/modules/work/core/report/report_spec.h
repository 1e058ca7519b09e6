// SPDX-License-Identifier: Apache-2.0
// What a report shall show, as its job declares it: a title, and sections of text, tables and
// charts. Pure.
#pragma once

#include "kernel/base/result.h"
#include "kernel/wire/json_reader.h"
#include "modules/work/core/report/report_table.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

enum class SectionKind { text, table, bar, line, histogram };
enum class ChartAggregate { none, count, sum, mean, min, max };
enum class ChartOrder { given, value, name };

struct ReportSection {
    SectionKind kind = SectionKind::text;
    std::string heading{};
    std::string text{};  ///< Of every kind: paragraphs, divided by blank lines.
    std::string data{};  ///< A file.
    std::string at{};    ///< Where in a JSON file.
    char delimiter = ',';
    std::vector<std::string> columns{};  ///< Of a table; none: all.
    std::string x{};
    std::vector<std::string> y{};
    ChartAggregate aggregate = ChartAggregate::none;
    ChartOrder order = ChartOrder::given;
    std::size_t limit = 0;  ///< Rows or bars; 0: the most there may be.
    std::string unit{};
};

struct ReportSpec {
    std::string title;
    std::string subtitle{};
    std::string language = "en";
    std::vector<ReportSection> sections{};
};

/// Reads the array of sections. Errors: invalid, naming the section and the member.
Result<std::vector<ReportSection>> read_sections(JsonView sections, const ReportLimits& limits);

}  // namespace sluice::work
