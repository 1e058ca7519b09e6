// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/html/html_input.h"

namespace sluice::crawl {

void HtmlInputChecker::check(std::uint32_t character) {
    if (character >= 0xD800 && character <= 0xDFFF)
        errors_.on_error(HtmlError::surrogate_in_input_stream, begin_);
    else if ((character >= 0xFDD0 && character <= 0xFDEF) || (character & 0xFFFEU) == 0xFFFEU)
        errors_.on_error(HtmlError::noncharacter_in_input_stream, begin_);
    else if ((character < 0x20 && character != 0 && character != '\t' && character != '\n' &&
              character != '\f' && character != '\r') ||
             (character >= 0x7F && character <= 0x9F))
        errors_.on_error(HtmlError::control_character_in_input_stream, begin_);
}

void HtmlInputChecker::feed(std::string_view bytes) {
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (missing_ > 0 && (byte & 0xC0U) == 0x80) {
            character_ = (character_ << 6U) | (byte & 0x3FU);
            if (--missing_ == 0) check(character_);
        } else {
            missing_ = 0;
            begin_ = offset_;
            if (byte < 0x80) {
                check(byte);
            } else if (byte >= 0xC2 && byte < 0xF5) {
                missing_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
                character_ = byte & (0x3FU >> static_cast<unsigned>(missing_));
            }
        }
        ++offset_;
    }
}

}  // namespace sluice::crawl
