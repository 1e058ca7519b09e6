// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/html/link_extractor.h"

#include "kernel/base/text.h"
#include "modules/crawl/core/html/html_chars.h"
#include "modules/crawl/core/html/html_values.h"

#include <algorithm>
#include <array>

namespace sluice::crawl {
namespace {

constexpr auto kind_words = std::to_array<std::string_view>(
    {"anchor", "area", "frame", "refresh", "canonical", "next", "previous", "alternate",
     "stylesheet", "icon", "hint", "other", "image", "script", "object", "media", "form"});
static_assert(kind_words.size() == static_cast<std::size_t>(LinkKind::form) + 1);

// What is in a page's text but not visible.
constexpr TagNames hidden = tag_names(TagName::script, TagName::style, TagName::iframe,
                                      TagName::noembed, TagName::noframes, TagName::noscript);

// Elements whose tags do not separate words.
constexpr auto inline_elements = std::to_array<std::string_view>(
    {"a",     "abbr", "acronym", "b",      "bdi", "bdo", "big",  "cite", "code", "data", "del",
     "dfn",   "em",   "font",    "i",      "ins", "kbd", "mark", "nobr", "q",    "s",    "samp",
     "small", "span", "strike",  "strong", "sub", "sup", "time", "tt",   "u",    "var",  "wbr"});

bool is_inline(std::string_view name) {
    return std::any_of(inline_elements.begin(), inline_elements.end(),
                       [&](std::string_view each) { return equals_ignoring_case(name, each); });
}

bool has_kind(LinkKinds kinds, LinkKind kind) { return (kinds & only(kind)) != 0; }

// The tags that can bring what is asked for. Title, base, meta and html are always read.
TagsWanted wanted_tags(const LinkOptions& options) {
    const LinkKinds kinds = options.kinds;
    TagsWanted out{.starts = tag_names(TagName::title, TagName::base, TagName::meta, TagName::html),
                   .ends = tag_names(TagName::title),
                   .all = options.words,
                   .scripting = options.scripting};
    const auto add = [&](LinkKind kind, TagNames names) {
        if (has_kind(kinds, kind)) out.starts |= names;
    };
    add(LinkKind::anchor, only(TagName::a));
    add(LinkKind::area, only(TagName::area));
    add(LinkKind::frame, tag_names(TagName::iframe, TagName::frame));
    add(LinkKind::image, tag_names(TagName::img, TagName::image, TagName::input, TagName::source,
                                   TagName::video, TagName::use));
    add(LinkKind::script, only(TagName::script));
    add(LinkKind::object, tag_names(TagName::object, TagName::embed));
    add(LinkKind::media,
        tag_names(TagName::audio, TagName::video, TagName::source, TagName::track));
    add(LinkKind::form, tag_names(TagName::form, TagName::button, TagName::input));
    for (LinkKind kind :
         {LinkKind::canonical, LinkKind::next, LinkKind::previous, LinkKind::alternate,
          LinkKind::stylesheet, LinkKind::icon, LinkKind::hint, LinkKind::other})
        add(kind, only(TagName::link));
    return out;
}

// What a <link> with this rel is for; the first row that matches counts.
LinkKind kind_of_rel(std::string_view rel) {
    struct Row {
        std::string_view word;
        LinkKind kind;
    };
    static constexpr auto rows = std::to_array<Row>({
        {"canonical", LinkKind::canonical},
        {"stylesheet", LinkKind::stylesheet},
        {"next", LinkKind::next},
        {"prev", LinkKind::previous},
        {"previous", LinkKind::previous},
        {"alternate", LinkKind::alternate},
        {"icon", LinkKind::icon},
        {"apple-touch-icon", LinkKind::icon},
        {"apple-touch-icon-precomposed", LinkKind::icon},
        {"mask-icon", LinkKind::icon},
        {"preload", LinkKind::hint},
        {"modulepreload", LinkKind::hint},
        {"prefetch", LinkKind::hint},
        {"prerender", LinkKind::hint},
        {"preconnect", LinkKind::hint},
        {"dns-prefetch", LinkKind::hint},
    });
    for (const Row& row : rows)
        if (has_word(rel, row.word)) return row.kind;
    return LinkKind::other;
}

}  // namespace

std::string_view to_string(LinkKind kind) { return kind_words[static_cast<std::size_t>(kind)]; }

LinkExtractor::LinkExtractor(LinkSink& sink, LinkOptions options)
    : sink_(sink),
      options_(std::move(options)),
      reader_(*this, wanted_tags(options_), options_.limits.html) {
    reader_.want_text(options_.words);
}

void LinkExtractor::finish() { reader_.finish(); }

std::string_view LinkExtractor::decoded(const ReadAttribute& attribute) {
    static constexpr ByteSet special(std::string_view("&\r\0", 3));
    const std::string_view value = attribute.value;
    if (!attribute.is_raw) return value;
    const char* const end = value.data() + value.size();
    if (special.find(value.data(), end) == end) return value;
    decoded_.clear();
    decode_attribute(value, decoded_);
    return decoded_;
}

std::string_view LinkExtractor::value_of(const ReadTag& tag, std::string_view attribute) {
    const ReadAttribute* found = tag.find(attribute);
    return found == nullptr ? std::string_view() : decoded(*found);
}

void LinkExtractor::give_url(std::string_view href, Link link) {
    if (href.size() > options_.limits.href_bytes_max) {
        ++counts_.hrefs_cut;
    } else if (counts_.links >= options_.limits.links_max) {
        ++counts_.links_cut;
    } else {
        ++counts_.links;
        link.href = href;
        sink_.on_link(link);
    }
}

void LinkExtractor::give(const ReadTag& tag, std::string_view attribute, Link link) {
    if (!is_wanted(link.kind)) return;
    const ReadAttribute* found = tag.find(attribute);
    if (found == nullptr) return;
    link.offset = tag.offset;
    if (found->cut)
        ++counts_.hrefs_cut;
    else
        give_url(decoded(*found), link);
}

void LinkExtractor::give_srcset(const ReadTag& tag, std::string_view attribute) {
    if (!is_wanted(LinkKind::image)) return;
    const ReadAttribute* found = tag.find(attribute);
    if (found == nullptr) return;
    // The last URL of a value that was cut may be half of one.
    if (found->cut) ++counts_.hrefs_cut;
    std::string_view rest = decoded(*found);
    while (true) {
        const std::string_view url = next_srcset_url(rest);
        if (url.empty() || (found->cut && rest.empty())) return;
        give_url(url, {.kind = LinkKind::image, .offset = tag.offset});
    }
}

void LinkExtractor::follow_rel(const ReadTag& tag, Link& link) {
    const std::string_view rel = value_of(tag, "rel");
    if (rel.empty()) return;
    link.nofollow = has_word(rel, "nofollow");
    link.ugc = has_word(rel, "ugc");
    link.sponsored = has_word(rel, "sponsored");
}

void LinkExtractor::on_anchor(const ReadTag& tag, LinkKind kind) {
    Link link{.kind = kind};
    follow_rel(tag, link);
    give(tag, "href", link);
}

void LinkExtractor::on_link_element(const ReadTag& tag) {
    const LinkKind kind = kind_of_rel(value_of(tag, "rel"));
    give(tag, "href", {.kind = kind});
    give_srcset(tag, "imagesrcset");
}

void LinkExtractor::on_image(const ReadTag& tag) {
    give(tag, "src", {.kind = LinkKind::image});
    give_srcset(tag, "srcset");
}

// Of audio and video by its src, of picture by its srcset.
void LinkExtractor::on_source(const ReadTag& tag) {
    give(tag, "src", {.kind = LinkKind::media});
    give_srcset(tag, "srcset");
}

void LinkExtractor::on_form(const ReadTag& tag) {
    Link link{.kind = LinkKind::form};
    follow_rel(tag, link);
    give(tag, "action", link);
}

void LinkExtractor::on_input(const ReadTag& tag) {
    if (equals_ignoring_case(value_of(tag, "type"), "image"))
        give(tag, "src", {.kind = LinkKind::image});
    give(tag, "formaction", {.kind = LinkKind::form});
}

void LinkExtractor::on_base(const ReadTag& tag) {
    const ReadAttribute* href = tag.find("href");
    if (facts_.has_base || href == nullptr) return;
    const std::string_view value = decoded(*href);
    if (href->cut || value.size() > options_.limits.href_bytes_max) {
        ++counts_.hrefs_cut;
        return;
    }
    facts_.has_base = true;
    facts_.base = value;
}

void LinkExtractor::add_robots(std::string_view content) {
    const std::size_t room = options_.limits.robots_bytes_max -
                             std::min(options_.limits.robots_bytes_max, facts_.robots.size() + 2);
    if (content.size() > room) {
        ++counts_.robots_cut;
        content = content.substr(0, room);
    }
    if (!facts_.robots.empty() && !content.empty()) facts_.robots += ", ";
    facts_.robots += content;
}

void LinkExtractor::on_meta(const ReadTag& tag) {
    const std::string_view name = value_of(tag, "name");
    if (equals_ignoring_case(name, "robots") ||
        (!options_.agent.empty() && equals_ignoring_case(name, options_.agent)))
        add_robots(value_of(tag, "content"));
    if (facts_.charset.empty()) facts_.charset = value_of(tag, "charset").substr(0, 100);
    const std::string_view pragma = value_of(tag, "http-equiv");
    if (equals_ignoring_case(pragma, "content-type")) {
        if (facts_.charset.empty())
            facts_.charset = charset_of_content(value_of(tag, "content")).substr(0, 100);
    } else if (equals_ignoring_case(pragma, "refresh") && is_wanted(LinkKind::refresh)) {
        const std::optional<Refresh> refresh = parse_refresh(value_of(tag, "content"));
        if (refresh && !refresh->url.empty())
            give_url(refresh->url, {.kind = LinkKind::refresh, .offset = tag.offset});
    }
}

void LinkExtractor::on_start(const ReadTag& tag) {
    switch (tag.name) {
        case TagName::a: on_anchor(tag, LinkKind::anchor); break;
        case TagName::area: on_anchor(tag, LinkKind::area); break;
        case TagName::link: on_link_element(tag); break;
        case TagName::img:
        case TagName::image: on_image(tag); break;
        case TagName::script: give(tag, "src", {.kind = LinkKind::script}); break;
        case TagName::iframe:
        case TagName::frame: give(tag, "src", {.kind = LinkKind::frame}); break;
        case TagName::object: give(tag, "data", {.kind = LinkKind::object}); break;
        case TagName::embed: give(tag, "src", {.kind = LinkKind::object}); break;
        case TagName::video: give(tag, "poster", {.kind = LinkKind::image}); [[fallthrough]];
        case TagName::audio:
        case TagName::track: give(tag, "src", {.kind = LinkKind::media}); break;
        case TagName::source: on_source(tag); break;
        case TagName::form: on_form(tag); break;
        case TagName::button: give(tag, "formaction", {.kind = LinkKind::form}); break;
        case TagName::input: on_input(tag); break;
        case TagName::base: on_base(tag); break;
        case TagName::meta: on_meta(tag); break;
        case TagName::html:
            if (facts_.language.empty()) facts_.language = value_of(tag, "lang").substr(0, 100);
            break;
        default: break;
    }
}

void LinkExtractor::on_foreign_start(const ReadTag& tag) {
    Link link;
    if (tag.name == TagName::a) {
        follow_rel(tag, link);
    } else if (tag.name == TagName::image || tag.name == TagName::use) {
        link.kind = LinkKind::image;
    } else if (tag.name == TagName::script) {
        link.kind = LinkKind::script;
    } else {
        return;
    }
    give(tag, tag.find("href") != nullptr ? "href" : "xlink:href", link);
}

void LinkExtractor::on_tag(const ReadTag& tag) {
    if (options_.words && !tag.is_foreign && !in_title_ && !is_inline(tag.text))
        sink_.on_words(" ");
    if (tag.is_end) {
        end_text(tag);
    } else if (tag.is_foreign) {
        on_foreign_start(tag);
    } else {
        begin_text(tag);
        on_start(tag);
    }
}

void LinkExtractor::begin_text(const ReadTag& tag) {
    if (reader_.raw_element() == TagName::other) return;
    if (tag.name == TagName::title) {
        in_title_ = true;
        title_space_ = false;
        reader_.want_text(!facts_.has_title);
    } else if ((hidden & only(tag.name)) != 0) {
        reader_.want_text(false);
    }
}

void LinkExtractor::end_text(const ReadTag& tag) {
    if (tag.name == TagName::title && in_title_) {
        in_title_ = false;
        facts_.has_title = true;
    }
    reader_.want_text(options_.words && !in_title_);
}

void LinkExtractor::on_text(std::string_view text) {
    if (in_title_)
        add_title(text);
    else
        sink_.on_words(text);
}

// White space collapses, at both ends to nothing.
void LinkExtractor::add_title(std::string_view text) {
    for (const char c : text) {
        if (is_html_space(c)) {
            title_space_ = !facts_.title.empty();
            continue;
        }
        const std::string_view piece = c == '\0' ? replacement_character : std::string_view(&c, 1);
        if (facts_.title.size() + piece.size() + 1 > options_.limits.title_bytes_max) {
            ++counts_.titles_cut;
            // Not in the middle of a character, should this byte belong to the last one.
            facts_.title += c;
            facts_.title.resize(truncate_utf8(facts_.title, facts_.title.size() - 1).size());
            // Nothing more of it is wanted.
            facts_.has_title = true;
            reader_.want_text(false);
            return;
        }
        if (title_space_) facts_.title += ' ';
        title_space_ = false;
        facts_.title += piece;
    }
}

}  // namespace sluice::crawl
