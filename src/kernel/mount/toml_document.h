// SPDX-License-Identifier: Apache-2.0
// TomlValue: a TOML document as a tree of plain values, each with its line; the seam to toml++.
// What the values mean (settings, a scenario) is the reader's business.
#pragma once

#include "kernel/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

struct TomlMember;

/// One value and, for tables and lists, all below it. Only the member of its kind counts.
struct TomlValue {
    enum class Kind : std::uint8_t { text, integer, number, boolean, moment, list, table };

    Kind kind = Kind::table;
    std::uint32_t line = 0;  ///< Where it begins, from 1.
    std::string text;
    std::int64_t integer = 0;
    double number = 0;
    bool boolean = false;
    std::vector<TomlValue> items;     ///< Of a list.
    std::vector<TomlMember> members;  ///< Of a table, in order of the file.

    /// The member of that name, or null.
    [[nodiscard]] const TomlValue* find(std::string_view name) const;
};

/// A name and its value, in a table.
struct TomlMember {
    std::string name;
    TomlValue value;
};

/// What a kind is called in messages ("a whole number").
std::string_view describe(TomlValue::Kind kind);

/// Reads a document; `name` stands in messages. Limit: 1 MiB. Errors: invalid (not TOML; the
/// message starts with name:line).
Result<TomlValue> parse_toml(std::string_view text, const std::string& name);

/// The same from a file. Errors: io (cannot be read), invalid.
Result<TomlValue> read_toml_document(const std::string& path);

}  // namespace sluice
