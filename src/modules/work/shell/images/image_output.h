// SPDX-License-Identifier: Apache-2.0
// An image being written as JPEG, PNG, WebP or AVIF into a file that is put in its place when it is
// whole (rooted_files.h); committing it is the caller's.
#pragma once

#include "modules/work/core/images/image_geometry.h"
#include "modules/work/core/images/image_steps.h"
#include "modules/work/shell/images/image_file.h"

#include <optional>
#include <string_view>

namespace sluice::work {

struct SaveOptions {
    /// jpeg, png, webp or avif.
    ImageFormat format = ImageFormat::jpeg;
    /// 1 to 100; without it 80, and 55 for AVIF. PNG has none.
    std::optional<int> quality{};
    /// Leaves out EXIF, XMP, IPTC and the colour profile; colours are brought to sRGB first.
    bool strip = false;
    /// What shows through a transparent image in JPEG.
    ImageColour background{255, 255, 255};
};

/// The format that a name's ending means (.jpg, .jpeg, .png, .webp, .avif), whatever its case.
std::optional<ImageFormat> format_of_name(std::string_view name);

/// Calculates and writes the image. Gives its size. Errors: invalid (sides that the format does not
/// have), exhausted (output bytes, pixels of an AVIF), corrupt (the input, met on the way), io,
/// cancelled, timeout.
Result<ImageSize> save_image(const Pixels& image, OutputFile& output, const SaveOptions& options,
                             ImageRun& run);

}  // namespace sluice::work
