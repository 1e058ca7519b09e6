// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/csv/json_table.h"

#include "kernel/base/text.h"

#include <algorithm>

namespace sluice::work {

namespace {

constexpr std::size_t name_bytes_max = 1000;
constexpr std::size_t nesting_max = 60;

/// Calls `take(path, value)` for every member that is no object with members. The depth is that of
/// the JSON, which the parser limits.
template <class Take>
Status each_leaf(JsonView object, std::string& path, const Take& take) {
    const std::size_t before = path.size();
    for (const JsonMember member : object.members()) {
        if (!path.empty()) path += '.';
        path += member.name;
        const bool inner = member.value.is_object() &&
                           member.value.members().begin() != member.value.members().end();
        if (inner) {
            SLUICE_TRY_STATUS(each_leaf(member.value, path, take));
        } else {
            SLUICE_TRY_STATUS(take(std::string_view(path), member.value));
        }
        path.resize(before);
    }
    return {};
}

Error no_object() { return fail(Code::invalid, "this value is no object"); }

bool is_typed(std::string_view text) {
    if (text == "true" || text == "false") return true;
    if (text.empty() || (text.front() != '-' && (text.front() < '0' || text.front() > '9'))) {
        return false;
    }
    // Blanks around a number would be valid JSON as well.
    return text.find_first_of(" \t\r\n") == std::string_view::npos && is_valid_json(text);
}

}  // namespace

Status JsonColumns::add(std::string_view name) {
    if (places_.contains(std::string(name))) return {};
    if (name.size() > name_bytes_max) {
        return fail(Code::exhausted, "the name of a column is longer than " +
                                         std::to_string(name_bytes_max) + " bytes");
    }
    if (names_.size() == columns_max_) {
        return fail(Code::exhausted,
                    "more than the limit of " + std::to_string(columns_max_) + " columns");
    }
    places_.emplace(name, names_.size());
    names_.emplace_back(name);
    return {};
}

Status JsonColumns::add_members(JsonView object) {
    if (!object.is_object()) return no_object();
    std::string path;
    return each_leaf(object, path, [this](std::string_view name, JsonView) { return add(name); });
}

Status JsonColumns::put_record(JsonView object, char delimiter, std::string& out) {
    if (!object.is_object()) return no_object();
    fields_.assign(names_.size(), std::string());
    std::string path;
    SLUICE_TRY_STATUS(each_leaf(object, path, [&](std::string_view name, JsonView value) -> Status {
        const auto place = places_.find(std::string(name));
        if (place == places_.end()) {
            ++left_out;
            return {};
        }
        std::string& field = fields_[place->second];
        field.clear();
        if (value.is_null()) return {};
        const auto text = value.as_string();
        put_csv_field(field, text ? *text : value.raw(), delimiter);
        return {};
    }));
    const std::size_t begin = out.size();
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        if (i > 0) out += delimiter;
        out += fields_[i];
    }
    // A line with nothing on it would be no record.
    if (out.size() == begin) out += "\"\"";
    out += '\n';
    return {};
}

void put_csv_field(std::string& out, std::string_view text, char delimiter) {
    const bool bare = !text.empty() && text.find(delimiter) == std::string_view::npos &&
                      text.find_first_of("\"\r\n") == std::string_view::npos &&
                      text.front() != ' ' && text.back() != ' ';
    if (bare) {
        out += text;
        return;
    }
    out += '"';
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    out += '"';
}

Result<CsvObjects> CsvObjects::make(std::span<const CsvField> header, CsvToJsonOptions options) {
    CsvObjects objects;
    objects.options_ = options;
    for (const CsvField& field : header) {
        SLUICE_TRY_STATUS(objects.add(field.text, objects.columns_));
        ++objects.columns_;
    }
    if (objects.columns_ == 0) return fail(Code::invalid, "there is no header");
    return objects;
}

Status CsvObjects::add(std::string_view path, std::size_t column) {
    const auto parts = options_.nested ? split(path, '.') : std::vector<std::string_view>{path};
    if (parts.size() > nesting_max) {
        return fail(Code::exhausted, "the name of a column is nested too deep");
    }
    Node* at = &root_;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto found = std::find_if(at->children.begin(), at->children.end(),
                                        [&](const Node& node) { return node.name == parts[i]; });
        const bool last = i + 1 == parts.size();
        if (found != at->children.end() && (last || found->children.empty())) {
            return fail(Code::invalid, "the column \"" + std::string(truncate_utf8(path, 64)) +
                                           "\" is there twice, or is a value and an object");
        }
        if (found != at->children.end()) {
            at = &*found;
            continue;
        }
        at->children.push_back({std::string(parts[i]), column, {}});
        at = &at->children.back();
    }
    return {};
}

void CsvObjects::put(const Node& node, std::span<const CsvField> record, JsonWriter& json) const {
    json.begin_object();
    for (const Node& child : node.children) {
        json.key(child.name);
        if (!child.children.empty()) {
            put(child, record, json);
            continue;
        }
        const CsvField field =
            child.column < record.size() ? record[child.column] : CsvField{{}, false};
        if (field.text.empty() && !field.quoted)
            json.null();
        else if (options_.types && !field.quoted && is_typed(field.text))
            json.raw(field.text);
        else
            json.string(field.text);
    }
    json.end_object();
}

void CsvObjects::put_object(std::span<const CsvField> record, std::string& out) const {
    JsonWriter json(out);
    put(root_, record, json);
}

}  // namespace sluice::work
