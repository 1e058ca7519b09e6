// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/text_transform.h"

namespace sluice::work {

void TextTransform::feed(std::string_view bytes, std::string& out) {
    decoder_.feed(bytes, [this, &out](char32_t c) { take(c, out); });
}

void TextTransform::finish(std::string& out) {
    decoder_.finish([this, &out](char32_t c) { take(c, out); });
    if (after_cr_) end_line("\r", out);
    after_cr_ = false;
}

void TextTransform::end_line(std::string_view as_it_was, std::string& out) {
    ++lines_;
    in_word_ = false;
    switch (ending_) {
        case LineEnding::keep: out += as_it_was; break;
        case LineEnding::lf: out += '\n'; break;
        case LineEnding::crlf: out += "\r\n"; break;
        case LineEnding::cr: out += '\r'; break;
    }
}

void TextTransform::take(char32_t c, std::string& out) {
    ++characters_;
    if (after_cr_) {
        after_cr_ = false;
        if (c == '\n') return end_line("\r\n", out);
        end_line("\r", out);
    }
    if (c == '\r') {
        after_cr_ = true;
        return;
    }
    if (c == '\n') return end_line("\n", out);
    const bool in_word = is_word_character(c) || (in_word_ && (c == '\'' || c == 0x2019));
    switch (case_) {
        case LetterCase::keep: break;
        case LetterCase::lower: c = to_lower(c); break;
        case LetterCase::upper: c = to_upper(c); break;
        case LetterCase::title: c = in_word_ ? to_lower(c) : to_upper(c); break;
    }
    in_word_ = in_word;
    append_utf8(out, c);
}

}  // namespace sluice::work
