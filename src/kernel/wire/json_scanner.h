// SPDX-License-Identifier: Apache-2.0
// JsonScanner: one pass over a text that checks it is strict JSON and tells a sink what it found.
// Never reads past the end, needs no padding, uses no recursion. An inner part of json_reader;
// others include that.
#pragma once

#include "kernel/wire/json_text.h"
#include "kernel/wire/utf8.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice::detail {

/// What a number's text is, before anybody reads its value.
struct JsonNumberText {
    bool is_integer = true;
    bool is_negative = false;
    unsigned digits = 0;  ///< Of the integer part.
};

/// Scans `text` once. The sink has: open(at, object) -> index, close(index, end),
/// string(begin, end, escaped), number(begin, end, JsonNumberText), word(begin, end); each returns
/// or leaves `sink.full()` true to stop the scan.
template <class Sink>
class JsonScanner {
public:
    JsonScanner(std::string_view text, unsigned depth_max, Sink& sink)
        : start_(text.data()),
          at_(text.data()),
          end_(text.data() + text.size()),
          depth_max_(depth_max < json_depth_max ? depth_max : json_depth_max),
          sink_(sink) {}

    /// True if the whole text is one JSON value; else see problem() and offset().
    bool run() {
        while (true) {
            bool complete = false;
            if (!begin_value(complete)) return false;
            while (complete) {
                if (depth_ == 0) return expect_end();
                if (!after_value(complete)) return false;
            }
            if (sink_.full()) return failed("too many values");
        }
    }
    [[nodiscard]] const char* problem() const { return problem_; }
    [[nodiscard]] std::uint32_t offset() const { return here(); }

private:
    struct Open {
        std::uint32_t index;
        bool object;
    };

    [[nodiscard]] std::uint32_t here() const { return static_cast<std::uint32_t>(at_ - start_); }
    bool failed(const char* problem) {
        problem_ = problem;
        return false;
    }
    void skip_blanks() {
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
    }
    bool expect_end() {
        skip_blanks();
        return at_ == end_ || failed("something follows the value");
    }

    bool begin_value(bool& complete) {
        skip_blanks();
        if (at_ == end_) return failed("a value is missing");
        const std::uint32_t begin = here();
        switch (*at_) {
            case '{': return open(true, complete);
            case '[': return open(false, complete);
            case '"': return complete = true, string();
            case 't': return complete = true, word(begin, "true");
            case 'f': return complete = true, word(begin, "false");
            case 'n': return complete = true, word(begin, "null");
            default: return complete = true, number(begin);
        }
    }

    bool open(bool object, bool& complete) {
        if (depth_ == depth_max_) return failed("nested too deep");
        opened_[depth_++] = {sink_.open(here(), object), object};
        ++at_;
        skip_blanks();
        if (at_ != end_ && *at_ == (object ? '}' : ']')) {
            close();
            complete = true;
            return true;
        }
        return !object || key();
    }

    void close() {
        ++at_;
        sink_.close(opened_[--depth_].index, here());
    }

    /// After a value inside a container: a comma and what must follow it, or the end.
    bool after_value(bool& complete) {
        const bool object = opened_[depth_ - 1].object;
        skip_blanks();
        if (at_ == end_) return failed("the end is missing");
        if (*at_ == (object ? '}' : ']')) {
            close();
            return true;
        }
        if (*at_ != ',') return failed("expected a comma or the end");
        ++at_;
        complete = false;
        return !object || key();
    }

    bool key() {
        skip_blanks();
        if (at_ == end_ || *at_ != '"') return failed("expected a name in quotes");
        if (!string()) return false;
        skip_blanks();
        if (at_ == end_ || *at_ != ':') return failed("expected a colon");
        ++at_;
        return true;
    }

    bool word(std::uint32_t begin, std::string_view expected) {
        if (static_cast<std::size_t>(end_ - at_) < expected.size() ||
            std::memcmp(at_, expected.data(), expected.size()) != 0) {
            return failed("expected a value");
        }
        at_ += expected.size();
        sink_.word(begin, here());
        return true;
    }

    unsigned skip_digits() {
        const char* first = at_;
        while (at_ != end_ && *at_ >= '0' && *at_ <= '9') ++at_;
        return static_cast<unsigned>(at_ - first);
    }

    bool number(std::uint32_t begin) {
        JsonNumberText text;
        if (*at_ == '-') {
            text.is_negative = true;
            ++at_;
        }
        const bool zero = at_ != end_ && *at_ == '0';
        text.digits = skip_digits();
        if (text.digits == 0) return failed("expected a value");
        if (zero && text.digits > 1) return failed("a number must not begin with 0");
        if (at_ != end_ && *at_ == '.') {
            text.is_integer = false;
            ++at_;
            if (skip_digits() == 0) return failed("digits are missing after the point");
        }
        if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
            text.is_integer = false;
            ++at_;
            if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
            if (skip_digits() == 0) return failed("digits are missing in the exponent");
        }
        sink_.number(begin, here(), text);
        return true;
    }

    /// Moves over bytes that mean themselves: printable ASCII without quote and backslash.
    void skip_plain() {
        constexpr std::uint64_t ones = 0x0101010101010101;
        constexpr std::uint64_t tops = 0x8080808080808080;
        static_assert(std::endian::native == std::endian::little);
        while (end_ - at_ >= 8) {
            std::uint64_t block = 0;
            std::memcpy(&block, at_, 8);
            const std::uint64_t quote = block ^ (ones * '"');
            const std::uint64_t slash = block ^ (ones * '\\');
            // A zero byte, a byte below 0x20 or one above 0x7F leaves its top bit. Borrows can
            // raise false alarms only in bytes after the first true one, which is where this stops.
            const std::uint64_t special = (((quote - ones) & ~quote) | ((slash - ones) & ~slash) |
                                           (block - ones * 0x20) | block) &
                                          tops;
            if (special != 0) {
                at_ += std::countr_zero(special) / 8;
                return;
            }
            at_ += 8;
        }
        while (at_ != end_) {
            const auto byte = static_cast<unsigned char>(*at_);
            if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') break;
            ++at_;
        }
    }

    bool string() {
        const std::uint32_t begin = here();
        ++at_;
        bool escaped = false;
        while (true) {
            skip_plain();
            if (at_ == end_) return failed("a string does not end");
            const auto byte = static_cast<unsigned char>(*at_);
            if (byte == '"') break;
            if (byte == '\\') {
                escaped = true;
                if (!escape()) return false;
            } else if (byte >= 0x80) {
                const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
                const Utf8Step step = utf8_step(rest);
                if (!step.valid) return failed("invalid UTF-8");
                at_ += step.length;
            } else {
                return failed("a control character in a string");
            }
        }
        ++at_;
        sink_.string(begin, here(), escaped);
        return true;
    }

    bool escape() {
        ++at_;
        if (at_ == end_) return failed("a string does not end");
        const char kind = *at_++;
        if (kind != 'u') {
            const bool known = std::string_view("\"\\/bfnrt").find(kind) != std::string_view::npos;
            return known || failed("an unknown escape");
        }
        for (int i = 0; i < 4; ++i, ++at_) {
            if (at_ == end_) return failed("a string does not end");
            const char c = *at_;
            const bool hex =
                (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
            if (!hex) return failed("\\u needs four hexadecimal digits");
        }
        return true;
    }

    const char* start_;
    const char* at_;
    const char* end_;
    unsigned depth_max_;
    unsigned depth_ = 0;
    Sink& sink_;
    const char* problem_ = "";
    std::array<Open, json_depth_max> opened_;
};

}  // namespace sluice::detail
