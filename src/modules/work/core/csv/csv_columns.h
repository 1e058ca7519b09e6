// SPDX-License-Identifier: Apache-2.0
// The names of a table's columns, and what jobs say to mean one of them. Pure.
#pragma once

#include "kernel/base/result.h"
#include "modules/work/core/csv/csv_parser.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

/// How a file is to be read: what every csv type is told.
struct CsvFormat {
    bool header = true;
    char delimiter = ',';
};

class CsvColumns {
public:
    CsvColumns() = default;
    /// From the first record: its texts without blanks around, or "column 1", "column 2", … where
    /// it is no header or says nothing.
    CsvColumns(std::span<const CsvField> first, bool header);

    [[nodiscard]] std::size_t size() const { return names_.size(); }
    [[nodiscard]] const std::string& name(std::size_t index) const { return names_[index]; }
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
    /// The first column of that name; without one, "#3" is the third. Errors: invalid (with the
    /// nearest name).
    [[nodiscard]] Result<std::size_t> find(std::string_view name) const;
    [[nodiscard]] Result<std::vector<std::size_t>> find_all(
        const std::vector<std::string>& names) const;

private:
    std::vector<std::string> names_;
};

/// The field of that column; a record that is too short has none there, which is a null.
inline CsvField field_of(std::span<const CsvField> record, std::size_t column) {
    return column < record.size() ? record[column] : CsvField{};
}

/// Appends a whole record with its line end. A single empty field is written in quotes, so that the
/// line is not blank.
void put_csv_record(std::string& out, std::span<const CsvField> fields, char delimiter);
void put_csv_record(std::string& out, std::span<const std::string> texts, char delimiter);

/// Several fields as bytes, and back: what is kept of a record while it waits in a run.
void pack_fields(std::string& out, std::span<const CsvField> fields);
/// False if the bytes are not what pack_fields wrote.
bool unpack_fields(std::string_view bytes, std::vector<CsvField>& out);

}  // namespace sluice::work
