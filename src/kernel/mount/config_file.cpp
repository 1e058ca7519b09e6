// SPDX-License-Identifier: Apache-2.0
#include "kernel/mount/config_file.h"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

namespace sluice {

namespace {

constexpr std::size_t file_bytes_max = 1024 * 1024;

FileValue to_value(std::string name, const toml::node& node) {
    FileValue out{std::move(name), OtherTomlValue{}, node.source().begin.line};
    if (const auto* text = node.as_string()) {
        out.value = text->get();
    } else if (const auto* number = node.as_integer()) {
        out.value = number->get();
    } else if (const auto* flag = node.as_boolean()) {
        out.value = flag->get();
    } else if (const auto* array = node.as_array()) {
        std::vector<std::string> items;
        for (const toml::node& item : *array) {
            if (const auto* element = item.as_string()) items.push_back(element->get());
        }
        if (items.size() == array->size()) {
            out.value = std::move(items);
        } else {
            out.value = OtherTomlValue{"a list that holds more than texts"};
        }
    } else if (node.is_floating_point()) {
        out.value = OtherTomlValue{"a fractional number"};
    } else {
        out.value = OtherTomlValue{"a date or time"};
    }
    return out;
}

void flatten(const toml::table& table, const std::string& prefix, std::vector<FileValue>& out) {
    for (const auto& [key, node] : table) {
        std::string name = prefix + std::string(key.str());
        if (const auto* inner = node.as_table()) {
            flatten(*inner, name + ".", out);
        } else {
            out.push_back(to_value(std::move(name), node));
        }
    }
}

}  // namespace

Result<std::vector<FileValue>> read_toml_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(Code::io, "cannot read " + path + ": " + std::strerror(errno));
    std::string text(file_bytes_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || (file.fail() && !file.eof())) return fail(Code::io, "cannot read " + path);
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > file_bytes_max) {
        return fail(Code::invalid, path + " is larger than 1 MiB; is it a configuration file?");
    }
    const toml::parse_result parsed = toml::parse(std::string_view(text), path);
    if (!parsed) {
        return fail(Code::invalid, path + ":" + std::to_string(parsed.error().source().begin.line) +
                                       ": " + std::string(parsed.error().description()));
    }
    std::vector<FileValue> values;
    flatten(parsed.table(), "", values);
    std::stable_sort(values.begin(), values.end(),
                     [](const FileValue& a, const FileValue& b) { return a.line < b.line; });
    return values;
}

}  // namespace sluice
