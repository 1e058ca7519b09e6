// SPDX-License-Identifier: Apache-2.0
#include "sdk/arguments.h"

#include "kernel/base/check.h"
#include "kernel/base/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sluice::sdk {

namespace {

/// 31 years, which a Duration can hold.
constexpr double seconds_max = 1e9;

std::string quoted(std::string_view name) {
    return "`" + std::string(truncate_utf8(name, 64)) + "`";
}

std::string plain(double number) {
    if (number == std::floor(number) && std::fabs(number) < 1e18)
        return std::to_string(static_cast<std::int64_t>(number));
    std::string out;
    JsonWriter(out).number(number);
    return out;
}

std::string bounds(ArgumentRange range) {
    if (std::isfinite(range.min) && std::isfinite(range.max))
        return " from " + plain(range.min) + " to " + plain(range.max);
    if (std::isfinite(range.max)) return " of at most " + plain(range.max);
    if (std::isfinite(range.min)) return " of at least " + plain(range.min);
    return {};
}

bool within(double number, ArgumentRange range) {
    return number >= range.min && number <= range.max;
}

std::string quoted_choices(const Argument& argument) {
    std::string out;
    for (const auto& word : argument.choices) {
        out.append(out.empty() ? "\"" : ", \"").append(word).append("\"");
    }
    return out;
}

/// Why a text does not do; empty if it does.
std::string fault_of_text(const Argument& argument, JsonView value) {
    const auto text = value.as_string();
    if (!argument.choices.empty()) {
        const auto& words = argument.choices;
        if (text && std::find(words.begin(), words.end(), *text) != words.end()) return {};
        return "must be one of " + quoted_choices(argument);
    }
    if (!text) return "must be a text";
    if (static_cast<double>(text->size()) > argument.range.max)
        return "is longer than " + plain(argument.range.max) + " bytes";
    if (static_cast<double>(text->size()) < argument.range.min) {
        return text->empty() ? "is empty"
                             : "is shorter than " + plain(argument.range.min) + " bytes";
    }
    return {};
}

std::string fault_of_number(const Argument& argument, JsonView value) {
    switch (argument.kind) {
        case ArgumentKind::integer: {
            const auto number = value.as_int();
            if (number && within(static_cast<double>(*number), argument.range)) return {};
            return "must be a whole number" + bounds(argument.range);
        }
        case ArgumentKind::number: {
            const auto number = value.as_double();
            if (number && within(*number, argument.range)) return {};
            return "must be a number" + bounds(argument.range);
        }
        default: {
            const ArgumentRange range{argument.range.min,
                                      std::min(argument.range.max, seconds_max)};
            const auto number = value.as_double();
            const bool from_zero = !std::isfinite(range.min);
            if (number && within(*number, range) && (!from_zero || *number > 0)) return {};
            return from_zero ? "must be a number of seconds above 0 and at most " + plain(range.max)
                             : "must be a number of seconds" + bounds(range);
        }
    }
}

std::string fault_of_count(const Argument& argument, std::size_t count) {
    const auto number = static_cast<double>(count);
    if (within(number, argument.range)) return {};
    if (number > argument.range.max) return "has more than " + plain(argument.range.max) + " parts";
    return count == 0 ? "is empty" : "has fewer than " + plain(argument.range.min) + " parts";
}

/// Of arrays and objects.
std::string fault_of_parts(const Argument& argument, JsonView value) {
    std::size_t count = 0;
    if (argument.kind == ArgumentKind::pairs || argument.kind == ArgumentKind::object) {
        const bool texts = argument.kind == ArgumentKind::pairs;
        std::string must = std::string("must be an object") + (texts ? " of texts" : "");
        if (!value.is_object()) return must;
        for (const JsonMember member : value.members()) {
            if (texts && !member.value.is_string()) return must;
            ++count;
        }
        return fault_of_count(argument, count);
    }
    const bool texts = argument.kind != ArgumentKind::list;
    if (argument.kind == ArgumentKind::text_list && value.is_string())
        return fault_of_count(argument, 1);
    std::string must = argument.kind == ArgumentKind::text_list
                           ? "must be a text or an array of texts"
                           : std::string("must be an array") + (texts ? " of texts" : "");
    if (!value.is_array()) return must;
    for (const JsonView element : value.elements()) {
        if (texts && !element.is_string()) return must;
        ++count;
    }
    return fault_of_count(argument, count);
}

std::string fault_of(const Argument& argument, JsonView value) {
    switch (argument.kind) {
        case ArgumentKind::text: return fault_of_text(argument, value);
        case ArgumentKind::integer:
        case ArgumentKind::number:
        case ArgumentKind::seconds: return fault_of_number(argument, value);
        case ArgumentKind::boolean: return value.as_bool() ? "" : "must be true or false";
        case ArgumentKind::texts:
        case ArgumentKind::text_list:
        case ArgumentKind::pairs:
        case ArgumentKind::list:
        case ArgumentKind::object: return fault_of_parts(argument, value);
        case ArgumentKind::any: break;
    }
    return {};
}

template <class Number>
Number number_of(const std::string& fallback) {
    Number number{};
    const auto [end, error] =
        std::from_chars(fallback.data(), fallback.data() + fallback.size(), number);
    SLUICE_CHECK(error == std::errc() && end == fallback.data() + fallback.size());
    return number;
}

}  // namespace

Result<Arguments> Arguments::parse(const std::string& json, const JobSchema& schema) {
    auto document = JsonDocument::parse(json, {.nodes_max = 100'000});
    if (!document) return std::move(document).error().in("the arguments are no JSON array");
    Arguments arguments(*std::move(document), schema);
    SLUICE_TRY_STATUS(arguments.spread());
    SLUICE_TRY_STATUS(arguments.check());
    return arguments;
}

Status Arguments::spread() {
    const JsonView root = document_.root();
    if (!root.is_array()) return fail(Code::invalid, "the arguments are not a JSON array");
    std::vector<JsonView> values;
    for (const JsonView value : root.elements()) values.push_back(value);
    // An object in the last place names the rest, unless that place is for an object.
    const std::size_t last = values.size() - 1;
    const bool named =
        !values.empty() && values.back().is_object() &&
        !(last < schema_->positions && (schema_->arguments[last].kind == ArgumentKind::object ||
                                        schema_->arguments[last].kind == ArgumentKind::any));
    const std::size_t in_front = values.size() - (named ? 1 : 0);
    if (in_front > schema_->positions) {
        return fail(Code::invalid, "too many arguments: at most " +
                                       std::to_string(schema_->positions) +
                                       " values and then an object are expected");
    }
    for (std::size_t i = 0; i < in_front; ++i) {
        SLUICE_TRY_STATUS(add(schema_->arguments[i].name, values[i]));
    }
    if (!named) return {};
    for (const JsonMember member : values.back().members()) {
        SLUICE_TRY_STATUS(add(member.name, member.value));
    }
    return {};
}

Status Arguments::add(std::string_view name, JsonView value) {
    if (members_.emplace(name, value).second) return {};
    return fail(Code::invalid, quoted(name) + " is given twice");
}

Status Arguments::check() const {
    for (const Argument& argument : schema_->arguments) {
        const JsonView* value = given(argument.name);
        if (value == nullptr) {
            if (!argument.required) continue;
            return fail(Code::invalid, quoted(argument.name) + " is missing");
        }
        if (const std::string fault = fault_of(argument, *value); !fault.empty())
            return fail(Code::invalid, quoted(argument.name) + " " + fault);
    }
    for (const auto& [name, value] : members_) {
        if (schema_->find(name) != nullptr) continue;
        std::vector<std::string_view> known;
        for (const Argument& argument : schema_->arguments) known.push_back(argument.name);
        std::string why = quoted(name) + " is not known here";
        if (const auto meant = nearest(name, known))
            why += "; did you mean " + quoted(*meant) + "?";
        return fail(Code::invalid, why);
    }
    return {};
}

void Arguments::refuse(std::string_view name, std::string_view why) {
    if (status_) status_ = fail(Code::invalid, quoted(name) + " " + std::string(why));
}

const Argument& Arguments::argument(std::string_view name, ArgumentKind kind) const {
    const Argument* found = schema_->find(name);
    SLUICE_CHECK(found != nullptr && found->kind == kind);
    return *found;
}

const JsonView* Arguments::given(std::string_view name) const {
    const auto found = members_.find(name);
    return found == members_.end() || found->second.is_null() ? nullptr : &found->second;
}

bool Arguments::has(std::string_view name) const { return given(name) != nullptr; }

std::optional<std::string> Arguments::text_if_given(std::string_view name) const {
    const Argument& described = argument(name, ArgumentKind::text);
    if (const JsonView* value = given(name)) return std::string(*value->as_string());
    return described.fallback;
}

std::string Arguments::text(std::string_view name) const {
    auto found = text_if_given(name);
    SLUICE_CHECK(found.has_value());
    return *std::move(found);
}

std::optional<std::int64_t> Arguments::integer_if_given(std::string_view name) const {
    const Argument& described = argument(name, ArgumentKind::integer);
    if (const JsonView* value = given(name)) return *value->as_int();
    if (!described.fallback) return std::nullopt;
    return number_of<std::int64_t>(*described.fallback);
}

std::int64_t Arguments::integer(std::string_view name) const {
    const auto found = integer_if_given(name);
    SLUICE_CHECK(found.has_value());
    return *found;
}

std::optional<double> Arguments::number_if_given(std::string_view name) const {
    const Argument* found = schema_->find(name);
    SLUICE_CHECK(found != nullptr &&
                 (found->kind == ArgumentKind::number || found->kind == ArgumentKind::seconds));
    if (const JsonView* value = given(name)) return *value->as_double();
    if (!found->fallback) return std::nullopt;
    return number_of<double>(*found->fallback);
}

double Arguments::number(std::string_view name) const {
    const auto found = number_if_given(name);
    SLUICE_CHECK(found.has_value());
    return *found;
}

Duration Arguments::seconds(std::string_view name) const {
    return from_double_seconds(number(name));
}

bool Arguments::boolean(std::string_view name) const {
    const Argument& described = argument(name, ArgumentKind::boolean);
    if (const JsonView* value = given(name)) return *value->as_bool();
    SLUICE_CHECK(described.fallback == "true" || described.fallback == "false");
    return described.fallback == "true";
}

std::size_t Arguments::choice(std::string_view name) const {
    const auto& words = argument(name, ArgumentKind::text).choices;
    const auto found = std::find(words.begin(), words.end(), text(name));
    SLUICE_CHECK(found != words.end());
    return static_cast<std::size_t>(found - words.begin());
}

std::vector<std::string> Arguments::texts(std::string_view name) const {
    const Argument* found = schema_->find(name);
    SLUICE_CHECK(found != nullptr &&
                 (found->kind == ArgumentKind::texts || found->kind == ArgumentKind::text_list));
    std::vector<std::string> out;
    const JsonView* value = given(name);
    if (value == nullptr) return out;
    if (value->is_string()) return {std::string(*value->as_string())};
    for (const JsonView element : value->elements()) out.emplace_back(*element.as_string());
    return out;
}

std::vector<std::pair<std::string, std::string>> Arguments::pairs(std::string_view name) const {
    static_cast<void>(argument(name, ArgumentKind::pairs));
    std::vector<std::pair<std::string, std::string>> out;
    const JsonView* value = given(name);
    if (value == nullptr) return out;
    for (const JsonMember member : value->members()) {
        out.emplace_back(member.name, *member.value.as_string());
    }
    return out;
}

std::optional<JsonView> Arguments::value(std::string_view name) const {
    SLUICE_CHECK(schema_->find(name) != nullptr);
    const JsonView* found = given(name);
    return found == nullptr ? std::nullopt : std::optional<JsonView>(*found);
}

}  // namespace sluice::sdk
