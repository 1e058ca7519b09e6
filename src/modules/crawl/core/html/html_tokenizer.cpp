// SPDX-License-Identifier: Apache-2.0
// The frame of the tokenizer: the table of states, what is given to the sink, the end of the input.
// The states themselves are in html_tokenizer_{text,tag,comment,doctype}.cpp.
#include "modules/crawl/core/html/html_tokenizer.h"

#include "kernel/base/check.h"
#include "modules/crawl/core/html/html_chars.h"

#include <cstring>

namespace sluice::crawl {

using enum HtmlState;

#define SLUICE_STEP(name) &HtmlTokenizer::step_##name
// In the order of HtmlState.
const HtmlTokenizer::StepFunction HtmlTokenizer::step_functions[] = {
    SLUICE_STEP(text), SLUICE_STEP(text), SLUICE_STEP(text), SLUICE_STEP(text),
    SLUICE_STEP(plaintext), SLUICE_STEP(cdata_section),
    // Script comments.
    SLUICE_STEP(escape_start), SLUICE_STEP(escape_start), SLUICE_STEP(escaped),
    SLUICE_STEP(escaped_dash), SLUICE_STEP(escaped_dash), SLUICE_STEP(escaped_less_than),
    SLUICE_STEP(double_escape_edge), SLUICE_STEP(escaped), SLUICE_STEP(escaped_dash),
    SLUICE_STEP(escaped_dash), SLUICE_STEP(double_escaped_less_than),
    SLUICE_STEP(double_escape_edge),
    // Ends of texts.
    SLUICE_STEP(text_less_than), SLUICE_STEP(text_end_tag_open), SLUICE_STEP(text_end_tag_name),
    // Tags.
    SLUICE_STEP(tag_open), SLUICE_STEP(end_tag_open), SLUICE_STEP(tag_name),
    SLUICE_STEP(before_attribute_name), SLUICE_STEP(attribute_name),
    SLUICE_STEP(after_attribute_name), SLUICE_STEP(before_attribute_value),
    SLUICE_STEP(value_quoted), SLUICE_STEP(value_quoted), SLUICE_STEP(value_unquoted),
    SLUICE_STEP(after_value_quoted), SLUICE_STEP(self_closing),
    // Comments and CDATA.
    SLUICE_STEP(bogus_comment), SLUICE_STEP(markup_declaration), SLUICE_STEP(comment_start),
    SLUICE_STEP(comment_start), SLUICE_STEP(comment), SLUICE_STEP(comment_less_than),
    SLUICE_STEP(comment_less_than), SLUICE_STEP(comment_less_than), SLUICE_STEP(comment_less_than),
    SLUICE_STEP(comment_end), SLUICE_STEP(comment_end), SLUICE_STEP(comment_end),
    SLUICE_STEP(cdata_end), SLUICE_STEP(cdata_end),
    // Doctypes.
    SLUICE_STEP(doctype), SLUICE_STEP(before_doctype_name), SLUICE_STEP(doctype_name),
    SLUICE_STEP(after_doctype_name), SLUICE_STEP(doctype_keyword), SLUICE_STEP(before_id),
    SLUICE_STEP(id_quoted), SLUICE_STEP(id_quoted), SLUICE_STEP(after_id), SLUICE_STEP(after_id),
    SLUICE_STEP(doctype_keyword), SLUICE_STEP(before_id), SLUICE_STEP(id_quoted),
    SLUICE_STEP(id_quoted), SLUICE_STEP(after_id), SLUICE_STEP(bogus_doctype),
    // References.
    SLUICE_STEP(character_reference), SLUICE_STEP(ambiguous_ampersand)};
#undef SLUICE_STEP

HtmlTokenizer::HtmlTokenizer(HtmlTokenSink& sink, bool report_errors, const HtmlLimits& limits)
    : sink_(sink), report_errors_(report_errors), limits_(limits) {
    static_assert(std::size(step_functions) == static_cast<std::size_t>(count));
}

const char* HtmlTokenizer::step(const char* p, const char* end) {
    ++steps_;
    const StepFunction function = step_functions[static_cast<std::size_t>(state_)];
    return (this->*function)(p, end);
}

void HtmlTokenizer::begin_chunk(std::string_view bytes) { chunk_ = bytes.data(); }

void HtmlTokenizer::feed(std::string_view bytes) {
    begin_chunk(bytes);
    const char* p = bytes.data();
    const char* const end = p + bytes.size();
    while (p < end) p = step(p, end);
    base_ += bytes.size();
}

std::size_t HtmlTokenizer::feed_until_text(std::string_view bytes) {
    begin_chunk(bytes);
    const char* p = bytes.data();
    const char* const end = p + bytes.size();
    while (p < end) {
        p = step(p, end);
        if (state_ <= plaintext) break;
    }
    const auto taken = static_cast<std::size_t>(p - bytes.data());
    base_ += taken;
    return taken;
}

void HtmlTokenizer::finish() {
    chunk_ = nullptr;
    if (state_ == character_reference) {
        reference_.finish(error_sink());
        emit(reference_.text());
        state_ = text_state_;
    }
    end_of_input();
    state_ = data;
}

std::uint64_t HtmlTokenizer::at(const char* p) const {
    return base_ + (chunk_ == nullptr ? 0 : static_cast<std::uint64_t>(p - chunk_));
}

void HtmlTokenizer::error_at(HtmlError what, std::uint64_t offset) {
    if (report_errors_) sink_.on_error(what, offset);
}

void HtmlTokenizer::emit(std::string_view text) {
    if (!text.empty()) sink_.on_text(text);
}

// Text of the input: CR LF and CR become LF, also where the pair lies in two pieces.
void HtmlTokenizer::emit_text(const char* from, const char* to) {
    if (from < to && *from == '\n' && at(from) == after_cr_) ++from;
    while (from < to) {
        const auto* cr =
            static_cast<const char*>(std::memchr(from, '\r', static_cast<std::size_t>(to - from)));
        if (cr == nullptr) {
            emit({from, to});
            return;
        }
        emit({from, cr});
        emit("\n");
        after_cr_ = at(cr) + 1;
        from = cr + 1;
        if (from < to && *from == '\n') ++from;
    }
}

void HtmlTokenizer::emit_null(const char* p) {
    error(HtmlError::unexpected_null_character, p);
    emit(state_ == data ? std::string_view("\0", 1) : replacement_character);
}

void HtmlTokenizer::emit_comment() {
    normalised_.clear();
    normalise_text(comment_, normalised_);
    state_ = data;
    sink_.on_comment(normalised_);
}

void HtmlTokenizer::emit_doctype() {
    state_ = data;
    for (std::string* part : {&doctype_name_, &public_id_, &system_id_}) {
        normalised_.clear();
        normalise_text(*part, normalised_);
        part->swap(normalised_);
    }
    doctype_.name = doctype_name_;
    doctype_.public_id = public_id_;
    doctype_.system_id = system_id_;
    sink_.on_doctype(doctype_);
}

void HtmlTokenizer::append_limited(std::string& part, std::string_view text) {
    const std::size_t room = limits_.comment_bytes_max - part.size();
    if (text.size() > room) {
        if (!comment_cut_) ++cuts_.comments;
        comment_cut_ = true;
        text = text.substr(0, room);
    }
    part += text;
}

void HtmlTokenizer::begin_comment(HtmlState state) {
    comment_.clear();
    comment_cut_ = false;
    state_ = state;
}

void HtmlTokenizer::append_comment(std::string_view text) { append_limited(comment_, text); }

// What the standard does with "EOF" in the state that was reached.
void HtmlTokenizer::end_of_input() {
    if (state_ <= plaintext || state_ == ambiguous_ampersand) return;
    if (state_ == script_escaped_less_than) emit("<");
    if (state_ >= script_escaped && state_ <= script_double_escape_end) {
        error(HtmlError::eof_in_script_html_comment_like_text, nullptr);
    } else if (state_ >= text_less_than && state_ <= text_end_tag_name) {
        emit(state_ == text_less_than ? "<" : "</");
        if (state_ == text_end_tag_name) emit(pending_);
        if (text_state_ == script_escaped)
            error(HtmlError::eof_in_script_html_comment_like_text, nullptr);
    } else if (state_ == tag_open || state_ == end_tag_open) {
        error(HtmlError::eof_before_tag_name, nullptr);
        emit(state_ == tag_open ? "<" : "</");
    } else if (state_ >= tag_name && state_ <= self_closing_start_tag) {
        if (attribute_open_ && !attribute_dropped_) end_value();
        error(HtmlError::eof_in_tag, nullptr);
    } else if (state_ == markup_declaration_open) {
        error_at(HtmlError::incorrectly_opened_comment, pending_offset_);
        append_comment(pending_);
        emit_comment();
    } else if (state_ >= bogus_comment && state_ <= comment_end_bang) {
        if (state_ != bogus_comment) error(HtmlError::eof_in_comment, nullptr);
        emit_comment();
    } else if (state_ == cdata_section || state_ == cdata_bracket || state_ == cdata_end) {
        emit(state_ == cdata_bracket ? "]" : state_ == cdata_end ? "]]" : "");
        error(HtmlError::eof_in_cdata, nullptr);
    } else if (state_ >= doctype && state_ <= bogus_doctype) {
        if (state_ == after_doctype_name && !pending_.empty()) {
            error_at(HtmlError::invalid_character_sequence_after_doctype_name, pending_offset_);
            doctype_.force_quirks = true;
        } else if (state_ != bogus_doctype) {
            error(HtmlError::eof_in_doctype, nullptr);
            doctype_.force_quirks = true;
        }
        emit_doctype();
    }
}

}  // namespace sluice::crawl
