// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/url/nfc.h"

#include "modules/crawl/core/url/idna_table.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace sluice::crawl::idna {
namespace {

// Hangul syllables are computed (The Unicode Standard, 3.12).
constexpr char32_t syllables = 0xAC00;
constexpr char32_t leads = 0x1100;
constexpr char32_t vowels = 0x1161;
constexpr char32_t trails = 0x11A7;
constexpr char32_t lead_count = 19;
constexpr char32_t vowel_count = 21;
constexpr char32_t trail_count = 28;
constexpr char32_t syllable_count = lead_count * vowel_count * trail_count;

bool is_within(char32_t c, char32_t first, char32_t count) {
    return c >= first && c < first + count;
}

void decompose(char32_t c, std::u32string& out) {
    if (is_within(c, syllables, syllable_count)) {
        const char32_t index = c - syllables;
        out.push_back(leads + index / (vowel_count * trail_count));
        out.push_back(vowels + index % (vowel_count * trail_count) / trail_count);
        if (index % trail_count != 0) out.push_back(trails + index % trail_count);
        return;
    }
    const auto parts = decomposition_of(c);
    if (!parts) {
        out += c;
        return;
    }
    decompose(parts->first, out);  // at most three deep
    if (parts->second != 0) decompose(parts->second, out);
}

std::uint8_t combining(char32_t c) {
    return c < 0x300 ? std::uint8_t{0} : properties_of(c).combining;
}

/// Marks between two starters sorted by class; those of one class stay in their order.
void reorder(std::u32string& text) {
    for (std::size_t i = 1; i < text.size(); ++i) {
        const std::uint8_t own = combining(text[i]);
        if (own == 0) continue;
        for (std::size_t j = i; j > 0 && combining(text[j - 1]) > own; --j)
            std::swap(text[j - 1], text[j]);
    }
}

std::optional<char32_t> compose(char32_t first, char32_t second) {
    if (is_within(first, leads, lead_count) && is_within(second, vowels, vowel_count))
        return syllables + ((first - leads) * vowel_count + (second - vowels)) * trail_count;
    if (is_within(first, syllables, syllable_count) && (first - syllables) % trail_count == 0 &&
        is_within(second, trails + 1, trail_count - 1))
        return first + (second - trails);
    return composition_of(first, second);
}

/// Puts characters together with the last starter before them, if nothing between blocks them.
void recompose(std::u32string& text) {
    std::size_t kept = 0;
    std::optional<std::size_t> starter;
    std::uint8_t last = 0;  // class of the character before, among those kept behind the starter
    for (const char32_t c : std::u32string(text)) {
        const std::uint8_t own = combining(c);
        const bool adjacent = starter && *starter + 1 == kept;
        if (starter && (adjacent || last < own)) {
            if (const auto joined = compose(text[*starter], c)) {
                text[*starter] = *joined;
                continue;
            }
        }
        if (own == 0) starter = kept;
        last = own;
        text[kept++] = c;
    }
    text.resize(kept);
}

}  // namespace

std::u32string to_nfc(const std::u32string& text) {
    std::u32string out;
    out.reserve(text.size() + 8);
    for (const char32_t c : text) decompose(c, out);
    reorder(out);
    recompose(out);
    return out;
}

}  // namespace sluice::crawl::idna
