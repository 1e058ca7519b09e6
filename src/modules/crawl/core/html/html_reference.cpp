// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/html/html_reference.h"

#include "kernel/base/check.h"
#include "kernel/wire/utf8.h"
#include "modules/crawl/core/html/html_chars.h"
#include "modules/crawl/core/html/html_entity_table.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace sluice::crawl {
namespace {

// Where each name begins; a name's length is the distance to the next, less its space.
constexpr auto entity_starts = [] {
    std::array<std::uint16_t, entity_count + 1> starts{};
    std::size_t next = 1;
    for (std::size_t i = 0; i < entity_names.size(); ++i)
        if (entity_names[i] == ' ') starts[next++] = static_cast<std::uint16_t>(i + 1);
    return starts;
}();
static_assert(entity_starts[entity_count] == entity_names.size());

constexpr std::string_view entity_name(std::size_t index) {
    return entity_names.substr(entity_starts[index],
                               entity_starts[index + 1] - entity_starts[index] - 1U);
}

// The byte of a name as a number, -1 behind its end: shorter names stand before longer ones.
int byte_at(std::size_t index, std::size_t at) {
    const std::string_view name = entity_name(index);
    return at < name.size() ? static_cast<unsigned char>(name[at]) : -1;
}

// The first name of [first, last) whose byte `at` is not less than `byte`.
std::size_t lower_bound_at(std::size_t first, std::size_t last, std::size_t at, int byte) {
    while (first < last) {
        const std::size_t middle = first + (last - first) / 2;
        if (byte_at(middle, at) < byte)
            first = middle + 1;
        else
            last = middle;
    }
    return first;
}

// What the numbers 0x80 to 0x9F stand for: those of windows-1252, 0 where it has none.
constexpr std::array<std::uint16_t, 32> windows_1252 = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

constexpr std::uint32_t number_max = 0x10FFFF;

int hex_digit(char c) {
    if (is_ascii_digit(c)) return c - '0';
    const char lower = ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

constexpr ByteSet special_in_value(std::string_view("&\r\0", 3));

}  // namespace

void CharacterReference::start(bool in_attribute, std::uint64_t offset) {
    phase_ = Phase::begin;
    in_attribute_ = in_attribute;
    ambiguous_ = false;
    offset_ = offset;
    length_ = 1;
    name_.clear();
    first_ = 0;
    last_ = entity_count;
    match_length_ = 0;
    number_ = 0;
    text_ = "&";
}

void CharacterReference::error(HtmlErrorSink* errors, HtmlError what, std::uint64_t length) const {
    if (errors != nullptr) errors->on_error(what, offset_ + length);
}

CharacterReference::Step CharacterReference::take(char byte, HtmlErrorSink* errors) {
    switch (phase_) {
        case Phase::begin:
            if (byte == '#') {
                phase_ = Phase::number;
                ++length_;
                text_ += byte;
                return Step::taken;
            }
            if (!is_html_alnum(byte)) return Step::not_taken;
            phase_ = Phase::name;
            return take_name(byte, errors);
        case Phase::name: return take_name(byte, errors);
        case Phase::number:
            if (byte == 'x' || byte == 'X') {
                phase_ = Phase::hex_start;
                ++length_;
                text_ += byte;
                return Step::taken;
            }
            if (!is_ascii_digit(byte)) return no_digits(errors);
            phase_ = Phase::decimal;
            break;
        case Phase::hex_start:
            if (hex_digit(byte) < 0) return no_digits(errors);
            phase_ = Phase::hex;
            break;
        case Phase::hex:
        case Phase::decimal: break;
    }
    const bool hex = phase_ == Phase::hex;
    if (hex ? hex_digit(byte) < 0 : !is_ascii_digit(byte)) {
        if (byte == ';') ++length_;
        return end_number(byte == ';', errors);
    }
    ++length_;
    if (number_ <= number_max)
        number_ = number_ * (hex ? 16 : 10) + static_cast<std::uint32_t>(hex_digit(byte));
    return Step::taken;
}

CharacterReference::Step CharacterReference::take_name(char byte, HtmlErrorSink* errors) {
    const int wanted = static_cast<unsigned char>(byte);
    const std::size_t at = name_.size();
    const std::size_t first = lower_bound_at(first_, last_, at, wanted);
    const std::size_t last = lower_bound_at(first, last_, at, wanted + 1);
    if (first == last) {
        end_name(byte, errors);
        return Step::not_taken;
    }
    first_ = first;
    last_ = last;
    name_ += byte;
    ++length_;
    if (entity_name(first).size() == name_.size()) {
        match_ = first;
        match_length_ = name_.size();
    }
    if (byte != ';') return Step::taken;
    end_name('\0', errors);
    return Step::taken_last;
}

// `next` is the byte behind name_; NUL at the end of the input.
void CharacterReference::end_name(char next, HtmlErrorSink* errors) {
    if (match_length_ == 0) {
        text_ += name_;
        ambiguous_ = true;
        return;
    }
    const bool semicolon = name_[match_length_ - 1] == ';';
    const char behind = match_length_ < name_.size() ? name_[match_length_] : next;
    if (!semicolon && in_attribute_ && (behind == '=' || is_html_alnum(behind))) {
        text_ += name_;
        return;
    }
    if (!semicolon)
        error(errors, HtmlError::missing_semicolon_after_character_reference, 1 + match_length_);
    const std::uint32_t value = entity_values[match_];
    text_.clear();
    put_utf8(text_, value & 0xFFFFFFU);
    if (value >> 24U != 0) put_utf8(text_, entity_seconds[(value >> 24U) - 1]);
    text_.append(name_, match_length_);
}

CharacterReference::Step CharacterReference::no_digits(HtmlErrorSink* errors) {
    error(errors, HtmlError::absence_of_digits_in_numeric_character_reference, length_);
    return Step::not_taken;
}

CharacterReference::Step CharacterReference::end_number(bool semicolon, HtmlErrorSink* errors) {
    if (!semicolon) error(errors, HtmlError::missing_semicolon_after_character_reference, length_);
    std::uint32_t character = number_;
    if (number_ == 0) {
        error(errors, HtmlError::null_character_reference, length_);
        character = 0xFFFD;
    } else if (number_ > number_max) {
        error(errors, HtmlError::character_reference_outside_unicode_range, length_);
        character = 0xFFFD;
    } else if (number_ >= 0xD800 && number_ <= 0xDFFF) {
        error(errors, HtmlError::surrogate_character_reference, length_);
        character = 0xFFFD;
    } else if ((number_ >= 0xFDD0 && number_ <= 0xFDEF) || (number_ & 0xFFFEU) == 0xFFFEU) {
        error(errors, HtmlError::noncharacter_character_reference, length_);
    } else if ((number_ < 0x20 && number_ != '\t' && number_ != '\n' && number_ != '\f') ||
               (number_ >= 0x7F && number_ <= 0x9F)) {
        error(errors, HtmlError::control_character_reference, length_);
        if (number_ >= 0x80 && windows_1252[number_ - 0x80] != 0)
            character = windows_1252[number_ - 0x80];
    }
    text_.clear();
    put_utf8(text_, character);
    return semicolon ? Step::taken_last : Step::not_taken;
}

void CharacterReference::finish(HtmlErrorSink* errors) {
    switch (phase_) {
        case Phase::begin: return;
        case Phase::name: end_name('\0', errors); return;
        case Phase::number:
        case Phase::hex_start: no_digits(errors); return;
        case Phase::hex:
        case Phase::decimal: end_number(false, errors); return;
    }
}

namespace {

// Reads one reference whose "&" is at raw[at]; returns the index behind it.
std::size_t decode_reference(std::string_view raw, std::size_t at, std::string& out,
                             CharacterReference& reference, HtmlErrorSink* errors) {
    ++at;
    auto step = CharacterReference::Step::taken;
    while (at < raw.size() && step == CharacterReference::Step::taken) {
        step = reference.take(raw[at], errors);
        if (step != CharacterReference::Step::not_taken) ++at;
    }
    if (step == CharacterReference::Step::taken) reference.finish(errors);
    out += reference.text();
    return at;
}

void decode(std::string_view raw, std::string& out, bool in_attribute, HtmlErrorSink* errors,
            std::uint64_t offset) {
    CharacterReference reference;
    bool ambiguous = false;
    std::size_t at = 0;
    while (at < raw.size()) {
        const char* const from = raw.data() + at;
        const char* const stop = special_in_value.find(from, raw.data() + raw.size());
        if (ambiguous && errors != nullptr) {
            const char* p = from;
            while (p < stop && is_html_alnum(*p)) ++p;
            if (p < stop && *p == ';')
                errors->on_error(HtmlError::unknown_named_character_reference,
                                 offset + static_cast<std::uint64_t>(p - raw.data()));
        }
        ambiguous = false;
        out.append(from, stop);
        at = static_cast<std::size_t>(stop - raw.data());
        if (at == raw.size()) return;
        if (raw[at] == '&') {
            reference.start(in_attribute, offset + at);
            at = decode_reference(raw, at, out, reference, errors);
            ambiguous = reference.is_ambiguous();
        } else if (raw[at] == '\r') {
            out += '\n';
            at += at + 1 < raw.size() && raw[at + 1] == '\n' ? 2U : 1U;
        } else {
            if (errors != nullptr)
                errors->on_error(HtmlError::unexpected_null_character, offset + at);
            out += replacement_character;
            ++at;
        }
    }
}

}  // namespace

void decode_attribute(std::string_view raw, std::string& out, HtmlErrorSink* errors,
                      std::uint64_t offset) {
    decode(raw, out, true, errors, offset);
}

void decode_text(std::string_view raw, std::string& out) { decode(raw, out, false, nullptr, 0); }

void normalise_text(std::string_view raw, std::string& out) {
    static constexpr ByteSet special(std::string_view("\r\0", 2));
    for (std::size_t at = 0; at < raw.size(); ++at) {
        const char* const stop = special.find(raw.data() + at, raw.data() + raw.size());
        out.append(raw.data() + at, stop);
        at = static_cast<std::size_t>(stop - raw.data());
        if (at == raw.size()) return;
        if (raw[at] == '\0') {
            out += replacement_character;
        } else {
            out += '\n';
            if (at + 1 < raw.size() && raw[at + 1] == '\n') ++at;
        }
    }
}

}  // namespace sluice::crawl
