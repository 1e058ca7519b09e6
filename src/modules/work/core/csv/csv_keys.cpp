// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/csv/csv_keys.h"

#include "kernel/base/bytes.h"
#include "kernel/base/text.h"
#include "modules/work/core/csv/csv_value.h"

#include <bit>

namespace sluice::work {

namespace {

// What stands before a value in a key.
constexpr char value_tag = 1;
constexpr char unreadable_tag = 2;
constexpr char null_tag = 3;

/// A double as a number that compares as it does.
std::uint64_t ordered(double number) {
    const auto bits = std::bit_cast<std::uint64_t>(number + 0.0);  // -0 and 0 are equal
    return bits >> 63 != 0 ? ~bits : bits | std::uint64_t{1} << 63;
}

/// Ends with a NUL, which no text of a CSV file has, so that "a" comes before "ab".
void put_text(std::string_view text, bool descending, std::string& out) {
    if (!descending) {
        out += text;
        out += '\0';
        return;
    }
    for (const char c : text) out += static_cast<char>(~static_cast<unsigned char>(c));
    out += '\xff';
}

}  // namespace

std::string_view to_string(KeyType type) {
    switch (type) {
        case KeyType::text: return "text";
        case KeyType::number: return "number";
        case KeyType::date: return "date";
    }
    return "text";
}

Result<SortKey> parse_sort_key(std::string_view text) {
    SortKey out;
    // From the end, so that a name may have colons in it.
    const auto last = [&text]() -> std::string_view {
        const std::size_t colon = text.rfind(':');
        return colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
    };
    std::string_view word = last();
    if (word == "ascending" || word == "descending") {
        out.descending = word == "descending";
        text.remove_suffix(word.size() + 1);
        word = last();
    }
    for (const KeyType type : {KeyType::text, KeyType::number, KeyType::date}) {
        if (word != to_string(type)) continue;
        out.type = type;
        text.remove_suffix(word.size() + 1);
        break;
    }
    if (text.empty()) return fail(Code::invalid, "a key without a column");
    out.column = text;
    return out;
}

Result<SortKeys> SortKeys::make(const std::vector<SortKey>& keys, const CsvColumns& columns) {
    SortKeys out;
    for (const SortKey& key : keys) {
        SLUICE_TRY(const std::size_t column, columns.find(key.column));
        out.parts_.push_back({column, key.type, key.descending});
    }
    return out;
}

void SortKeys::put(std::span<const CsvField> record, std::string& out) {
    for (const Part& part : parts_) {
        const CsvField field = field_of(record, part.column);
        if (is_null(field)) {
            out += null_tag;
        } else {
            put_value(part, field.text, out);
        }
    }
}

void SortKeys::put_value(const Part& part, std::string_view text, std::string& out) {
    std::optional<std::uint64_t> place;
    if (part.type == KeyType::number) {
        if (const auto number = as_number(trim_blanks(text))) place = ordered(*number);
    } else if (part.type == KeyType::date) {
        if (const auto time = as_time(trim_blanks(text))) {
            place = static_cast<std::uint64_t>(to_ns(*time)) ^ std::uint64_t{1} << 63;
        }
    } else {
        out += value_tag;
        return put_text(text, part.descending, out);
    }
    if (place) {
        out += value_tag;
        return put_big_endian(out, part.descending ? ~*place : *place);
    }
    ++unreadable_;
    out += unreadable_tag;
    put_text(text, false, out);
}

bool put_match_key(std::span<const CsvField> record, std::span<const std::size_t> columns,
                   std::string& out) {
    bool whole = true;
    put_varint(out, columns.size());
    for (const std::size_t column : columns) {
        const CsvField field = field_of(record, column);
        // Quotes say nothing but whether an empty text is a null.
        const bool null = is_null(field);
        whole = whole && !null;
        const std::string_view text = null ? std::string_view() : field.text;
        put_varint(out, text.size() * 2 + (null ? 0 : 1));
        out += text;
    }
    return whole;
}

}  // namespace sluice::work
