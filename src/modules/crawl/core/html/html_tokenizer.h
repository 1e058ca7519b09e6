// SPDX-License-Identifier: Apache-2.0
// The tokenizer of the HTML standard (13.2.5), every state of it, fed in pieces of any size. It
// builds no tree: what a tree builder would tell it (raw text, CDATA) its sink tells it. The quick
// way to links alone is tag_reader.h, which falls back on this one.
#pragma once

#include "modules/crawl/core/html/html_token.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

/// The states of the standard; those that differ only in the kind of text around them are one here
/// (text_*), and references in attributes are read when their value is complete.
enum class HtmlState : std::uint8_t {
    // Texts: these may be set from outside.
    data,
    rcdata,
    rawtext,
    script_data,
    plaintext,
    cdata_section,
    // Script comments.
    script_escape_start,
    script_escape_start_dash,
    script_escaped,
    script_escaped_dash,
    script_escaped_dash_dash,
    script_escaped_less_than,
    script_double_escape_start,
    script_double_escaped,
    script_double_escaped_dash,
    script_double_escaped_dash_dash,
    script_double_escaped_less_than,
    script_double_escape_end,
    // Ends of RCDATA, RAWTEXT and script texts.
    text_less_than,
    text_end_tag_open,
    text_end_tag_name,
    // Tags.
    tag_open,
    end_tag_open,
    tag_name,
    before_attribute_name,
    attribute_name,
    after_attribute_name,
    before_attribute_value,
    value_double_quoted,
    value_single_quoted,
    value_unquoted,
    after_value_quoted,
    self_closing_start_tag,
    // Comments and CDATA.
    bogus_comment,
    markup_declaration_open,
    comment_start,
    comment_start_dash,
    comment,
    comment_less_than,
    comment_less_than_bang,
    comment_less_than_bang_dash,
    comment_less_than_bang_dash_dash,
    comment_end_dash,
    comment_end,
    comment_end_bang,
    cdata_bracket,
    cdata_end,
    // Doctypes.
    doctype,
    before_doctype_name,
    doctype_name,
    after_doctype_name,
    after_public_keyword,
    before_public_id,
    public_id_double_quoted,
    public_id_single_quoted,
    after_public_id,
    between_ids,
    after_system_keyword,
    before_system_id,
    system_id_double_quoted,
    system_id_single_quoted,
    after_system_id,
    bogus_doctype,
    // References in text.
    character_reference,
    ambiguous_ampersand,
    count
};

/// Turns bytes of an ASCII-compatible text (UTF-8, as a rule) into tokens. Bytes above 0x7F are
/// passed on as they are. Work is linear in the input, memory bounded by the limits. One thread.
class HtmlTokenizer {
public:
    explicit HtmlTokenizer(HtmlTokenSink& sink, bool report_errors = false,
                           const HtmlLimits& limits = {});

    /// The next bytes of the input.
    void feed(std::string_view bytes);
    /// The input ends: what is unfinished is given or dropped, as the standard says.
    void finish();

    /// Reads on as `state` (one of the texts); allowed at the start and within on_tag.
    void set_state(HtmlState state) { state_ = state; }
    /// The name that ends RCDATA, RAWTEXT and script texts: that of the last start tag, unless set.
    void set_last_start_tag(std::string_view name) { last_start_tag_ = name; }
    /// "<![CDATA[" begins a CDATA section (the current node is not an HTML element).
    void allow_cdata(bool allowed) { cdata_allowed_ = allowed; }

    [[nodiscard]] HtmlState state() const { return state_; }
    [[nodiscard]] const HtmlCuts& cuts() const { return cuts_; }
    /// Steps of the state machine so far, for tests of linear work.
    [[nodiscard]] std::uint64_t steps() const { return steps_; }

    /// The input offset of the next byte fed; a caller that skips text itself moves it.
    [[nodiscard]] std::uint64_t offset() const { return base_; }
    void skip_to(std::uint64_t offset) { base_ = offset; }
    /// Like feed, but stops behind the first token after which the state is a text again (not
    /// CDATA). Returns how many bytes were taken.
    std::size_t feed_until_text(std::string_view bytes);

private:
    using StepFunction = const char* (HtmlTokenizer::*)(const char* p, const char* end);
    static const StepFunction step_functions[];

    // One state each: reads from p < end, returns what is left. A state that hands its byte to the
    // next returns p itself.
    const char* step_text(const char* p, const char* end);
    const char* step_plaintext(const char* p, const char* end);
    const char* step_cdata_section(const char* p, const char* end);
    const char* step_escape_start(const char* p, const char* end);
    const char* step_escaped(const char* p, const char* end);
    const char* step_escaped_dash(const char* p, const char* end);
    const char* step_escaped_less_than(const char* p, const char* end);
    const char* step_double_escaped_less_than(const char* p, const char* end);
    const char* step_double_escape_edge(const char* p, const char* end);
    const char* step_text_less_than(const char* p, const char* end);
    const char* step_text_end_tag_open(const char* p, const char* end);
    const char* step_text_end_tag_name(const char* p, const char* end);
    const char* step_character_reference(const char* p, const char* end);
    const char* step_ambiguous_ampersand(const char* p, const char* end);
    const char* step_tag_open(const char* p, const char* end);
    const char* step_end_tag_open(const char* p, const char* end);
    const char* step_tag_name(const char* p, const char* end);
    const char* step_before_attribute_name(const char* p, const char* end);
    const char* step_attribute_name(const char* p, const char* end);
    const char* step_after_attribute_name(const char* p, const char* end);
    const char* step_before_attribute_value(const char* p, const char* end);
    const char* step_value_quoted(const char* p, const char* end);
    const char* step_value_unquoted(const char* p, const char* end);
    const char* step_after_value_quoted(const char* p, const char* end);
    const char* step_self_closing(const char* p, const char* end);
    const char* step_bogus_comment(const char* p, const char* end);
    const char* step_markup_declaration(const char* p, const char* end);
    const char* step_comment_start(const char* p, const char* end);
    const char* step_comment(const char* p, const char* end);
    const char* step_comment_less_than(const char* p, const char* end);
    const char* step_comment_end(const char* p, const char* end);
    const char* step_cdata_end(const char* p, const char* end);
    const char* step_doctype(const char* p, const char* end);
    const char* step_before_doctype_name(const char* p, const char* end);
    const char* step_doctype_name(const char* p, const char* end);
    const char* step_after_doctype_name(const char* p, const char* end);
    const char* step_doctype_keyword(const char* p, const char* end);
    const char* step_before_id(const char* p, const char* end);
    const char* step_id_quoted(const char* p, const char* end);
    const char* step_after_id(const char* p, const char* end);
    const char* step_bogus_doctype(const char* p, const char* end);

    const char* step(const char* p, const char* end);
    void begin_chunk(std::string_view bytes);
    [[nodiscard]] std::uint64_t at(const char* p) const;
    void error(HtmlError what, const char* p) { error_at(what, at(p)); }
    void error_at(HtmlError what, std::uint64_t offset);
    [[nodiscard]] HtmlErrorSink* error_sink() { return report_errors_ ? &sink_ : nullptr; }

    const char* pass_text(const char* p, const char* end);
    void emit_text(const char* from, const char* to);
    void emit(std::string_view text);
    void emit_null(const char* p);
    void emit_comment();
    void emit_doctype();
    void emit_tag(const char* p);
    void end_of_input();

    void begin_tag(bool is_end);
    const char* take_plain_tag(const char* open, const char* end);
    const char* take_plain_attributes(const char* p, const char* end);
    const char* take_plain_attribute(const char* p, const char* end);
    void give_tag();
    const char* limit_name(std::size_t size, const char* from, const char* to);
    void append_tag_name(const char* from, const char* to);
    void begin_attribute();
    void append_attribute_name(const char* from, const char* to);
    void append_attribute_name(std::string_view text);
    void end_attribute_name(const char* p);
    void begin_value(const char* p);
    void append_value(const char* from, const char* to);
    void end_value();
    void decode_value(std::size_t from);
    void begin_comment(HtmlState state);
    void append_comment(std::string_view text);
    void append_limited(std::string& part, std::string_view text);
    void begin_text_end(HtmlState text_state);
    void begin_reference(const char* p);
    void begin_markup_declaration(const char* p);
    void begin_doctype();
    [[nodiscard]] bool is_appropriate_end_tag() const { return tag_name_ == last_start_tag_; }

    struct Attribute {
        std::size_t name = 0;  ///< index in bytes_
        std::size_t name_size = 0;
        std::size_t value = 0;
        std::size_t value_size = 0;
        std::uint32_t hash = 0;
        bool cut = false;
    };

    HtmlTokenSink& sink_;
    const bool report_errors_;
    const HtmlLimits limits_;
    HtmlCuts cuts_;
    std::uint64_t steps_ = 0;

    HtmlState state_ = HtmlState::data;
    HtmlState text_state_ = HtmlState::data;  ///< where text_*, references and CDATA came from
    bool cdata_allowed_ = false;
    const char* chunk_ = nullptr;  ///< begins at base_ of the input
    std::uint64_t base_ = 0;
    std::uint64_t after_cr_ = ~0ULL;  ///< offset behind the last CR given as text

    std::string tag_name_;
    std::string last_start_tag_;
    std::uint64_t tag_offset_ = 0;
    bool is_end_tag_ = false;
    bool self_closing_ = false;
    std::string bytes_;               ///< names and values of the tag's attributes
    std::size_t decoding_added_ = 0;  ///< to bytes_; limits are of what is written
    std::vector<Attribute> attributes_;
    std::vector<HtmlAttribute> views_;
    Attribute attribute_;             ///< the one being read, at the end of bytes_
    bool attribute_open_ = false;     ///< there is one in attribute_ that is not in attributes_ yet
    bool attribute_dropped_ = false;  ///< it is read for its end only
    bool name_cut_ = false;           ///< of the tag or the attribute
    std::uint64_t name_filter_ = 0;   ///< a bit for each hash in attributes_
    std::uint64_t value_offset_ = 0;

    std::string
        pending_;  ///< bytes of a keyword, or of an end tag's name, that may come to nothing
    std::uint64_t pending_offset_ = 0;
    std::string comment_;
    bool comment_cut_ = false;  ///< of the comment or the doctype
    std::string normalised_;
    std::string doctype_name_;
    std::string public_id_;
    std::string system_id_;
    HtmlDoctype doctype_;
    CharacterReference reference_;
};

}  // namespace sluice::crawl
