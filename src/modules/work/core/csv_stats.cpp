// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/csv_stats.h"

#include "kernel/base/text.h"
#include "modules/work/core/utf8.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>

namespace sluice::work {

namespace {

bool is_null(const CsvField& field) {
    if (field.quoted) return false;
    const std::string_view text = trim(field.text);
    static constexpr std::array<std::string_view, 6> names = {"",   "NULL", "null",
                                                              "NA", "N/A",  "\\N"};
    return std::find(names.begin(), names.end(), text) != names.end();
}

bool is_boolean(std::string_view text) {
    static constexpr std::array<std::string_view, 8> names = {"true", "false", "TRUE", "FALSE",
                                                              "True", "False", "yes",  "no"};
    return std::find(names.begin(), names.end(), text) != names.end();
}

bool is_integer(std::string_view text) {
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<double> as_number(std::string_view text) {
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    // "inf" and "nan" are words here.
    if (text.empty() || text.find_first_of("nN") != std::string_view::npos) return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool is_date(std::string_view text) {
    static constexpr std::string_view shape = "dddd-dd-dd";
    if (text.size() < shape.size() || text.size() > 40) return false;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (shape[i] == 'd' ? !digit : text[i] != shape[i]) return false;
    }
    const int month = (text[5] - '0') * 10 + text[6] - '0';
    const int day = (text[8] - '0') * 10 + text[9] - '0';
    if (month < 1 || month > 12 || day < 1 || day > 31) return false;
    return text.size() == shape.size() || text[10] == 'T' || text[10] == ' ';
}

/// Bytes that are no UTF-8 become longer when they are replaced, so it is cut after that, too.
std::string cut(std::string_view text, std::size_t bytes_max) {
    const std::string valid = to_valid_utf8(truncate_utf8(text, bytes_max));
    return std::string(truncate_utf8(valid, bytes_max));
}

}  // namespace

std::string_view to_string(ColumnKind kind) {
    switch (kind) {
        case ColumnKind::empty: return "empty";
        case ColumnKind::boolean: return "boolean";
        case ColumnKind::integer: return "integer";
        case ColumnKind::number: return "number";
        case ColumnKind::date: return "date";
        case ColumnKind::text: return "text";
    }
    return "text";
}

void CsvStats::begin(std::span<const CsvField> first) {
    begun_ = true;
    columns_.resize(first.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
        columns_[i].name = header_ ? cut(trim(first[i].text), limits_.text_bytes_max) : "";
        if (columns_[i].name.empty()) columns_[i].name = "column " + std::to_string(i + 1);
    }
}

void CsvStats::add(std::span<const CsvField> record) {
    if (!begun_) {
        begin(record);
        if (header_) return;
    }
    ++rows_;
    if (record.size() != columns_.size()) ++ragged_;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (i >= record.size() || is_null(record[i])) {
            ++columns_[i].nulls;
        } else {
            add_value(columns_[i], record[i]);
        }
    }
}

void CsvStats::add_value(Column& column, const CsvField& field) {
    const std::string_view text = trim(field.text);
    ++column.values;
    if (const auto number = as_number(text)) {
        add_number(column, *number);
        if (is_integer(text)) ++column.integers;
    } else if (is_boolean(text)) {
        ++column.booleans;
    } else if (is_date(text)) {
        ++column.dates;
    }
    const std::string_view head = truncate_utf8(text, limits_.text_bytes_max);
    if (column.values == 1) {
        column.text_min = column.text_max = head;
    } else if (head < column.text_min) {
        column.text_min = head;
    } else if (head > column.text_max) {
        column.text_max = head;
    }
    add_distinct(column, text);
}

void CsvStats::add_number(Column& column, double number) const {
    ++column.numbers;
    if (column.numbers == 1) {
        column.min = column.max = number;
    } else {
        column.min = std::min(column.min, number);
        column.max = std::max(column.max, number);
    }
    const double distance = number - column.mean;
    column.mean += distance / static_cast<double>(column.numbers);
    column.squares += distance * (number - column.mean);
}

void CsvStats::add_distinct(Column& column, std::string_view text) {
    const std::uint64_t hash = std::hash<std::string_view>{}(text);
    if (column.distinct.contains(hash)) return;
    if (column.distinct.size() >= limits_.distinct_per_column_max ||
        distinct_total_ >= limits_.distinct_max) {
        column.distinct_capped = true;
        return;
    }
    column.distinct.insert(hash);
    ++distinct_total_;
}

ColumnSummary CsvStats::column(std::size_t index) const {
    const Column& column = columns_[index];
    ColumnSummary out;
    out.name = column.name;
    out.values = column.values;
    out.nulls = column.nulls;
    out.distinct = column.distinct.size();
    out.distinct_capped = column.distinct_capped;
    if (column.values == 0) return out;
    if (column.numbers == column.values) {
        out.kind = column.integers == column.values ? ColumnKind::integer : ColumnKind::number;
        out.min = column.min;
        out.max = column.max;
        if (std::isfinite(column.mean)) out.mean = column.mean;
        const double variance = column.squares / static_cast<double>(column.values);
        if (std::isfinite(variance)) out.deviation = std::sqrt(variance);
        return out;
    }
    if (column.booleans == column.values)
        out.kind = ColumnKind::boolean;
    else if (column.dates == column.values)
        out.kind = ColumnKind::date;
    else
        out.kind = ColumnKind::text;
    out.text_min = cut(column.text_min, limits_.text_bytes_max);
    out.text_max = cut(column.text_max, limits_.text_bytes_max);
    return out;
}

}  // namespace sluice::work
