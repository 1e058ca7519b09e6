// SPDX-License-Identifier: Apache-2.0
// Percent-encoding: the encode sets of the URL standard
// (https://url.spec.whatwg.org/#percent-encode-sets) as one table, and the text helpers that the
// parser shares with the canonicaliser. Not the parser.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::crawl {

/// What a part of a URL must not contain literally. Bytes above 0x7E are in every set.
enum class EncodeSet : std::uint8_t {
    c0_control = 1,
    fragment = 2,
    query = 4,
    special_query = 8,
    path = 16,
    userinfo = 32,
    component = 64,
};

namespace detail {

/// For each byte the sets that it is in, as bits of EncodeSet.
consteval std::array<std::uint8_t, 256> make_encode_sets() {
    std::array<std::uint8_t, 256> sets{};
    const auto add = [&sets](std::string_view bytes, unsigned bits) {
        for (const char c : bytes)
            sets[static_cast<unsigned char>(c)] |= static_cast<std::uint8_t>(bits);
    };
    for (std::size_t c = 0; c < 256; ++c)
        if (c < 0x20 || c > 0x7E) sets[c] = 0x7F;
    constexpr unsigned userinfo = 32 | 64;
    constexpr unsigned path = 16 | userinfo;
    constexpr unsigned query = 4 | 8 | path;
    add(" \"<>", 2 | query);
    add("`", 2);
    add("#", query);
    add("'", 8);
    add("?^`{}", path);
    add("/:;=@[\\]|", userinfo);
    add("$%&+,", 64);
    return sets;
}

inline constexpr std::array<std::uint8_t, 256> encode_sets = make_encode_sets();

/// The value of a hexadecimal digit, 0xFF for all other bytes.
consteval std::array<std::uint8_t, 256> make_hex_values() {
    std::array<std::uint8_t, 256> values{};
    for (std::uint8_t& value : values) value = 0xFF;
    for (std::uint8_t i = 0; i < 10; ++i) values[std::size_t{'0'} + i] = i;
    for (std::uint8_t i = 0; i < 6; ++i) {
        values[std::size_t{'a'} + i] = static_cast<std::uint8_t>(10 + i);
        values[std::size_t{'A'} + i] = static_cast<std::uint8_t>(10 + i);
    }
    return values;
}

inline constexpr std::array<std::uint8_t, 256> hex_values = make_hex_values();

}  // namespace detail

/// Whether a byte has to be written as %XX in a part of that set.
inline bool must_encode(char c, EncodeSet set) {
    return (detail::encode_sets[static_cast<unsigned char>(c)] & static_cast<std::uint8_t>(set)) !=
           0;
}
inline bool is_hex_digit(char c) {
    return detail::hex_values[static_cast<unsigned char>(c)] != 0xFF;
}
/// The value of a digit for which is_hex_digit() holds.
inline std::uint8_t hex_value(char c) { return detail::hex_values[static_cast<unsigned char>(c)]; }
inline bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
/// "%2E" and its like at `at`.
inline bool is_percent_triplet(std::string_view text, std::size_t at) {
    return at + 2 < text.size() && text[at] == '%' && is_hex_digit(text[at + 1]) &&
           is_hex_digit(text[at + 2]);
}

/// Appends %XX, upper case.
void append_percent_byte(char byte, std::string& out);
/// Appends `text` with the bytes of `set` as %XX; "%" itself is in no set but component.
void append_encoded(std::string_view text, EncodeSet set, std::string& out);
/// %XX as bytes; a "%" that begins no such triplet stays.
std::string percent_decode(std::string_view text);

/// Every part that is not UTF-8 becomes U+FFFD, as a decoder of the Encoding standard does it.
std::string to_scalar_values(std::string_view bytes);
bool is_utf8(std::string_view bytes);
bool is_ascii(std::string_view bytes);

}  // namespace sluice::crawl
