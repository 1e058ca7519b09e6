// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/csv/csv_stats.h"

#include "kernel/base/text.h"
#include "modules/work/core/csv/csv_value.h"
#include "modules/work/core/sketch/hash64.h"

#include <algorithm>
#include <cmath>

namespace sluice::work {

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
        Column& column = columns_[i];
        column.name = header_ ? cut_text(trim(first[i].text), limits_.text_bytes_max) : "";
        if (column.name.empty()) column.name = "column " + std::to_string(i + 1);
        if (i < limits_.profiled_max) column.profile = std::make_unique<Profile>(limits_);
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
    if (!column.profile) return;
    if (const auto number = as_number(text)) {
        add_number(column, *number);
        if (is_integer(text)) ++column.integers;
    } else if (is_boolean(text)) {
        ++column.booleans;
    } else if (is_date(text)) {
        ++column.dates;
    }
    add_text(column, text);
    add_distinct(*column.profile, text);
}

void CsvStats::add_text(Column& column, std::string_view text) const {
    const std::uint64_t length = character_count(text);
    column.length_min = std::min(column.length_min, length);
    column.length_max = std::max(column.length_max, length);
    const std::string_view head = truncate_utf8(text, limits_.text_bytes_max);
    if (column.values == 1) {
        column.text_min = column.text_max = head;
    } else if (head < column.text_min) {
        column.text_min = head;
    } else if (head > column.text_max) {
        column.text_max = head;
    }
}

void CsvStats::add_number(Column& column, double number) const {
    ++column.numbers;
    if (column.numbers == 1) {
        column.min = column.max = number;
    } else {
        column.min = std::min(column.min, number);
        column.max = std::max(column.max, number);
    }
    column.sum += number;
    const double distance = number - column.mean;
    column.mean += distance / static_cast<double>(column.numbers);
    column.squares += distance * (number - column.mean);
    // Quantiles are given for columns of nothing but numbers.
    if (column.numbers == column.values) column.profile->quantiles.add(number);
}

void CsvStats::add_distinct(Profile& profile, std::string_view text) {
    const std::uint64_t hash = hash64(text);
    // What is in the table of frequent values has been counted when it came in.
    if (!profile.top.add(text, hash)) return;
    const std::size_t before = profile.distinct.remembered();
    profile.distinct.add(hash);
    distinct_total_ += profile.distinct.remembered();
    distinct_total_ -= before;
    if (distinct_total_ <= limits_.distinct_max) return;
    distinct_total_ -= profile.distinct.remembered();
    profile.distinct.estimate();
}

void CsvStats::put_numbers(const Column& column, ColumnSummary& out) const {
    out.kind = column.integers == column.values ? ColumnKind::integer : ColumnKind::number;
    out.min = column.min;
    out.max = column.max;
    if (std::isfinite(column.sum)) out.sum = column.sum;
    if (std::isfinite(column.mean)) out.mean = column.mean;
    const double variance = column.squares / static_cast<double>(column.values);
    if (std::isfinite(variance)) out.deviation = std::sqrt(variance);
    const QuantileSketch& sketch = column.profile->quantiles;
    out.quantiles =
        sketch.quantiles({std::begin(ColumnQuantiles::shares), std::end(ColumnQuantiles::shares)});
    out.quantile_rank_error = sketch.rank_error();
}

ColumnSummary CsvStats::column(std::size_t index, std::size_t top) const {
    const Column& column = columns_[index];
    ColumnSummary out;
    out.name = column.name;
    out.values = column.values;
    out.nulls = column.nulls;
    if (column.values == 0 || !column.profile) return out;
    out.distinct = column.profile->distinct.count();
    out.distinct_estimated = !column.profile->distinct.is_exact();
    out.length_min = column.length_min;
    out.length_max = column.length_max;
    out.top = column.profile->top.top(top);
    for (TopEntry& entry : out.top) entry.text = cut_text(entry.text, limits_.text_bytes_max);
    out.top_error = column.profile->top.error();
    if (column.numbers == column.values) {
        put_numbers(column, out);
        return out;
    }
    if (column.booleans == column.values)
        out.kind = ColumnKind::boolean;
    else if (column.dates == column.values)
        out.kind = ColumnKind::date;
    else
        out.kind = ColumnKind::text;
    out.text_min = cut_text(column.text_min, limits_.text_bytes_max);
    out.text_max = cut_text(column.text_max, limits_.text_bytes_max);
    return out;
}

}  // namespace sluice::work
