// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/csv/csv_aggregate.h"

#include "kernel/base/bytes.h"
#include "kernel/base/text.h"
#include "kernel/wire/json_text.h"
#include "modules/work/core/csv/csv_keys.h"
#include "modules/work/core/csv/csv_value.h"
#include "modules/work/core/sketch/distinct_counter.h"
#include "modules/work/core/sketch/hash64.h"
#include "modules/work/core/sketch/quantile_sketch.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sluice::work {

namespace {

constexpr std::size_t extreme_bytes_max = 256;
/// Exact up to so many numbers of one group, different values of one group.
constexpr std::size_t group_quantile_k = 1024;
constexpr std::size_t group_distinct_max = 1000;
/// What a group costs beside its key and cells: table, pointers, allocator.
constexpr std::size_t group_overhead = 160;

/// As JSON writes it: the shortest digits that read back as the same number.
std::string number_text(double number) {
    if (!std::isfinite(number)) return {};
    if (number == std::floor(number) && std::fabs(number) < 1e15) {
        return std::to_string(static_cast<std::int64_t>(number));
    }
    std::string out;
    JsonWriter(out).number(number);
    return out;
}

}  // namespace

/// One number being calculated of one group.
class CsvAggregate::Cell {
public:
    explicit Cell(const AggregateColumn& column) : kind_(column.kind) {
        if (kind_ == AggregateKind::quantile) {
            sketch_ = std::make_unique<QuantileSketch>(group_quantile_k);
        } else if (kind_ == AggregateKind::distinct) {
            different_ = std::make_unique<DistinctCounter>(group_distinct_max);
        } else if (kind_ == AggregateKind::min || kind_ == AggregateKind::max) {
            extreme_ = std::make_unique<std::string>();
        }
    }

    void add_record() { ++count_; }
    void add(const CsvField& field) {
        if (is_null(field)) return;
        const std::string_view text = trim_blanks(field.text);
        ++count_;
        if (kind_ == AggregateKind::count) return;
        if (kind_ == AggregateKind::distinct) return different_->add(hash64(text));
        const auto number = as_number(text);
        if (extreme_) return add_extreme(text, number);
        if (!number) return;
        ++numbers_;
        if (sketch_) return sketch_->add(*number);
        // Neumaier's sum: what each addition rounds away is added up beside it.
        const double sum = value_ + *number;
        rest_ += std::fabs(value_) >= std::fabs(*number) ? (value_ - sum) + *number
                                                         : (*number - sum) + value_;
        value_ = sum;
    }
    [[nodiscard]] std::string result(double share) const {
        switch (kind_) {
            case AggregateKind::count: return std::to_string(count_);
            case AggregateKind::distinct: return std::to_string(different_->count());
            case AggregateKind::min:
            case AggregateKind::max:
                return numbers_ == count_ && numbers_ > 0 ? number_text(value_) : *extreme_;
            case AggregateKind::sum: return numbers_ > 0 ? number_text(total()) : "";
            case AggregateKind::mean:
                return numbers_ > 0 ? number_text(total() / static_cast<double>(numbers_)) : "";
            case AggregateKind::quantile:
                return numbers_ > 0 ? number_text(sketch_->quantiles({share}).front()) : "";
        }
        return {};
    }
    [[nodiscard]] std::size_t bytes() const {
        if (sketch_) return sizeof *this + 128 + 8 * std::min<std::uint64_t>(numbers_, 4096);
        if (different_)
            return sizeof *this + 64 +
                   (different_->is_exact() ? 32 * different_->remembered() : 16384);
        return sizeof *this + (extreme_ ? 32 + extreme_->size() : 0);
    }

private:
    [[nodiscard]] double total() const {
        return std::isfinite(value_ + rest_) ? value_ + rest_ : value_;
    }
    void add_extreme(std::string_view text, std::optional<double> number) {
        const bool low = kind_ == AggregateKind::min;
        const std::string_view head = truncate_utf8(text, extreme_bytes_max);
        if (count_ == 1 || (low ? head < *extreme_ : head > *extreme_)) *extreme_ = head;
        if (!number) return;
        value_ = numbers_ == 0 ? *number
                 : low         ? std::min(value_, *number)
                               : std::max(value_, *number);
        ++numbers_;
    }

    AggregateKind kind_;
    std::uint64_t count_ = 0;
    std::uint64_t numbers_ = 0;
    double value_ = 0;
    double rest_ = 0;
    std::unique_ptr<QuantileSketch> sketch_;
    std::unique_ptr<DistinctCounter> different_;
    std::unique_ptr<std::string> extreme_;
};

class CsvAggregate::Group {
public:
    explicit Group(const std::vector<AggregateColumn>& columns) {
        cells_.reserve(columns.size());
        for (const auto& column : columns) cells_.emplace_back(column);
    }
    /// `fields` are the needed ones; answers how much more memory it has now.
    std::size_t add(std::span<const CsvField> fields, std::span<const std::size_t> which,
                    bool measured) {
        const std::size_t before = measured ? bytes() : 0;
        for (std::size_t i = 0; i < cells_.size(); ++i) {
            if (which[i] == SIZE_MAX) {
                cells_[i].add_record();
            } else {
                cells_[i].add(fields[which[i]]);
            }
        }
        return measured ? bytes() - std::min(before, bytes()) : 0;
    }
    [[nodiscard]] const std::vector<Cell>& cells() const { return cells_; }
    [[nodiscard]] std::size_t bytes() const {
        std::size_t out = 0;
        for (const Cell& cell : cells_) out += cell.bytes();
        return out;
    }

private:
    std::vector<Cell> cells_;
};

CsvAggregate::CsvAggregate(AggregateRequest request, MakeRunStore make_store)
    : request_(std::move(request)), make_store_(std::move(make_store)) {}
CsvAggregate::~CsvAggregate() = default;

Status CsvAggregate::begin(std::span<const CsvField> first) {
    begun_ = true;
    const CsvColumns columns(first, request_.format.header);
    SLUICE_TRY(by_, columns.find_all(request_.by));
    std::vector<std::string> titles;
    for (const std::size_t column : by_) titles.push_back(columns.name(column));
    for (const AggregateColumn& column : request_.columns) {
        titles.push_back(column.name);
        has_growing_ = has_growing_ ||
                       (column.kind != AggregateKind::count && column.kind != AggregateKind::sum &&
                        column.kind != AggregateKind::mean);
        cell_field_.push_back(SIZE_MAX);
        if (column.column.empty()) continue;
        SLUICE_TRY(const std::size_t index, columns.find(column.column));
        const auto found = std::find(needed_.begin(), needed_.end(), index);
        cell_field_.back() = static_cast<std::size_t>(found - needed_.begin());
        if (found == needed_.end()) needed_.push_back(index);
    }
    put_csv_record(header_, titles, request_.format.delimiter);
    return {};
}

Status CsvAggregate::add(std::span<const CsvField> record) {
    if (!begun_) {
        SLUICE_TRY_STATUS(begin(record));
        if (request_.format.header) return {};
    }
    key_.clear();
    put_match_key(record, by_, key_);
    fields_.clear();
    for (const std::size_t column : needed_) fields_.push_back(field_of(record, column));
    ++rows_;
    auto found = index_.find(key_);
    if (found == index_.end()) {
        if (is_full_) return add_aside(fields_, key_);
        found = index_.emplace(key_, held_.size()).first;
        held_.emplace_back(&found->first, std::make_unique<Group>(request_.columns));
        memory_ += group_overhead + key_.size() + held_.back().second->bytes();
        is_full_ = memory_ >= request_.memory_max;
    }
    memory_ += held_[found->second].second->add(fields_, cell_field_, has_growing_);
    is_full_ = is_full_ || memory_ >= request_.memory_max;
    if (memory_ >= 2 * request_.memory_max) {
        return fail(Code::exhausted,
                    "quantiles or distinct values of so many groups need more than " +
                        std::to_string(2 * request_.memory_max) + " bytes of memory");
    }
    return {};
}

Status CsvAggregate::add_aside(std::span<const CsvField> fields, std::string_view key) {
    if (!aside_) aside_ = std::make_unique<ExternalSorter>(make_store_, request_.sort);
    std::string value;
    put_big_endian(value, rows_);
    pack_fields(value, fields);
    return aside_->add(key, value);
}

void CsvAggregate::put_group(std::string_view key, const Group& group, std::string& out) {
    std::vector<CsvField> line;
    SLUICE_CHECK(unpack_fields(key, line));
    for (CsvField& field : line) {
        // Of a key the mark says "no null"; quotes are wanted where it would read as one.
        const bool value = field.quoted;
        field.quoted = false;
        field.quoted = value && is_null(field);
    }
    std::vector<std::string> results;
    for (std::size_t i = 0; i < group.cells().size(); ++i) {
        results.push_back(group.cells()[i].result(request_.columns[i].share));
    }
    for (const std::string& text : results) line.push_back({text, false});
    put_csv_record(out, line, request_.format.delimiter);
}

Status CsvAggregate::finish() {
    groups_ = held_.size();
    if (begun_ && by_.empty() && held_.empty()) {
        // One group of no records.
        key_.clear();
        put_match_key({}, by_, key_);
        const auto [place, fresh] = index_.emplace(key_, 0);
        held_.emplace_back(&place->first, std::make_unique<Group>(request_.columns));
        groups_ = 1;
    }
    if (!aside_) return {};
    return finish_aside();
}

Status CsvAggregate::finish_aside() {
    SLUICE_TRY_STATUS(aside_->finish());
    lines_ = std::make_unique<ExternalSorter>(make_store_, request_.sort);
    std::unique_ptr<Group> group;
    std::string current;
    std::string order;
    std::string line;
    const auto end_group = [&]() -> Status {
        if (!group) return {};
        if (++groups_ > request_.groups_max) {
            return fail(Code::exhausted,
                        "more than " + std::to_string(request_.groups_max) + " groups");
        }
        line.clear();
        put_group(current, *group, line);
        return lines_->add(order, line);
    };
    for (;;) {
        std::string_view key;
        std::string_view value;
        SLUICE_TRY(const bool more, aside_->next(key, value));
        if (!more) break;
        if (!group || key != current) {
            SLUICE_TRY_STATUS(end_group());
            group = std::make_unique<Group>(request_.columns);
            current = key;
            order = value.substr(0, 8);
        }
        SLUICE_CHECK(unpack_fields(value.substr(8), fields_));
        group->add(fields_, cell_field_, false);
    }
    SLUICE_TRY_STATUS(end_group());
    return lines_->finish();
}

Result<bool> CsvAggregate::next(std::string& out) {
    out += std::exchange(header_, {});
    if (given_ < held_.size()) {
        const auto& [key, group] = held_[given_++];
        put_group(*key, *group, out);
        return true;
    }
    if (!lines_) return false;
    std::string_view key;
    std::string_view line;
    SLUICE_TRY(const bool more, lines_->next(key, line));
    if (more) out += line;
    return more;
}

std::uint64_t CsvAggregate::spilled_bytes() const {
    return (aside_ ? aside_->spilled_bytes() : 0) + (lines_ ? lines_->spilled_bytes() : 0);
}

Result<AggregateColumn> parse_aggregate(std::string_view text) {
    AggregateColumn out;
    const std::string_view whole = trim(text);
    std::string_view rest = whole;
    out.name = whole;
    const std::size_t open = rest.find('(');
    const std::size_t equals = rest.find('=');
    if (equals < open) {
        out.name = trim(rest.substr(0, equals));
        rest = trim(rest.substr(equals + 1));
    }
    const auto refuse = [&](std::string_view why) {
        return fail(Code::invalid, "\"" + cut_text(whole, 100) + "\": " + std::string(why));
    };
    if (out.name.empty()) return refuse("there is no name before the equals sign");
    if (rest == "count") return out;
    const std::size_t bracket = rest.find('(');
    if (bracket == std::string_view::npos || !rest.ends_with(')')) {
        return refuse("it is neither \"count\" nor FUNCTION(COLUMN)");
    }
    const std::string_view function = trim(rest.substr(0, bracket));
    out.column = trim(rest.substr(bracket + 1, rest.size() - bracket - 2));
    if (out.column.empty()) return refuse("there is no column in the brackets");
    static constexpr std::pair<std::string_view, AggregateKind> functions[] = {
        {"count", AggregateKind::count},    {"sum", AggregateKind::sum},
        {"mean", AggregateKind::mean},      {"min", AggregateKind::min},
        {"max", AggregateKind::max},        {"distinct", AggregateKind::distinct},
        {"median", AggregateKind::quantile}};
    for (const auto& [name, kind] : functions) {
        if (name != function) continue;
        out.kind = kind;
        return out;
    }
    if (function.starts_with('p')) {
        const auto percent = as_number(function.substr(1));
        if (percent && *percent >= 0 && *percent <= 100) {
            out.kind = AggregateKind::quantile;
            out.share = *percent / 100;
            return out;
        }
    }
    return refuse(
        "the function is none of count, sum, mean, min, max, distinct, median, p0 to p100");
}

}  // namespace sluice::work
