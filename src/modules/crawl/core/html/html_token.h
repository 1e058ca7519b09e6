// SPDX-License-Identifier: Apache-2.0
// What the HTML tokenizer gives: tags, text, comments and doctypes, as views that live for one
// call.
#pragma once

#include "modules/crawl/core/html/html_reference.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::crawl {

/// One attribute of a tag. Views are valid during the call that brings the tag.
struct HtmlAttribute {
    std::string_view name;   ///< ASCII letters in lower case
    std::string_view value;  ///< references replaced, line ends LF
    bool cut = false;        ///< the value is only the beginning: it was longer than allowed
};

/// A start or end tag. Attributes are in their order; of equal names only the first is there.
struct HtmlTag {
    std::string_view name;  ///< ASCII letters in lower case
    std::span<const HtmlAttribute> attributes;
    bool is_end = false;
    bool self_closing = false;
    std::uint64_t offset = 0;  ///< of its "<" in the bytes fed
};

/// A doctype; what is missing differs from what is empty.
struct HtmlDoctype {
    std::string_view name;
    std::string_view public_id;
    std::string_view system_id;
    bool has_name = false;
    bool has_public_id = false;
    bool has_system_id = false;
    bool force_quirks = false;
};

/// Takes the tokens. on_tag may call HtmlTokenizer::set_state; nothing else of it.
class HtmlTokenSink : public HtmlErrorSink {
public:
    virtual void on_tag(const HtmlTag& tag) = 0;
    /// A piece of text; where pieces end has no meaning. Line ends are LF.
    virtual void on_text(std::string_view text) = 0;
    virtual void on_comment(std::string_view /*text*/) {}
    virtual void on_doctype(const HtmlDoctype& /*doctype*/) {}
    void on_error(HtmlError /*error*/, std::uint64_t /*offset*/) override {}
};

/// What is kept of a page at most. What is longer is read to its end and its rest forgotten.
struct HtmlLimits {
    std::size_t name_bytes_max = 256;            ///< of a tag or attribute
    std::size_t value_bytes_max = 64U << 10U;    ///< of an attribute, as written
    std::size_t attributes_max = 256;            ///< of one tag
    std::size_t tag_bytes_max = 1U << 20U;       ///< names and values of one tag together
    std::size_t comment_bytes_max = 64U << 10U;  ///< of a comment, and of each part of a doctype
};

/// How often something was longer than its limit.
struct HtmlCuts {
    std::uint64_t names = 0;
    std::uint64_t values = 0;
    std::uint64_t attributes = 0;
    std::uint64_t comments = 0;
};

}  // namespace sluice::crawl
