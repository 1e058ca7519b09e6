// SPDX-License-Identifier: Apache-2.0
// How large an image becomes and which part of it stays: the arithmetic of image.resize,
// image.crop, image.thumbnail and image.contact_sheet. Pure; knows no pixels.
#pragma once

#include "kernel/base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::work {

/// Sides in pixels.
struct ImageSize {
    std::int64_t width = 0;
    std::int64_t height = 0;
    friend constexpr bool operator==(ImageSize, ImageSize) = default;

    [[nodiscard]] std::uint64_t pixels() const {
        return static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height);
    }
};

/// "640x480".
std::string to_string(ImageSize size);

/// A rectangle in an image; `left` and `top` count from its upper left corner.
struct ImageBox {
    std::int64_t left = 0;
    std::int64_t top = 0;
    ImageSize size;
    friend constexpr bool operator==(ImageBox, ImageBox) = default;
};

/// What a wanted width and height mean.
enum class ImageFit {
    inside,  ///< As large as possible within both, in its proportions.
    cover,   ///< In its proportions so that it fills both; what sticks out is cut off.
    exact,   ///< Both, whatever becomes of the proportions.
};

struct FitRequest {
    /// At least one; a missing side follows from the proportions.
    std::optional<std::int64_t> width{};
    std::optional<std::int64_t> height{};
    ImageFit fit = ImageFit::inside;
    /// Whether an image that is smaller becomes larger.
    bool enlarge = false;
};

/// First scaled to one size, then cut to the other (the same unless `cover`). No side is below 1.
struct FitPlan {
    ImageSize scaled;
    ImageSize cut;
    friend constexpr bool operator==(FitPlan, FitPlan) = default;
};

FitPlan plan_fit(ImageSize from, const FitRequest& request);

/// A contact sheet: cells in rows, with spacing between and around them.
struct SheetRequest {
    std::size_t images = 0;
    ImageSize cell;
    /// 0: about as many columns as rows.
    std::int64_t columns = 0;
    std::int64_t spacing = 0;
};

struct SheetPlan {
    std::int64_t columns = 0;
    std::int64_t rows = 0;
    ImageSize size;
};

/// `images` must not be 0.
SheetPlan plan_sheet(const SheetRequest& request);

/// "640x480", or "640" for both sides. Errors: invalid (something else, sides outside 1 to `max`).
Result<ImageSize> parse_image_size(std::string_view text, std::int64_t max);

}  // namespace sluice::work
