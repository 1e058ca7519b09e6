// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/utf8.h"

#include <array>

namespace sluice::work {

bool Utf8Decoder::begin(unsigned char lead) {
    low_ = 0x80;
    high_ = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        missing_ = 1;
        value_ = lead & 0x1Fu;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        missing_ = 2;
        value_ = lead & 0x0Fu;
        if (lead == 0xE0) low_ = 0xA0;   // else longer than needed
        if (lead == 0xED) high_ = 0x9F;  // else a surrogate
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        missing_ = 3;
        value_ = lead & 0x07u;
        if (lead == 0xF0) low_ = 0x90;   // else longer than needed
        if (lead == 0xF4) high_ = 0x8F;  // else above U+10FFFF
    } else {
        return false;
    }
    return true;
}

bool Utf8Decoder::accept(unsigned char byte) {
    if (byte < low_ || byte > high_) return false;
    low_ = 0x80;
    high_ = 0xBF;
    value_ = value_ << 6 | (byte & 0x3Fu);
    return true;
}

void append_utf8(std::string& out, char32_t c) {
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = replacement_character;
    const auto put = [&out](char32_t byte) { out += static_cast<char>(byte); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0 | c >> 6);
        put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        put(0xE0 | c >> 12);
        put(0x80 | (c >> 6 & 0x3F));
        put(0x80 | (c & 0x3F));
    } else {
        put(0xF0 | c >> 18);
        put(0x80 | (c >> 12 & 0x3F));
        put(0x80 | (c >> 6 & 0x3F));
        put(0x80 | (c & 0x3F));
    }
}

std::string to_valid_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    Utf8Decoder decoder;
    const auto take = [&out](char32_t c) { append_utf8(out, c); };
    decoder.feed(text, take);
    decoder.finish(take);
    return out;
}

namespace {

/// A run of letters with case: `step` 1 means upper and lower case lie `offset` apart as two
/// blocks, `step` 2 means that they alternate, upper case first.
struct CaseRange {
    char32_t first;
    char32_t last;
    char32_t offset;
    int step;
};

/// Upper-case side of each run (Unicode 15, UnicodeData.txt, simple mappings; irregular pairs in
/// irregular_pairs).
constexpr std::array case_ranges = {
    CaseRange{'A', 'Z', 32, 1},       CaseRange{0x00C0, 0x00D6, 32, 1},
    CaseRange{0x00D8, 0x00DE, 32, 1}, CaseRange{0x0100, 0x012F, 1, 2},
    CaseRange{0x0132, 0x0137, 1, 2},  CaseRange{0x0139, 0x0148, 1, 2},
    CaseRange{0x014A, 0x0177, 1, 2},  CaseRange{0x0179, 0x017E, 1, 2},
    CaseRange{0x01CD, 0x01DC, 1, 2},  CaseRange{0x01DE, 0x01EF, 1, 2},
    CaseRange{0x01F8, 0x021F, 1, 2},  CaseRange{0x0222, 0x0233, 1, 2},
    CaseRange{0x0388, 0x038A, 37, 1}, CaseRange{0x0391, 0x03A1, 32, 1},
    CaseRange{0x03A3, 0x03AB, 32, 1}, CaseRange{0x0400, 0x040F, 80, 1},
    CaseRange{0x0410, 0x042F, 32, 1}, CaseRange{0x0460, 0x0481, 1, 2},
    CaseRange{0x048A, 0x04BF, 1, 2},  CaseRange{0x04C1, 0x04CE, 1, 2},
    CaseRange{0x04D0, 0x052F, 1, 2},  CaseRange{0x0531, 0x0556, 48, 1},
    CaseRange{0x1E00, 0x1E95, 1, 2},  CaseRange{0x1EA0, 0x1EFF, 1, 2},
    CaseRange{0x24B6, 0x24CF, 26, 1}, CaseRange{0xFF21, 0xFF3A, 32, 1},
};

struct CasePair {
    char32_t upper;
    char32_t lower;
};
constexpr std::array irregular_pairs = {
    CasePair{0x0178, 0x00FF}, CasePair{0x0386, 0x03AC}, CasePair{0x038C, 0x03CC},
    CasePair{0x038E, 0x03CD}, CasePair{0x038F, 0x03CE}, CasePair{0x04C0, 0x04CF},
};

constexpr char32_t lower_by_ranges(char32_t c) {
    for (const auto& range : case_ranges) {
        if (c < range.first || c > range.last) continue;
        if (range.step == 1) return c + range.offset;
        return (c - range.first) % 2 == 0 ? c + 1 : c;
    }
    for (const auto& pair : irregular_pairs) {
        if (pair.upper == c) return pair.lower;
    }
    return c;
}

/// The alphabets of most texts, looked up instead of searched.
constexpr auto lower_table = [] {
    std::array<char16_t, 0x0590> table{};
    for (char32_t c = 0; c < table.size(); ++c)
        table[c] = static_cast<char16_t>(lower_by_ranges(c));
    return table;
}();

}  // namespace

char32_t to_lower(char32_t c) {
    return c < lower_table.size() ? lower_table[c] : lower_by_ranges(c);
}

char32_t to_upper(char32_t c) {
    if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 32 : c;
    if (c == 0x03C2) return 0x03A3;  // final sigma
    if (c == 0x00B5) return 0x039C;  // micro sign
    for (const auto& pair : irregular_pairs) {
        if (pair.lower == c) return pair.upper;
    }
    for (const auto& range : case_ranges) {
        if (range.step == 1) {
            if (c >= range.first + range.offset && c <= range.last + range.offset) {
                return c - range.offset;
            }
        } else if (c >= range.first && c <= range.last) {
            return (c - range.first) % 2 == 1 ? c - 1 : c;
        }
    }
    return c;
}

bool is_word_character(char32_t c) {
    if (c < 0x80) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }
    if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA;
    if (c == 0xD7 || c == 0xF7 || c == replacement_character) return false;
    if (c >= 0x2000 && c <= 0x2BFF) return false;                       // punctuation, symbols
    if (c >= 0x2E00 && c <= 0x2E7F) return false;                       // more punctuation
    if (c >= 0x3000 && c <= 0x303F) return c >= 0x3005 && c <= 0x3007;  // CJK punctuation
    if (c >= 0xFF00 && c <= 0xFF0F) return false;                       // full-width punctuation
    if (c >= 0xE000 && c <= 0xF8FF) return false;                       // private use
    return c != 0xFEFF;
}

bool is_blank_character(char32_t c) {
    if (c <= 0x20) return c == ' ' || (c >= 0x09 && c <= 0x0D);
    return c == 0x85 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A && c != 0x2007) || c == 0x2028 ||
           c == 0x2029 || c == 0x205F || c == 0x3000;
}

}  // namespace sluice::work
