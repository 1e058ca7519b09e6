// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/entry_name.h"

#include "kernel/base/text.h"
#include "kernel/wire/utf8.h"
#include "modules/work/core/path_pattern.h"
#include "modules/work/core/utf8.h"

#include <algorithm>
#include <optional>

namespace sluice::work {

namespace {

constexpr std::size_t part_bytes_max = 255;
constexpr std::size_t patterns_max = 100;
constexpr std::size_t pattern_bytes_max = 1000;
constexpr std::size_t shown_bytes_max = 120;

std::optional<NameFault> fault_of_text(std::string_view name) {
    for (std::string_view rest = name; !rest.empty();) {
        const Utf8Step step = utf8_step(rest);
        if (!step.valid) return NameFault::not_utf8;
        const auto first = static_cast<unsigned char>(rest.front());
        if (first < 0x20 || first == 0x7F) return NameFault::control;
        // U+0080 to U+009F.
        if (first == 0xC2 && static_cast<unsigned char>(rest[1]) < 0xA0) return NameFault::control;
        rest.remove_prefix(step.length);
    }
    return std::nullopt;
}

bool matches(const std::vector<std::string>& patterns, std::string_view path) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [path](const std::string& pattern) { return path_fits(pattern, path); });
}

/// The path or a folder above it.
bool matches_upwards(const std::vector<std::string>& patterns, std::string_view path) {
    for (std::size_t end = 0; end != std::string_view::npos;) {
        end = path.find('/', end + 1);
        if (matches(patterns, path.substr(0, end))) return true;
    }
    return false;
}

}  // namespace

std::string_view to_string(NameFault fault) {
    switch (fault) {
        case NameFault::no_name: return "has no name that can be read";
        case NameFault::absolute: return "has an absolute name";
        case NameFault::upwards: return "has a name that leads upwards (`..`)";
        case NameFault::control: return "has a line end or control character in its name";
        case NameFault::not_utf8: return "has a name that is not UTF-8";
        case NameFault::too_long: return "has a name that is too long";
        case NameFault::too_deep: return "lies in too many folders";
    }
    return "has a bad name";
}

std::variant<std::string, NameFault> clean_entry_name(std::string_view name,
                                                      const NameLimits& limits) {
    if (name.empty()) return NameFault::no_name;
    if (name.size() > 4 * limits.bytes_max) return NameFault::too_long;
    if (name.front() == '/') return NameFault::absolute;
    if (const auto fault = fault_of_text(name)) return *fault;
    std::string path;
    std::size_t parts = 0;
    for (const std::string_view part : split(name, '/')) {
        if (part.empty() || part == ".") continue;
        if (part == "..") return NameFault::upwards;
        if (part.size() > part_bytes_max) return NameFault::too_long;
        if (++parts > limits.parts_max) return NameFault::too_deep;
        if (!path.empty()) path += '/';
        path += part;
    }
    if (path.size() > limits.bytes_max) return NameFault::too_long;
    return path;
}

std::string quoted_name(std::string_view name) {
    std::string shown = to_valid_utf8(truncate_utf8(name, shown_bytes_max));
    for (char& c : shown) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
    }
    return "\"" + shown + (name.size() > shown_bytes_max ? "…\"" : "\"");
}

Result<NamePatterns> NamePatterns::make(std::vector<std::string> include,
                                        std::vector<std::string> exclude) {
    for (const auto* patterns : {&include, &exclude}) {
        if (patterns->size() > patterns_max) {
            return fail(Code::exhausted, "more than " + std::to_string(patterns_max) + " patterns");
        }
        for (const std::string& pattern : *patterns) {
            if (pattern.empty()) return fail(Code::invalid, "a pattern is empty");
            if (pattern.size() > pattern_bytes_max) {
                return fail(Code::exhausted, "a pattern is longer than " +
                                                 std::to_string(pattern_bytes_max) + " bytes");
            }
        }
    }
    NamePatterns patterns;
    patterns.include_ = std::move(include);
    patterns.exclude_ = std::move(exclude);
    return patterns;
}

bool NamePatterns::is_kept(std::string_view path) const {
    return exclude_.empty() || !matches_upwards(exclude_, path);
}

bool NamePatterns::is_meant(std::string_view path) const {
    return is_kept(path) && (include_.empty() || matches_upwards(include_, path));
}

}  // namespace sluice::work
