// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/text/text_decoder.h"

#include "kernel/wire/utf8.h"
#include "modules/crawl/core/text/encoding_data.h"

#include <algorithm>

namespace sluice::crawl {

using encoding_data::character_at;
using encoding_data::Index;

namespace {

constexpr std::uint32_t replacement_character = 0xFFFD;

bool in(std::uint8_t byte, int first, int last) { return byte >= first && byte <= last; }

/// An encoding in which bytes below 128 that stand alone are themselves.
bool is_ascii_superset(Encoding encoding) {
    return encoding != Encoding::iso_2022_jp && encoding != Encoding::replacement &&
           encoding != Encoding::utf_16be && encoding != Encoding::utf_16le;
}

}  // namespace

void TextDecoder::put(std::uint32_t character, std::string& out) {
    if (!begun_) {
        begun_ = true;
        const bool is_utf = encoding_ == Encoding::utf_8 || encoding_ == Encoding::utf_16be ||
                            encoding_ == Encoding::utf_16le;
        if (character == 0xFEFF && is_utf) return;
    }
    const std::size_t size = character < 0x80      ? 1
                             : character < 0x800   ? 2
                             : character < 0x10000 ? 3
                                                   : 4;
    if (full_ || size > room_) {
        full_ = true;
        return;
    }
    room_ -= size;
    put_utf8(out, character);
}

void TextDecoder::put_error(std::string& out) {
    ++errors_;
    put(replacement_character, out);
}

Status TextDecoder::feed(std::string_view bytes, std::string& out) {
    const bool ascii = is_ascii_superset(encoding_);
    std::size_t i = 0;
    while (i < bytes.size() && !full_) {
        if (ascii && static_cast<unsigned char>(bytes[i]) < 0x80 && at_rest()) {
            std::size_t end = i;
            const std::size_t most = i + std::min(bytes.size() - i, room_);
            while (end < most && static_cast<unsigned char>(bytes[end]) < 0x80) ++end;
            out.append(bytes.substr(i, end - i));
            room_ -= end - i;
            begun_ = true;
            full_ = end == i;
            i = end;
            continue;
        }
        run(static_cast<std::uint8_t>(bytes[i++]), out);
    }
    if (full_) return fail(Code::exhausted, "the decoded text is too long");
    return {};
}

Status TextDecoder::finish(std::string& out) {
    end(out);
    if (full_) return fail(Code::exhausted, "the decoded text is too long");
    return {};
}

bool TextDecoder::at_rest() const {
    return first_ == 0 && second_ == 0 && third_ == 0 && needed_ == 0 && pending_count_ == 0;
}

/// One byte, and then what it made to be looked at again.
void TextDecoder::run(std::uint8_t byte, std::string& out) {
    again(byte);
    while (pending_count_ > 0) step(pending_[--pending_count_], out);
}

void TextDecoder::step(std::uint8_t byte, std::string& out) {
    switch (encoding_) {
        case Encoding::utf_8: return utf8(byte, out);
        case Encoding::gbk:
        case Encoding::gb18030: return gb18030(byte, out);
        case Encoding::big5: return big5(byte, out);
        case Encoding::euc_jp: return euc_jp(byte, out);
        case Encoding::iso_2022_jp: return iso_2022_jp(byte, out);
        case Encoding::shift_jis: return shift_jis(byte, out);
        case Encoding::euc_kr: return euc_kr(byte, out);
        case Encoding::utf_16be:
        case Encoding::utf_16le: return utf16(byte, out);
        case Encoding::x_user_defined: return put(byte < 0x80 ? byte : 0xF700U + byte, out);
        case Encoding::replacement:
            if (!replaced_) put_error(out);
            replaced_ = true;
            return;
        default: return single_byte(byte, out);
    }
}

void TextDecoder::end(std::string& out) {
    if (encoding_ == Encoding::iso_2022_jp) {
        // "ESC $" and the like that lead nowhere are themselves errors and bytes.
        if (jis_ == Jis::escape_start || jis_ == Jis::escape) {
            put_error(out);
            const std::uint8_t lead = first_;
            const bool was_escape = jis_ == Jis::escape;
            first_ = 0;
            jis_escaped_ = false;
            jis_ = jis_output_;
            if (was_escape) run(lead, out);
        }
        if (jis_ == Jis::trail) put_error(out);
        jis_ = Jis::ascii;
        return;
    }
    if (needed_ > 0 || has_first_ || first_ != 0) put_error(out);
    if ((encoding_ == Encoding::utf_16be || encoding_ == Encoding::utf_16le) && character_ != 0 &&
        !has_first_) {
        put_error(out);
    }
    first_ = second_ = third_ = needed_ = 0;
    has_first_ = jis0212_ = false;
    character_ = 0;
}

void TextDecoder::utf8(std::uint8_t byte, std::string& out) {
    if (needed_ == 0) {
        if (byte < 0x80) return put(byte, out);
        lower_ = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
        upper_ = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
        if (in(byte, 0xC2, 0xDF)) {
            needed_ = 1;
            character_ = byte & 0x1FU;
        } else if (in(byte, 0xE0, 0xEF)) {
            needed_ = 2;
            character_ = byte & 0x0FU;
        } else if (in(byte, 0xF0, 0xF4)) {
            needed_ = 3;
            character_ = byte & 0x07U;
        } else {
            put_error(out);
        }
        return;
    }
    if (!in(byte, lower_, upper_)) {
        needed_ = 0;
        put_error(out);
        return again(byte);
    }
    lower_ = 0x80;
    upper_ = 0xBF;
    character_ = (character_ << 6) | (byte & 0x3FU);
    if (--needed_ == 0) put(character_, out);
}

void TextDecoder::utf16(std::uint8_t byte, std::string& out) {
    if (!has_first_) {
        first_ = byte;
        has_first_ = true;
        return;
    }
    has_first_ = false;
    const bool big = encoding_ == Encoding::utf_16be;
    const std::uint32_t unit = big ? first_ * 256U + byte : byte * 256U + first_;
    first_ = 0;
    utf16_unit(unit, out);
}

void TextDecoder::utf16_unit(std::uint32_t unit, std::string& out) {
    const bool low = unit >= 0xDC00 && unit <= 0xDFFF;
    const bool high = unit >= 0xD800 && unit <= 0xDBFF;
    if (character_ != 0) {
        const std::uint32_t before = character_;
        character_ = 0;
        if (low) return put(0x10000 + ((before - 0xD800) << 10) + (unit - 0xDC00), out);
        put_error(out);
    }
    if (high) {
        character_ = unit;
    } else if (low) {
        put_error(out);
    } else {
        put(unit, out);
    }
}

void TextDecoder::single_byte(std::uint8_t byte, std::string& out) {
    if (byte < 0x80) return put(byte, out);
    const std::uint16_t character = encoding_data::upper_half(encoding_)[byte - 0x80];
    if (character == 0) return put_error(out);
    put(character, out);
}

/// The end of a sequence of two bytes that meant `character`, or nothing (0).
void TextDecoder::finish_pair(std::uint32_t character, std::uint8_t byte, std::string& out) {
    if (character != 0) return put(character, out);
    put_error(out);
    if (byte < 0x80) again(byte);
}

void TextDecoder::gb18030_four(std::uint8_t byte, std::string& out) {
    const std::uint8_t first = first_;
    const std::uint8_t second = second_;
    const std::uint8_t third = third_;
    first_ = second_ = third_ = 0;
    std::uint32_t character = 0;
    if (in(byte, 0x30, 0x39)) {
        const std::size_t pointer = ((first - 0x81U) * 10 + (second - 0x30U)) * 1260 +
                                    (third - 0x81U) * 10 + (byte - 0x30U);
        character = encoding_data::gb18030_range_character(pointer);
        if (character != 0) return put(character, out);
        return put_error(out);
    }
    put_error(out);
    again(byte);
    again(third);
    again(second);
}

void TextDecoder::gb18030(std::uint8_t byte, std::string& out) {
    if (third_ != 0) return gb18030_four(byte, out);
    if (second_ != 0) {
        if (in(byte, 0x81, 0xFE)) {
            third_ = byte;
            return;
        }
        const std::uint8_t second = second_;
        first_ = second_ = 0;
        put_error(out);
        again(byte);
        return again(second);
    }
    if (first_ != 0) {
        if (in(byte, 0x30, 0x39)) {
            second_ = byte;
            return;
        }
        const std::uint8_t lead = first_;
        first_ = 0;
        std::uint32_t character = 0;
        if (in(byte, 0x40, 0x7E) || in(byte, 0x80, 0xFE)) {
            character = character_at(Index::gb18030,
                                     (lead - 0x81U) * 190 + byte - (byte < 0x7F ? 0x40U : 0x41U));
        }
        return finish_pair(character, byte, out);
    }
    if (byte < 0x80) return put(byte, out);
    if (byte == 0x80) return put(0x20AC, out);
    if (byte == 0xFF) return put_error(out);
    first_ = byte;
}

void TextDecoder::big5(std::uint8_t byte, std::string& out) {
    if (first_ == 0) {
        if (byte < 0x80) return put(byte, out);
        if (!in(byte, 0x81, 0xFE)) return put_error(out);
        first_ = byte;
        return;
    }
    const std::uint8_t lead = first_;
    first_ = 0;
    std::uint32_t character = 0;
    if (in(byte, 0x40, 0x7E) || in(byte, 0xA1, 0xFE)) {
        const std::size_t pointer = (lead - 0x81U) * 157 + byte - (byte < 0x7F ? 0x40U : 0x62U);
        const bool macron = pointer == 1133 || pointer == 1164;
        if (macron || pointer == 1135 || pointer == 1166) {
            put(pointer < 1164 ? 0xCA : 0xEA, out);
            return put(macron ? 0x304 : 0x30C, out);
        }
        character = character_at(Index::big5, pointer);
    }
    finish_pair(character, byte, out);
}

void TextDecoder::euc_jp(std::uint8_t byte, std::string& out) {
    if (first_ == 0) {
        if (byte < 0x80) return put(byte, out);
        if (byte != 0x8E && byte != 0x8F && !in(byte, 0xA1, 0xFE)) return put_error(out);
        first_ = byte;
        return;
    }
    if (first_ == 0x8F && !jis0212_ && in(byte, 0xA1, 0xFE)) {
        jis0212_ = true;
        first_ = byte;
        return;
    }
    const std::uint8_t lead = first_;
    first_ = 0;
    if (lead == 0x8E && in(byte, 0xA1, 0xDF)) return put(0xFF61U - 0xA1 + byte, out);
    std::uint32_t character = 0;
    if (in(lead, 0xA1, 0xFE) && in(byte, 0xA1, 0xFE)) {
        character = character_at(jis0212_ ? Index::jis0212 : Index::jis0208,
                                 (lead - 0xA1U) * 94 + byte - 0xA1U);
    }
    jis0212_ = false;
    finish_pair(character, byte, out);
}

void TextDecoder::shift_jis(std::uint8_t byte, std::string& out) {
    if (first_ == 0) {
        if (byte <= 0x80) return put(byte, out);
        if (in(byte, 0xA1, 0xDF)) return put(0xFF61U - 0xA1 + byte, out);
        if (!in(byte, 0x81, 0x9F) && !in(byte, 0xE0, 0xFC)) return put_error(out);
        first_ = byte;
        return;
    }
    const std::uint8_t lead = first_;
    first_ = 0;
    std::uint32_t character = 0;
    if (in(byte, 0x40, 0x7E) || in(byte, 0x80, 0xFC)) {
        const std::size_t pointer =
            (lead - (lead < 0xA0 ? 0x81U : 0xC1U)) * 188 + byte - (byte < 0x7F ? 0x40U : 0x41U);
        character = pointer >= 8836 && pointer <= 10'715
                        ? static_cast<std::uint32_t>(0xE000 - 8836 + pointer)
                        : character_at(Index::jis0208, pointer);
    }
    finish_pair(character, byte, out);
}

void TextDecoder::euc_kr(std::uint8_t byte, std::string& out) {
    if (first_ == 0) {
        if (byte < 0x80) return put(byte, out);
        if (!in(byte, 0x81, 0xFE)) return put_error(out);
        first_ = byte;
        return;
    }
    const std::uint8_t lead = first_;
    first_ = 0;
    std::uint32_t character = 0;
    if (in(byte, 0x41, 0xFE)) {
        character = character_at(Index::euc_kr, (lead - 0x81U) * 190 + byte - 0x41U);
    }
    finish_pair(character, byte, out);
}

/// Behind ESC, and behind ESC and "$" or "(".
void TextDecoder::jis_escape(std::uint8_t byte, std::string& out) {
    if (jis_ == Jis::escape_start && (byte == 0x24 || byte == 0x28)) {
        first_ = byte;
        jis_ = Jis::escape;
        return;
    }
    const std::uint8_t lead = jis_ == Jis::escape ? first_ : std::uint8_t{0};
    first_ = 0;
    const bool known = (lead == 0x28 && (byte == 0x42 || byte == 0x4A || byte == 0x49)) ||
                       (lead == 0x24 && (byte == 0x40 || byte == 0x42));
    if (known) {
        jis_ = lead == 0x24   ? Jis::lead
               : byte == 0x42 ? Jis::ascii
               : byte == 0x4A ? Jis::roman
                              : Jis::katakana;
        jis_output_ = jis_;
        const bool twice = jis_escaped_;
        jis_escaped_ = true;
        if (twice) put_error(out);
        return;
    }
    jis_escaped_ = false;
    jis_ = jis_output_;
    put_error(out);
    again(byte);
    if (lead != 0) again(lead);
}

void TextDecoder::iso_2022_jp(std::uint8_t byte, std::string& out) {
    if (jis_ == Jis::escape_start || jis_ == Jis::escape) return jis_escape(byte, out);
    if (byte == 0x1B) {
        if (jis_ == Jis::trail) put_error(out);
        first_ = 0;
        jis_ = Jis::escape_start;
        return;
    }
    if (jis_ == Jis::trail) {
        jis_ = Jis::lead;
        const std::uint8_t lead = first_;
        first_ = 0;
        std::uint32_t character = 0;
        if (in(byte, 0x21, 0x7E)) {
            character = character_at(Index::jis0208, (lead - 0x21U) * 94 + byte - 0x21U);
        }
        return character != 0 ? put(character, out) : put_error(out);
    }
    jis_escaped_ = false;
    const bool plain = byte < 0x80 && byte != 0x0E && byte != 0x0F;
    switch (jis_) {
        case Jis::roman:
            if (byte == 0x5C) return put(0xA5, out);
            if (byte == 0x7E) return put(0x203E, out);
            return plain ? put(byte, out) : put_error(out);
        case Jis::katakana:
            return in(byte, 0x21, 0x5F) ? put(0xFF61U - 0x21 + byte, out) : put_error(out);
        case Jis::lead:
            if (!in(byte, 0x21, 0x7E)) return put_error(out);
            first_ = byte;
            jis_ = Jis::trail;
            return;
        default: return plain ? put(byte, out) : put_error(out);
    }
}

Result<std::string> decode_text(std::string_view bytes, Encoding fallback,
                                std::size_t output_bytes_max) {
    const auto mark = find_byte_order_mark(bytes);
    TextDecoder decoder(mark ? mark->encoding : fallback, output_bytes_max);
    std::string out;
    SLUICE_TRY_STATUS(decoder.feed(bytes, out));
    SLUICE_TRY_STATUS(decoder.finish(out));
    return out;
}

}  // namespace sluice::crawl
