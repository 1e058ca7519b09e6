// SPDX-License-Identifier: Apache-2.0
// States of the HTML tokenizer in doctypes.
#include "modules/crawl/core/html/html_chars.h"
#include "modules/crawl/core/html/html_tokenizer.h"

namespace sluice::crawl {

using enum HtmlState;

namespace {

constexpr ByteSet ends_doctype_name(std::string_view("\t\n\f\r >\0", 7));
constexpr ByteSet ends_double_quoted(std::string_view("\">\0", 3));
constexpr ByteSet ends_single_quoted(std::string_view("'>\0", 3));
constexpr ByteSet ends_bogus_doctype(std::string_view(">\0", 2));

}  // namespace

void HtmlTokenizer::begin_doctype() {
    begin_comment(doctype);
    doctype_ = {};
    doctype_name_.clear();
    public_id_.clear();
    system_id_.clear();
}

const char* HtmlTokenizer::step_doctype(const char* p, const char* /*end*/) {
    state_ = before_doctype_name;
    if (is_html_space(*p)) return p + 1;
    if (*p != '>') error(HtmlError::missing_whitespace_before_doctype_name, p);
    return p;
}

const char* HtmlTokenizer::step_before_doctype_name(const char* p, const char* end) {
    while (p < end && is_html_space(*p)) ++p;
    if (p == end) return p;
    if (*p == '>') {
        error(HtmlError::missing_doctype_name, p);
        doctype_.force_quirks = true;
        emit_doctype();
        return p + 1;
    }
    doctype_.has_name = true;
    state_ = doctype_name;
    return p;
}

const char* HtmlTokenizer::step_doctype_name(const char* p, const char* end) {
    const char* const stop = ends_doctype_name.find(p, end);
    const std::size_t before = doctype_name_.size();
    append_limited(doctype_name_, {p, stop});
    for (std::size_t i = before; i < doctype_name_.size(); ++i)
        doctype_name_[i] = ascii_lower(doctype_name_[i]);
    if (stop == end) return end;
    if (*stop == '>') {
        emit_doctype();
    } else if (*stop == '\0') {
        error(HtmlError::unexpected_null_character, stop);
        append_limited(doctype_name_, {stop, 1});
    } else {
        pending_.clear();
        state_ = after_doctype_name;
    }
    return stop + 1;
}

const char* HtmlTokenizer::step_after_doctype_name(const char* p, const char* end) {
    if (pending_.empty()) {
        while (p < end && is_html_space(*p)) ++p;
        if (p == end) return p;
        if (*p == '>') {
            emit_doctype();
            return p + 1;
        }
        pending_offset_ = at(p);
    }
    pending_ += *p;
    const std::size_t size = pending_.size();
    if (equals_ignoring_case(pending_, std::string_view("public").substr(0, size)) ||
        equals_ignoring_case(pending_, std::string_view("system").substr(0, size))) {
        if (size == 6)
            state_ = ascii_lower(pending_[0]) == 'p' ? after_public_keyword : after_system_keyword;
        return p + 1;
    }
    error_at(HtmlError::invalid_character_sequence_after_doctype_name, pending_offset_);
    doctype_.force_quirks = true;
    state_ = bogus_doctype;
    return p;
}

// after_public_keyword, after_system_keyword
const char* HtmlTokenizer::step_doctype_keyword(const char* p, const char* /*end*/) {
    const bool is_public = state_ == after_public_keyword;
    state_ = is_public ? before_public_id : before_system_id;
    if (is_html_space(*p)) return p + 1;
    if (*p == '"' || *p == '\'')
        error(is_public ? HtmlError::missing_whitespace_after_doctype_public_keyword
                        : HtmlError::missing_whitespace_after_doctype_system_keyword,
              p);
    return p;
}

// before_public_id, before_system_id
const char* HtmlTokenizer::step_before_id(const char* p, const char* end) {
    while (p < end && is_html_space(*p)) ++p;
    if (p == end) return p;
    const bool is_public = state_ == before_public_id;
    if (*p == '"' || *p == '\'') {
        const bool twice = *p == '"';
        if (is_public) {
            doctype_.has_public_id = true;
            state_ = twice ? public_id_double_quoted : public_id_single_quoted;
        } else {
            doctype_.has_system_id = true;
            state_ = twice ? system_id_double_quoted : system_id_single_quoted;
        }
        return p + 1;
    }
    doctype_.force_quirks = true;
    if (*p == '>') {
        error(is_public ? HtmlError::missing_doctype_public_identifier
                        : HtmlError::missing_doctype_system_identifier,
              p);
        emit_doctype();
        return p + 1;
    }
    error(is_public ? HtmlError::missing_quote_before_doctype_public_identifier
                    : HtmlError::missing_quote_before_doctype_system_identifier,
          p);
    state_ = bogus_doctype;
    return p;
}

// The four states within quotes.
const char* HtmlTokenizer::step_id_quoted(const char* p, const char* end) {
    const bool is_public = state_ == public_id_double_quoted || state_ == public_id_single_quoted;
    const bool twice = state_ == public_id_double_quoted || state_ == system_id_double_quoted;
    std::string& id = is_public ? public_id_ : system_id_;
    const char* const stop = (twice ? ends_double_quoted : ends_single_quoted).find(p, end);
    append_limited(id, {p, stop});
    if (stop == end) return end;
    if (*stop == '\0') {
        error(HtmlError::unexpected_null_character, stop);
        append_limited(id, {stop, 1});
    } else if (*stop == '>') {
        error(is_public ? HtmlError::abrupt_doctype_public_identifier
                        : HtmlError::abrupt_doctype_system_identifier,
              stop);
        doctype_.force_quirks = true;
        emit_doctype();
    } else {
        state_ = is_public ? after_public_id : after_system_id;
    }
    return stop + 1;
}

// after_public_id, between_ids, after_system_id
const char* HtmlTokenizer::step_after_id(const char* p, const char* /*end*/) {
    if (is_html_space(*p)) {
        if (state_ == after_public_id) state_ = between_ids;
        return p + 1;
    }
    if (*p == '>') {
        emit_doctype();
        return p + 1;
    }
    if (state_ == after_system_id) {
        // Not quirky: what follows is only ignored.
        error(HtmlError::unexpected_character_after_doctype_system_identifier, p);
        state_ = bogus_doctype;
        return p;
    }
    if (*p == '"' || *p == '\'') {
        if (state_ == after_public_id)
            error(HtmlError::missing_whitespace_between_doctype_public_and_system_identifiers, p);
    }
    // From here on as before a system identifier; ">" was dealt with above.
    state_ = before_system_id;
    return p;
}

const char* HtmlTokenizer::step_bogus_doctype(const char* p, const char* end) {
    const char* const stop = ends_bogus_doctype.find(p, end);
    if (stop == end) return end;
    if (*stop == '>')
        emit_doctype();
    else
        error(HtmlError::unexpected_null_character, stop);
    return stop + 1;
}

}  // namespace sluice::crawl
