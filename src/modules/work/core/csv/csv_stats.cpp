// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/csv/csv_stats.h"

#include "kernel/base/text.h"
#include "modules/work/core/csv/csv_value.h"
#include "modules/work/core/sketch/hash64.h"

#include <algorithm>
#include <bit>
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
        column.name = header_ ? cut_text(trim_blanks(first[i].text), limits_.text_bytes_max) : "";
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

namespace {

// What a text is, remembered with it in the table of frequent values: NaNs that no text has stand
// for what is no number, and infinities (which no text is, either) are never remembered.
enum class Seen : std::uint64_t { text = 1, boolean, date };
double remembered(Seen seen) {
    return std::bit_cast<double>(0x7FF8'0000'0000'0000 + static_cast<std::uint64_t>(seen));
}
Seen seen_of(double note) { return static_cast<Seen>(std::bit_cast<std::uint64_t>(note) & 0xFF); }

}  // namespace

void CsvStats::add_value(Column& column, const CsvField& field) {
    ++column.values;
    if (!column.profile) return;
    const std::string_view text = trim_blanks(field.text);
    const std::uint64_t hash = hash64(text);
    TopCounter& top = column.profile->top;
    if (const double* note = top.add(text, hash)) {
        count_kind(column, *note);
        if (!std::isnan(*note)) add_number(column, *note);
        return;
    }
    // A text that is not in the table: it has to be looked at.
    const double note = classify(text);
    top.note(note);
    count_kind(column, note);
    if (!std::isnan(note)) {
        column.has_fraction |= !is_integer(text);
        add_number(column, note);
    }
    add_text(column, text);
    add_distinct(*column.profile, hash);
}

double CsvStats::classify(std::string_view text) {
    if (const auto number = as_number(text)) return *number;
    return remembered(is_boolean(text) ? Seen::boolean : is_date(text) ? Seen::date : Seen::text);
}

void CsvStats::count_kind(Column& column, double note) {
    if (!std::isnan(note)) return;
    const Seen seen = seen_of(note);
    if (seen == Seen::boolean) ++column.booleans;
    if (seen == Seen::date) ++column.dates;
}

void CsvStats::add_text(Column& column, std::string_view text) const {
    const std::uint64_t length = character_count(text);
    column.length_min = std::min(column.length_min, length);
    column.length_max = std::max(column.length_max, length);
    const std::string_view head = truncate_utf8(text, limits_.text_bytes_max);
    if (!column.has_text) {
        column.has_text = true;
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

void CsvStats::add_distinct(Profile& profile, std::uint64_t hash) {
    const std::size_t before = profile.distinct.remembered();
    profile.distinct.add(hash);
    distinct_total_ += profile.distinct.remembered();
    distinct_total_ -= before;
    if (distinct_total_ <= limits_.distinct_max) return;
    distinct_total_ -= profile.distinct.remembered();
    profile.distinct.estimate();
}

void CsvStats::put_numbers(const Column& column, ColumnSummary& out) const {
    out.kind = column.has_fraction ? ColumnKind::number : ColumnKind::integer;
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
