// SPDX-License-Identifier: Apache-2.0
// The index of the WARC files: one record in the store for each response, in the order of
// index.cdxj. Key: "X", SURT, space, 14 digits of time, NUL, part and offset (big endian); value:
// the JSON of the line.
#pragma once

#include "kernel/base/result.h"
#include "modules/crawl/core/frontier/types.h"
#include "modules/crawl/shell/output/outputs.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::crawl {

/// `base`: where the page's records begin in the file of this part.
Write cdx_write(const RenderedPage::CdxLine& line, std::uint32_t part, std::uint64_t base);
/// SURT, space, time of a record's key. Errors: corrupt.
Result<std::string_view> cdx_front(std::string_view key);

}  // namespace sluice::crawl
