// SPDX-License-Identifier: Apache-2.0
// States of the HTML tokenizer outside of tags: text, its ends, script comments, references.
#include "modules/crawl/core/html/html_chars.h"
#include "modules/crawl/core/html/html_scan.h"
#include "modules/crawl/core/html/html_tokenizer.h"

namespace sluice::crawl {

using enum HtmlState;

namespace {

constexpr ByteSet ends_text(std::string_view("<&\0", 3));
constexpr ByteSet ends_raw_text(std::string_view("<\0", 2));
constexpr ByteSet ends_escaped(std::string_view("-<\0", 3));
constexpr ByteSet null_byte(std::string_view("\0", 1));
constexpr ByteSet closing_bracket("]");

}  // namespace

// The end of a text with references; all before it is given.
const char* HtmlTokenizer::pass_text(const char* p, const char* end) {
    const char* stop = find_of_four<'<', '&', '\0', '\r'>(p, end);
    if (stop < end && *stop == '\r') {
        stop = ends_text.find(stop, end);
        emit_text(p, stop);
    } else {
        if (p < stop && *p == '\n' && at(p) == after_cr_) ++p;
        emit({p, stop});
    }
    return stop;
}

// data, rcdata, rawtext, script_data
const char* HtmlTokenizer::step_text(const char* p, const char* end) {
    const char* stop = nullptr;
    if (state_ == data || state_ == rcdata) {
        stop = pass_text(p, end);
    } else {
        stop = ends_raw_text.find(p, end);
        emit_text(p, stop);
    }
    if (stop == end) return end;
    if (*stop == '&') {
        begin_reference(stop);
    } else if (*stop == '\0') {
        emit_null(stop);
    } else {
        tag_offset_ = at(stop);
        if (state_ != data) {
            begin_text_end(state_);
        } else if (const char* const behind = take_plain_tag(stop, end)) {
            return behind;
        } else {
            state_ = tag_open;
        }
    }
    return stop + 1;
}

const char* HtmlTokenizer::step_plaintext(const char* p, const char* end) {
    const char* const stop = null_byte.find(p, end);
    emit_text(p, stop);
    if (stop == end) return end;
    emit_null(stop);
    return stop + 1;
}

const char* HtmlTokenizer::step_cdata_section(const char* p, const char* end) {
    const char* const stop = closing_bracket.find(p, end);
    emit_text(p, stop);
    if (stop == end) return end;
    state_ = cdata_bracket;
    return stop + 1;
}

// cdata_bracket, cdata_end
const char* HtmlTokenizer::step_cdata_end(const char* p, const char* /*end*/) {
    if (state_ == cdata_bracket) {
        if (*p == ']') {
            state_ = cdata_end;
            return p + 1;
        }
        emit("]");
    } else if (*p == '>') {
        state_ = data;
        return p + 1;
    } else if (*p == ']') {
        emit("]");
        return p + 1;
    } else {
        emit("]]");
    }
    state_ = cdata_section;
    return p;
}

void HtmlTokenizer::begin_reference(const char* p) {
    text_state_ = state_;
    state_ = character_reference;
    reference_.start(false, at(p));
}

const char* HtmlTokenizer::step_character_reference(const char* p, const char* end) {
    auto taken = CharacterReference::Step::taken;
    while (p < end && taken == CharacterReference::Step::taken) {
        taken = reference_.take(*p, error_sink());
        if (taken != CharacterReference::Step::not_taken) ++p;
    }
    if (taken == CharacterReference::Step::taken) return p;
    state_ = reference_.is_ambiguous() ? ambiguous_ampersand : text_state_;
    emit(reference_.text());
    return p;
}

const char* HtmlTokenizer::step_ambiguous_ampersand(const char* p, const char* end) {
    const char* const from = p;
    while (p < end && is_html_alnum(*p)) ++p;
    emit({from, p});
    if (p == end) return p;
    if (*p == ';') error(HtmlError::unknown_named_character_reference, p);
    state_ = text_state_;
    return p;
}

void HtmlTokenizer::begin_text_end(HtmlState text_state) {
    text_state_ = text_state;
    state_ = text_less_than;
}

const char* HtmlTokenizer::step_text_less_than(const char* p, const char* /*end*/) {
    if (*p == '/') {
        pending_.clear();
        state_ = text_end_tag_open;
        return p + 1;
    }
    if (text_state_ == script_data && *p == '!') {
        emit("<!");
        state_ = script_escape_start;
        return p + 1;
    }
    emit("<");
    state_ = text_state_;
    return p;
}

const char* HtmlTokenizer::step_text_end_tag_open(const char* p, const char* /*end*/) {
    if (is_ascii_alpha(*p)) {
        begin_tag(true);
        state_ = text_end_tag_name;
        return p;
    }
    emit("</");
    state_ = text_state_;
    return p;
}

const char* HtmlTokenizer::step_text_end_tag_name(const char* p, const char* end) {
    const char* const from = p;
    // A name longer than the one that is waited for cannot become it.
    while (p < end && is_ascii_alpha(*p) && tag_name_.size() <= last_start_tag_.size())
        tag_name_ += ascii_lower(*p++);
    pending_.append(from, p);
    if (p == end) return p;
    if (is_appropriate_end_tag() && (is_html_space(*p) || *p == '/' || *p == '>')) {
        if (*p == '>')
            emit_tag(p);
        else
            state_ = *p == '/' ? self_closing_start_tag : before_attribute_name;
        return p + 1;
    }
    emit("</");
    emit(pending_);
    state_ = text_state_;
    return p;
}

// script_escape_start, script_escape_start_dash
const char* HtmlTokenizer::step_escape_start(const char* p, const char* /*end*/) {
    if (*p != '-') {
        state_ = script_data;
        return p;
    }
    state_ = state_ == script_escape_start ? script_escape_start_dash : script_escaped_dash_dash;
    emit("-");
    return p + 1;
}

// script_escaped, script_double_escaped
const char* HtmlTokenizer::step_escaped(const char* p, const char* end) {
    const bool twice = state_ == script_double_escaped;
    const char* const stop = ends_escaped.find(p, end);
    emit_text(p, stop);
    if (stop == end) return end;
    if (*stop == '\0') {
        emit_null(stop);
    } else if (*stop == '-') {
        emit("-");
        state_ = twice ? script_double_escaped_dash : script_escaped_dash;
    } else {
        if (twice) emit("<");
        tag_offset_ = at(stop);
        state_ = twice ? script_double_escaped_less_than : script_escaped_less_than;
    }
    return stop + 1;
}

// script_escaped_dash, script_escaped_dash_dash and the same of script_double_escaped
const char* HtmlTokenizer::step_escaped_dash(const char* p, const char* /*end*/) {
    const bool twice = state_ >= script_double_escaped;
    const bool second =
        state_ == script_escaped_dash_dash || state_ == script_double_escaped_dash_dash;
    if (*p == '-') {
        emit("-");
        state_ = twice ? script_double_escaped_dash_dash : script_escaped_dash_dash;
        return p + 1;
    }
    if (*p == '>' && second) {
        emit(">");
        state_ = script_data;
        return p + 1;
    }
    state_ = twice ? script_double_escaped : script_escaped;
    return p;
}

const char* HtmlTokenizer::step_escaped_less_than(const char* p, const char* /*end*/) {
    pending_.clear();
    if (*p == '/') {
        text_state_ = script_escaped;
        state_ = text_end_tag_open;
        return p + 1;
    }
    emit("<");
    state_ = is_ascii_alpha(*p) ? script_double_escape_start : script_escaped;
    return p;
}

const char* HtmlTokenizer::step_double_escaped_less_than(const char* p, const char* /*end*/) {
    pending_.clear();
    if (*p != '/') {
        state_ = script_double_escaped;
        return p;
    }
    emit("/");
    state_ = script_double_escape_end;
    return p + 1;
}

// script_double_escape_start, script_double_escape_end
const char* HtmlTokenizer::step_double_escape_edge(const char* p, const char* end) {
    static constexpr std::string_view script = "script";
    const bool is_start = state_ == script_double_escape_start;
    const char* const from = p;
    while (p < end && is_ascii_alpha(*p)) {
        if (pending_.size() <= script.size()) pending_ += ascii_lower(*p);
        ++p;
    }
    emit({from, p});
    if (p == end) return p;
    if (!is_html_space(*p) && *p != '/' && *p != '>') {
        state_ = is_start ? script_escaped : script_double_escaped;
        return p;
    }
    emit_text(p, p + 1);
    state_ = (pending_ == script) == is_start ? script_double_escaped : script_escaped;
    return p + 1;
}

}  // namespace sluice::crawl
