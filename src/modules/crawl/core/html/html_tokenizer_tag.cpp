// SPDX-License-Identifier: Apache-2.0
// States of the HTML tokenizer inside of tags.
#include "modules/crawl/core/html/html_chars.h"
#include "modules/crawl/core/html/html_tokenizer.h"

#include <algorithm>
#include <cstring>

namespace sluice::crawl {

using enum HtmlState;

namespace {

constexpr ByteSet ends_tag_name(std::string_view("\t\n\f\r />\0", 8));
constexpr ByteSet ends_attribute_name(std::string_view("\t\n\f\r />=\"'<\0", 12));
constexpr ByteSet ends_unquoted("\t\n\f\r >\"'<=`");

std::uint32_t hash_of(std::string_view name) {
    std::uint32_t hash = 2166136261U;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return hash;
}

}  // namespace

void HtmlTokenizer::begin_tag(bool is_end) {
    tag_name_.clear();
    is_end_tag_ = is_end;
    self_closing_ = false;
    bytes_.clear();
    decoding_added_ = 0;
    attributes_.clear();
    attribute_open_ = false;
    name_cut_ = false;
    name_filter_ = 0;
}

// How far a name that has `size` bytes may grow by [from, to).
const char* HtmlTokenizer::limit_name(std::size_t size, const char* from, const char* to) {
    const std::size_t room = limits_.name_bytes_max - size;
    if (static_cast<std::size_t>(to - from) <= room) return to;
    if (!name_cut_) ++cuts_.names;
    name_cut_ = true;
    return from + room;
}

void HtmlTokenizer::append_tag_name(const char* from, const char* to) {
    to = limit_name(tag_name_.size(), from, to);
    for (; from < to; ++from) tag_name_ += ascii_lower(*from);
}

const char* HtmlTokenizer::step_tag_open(const char* p, const char* /*end*/) {
    if (is_ascii_alpha(*p)) {
        begin_tag(false);
        state_ = tag_name;
        return p;
    }
    if (*p == '/') {
        state_ = end_tag_open;
        return p + 1;
    }
    if (*p == '!') {
        begin_markup_declaration(p + 1);
        return p + 1;
    }
    if (*p == '?') {
        error(HtmlError::unexpected_question_mark_instead_of_tag_name, p);
        begin_comment(bogus_comment);
        return p;
    }
    error(HtmlError::invalid_first_character_of_tag_name, p);
    emit("<");
    state_ = data;
    return p;
}

const char* HtmlTokenizer::step_end_tag_open(const char* p, const char* /*end*/) {
    if (is_ascii_alpha(*p)) {
        begin_tag(true);
        state_ = tag_name;
        return p;
    }
    if (*p == '>') {
        error(HtmlError::missing_end_tag_name, p);
        state_ = data;
        return p + 1;
    }
    error(HtmlError::invalid_first_character_of_tag_name, p);
    begin_comment(bogus_comment);
    return p;
}

const char* HtmlTokenizer::step_tag_name(const char* p, const char* end) {
    const char* const stop = ends_tag_name.find(p, end);
    append_tag_name(p, stop);
    if (stop == end) return end;
    if (*stop == '>') {
        emit_tag(stop);
    } else if (*stop == '/') {
        state_ = self_closing_start_tag;
    } else if (*stop == '\0') {
        error(HtmlError::unexpected_null_character, stop);
        append_tag_name(replacement_character.data(),
                        replacement_character.data() + replacement_character.size());
    } else {
        state_ = before_attribute_name;
    }
    return stop + 1;
}

const char* HtmlTokenizer::step_before_attribute_name(const char* p, const char* end) {
    while (p < end && is_html_space(*p)) ++p;
    if (p == end) return p;
    if (*p == '/' || *p == '>') {
        state_ = after_attribute_name;
        return p;
    }
    begin_attribute();
    state_ = attribute_name;
    if (*p != '=') return p;
    error(HtmlError::unexpected_equals_sign_before_attribute_name, p);
    append_attribute_name("=");
    return p + 1;
}

void HtmlTokenizer::begin_attribute() {
    attribute_ = {.name = bytes_.size()};
    attribute_open_ = true;
    attribute_dropped_ = false;
    name_cut_ = false;
}

void HtmlTokenizer::append_attribute_name(const char* from, const char* to) {
    to = limit_name(attribute_.name_size, from, to);
    attribute_.name_size += static_cast<std::size_t>(to - from);
    for (; from < to; ++from) bytes_ += ascii_lower(*from);
}

void HtmlTokenizer::append_attribute_name(std::string_view text) {
    append_attribute_name(text.data(), text.data() + text.size());
}

const char* HtmlTokenizer::step_attribute_name(const char* p, const char* end) {
    const char* const stop = ends_attribute_name.find(p, end);
    append_attribute_name(p, stop);
    if (stop == end) return end;
    switch (*stop) {
        case '\0':
            error(HtmlError::unexpected_null_character, stop);
            append_attribute_name(replacement_character);
            return stop + 1;
        case '"':
        case '\'':
        case '<':
            error(HtmlError::unexpected_character_in_attribute_name, stop);
            append_attribute_name(stop, stop + 1);
            return stop + 1;
        case '=':
            end_attribute_name(stop);
            state_ = before_attribute_value;
            return stop + 1;
        default:
            end_attribute_name(stop);
            state_ = after_attribute_name;
            return stop;
    }
}

// A name that was there before, or is one too many, is read to its end and dropped.
void HtmlTokenizer::end_attribute_name(const char* p) {
    const std::string_view name(bytes_.data() + attribute_.name, attribute_.name_size);
    attribute_.hash = hash_of(name);
    const std::uint64_t bit = 1ULL << (attribute_.hash >> 26U);
    if ((name_filter_ & bit) != 0) {
        for (const Attribute& other : attributes_) {
            if (other.hash != attribute_.hash || other.name_size != attribute_.name_size) continue;
            if (std::memcmp(bytes_.data() + other.name, name.data(), name.size()) != 0) continue;
            error(HtmlError::duplicate_attribute, p);
            attribute_dropped_ = true;
            break;
        }
    }
    if (!attribute_dropped_ && (attributes_.size() >= limits_.attributes_max ||
                                bytes_.size() - decoding_added_ >= limits_.tag_bytes_max)) {
        ++cuts_.attributes;
        attribute_dropped_ = true;
    }
    if (!attribute_dropped_) name_filter_ |= bit;
    attribute_.value = bytes_.size();
}

const char* HtmlTokenizer::step_after_attribute_name(const char* p, const char* end) {
    while (p < end && is_html_space(*p)) ++p;
    if (p == end) return p;
    if (*p == '=') {
        state_ = before_attribute_value;
        return p + 1;
    }
    if (attribute_open_) end_value();
    if (*p == '>') {
        emit_tag(p);
        return p + 1;
    }
    if (*p == '/') {
        state_ = self_closing_start_tag;
        return p + 1;
    }
    begin_attribute();
    state_ = attribute_name;
    return p;
}

const char* HtmlTokenizer::step_before_attribute_value(const char* p, const char* end) {
    while (p < end && is_html_space(*p)) ++p;
    if (p == end) return p;
    if (*p == '>') {
        error(HtmlError::missing_attribute_value, p);
        end_value();
        emit_tag(p);
        return p + 1;
    }
    const bool quoted = *p == '"' || *p == '\'';
    state_ = *p == '"' ? value_double_quoted : quoted ? value_single_quoted : value_unquoted;
    if (quoted) ++p;
    value_offset_ = at(p);
    return p;
}

void HtmlTokenizer::append_value(const char* from, const char* to) {
    const auto wanted = static_cast<std::size_t>(to - from);
    const std::size_t room = std::min(
        limits_.value_bytes_max - std::min(limits_.value_bytes_max, attribute_.value_size),
        limits_.tag_bytes_max - std::min(limits_.tag_bytes_max, bytes_.size() - decoding_added_));
    const std::size_t size = std::min(wanted, room);
    if (size < wanted && !attribute_.cut) {
        attribute_.cut = true;
        if (!attribute_dropped_) ++cuts_.values;
    }
    bytes_.append(from, size);
    attribute_.value_size += size;
}

// The attribute is complete.
void HtmlTokenizer::end_value() {
    attribute_open_ = false;
    if (attribute_.value_size > 0) decode_value(attribute_.value);
    if (attribute_dropped_)
        bytes_.resize(attribute_.name);
    else
        attributes_.push_back(attribute_);
}

void HtmlTokenizer::decode_value(std::size_t from) {
    static constexpr ByteSet special(std::string_view("&\r\0", 3));
    const char* const begin = bytes_.data() + from;
    const char* const end = bytes_.data() + bytes_.size();
    if (special.find(begin, end) == end) return;
    normalised_.clear();
    decode_attribute({begin, end}, normalised_, error_sink(), value_offset_);
    if (!attribute_dropped_ && normalised_.size() > attribute_.value_size)
        decoding_added_ += normalised_.size() - attribute_.value_size;
    bytes_.replace(from, std::string::npos, normalised_);
    attribute_.value_size = normalised_.size();
}

// value_double_quoted, value_single_quoted
const char* HtmlTokenizer::step_value_quoted(const char* p, const char* end) {
    const char quote = state_ == value_double_quoted ? '"' : '\'';
    const auto* stop =
        static_cast<const char*>(std::memchr(p, quote, static_cast<std::size_t>(end - p)));
    append_value(p, stop == nullptr ? end : stop);
    if (stop == nullptr) return end;
    end_value();
    state_ = after_value_quoted;
    return stop + 1;
}

const char* HtmlTokenizer::step_value_unquoted(const char* p, const char* end) {
    const char* const stop = ends_unquoted.find(p, end);
    append_value(p, stop);
    if (stop == end) return end;
    if (*stop == '>') {
        end_value();
        emit_tag(stop);
    } else if (is_html_space(*stop)) {
        end_value();
        state_ = before_attribute_name;
    } else {
        error(HtmlError::unexpected_character_in_unquoted_attribute_value, stop);
        append_value(stop, stop + 1);
    }
    return stop + 1;
}

const char* HtmlTokenizer::step_after_value_quoted(const char* p, const char* /*end*/) {
    if (*p == '>') {
        emit_tag(p);
        return p + 1;
    }
    state_ = *p == '/' ? self_closing_start_tag : before_attribute_name;
    if (is_html_space(*p) || *p == '/') return p + 1;
    error(HtmlError::missing_whitespace_between_attributes, p);
    return p;
}

const char* HtmlTokenizer::step_self_closing(const char* p, const char* /*end*/) {
    if (*p == '>') {
        self_closing_ = true;
        emit_tag(p);
        return p + 1;
    }
    error(HtmlError::unexpected_solidus_in_tag, p);
    state_ = before_attribute_name;
    return p;
}

void HtmlTokenizer::emit_tag(const char* p) {
    if (is_end_tag_) {
        if (!attributes_.empty()) error(HtmlError::end_tag_with_attributes, p);
        if (self_closing_) error(HtmlError::end_tag_with_trailing_solidus, p);
    } else {
        last_start_tag_ = tag_name_;
    }
    views_.clear();
    for (const Attribute& each : attributes_)
        views_.push_back({.name = {bytes_.data() + each.name, each.name_size},
                          .value = {bytes_.data() + each.value, each.value_size},
                          .cut = each.cut});
    give_tag();
}

void HtmlTokenizer::give_tag() {
    state_ = data;
    sink_.on_tag({.name = tag_name_,
                  .attributes = views_,
                  .is_end = is_end_tag_,
                  .self_closing = self_closing_,
                  .offset = tag_offset_});
}

}  // namespace sluice::crawl
