// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/json_values.h"

namespace sluice::work {

namespace {
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
}  // namespace

Error JsonValues::wrong(std::string_view why) const {
    return fail(Code::invalid, "line " + std::to_string(line_) + ": " + std::string(why));
}

Status JsonValues::give(const Take& take) {
    place_ = Place::after_value;
    SLUICE_TRY_STATUS(take(value_, value_line_));
    value_.clear();
    return {};
}

Status JsonValues::step_in_value(char c, const Take& take) {
    const bool container = value_.front() == '{' || value_.front() == '[';
    const bool plain = !container && value_.front() != '"';
    // A number or word ends before what ends it.
    if (plain && (is_blank(c) || c == ',' || c == ']' || c == '{' || c == '[' || c == '"')) {
        SLUICE_TRY_STATUS(give(take));
        return step_outside(c);
    }
    if (value_.size() == value_bytes_max_) {
        return fail(Code::exhausted, "line " + std::to_string(value_line_) +
                                         ": a value is longer than " +
                                         std::to_string(value_bytes_max_) + " bytes");
    }
    value_ += c;
    if (in_string_) {
        if (escaped_) {
            escaped_ = false;
        } else if (c == '\\') {
            escaped_ = true;
        } else if (c == '"') {
            in_string_ = false;
            if (!container) return give(take);
        }
        return {};
    }
    if (c == '"') in_string_ = true;
    if (c == '{' || c == '[') ++depth_;
    if ((c == '}' || c == ']') && --depth_ == 0) return give(take);
    return {};
}

Status JsonValues::step_outside(char c) {
    if (is_blank(c)) return {};
    if (place_ == Place::start && c == '[') {
        array_ = true;
        place_ = Place::between;
        return {};
    }
    if (place_ == Place::after_array) return wrong("something stands behind the array");
    if (array_ && c == ']') {
        if (place_ == Place::after_comma) return wrong("the array ends after a comma");
        place_ = Place::after_array;
        return {};
    }
    if (array_ && place_ == Place::after_value) {
        if (c != ',') return wrong("a comma or the end of the array is missing");
        place_ = Place::after_comma;
        return {};
    }
    if (c == ',' || c == ']' || c == '}' || c == ':') return wrong("a value is missing");
    place_ = Place::in_value;
    value_.assign(1, c);
    value_line_ = line_;
    in_string_ = c == '"';
    escaped_ = false;
    depth_ = c == '{' || c == '[' ? 1 : 0;
    return {};
}

Status JsonValues::step(char c, const Take& take) {
    auto status = place_ == Place::in_value ? step_in_value(c, take) : step_outside(c);
    if (c == '\n') ++line_;
    return status;
}

Status JsonValues::feed(std::string_view bytes, const Take& take) {
    for (const char c : bytes) SLUICE_TRY_STATUS(step(c, take));
    return {};
}

Status JsonValues::finish(const Take& take) {
    if (place_ == Place::in_value) {
        const bool plain = value_.front() != '{' && value_.front() != '[' && value_.front() != '"';
        if (!plain) {
            return fail(Code::invalid, "the text ends in the value that begins in line " +
                                           std::to_string(value_line_));
        }
        SLUICE_TRY_STATUS(give(take));
    }
    if (array_ && place_ != Place::after_array) return wrong("the array does not end");
    return {};
}

}  // namespace sluice::work
