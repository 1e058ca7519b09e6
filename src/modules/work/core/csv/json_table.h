// SPDX-License-Identifier: Apache-2.0
// Between JSON objects and the records of a table: nested members are columns named by dotted paths
// ("address.city"). Pure.
#pragma once

#include "kernel/base/result.h"
#include "kernel/wire/json_reader.h"
#include "kernel/wire/json_text.h"
#include "modules/work/core/csv/csv_parser.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::work {

/// Columns in the order in which they were met, and objects as records of them.
class JsonColumns {
public:
    explicit JsonColumns(std::size_t columns_max = 10'000) : columns_max_(columns_max) {}

    /// Errors: exhausted (too many columns, or names of more than 1,000 bytes).
    Status add(std::string_view name);
    /// Adds those of an object that are new. Errors: as before, invalid (no object).
    Status add_members(JsonView object);
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

    /// Appends the record of an object, with its line end: numbers as they stand, texts without
    /// quotes where none are needed, arrays as JSON, nothing for null and what is missing; "" for
    /// the empty text. Members that are no column are counted in `left_out`. Errors: invalid.
    Status put_record(JsonView object, char delimiter, std::string& out);
    std::uint64_t left_out = 0;

private:
    std::size_t columns_max_;
    std::vector<std::string> names_;
    std::unordered_map<std::string, std::size_t> places_;
    std::vector<std::string> fields_;
};

/// Appends a field as RFC 4180 has it, in quotes if it must be.
void put_csv_field(std::string& out, std::string_view text, char delimiter);

struct CsvToJsonOptions {
    /// Fields without quotes that are JSON numbers, true or false become these.
    bool types = true;
    /// Dots in the names of columns make nested objects.
    bool nested = false;
};

/// Records of a table as JSON objects.
class CsvObjects {
public:
    /// Errors: invalid (no names, a name twice, a name that is both a value and an object).
    static Result<CsvObjects> make(std::span<const CsvField> header, CsvToJsonOptions options);

    [[nodiscard]] std::size_t columns() const { return columns_; }
    /// Appends the object; fields that are missing are null, those beyond the columns left out.
    void put_object(std::span<const CsvField> record, std::string& out) const;

private:
    struct Node {
        std::string name;
        std::size_t column = 0;  ///< Of a leaf.
        std::vector<Node> children{};
    };
    Status add(std::string_view path, std::size_t column);
    void put(const Node& node, std::span<const CsvField> record, JsonWriter& json) const;

    CsvToJsonOptions options_;
    std::size_t columns_ = 0;
    Node root_;
};

}  // namespace sluice::work
