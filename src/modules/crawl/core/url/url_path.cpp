// SPDX-License-Identifier: Apache-2.0
// Paths and queries: what the parser writes behind the host.
#include "modules/crawl/core/url/url_parser.h"

#include <algorithm>
#include <array>
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

// What a byte of a path makes necessary, as bits.
constexpr std::uint8_t path_encode = 1;
constexpr std::uint8_t path_backslash = 2;
constexpr std::uint8_t path_dot = 4;          // a dot, or "%", which may begin one
constexpr std::uint8_t path_dot_segment = 8;  // one of these at the front of a segment
constexpr std::uint8_t path_end = 16;         // a query or a fragment begins

consteval std::array<std::uint8_t, 256> make_path_bytes() {
    std::array<std::uint8_t, 256> bytes{};
    for (std::size_t c = 0; c < 256; ++c)
        if ((detail::encode_sets[c] & static_cast<std::uint8_t>(EncodeSet::path)) != 0)
            bytes[c] = path_encode;
    bytes['\\'] = path_backslash;
    bytes['.'] = path_dot;
    bytes['%'] = path_dot;
    bytes['?'] |= path_end;
    bytes['#'] |= path_end;
    return bytes;
}

constexpr std::array<std::uint8_t, 256> path_bytes = make_path_bytes();

/// All that is to be known of a path, in one go: up to its end, or up to what follows it.
template <bool whole>
PathScan scan(std::string_view text) {
    PathScan out;
    for (; out.length < text.size(); ++out.length) {
        const std::uint8_t bits = path_bytes[static_cast<unsigned char>(text[out.length])];
        if (!whole && (bits & path_end) != 0) break;
        out.found |= bits;
        if ((bits & path_dot) != 0 && (out.length == 0 || text[out.length - 1] == '/'))
            out.found |= path_dot_segment;
    }
    return out;
}

/// Whether the path can be taken as it is: nothing to encode, no backslash, no segments of dots.
bool is_plain(unsigned found, bool special) {
    return (found & (path_encode | path_dot_segment)) == 0 &&
           !(special && (found & path_backslash) != 0);
}

/// Where the first segment ends: at a slash, or at the end.
std::size_t segment_length(std::string_view text, bool special) {
    if (!special) return std::min(text.find('/'), text.size());
    std::size_t end = 0;
    while (end < text.size() && text[end] != '/' && text[end] != '\\') ++end;
    return end;
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

PathScan scan_path(std::string_view rest) { return scan<false>(rest); }

void append_path(std::string_view text, PathContext context, std::string& out) {
    append_path(text, scan<true>(text), context, out);
}

void append_path(std::string_view text, PathScan scanned, PathContext context, std::string& out) {
    const bool special = context.scheme != Scheme::other;
    if (context.scheme != Scheme::file && is_plain(scanned.found, special)) {
        out += '/';
        out += text;
        return;
    }
    for (bool last = false; !last;) {
        const std::size_t end = segment_length(text, special);
        last = end == text.size();
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

namespace {

constexpr std::uint64_t every_byte = 0x0101010101010101U;
constexpr std::uint64_t high_bits = 0x8080808080808080U;

/// The bytes of a word that may need care: the high bit of each is set if it is not ASCII, a tab or
/// a newline, and may be set for bytes after one that is.
std::uint64_t bytes_of_care(std::uint64_t word) {
    const auto zeros = [](std::uint64_t x) { return (x - every_byte) & ~x; };
    return (word | zeros(word ^ every_byte * '\t') | zeros(word ^ every_byte * '\n') |
            zeros(word ^ every_byte * '\r')) &
           high_bits;
}

/// Whether there is nothing to clean, for certain.
bool is_clean(std::string_view input) {
    std::uint64_t found = 0;
    std::uint64_t word = every_byte * ' ';
    const char* at = input.data();
    std::size_t left = input.size();
    for (; left >= 8; at += 8, left -= 8) {
        std::memcpy(&word, at, 8);
        found |= bytes_of_care(word);
    }
    if (input.size() >= 8) {
        std::memcpy(&word, input.data() + input.size() - 8, 8);
        found |= bytes_of_care(word);
    } else {
        for (; left > 0; ++at, --left)
            if (*at == '\t' || *at == '\n' || *at == '\r' || static_cast<signed char>(*at) < 0)
                return false;
    }
    return found == 0;
}

}  // namespace

std::string_view clean_input(std::string_view input, std::string& buffer) {
    if (is_clean(input)) return input;
    const bool blanks = input.find_first_of("\t\n\r") != std::string_view::npos;
    const bool broken = !is_utf8(input);
    if (!blanks && !broken) return input;
    buffer = broken ? to_scalar_values(input) : std::string(input);
    std::erase_if(buffer, [](char c) { return c == '\t' || c == '\n' || c == '\r'; });
    return buffer;
}

}  // namespace sluice::crawl
