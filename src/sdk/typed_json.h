// SPDX-License-Identifier: Apache-2.0
// Described structs (members.h) from JSON and to JSON, with errors that name the member. Arguments
// are an array: the first few values in the members' order (position_count), then an object that
// names the rest; `["a.png", {"width": 80}]` and `[{"path": "a.png", "width": 80}]` say the same.
#pragma once

#include "kernel/base/result.h"
#include "kernel/wire/json_reader.h"
#include "kernel/wire/json_text.h"
#include "sdk/members.h"

#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace sluice::sdk {

/// Values and names in the arguments of one job.
inline constexpr std::size_t args_nodes_max = 100'000;

namespace detail {

/// Where in the arguments a value stands; lives on the stack of the reader.
struct Place {
    const Place* above = nullptr;
    std::string_view name;  ///< empty: the element `index`
    std::size_t index = 0;
};

/// "`frames[2].width` WHY".
Error refused(const Place& place, std::string_view why);
/// A number's bounds in words: " from 1 to 10", " of at least 1".
std::string in_words(const Bounds& bounds);

struct IntBounds {
    std::int64_t min;
    std::int64_t max;
};
Status read_integer(JsonView value, const Place& place, IntBounds bounds, std::int64_t& out);
Status read_unsigned(JsonView value, const Place& place, const Bounds& bounds, std::uint64_t& out);
Status read_number(JsonView value, const Place& place, const Bounds& bounds, double& out);
Status read_flag(JsonView value, const Place& place, bool& out);
Status read_text(JsonView value, const Place& place, const Bounds& bounds, std::string& out);
/// The place of the word among `words`.
Result<std::size_t> read_word(JsonView value, const Place& place,
                              std::span<const std::string_view> words);
Status check_size(const Place& place, const Bounds& bounds, std::size_t size);

using Slots = std::span<std::optional<JsonView>>;
/// The value of each named member, from an array of arguments or from an object. `null` counts as
/// absent. Errors: invalid (an unknown name, one given twice, too many values, another kind).
/// The first `positions` of them may be values of the array.
Status spread_array(JsonView root, std::span<const std::string_view> names, std::size_t positions,
                    Slots slots);
Status spread_object(JsonView object, const Place* place, std::span<const std::string_view> names,
                     Slots slots);

/// The bounds of a member within those of its type.
template <std::integral Int>
IntBounds int_bounds(const Bounds& bounds) {
    using Limits = std::numeric_limits<Int>;
    constexpr auto least = static_cast<double>(Limits::min());
    constexpr auto most = static_cast<double>(Limits::max());
    return {bounds.min > least ? static_cast<std::int64_t>(std::ceil(bounds.min))
                               : static_cast<std::int64_t>(Limits::min()),
            bounds.max < most ? static_cast<std::int64_t>(std::floor(bounds.max))
                              : static_cast<std::int64_t>(Limits::max())};
}

template <Described T>
Status read_slots(Slots slots, const Place* above, T& out);

template <class T>
Status read_value(JsonView value, const Place& place, const Bounds& bounds, T& out);

template <class T>
Status read_list(JsonView value, const Place& place, const Bounds& bounds, std::vector<T>& out) {
    if (!value.is_array()) return refused(place, "must be an array");
    for (const JsonView element : value.elements()) {
        const Place here{.above = &place, .name = {}, .index = out.size()};
        T one{};
        SLUICE_TRY_STATUS(read_value(element, here, Bounds{}, one));
        out.push_back(std::move(one));
    }
    return check_size(place, bounds, out.size());
}

template <class T>
Status read_table(JsonView value, const Place& place, const Bounds& bounds,
                  std::map<std::string, T>& out) {
    if (!value.is_object()) return refused(place, "must be an object");
    for (const JsonMember one : value.members()) {
        const Place here{.above = &place, .name = one.name, .index = 0};
        SLUICE_TRY_STATUS(read_value(one.value, here, Bounds{}, out[std::string(one.name)]));
    }
    return check_size(place, bounds, out.size());
}

template <Described T>
Status read_object(JsonView value, const Place& place, T& out) {
    if (!value.is_object()) return refused(place, "must be an object");
    std::array<std::optional<JsonView>, member_count<T>> slots;
    const auto names = member_names<T>();
    SLUICE_TRY_STATUS(spread_object(value, &place, names, slots));
    return read_slots(slots, &place, out);
}

template <Worded T>
Status read_enum(JsonView value, const Place& place, T& out) {
    constexpr auto words = words_of(T{});
    std::array<std::string_view, words.size()> texts{};
    for (std::size_t i = 0; i < words.size(); ++i) texts[i] = words[i].text;
    SLUICE_TRY(const std::size_t found, read_word(value, place, texts));
    out = words[found].value;
    return {};
}

template <class T>
Status read_value(JsonView value, const Place& place, const Bounds& bounds, T& out) {
    if constexpr (is_optional<T>) {
        return read_value(value, place, bounds, out.emplace());
    } else if constexpr (std::same_as<T, bool>) {
        return read_flag(value, place, out);
    } else if constexpr (std::same_as<T, std::uint64_t>) {
        return read_unsigned(value, place, bounds, out);
    } else if constexpr (std::integral<T>) {
        std::int64_t number = 0;
        SLUICE_TRY_STATUS(read_integer(value, place, int_bounds<T>(bounds), number));
        out = static_cast<T>(number);
        return {};
    } else if constexpr (std::floating_point<T>) {
        double number = 0;
        SLUICE_TRY_STATUS(read_number(value, place, bounds, number));
        out = static_cast<T>(number);
        return {};
    } else if constexpr (std::same_as<T, std::string>) {
        return read_text(value, place, bounds, out);
    } else if constexpr (std::same_as<T, RawJson>) {
        out.text = value.raw();
        return {};
    } else if constexpr (is_list<T>) {
        return read_list(value, place, bounds, out);
    } else if constexpr (is_table<T>) {
        return read_table(value, place, bounds, out);
    } else if constexpr (Worded<T>) {
        return read_enum(value, place, out);
    } else {
        static_assert(Described<T>, "a member's type is none that JSON can say: see docs/sdk.md");
        return read_object(value, place, out);
    }
}

template <Described T>
Status read_slots(Slots slots, const Place* above, T& out) {
    Status status;
    std::size_t next = 0;
    const auto read_one = [&](const auto& one) {
        const std::optional<JsonView>& slot = slots[next++];
        if (!status) return;
        const Place place{.above = above, .name = one.name, .index = 0};
        if (slot) {
            status = read_value(*slot, place, one.bounds, out.*one.pointer);
        } else if (one.required) {
            status = refused(place, "is missing");
        }
    };
    std::apply([&](const auto&... one) { (read_one(one), ...); }, T::members);
    return status;
}

template <class T>
void write_value(JsonWriter& json, const T& value) {
    if constexpr (is_optional<T>) {
        if (value) {
            write_value(json, *value);
        } else {
            json.null();
        }
    } else if constexpr (std::same_as<T, bool>) {
        json.boolean(value);
    } else if constexpr (std::unsigned_integral<T>) {
        json.unsigned_integer(value);
    } else if constexpr (std::integral<T>) {
        json.integer(value);
    } else if constexpr (std::floating_point<T>) {
        json.number(static_cast<double>(value));
    } else if constexpr (std::convertible_to<T, std::string_view>) {
        json.string(value);
    } else if constexpr (std::same_as<T, RawJson>) {
        json.raw(value.text);
    } else if constexpr (is_list<T>) {
        json.begin_array();
        for (const auto& one : value) write_value(json, one);
        json.end_array();
    } else if constexpr (is_table<T>) {
        json.begin_object();
        for (const auto& [name, one] : value) write_value(json.key(name), one);
        json.end_object();
    } else if constexpr (Worded<T>) {
        std::string_view text;
        for (const auto& one : words_of(value)) {
            if (one.value == value) text = one.text;
        }
        json.string(text);
    } else {
        static_assert(Described<T>, "a member's type is none that JSON can say: see docs/sdk.md");
        json.begin_object();
        const auto write_one = [&](const auto& one) {
            const auto& inner = value.*one.pointer;
            // What is not there is left out.
            if constexpr (is_optional<std::remove_cvref_t<decltype(inner)>>) {
                if (!inner) return;
            }
            write_value(json.key(one.name), inner);
        };
        std::apply([&](const auto&... one) { (write_one(one), ...); }, T::members);
        json.end_object();
    }
}

}  // namespace detail

/// The struct that the arguments of a job (a JSON array) say. Errors: invalid, naming the member.
template <Described T>
Result<T> read_args(std::string_view json) {
    JsonParser parser;
    auto root = parser.parse(json, {.nodes_max = args_nodes_max});
    if (!root) return std::move(root).error().in("the arguments are no JSON array");
    std::array<std::optional<JsonView>, member_count<T>> slots;
    const auto names = member_names<T>();
    SLUICE_TRY_STATUS(detail::spread_array(*root, names, position_count<T>(), slots));
    T out{};
    SLUICE_TRY_STATUS(detail::read_slots(slots, nullptr, out));
    return out;
}

/// The struct that a JSON object says, such as a job's result. Errors: invalid, naming the member.
template <Described T>
Result<T> read_json(std::string_view json) {
    JsonParser parser;
    SLUICE_TRY(const JsonView root, parser.parse(json, {.nodes_max = args_nodes_max}));
    if (!root.is_object()) return fail(Code::invalid, "not a JSON object");
    std::array<std::optional<JsonView>, member_count<T>> slots;
    const auto names = member_names<T>();
    SLUICE_TRY_STATUS(detail::spread_object(root, nullptr, names, slots));
    T out{};
    SLUICE_TRY_STATUS(detail::read_slots(slots, nullptr, out));
    return out;
}

/// Compact JSON. Infinities and NaN become null, as JSON has no word for them.
template <class T>
std::string to_json(const T& value) {
    std::string out;
    JsonWriter json(out);
    detail::write_value(json, value);
    return out;
}

/// The arguments that read_args() reads: an array with one object.
template <Described T>
std::string args_json(const T& args) {
    return '[' + to_json(args) + ']';
}

}  // namespace sluice::sdk
