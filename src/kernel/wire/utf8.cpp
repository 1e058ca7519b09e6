// SPDX-License-Identifier: Apache-2.0
// Table 3-7 of the Unicode standard, as code.
#include "kernel/wire/utf8.h"

namespace sluice {
namespace {

struct Lead {
    std::size_t length = 0;  ///< 0: not a lead byte.
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
};

Lead lead_of(unsigned char byte) {
    if (byte >= 0xC2 && byte <= 0xDF) return {2};
    if (byte == 0xE0) return {3, 0xA0, 0xBF};
    if (byte == 0xED) return {3, 0x80, 0x9F};
    if (byte >= 0xE1 && byte <= 0xEF) return {3};
    if (byte == 0xF0) return {4, 0x90, 0xBF};
    if (byte >= 0xF1 && byte <= 0xF3) return {4};
    if (byte == 0xF4) return {4, 0x80, 0x8F};
    return {};
}

}  // namespace

Utf8Step utf8_step(std::string_view bytes) {
    const auto first = static_cast<unsigned char>(bytes.front());
    if (first < 0x80) return {1, true};
    Lead lead = lead_of(first);
    if (lead.length == 0) return {1, false};
    for (std::size_t i = 1; i < lead.length; ++i) {
        if (i == bytes.size()) return {i, false};
        const auto byte = static_cast<unsigned char>(bytes[i]);
        if (byte < lead.low || byte > lead.high) return {i, false};
        lead.low = 0x80;
        lead.high = 0xBF;
    }
    return {lead.length, true};
}

void put_utf8(std::string& out, std::uint32_t character) {
    const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
    const std::uint32_t c = surrogate || character > 0x10FFFF ? 0xFFFD : character;
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0 | (c >> 6));
        put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        put(0xE0 | (c >> 12));
        put(0x80 | ((c >> 6) & 0x3F));
        put(0x80 | (c & 0x3F));
    } else {
        put(0xF0 | (c >> 18));
        put(0x80 | ((c >> 12) & 0x3F));
        put(0x80 | ((c >> 6) & 0x3F));
        put(0x80 | (c & 0x3F));
    }
}

}  // namespace sluice
