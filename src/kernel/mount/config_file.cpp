// SPDX-License-Identifier: Apache-2.0
#include "kernel/mount/config_file.h"

#include "kernel/mount/toml_document.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace sluice {

namespace {

FileValue to_value(std::string name, const TomlValue& node) {
    FileValue out{std::move(name), OtherTomlValue{}, node.line};
    switch (node.kind) {
        case TomlValue::Kind::text: out.value = node.text; break;
        case TomlValue::Kind::integer: out.value = node.integer; break;
        case TomlValue::Kind::boolean: out.value = node.boolean; break;
        case TomlValue::Kind::list: {
            std::vector<std::string> items;
            for (const TomlValue& item : node.items) {
                if (item.kind == TomlValue::Kind::text) items.push_back(item.text);
            }
            if (items.size() == node.items.size()) {
                out.value = std::move(items);
            } else {
                out.value = OtherTomlValue{"a list that holds more than texts"};
            }
            break;
        }
        case TomlValue::Kind::number:
        case TomlValue::Kind::moment:
        case TomlValue::Kind::table:
            out.value = OtherTomlValue{std::string(describe(node.kind))};
            break;
    }
    return out;
}

void flatten(const TomlValue& table, const std::string& prefix, std::vector<FileValue>& out) {
    for (const auto& [key, node] : table.members) {
        std::string name = prefix + key;
        if (node.kind == TomlValue::Kind::table) {
            flatten(node, name + ".", out);
        } else {
            out.push_back(to_value(std::move(name), node));
        }
    }
}

}  // namespace

Result<std::vector<FileValue>> read_toml_file(const std::string& path) {
    SLUICE_TRY(const TomlValue root, read_toml_document(path));
    std::vector<FileValue> values;
    flatten(root, "", values);
    std::sort(values.begin(), values.end(), [](const FileValue& a, const FileValue& b) {
        return std::tie(a.line, a.name) < std::tie(b.line, b.name);
    });
    return values;
}

}  // namespace sluice
