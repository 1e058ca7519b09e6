// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/robots/robots_line.h"

#include "kernel/base/ascii.h"
#include "kernel/wire/utf8.h"

#include <array>
#include <optional>

namespace sluice::crawl {

namespace {

struct Spelling {
    std::string_view start;
    RobotsDirective directive;
};

/// A key that begins with one of these is that directive; the first in this order wins. The
/// misspelt ones are those that Google accepts.
constexpr std::array spellings = {
    Spelling{"user-agent", RobotsDirective::user_agent},
    Spelling{"useragent", RobotsDirective::user_agent},
    Spelling{"user agent", RobotsDirective::user_agent},
    Spelling{"allow", RobotsDirective::allow},
    Spelling{"disallow", RobotsDirective::disallow},
    Spelling{"dissallow", RobotsDirective::disallow},
    Spelling{"dissalow", RobotsDirective::disallow},
    Spelling{"disalow", RobotsDirective::disallow},
    Spelling{"diasllow", RobotsDirective::disallow},
    Spelling{"disallaw", RobotsDirective::disallow},
    Spelling{"sitemap", RobotsDirective::sitemap},
    Spelling{"site-map", RobotsDirective::sitemap},
    Spelling{"crawl-delay", RobotsDirective::crawl_delay},
    Spelling{"crawldelay", RobotsDirective::crawl_delay},
    Spelling{"crawl delay", RobotsDirective::crawl_delay},
    Spelling{"request-rate", RobotsDirective::request_rate},
};

std::optional<RobotsDirective> directive_of(std::string_view key) {
    for (const Spelling& spelling : spellings) {
        if (starts_with_ignoring_case(key, spelling.start)) return spelling.directive;
    }
    return std::nullopt;
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

struct KeyValue {
    std::string_view key;
    std::string_view value;
};

/// "key: value # comment"; without a colon blanks do, if there are exactly two words.
KeyValue split_line(std::string_view line) {
    line = line.substr(0, line.find('\0'));
    line = trim_ascii(line.substr(0, line.find('#')));
    std::size_t separator = line.find(':');
    if (separator == std::string_view::npos) {
        separator = line.find_first_of(" \t");
        if (separator == std::string_view::npos) return {};
        std::string_view second = line.substr(separator);
        while (!second.empty() && is_blank(second.front())) second.remove_prefix(1);
        if (second.find_first_of(" \t") != std::string_view::npos) return {};
    }
    return {.key = trim_ascii(line.substr(0, separator)),
            .value = trim_ascii(line.substr(separator + 1))};
}

void put_escaped(std::string& out, char c) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
}

bool is_escape(std::string_view text, std::size_t at) {
    return text[at] == '%' && at + 2 < text.size() && is_ascii_hex(text[at + 1]) &&
           is_ascii_hex(text[at + 2]);
}

bool is_normal(std::string_view pattern) {
    for (const char c : pattern) {
        if (c == '%' || (c & '\x80') != 0) return false;
    }
    return true;
}

/// The text of a body in UTF-16, whose byte order mark `big` tells apart, as UTF-8.
std::string from_utf16(std::string_view body, bool big) {
    std::string out;
    std::uint32_t high = 0;
    for (std::size_t at = 0; at + 1 < body.size(); at += 2) {
        const auto first = static_cast<unsigned char>(body[at]);
        const auto second = static_cast<unsigned char>(body[at + 1]);
        const std::uint32_t unit = big ? first * 256U + second : second * 256U + first;
        if (high != 0 && unit >= 0xDC00 && unit < 0xE000) {
            put_utf8(out, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
            high = 0;
            continue;
        }
        if (high != 0) put_utf8(out, 0xFFFD);
        high = unit >= 0xD800 && unit < 0xDC00 ? unit : 0;
        if (high == 0) put_utf8(out, unit);
    }
    return out;
}

void take_line(std::string_view text, std::uint32_t number,
               const std::function<void(const RobotsLine&)>& take) {
    const KeyValue pair = split_line(text.substr(0, robots_line_bytes_max));
    const auto directive = directive_of(pair.key);
    if (!directive) return;
    const bool is_rule =
        *directive == RobotsDirective::allow || *directive == RobotsDirective::disallow;
    if (is_rule && !is_normal(pair.value)) {
        const std::string pattern = normalise_robots_pattern(pair.value);
        take({.directive = *directive, .number = number, .value = pattern});
    } else {
        take({.directive = *directive, .number = number, .value = pair.value});
    }
}

void read_utf8_lines(std::string_view body, bool cut,
                     const std::function<void(const RobotsLine&)>& take) {
    // As much of the mark as there is: Google skips a cut mark, too.
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    for (std::size_t i = 0; i < mark.size() && !body.empty() && body.front() == mark[i]; ++i) {
        body.remove_prefix(1);
    }
    std::uint32_t number = 0;
    bool after_cr = false;
    while (true) {
        const std::size_t end = body.find_first_of("\r\n");
        if (end == std::string_view::npos) break;
        const bool second_half_of_crlf = end == 0 && after_cr && body[0] == '\n';
        if (!second_half_of_crlf) take_line(body.substr(0, end), ++number, take);
        after_cr = body[end] == '\r';
        body.remove_prefix(end + 1);
    }
    if (!cut) take_line(body, ++number, take);
}

}  // namespace

std::string normalise_robots_pattern(std::string_view pattern) {
    std::string out;
    out.reserve(pattern.size());
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (is_escape(pattern, at)) {
            out += '%';
            out += ascii_upper(pattern[++at]);
            out += ascii_upper(pattern[++at]);
        } else if ((pattern[at] & '\x80') != 0) {
            put_escaped(out, pattern[at]);
        } else {
            out += pattern[at];
        }
    }
    return out;
}

void read_robots_lines(std::string_view body, const std::function<void(const RobotsLine&)>& take) {
    const bool cut = body.size() > robots_bytes_max;
    body = body.substr(0, robots_bytes_max);
    if (body.starts_with("\xFF\xFE") || body.starts_with("\xFE\xFF")) {
        read_utf8_lines(from_utf16(body.substr(2), body[0] == '\xFE'), cut, take);
    } else {
        read_utf8_lines(body, cut, take);
    }
}

}  // namespace sluice::crawl
