// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/html/tag_reader.h"

#include "modules/crawl/core/html/html_chars.h"
#include "modules/crawl/core/html/html_scan.h"

#include <algorithm>

namespace sluice::crawl {
namespace {

// Each byte of a tag name in lower case; 0 for what ends one (and for NUL).
constexpr auto name_bytes = [] {
    std::array<char, 256> table{};
    for (std::size_t i = 1; i < table.size(); ++i) table[i] = ascii_lower(static_cast<char>(i));
    for (const char c : std::string_view("\t\n\f\r />")) table[static_cast<std::uint8_t>(c)] = 0;
    return table;
}();

constexpr ByteSet ends_attribute(std::string_view("\t\n\f\r />=\0", 9));
constexpr ByteSet ends_unquoted_value("\t\n\f\r >");

constexpr TagNames rcdata_elements = tag_names(TagName::textarea, TagName::title);
constexpr TagNames rawtext_elements =
    tag_names(TagName::style, TagName::xmp, TagName::iframe, TagName::noembed, TagName::noframes);

const char* skip_spaces(const char* p, const char* end) {
    while (p < end && is_html_space(*p)) ++p;
    return p;
}

}  // namespace

const ReadAttribute* ReadTag::find(std::string_view lower) const {
    for (const ReadAttribute& each : attributes)
        if (equals_ignoring_case(each.name, lower)) return &each;
    return nullptr;
}

TagReader::TagReader(TagSink& sink, const TagsWanted& wanted, const HtmlLimits& limits)
    : sink_(sink),
      wanted_(wanted),
      limits_(limits),
      quick_attributes_(std::min(quick_attributes_max, limits.attributes_max)),
      tokenizer_(*this, false, limits) {}

void TagReader::begin_inside(std::string_view element) {
    if (element.starts_with("svg ") || element.starts_with("math ")) {
        const bool svg = element.starts_with("svg ");
        foreign_.take({.name = svg ? "svg" : "math"});
        element.remove_prefix(svg ? 4 : 5);
        lower_ = ascii_lowered(element);
        if (lower_ != "svg" && lower_ != "math") foreign_.take({.name = lower_});
        tokenizer_.allow_cdata(foreign_.allows_cdata());
        return;
    }
    enter_text(tag_name(element));
}

void TagReader::feed(std::string_view bytes) {
    chunk_ = bytes.data();
    const char* p = bytes.data();
    const char* const end = p + bytes.size();
    while (p < end) {
        if (slow_)
            p = read_slowly(p, end);
        else if (mode_ == HtmlState::data)
            p = read_data(p, end);
        else
            p = read_raw(p, end);
    }
    base_ += bytes.size();
}

void TagReader::finish() {
    if (slow_) tokenizer_.finish();
    slow_ = false;
}

// Leaves [p, end) to the tokenizer until it is back in a text.
const char* TagReader::read_slowly(const char* p, const char* end) {
    if (!slow_) {
        slow_ = true;
        tokenizer_.skip_to(at(p));
        tokenizer_.set_state(mode_);
        tokenizer_.set_last_start_tag(to_string(raw_element_));
    }
    p += tokenizer_.feed_until_text({p, end});
    slow_ = tokenizer_.state() > HtmlState::plaintext;
    return p;
}

void TagReader::give_text(const char* from, const char* to) {
    if (text_wanted_ && from < to) sink_.on_text({from, to});
}

const char* TagReader::read_data(const char* p, const char* end) {
    while (p < end) {
        const char* stop = nullptr;
        if (text_wanted_) {
            stop = find_either(p, end, '<', '&');
            give_text(p, stop);
        } else {
            stop = find_byte(p, end, '<');
        }
        if (stop == end) return end;
        const char* const next = *stop == '<' ? read_markup(stop, end) : nullptr;
        if (next == nullptr) return read_slowly(stop, end);
        if (mode_ != HtmlState::data) return next;
        p = next;
    }
    return p;
}

// What begins with the "<" at p, if all of it is here and it is nothing unusual; else null.
const char* TagReader::read_markup(const char* p, const char* end) {
    if (end - p < 2) return nullptr;
    if (is_ascii_alpha(p[1])) return read_start_tag(p, end);
    if (p[1] == '/') return read_end_tag(p, end);
    if (p[1] == '!') return read_comment(p, end);
    if (p[1] == '?') return nullptr;
    give_text(p, p + 1);
    return p + 1;
}

bool TagReader::wants(TagName name, bool is_end) const {
    return wanted_.all || ((is_end ? wanted_.ends : wanted_.starts) & only(name)) != 0 ||
           foreign_.is_open();
}

const char* TagReader::read_start_tag(const char* p, const char* end) {
    const char* q = p + 1;
    TagKey key = 0;
    for (char c = 0; q < end && (c = name_bytes[static_cast<std::uint8_t>(*q)]) != 0; ++q)
        key = (key << 8U) | static_cast<std::uint8_t>(c);
    const auto size = static_cast<std::size_t>(q - p - 1);
    if (q == end || *q == '\0' || size > limits_.name_bytes_max) {
        read_twice_ += size;
        return nullptr;
    }
    ReadTag tag{.name = size == 9 ? tag_name(std::string_view(p + 1, size)) : tag_name(key, size),
                .text = {p + 1, size}};
    const bool wanted = wants(tag.name, false);
    if (*q == '>')
        ++q;
    else
        q = wanted ? read_attributes<true>(q, end, tag) : read_attributes<false>(q, end, tag);
    if (q == nullptr) return nullptr;
    // A tag of this name changes how what follows is read, or somebody wants it.
    if (tag.name == TagName::other && !wanted) return q;
    tag.offset = at(p);
    give(tag);
    return q;
}

const char* TagReader::read_end_tag(const char* p, const char* end) {
    if (end - p < 3 || !is_ascii_alpha(p[2])) return nullptr;
    const char* q = p + 2;
    TagKey key = 0;
    for (char c = 0; q < end && (c = name_bytes[static_cast<std::uint8_t>(*q)]) != 0; ++q)
        key = (key << 8U) | static_cast<std::uint8_t>(c);
    const auto size = static_cast<std::size_t>(q - p - 2);
    if (q == end || *q != '>' || size > limits_.name_bytes_max) {
        read_twice_ += size;
        return nullptr;
    }
    const TagName name = size == 9 ? tag_name(std::string_view(p + 2, size)) : tag_name(key, size);
    if (!wants(name, true)) return q + 1;
    ReadTag tag{.name = name, .text = {p + 2, size}, .is_end = true, .offset = at(p)};
    give(tag);
    return q + 1;
}

// "<!--" to the first "-->" or "--!>"; "<!-->" and "<!--->" end at once.
const char* TagReader::read_comment(const char* p, const char* end) {
    if (end - p < 7 || p[2] != '-' || p[3] != '-') return nullptr;
    const char* const text = p + 4;
    if (text[0] == '>') return text + 1;
    if (text[0] == '-' && text[1] == '>') return text + 2;
    for (const char* q = text; (q = find_byte(q, end, '>')) != end; ++q) {
        const char* dashes = q;
        if (q - text >= 3 && q[-1] == '!') --dashes;
        if (dashes - text >= 2 && dashes[-1] == '-' && dashes[-2] == '-') return q + 1;
    }
    read_twice_ += static_cast<std::uint64_t>(end - p);
    return nullptr;
}

// False if there are too many for the quick way.
bool TagReader::record(const ReadAttribute& attribute, ReadTag& tag) {
    const std::size_t count = tag.attributes.size();
    if (count == quick_attributes_ || attribute.name.size() > limits_.name_bytes_max) return false;
    ReadAttribute& kept = attributes_[count];
    kept = attribute;
    if (kept.value.size() > limits_.value_bytes_max) {
        kept.value = kept.value.substr(0, limits_.value_bytes_max);
        kept.cut = true;
    }
    tag.attributes = {attributes_.data(), count + 1};
    return true;
}

// From behind the tag's name to behind its ">"; null if that is not here.
template <bool recorded>
const char* TagReader::read_attributes(const char* q, const char* end, ReadTag& tag) {
    const char* const begin = q;
    const auto is_short = [&] {
        return !recorded || static_cast<std::size_t>(q - begin) <= limits_.tag_bytes_max;
    };
    while ((q = skip_spaces(q, end)) != end) {
        if (*q == '>') {
            tag.self_closing = q[-1] == '/';
            if (!is_short()) break;
            return q + 1;
        }
        if (*q == '/') {
            ++q;
            continue;
        }
        ReadAttribute attribute{.is_raw = true};
        const char* const name = q;
        q = ends_attribute.find(*q == '=' ? q + 1 : q, end);
        if (q == end || *q == '\0') break;
        attribute.name = {name, q};
        q = skip_spaces(q, end);
        const bool has_value = q < end && *q == '=';
        if (has_value) q = read_attribute_value(q + 1, end, attribute);
        if (recorded && !record(attribute, tag)) break;
        // Here a "/" before the ">" belongs to the value.
        if (has_value && q < end && *q == '>' && is_short()) return q + 1;
    }
    read_twice_ += static_cast<std::uint64_t>(q - begin);
    return nullptr;
}

// From behind "=" to behind the value; end if that is not here.
const char* TagReader::read_attribute_value(const char* q, const char* end,
                                            ReadAttribute& attribute) {
    q = skip_spaces(q, end);
    if (q == end) return end;
    if (*q == '"' || *q == '\'') {
        const char* const stop = find_byte(q + 1, end, *q);
        if (stop == end) return end;
        attribute.value = {q + 1, stop};
        return stop + 1;
    }
    const char* const stop = ends_unquoted_value.find(q, end);
    attribute.value = {q, stop};
    return stop;
}

const char* TagReader::read_raw(const char* p, const char* end) {
    if (mode_ == HtmlState::plaintext) {
        give_text(p, end);
        return end;
    }
    while (p < end) {
        const bool references = text_wanted_ && mode_ == HtmlState::rcdata;
        const char* const stop =
            references ? find_either(p, end, '<', '&') : find_byte(p, end, '<');
        give_text(p, stop);
        if (stop == end) return end;
        const char* const next = *stop == '<' ? read_raw_end(stop, end) : nullptr;
        if (next == nullptr) return read_slowly(stop, end);
        if (mode_ == HtmlState::data) return next;
        p = next;
    }
    return p;
}

// The "<" at p in a raw text: its end tag, or text; null for the tokenizer to find out.
const char* TagReader::read_raw_end(const char* p, const char* end) {
    if (end - p < 3) return nullptr;
    if (p[1] == '!' && mode_ == HtmlState::script_data && p[2] == '-') return nullptr;
    const std::string_view name = to_string(raw_element_);
    if (p[1] == '/') {
        if (static_cast<std::size_t>(end - p) < name.size() + 3) return nullptr;
        if (equals_ignoring_case({p + 2, name.size()}, name)) {
            const char after = p[2 + name.size()];
            if (is_html_space(after) || after == '/') return nullptr;
            if (after == '>') {
                ReadTag tag{.name = raw_element_,
                            .text = {p + 2, name.size()},
                            .is_end = true,
                            .offset = at(p)};
                give(tag);
                return p + 3 + name.size();
            }
        }
    }
    give_text(p, p + 1);
    return p + 1;
}

// What the tokenizer found.
void TagReader::on_tag(const HtmlTag& tag) {
    slow_attributes_.clear();
    for (const HtmlAttribute& each : tag.attributes)
        slow_attributes_.push_back({.name = each.name, .value = each.value, .cut = each.cut});
    ReadTag read{.name = tag_name(tag.name),
                 .text = tag.name,
                 .attributes = slow_attributes_,
                 .is_end = tag.is_end,
                 .self_closing = tag.self_closing,
                 .offset = tag.offset};
    give(read);
}

void TagReader::on_text(std::string_view text) {
    if (text_wanted_) sink_.on_text(text);
}

// Follows what the tag does to the text behind it, and gives it to the sink.
void TagReader::give(ReadTag& tag) {
    const bool wanted =
        wanted_.all || ((tag.is_end ? wanted_.ends : wanted_.starts) & only(tag.name)) != 0;
    if (mode_ != HtmlState::data) {
        // Only the end tag of a raw text is read within it.
        mode_ = HtmlState::data;
        raw_element_ = TagName::other;
    } else if (foreign_.is_open() ||
               (!tag.is_end && (tag.name == TagName::svg || tag.name == TagName::math))) {
        follow_foreign(tag);
    }
    if (!tag.is_end && !tag.is_foreign) enter_text(tag.name);
    if (wanted) sink_.on_tag(tag);
}

void TagReader::follow_foreign(ReadTag& tag) {
    lower_.assign(tag.text);
    for (char& c : lower_) c = ascii_lower(c);
    ForeignTag seen{.name = lower_, .is_end = tag.is_end, .self_closing = tag.self_closing};
    if (lower_ == "font")
        seen.font_breaks_out = tag.find("color") != nullptr || tag.find("face") != nullptr ||
                               tag.find("size") != nullptr;
    if (lower_ == "annotation-xml") {
        if (const ReadAttribute* encoding = tag.find("encoding"))
            seen.html_annotation = equals_ignoring_case(encoding->value, "text/html") ||
                                   equals_ignoring_case(encoding->value, "application/xhtml+xml");
    }
    tag.is_foreign = !foreign_.take(seen);
    tokenizer_.allow_cdata(foreign_.allows_cdata());
}

void TagReader::enter_text(TagName name) {
    if ((rcdata_elements & only(name)) != 0)
        mode_ = HtmlState::rcdata;
    else if ((rawtext_elements & only(name)) != 0 ||
             (name == TagName::noscript && wanted_.scripting))
        mode_ = HtmlState::rawtext;
    else if (name == TagName::script)
        mode_ = HtmlState::script_data;
    else if (name == TagName::plaintext)
        mode_ = HtmlState::plaintext;
    else
        return;
    raw_element_ = name;
}

}  // namespace sluice::crawl
