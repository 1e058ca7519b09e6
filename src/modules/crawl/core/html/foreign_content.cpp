// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/html/foreign_content.h"

#include <algorithm>
#include <array>

namespace sluice::crawl {
namespace {

template <std::size_t count>
bool has(const std::array<std::string_view, count>& sorted, std::string_view name) {
    return std::binary_search(sorted.begin(), sorted.end(), name);
}

// HTML start tags that end foreign content.
constexpr auto breaking = std::to_array<std::string_view>(
    {"b",      "big",  "blockquote", "body",  "br",   "center", "code",    "dd",   "div",
     "dl",     "dt",   "em",         "embed", "h1",   "h2",     "h3",      "h4",   "h5",
     "h6",     "head", "hr",         "i",     "img",  "li",     "listing", "menu", "meta",
     "nobr",   "ol",   "p",          "pre",   "ruby", "s",      "small",   "span", "strike",
     "strong", "sub",  "sup",        "table", "tt",   "u",      "ul",      "var"});
constexpr auto void_elements = std::to_array<std::string_view>(
    {"area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "image", "img",
     "input", "keygen", "link", "meta", "param", "source", "track", "wbr"});
// Raw text: its end is found by the reader, which does not show it here.
constexpr auto raw_elements = std::to_array<std::string_view>(
    {"iframe", "noembed", "noframes", "plaintext", "script", "style", "textarea", "title", "xmp"});
// The elements of the category "special" that can be open.
constexpr auto special_elements = std::to_array<std::string_view>(
    {"address",  "applet",   "article",  "aside",      "blockquote", "body",    "button",
     "caption",  "center",   "colgroup", "dd",         "details",    "dir",     "div",
     "dl",       "dt",       "fieldset", "figcaption", "figure",     "footer",  "form",
     "frameset", "h1",       "h2",       "h3",         "h4",         "h5",      "h6",
     "head",     "header",   "hgroup",   "html",       "li",         "listing", "main",
     "marquee",  "menu",     "nav",      "noscript",   "object",     "ol",      "p",
     "pre",      "search",   "section",  "select",     "summary",    "table",   "tbody",
     "td",       "template", "tfoot",    "th",         "thead",      "tr",      "ul"});
// Start tags that end an open <p>.
constexpr auto closing_p = std::to_array<std::string_view>(
    {"address", "article", "aside",  "blockquote", "center",   "dd",         "details", "dialog",
     "dir",     "div",     "dl",     "dt",         "fieldset", "figcaption", "figure",  "footer",
     "form",    "h1",      "h2",     "h3",         "h4",       "h5",         "h6",      "header",
     "hgroup",  "hr",      "li",     "listing",    "main",     "menu",       "nav",     "ol",
     "p",       "pre",     "search", "section",    "summary",  "table",      "ul",      "xmp"});

constexpr auto math_text_points =
    std::to_array<std::string_view>({"mi", "mn", "mo", "ms", "mtext"});
constexpr auto svg_html_points =
    std::to_array<std::string_view>({"desc", "foreignobject", "title"});

}  // namespace

void ForeignContent::push(Element element) {
    if (open_.size() < depth_max) open_.push_back(std::move(element));
}

// By the dispatcher of 13.2.6: does the current node take this start tag as foreign?
bool ForeignContent::is_foreign_start(std::string_view name) const {
    const Element& current = open_.back();
    if (current.kind == Kind::html || current.html_inside) return false;
    if (current.math_text && name != "mglyph" && name != "malignmark") return false;
    return !(current.kind == Kind::math && current.name == "annotation-xml" && name == "svg");
}

bool ForeignContent::take(const ForeignTag& tag) {
    return tag.is_end ? take_end(tag) : take_start(tag);
}

bool ForeignContent::take_start(const ForeignTag& tag) {
    if (!open_.empty() && is_foreign_start(tag.name)) {
        if (!has(breaking, tag.name) && !tag.font_breaks_out) {
            start_foreign(tag, open_.back().kind);
            return false;
        }
        break_out();
    }
    if (tag.name == "svg" || tag.name == "math") {
        start_foreign(tag, tag.name == "svg" ? Kind::svg : Kind::math);
        return false;
    }
    if (!open_.empty()) start_html(tag);
    return true;
}

void ForeignContent::start_foreign(const ForeignTag& tag, Kind kind) {
    if (tag.self_closing) return;
    Element element{.kind = kind, .name = std::string(tag.name)};
    if (kind == Kind::svg) {
        element.html_inside = has(svg_html_points, tag.name);
    } else {
        element.math_text = has(math_text_points, tag.name);
        element.html_inside = tag.name == "annotation-xml" && tag.html_annotation;
    }
    push(std::move(element));
}

void ForeignContent::start_html(const ForeignTag& tag) {
    close_implied(tag.name);
    if (has(void_elements, tag.name) || has(raw_elements, tag.name)) return;
    push({.kind = Kind::html,
          .special = has(special_elements, tag.name),
          .name = std::string(tag.name)});
}

// <p>, <li>, <dd> and <dt> end where the next of them, or a block, begins.
void ForeignContent::close_implied(std::string_view name) {
    const bool ends_p = has(closing_p, name);
    for (std::size_t i = open_.size(); i > 0; --i) {
        const Element& element = open_[i - 1];
        if (element.kind != Kind::html) return;
        const bool item = name == "li" && element.name == "li";
        const bool definition =
            (name == "dd" || name == "dt") && (element.name == "dd" || element.name == "dt");
        if (item || definition || (ends_p && element.name == "p")) {
            open_.resize(i - 1);
            return;
        }
        if (element.special && element.name != "div" && element.name != "address") return;
    }
}

void ForeignContent::break_out() {
    while (!open_.empty() && open_.back().kind != Kind::html && !open_.back().html_inside &&
           !open_.back().math_text)
        open_.pop_back();
}

bool ForeignContent::take_end(const ForeignTag& tag) {
    if (open_.empty()) return true;
    if (open_.back().kind == Kind::html) {
        end_html(tag.name);
        return true;
    }
    if (tag.name == "br" || tag.name == "p") {
        break_out();
        return true;
    }
    for (std::size_t i = open_.size(); i > 0; --i) {
        if (open_[i - 1].kind == Kind::html) {
            end_html(tag.name);
            return true;
        }
        if (open_[i - 1].name != tag.name) continue;
        open_.resize(i - 1);
        return false;
    }
    // Of an element outside, unless it is of no HTML element.
    if (!has(breaking, tag.name) && !has(special_elements, tag.name) && tag.name != "a")
        return false;
    open_.clear();
    return true;
}

// An end tag by the rules of HTML content.
void ForeignContent::end_html(std::string_view name) {
    const bool special = has(special_elements, name);
    for (std::size_t i = open_.size(); i > 0; --i) {
        const Element& element = open_[i - 1];
        if (element.kind == Kind::html && element.name == name) {
            open_.resize(i - 1);
            return;
        }
        // Integration points, and what no other end tag may cross.
        if (element.html_inside || element.math_text) return;
        if (element.kind == Kind::html && element.special && !special) return;
    }
}

}  // namespace sluice::crawl
