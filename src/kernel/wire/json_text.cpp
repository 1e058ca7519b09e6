// SPDX-License-Identifier: Apache-2.0
// Escaping and the writer's bookkeeping.
#include "kernel/wire/json_text.h"

#include "kernel/base/check.h"
#include "kernel/wire/utf8.h"

#include <charconv>
#include <cmath>

namespace sluice {
namespace {

bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

void put_escaped(std::string& out, char c) {
    constexpr std::string_view hex = "0123456789abcdef";
    switch (c) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\b': out += "\\b"; return;
        case '\f': out += "\\f"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default: break;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += "\\u00";
    out += hex[byte >> 4];
    out += hex[byte & 15];
}

}  // namespace

void put_json_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        std::size_t plain = 0;
        while (plain < text.size() && is_plain(text[plain])) ++plain;
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) break;
        if (static_cast<unsigned char>(text.front()) < 0x80) {
            put_escaped(out, text.front());
            text.remove_prefix(1);
            continue;
        }
        const Utf8Step step = utf8_step(text);
        out.append(step.valid ? text.substr(0, step.length) : "\xEF\xBF\xBD");
        text.remove_prefix(step.length);
    }
    out += '"';
}

std::string json_escape(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 2);
    put_json_string(out, text);
    return out;
}

void JsonWriter::before_value() {
    if (depth_ == 0) {
        SLUICE_CHECK(!has_value_);
        has_value_ = true;
        return;
    }
    if ((in_object_ & level()) != 0) {
        SLUICE_CHECK(key_open_);
        key_open_ = false;
        return;
    }
    if ((filled_ & level()) != 0) out_ += ',';
    filled_ |= level();
}

void JsonWriter::open(char bracket, bool object) {
    before_value();
    SLUICE_CHECK(depth_ < json_depth_max);
    ++depth_;
    in_object_ = object ? in_object_ | level() : in_object_ & ~level();
    filled_ &= ~level();
    out_ += bracket;
}

void JsonWriter::close(char bracket, bool object) {
    SLUICE_CHECK(depth_ > 0 && !key_open_ && ((in_object_ & level()) != 0) == object);
    --depth_;
    out_ += bracket;
}

JsonWriter& JsonWriter::begin_object() { return open('{', true), *this; }
JsonWriter& JsonWriter::end_object() { return close('}', true), *this; }
JsonWriter& JsonWriter::begin_array() { return open('[', false), *this; }
JsonWriter& JsonWriter::end_array() { return close(']', false), *this; }

JsonWriter& JsonWriter::key(std::string_view name) {
    SLUICE_CHECK(depth_ > 0 && !key_open_ && (in_object_ & level()) != 0);
    if ((filled_ & level()) != 0) out_ += ',';
    filled_ |= level();
    key_open_ = true;
    put_json_string(out_, name);
    out_ += ':';
    return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
    before_value();
    put_json_string(out_, text);
    return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t number) {
    char digits[24];
    return raw({digits, std::to_chars(digits, digits + sizeof digits, number).ptr});
}

JsonWriter& JsonWriter::unsigned_integer(std::uint64_t number) {
    char digits[24];
    return raw({digits, std::to_chars(digits, digits + sizeof digits, number).ptr});
}

JsonWriter& JsonWriter::number(double number) {
    if (!std::isfinite(number)) return null();
    char digits[40];
    return raw({digits, std::to_chars(digits, digits + sizeof digits, number).ptr});
}

JsonWriter& JsonWriter::boolean(bool value) { return raw(value ? "true" : "false"); }
JsonWriter& JsonWriter::null() { return raw("null"); }

JsonWriter& JsonWriter::raw(std::string_view json) {
    before_value();
    out_ += json;
    return *this;
}

}  // namespace sluice
