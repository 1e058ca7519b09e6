// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/url/host.h"

#include "modules/crawl/core/url/idna.h"
#include "modules/crawl/core/url/percent.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace sluice::crawl {
namespace {

enum class DomainByte : std::uint8_t { plain, upper, decode, forbidden };

consteval std::array<DomainByte, 256> make_domain_bytes() {
    std::array<DomainByte, 256> bytes{};
    for (std::size_t c = 0; c <= 0x20; ++c) bytes[c] = DomainByte::forbidden;
    for (std::size_t c = 'A'; c <= 'Z'; ++c) bytes[c] = DomainByte::upper;
    for (const char c : std::string_view("#/:<>?@[\\]^|\x7F"))
        bytes[static_cast<unsigned char>(c)] = DomainByte::forbidden;
    for (std::size_t c = 0x80; c < 256; ++c) bytes[c] = DomainByte::decode;
    bytes['%'] = DomainByte::decode;
    return bytes;
}

constexpr std::array<DomainByte, 256> domain_bytes = make_domain_bytes();

DomainByte domain_byte(char c) { return domain_bytes[static_cast<unsigned char>(c)]; }

bool is_forbidden_in_domain(char c) {
    return domain_byte(c) == DomainByte::forbidden || c == '%' || static_cast<signed char>(c) < 0;
}

bool is_forbidden_in_host(char c) {
    return std::string_view("\0\t\n\r #/:<>?@[\\]^|", 17).find(c) != std::string_view::npos;
}

UrlFault append_opaque_host(std::string_view input, std::string& out) {
    if (std::any_of(input.begin(), input.end(), is_forbidden_in_host))
        return UrlFault::host_invalid;
    append_encoded(input, EncodeSet::c0_control, out);
    return UrlFault::none;
}

UrlFault append_bracketed(std::string_view input, std::string& out) {
    if (input.back() != ']') return UrlFault::host_invalid;
    const auto pieces = parse_ipv6(input.substr(1, input.size() - 2));
    if (!pieces) return UrlFault::ipv6_invalid;
    out += '[';
    append_ipv6(*pieces, out);
    out += ']';
    return UrlFault::none;
}

/// A domain with "%" or characters that are not ASCII.
UrlFault append_encoded_domain(std::string_view input, std::string& out) {
    std::string domain = percent_decode(input);
    if (is_ascii(domain)) {
        std::transform(domain.begin(), domain.end(), domain.begin(), lower);
    } else {
        if (!is_utf8(domain)) domain = to_scalar_values(domain);
        auto ascii = domain_to_ascii(domain);
        if (!ascii) return UrlFault::domain_invalid;
        domain = *std::move(ascii);
    }
    if (domain.empty() || std::any_of(domain.begin(), domain.end(), is_forbidden_in_domain))
        return UrlFault::host_invalid;
    out += domain;
    return UrlFault::none;
}

/// The fast way: ASCII without "%" needs but its letters lowered.
UrlFault append_domain(std::string_view input, std::string& out) {
    const std::size_t start = out.size();
    out.append(input);
    char* to = out.data() + start;
    for (std::size_t i = 0; i < input.size(); ++i) {
        const DomainByte kind = domain_byte(input[i]);
        if (kind == DomainByte::plain) continue;
        if (kind == DomainByte::upper) {
            to[i] = lower(input[i]);
            continue;
        }
        out.resize(start);
        // UTS 46 may still make another character of a forbidden one: "<" and U+0338 become U+226E.
        const bool ascii =
            kind == DomainByte::forbidden && is_ascii(input) && input.find('%') == input.npos;
        return ascii ? UrlFault::host_invalid : append_encoded_domain(input, out);
    }
    return UrlFault::none;
}

/// The last label, but for a dot at the end.
std::string_view last_label(std::string_view domain) {
    if (domain.ends_with('.')) domain.remove_suffix(1);
    const std::size_t dot = domain.rfind('.');
    return dot == std::string_view::npos ? domain : domain.substr(dot + 1);
}

constexpr std::uint64_t ipv4_too_large = std::uint64_t{1} << 33U;

/// One part of an IPv4 address; numbers above all bounds become ipv4_too_large.
std::optional<std::uint64_t> parse_ipv4_number(std::string_view text) {
    if (text.empty()) return std::nullopt;
    unsigned radix = 10;
    if (text.size() >= 2 && text[0] == '0') {
        radix = lower(text[1]) == 'x' ? 16 : 8;
        text.remove_prefix(radix == 16 ? 2 : 1);
    }
    std::uint64_t value = 0;
    for (const char c : text) {
        if (!is_hex_digit(c) || hex_value(c) >= radix) return std::nullopt;
        value = std::min(value * radix + hex_value(c), ipv4_too_large);
    }
    return value;
}

/// Reads IPv6 addresses piece by piece; a member for what the standard calls pointer, address and
/// so on.
class Ipv6Reader {
public:
    explicit Ipv6Reader(std::string_view text) : text_(text) {}

    std::optional<Ipv6Pieces> read() {
        if (at(0) == ':') {
            if (at(1) != ':') return std::nullopt;
            pos_ = 2;
            compress_ = static_cast<int>(++piece_);
        }
        while (pos_ < text_.size())
            if (!read_piece()) return std::nullopt;
        if (compress_ < 0) return piece_ == 8 ? std::optional(pieces_) : std::nullopt;
        const auto first = pieces_.begin() + compress_;
        std::rotate(first, pieces_.begin() + piece_, pieces_.end());
        return pieces_;
    }

private:
    [[nodiscard]] char at(std::size_t pos) const { return pos < text_.size() ? text_[pos] : '\0'; }

    bool read_piece() {
        if (piece_ == 8) return false;
        if (at(pos_) == ':') {
            if (compress_ >= 0) return false;
            ++pos_;
            compress_ = static_cast<int>(++piece_);
            return true;
        }
        unsigned value = 0;
        std::size_t length = 0;
        for (; length < 4 && pos_ < text_.size() && is_hex_digit(text_[pos_]); ++length)
            value = value * 16 + hex_value(text_[pos_++]);
        if (at(pos_) == '.' && pos_ < text_.size()) {
            if (length == 0 || piece_ > 6) return false;
            pos_ -= length;
            return read_ipv4();
        }
        if (pos_ < text_.size()) {
            if (text_[pos_] != ':') return false;
            if (++pos_ == text_.size()) return false;
        }
        pieces_[piece_++] = static_cast<std::uint16_t>(value);
        return true;
    }

    /// Four decimal numbers without leading zeros, to the end of the text.
    bool read_ipv4() {
        unsigned seen = 0;
        for (; pos_ < text_.size(); ++seen) {
            if (seen > 0 && (seen == 4 || text_[pos_++] != '.')) return false;
            if (!is_digit(at(pos_))) return false;
            const std::size_t start = pos_;
            unsigned value = 0;
            for (; is_digit(at(pos_)); ++pos_) {
                value = value * 10 + hex_value(text_[pos_]);
                if (value > 255 || (pos_ > start && text_[start] == '0')) return false;
            }
            const unsigned piece = pieces_[piece_] * 256U + value;
            pieces_[piece_] = static_cast<std::uint16_t>(piece);
            if (seen % 2 == 1) ++piece_;
        }
        return seen == 4;
    }

    std::string_view text_;
    std::size_t pos_ = 0;
    Ipv6Pieces pieces_{};
    std::size_t piece_ = 0;
    int compress_ = -1;
};

/// Where the first longest run of at least two zeros begins, and its length; {8, 0} if there is
/// none.
std::pair<std::size_t, std::size_t> longest_zeros(const Ipv6Pieces& pieces) {
    std::pair<std::size_t, std::size_t> longest{8, 0};
    for (std::size_t i = 0; i < 8; ++i) {
        std::size_t length = 0;
        while (i + length < 8 && pieces[i + length] == 0) ++length;
        if (length > 1 && length > longest.second) longest = {i, length};
        i += length;
    }
    return longest;
}

}  // namespace

UrlFault append_host(std::string_view input, bool opaque, std::string& out, HostKind& kind) {
    if (input.front() == '[') {
        kind = HostKind::ipv6;
        return append_bracketed(input, out);
    }
    if (opaque) {
        kind = HostKind::opaque;
        return append_opaque_host(input, out);
    }
    const std::size_t start = out.size();
    kind = HostKind::domain;
    if (const UrlFault fault = append_domain(input, out); fault != UrlFault::none) return fault;
    const std::string_view domain = std::string_view(out).substr(start);
    if (!ends_in_number(domain)) return UrlFault::none;
    const auto address = parse_ipv4(domain);
    out.resize(start);
    if (!address) return UrlFault::ipv4_invalid;
    kind = HostKind::ipv4;
    append_ipv4(*address, out);
    return UrlFault::none;
}

bool ends_in_number(std::string_view domain) {
    const std::string_view label = last_label(domain);
    if (label.empty() || !is_digit(label.front())) return false;
    if (std::all_of(label.begin(), label.end(), is_digit)) return true;
    return label.size() >= 2 && lower(label[1]) == 'x' && label[0] == '0' &&
           std::all_of(label.begin() + 2, label.end(), is_hex_digit);
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
    if (text.size() > 1 && text.ends_with('.')) text.remove_suffix(1);
    std::array<std::uint64_t, 4> numbers{};
    std::size_t count = 0;
    for (bool more = true; more; ++count) {
        if (count == 4) return std::nullopt;
        const std::size_t dot = text.find('.');
        const auto number = parse_ipv4_number(text.substr(0, dot));
        if (!number) return std::nullopt;
        numbers[count] = *number;
        more = dot != std::string_view::npos;
        if (more) text.remove_prefix(dot + 1);
    }
    std::uint64_t address = numbers[count - 1];
    if (address >= std::uint64_t{1} << (8 * (5 - count))) return std::nullopt;
    for (std::size_t i = 0; i + 1 < count; ++i) {
        if (numbers[i] > 255) return std::nullopt;
        address += numbers[i] << (8 * (3 - i));
    }
    return static_cast<std::uint32_t>(address);
}

void append_ipv4(std::uint32_t address, std::string& out) {
    for (unsigned shift = 32; shift > 0;) {
        shift -= 8;
        out += std::to_string(address >> shift & 255U);
        if (shift > 0) out += '.';
    }
}

std::optional<Ipv6Pieces> parse_ipv6(std::string_view text) { return Ipv6Reader(text).read(); }

void append_ipv6(const Ipv6Pieces& pieces, std::string& out) {
    const auto [zeros, length] = longest_zeros(pieces);
    for (std::size_t i = 0; i < 8; ++i) {
        if (i == zeros) {
            out += i == 0 ? "::" : ":";
            i += length - 1;
            continue;
        }
        bool leading = true;
        for (unsigned shift = 16; shift > 0;) {
            shift -= 4;
            const unsigned digit = static_cast<unsigned>(pieces[i]) >> shift & 15U;
            if (leading && digit == 0 && shift > 0) continue;
            leading = false;
            out += "0123456789abcdef"[digit];
        }
        if (i != 7) out += ':';
    }
}

}  // namespace sluice::crawl
