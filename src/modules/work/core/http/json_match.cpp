// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/http/json_match.h"

#include "kernel/base/text.h"

#include <algorithm>
#include <string>

namespace sluice::work {

namespace {

std::string unescaped(std::string_view part) {
    std::string out;
    for (std::size_t i = 0; i < part.size(); ++i) {
        if (part[i] == '~' && i + 1 < part.size()) {
            out += part[++i] == '1' ? '/' : '~';
        } else {
            out += part[i];
        }
    }
    return out;
}

/// "0", "17"; not "017" and not "-".
std::optional<std::size_t> index_of(std::string_view part) {
    const bool digits =
        !part.empty() && part.size() <= 9 &&
        std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || (part.size() > 1 && part.front() == '0')) return std::nullopt;
    return static_cast<std::size_t>(*parse_int(part));
}

std::optional<JsonView> step(JsonView value, std::string_view part) {
    if (value.is_object()) return value.find(unescaped(part));
    const auto wanted = index_of(part);
    if (!value.is_array() || !wanted) return std::nullopt;
    std::size_t index = 0;
    for (const JsonView each : value.elements()) {
        if (index++ == *wanted) return each;
    }
    return std::nullopt;
}

std::size_t size_of(JsonView object) {
    std::size_t size = 0;
    for ([[maybe_unused]] const JsonMember member : object.members()) ++size;
    return size;
}

}  // namespace

bool is_json_pointer(std::string_view pointer) {
    if (!pointer.empty() && pointer.front() != '/') return false;
    for (std::size_t i = 0; i < pointer.size(); ++i) {
        if (pointer[i] != '~') continue;
        if (i + 1 == pointer.size() || (pointer[i + 1] != '0' && pointer[i + 1] != '1'))
            return false;
    }
    return true;
}

std::optional<JsonView> find_json(JsonView root, std::string_view pointer) {
    if (!is_json_pointer(pointer)) return std::nullopt;
    std::optional<JsonView> value = root;
    if (pointer.empty()) return value;
    for (const std::string_view part : split(pointer.substr(1), '/')) {
        value = step(*value, part);
        if (!value) return std::nullopt;
    }
    return value;
}

bool is_same_json(JsonView a, JsonView b) {
    if (a.is_object() || b.is_object()) {
        if (!a.is_object() || !b.is_object() || size_of(a) != size_of(b)) return false;
        for (const JsonMember member : a.members()) {
            const auto other = b.find(member.name);
            if (!other || !is_same_json(member.value, *other)) return false;
        }
        return true;
    }
    if (a.is_array() || b.is_array()) {
        if (!a.is_array() || !b.is_array()) return false;
        auto other = b.elements().begin();
        const auto end = b.elements().end();
        for (const JsonView each : a.elements()) {
            if (other == end || !is_same_json(each, *other)) return false;
            ++other;
        }
        return other == end;
    }
    if (a.is_string() && b.is_string()) return *a.as_string() == *b.as_string();
    const auto x = a.as_double();
    const auto y = b.as_double();
    if (x && y) return a.raw() == b.raw() || *x == *y;
    return a.raw() == b.raw();
}

}  // namespace sluice::work
