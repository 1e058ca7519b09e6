// SPDX-License-Identifier: Apache-2.0
// What an image file says about itself beside its pixels: EXIF, XMP, and how large the rest is.
#pragma once

#include "kernel/base/bytes.h"
#include "modules/work/shell/images/image_library.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::work {

struct ImageMetadata {
    /// Tag ("Make") and value as text for people, in the order of the tags' names.
    std::vector<std::pair<std::string, std::string>> exif;
    std::optional<std::string> xmp;
    std::uint64_t icc_bytes = 0;
    std::uint64_t iptc_bytes = 0;
    /// Something was left out for the limit.
    bool cut = false;
};

/// Reads it from an image's header. Values are cut to 1 KiB each; tags and values together, and
/// the XMP document, have at most `bytes_max` (an XMP document is given whole or not at all).
ImageMetadata read_image_metadata(const Pixels& header, Bytes bytes_max);

/// "72" of libvips's "72/1 (72, Rational, 1 components, 8 bytes)": the text for people. Exposed for
/// tests.
std::string exif_value(std::string_view text);

}  // namespace sluice::work
