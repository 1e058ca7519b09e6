// SPDX-License-Identifier: Apache-2.0
// The profile of a table that comes record by record: of each column what kind of values, how many
// are missing or different, the smallest, largest, most frequent, the mean and the quantiles.
// Pure; one pass, bounded memory.
#pragma once

#include "modules/work/core/csv/csv_parser.h"
#include "modules/work/core/sketch/distinct_counter.h"
#include "modules/work/core/sketch/quantile_sketch.h"
#include "modules/work/core/sketch/top_counter.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::work {

struct CsvStatsLimits {
    /// Different values counted exactly per column, and in all columns together; then estimated.
    std::size_t distinct_per_column_max = 10'000;
    std::size_t distinct_max = 1'000'000;
    /// Bytes kept of a text and of a column's name.
    std::size_t text_bytes_max = 64;
    /// Columns of which more than values and nulls is known: the first ones.
    std::size_t profiled_max = 200;
    /// Different values per column among which the most frequent are looked for.
    std::size_t top_table_max = 2000;
};

/// The narrowest kind that every value of the column has. `date` is YYYY-MM-DD, alone or followed
/// by T or a blank and a time.
enum class ColumnKind { empty, boolean, integer, number, date, text };
std::string_view to_string(ColumnKind kind);

/// The shares asked of number columns.
struct ColumnQuantiles {
    static constexpr std::size_t count = 7;
    static constexpr double shares[count] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};
    static constexpr std::string_view names[count] = {"p1",  "p5",  "p25", "p50",
                                                      "p75", "p95", "p99"};
};

/// What is known of one column.
struct ColumnSummary {
    std::string name;
    ColumnKind kind = ColumnKind::empty;
    std::uint64_t values = 0;
    /// Missing: no text without quotes, or NULL, null, NA, N/A, \N without quotes.
    std::uint64_t nulls = 0;
    std::uint64_t distinct = 0;
    /// True if `distinct` is an estimate (DistinctCounter::standard_error).
    bool distinct_estimated = false;
    /// Of integer and number columns.
    std::optional<double> min, max, mean, deviation, sum;
    std::vector<double> quantiles;  ///< As ColumnQuantiles; or none.
    double quantile_rank_error = 0;
    /// Of other columns: by byte order, cut to the limit.
    std::string text_min, text_max;
    /// Characters of the shortest and longest value.
    std::uint64_t length_min = 0, length_max = 0;
    std::vector<TopEntry> top;
    std::uint64_t top_error = 0;
};

/// Different values are told apart by a 64-bit hash, so an exact number can be too small by one in
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
    /// With so many of the most frequent values.
    [[nodiscard]] ColumnSummary column(std::size_t index, std::size_t top = 0) const;

private:
    /// What only profiled columns have.
    struct Profile {
        explicit Profile(const CsvStatsLimits& limits)
            : distinct(limits.distinct_per_column_max),
              top(limits.top_table_max, limits.text_bytes_max) {}
        DistinctCounter distinct;
        TopCounter top;
        QuantileSketch quantiles;
    };
    struct Column {
        std::string name;
        std::uint64_t values = 0;
        std::uint64_t nulls = 0;
        std::uint64_t booleans = 0, numbers = 0, dates = 0;
        bool has_fraction = false;  ///< A number that is not written as an integer.
        bool has_text = false;
        double min = 0, max = 0, sum = 0;
        double mean = 0, squares = 0;  ///< Welford's running mean and squares.
        std::string text_min, text_max;
        std::uint64_t length_min = UINT64_MAX, length_max = 0;
        std::unique_ptr<Profile> profile;
    };

    void begin(std::span<const CsvField> first);
    void add_value(Column& column, const CsvField& field);
    void add_text(Column& column, std::string_view text) const;
    void add_number(Column& column, double number) const;
    void add_distinct(Profile& profile, std::uint64_t hash);
    static double classify(std::string_view text);
    static void count_kind(Column& column, double note);
    void put_numbers(const Column& column, ColumnSummary& out) const;

    bool header_;
    CsvStatsLimits limits_;
    bool begun_ = false;
    std::uint64_t rows_ = 0;
    std::uint64_t ragged_ = 0;
    std::size_t distinct_total_ = 0;
    std::vector<Column> columns_;
};

}  // namespace sluice::work
