// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/csv/csv_filter.h"

#include "kernel/base/text.h"
#include "modules/work/core/csv/csv_value.h"

#include <re2/re2.h>

#include <algorithm>

namespace sluice::work {

namespace {

// A pattern's program and the states it has met; RE2 takes time linear in the text.
constexpr std::int64_t pattern_memory_max = 8 << 20;
constexpr std::size_t pattern_bytes_max = 1000;

bool is_order(Comparison comparison) {
    return comparison == Comparison::less || comparison == Comparison::at_most ||
           comparison == Comparison::greater || comparison == Comparison::at_least;
}

template <class Value>
bool compare(Comparison comparison, const Value& left, const Value& right) {
    switch (comparison) {
        case Comparison::equal: return left == right;
        case Comparison::not_equal: return !(left == right);
        case Comparison::less: return left < right;
        case Comparison::at_most: return !(right < left);
        case Comparison::greater: return right < left;
        case Comparison::at_least: return !(left < right);
        default: return false;
    }
}

}  // namespace

/// A condition made ready.
struct CsvFilter::Test {
    std::size_t column = 0;
    Comparison comparison = Comparison::equal;
    std::vector<std::string> values;
    std::optional<double> number;
    std::optional<WallTime> time;
    std::unique_ptr<RE2> pattern;

    [[nodiscard]] bool holds(const CsvField& field) const {
        const bool null = is_null(field);
        if (comparison == Comparison::is_null) return null;
        if (null) return false;
        const std::string_view text = field.text;
        switch (comparison) {
            case Comparison::is_null: return false;
            case Comparison::is_not_null: return true;
            case Comparison::contains: return text.find(values[0]) != std::string_view::npos;
            case Comparison::in: {
                return std::find(values.begin(), values.end(), text) != values.end();
            }
            case Comparison::matches: {
                return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *pattern);
            }
            default: break;
        }
        if (number) {
            const auto value = as_number(trim_blanks(text));
            return value ? compare(comparison, *value, *number)
                         : comparison == Comparison::not_equal;
        }
        if (time && is_order(comparison)) {
            const auto value = as_time(trim_blanks(text));
            return value && compare(comparison, *value, *time);
        }
        return compare(comparison, text, std::string_view(values[0]));
    }
};

CsvFilter::CsvFilter(FilterRequest request) : request_(std::move(request)) {}
CsvFilter::~CsvFilter() = default;
CsvFilter::CsvFilter(CsvFilter&& other) noexcept = default;

Result<CsvFilter> CsvFilter::make(FilterRequest request) {
    CsvFilter out(std::move(request));
    for (FilterCondition& condition : out.request_.conditions) {
        Test test;
        test.comparison = condition.comparison;
        test.values = condition.values;
        const bool valueless =
            test.comparison == Comparison::is_null || test.comparison == Comparison::is_not_null;
        if (valueless != test.values.empty() ||
            (test.values.size() > 1 && test.comparison != Comparison::in)) {
            return fail(Code::invalid, "a comparison with the wrong number of values");
        }
        if (!valueless && test.comparison != Comparison::in) {
            test.number = as_number(test.values[0]);
            test.time = as_time(test.values[0]);
        }
        if (test.comparison == Comparison::matches) {
            if (test.values[0].size() > pattern_bytes_max) {
                return fail(Code::exhausted, "a pattern longer than " +
                                                 std::to_string(pattern_bytes_max) + " bytes");
            }
            RE2::Options options;
            options.set_log_errors(false);
            options.set_max_mem(pattern_memory_max);
            test.pattern = std::make_unique<RE2>(test.values[0], options);
            if (!test.pattern->ok()) {
                return fail(Code::invalid, "\"" + cut_text(test.values[0], 100) +
                                               "\" is no pattern: " + test.pattern->error());
            }
        }
        out.tests_.push_back(std::move(test));
    }
    return out;
}

Status CsvFilter::begin(std::span<const CsvField> first) {
    begun_ = true;
    const CsvColumns columns(first, request_.format.header);
    for (std::size_t i = 0; i < tests_.size(); ++i) {
        SLUICE_TRY(tests_[i].column, columns.find(request_.conditions[i].column));
    }
    SLUICE_TRY(chosen_, columns.find_all(request_.columns));
    if (request_.columns.empty()) {
        for (std::size_t i = 0; i < columns.size(); ++i) chosen_.push_back(i);
    }
    std::vector<std::string> names = columns.names();
    for (const auto& [old_name, new_name] : request_.renames) {
        SLUICE_TRY(const std::size_t column, columns.find(old_name));
        names[column] = new_name;
    }
    if (!request_.format.header) return {};
    std::vector<std::string> titles;
    for (const std::size_t column : chosen_) titles.push_back(names[column]);
    put_csv_record(out, titles, request_.format.delimiter);
    return {};
}

bool CsvFilter::is_wanted(std::span<const CsvField> record) const {
    if (tests_.empty()) return true;
    const auto holds = [&record](const Test& test) {
        return test.holds(field_of(record, test.column));
    };
    return request_.any ? std::any_of(tests_.begin(), tests_.end(), holds)
                        : std::all_of(tests_.begin(), tests_.end(), holds);
}

Status CsvFilter::add(std::span<const CsvField> record) {
    if (!begun_) {
        SLUICE_TRY_STATUS(begin(record));
        if (request_.format.header) return {};
    }
    if (is_full()) return {};
    ++rows_;
    if (!is_wanted(record)) return {};
    ++written_;
    fields_.clear();
    for (const std::size_t column : chosen_) fields_.push_back(field_of(record, column));
    put_csv_record(out, fields_, request_.format.delimiter);
    return {};
}

}  // namespace sluice::work
