// SPDX-License-Identifier: Apache-2.0
// The quick way through a tag of the HTML tokenizer: most tags are whole in the piece that is fed,
// without an error, a reference or a capital letter. Such a tag is given at once, with views of the
// input; any other is left to the states, from its beginning. A byte is looked at here no further
// than the states then read, so work stays linear.
#include "modules/crawl/core/html/html_chars.h"
#include "modules/crawl/core/html/html_scan.h"
#include "modules/crawl/core/html/html_tokenizer.h"

#include <algorithm>

namespace sluice::crawl {

namespace {

constexpr std::size_t plain_attributes_max = 16;  // each is compared with all before it

// What ends a name, and capital letters, which a name is not given with.
constexpr ByteSet ends_plain_tag_name(std::string_view("\t\n\f\r />\0ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                                                       34));
constexpr ByteSet ends_plain_attribute_name(
    std::string_view("\t\n\f\r />=\"'<\0ABCDEFGHIJKLMNOPQRSTUVWXYZ", 38));

}  // namespace

/// Behind the tag at the "<", or null: it is not plain.
const char* HtmlTokenizer::take_plain_tag(const char* open, const char* end) {
    const char* p = open + 1;
    const bool is_end = p < end && *p == '/';
    if (is_end) ++p;
    if (p == end || !is_ascii_alpha(*p)) return nullptr;
    const char* const stop = ends_plain_tag_name.find(p, end);
    const auto size = static_cast<std::size_t>(stop - p);
    if (stop == end || size == 0 || size > limits_.name_bytes_max) return nullptr;
    if (*stop != '>' && (is_end || (*stop != '/' && !is_html_space(*stop)))) return nullptr;
    begin_tag(is_end);
    tag_name_.assign(p, size);
    views_.clear();
    p = *stop == '>' ? stop : take_plain_attributes(stop, end);
    if (p == nullptr) return nullptr;
    if (!is_end) last_start_tag_ = tag_name_;
    give_tag();
    return p + 1;
}

/// The ">" of the start tag, or null.
const char* HtmlTokenizer::take_plain_attributes(const char* p, const char* end) {
    while (true) {
        if (p == end) return nullptr;
        const bool spaced = is_html_space(*p);
        while (p < end && is_html_space(*p)) ++p;
        if (p == end) return nullptr;
        if (*p == '>') return p;
        if (*p == '/') {
            self_closing_ = true;
            return p + 1 < end && p[1] == '>' ? p + 1 : nullptr;
        }
        if (!spaced) return nullptr;
        p = take_plain_attribute(p, end);
        if (p == nullptr) return nullptr;
    }
}

/// Behind the closing quote of a value, or null.
const char* HtmlTokenizer::take_plain_attribute(const char* p, const char* end) {
    const char* const equals = ends_plain_attribute_name.find(p, end);
    if (end - equals < 2 || equals == p || *equals != '=') return nullptr;
    const char quote = equals[1];
    if (quote != '"' && quote != '\'') return nullptr;
    const char* const begin = equals + 2;
    const char* const stop = quote == '"' ? find_of_four<'"', '&', '\0', '\r'>(begin, end)
                                          : find_of_four<'\'', '&', '\0', '\r'>(begin, end);
    if (stop == end || *stop != quote) return nullptr;
    const std::string_view name(p, static_cast<std::size_t>(equals - p));
    const std::string_view value(begin, static_cast<std::size_t>(stop - begin));
    const std::size_t count_max = std::min(plain_attributes_max, limits_.attributes_max);
    const std::size_t tag_max = limits_.tag_bytes_max / (plain_attributes_max + 1);
    if (views_.size() == count_max || name.size() > limits_.name_bytes_max ||
        value.size() > limits_.value_bytes_max || name.size() + value.size() > tag_max)
        return nullptr;
    for (const HtmlAttribute& other : views_)
        if (other.name == name) return nullptr;
    views_.push_back({.name = name, .value = value, .cut = false});
    return stop + 1;
}

}  // namespace sluice::crawl
