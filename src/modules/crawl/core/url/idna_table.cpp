// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/url/idna_table.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace sluice::crawl::idna {
namespace {

namespace table {
#include "modules/crawl/core/url/idna_table.inc"
}  // namespace table

std::uint32_t record(char32_t c) {
    constexpr std::uint32_t unassigned = 3U | static_cast<std::uint32_t>(Bidi::other) << 6U;
    const std::size_t block = c / table::trie_block;
    if (block < std::size(table::block_of)) {
        const std::size_t place =
            table::block_of[block] * table::trie_block + c % table::trie_block;
        return table::records[table::record_of[place]];
    }
    return c >= 0xE0100 && c <= 0xE01EF ? table::variation_selector : unassigned;
}

/// The place of `c` in a sorted table, or its size.
template <std::size_t size>
std::size_t find(const char32_t (&sorted)[size], char32_t c) {
    const auto* const at = std::lower_bound(std::begin(sorted), std::end(sorted), c);
    return at != std::end(sorted) && *at == c ? static_cast<std::size_t>(at - std::begin(sorted))
                                              : size;
}

}  // namespace

Properties properties_of(char32_t c) {
    const std::uint32_t bits = record(c);
    return {static_cast<Status>(bits & 3U), (bits & 4U) != 0, static_cast<Joining>(bits >> 3U & 7U),
            static_cast<Bidi>(bits >> 6U & 15U), static_cast<std::uint8_t>(bits >> 16U)};
}

void append_mapping(char32_t c, std::u32string& out) {
    const std::size_t place = find(table::mapped, c);
    if (place == std::size(table::mapped)) return;
    const std::uint32_t to = table::mapped_to[place];
    const std::size_t length = to >> 24U;
    if (length == 0)
        out += static_cast<char32_t>(to);
    else
        out.append(table::mapped_pool + (to & 0xFFFFFFU), length);
}

std::optional<std::pair<char32_t, char32_t>> decomposition_of(char32_t c) {
    const std::size_t place = find(table::decomposed, c);
    if (place == std::size(table::decomposed)) return std::nullopt;
    return std::pair(table::decomposed_first[place], table::decomposed_second[place]);
}

std::optional<char32_t> composition_of(char32_t first, char32_t second) {
    const auto* const begin = std::begin(table::composed_first);
    const auto [from, to] = std::equal_range(begin, std::end(table::composed_first), first);
    const auto* const seconds = std::begin(table::composed_second);
    const auto* const at =
        std::lower_bound(seconds + (from - begin), seconds + (to - begin), second);
    if (at == seconds + (to - begin) || *at != second) return std::nullopt;
    return table::composed[at - seconds];
}

}  // namespace sluice::crawl::idna
