// SPDX-License-Identifier: Apache-2.0
// Paths and queries: what the parser writes behind the host.
#include "modules/crawl/core/url/url_parser.h"

#include <cstring>

namespace sluice::crawl {
namespace {

/// "." or "%2e" at the front: how many bytes it has, 0 if it is not there.
std::size_t dot_length(std::string_view text) {
    if (text.starts_with('.')) return 1;
    if (text.size() >= 3 && text[0] == '%' && text[1] == '2' && lower(text[2]) == 'e') return 3;
    return 0;
}

/// How many dots the segment consists of: 0, 1 or 2. Anything else is 0.
int count_dots(std::string_view segment) {
    if (segment.empty() || segment.size() > 6) return 0;
    const std::size_t first = dot_length(segment);
    if (first == 0) return 0;
    if (first == segment.size()) return 1;
    const std::size_t second = dot_length(segment.substr(first));
    return second != 0 && first + second == segment.size() ? 2 : 0;
}

/// Whether the path has to be taken segment by segment: bytes to encode, a backslash, or segments
/// of dots.
bool is_plain_path(std::string_view text, bool special) {
    bool slash = true;
    for (const char c : text) {
        if (must_encode(c, EncodeSet::path) || (special && c == '\\')) return false;
        // A segment that begins with a dot, or with what may be one.
        if (slash && (c == '.' || c == '%')) return false;
        slash = c == '/';
    }
    return true;
}

void append_segment(std::string_view segment, PathContext context, std::string& out) {
    if (context.scheme == Scheme::file && out.size() == context.start && is_drive_letter(segment)) {
        out += '/';
        out += segment[0];
        out += ':';
        return;
    }
    out += '/';
    append_encoded(segment, EncodeSet::path, out);
}

}  // namespace

bool is_drive_letter(std::string_view text) {
    return text.size() == 2 && is_alpha(text[0]) && (text[1] == ':' || text[1] == '|');
}

bool starts_with_drive_letter(std::string_view text) {
    return is_drive_letter(text.substr(0, 2)) &&
           (text.size() == 2 || std::string_view("/\\?#").find(text[2]) != std::string_view::npos);
}

void shorten_path(PathContext context, std::string& out) {
    if (out.size() == context.start) return;
    const std::size_t slash = out.rfind('/');
    // The drive letter of a file stays.
    if (context.scheme == Scheme::file && slash == context.start && out.size() == slash + 3 &&
        is_alpha(out[slash + 1]) && out[slash + 2] == ':')
        return;
    out.resize(slash);
}

void append_path(std::string_view text, PathContext context, std::string& out) {
    const bool special = context.scheme != Scheme::other;
    if (context.scheme != Scheme::file && is_plain_path(text, special)) {
        out += '/';
        out += text;
        return;
    }
    for (bool last = false; !last;) {
        const std::size_t end = special ? text.find_first_of("/\\") : text.find('/');
        last = end == std::string_view::npos;
        const std::string_view segment = text.substr(0, end);
        const int dots = count_dots(segment);
        if (dots == 0) append_segment(segment, context, out);
        if (dots == 2) shorten_path(context, out);
        if (dots != 0 && last) out += '/';
        if (!last) text.remove_prefix(end + 1);
    }
}

void append_opaque_path(std::string_view text, bool more_follows, std::string& out) {
    const bool last_space = more_follows && text.ends_with(' ');
    if (last_space) text.remove_suffix(1);
    append_encoded(text, EncodeSet::c0_control, out);
    if (last_space) out += "%20";
}

void append_query(std::string_view text, Scheme scheme, QueryEncoder* encoder, std::string& out) {
    const EncodeSet set = scheme == Scheme::other ? EncodeSet::query : EncodeSet::special_query;
    const bool own_encoding = encoder != nullptr && scheme != Scheme::other &&
                              scheme != Scheme::ws && scheme != Scheme::wss;
    if (!own_encoding) return append_encoded(text, set, out);
    for (bool more = true; more;) {
        std::string bytes;
        const QueryEncoder::Step step = encoder->encode(text, bytes);
        append_encoded(bytes, set, out);
        more = step.missing != 0;
        if (more) out.append("%26%23").append(std::to_string(step.missing)).append("%3B");
        text.remove_prefix(step.taken < text.size() ? step.taken : text.size());
    }
}

std::optional<std::uint32_t> read_port(std::string_view text, std::size_t& digits) {
    std::uint32_t port = 0;
    for (digits = 0; digits < text.size() && is_digit(text[digits]); ++digits) {
        port = port * 10 + hex_value(text[digits]);
        if (port > 65535) return std::nullopt;
    }
    return port;
}

std::string_view clean_input(std::string_view input, std::string& buffer) {
    // Eight bytes at a time: a tab, a newline or a byte that is not ASCII, anywhere?
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t high = 0x8080808080808080U;
    const auto zeros = [](std::uint64_t word) { return (word - ones) & ~word; };
    std::uint64_t found_high = 0;
    std::uint64_t found_blank = 0;
    const char* at = input.data();
    for (std::size_t left = input.size(); left > 0;) {
        std::uint64_t word = ones * ' ';
        const std::size_t take = left < 8 ? left : 8;
        std::memcpy(&word, at, take);
        found_high |= word;
        found_blank |=
            zeros(word ^ ones * '\t') | zeros(word ^ ones * '\n') | zeros(word ^ ones * '\r');
        at += take;
        left -= take;
    }
    if (((found_high | found_blank) & high) == 0) return input;
    const bool blanks = input.find_first_of("\t\n\r") != std::string_view::npos;
    const bool broken = (found_high & high) != 0 && !is_utf8(input);
    if (!blanks && !broken) return input;
    buffer = broken ? to_scalar_values(input) : std::string(input);
    std::erase_if(buffer, [](char c) { return c == '\t' || c == '\n' || c == '\r'; });
    return buffer;
}

}  // namespace sluice::crawl
