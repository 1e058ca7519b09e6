// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/arguments.h"

#include "kernel/base/text.h"

#include <algorithm>
#include <cmath>

namespace sluice::work {

namespace {
std::string quoted(std::string_view name) {
    return "`" + std::string(truncate_utf8(name, 64)) + "`";
}
}  // namespace

Result<Arguments> Arguments::parse(const std::string& json,
                                   std::initializer_list<std::string_view> positions) {
    auto document = JsonDocument::parse(json, {.nodes_max = 100'000});
    if (!document) return std::move(document).error().in("the arguments are no JSON array");
    Arguments arguments(*std::move(document));
    SLUICE_TRY_STATUS(arguments.spread(positions));
    return arguments;
}

Status Arguments::spread(std::initializer_list<std::string_view> positions) {
    const JsonView root = document_.root();
    if (!root.is_array()) return fail(Code::invalid, "the arguments are not a JSON array");
    std::vector<JsonView> values;
    for (const JsonView value : root.elements()) values.push_back(value);
    const bool named = !values.empty() && values.back().is_object();
    const std::size_t in_front = values.size() - (named ? 1 : 0);
    if (in_front > positions.size()) {
        return fail(Code::invalid, "too many arguments: at most " +
                                       std::to_string(positions.size()) +
                                       " values and then an object are expected");
    }
    for (std::size_t i = 0; i < in_front; ++i) {
        SLUICE_TRY_STATUS(add(positions.begin()[i], values[i]));
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

std::optional<JsonView> Arguments::take(std::string_view name) {
    asked_.push_back(name);
    const auto found = members_.find(name);
    if (found == members_.end() || found->second.is_null()) return std::nullopt;
    return found->second;
}

std::optional<JsonView> Arguments::require(std::string_view name) {
    auto value = take(name);
    if (!value) refuse(name, "is missing");
    return value;
}

void Arguments::refuse(std::string_view name, std::string_view why) {
    if (status_) status_ = fail(Code::invalid, quoted(name) + " " + std::string(why));
}

std::string Arguments::text(std::string_view name) {
    const auto value = require(name);
    if (!value) return {};
    const auto text = value->as_string();
    if (!text) refuse(name, "must be a text");
    return text ? std::string(*text) : std::string();
}

std::optional<std::string> Arguments::text_if_given(std::string_view name) {
    const auto value = take(name);
    if (!value) return std::nullopt;
    const auto text = value->as_string();
    if (text) return std::string(*text);
    refuse(name, "must be a text");
    return std::nullopt;
}

std::int64_t Arguments::checked_integer(std::string_view name, JsonView value, IntRange range) {
    const auto number = value.as_int();
    if (number && *number >= range.min && *number <= range.max) return *number;
    refuse(name, "must be a whole number from " + std::to_string(range.min) + " to " +
                     std::to_string(range.max));
    return range.min;
}

std::int64_t Arguments::integer(std::string_view name, IntRange range) {
    const auto value = require(name);
    return value ? checked_integer(name, *value, range) : range.min;
}

std::int64_t Arguments::integer_or(std::string_view name, std::int64_t absent, IntRange range) {
    const auto value = take(name);
    return value ? checked_integer(name, *value, range) : absent;
}

double Arguments::seconds_or(std::string_view name, double absent, double max) {
    const auto value = take(name);
    if (!value) return absent;
    const auto number = value->as_double();
    if (number && *number > 0 && *number <= max) return *number;
    refuse(name, "must be a number of seconds above 0 and at most " +
                     std::to_string(static_cast<std::int64_t>(max)));
    return absent;
}

bool Arguments::boolean_or(std::string_view name, bool absent) {
    const auto value = take(name);
    if (!value) return absent;
    const auto flag = value->as_bool();
    if (!flag) refuse(name, "must be true or false");
    return flag ? *flag : absent;
}

std::vector<std::string> Arguments::texts_or_none(std::string_view name) {
    std::vector<std::string> out;
    const auto value = take(name);
    if (!value) return out;
    if (!value->is_array()) refuse(name, "must be an array of texts");
    for (const JsonView element : value->elements()) {
        const auto text = element.as_string();
        if (text)
            out.emplace_back(*text);
        else
            refuse(name, "must be an array of texts");
    }
    return out;
}

std::vector<std::pair<std::string, std::string>> Arguments::pairs_or_none(std::string_view name) {
    std::vector<std::pair<std::string, std::string>> out;
    const auto value = take(name);
    if (!value) return out;
    if (!value->is_object()) refuse(name, "must be an object of texts");
    for (const JsonMember member : value->members()) {
        const auto text = member.value.as_string();
        if (text)
            out.emplace_back(member.name, *text);
        else
            refuse(name, "must be an object of texts");
    }
    return out;
}

std::size_t Arguments::choice(std::string_view name,
                              std::initializer_list<std::string_view> words) {
    const auto value = take(name);
    if (!value) return 0;
    const auto text = value->as_string();
    const auto* found = std::find(words.begin(), words.end(), text ? *text : std::string_view());
    if (text && found != words.end()) return static_cast<std::size_t>(found - words.begin());
    std::string list;
    for (const auto word : words) list += (list.empty() ? "\"" : ", \"") + std::string(word) + "\"";
    refuse(name, "must be one of " + list);
    return 0;
}

Status Arguments::finish() {
    if (!status_) return status_;
    for (const auto& [name, value] : members_) {
        if (std::find(asked_.begin(), asked_.end(), name) != asked_.end()) continue;
        std::string why = "is not known here";
        if (const auto meant = nearest(name, asked_))
            why += "; did you mean " + quoted(*meant) + "?";
        refuse(name, why);
        break;
    }
    return status_;
}

}  // namespace sluice::work
