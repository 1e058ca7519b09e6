// SPDX-License-Identifier: Apache-2.0
// The schema (job_schema.h) that a described struct (members.h) says: the documentation of its job
// type, from the same list by which its arguments are read.
#pragma once

#include "sdk/job_schema.h"
#include "sdk/typed_json.h"

#include <concepts>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

namespace sluice::sdk {

namespace detail {

template <class T>
struct Inner {
    using type = T;
};
template <class T>
struct Inner<std::optional<T>> {
    using type = T;
};

template <class T>
constexpr ArgumentKind kind_of() {
    if constexpr (std::same_as<T, bool>) {
        return ArgumentKind::boolean;
    } else if constexpr (std::integral<T>) {
        return ArgumentKind::integer;
    } else if constexpr (std::floating_point<T>) {
        return ArgumentKind::number;
    } else if constexpr (std::same_as<T, std::string> || Worded<T>) {
        return ArgumentKind::text;
    } else if constexpr (std::same_as<T, std::vector<std::string>>) {
        return ArgumentKind::texts;
    } else if constexpr (is_list<T>) {
        return ArgumentKind::list;
    } else if constexpr (std::same_as<T, std::map<std::string, std::string>>) {
        return ArgumentKind::pairs;
    } else if constexpr (std::same_as<T, RawJson>) {
        return ArgumentKind::any;
    } else {
        return ArgumentKind::object;
    }
}

/// The words for a default value; nothing for what one does not say in a line.
template <class T>
std::optional<std::string> default_words(const T& value) {
    if constexpr (std::same_as<T, std::string>) {
        return value.empty() ? std::nullopt : std::optional(value);
    } else if constexpr (std::is_arithmetic_v<T>) {
        return to_json(value);
    } else if constexpr (Worded<T>) {
        const std::string quoted = to_json(value);
        return quoted.substr(1, quoted.size() - 2);
    } else {
        return std::nullopt;
    }
}

}  // namespace detail

template <Described T>
JobSchema schema_of() {
    JobSchema schema;
    schema.positions = position_count<T>();
    const T fresh{};
    const auto add = [&](const auto& one) {
        using Type = typename std::remove_cvref_t<decltype(one)>::value_type;
        using Plain = typename detail::Inner<Type>::type;
        Argument argument;
        argument.name = one.name;
        argument.kind = detail::kind_of<Plain>();
        argument.required = one.required;
        argument.range = {.min = one.bounds.min, .max = one.bounds.max};
        if constexpr (Worded<Plain>) {
            for (const auto& word : words_of(Plain{})) argument.choices.emplace_back(word.text);
        }
        if (!one.required) argument.fallback = detail::default_words(fresh.*one.pointer);
        argument.help = one.help;
        schema.arguments.push_back(std::move(argument));
    };
    std::apply([&](const auto&... one) { (add(one), ...); }, T::members);
    return schema;
}

}  // namespace sluice::sdk
