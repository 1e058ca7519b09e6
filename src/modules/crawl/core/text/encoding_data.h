// SPDX-License-Identifier: Apache-2.0
// The tables behind encodings: what decoders and encoders look up. Private to this folder; the data
// lies in encoding_data.cpp, once.
#pragma once

#include "modules/crawl/core/text/encoding.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace sluice::crawl::encoding_data {

enum class Index : std::uint8_t { big5, euc_kr, gb18030, jis0208, jis0212 };

/// The character at a place of an index, 0 if there is none.
std::uint32_t character_at(Index index, std::size_t pointer);
/// The first place of a character at or behind `from`.
std::optional<std::size_t> pointer_of(Index index, std::uint32_t character, std::size_t from = 0);
/// The last place of a character.
std::optional<std::size_t> last_pointer_of(Index index, std::uint32_t character);
/// The same two for the four-byte sequences of gb18030.
std::uint32_t gb18030_range_character(std::size_t pointer);
std::size_t gb18030_range_pointer(std::uint32_t character);

/// The upper 128 characters of an encoding of single bytes (0: none), empty for all others.
std::span<const std::uint16_t> upper_half(Encoding encoding);

}  // namespace sluice::crawl::encoding_data
