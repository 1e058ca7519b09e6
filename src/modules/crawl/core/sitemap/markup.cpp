// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/sitemap/markup.h"

#include "kernel/base/ascii.h"
#include "kernel/wire/utf8.h"

#include <algorithm>
#include <array>

namespace sluice::crawl {

namespace {

/// "&" to ";" of anything that is an entity.
constexpr std::size_t entity_bytes_max = 12;

std::string_view without_prefix(std::string_view name) {
    const std::size_t colon = name.rfind(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

/// The character of "#38" or "#x26", 0 if it is none.
std::uint32_t numeric(std::string_view name) {
    name.remove_prefix(1);
    const bool hex = !name.empty() && ascii_lower(name[0]) == 'x';
    if (hex) name.remove_prefix(1);
    std::uint32_t out = 0;
    for (const char c : name) {
        if (!(hex ? is_ascii_hex(c) : is_ascii_digit(c))) return 0;
        const int digit = is_ascii_digit(c) ? c - '0' : ascii_lower(c) - 'a' + 10;
        out =
            std::min<std::uint32_t>(out * (hex ? 16 : 10) + static_cast<unsigned>(digit), 0x110000);
    }
    return out;
}

bool put_entity(std::string& out, std::string_view name) {
    struct Named {
        std::string_view name;
        char character;
    };
    constexpr std::array named = {Named{"amp", '&'}, Named{"lt", '<'}, Named{"gt", '>'},
                                  Named{"quot", '"'}, Named{"apos", '\''}};
    for (const Named& entry : named) {
        if (name == entry.name) {
            out += entry.character;
            return true;
        }
    }
    if (!name.starts_with('#')) return false;
    const std::uint32_t character = numeric(name);
    if (character == 0) return false;
    put_utf8(out, character);
    return true;
}

std::string resolve(std::string_view text) {
    std::string out;
    while (true) {
        const std::size_t amp = text.find('&');
        out += text.substr(0, amp);
        if (amp == std::string_view::npos) return out;
        text.remove_prefix(amp);
        const std::size_t end = text.substr(0, entity_bytes_max).find(';');
        if (end != std::string_view::npos && put_entity(out, text.substr(1, end - 1))) {
            text.remove_prefix(end + 1);
        } else {
            out += '&';
            text.remove_prefix(1);
        }
    }
}

std::vector<MarkupAttribute> parse_attributes(std::string_view text) {
    std::vector<MarkupAttribute> out;
    while (true) {
        while (!text.empty() && (is_ascii_space(text.front()) || text.front() == '/')) {
            text.remove_prefix(1);
        }
        if (text.empty()) return out;
        std::size_t end = 0;
        while (end < text.size() && !is_ascii_space(text[end]) && text[end] != '=') ++end;
        MarkupAttribute attribute{.name = without_prefix(text.substr(0, end)), .value = {}};
        text.remove_prefix(end);
        text = trim_ascii(text);
        if (!text.empty() && text.front() == '=') {
            text.remove_prefix(1);
            text = trim_ascii(text);
            std::size_t size = 0;
            if (!text.empty() && (text.front() == '"' || text.front() == '\'')) {
                const char quote = text.front();
                text.remove_prefix(1);
                size = std::min(text.find(quote), text.size());
                attribute.value = resolve(text.substr(0, size));
                size = std::min(size + 1, text.size());
            } else {
                while (size < text.size() && !is_ascii_space(text[size])) ++size;
                attribute.value = resolve(text.substr(0, size));
            }
            text.remove_prefix(size);
        }
        out.push_back(std::move(attribute));
    }
}

}  // namespace

Status MarkupScanner::feed(std::string_view utf8) {
    buffer_.erase(0, at_);
    at_ = 0;
    buffer_ += utf8;
    Status status;
    while (status && at_ < buffer_.size() && step(status)) {
    }
    if (!status) return status;
    if (state_ == State::tag && buffer_.size() - at_ > markup_tag_bytes_max) {
        return fail(Code::exhausted, "a tag of the XML is too long");
    }
    return {};
}

Status MarkupScanner::finish() {
    if (state_ == State::text) {
        take_text(true);
        return {};
    }
    return fail(Code::corrupt, "the XML ends inside a tag");
}

/// One token; false if more bytes are needed for it.
bool MarkupScanner::step(Status& status) {
    switch (state_) {
        case State::text: return take_text(false);
        case State::tag: return take_tag(status);
        case State::comment: return skip("-->", false);
        case State::cdata: return skip("]]>", true);
        case State::instruction: return skip("?>", false);
        case State::doctype: return skip_doctype();
    }
    return false;
}

bool MarkupScanner::take_text(bool is_last) {
    const std::string_view rest = std::string_view(buffer_).substr(at_);
    const std::size_t angle = rest.find('<');
    std::size_t size = std::min(angle, rest.size());
    if (angle == std::string_view::npos && !is_last) {
        // An entity may go on in the next piece.
        const std::size_t amp = rest.rfind('&');
        const bool open =
            amp != std::string_view::npos && rest.find(';', amp) == std::string_view::npos;
        if (open && rest.size() - amp < entity_bytes_max) size = amp;
    }
    if (size > 0) sink_->text(resolve(rest.substr(0, size)));
    at_ += size;
    if (angle == std::string_view::npos) return false;
    return open_angle();
}

/// What the "<" begins; false if that cannot be told yet.
bool MarkupScanner::open_angle() {
    const std::string_view rest = std::string_view(buffer_).substr(at_);
    struct Opening {
        std::string_view text;
        State state;
    };
    constexpr std::array openings = {
        Opening{"<!--", State::comment}, Opening{"<![CDATA[", State::cdata},
        Opening{"<?", State::instruction}, Opening{"<!", State::doctype}};
    for (const Opening& opening : openings) {
        if (rest.starts_with(opening.text)) {
            at_ += opening.text.size();
            state_ = opening.state;
            brackets_ = 0;
            return true;
        }
        if (opening.text.starts_with(rest)) return false;
    }
    state_ = State::tag;
    scanned_ = 1;
    quote_ = 0;
    return true;
}

bool MarkupScanner::skip(std::string_view end, bool is_text) {
    const std::string_view rest = std::string_view(buffer_).substr(at_);
    const std::size_t found = rest.find(end);
    const bool done = found != std::string_view::npos;
    // The end may be cut in two.
    const std::size_t size = done ? found : rest.size() - std::min(rest.size(), end.size() - 1);
    if (is_text && size > 0) sink_->text(rest.substr(0, size));
    at_ += size;
    if (!done) return false;
    at_ += end.size();
    state_ = State::text;
    return true;
}

bool MarkupScanner::skip_doctype() {
    while (at_ < buffer_.size()) {
        const char c = buffer_[at_++];
        if (c == '[') ++brackets_;
        if (c == ']' && brackets_ > 0) --brackets_;
        if (c == '>' && brackets_ == 0) {
            state_ = State::text;
            return true;
        }
    }
    return false;
}

/// Behind the ">" that ends the tag at the front, or npos; quotes may hold others. Goes on where
/// the last call stopped, so a long tag in small pieces is looked through once.
std::size_t MarkupScanner::end_of_tag(std::string_view text) {
    for (; scanned_ < text.size(); ++scanned_) {
        const char c = text[scanned_];
        if (quote_ != 0) {
            if (c == quote_) quote_ = 0;
        } else if (c == '"' || c == '\'') {
            quote_ = c;
        } else if (c == '>') {
            return scanned_ + 1;
        }
    }
    return std::string_view::npos;
}

bool MarkupScanner::take_tag(Status& status) {
    const std::string_view rest = std::string_view(buffer_).substr(at_);
    const std::size_t end = end_of_tag(rest.substr(0, markup_tag_bytes_max + 1));
    if (end == std::string_view::npos) return false;
    std::string_view inside = rest.substr(1, end - 2);
    at_ += end;
    state_ = State::text;
    if (inside.starts_with('/')) {
        status = sink_->end(without_prefix(trim_ascii(inside.substr(1))));
        return true;
    }
    const bool is_empty = inside.ends_with('/');
    if (is_empty) inside.remove_suffix(1);
    std::size_t size = 0;
    while (size < inside.size() && !is_ascii_space(inside[size])) ++size;
    const std::string_view name = without_prefix(inside.substr(0, size));
    // "<" before a blank or digit is text that nobody escaped.
    if (name.empty()) return true;
    status = sink_->begin(name, parse_attributes(inside.substr(size)));
    if (status && is_empty) status = sink_->end(name);
    return true;
}

}  // namespace sluice::crawl
