// SPDX-License-Identifier: Apache-2.0
// UTF-8 in pieces: a decoder that may be fed any split of a text, an encoder, and the simple case
// pairs of the alphabets that have case. Not a Unicode library: no normalisation, no locale rules,
// no mapping of one character to two (German sharp s stays as it is).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::work {

/// What some programs write before UTF-8 text; it belongs to no format.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// What stands in place of bytes that are not UTF-8 (U+FFFD).
inline constexpr char32_t replacement_character = 0xFFFD;

/// Decodes a stream of bytes, as the Unicode standard 3.9 (table 3-7) defines UTF-8. Each maximal
/// wrong piece becomes one U+FFFD and is counted.
class Utf8Decoder {
public:
    /// Calls `take(char32_t)` for every character completed by `bytes`.
    template <class Take>
    void feed(std::string_view bytes, Take&& take) {
        for (const char c : bytes) {
            const auto byte = static_cast<unsigned char>(c);
            if (missing_ == 0 && byte < 0x80) {
                take(static_cast<char32_t>(byte));
                continue;
            }
            if (missing_ != 0 && !accept(byte)) {
                // The piece so far is wrong; this byte begins anew.
                missing_ = 0;
                ++invalid_;
                take(replacement_character);
            } else if (missing_ != 0) {
                if (--missing_ == 0) take(value_);
                continue;
            }
            if (byte < 0x80) {
                take(static_cast<char32_t>(byte));
            } else if (!begin(byte)) {
                ++invalid_;
                take(replacement_character);
            }
        }
    }

    /// The text has ended; a character cut off becomes U+FFFD.
    template <class Take>
    void finish(Take&& take) {
        if (missing_ == 0) return;
        missing_ = 0;
        ++invalid_;
        take(replacement_character);
    }

    /// How many wrong pieces there were.
    [[nodiscard]] std::uint64_t invalid() const { return invalid_; }
    /// The next byte may go on with a character that has begun.
    [[nodiscard]] bool is_inside() const { return missing_ != 0; }

private:
    bool begin(unsigned char lead);
    bool accept(unsigned char byte);

    char32_t value_ = 0;
    int missing_ = 0;
    unsigned char low_ = 0x80;
    unsigned char high_ = 0xBF;
    std::uint64_t invalid_ = 0;
};

/// Appends the character; what is no character becomes U+FFFD.
void append_utf8(std::string& out, char32_t character);
/// The text with every wrong piece replaced by U+FFFD, so that it may stand in JSON.
std::string to_valid_utf8(std::string_view text);

/// The simple case pair in ASCII, Latin, Greek, Cyrillic and Armenian; other characters unchanged.
char32_t to_lower(char32_t character);
char32_t to_upper(char32_t character);
/// Letters and digits, for finding words: everything above ASCII counts but the blanks,
/// punctuation and symbols of the general, Latin-1 and CJK blocks.
bool is_word_character(char32_t character);
/// The blanks that divide words: the ASCII ones, U+0085, U+2028, U+2029, U+3000 and the spaces of
/// U+2000–200A and U+205F (not the no-break spaces).
bool is_blank_character(char32_t character);

}  // namespace sluice::work
