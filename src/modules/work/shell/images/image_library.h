// SPDX-License-Identifier: Apache-2.0
// libvips as this process uses it: started once, with only the loaders and savers of the formats
// that jobs may use. Which jobs there are is not known here.
#pragma once

#include "kernel/base/result.h"

#include <memory>
#include <string>
#include <string_view>

// Of libvips (vips/image.h), which only sources of this folder include.
struct _VipsImage;

namespace sluice::work {

/// Starts libvips when it is first asked; any thread. After that every loader and saver but those
/// for JPEG, PNG, WebP, GIF (loading), TIFF (loading) and HEIF/AVIF is blocked, nothing is cached
/// between jobs, and each image is calculated by one thread. Errors: internal.
Status start_image_library();

/// The line of libvips's error log that begins with a name which has `about` in it ("jpeg"), or
/// nothing. Clears the log. The log is one for the process: when two jobs fail at the same moment,
/// the line may be missing, or be the other's if both are `about` the same.
std::string image_library_said(std::string_view about);

struct ReleasePixels {
    void operator()(_VipsImage* image) const noexcept;
};

/// An image in libvips: calculated when it is written, or in memory already. One owner.
using Pixels = std::unique_ptr<_VipsImage, ReleasePixels>;

}  // namespace sluice::work
