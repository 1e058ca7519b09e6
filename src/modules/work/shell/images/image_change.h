// SPDX-License-Identifier: Apache-2.0
// What jobs make of an image: resized, cut, filtered, set upright. Each takes an image that may be
// read only once from top to bottom and gives one that is calculated when it is written, or in
// memory where the change needs all of it.
#pragma once

#include "modules/work/core/images/image_geometry.h"
#include "modules/work/core/images/image_steps.h"
#include "modules/work/shell/images/image_file.h"
#include "modules/work/shell/images/image_run.h"

#include <vector>

namespace sluice::work {

/// How pixels are weighed when an image is resized.
enum class ImageKernel { lanczos3, lanczos2, mitchell, cubic, linear, nearest };

/// Which part of an image stays when a part of a certain size is cut out: its middle, the part that
/// the eye goes to, or the one with most detail.
enum class ImageGravity { centre, attention, entropy };

struct ResizeOptions {
    FitRequest fit;
    ImageKernel kernel = ImageKernel::lanczos3;
    ImageGravity gravity = ImageGravity::centre;
};

/// As it is meant to be seen: turned by its EXIF orientation, which is then gone. Errors: as
/// in_memory().
Result<Pixels> upright(Pixels image, ImageRun& run);

/// Upright and resized. Errors: as in_memory(); exhausted (pixels of the result).
Result<Pixels> resized(Pixels image, const ResizeOptions& options, ImageRun& run);

/// A part of an upright image. Errors: invalid (not within the image).
Result<Pixels> cut(Pixels image, const ImageBox& box, ImageRun& run);
/// A part of an upright image of that size, or all of a side that is smaller. Errors: as
/// in_memory().
Result<Pixels> cut(Pixels image, ImageSize size, ImageGravity gravity, ImageRun& run);

/// Upright, and all steps in their order. Errors: as in_memory().
Result<Pixels> filtered(Pixels image, const std::vector<ImageStep>& steps, ImageRun& run);

struct ThumbnailOptions {
    ImageSize box;
    ImageFit fit = ImageFit::inside;
    ImageGravity gravity = ImageGravity::centre;
};

/// Upright and no larger than it was; decodes only as much as the size needs where the format
/// allows that. Errors: those of ImageFile.
Result<Pixels> thumbnail(const ImageFile& file, const ThumbnailOptions& options, ImageRun& run);

ImageSize size_of(const Pixels& image);

}  // namespace sluice::work
