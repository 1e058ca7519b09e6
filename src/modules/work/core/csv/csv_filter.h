// SPDX-License-Identifier: Apache-2.0
// Which records of a table are wanted, and which of their columns. Pure.
#pragma once

#include "modules/work/core/csv/csv_columns.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sluice::work {

enum class Comparison {
    equal,
    not_equal,
    less,
    at_most,
    greater,
    at_least,
    contains,
    matches,
    in,
    is_null,
    is_not_null,
};

/// "column OPERATOR value" in parts. Every comparison but is_null is false for a null.
struct FilterCondition {
    std::string column;
    Comparison comparison = Comparison::equal;
    /// One text; several for `in`; none for the two about nulls.
    std::vector<std::string> values{};
};

/// Reads "city = Oslo", "price >= 10", "note is null", "name ~ ^A", "city in Oslo, Rome",
/// "item contains rope", "\"odd name\" != 'it is'": a column (in double quotes if it holds an
/// operator or blanks), an operator (= == != <> < <= > >= ~ contains matches in is null, is not
/// null), and the rest of the text as value, in single or double quotes where blanks or commas
/// matter (a doubled quote stands for one). Errors: invalid.
Result<FilterCondition> parse_condition(std::string_view text);

struct FilterRequest {
    CsvFormat format{};
    std::vector<FilterCondition> conditions{};
    bool any = false;                    ///< One condition is enough; else all must hold.
    std::vector<std::string> columns{};  ///< The wanted ones in their order; none: all.
    std::vector<std::pair<std::string, std::string>> renames{};  ///< Old name, new name.
    std::uint64_t limit = UINT64_MAX;                            ///< Records to give.
};

/// Appends what is wanted to `out`, which the caller empties. An ordering comparison with a value
/// that is a number is one of numbers, with a date one of times, else of bytes; a field that is not
/// of that type does not satisfy it.
class CsvFilter {
public:
    /// Compiles the patterns. Errors: invalid (a pattern; a value of the wrong kind), exhausted
    /// (the memory that a pattern needs).
    static Result<CsvFilter> make(FilterRequest request);
    ~CsvFilter();
    CsvFilter(CsvFilter&& other) noexcept;
    CsvFilter& operator=(CsvFilter&&) = delete;

    /// The first record says the columns. Errors: invalid (no such column).
    Status add(std::span<const CsvField> record);
    /// True when the limit is reached: further records change nothing.
    [[nodiscard]] bool is_full() const { return written_ >= request_.limit; }
    [[nodiscard]] std::uint64_t rows() const { return rows_; }
    [[nodiscard]] std::uint64_t matched() const { return written_; }
    [[nodiscard]] std::size_t column_count() const { return chosen_.size(); }

    std::string out;

private:
    struct Test;

    explicit CsvFilter(FilterRequest request);
    Status begin(std::span<const CsvField> first);
    [[nodiscard]] bool is_wanted(std::span<const CsvField> record) const;

    FilterRequest request_;
    std::vector<Test> tests_;
    bool begun_ = false;
    std::vector<std::size_t> chosen_;
    std::vector<CsvField> fields_;
    std::uint64_t rows_ = 0;
    std::uint64_t written_ = 0;
};

}  // namespace sluice::work
