// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/url/punycode.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace sluice::crawl::idna {
namespace {

constexpr std::uint32_t base = 36;
constexpr std::uint32_t t_min = 1;
constexpr std::uint32_t t_max = 26;
constexpr std::uint32_t skew = 38;
constexpr std::uint32_t damp = 700;
constexpr std::uint32_t first_bias = 72;
constexpr char32_t first_code = 0x80;
constexpr std::uint64_t number_max = std::numeric_limits<std::uint32_t>::max();

std::uint32_t adapt(std::uint64_t delta, std::uint64_t count, bool first) {
    delta = first ? delta / damp : delta / 2;
    delta += delta / count;
    std::uint32_t k = 0;
    for (; delta > (base - t_min) * t_max / 2; k += base) delta /= base - t_min;
    return k + static_cast<std::uint32_t>((base - t_min + 1) * delta / (delta + skew));
}

std::uint32_t threshold(std::uint32_t k, std::uint32_t bias) {
    return k <= bias ? t_min : std::min(k - bias, t_max);
}

char to_digit(std::uint64_t value) {
    return static_cast<char>(value < 26 ? 'a' + value : '0' + (value - 26));
}

std::optional<std::uint32_t> from_digit(char32_t c) {
    if (c >= 'a' && c <= 'z') return c - 'a';
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= '0' && c <= '9') return c - '0' + 26;
    return std::nullopt;
}

void append_number(std::uint64_t number, std::uint32_t bias, std::string& out) {
    for (std::uint32_t k = base;; k += base) {
        const std::uint32_t t = threshold(k, bias);
        if (number < t) break;
        out += to_digit(t + (number - t) % (base - t));
        number = (number - t) / (base - t);
    }
    out += to_digit(number);
}

}  // namespace

bool append_punycode(std::u32string_view label, std::string& out) {
    std::uint64_t done = 0;
    for (const char32_t c : label) {
        if (c >= first_code) continue;
        out += static_cast<char>(c);
        ++done;
    }
    const std::uint64_t basic = done;
    if (basic > 0) out += '-';
    std::uint64_t delta = 0;
    std::uint32_t bias = first_bias;
    for (char32_t code = first_code; done < label.size(); ++code, ++delta) {
        char32_t next = std::numeric_limits<char32_t>::max();
        for (const char32_t c : label)
            if (c >= code) next = std::min(next, c);
        delta += std::uint64_t{next - code} * (done + 1);
        code = next;
        for (const char32_t c : label) {
            if (c < code) ++delta;
            if (delta > number_max) return false;
            if (c != code) continue;
            append_number(delta, bias, out);
            bias = adapt(delta, done + 1, done == basic);
            delta = 0;
            ++done;
        }
    }
    return true;
}

std::optional<std::u32string> decode_punycode(std::u32string_view text) {
    const std::size_t dash = text.rfind(U'-');
    const bool has_dash = dash != std::u32string_view::npos;
    std::u32string out(text.begin(), text.begin() + (has_dash ? dash : 0));
    if (has_dash) text.remove_prefix(dash + 1);
    if (std::any_of(out.begin(), out.end(), [](char32_t c) { return c >= first_code; }))
        return std::nullopt;
    std::uint64_t code = first_code;
    std::uint64_t place = 0;
    std::uint32_t bias = first_bias;
    while (!text.empty()) {
        const std::uint64_t before = place;
        std::uint64_t weight = 1;
        for (std::uint32_t k = base;; k += base) {
            const auto digit = text.empty() ? std::nullopt : from_digit(text.front());
            if (!digit) return std::nullopt;
            text.remove_prefix(1);
            place += *digit * weight;
            if (place > number_max) return std::nullopt;
            const std::uint32_t t = threshold(k, bias);
            if (*digit < t) break;
            weight *= base - t;
            if (weight > number_max) return std::nullopt;
        }
        const std::uint64_t count = out.size() + 1;
        bias = adapt(place - before, count, before == 0);
        code += place / count;
        place %= count;
        if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return std::nullopt;
        out += static_cast<char32_t>(code);
        std::rotate(out.begin() + static_cast<std::ptrdiff_t>(place), out.end() - 1, out.end());
        ++place;
    }
    return out;
}

}  // namespace sluice::crawl::idna
