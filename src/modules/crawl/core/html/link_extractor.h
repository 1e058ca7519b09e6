// SPDX-License-Identifier: Apache-2.0
// The links of an HTML page, and what the page says of itself: base, title, language, robots. It
// resolves no URL and judges none. The tags come from TagReader.
//
// Base: by the HTML standard the first <base> with an href counts for every URL of the document,
// also for those before it. Links are given as they stand; who resolves them does so when the page
// is at its end, with facts().base.
#pragma once

#include "modules/crawl/core/html/tag_reader.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::crawl {

/// Where a link was found, and so what it is for.
enum class LinkKind : std::uint8_t {
    anchor,      ///< a, also that of SVG
    area,        ///< of an image map
    frame,       ///< iframe, frame
    refresh,     ///< meta refresh
    canonical,   ///< link rel=canonical
    next,        ///< link rel=next
    previous,    ///< link rel=prev
    alternate,   ///< link rel=alternate that is no style sheet
    stylesheet,  ///< link rel=stylesheet
    icon,        ///< link rel=icon, apple-touch-icon, mask-icon
    hint,        ///< link rel=preload, prefetch, preconnect and the like
    other,       ///< link with any other rel, or none
    image,       ///< img, input type=image, picture's source, srcset, poster, SVG image and use
    script,      ///< script, also that of SVG
    object,      ///< object, embed
    media,       ///< audio, video, their source and track
    form,        ///< form, formaction of button and input; off unless asked for
};

std::string_view to_string(LinkKind kind);

/// A set of kinds.
using LinkKinds = std::uint32_t;
constexpr LinkKinds only(LinkKind kind) { return 1U << static_cast<unsigned>(kind); }
inline constexpr LinkKinds all_link_kinds = (only(LinkKind::form) << 1U) - 1;
inline constexpr LinkKinds default_link_kinds = all_link_kinds & ~only(LinkKind::form);

/// One link. Views are valid during the call.
struct Link {
    std::string_view href;  ///< the attribute's text, references replaced, not trimmed
    LinkKind kind = LinkKind::anchor;
    bool nofollow = false;  ///< of the rel of a, area, form
    bool ugc = false;
    bool sponsored = false;
    std::uint64_t offset = 0;  ///< of its tag in the bytes fed
};

/// Takes links and, if asked for, the visible text.
class LinkSink {
public:
    virtual ~LinkSink() = default;
    virtual void on_link(const Link& link) = 0;
    /// A piece of the visible text without markup, scripts and styles: words are what white space
    /// separates, and a piece may end within one. Blocks are separated by a space.
    virtual void on_words(std::string_view /*piece*/) {}
};

/// What is taken of a page at most; the rest is counted.
struct LinkLimits {
    std::size_t links_max = 20'000;
    std::size_t href_bytes_max = 8U << 10U;    ///< a longer one is left out
    std::size_t title_bytes_max = 2U << 10U;   ///< cut
    std::size_t robots_bytes_max = 8U << 10U;  ///< of all robots contents; cut
    HtmlLimits html;
};

/// What is looked for.
struct LinkOptions {
    LinkKinds kinds = default_link_kinds;
    bool words = false;
    /// Read <noscript> as text, as a browser that runs scripts does.
    bool scripting = false;
    /// The crawler's product token in lower case: <meta name="sluicebot"> counts as robots, too.
    std::string agent;
    LinkLimits limits;
};

/// What a page says of itself.
struct PageFacts {
    bool has_title = false;
    std::string title;  ///< of the first title element; white space collapsed
    bool has_base = false;
    std::string base;      ///< href of the first base element that has one
    std::string language;  ///< lang of html
    std::string charset;   ///< label of the first meta element that names one; not checked
    std::string robots;    ///< contents of meta robots (and of our agent), joined by ", "
};

/// What was left out.
struct LinkCounts {
    std::uint64_t links = 0;      ///< given
    std::uint64_t links_cut = 0;  ///< behind links_max
    std::uint64_t hrefs_cut = 0;  ///< longer than href_bytes_max
    std::uint64_t titles_cut = 0;
    std::uint64_t robots_cut = 0;
};

/// Reads one page in pieces of any size. One thread.
class LinkExtractor : private TagSink {
public:
    explicit LinkExtractor(LinkSink& sink, LinkOptions options = {});

    void feed(std::string_view bytes) { reader_.feed(bytes); }
    /// The page ends; facts() is complete.
    void finish();

    [[nodiscard]] const PageFacts& facts() const { return facts_; }
    [[nodiscard]] const LinkCounts& counts() const { return counts_; }
    [[nodiscard]] TagReader& reader() { return reader_; }

private:
    void on_tag(const ReadTag& tag) override;
    void on_text(std::string_view text) override;

    void on_start(const ReadTag& tag);
    void on_foreign_start(const ReadTag& tag);
    void on_anchor(const ReadTag& tag, LinkKind kind);
    void on_link_element(const ReadTag& tag);
    void on_image(const ReadTag& tag);
    void on_source(const ReadTag& tag);
    void on_form(const ReadTag& tag);
    void on_input(const ReadTag& tag);
    void on_meta(const ReadTag& tag);
    void on_base(const ReadTag& tag);
    void begin_text(const ReadTag& tag);
    void end_text(const ReadTag& tag);
    void add_title(std::string_view text);
    void add_robots(std::string_view content);
    void give(const ReadTag& tag, std::string_view attribute, Link link);
    void give_srcset(const ReadTag& tag, std::string_view attribute);
    void give_url(std::string_view href, Link link);
    void follow_rel(const ReadTag& tag, Link& link);
    [[nodiscard]] bool is_wanted(LinkKind kind) const { return (options_.kinds & only(kind)) != 0; }
    /// The value as text; valid until the next call.
    std::string_view decoded(const ReadAttribute& attribute);
    std::string_view value_of(const ReadTag& tag, std::string_view attribute);

    LinkSink& sink_;
    const LinkOptions options_;
    TagReader reader_;
    PageFacts facts_;
    LinkCounts counts_;
    bool in_title_ = false;
    bool title_space_ = false;
    std::string decoded_;
};

}  // namespace sluice::crawl
