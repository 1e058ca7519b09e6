// SPDX-License-Identifier: Apache-2.0
// What the crawl's store keeps of each output file: how long it is, and a checksum of its end.
// Version 1: varint 1, length, where the checksummed end begins, its CRC-32. A change gets a new
// number here; a reader refuses a newer one.
#pragma once

#include "kernel/base/result.h"
#include "modules/crawl/core/frontier/types.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sluice::crawl {

struct FileMark {
    std::string name;
    std::uint64_t length = 0;
    std::uint64_t tail_begin = 0;  ///< the checksum is of the bytes from here
    std::uint32_t tail_crc = 0;

    /// Takes in that these bytes were appended.
    void grow(std::span<const std::string_view> parts);
};

Write mark_write(const FileMark& mark);
/// Errors: corrupt.
Result<FileMark> read_mark(const Write& write);

/// CRC-32 of gzip, going on from `crc`.
std::uint32_t crc32_of(std::uint32_t crc, std::string_view bytes);

}  // namespace sluice::crawl
