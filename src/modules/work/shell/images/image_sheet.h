// SPDX-License-Identifier: Apache-2.0
// A contact sheet: thumbnails of many images in rows, each in a cell of its own, perhaps with a
// caption below it.
#pragma once

#include "modules/work/core/images/image_geometry.h"
#include "modules/work/core/images/image_steps.h"
#include "modules/work/shell/images/image_file.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::work {

struct SheetStyle {
    ImageSize cell;  ///< For the thumbnail; a caption comes below it.
    std::int64_t columns = 0;
    std::int64_t spacing = 8;
    ImageColour background{255, 255, 255};
    bool captions = false;
};

/// The sheet is painted as images are added; each file may be closed as soon as it was.
class ContactSheet {
public:
    /// The run must outlive the sheet. Errors: exhausted (the sheet would have too many pixels,
    /// or take too much memory).
    static Result<ContactSheet> make(const SheetStyle& style, std::size_t images, ImageRun& run);

    /// Errors: those of thumbnail().
    Status add(const ImageFile& file, std::string_view caption);
    /// The sheet with all that was added; must not outlive this object. Errors: exhausted (memory).
    Result<Pixels> finish();

    [[nodiscard]] const SheetPlan& plan() const { return plan_; }

private:
    ContactSheet(const SheetStyle& style, const SheetPlan& plan, ImageRun& run, HeldMemory held);
    /// Paints an image of plain colours so that its upper left corner is there.
    Status paint(Pixels image, std::int64_t left, std::int64_t top);
    [[nodiscard]] Result<Pixels> caption_mask(std::string_view text, std::int64_t width) const;
    Result<Pixels> caption_strip(std::string_view text) const;

    SheetStyle style_;
    SheetPlan plan_;
    ImageRun* run_;
    HeldMemory held_;                   ///< Of the canvas.
    std::vector<std::uint8_t> canvas_;  ///< Rows from the top, three bytes a pixel.
    std::int64_t added_ = 0;
};

}  // namespace sluice::work
