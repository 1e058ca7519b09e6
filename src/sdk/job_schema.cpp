// SPDX-License-Identifier: Apache-2.0
#include "sdk/job_schema.h"

#include "kernel/base/check.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

namespace sluice::sdk {

namespace {

/// With a comma between groups of three digits.
std::string grouped(double number) {
    if (number != std::floor(number) || std::fabs(number) >= 1e18) {
        char buffer[32];
        const auto [end, error] = std::to_chars(std::begin(buffer), std::end(buffer), number);
        return {std::begin(buffer), end};
    }
    std::string digits = std::to_string(static_cast<long long>(std::fabs(number)));
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
        digits.insert(static_cast<std::size_t>(at), ",");
    }
    return number < 0 ? "-" + digits : digits;
}

std::string_view counted_in(ArgumentKind kind) {
    switch (kind) {
        case ArgumentKind::text: return " bytes";
        case ArgumentKind::texts:
        case ArgumentKind::text_list: return " texts";
        case ArgumentKind::list: return " elements";
        case ArgumentKind::pairs:
        case ArgumentKind::object: return " members";
        case ArgumentKind::integer:
        case ArgumentKind::number:
        case ArgumentKind::seconds:
        case ArgumentKind::boolean:
        case ArgumentKind::any: break;
    }
    return "";
}

std::string range_text(const Argument& argument) {
    const auto [min, max] = argument.range;
    const std::string unit(counted_in(argument.kind));
    if (std::isfinite(min) && std::isfinite(max))
        return grouped(min) + " to " + grouped(max) + unit;
    if (std::isfinite(max)) return "at most " + grouped(max) + unit;
    if (std::isfinite(min)) return "at least " + grouped(min) + unit;
    return {};
}

std::string choices_text(const Argument& argument) {
    std::string out;
    for (std::size_t i = 0; i < argument.choices.size(); ++i) {
        if (i > 0) out += i + 1 == argument.choices.size() ? " or " : ", ";
        out.append("`").append(argument.choices[i]).append("`");
    }
    return out;
}

std::string line_of(const JobSchema& schema, std::size_t index) {
    static constexpr std::string_view ordinals[] = {"first", "second", "third", "fourth", "fifth"};
    const Argument& argument = schema.arguments[index];
    std::string out = "- `" + argument.name + "` (";
    out +=
        argument.choices.empty() ? std::string(to_string(argument.kind)) : choices_text(argument);
    const auto add = [&out](const std::string& part) {
        if (!part.empty()) out += ", " + part;
    };
    add(range_text(argument));
    if (argument.required) add("required");
    if (index < schema.positions) {
        SLUICE_CHECK(index < std::size(ordinals));
        add(std::string(ordinals[index]) + " value");
    }
    if (argument.fallback && !argument.fallback->empty())
        add("default `" + *argument.fallback + "`");
    if (argument.secrets) add("may name secrets");
    if (argument.passes_secrets) add("may name secrets, for the jobs that it makes");
    return out + "): " + argument.help + ".\n";
}

}  // namespace

std::string_view to_string(ArgumentKind kind) {
    switch (kind) {
        case ArgumentKind::text: return "text";
        case ArgumentKind::integer: return "whole number";
        case ArgumentKind::number: return "number";
        case ArgumentKind::seconds: return "seconds";
        case ArgumentKind::boolean: return "true or false";
        case ArgumentKind::texts: return "array of texts";
        case ArgumentKind::text_list: return "text or array of texts";
        case ArgumentKind::pairs: return "object of texts";
        case ArgumentKind::list: return "array";
        case ArgumentKind::object: return "object";
        case ArgumentKind::any: return "any value";
    }
    return "any value";
}

const Argument* JobSchema::find(std::string_view name) const {
    const auto found = std::find_if(arguments.begin(), arguments.end(),
                                    [name](const Argument& each) { return each.name == name; });
    return found == arguments.end() ? nullptr : &*found;
}

std::string describe(const JobSchema& schema) {
    std::string out;
    for (std::size_t i = 0; i < schema.arguments.size(); ++i) out += line_of(schema, i);
    if (!schema.notes.empty()) {
        if (!out.empty()) out += "\n";
        out += schema.notes;
    } else if (!out.empty()) {
        out.pop_back();
    }
    return out;
}

}  // namespace sluice::sdk
