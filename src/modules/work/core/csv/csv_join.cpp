// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/csv/csv_join.h"

#include "kernel/base/bytes.h"
#include "modules/work/core/csv/csv_keys.h"
#include "modules/work/core/csv/csv_value.h"
#include "modules/work/core/sketch/hash64.h"

#include <algorithm>

namespace sluice::work {

CsvJoin::CsvJoin(JoinRequest request, MakeRunStore make_store)
    : request_(std::move(request)), make_store_(std::move(make_store)) {}
CsvJoin::~CsvJoin() = default;

Status CsvJoin::begin_right(std::span<const CsvField> first) {
    right_begun_ = true;
    right_columns_ = CsvColumns(first, request_.right.header);
    auto keys = right_columns_.find_all(request_.right_keys);
    if (!keys) return std::move(keys).error().in("the right file");
    right_keys_ = *std::move(keys);
    if (request_.kind == JoinKind::anti) return {};
    for (std::size_t i = 0; i < right_columns_.size(); ++i) {
        if (std::find(right_keys_.begin(), right_keys_.end(), i) != right_keys_.end()) continue;
        right_shown_.push_back(i);
        nulls_ += request_.left.delimiter;
    }
    return {};
}

Status CsvJoin::add_right(std::span<const CsvField> record) {
    if (!right_begun_) {
        SLUICE_TRY_STATUS(begin_right(record));
        if (request_.right.header) return {};
    }
    ++right_rows_;
    key_.clear();
    if (!put_match_key(record, right_keys_, key_)) return {};  // it has no partner
    line_.clear();
    for (const std::size_t column : right_shown_) {
        line_ += request_.left.delimiter;
        put_csv_field(line_, field_of(record, column), request_.left.delimiter);
    }
    if (right_sorter_) return right_sorter_->add(key_, line_);
    rows_.push_back({hash64(key_), arena_.size(), static_cast<std::uint32_t>(key_.size()),
                     static_cast<std::uint32_t>(line_.size()), none});
    arena_ += key_;
    arena_ += line_;
    const std::size_t memory = arena_.size() + rows_.size() * (sizeof(Row) + 8);
    return memory > request_.memory_max ? move_to_sorter() : Status();
}

Status CsvJoin::move_to_sorter() {
    right_sorter_ = std::make_unique<ExternalSorter>(make_store_, request_.sort);
    left_sorter_ = std::make_unique<ExternalSorter>(make_store_, request_.sort);
    lines_ = std::make_unique<ExternalSorter>(make_store_, request_.sort);
    const std::string_view arena = arena_;
    for (const Row& row : rows_) {
        SLUICE_TRY_STATUS(
            right_sorter_->add(arena.substr(row.offset, row.key_bytes),
                               arena.substr(row.offset + row.key_bytes, row.line_bytes)));
    }
    arena_ = {};
    rows_ = {};
    return {};
}

void CsvJoin::build_index() {
    indexed_ = true;
    std::size_t slots = 16;
    while (slots < rows_.size() * 2) slots *= 2;
    index_.assign(slots, none);
    // Backwards, so that each list has the records in their order.
    for (std::size_t i = rows_.size(); i > 0; --i) {
        std::uint32_t& head = index_[rows_[i - 1].hash & (slots - 1)];
        rows_[i - 1].next = head;
        head = static_cast<std::uint32_t>(i - 1);
    }
}

Status CsvJoin::begin_left(std::span<const CsvField> first) {
    left_begun_ = true;
    if (!right_begun_) return fail(Code::invalid, "the right file has no records");
    const CsvColumns columns(first, request_.left.header);
    auto keys = columns.find_all(request_.left_keys);
    if (!keys) return std::move(keys).error().in("the left file");
    left_keys_ = *std::move(keys);
    left_width_ = columns.size();
    if (!request_.left.header) return {};
    std::vector<std::string> titles = columns.names();
    for (const std::size_t column : right_shown_) {
        std::string title = right_columns_.name(column);
        const auto& names = columns.names();
        if (std::find(names.begin(), names.end(), title) != names.end()) title += request_.suffix;
        titles.push_back(std::move(title));
    }
    put_csv_record(out, titles, request_.left.delimiter);
    return {};
}

void CsvJoin::left_line(std::span<const CsvField> record) {
    // As wide as the table, so that what follows stands in its columns.
    line_.clear();
    for (std::size_t i = 0; i < left_width_; ++i) {
        if (i != 0) line_ += request_.left.delimiter;
        put_csv_field(line_, field_of(record, i), request_.left.delimiter);
    }
    if (line_.empty() && nulls_.empty()) line_ = "\"\"";  // a blank line would be no record
}

Status CsvJoin::add_left(std::span<const CsvField> record) {
    if (!left_begun_) {
        SLUICE_TRY_STATUS(begin_left(record));
        if (request_.left.header) return {};
    }
    ++left_rows_;
    key_.clear();
    const bool has_key = put_match_key(record, left_keys_, key_);
    left_line(record);
    if (!left_sorter_) return probe(has_key);
    std::string value;
    put_big_endian(value, left_rows_);
    value += has_key ? '\1' : '\0';
    value += line_;
    return left_sorter_->add(key_, value);
}

void CsvJoin::put_pair(std::string_view left, std::string_view right, std::string& to) {
    ++rows_out_;
    to += left;
    to += right;
    to += '\n';
}

Status CsvJoin::probe(bool has_key) {
    if (!indexed_) build_index();
    bool partner = false;
    const std::uint64_t hash = hash64(key_);
    std::uint32_t at = has_key ? index_[hash & (index_.size() - 1)] : none;
    const std::string_view arena = arena_;
    for (; at != none; at = rows_[at].next) {
        const Row& row = rows_[at];
        if (row.hash != hash || arena.substr(row.offset, row.key_bytes) != key_) continue;
        partner = true;
        if (request_.kind == JoinKind::anti) break;
        put_pair(line_, arena.substr(row.offset + row.key_bytes, row.line_bytes), out);
    }
    if (partner) {
        ++matched_;
    } else if (request_.kind != JoinKind::inner) {
        put_pair(line_, nulls_, out);
    }
    return {};
}

Status CsvJoin::advance_right() {
    SLUICE_TRY(right_more_, right_sorter_->next(right_key_, right_line_));
    return {};
}

Status CsvJoin::read_group(std::string_view key) {
    if (group_read_ && group_key_ == key) return {};
    group_read_ = true;
    group_key_ = key;
    group_.clear();
    group_bytes_ = 0;
    while (right_more_ && right_key_ < key) SLUICE_TRY_STATUS(advance_right());
    while (right_more_ && right_key_ == key) {
        group_bytes_ += right_line_.size() + 64;
        if (group_bytes_ > request_.memory_max) {
            return fail(Code::exhausted,
                        "more right records have one and the same key than fit "
                        "into " +
                            std::to_string(request_.memory_max) + " bytes");
        }
        group_.emplace_back(right_line_);
        SLUICE_TRY_STATUS(advance_right());
    }
    return {};
}

Status CsvJoin::put_sorted(std::string_view order, std::string_view left, bool has_partners) {
    if (has_partners) ++matched_;
    if (has_partners && request_.kind != JoinKind::anti) {
        for (const std::string& right : group_) {
            line_.clear();
            put_pair(left, right, line_);
            SLUICE_TRY_STATUS(lines_->add(order, line_));
        }
    } else if (!has_partners && request_.kind != JoinKind::inner) {
        line_.clear();
        put_pair(left, nulls_, line_);
        SLUICE_TRY_STATUS(lines_->add(order, line_));
    }
    return {};
}

Status CsvJoin::merge_sorted() {
    SLUICE_TRY_STATUS(right_sorter_->finish());
    SLUICE_TRY_STATUS(left_sorter_->finish());
    SLUICE_TRY_STATUS(advance_right());
    for (;;) {
        std::string_view key;
        std::string_view value;
        SLUICE_TRY(const bool more, left_sorter_->next(key, value));
        if (!more) break;
        const bool has_key = value[8] != '\0';
        if (has_key) SLUICE_TRY_STATUS(read_group(key));
        const bool has_partners = has_key && !group_.empty();
        SLUICE_TRY_STATUS(put_sorted(value.substr(0, 8), value.substr(9), has_partners));
    }
    return lines_->finish();
}

Status CsvJoin::finish() { return left_sorter_ ? merge_sorted() : Status(); }

Result<bool> CsvJoin::next(std::string& to) {
    if (!lines_) return false;
    std::string_view key;
    std::string_view line;
    SLUICE_TRY(const bool more, lines_->next(key, line));
    if (more) to += line;
    return more;
}

std::uint64_t CsvJoin::spilled_bytes() const {
    std::uint64_t bytes = 0;
    for (const auto* sorter : {right_sorter_.get(), left_sorter_.get(), lines_.get()}) {
        if (sorter != nullptr) bytes += sorter->spilled_bytes();
    }
    return bytes;
}

}  // namespace sluice::work
