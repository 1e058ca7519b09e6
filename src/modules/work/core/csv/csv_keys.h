// SPDX-License-Identifier: Apache-2.0
// Keys of records as bytes that compare (memcmp) as the values do, so that sorting and joining know
// bytes only. Pure.
#pragma once

#include "modules/work/core/csv/csv_columns.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sluice::work {

enum class KeyType { text, number, date };
std::string_view to_string(KeyType type);

/// One column to sort by.
struct SortKey {
    std::string column;
    KeyType type = KeyType::text;
    bool descending = false;
};

/// "price", "price:number", "day:date:descending", … as a key: a column, then `text`, `number` or
/// `date`, then `ascending` or `descending`. Errors: invalid.
Result<SortKey> parse_sort_key(std::string_view text);

/// Makes the sort keys of records. Whatever the direction, values that are not of the key's type
/// come after the others (by their text), and nulls last.
class SortKeys {
public:
    /// Errors: invalid (no such column).
    static Result<SortKeys> make(const std::vector<SortKey>& keys, const CsvColumns& columns);
    void put(std::span<const CsvField> record, std::string& out);
    /// Values that were not of their key's type.
    [[nodiscard]] std::uint64_t unreadable() const { return unreadable_; }

private:
    struct Part {
        std::size_t column;
        KeyType type;
        bool descending;
    };
    void put_value(const Part& part, std::string_view text, std::string& out);

    std::vector<Part> parts_;
    std::uint64_t unreadable_ = 0;
};

/// The texts of some columns as one key for grouping and joining: equal keys have equal fields. The
/// fields of it can be read back (unpack_fields). False if one of them is null.
bool put_match_key(std::span<const CsvField> record, std::span<const std::size_t> columns,
                   std::string& out);

}  // namespace sluice::work
