// SPDX-License-Identifier: Apache-2.0
#include "kernel/mount/toml_document.h"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <tuple>

namespace sluice {

namespace {

constexpr std::size_t file_bytes_max = 1024 * 1024;

TomlValue to_value(const toml::node& node);

void fill_table(TomlValue& out, const toml::table& table) {
    out.kind = TomlValue::Kind::table;
    for (const auto& [key, node] : table) {
        out.members.push_back({std::string(key.str()), to_value(node)});
    }
    std::sort(out.members.begin(), out.members.end(), [](const auto& a, const auto& b) {
        return std::tie(a.value.line, a.name) < std::tie(b.value.line, b.name);
    });
}

TomlValue to_value(const toml::node& node) {
    TomlValue out;
    out.line = node.source().begin.line;
    if (const auto* text = node.as_string()) {
        out.kind = TomlValue::Kind::text;
        out.text = text->get();
    } else if (const auto* integer = node.as_integer()) {
        out.kind = TomlValue::Kind::integer;
        out.integer = integer->get();
    } else if (const auto* number = node.as_floating_point()) {
        out.kind = TomlValue::Kind::number;
        out.number = number->get();
    } else if (const auto* flag = node.as_boolean()) {
        out.kind = TomlValue::Kind::boolean;
        out.boolean = flag->get();
    } else if (const auto* list = node.as_array()) {
        out.kind = TomlValue::Kind::list;
        for (const toml::node& item : *list) out.items.push_back(to_value(item));
    } else if (const auto* table = node.as_table()) {
        fill_table(out, *table);
    } else {
        out.kind = TomlValue::Kind::moment;
    }
    return out;
}

}  // namespace

const TomlValue* TomlValue::find(std::string_view name) const {
    for (const auto& [key, value] : members) {
        if (key == name) return &value;
    }
    return nullptr;
}

std::string_view describe(TomlValue::Kind kind) {
    switch (kind) {
        case TomlValue::Kind::text: return "a text";
        case TomlValue::Kind::integer: return "a whole number";
        case TomlValue::Kind::number: return "a fractional number";
        case TomlValue::Kind::boolean: return "true or false";
        case TomlValue::Kind::moment: return "a date or time";
        case TomlValue::Kind::list: return "a list";
        case TomlValue::Kind::table: return "a table";
    }
    return "";
}

Result<TomlValue> parse_toml(std::string_view text, const std::string& name) {
    if (text.size() > file_bytes_max) {
        return fail(Code::invalid, name + " is larger than 1 MiB; is it a TOML file?");
    }
    const toml::parse_result parsed = toml::parse(text, name);
    if (!parsed) {
        return fail(Code::invalid, name + ":" + std::to_string(parsed.error().source().begin.line) +
                                       ": " + std::string(parsed.error().description()));
    }
    TomlValue root;
    root.line = 1;
    fill_table(root, parsed.table());
    return root;
}

Result<TomlValue> read_toml_document(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(Code::io, "cannot read " + path + ": " + std::strerror(errno));
    std::string text(file_bytes_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || (file.fail() && !file.eof())) return fail(Code::io, "cannot read " + path);
    text.resize(static_cast<std::size_t>(file.gcount()));
    return parse_toml(text, path);
}

}  // namespace sluice
