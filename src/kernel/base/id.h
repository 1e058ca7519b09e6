// SPDX-License-Identifier: Apache-2.0
// Id<Tag>: a number that cannot be mistaken for another kind of number.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace sluice {

/// A strong 64-bit identity. Zero means "none".
template <class Tag>
class Id {
public:
    constexpr Id() = default;
    constexpr explicit Id(std::uint64_t value) : value_(value) {}

    [[nodiscard]] constexpr std::uint64_t value() const { return value_; }
    constexpr explicit operator bool() const { return value_ != 0; }
    friend constexpr auto operator<=>(Id, Id) = default;

private:
    std::uint64_t value_ = 0;
};

/// For boost::unordered_* containers.
template <class Tag>
std::size_t hash_value(Id<Tag> id) {
    return std::hash<std::uint64_t>{}(id.value());
}

}  // namespace sluice

template <class Tag>
struct std::hash<sluice::Id<Tag>> {
    std::size_t operator()(sluice::Id<Tag> id) const noexcept {
        return std::hash<std::uint64_t>{}(id.value());
    }
};
