// SPDX-License-Identifier: Apache-2.0
// The quick way through a page for whoever wants a few tags: whole tags, comments and raw texts
// within one piece of input are read in place; whatever is unusual or cut is left to HtmlTokenizer
// from its "<" on, so that both see the same tags (tests and a fuzzer compare them).
#pragma once

#include "modules/crawl/core/html/foreign_content.h"
#include "modules/crawl/core/html/html_tokenizer.h"
#include "modules/crawl/core/html/tag_name.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sluice::crawl {

/// An attribute as it is written, or as the tokenizer made it.
struct ReadAttribute {
    std::string_view name;  ///< letters of any case
    std::string_view value;
    bool is_raw = false;  ///< references and line ends of the value stand as written
    bool cut = false;     ///< the value was longer than allowed; this is its beginning
};

/// A tag. Views are valid during the call. Of equal attribute names the first counts.
struct ReadTag {
    TagName name = TagName::other;
    std::string_view text;  ///< the name, letters of any case
    std::span<const ReadAttribute> attributes;
    bool is_end = false;
    bool self_closing = false;
    bool is_foreign = false;   ///< of SVG or MathML
    std::uint64_t offset = 0;  ///< of "<" in the bytes fed

    /// The first attribute with this name (lower case), or null.
    [[nodiscard]] const ReadAttribute* find(std::string_view lower) const;
};

/// Takes what the reader finds.
class TagSink {
public:
    virtual ~TagSink() = default;
    virtual void on_tag(const ReadTag& tag) = 0;
    /// A piece of text while it is wanted; line ends and NULs may be as written, also where a
    /// comment stands between CR and LF.
    virtual void on_text(std::string_view /*text*/) {}
};

/// Which tags are given; others are passed over without a look at their attributes.
struct TagsWanted {
    TagNames starts = 0;
    TagNames ends = 0;
    bool all = false;
    /// Of noscript: read its content as text, as a browser that runs scripts does.
    bool scripting = false;
};

/// Reads tags from a page fed in pieces of any size, and knows what a tree builder would tell the
/// tokenizer: raw text, SVG and MathML. No allocation per tag; work linear in the input; memory
/// bounded by the limits. One thread.
class TagReader : private HtmlTokenSink {
public:
    TagReader(TagSink& sink, const TagsWanted& wanted, const HtmlLimits& limits = {});
    TagReader(const TagReader&) = delete;
    TagReader& operator=(const TagReader&) = delete;

    void feed(std::string_view bytes);
    void finish();

    /// Whether on_text is called from here on.
    void want_text(bool wanted) { text_wanted_ = wanted; }
    /// The element whose content is raw text where the reader is, or other.
    [[nodiscard]] TagName raw_element() const { return raw_element_; }
    /// For a test, reads as within this element (the context of a fragment).
    void begin_inside(std::string_view element);

    /// Bytes read twice because the quick way gave up, and steps of the tokenizer: for tests of
    /// linear work.
    [[nodiscard]] std::uint64_t work() const { return read_twice_ + tokenizer_.steps(); }

private:
    static constexpr std::size_t quick_attributes_max = 64;

    void on_tag(const HtmlTag& tag) override;
    void on_text(std::string_view text) override;

    const char* read_data(const char* p, const char* end);
    const char* read_raw(const char* p, const char* end);
    const char* read_slowly(const char* p, const char* end);
    const char* read_markup(const char* p, const char* end);
    const char* read_start_tag(const char* p, const char* end);
    const char* read_end_tag(const char* p, const char* end);
    const char* read_comment(const char* p, const char* end);
    const char* read_raw_end(const char* p, const char* end);
    template <bool recorded>
    const char* read_attributes(const char* q, const char* end, ReadTag& tag);
    const char* read_attribute_value(const char* q, const char* end, ReadAttribute& attribute);
    [[nodiscard]] bool wants(TagName name, bool is_end) const;
    bool record(const ReadAttribute& attribute, ReadTag& tag);
    void give(ReadTag& tag);
    void follow_foreign(ReadTag& tag);
    void enter_text(TagName name);
    void give_text(const char* from, const char* to);
    [[nodiscard]] std::uint64_t at(const char* p) const {
        return base_ + static_cast<std::uint64_t>(p - chunk_);
    }

    TagSink& sink_;
    const TagsWanted wanted_;
    const HtmlLimits limits_;
    const std::size_t quick_attributes_;  ///< a tag with more is left to the tokenizer
    HtmlTokenizer tokenizer_;
    ForeignContent foreign_;
    HtmlState mode_ = HtmlState::data;
    TagName raw_element_ = TagName::other;
    bool slow_ = false;  ///< the tokenizer is within something
    bool text_wanted_ = false;
    const char* chunk_ = nullptr;
    std::uint64_t base_ = 0;
    std::uint64_t read_twice_ = 0;
    std::array<ReadAttribute, quick_attributes_max> attributes_;
    std::vector<ReadAttribute> slow_attributes_;
    std::string lower_;
};

}  // namespace sluice::crawl
