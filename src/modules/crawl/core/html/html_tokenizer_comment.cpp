// SPDX-License-Identifier: Apache-2.0
// States of the HTML tokenizer behind "<!" and in comments.
#include "modules/crawl/core/html/html_chars.h"
#include "modules/crawl/core/html/html_tokenizer.h"

namespace sluice::crawl {

using enum HtmlState;

namespace {

constexpr ByteSet ends_bogus_comment(std::string_view(">\0", 2));
constexpr ByteSet ends_comment_run(std::string_view("<-\0", 3));
constexpr std::string_view cdata_keyword = "[CDATA[";

}  // namespace

const char* HtmlTokenizer::step_bogus_comment(const char* p, const char* end) {
    const char* const stop = ends_bogus_comment.find(p, end);
    append_comment({p, stop});
    if (stop == end) return end;
    if (*stop == '>') {
        emit_comment();
    } else {
        error(HtmlError::unexpected_null_character, stop);
        append_comment({stop, 1});
    }
    return stop + 1;
}

// `p` is the byte behind "<!".
void HtmlTokenizer::begin_markup_declaration(const char* p) {
    pending_.clear();
    pending_offset_ = at(p);
    begin_comment(markup_declaration_open);
}

const char* HtmlTokenizer::step_markup_declaration(const char* p, const char* /*end*/) {
    pending_ += *p;
    if (pending_ == "--") {
        state_ = comment_start;
        return p + 1;
    }
    if (equals_ignoring_case(pending_, "doctype")) {
        begin_doctype();
        return p + 1;
    }
    if (pending_ == cdata_keyword) {
        if (cdata_allowed_) {
            state_ = cdata_section;
        } else {
            error(HtmlError::cdata_in_html_content, p);
            append_comment(cdata_keyword);
            state_ = bogus_comment;
        }
        return p + 1;
    }
    const std::size_t size = pending_.size();
    if (std::string_view("--").starts_with(pending_) || cdata_keyword.starts_with(pending_) ||
        equals_ignoring_case(pending_, std::string_view("doctype").substr(0, size)))
        return p + 1;
    error_at(HtmlError::incorrectly_opened_comment, pending_offset_);
    pending_.pop_back();
    append_comment(pending_);
    state_ = bogus_comment;
    return p;
}

// comment_start, comment_start_dash
const char* HtmlTokenizer::step_comment_start(const char* p, const char* /*end*/) {
    if (*p == '>') {
        error(HtmlError::abrupt_closing_of_empty_comment, p);
        emit_comment();
        return p + 1;
    }
    if (*p == '-') {
        state_ = state_ == comment_start ? comment_start_dash : comment_end;
        return p + 1;
    }
    if (state_ == comment_start_dash) append_comment("-");
    state_ = comment;
    return p;
}

const char* HtmlTokenizer::step_comment(const char* p, const char* end) {
    const char* const stop = ends_comment_run.find(p, end);
    append_comment({p, stop});
    if (stop == end) return end;
    if (*stop == '-') {
        state_ = comment_end_dash;
        return stop + 1;
    }
    if (*stop == '<')
        state_ = comment_less_than;
    else
        error(HtmlError::unexpected_null_character, stop);
    append_comment({stop, 1});
    return stop + 1;
}

// comment_less_than and the three states behind it
const char* HtmlTokenizer::step_comment_less_than(const char* p, const char* /*end*/) {
    if (state_ == comment_less_than) {
        if (*p == '!' || *p == '<') {
            append_comment({p, 1});
            if (*p == '!') state_ = comment_less_than_bang;
            return p + 1;
        }
        state_ = comment;
    } else if (state_ == comment_less_than_bang) {
        state_ = *p == '-' ? comment_less_than_bang_dash : comment;
        return *p == '-' ? p + 1 : p;
    } else if (state_ == comment_less_than_bang_dash) {
        state_ = *p == '-' ? comment_less_than_bang_dash_dash : comment_end_dash;
        return *p == '-' ? p + 1 : p;
    } else {
        if (*p != '>') error(HtmlError::nested_comment, p);
        state_ = comment_end;
    }
    return p;
}

// comment_end_dash, comment_end, comment_end_bang
const char* HtmlTokenizer::step_comment_end(const char* p, const char* /*end*/) {
    if (state_ == comment_end_dash) {
        if (*p == '-') {
            state_ = comment_end;
            return p + 1;
        }
        append_comment("-");
    } else if (*p == '>') {
        if (state_ == comment_end_bang) error(HtmlError::incorrectly_closed_comment, p);
        emit_comment();
        return p + 1;
    } else if (state_ == comment_end_bang) {
        append_comment("--!");
        if (*p == '-') {
            state_ = comment_end_dash;
            return p + 1;
        }
    } else if (*p == '!') {
        state_ = comment_end_bang;
        return p + 1;
    } else if (*p == '-') {
        append_comment("-");
        return p + 1;
    } else {
        append_comment("--");
    }
    state_ = comment;
    return p;
}

}  // namespace sluice::crawl
