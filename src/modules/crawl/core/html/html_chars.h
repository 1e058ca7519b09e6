// SPDX-License-Identifier: Apache-2.0
// What the HTML tokenizer asks of one byte, and runs of bytes without a given few. Bytes above 0x7F
// are letters of no interest to any state.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sluice::crawl {

inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

/// Tab, LF, FF, CR, space: CR counts as the LF that it becomes.
constexpr bool is_html_space(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}
constexpr bool is_ascii_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_ascii_alnum(char c) { return is_ascii_alpha(c) || is_ascii_digit(c); }
constexpr char ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

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

/// `text` equals `lower` (which is lower case) but for ASCII case.
constexpr bool equals_lower(std::string_view text, std::string_view lower) {
    if (text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (ascii_lower(text[i]) != lower[i]) return false;
    return true;
}

}  // namespace sluice::crawl
