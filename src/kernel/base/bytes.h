// SPDX-License-Identifier: Apache-2.0
// Sizes as a type, and little-endian/varint coding of numbers into byte strings.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

/// A number of bytes.
struct Bytes {
    std::uint64_t count = 0;
    friend constexpr auto operator<=>(Bytes, Bytes) = default;
};
constexpr Bytes kib(std::uint64_t n) { return Bytes{n * 1024}; }
constexpr Bytes mib(std::uint64_t n) { return Bytes{n * 1024 * 1024}; }

/// Appends `value` as LEB128: 1 to 10 bytes, small numbers short.
void put_varint(std::string& out, std::uint64_t value);
/// Appends `value` as eight bytes, most significant first, so that bytes sort as the numbers do.
void put_big_endian(std::string& out, std::uint64_t value);
/// Appends the length as varint, then the bytes.
void put_string(std::string& out, std::string_view value);

/// Reads what put_… wrote. After a failed read every further read fails as well, so one check at
/// the end is enough.
class ByteReader {
public:
    explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

    std::uint64_t varint();
    std::uint64_t big_endian();
    /// A view into the bytes that were given to the constructor.
    std::string_view string();
    std::string_view take(std::size_t count);
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace sluice
