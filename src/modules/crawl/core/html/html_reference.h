// SPDX-License-Identifier: Apache-2.0
// Character references ("&amp;", "&#x41;") as in the HTML standard (13.2.5.72-80): read one byte at
// a time, or a whole text at once. The names are in html_entity_table.h.
#pragma once

#include "modules/crawl/core/html/html_error.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::crawl {

/// Where parse errors go; a null pointer means that nobody wants them.
class HtmlErrorSink {
public:
    virtual ~HtmlErrorSink() = default;
    /// `offset` is the byte of the input, as it was fed, at which the standard reports the error;
    /// for errors of a finished reference, the byte behind it.
    virtual void on_error(HtmlError error, std::uint64_t offset) = 0;
};

/// One reference, from the byte behind its "&" on. Holds at most the longest name.
class CharacterReference {
public:
    enum class Step {
        taken,       ///< the byte belongs to it, more may follow
        taken_last,  ///< the byte belongs to it and ends it
        not_taken,   ///< it ended before this byte
    };

    /// `offset` is the input offset of "&". In attributes a name without its semicolon is not one
    /// when "=" or a letter or digit follows.
    void start(bool in_attribute, std::uint64_t offset);
    /// The next byte of the input. After taken_last and not_taken, text() is what it stands for.
    Step take(char byte, HtmlErrorSink* errors);
    /// The input, or the attribute's value, ends here.
    void finish(HtmlErrorSink* errors);

    /// The replacement in UTF-8, or the very bytes that were read if they are no reference.
    [[nodiscard]] std::string_view text() const { return text_; }
    /// No name began like this: letters and digits may go on, and a semicolon behind them is an
    /// unknown_named_character_reference.
    [[nodiscard]] bool is_ambiguous() const { return ambiguous_; }

private:
    enum class Phase { begin, name, number, hex_start, hex, decimal };

    Step take_name(char byte, HtmlErrorSink* errors);
    void end_name(char next, HtmlErrorSink* errors);
    Step end_number(bool semicolon, HtmlErrorSink* errors);
    Step no_digits(HtmlErrorSink* errors);
    void error(HtmlErrorSink* errors, HtmlError what, std::uint64_t length) const;

    Phase phase_ = Phase::begin;
    bool in_attribute_ = false;
    bool ambiguous_ = false;
    std::uint64_t offset_ = 0;
    std::uint64_t length_ = 0;  ///< bytes taken, "&" among them
    std::string name_;
    std::size_t first_ = 0;  ///< names that begin with name_: [first_, last_)
    std::size_t last_ = 0;
    std::size_t match_ = 0;  ///< the longest whole name so far, if match_length_ > 0
    std::size_t match_length_ = 0;
    std::uint32_t number_ = 0;
    std::string text_;
};

/// The raw value of an attribute as the standard reads it: references replaced, NUL as U+FFFD, CR
/// and CR LF as LF. Appends to `out`. `offset` is where `raw` begins in the input. Linear.
void decode_attribute(std::string_view raw, std::string& out, HtmlErrorSink* errors = nullptr,
                      std::uint64_t offset = 0);
/// The same for text (RCDATA: NUL becomes U+FFFD too).
void decode_text(std::string_view raw, std::string& out);
/// Only line ends and NULs. Appends to `out`.
void normalise_text(std::string_view raw, std::string& out);

}  // namespace sluice::crawl
