// SPDX-License-Identifier: Apache-2.0
// The steps of image.filter as jobs write them ("blur 2.5"), and colours ("#ffcc00"). Pure; what
// does them is shell/images.
#pragma once

#include "kernel/base/result.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::work {

enum class ImageStepKind {
    blur,
    sharpen,
    greyscale,
    rotate,
    flip,
    flop,
    brightness,
    contrast,
    invert,
    edges,
};

/// One step; `value` is what its kind takes: sigma in pixels (blur, sharpen), 90, 180 or 270
/// degrees clockwise (rotate), a factor (brightness, contrast), nothing (the others).
struct ImageStep {
    ImageStepKind kind = ImageStepKind::greyscale;
    double value = 0;
    friend constexpr bool operator==(const ImageStep&, const ImageStep&) = default;
};

/// Errors: invalid (an unknown step; a value that is missing, not wanted or out of range), which
/// names the step.
Result<ImageStep> parse_image_step(std::string_view text);

/// True if the step reads its input in another order than from top to bottom.
bool needs_whole_image(ImageStepKind kind);

/// Red, green and blue, 0 to 255.
using ImageColour = std::array<std::uint8_t, 3>;

/// "#rrggbb". Errors: invalid.
Result<ImageColour> parse_image_colour(std::string_view text);

}  // namespace sluice::work
