// SPDX-License-Identifier: Apache-2.0
// Describing a struct once, without macros: a constexpr list of its named members. What is read
// and written by that list is typed_json.h; how a handler gets such a struct is typed_handler.h.
//
//   struct Resize {
//       static constexpr std::string_view job_type = "image.resize";
//       std::string path;
//       int width = 0;
//       bool sharpen = false;
//       static constexpr auto members = std::tuple{
//           sdk::member("path", &Resize::path, "the picture"),
//           sdk::member("width", &Resize::width, "in pixels").from(1).to(10'000),
//           sdk::member("sharpen", &Resize::sharpen).optional(),
//       };
//   };
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace sluice::sdk {

/// Where a member's value may lie, both ends included: the value of a number, the bytes of a text,
/// the elements of a list.
struct Bounds {
    double min = -std::numeric_limits<double>::infinity();
    double max = std::numeric_limits<double>::infinity();
    [[nodiscard]] constexpr bool contain(long double value) const {
        return value >= static_cast<long double>(min) && value <= static_cast<long double>(max);
    }
};

/// JSON text that is passed on as it is.
struct RawJson {
    std::string text = "null";
    friend bool operator==(const RawJson&, const RawJson&) = default;
};

namespace detail {
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_list = false;
template <class T>
inline constexpr bool is_list<std::vector<T>> = true;
template <class T>
inline constexpr bool is_table = false;
template <class T>
inline constexpr bool is_table<std::map<std::string, T>> = true;
}  // namespace detail

/// One named member of a struct. Immutable: each of its functions gives a changed copy.
template <class Class, class Type>
struct Member {
    using value_type = Type;

    std::string_view name;
    Type Class::* pointer;
    std::string_view help;
    Bounds bounds{};
    bool required = true;

    /// The least value, or the least size of a text (bytes) or list (elements).
    [[nodiscard]] constexpr Member from(double min) const {
        Member changed = *this;
        changed.bounds.min = min;
        return changed;
    }
    /// The greatest, likewise.
    [[nodiscard]] constexpr Member to(double max) const {
        Member changed = *this;
        changed.bounds.max = max;
        return changed;
    }
    /// May be left out: the member then keeps the value that a new struct has.
    [[nodiscard]] constexpr Member optional() const {
        Member changed = *this;
        changed.required = false;
        return changed;
    }
};

/// A member that must be given, unless its type is std::optional or it is made optional().
template <class Class, class Type>
constexpr Member<Class, Type> member(std::string_view name, Type Class::* pointer,
                                     std::string_view help = {}) {
    return {.name = name,
            .pointer = pointer,
            .help = help,
            .bounds = {},
            .required = !detail::is_optional<Type>};
}

/// A struct with a list of its members.
template <class T>
concept Described = std::is_default_constructible_v<T> &&
                    requires { std::tuple_size<std::remove_cvref_t<decltype(T::members)>>::value; };

/// A described struct that knows the name of the job type whose arguments it is.
template <class T>
concept NamedJob = Described<T> && requires { std::string_view(T::job_type); };

template <Described T>
inline constexpr std::size_t member_count =
    std::tuple_size_v<std::remove_cvref_t<decltype(T::members)>>;

namespace detail {
/// What may stand as an object in JSON.
template <class T>
constexpr bool is_object() {
    if constexpr (is_optional<T>) {
        return is_object<typename T::value_type>();
    } else {
        return Described<T> || is_table<T> || std::is_same_v<T, RawJson>;
    }
}
}  // namespace detail

/// The names of its members, in their order.
template <Described T>
constexpr std::array<std::string_view, member_count<T>> member_names() {
    return std::apply(
        [](const auto&... one) {
            return std::array<std::string_view, member_count<T>>{one.name...};
        },
        T::members);
}

/// Arguments that may be given as values in front of the object that names the rest: at most five,
/// and none from the first member on that is an object itself.
inline constexpr std::size_t positions_max = 5;
template <Described T>
constexpr std::size_t position_count() {
    std::size_t count = 0;
    bool is_plain = true;
    const auto look = [&](const auto& one) {
        using Type = typename std::remove_cvref_t<decltype(one)>::value_type;
        is_plain = is_plain && !detail::is_object<Type>();
        if (is_plain && count < positions_max) ++count;
    };
    std::apply([&](const auto&... one) { (look(one), ...); }, T::members);
    return count;
}

/// One word of an enumeration.
template <class Enum>
struct Word {
    std::string_view text;
    Enum value;
};

/// For the function that tells an enumeration's words, which stands beside it:
///   constexpr auto words_of(Fit) { return std::array{sdk::word("cover", Fit::cover), …}; }
template <class Enum>
constexpr Word<Enum> word(std::string_view text, Enum value) {
    return {text, value};
}

template <class T>
concept Worded = std::is_enum_v<T> && requires(T value) { words_of(value).size(); };

}  // namespace sluice::sdk
