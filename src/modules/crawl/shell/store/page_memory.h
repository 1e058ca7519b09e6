// SPDX-License-Identifier: Apache-2.0
// PageMemory: what a crawl remembers of a page for the next crawl of the same site, so that pages
// that did not change need not be sent again. Version 1 of the record: varint 1, depth, kind, ETag,
// Last-Modified. Pure.
#pragma once

#include "kernel/base/result.h"
#include "modules/crawl/core/frontier/types.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::crawl {

/// First letter of the keys; the URL follows.
inline constexpr char page_memory_letter = 'E';

struct PageMemory {
    std::uint32_t depth = 0;
    UrlKind kind = UrlKind::page;
    std::string etag;           ///< as sent; empty: none
    std::string last_modified;  ///< as sent; empty: none
};

/// Longer validators are not kept.
inline constexpr std::size_t validator_bytes_max = 512;

Write page_memory_write(std::string_view url, const PageMemory& memory);
/// Errors: corrupt.
Result<PageMemory> read_page_memory(std::string_view record);

}  // namespace sluice::crawl
