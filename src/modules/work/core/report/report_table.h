// SPDX-License-Identifier: Apache-2.0
// The data of a report: a small table of texts, from a CSV file or from the JSON of a result. Pure.
#pragma once

#include "kernel/base/result.h"
#include "modules/work/core/csv/csv_parser.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

struct ReportLimits {
    std::size_t rows_max = 200'000;
    std::size_t columns_max = 200;
    std::size_t cell_bytes_max = 1000;
    /// Of one chart: bars, points of a line, lines, bins.
    std::size_t bars_max = 50;
    std::size_t points_max = 2000;
    std::size_t lines_max = 6;
    std::size_t bins_max = 40;
    /// Rows shown of one table.
    std::size_t shown_rows_max = 1000;
    std::size_t sections_max = 100;
};

struct ReportTable {
    std::vector<std::string> columns;
    /// Each as wide as `columns`; a null is an empty text.
    std::vector<std::vector<std::string>> rows;

    /// Errors: invalid (no such column, with the nearest one).
    [[nodiscard]] Result<std::size_t> find(std::string_view column) const;
    /// Every value of the column is a number or nothing, and one is a number.
    [[nodiscard]] bool is_numeric(std::size_t column) const;
    /// The same of dates.
    [[nodiscard]] bool is_temporal(std::size_t column) const;
};

/// Takes a CSV file's records; the first one has the names. Errors: exhausted (rows, columns).
Status add_record(ReportTable& table, std::span<const CsvField> record, const ReportLimits& limits);

/// The value that `at` points to (RFC 6901: "/series/points"; empty: everything) as a table: an
/// array of objects, of arrays or of values, or an object (`name`, `value`). Errors: invalid,
/// not_found (nothing there), exhausted.
Result<ReportTable> table_from_json(std::string_view text, std::string_view at,
                                    const ReportLimits& limits);

/// How people read a number: at most `digits` after the point, thousands divided by commas.
std::string people_number(double number, int digits = 2);

}  // namespace sluice::work
