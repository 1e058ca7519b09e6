// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/text/query_encoding.h"

#include "kernel/wire/utf8.h"
#include "modules/crawl/core/text/encoding_data.h"

#include <algorithm>
#include <optional>

namespace sluice::crawl {

using encoding_data::Index;
using encoding_data::pointer_of;

namespace {

/// The character of a valid sequence.
std::uint32_t character_of(std::string_view sequence) {
    const auto first = static_cast<unsigned char>(sequence[0]);
    if (sequence.size() == 1) return first;
    std::uint32_t out = first & (0x7FU >> sequence.size());
    for (const char c : sequence.substr(1))
        out = (out << 6) | (static_cast<unsigned char>(c) & 63U);
    return out;
}

void put_bytes(std::string& out, std::size_t lead, std::size_t trail) {
    out += static_cast<char>(lead);
    out += static_cast<char>(trail);
}

/// Katakana of half width as ISO-2022-JP writes them: in full width.
std::uint32_t full_width(std::uint32_t character) {
    constexpr char16_t wide[] =
        u"\u3002\u300C\u300D\u3001\u30FB\u30F2\u30A1\u30A3\u30A5\u30A7\u30A9\u30E3\u30E5\u30E7"
        u"\u30C3"
        u"\u30FC\u30A2\u30A4\u30A6\u30A8\u30AA\u30AB\u30AD\u30AF\u30B1\u30B3\u30B5\u30B7\u30B9"
        u"\u30BB"
        u"\u30BD\u30BF\u30C1\u30C4\u30C6\u30C8\u30CA\u30CB\u30CC\u30CD\u30CE\u30CF\u30D2\u30D5"
        u"\u30D8"
        u"\u30DB\u30DE\u30DF\u30E0\u30E1\u30E2\u30E4\u30E6\u30E8\u30E9\u30EA\u30EB\u30EC\u30ED"
        u"\u30EF"
        u"\u30F3\u309B\u309C";
    return character >= 0xFF61 && character <= 0xFF9F ? wide[character - 0xFF61] : character;
}

std::optional<std::size_t> shift_jis_pointer(std::uint32_t character) {
    // The rows of NEC's and IBM's doubles are not written.
    auto found = pointer_of(Index::jis0208, character);
    if (found && *found >= 8272 && *found <= 8835) {
        found = pointer_of(Index::jis0208, character, 8836);
    }
    return found;
}

std::optional<std::size_t> big5_pointer(std::uint32_t character) {
    switch (character) {
        case 0x2550:
        case 0x255E:
        case 0x2561:
        case 0x256A:
        case 0x5341:
        case 0x5345: return encoding_data::last_pointer_of(Index::big5, character);
        default: return pointer_of(Index::big5, character, (0xA1 - 0x81) * 157);
    }
}

}  // namespace

QueryEncoder::Step TextQueryEncoder::encode(std::string_view utf8, std::string& out) {
    Step step;
    while (step.taken < utf8.size()) {
        const Utf8Step next = utf8_step(utf8.substr(step.taken));
        const std::string_view sequence = utf8.substr(step.taken, next.length);
        const std::uint32_t character = next.valid ? character_of(sequence) : 0xFFFD;
        step.taken += next.length;
        if (!put(character, out)) {
            // ISO-2022-JP has no shift characters to give back either.
            const bool is_shift = character == 0x0E || character == 0x0F || character == 0x1B;
            step.missing = is_shift ? 0xFFFD : character;
            return step;
        }
    }
    enter(Jis::ascii, out);
    return step;
}

/// False if the encoding lacks the character.
bool TextQueryEncoder::put(std::uint32_t character, std::string& out) {
    switch (encoding_) {
        case Encoding::utf_8:
        case Encoding::utf_16be:
        case Encoding::utf_16le:
        case Encoding::replacement: put_utf8(out, character); return true;
        case Encoding::iso_2022_jp: return put_iso_2022_jp(character, out);
        default: break;
    }
    if (character < 0x80) {
        out += static_cast<char>(character);
        return true;
    }
    if (encoding_ == Encoding::x_user_defined) {
        if (character < 0xF780 || character > 0xF7FF) return false;
        out += static_cast<char>(character - 0xF700);
        return true;
    }
    const auto upper = encoding_data::upper_half(encoding_);
    if (upper.empty()) return put_double(character, out);
    const auto found = std::find(upper.begin(), upper.end(), character);
    if (found == upper.end()) return false;
    out += static_cast<char>(0x80 + (found - upper.begin()));
    return true;
}

/// The encodings of two bytes.
bool TextQueryEncoder::put_double(std::uint32_t character, std::string& out) const {
    if (encoding_ == Encoding::gbk || encoding_ == Encoding::gb18030) {
        return put_gb18030(character, out);
    }
    if (encoding_ == Encoding::big5) {
        const auto found = big5_pointer(character);
        if (!found) return false;
        const std::size_t trail = *found % 157;
        put_bytes(out, *found / 157 + 0x81, trail + (trail < 0x3F ? 0x40 : 0x62));
        return true;
    }
    if (encoding_ == Encoding::euc_kr) {
        const auto found = pointer_of(Index::euc_kr, character);
        if (found) put_bytes(out, *found / 190 + 0x81, *found % 190 + 0x41);
        return found.has_value();
    }
    const bool is_euc = encoding_ == Encoding::euc_jp;
    if (!is_euc && character == 0x80) {
        out += '\x80';
        return true;
    }
    if (character == 0xA5 || character == 0x203E) {
        out += character == 0xA5 ? '\\' : '~';
        return true;
    }
    if (character >= 0xFF61 && character <= 0xFF9F) {
        if (is_euc) out += '\x8E';
        out += static_cast<char>(character - 0xFF61 + 0xA1);
        return true;
    }
    if (character == 0x2212) character = 0xFF0D;
    const auto found =
        is_euc ? pointer_of(Index::jis0208, character) : shift_jis_pointer(character);
    if (!found || (is_euc && *found >= 94U * 94)) return false;
    if (is_euc) {
        put_bytes(out, *found / 94 + 0xA1, *found % 94 + 0xA1);
    } else {
        const std::size_t lead = *found / 188;
        const std::size_t trail = *found % 188;
        put_bytes(out, lead + (lead < 0x1F ? 0x81 : 0xC1), trail + (trail < 0x3F ? 0x40 : 0x41));
    }
    return true;
}

bool TextQueryEncoder::put_gb18030(std::uint32_t character, std::string& out) const {
    if (character == 0xE5E5) return false;
    if (encoding_ == Encoding::gbk && character == 0x20AC) {
        out += '\x80';
        return true;
    }
    if (const auto found = pointer_of(Index::gb18030, character)) {
        const std::size_t trail = *found % 190;
        put_bytes(out, *found / 190 + 0x81, trail + (trail < 0x3F ? 0x40 : 0x41));
        return true;
    }
    if (encoding_ == Encoding::gbk) return false;
    const std::size_t pointer = encoding_data::gb18030_range_pointer(character);
    put_bytes(out, pointer / 12'600 + 0x81, pointer / 1260 % 10 + 0x30);
    put_bytes(out, pointer / 10 % 126 + 0x81, pointer % 10 + 0x30);
    return true;
}

void TextQueryEncoder::enter(Jis state, std::string& out) {
    if (jis_ == state) return;
    jis_ = state;
    out += state == Jis::ascii ? "\x1B(B" : state == Jis::roman ? "\x1B(J" : "\x1B$B";
}

bool TextQueryEncoder::put_iso_2022_jp(std::uint32_t character, std::string& out) {
    if (character == 0x0E || character == 0x0F || character == 0x1B) {
        if (jis_ == Jis::jis0208) enter(Jis::ascii, out);
        return false;
    }
    if (character < 0x80) {
        const bool stays = jis_ == Jis::roman && character != 0x5C && character != 0x7E;
        if (!stays) enter(Jis::ascii, out);
        out += static_cast<char>(character);
        return true;
    }
    if (character == 0xA5 || character == 0x203E) {
        enter(Jis::roman, out);
        out += character == 0xA5 ? '\\' : '~';
        return true;
    }
    if (character == 0x2212) character = 0xFF0D;
    const auto found = pointer_of(Index::jis0208, full_width(character));
    if (!found || *found >= 94U * 94) {
        if (jis_ == Jis::jis0208) enter(Jis::ascii, out);
        return false;
    }
    enter(Jis::jis0208, out);
    put_bytes(out, *found / 94 + 0x21, *found % 94 + 0x21);
    return true;
}

}  // namespace sluice::crawl
