// SPDX-License-Identifier: Apache-2.0
// What the HTML tokenizer asks of one byte, and runs of bytes without a given few. Bytes above 0x7F
// are letters of no interest to any state.
#pragma once

#include "kernel/base/ascii.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace sluice::crawl {

inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

/// Tab, LF, FF, CR, space: CR counts as the LF that it becomes.
constexpr bool is_html_space(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}
constexpr bool is_html_alnum(char c) { return is_ascii_alpha(c) || is_ascii_digit(c); }

/// A set of bytes as a table.
class ByteSet {
public:
    constexpr explicit ByteSet(std::string_view bytes) {
        for (const char c : bytes) in_[static_cast<std::uint8_t>(c)] = true;
    }
    [[nodiscard]] constexpr bool has(char c) const { return in_[static_cast<std::uint8_t>(c)]; }
    /// The first byte of [p, end) that is in the set, or end.
    [[nodiscard]] const char* find(const char* p, const char* end) const {
        while (p < end && !has(*p)) ++p;
        return p;
    }

private:
    std::array<bool, 256> in_{};
};

}  // namespace sluice::crawl
