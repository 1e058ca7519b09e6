// SPDX-License-Identifier: Apache-2.0
// Changes case and line endings of a UTF-8 text that is fed in pieces. Pure; the step from and to
// other encodings is shell/charset.h.
#pragma once

#include "modules/work/core/utf8.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::work {

enum class LetterCase { keep, lower, upper, title };
enum class LineEnding { keep, lf, crlf, cr };

/// A text on its way through; LF, CR LF and CR are all understood as line ends.
class TextTransform {
public:
    TextTransform(LetterCase letter_case, LineEnding ending)
        : case_(letter_case), ending_(ending) {}

    /// Appends to `out` what `bytes` becomes; may hold back up to one character and one CR.
    void feed(std::string_view bytes, std::string& out);
    void finish(std::string& out);

    [[nodiscard]] std::uint64_t characters() const { return characters_; }
    /// Line ends seen, whatever their kind.
    [[nodiscard]] std::uint64_t lines() const { return lines_; }
    [[nodiscard]] std::uint64_t invalid() const { return decoder_.invalid(); }

private:
    void take(char32_t character, std::string& out);
    void end_line(std::string_view as_it_was, std::string& out);

    LetterCase case_;
    LineEnding ending_;
    Utf8Decoder decoder_;
    bool after_cr_ = false;
    bool in_word_ = false;
    std::uint64_t characters_ = 0;
    std::uint64_t lines_ = 0;
};

}  // namespace sluice::work
