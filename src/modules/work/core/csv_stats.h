// SPDX-License-Identifier: Apache-2.0
// Statistics of the columns of a table that comes record by record: what kind of values, how many
// are missing, smallest, largest, mean, different ones. Pure; one pass, bounded memory.
#pragma once

#include "modules/work/core/csv_parser.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

namespace sluice::work {

struct CsvStatsLimits {
    /// Different values remembered per column, and in all columns together.
    std::size_t distinct_per_column_max = 10'000;
    std::size_t distinct_max = 1'000'000;
    /// Bytes kept of a text minimum or maximum and of a column's name.
    std::size_t text_bytes_max = 64;
};

/// The narrowest kind that every value of the column has. `date` is YYYY-MM-DD, alone or followed
/// by T or a blank and a time.
enum class ColumnKind { empty, boolean, integer, number, date, text };
std::string_view to_string(ColumnKind kind);

/// What is known of one column.
struct ColumnSummary {
    std::string name;
    ColumnKind kind = ColumnKind::empty;
    std::uint64_t values = 0;
    /// Missing: no text without quotes, or NULL, null, NA, N/A, \N without quotes.
    std::uint64_t nulls = 0;
    std::uint64_t distinct = 0;
    /// True if `distinct` is only a lower bound.
    bool distinct_capped = false;
    /// Of integer and number columns.
    std::optional<double> min, max, mean, deviation;
    /// Of other columns: by byte order, cut to the limit.
    std::string text_min, text_max;
};

/// Different values are told apart by a 64-bit hash, so the number can be too small by one in
/// many millions.
class CsvStats {
public:
    /// With `header`, the first record names the columns.
    explicit CsvStats(bool header, CsvStatsLimits limits = {}) : header_(header), limits_(limits) {}

    void add(std::span<const CsvField> record);

    /// Records without the header.
    [[nodiscard]] std::uint64_t rows() const { return rows_; }
    /// Records with fewer or more fields than the first one.
    [[nodiscard]] std::uint64_t ragged() const { return ragged_; }
    [[nodiscard]] std::size_t column_count() const { return columns_.size(); }
    [[nodiscard]] ColumnSummary column(std::size_t index) const;

private:
    struct Column {
        std::string name;
        std::uint64_t values = 0;
        std::uint64_t nulls = 0;
        std::uint64_t booleans = 0, integers = 0, numbers = 0, dates = 0;
        double min = 0, max = 0, mean = 0, squares = 0;  ///< Welford's running mean and squares.
        std::string text_min, text_max;
        std::unordered_set<std::uint64_t> distinct;
        bool distinct_capped = false;
    };

    void begin(std::span<const CsvField> first);
    void add_value(Column& column, const CsvField& field);
    void add_number(Column& column, double number) const;
    void add_distinct(Column& column, std::string_view text);

    bool header_;
    CsvStatsLimits limits_;
    bool begun_ = false;
    std::uint64_t rows_ = 0;
    std::uint64_t ragged_ = 0;
    std::size_t distinct_total_ = 0;
    std::vector<Column> columns_;
};

}  // namespace sluice::work
