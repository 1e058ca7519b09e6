// SPDX-License-Identifier: Apache-2.0
#include "kernel/base/bytes.h"

namespace sluice {

void put_varint(std::string& out, std::uint64_t value) {
    char buffer[10];
    std::size_t count = 0;
    while (value >= 0x80) {
        buffer[count++] = static_cast<char>(value | 0x80);
        value >>= 7;
    }
    buffer[count++] = static_cast<char>(value);
    out.append(buffer, count);
}

void put_big_endian(std::string& out, std::uint64_t value) {
    char buffer[8];
    for (int i = 7; i >= 0; --i) {
        buffer[i] = static_cast<char>(value & 0xff);
        value >>= 8;
    }
    out.append(buffer, sizeof buffer);
}

void put_string(std::string& out, std::string_view value) {
    put_varint(out, value.size());
    out.append(value);
}

std::uint64_t ByteReader::varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(rest_.front());
        rest_.remove_prefix(1);
        if (shift == 63 && byte > 1) break;  // more than 64 bits
        value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) return ok_ ? value : 0;
    }
    ok_ = false;
    rest_ = {};
    return 0;
}

std::uint64_t ByteReader::big_endian() {
    const std::string_view raw = take(8);
    std::uint64_t value = 0;
    for (const char c : raw) value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

std::string_view ByteReader::string() {
    const std::uint64_t size = varint();
    return take(size);
}

std::string_view ByteReader::take(std::size_t count) {
    if (count > rest_.size()) {
        ok_ = false;
        rest_ = {};
        return {};
    }
    const std::string_view out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return out;
}

}  // namespace sluice
