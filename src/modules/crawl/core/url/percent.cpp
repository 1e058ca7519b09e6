// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/url/percent.h"

#include "kernel/wire/utf8.h"

#include <cstring>

namespace sluice::crawl {

void append_percent_byte(char byte, std::string& out) {
    constexpr char digits[] = "0123456789ABCDEF";
    const auto value = static_cast<unsigned char>(byte);
    const char triplet[3] = {'%', digits[value >> 4U], digits[value & 15U]};
    out.append(triplet, 3);
}

void append_encoded(std::string_view text, EncodeSet set, std::string& out) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!must_encode(text[i], set)) continue;
        out.append(text, kept, i - kept);
        append_percent_byte(text[i], out);
        kept = i + 1;
    }
    out.append(text, kept, text.size() - kept);
}

std::string percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_percent_triplet(text, i)) {
            out += static_cast<char>(hex_value(text[i + 1]) << 4U | hex_value(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string to_scalar_values(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size() + 8);
    while (!bytes.empty()) {
        const Utf8Step step = utf8_step(bytes);
        if (step.valid)
            out.append(bytes, 0, step.length);
        else
            out += "\xEF\xBF\xBD";
        bytes.remove_prefix(step.length);
    }
    return out;
}

bool is_utf8(std::string_view bytes) {
    while (!bytes.empty()) {
        if (static_cast<signed char>(bytes.front()) >= 0) {
            bytes.remove_prefix(1);
            continue;
        }
        const Utf8Step step = utf8_step(bytes);
        if (!step.valid) return false;
        bytes.remove_prefix(step.length);
    }
    return true;
}

bool is_ascii(std::string_view bytes) {
    constexpr std::uint64_t high = 0x8080808080808080U;
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), 8);
        if ((word & high) != 0) return false;
    }
    for (const char c : bytes)
        if (static_cast<signed char>(c) < 0) return false;
    return true;
}

}  // namespace sluice::crawl
