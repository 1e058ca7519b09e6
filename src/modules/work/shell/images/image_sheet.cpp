// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/images/image_sheet.h"

#include "kernel/base/check.h"
#include "kernel/base/text.h"
#include "modules/work/shell/images/image_change.h"

#include <vips/vips.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

namespace sluice::work {

namespace {

constexpr std::int64_t caption_height = 18;
constexpr int caption_dpi = 72;
constexpr std::size_t caption_bytes_max = 80;
constexpr int bands = 3;

std::int64_t strip_height(const SheetStyle& style) { return style.captions ? caption_height : 0; }

struct ReleaseArray {
    void operator()(VipsArrayDouble* array) const { vips_area_unref(VIPS_AREA(array)); }
};
using Colour = std::unique_ptr<VipsArrayDouble, ReleaseArray>;

Colour colour_of(const ImageColour& colour) {
    const std::array<double, 3> parts{static_cast<double>(colour[0]),
                                      static_cast<double>(colour[1]),
                                      static_cast<double>(colour[2])};
    return Colour(vips_array_double_new(parts.data(), 3));
}

/// Black on light grounds, white on dark ones.
double ink_on(const ImageColour& ground) {
    return 0.2126 * ground[0] + 0.7152 * ground[1] + 0.0722 * ground[2] > 127 ? 0 : 255;
}

/// sRGB of 8 bits without alpha: all cells are alike.
Result<Pixels> plain(Pixels image, const ImageColour& background, ImageRun& run) {
    VipsImage* out = nullptr;
    int code = vips_colourspace(image.get(), &out, VIPS_INTERPRETATION_sRGB, nullptr);
    SLUICE_TRY(image, run.taken(code, out));
    if (vips_image_hasalpha(image.get())) {
        code = vips_flatten(image.get(), &out, "background", colour_of(background).get(), nullptr);
        SLUICE_TRY(image, run.taken(code, out));
    }
    code = vips_cast(image.get(), &out, VIPS_FORMAT_UCHAR, nullptr);
    return run.taken(code, out);
}

}  // namespace

Result<ContactSheet> ContactSheet::make(const SheetStyle& style, std::size_t images,
                                        ImageRun& run) {
    SLUICE_TRY_STATUS(start_image_library());
    const ImageSize cell{style.cell.width, style.cell.height + strip_height(style)};
    const SheetPlan plan = plan_sheet({images, cell, style.columns, style.spacing});
    const std::uint64_t pixels_max = run.limits().pixels_max;
    if (plan.size.pixels() > pixels_max) {
        return fail(Code::exhausted, "the sheet would have " + to_string(plan.size) +
                                         " pixels; the limit is " + std::to_string(pixels_max));
    }
    SLUICE_TRY(HeldMemory held, run.hold(plan.size.pixels() * bands, "the sheet"));
    return ContactSheet(style, plan, run, std::move(held));
}

ContactSheet::ContactSheet(const SheetStyle& style, const SheetPlan& plan, ImageRun& run,
                           HeldMemory held)
    : style_(style),
      plan_(plan),
      run_(&run),
      held_(std::move(held)),
      canvas_(plan.size.pixels() * bands) {
    for (std::size_t at = 0; at < canvas_.size(); at += bands) {
        std::copy(style.background.begin(), style.background.end(), canvas_.data() + at);
    }
}

/// The ink of as much of the text as fits, with "…" where it is cut.
Result<Pixels> ContactSheet::caption_mask(std::string_view text, std::int64_t width) const {
    std::string_view kept = truncate_utf8(text, caption_bytes_max);
    for (;;) {
        const std::string shown = std::string(kept) + (kept.size() < text.size() ? "…" : "");
        // The text is one of a file's name and must not be read as markup.
        const std::unique_ptr<char, void (*)(void*)> escaped(
            g_markup_escape_text(shown.c_str(), static_cast<gssize>(shown.size())), &g_free);
        VipsImage* out = nullptr;
        const int code =
            vips_text(&out, escaped.get(), "font", "sans 11", "dpi", caption_dpi, nullptr);
        SLUICE_TRY(Pixels mask, run_->taken(code, out));
        const std::int64_t inked = size_of(mask).width;
        if (inked <= width || kept.size() <= 1) return mask;
        // Letters differ in width, so this is a guess that is made again until it is right.
        const auto fitting =
            static_cast<std::size_t>(static_cast<std::int64_t>(kept.size()) * width / inked);
        kept = truncate_utf8(kept, std::min(fitting, kept.size() - 1));
    }
}

Result<Pixels> ContactSheet::caption_strip(std::string_view text) const {
    const ImageSize strip{style_.cell.width, caption_height};
    SLUICE_TRY(Pixels mask, caption_mask(text, strip.width));
    const ImageSize inked = size_of(mask);
    if (inked.width > strip.width || inked.height > strip.height) {
        SLUICE_TRY(mask, cut(std::move(mask),
                             ImageBox{0,
                                      0,
                                      {std::min(inked.width, strip.width),
                                       std::min(inked.height, strip.height)}},
                             *run_));
    }
    VipsImage* out = nullptr;
    int code = vips_gravity(mask.get(), &out, VIPS_COMPASS_DIRECTION_CENTRE,
                            static_cast<int>(strip.width), static_cast<int>(strip.height), nullptr);
    SLUICE_TRY(mask, run_->taken(code, out));
    const auto& ground = style_.background;
    const double ink_value = ink_on(ground);
    const std::array<double, 3> ink{ink_value, ink_value, ink_value};
    const std::array<double, 3> paper{static_cast<double>(ground[0]),
                                      static_cast<double>(ground[1]),
                                      static_cast<double>(ground[2])};
    // paper + mask * (ink - paper) / 255
    std::array<double, 3> factors{};
    for (std::size_t i = 0; i < 3; ++i) factors[i] = (ink[i] - paper[i]) / 255;
    code = vips_linear(mask.get(), &out, factors.data(), paper.data(), 3, "uchar", TRUE, nullptr);
    SLUICE_TRY(Pixels coloured, run_->taken(code, out));
    code = vips_copy(coloured.get(), &out, "interpretation", VIPS_INTERPRETATION_sRGB, nullptr);
    return run_->taken(code, out);
}

Status ContactSheet::paint(Pixels image, std::int64_t left, std::int64_t top) {
    SLUICE_TRY(image, plain(std::move(image), style_.background, *run_));
    SLUICE_TRY(image, in_memory(image, *run_));
    const ImageSize size = size_of(image);
    SLUICE_CHECK(vips_image_get_bands(image.get()) == bands);
    SLUICE_CHECK(left + size.width <= plan_.size.width && top + size.height <= plan_.size.height);
    const auto* pixels = static_cast<const std::uint8_t*>(vips_image_get_data(image.get()));
    const std::int64_t row_bytes = size.width * bands;
    for (std::int64_t row = 0; row < size.height; ++row) {
        const std::int64_t to = ((top + row) * plan_.size.width + left) * bands;
        std::copy_n(pixels + row * row_bytes, row_bytes, canvas_.begin() + to);
    }
    return {};
}

Status ContactSheet::add(const ImageFile& file, std::string_view caption) {
    SLUICE_CHECK(added_ < plan_.columns * plan_.rows);
    const std::int64_t step_down = style_.cell.height + style_.spacing + strip_height(style_);
    const std::int64_t left =
        style_.spacing + added_ % plan_.columns * (style_.cell.width + style_.spacing);
    const std::int64_t top = style_.spacing + added_ / plan_.columns * step_down;
    ++added_;
    SLUICE_TRY(Pixels image, thumbnail(file, {.box = style_.cell}, *run_));
    const ImageSize size = size_of(image);
    SLUICE_TRY_STATUS(paint(std::move(image), left + (style_.cell.width - size.width) / 2,
                            top + (style_.cell.height - size.height) / 2));
    if (!style_.captions) return {};
    SLUICE_TRY(Pixels strip, caption_strip(caption));
    return paint(std::move(strip), left, top + style_.cell.height);
}

Result<Pixels> ContactSheet::finish() {
    VipsImage* out = vips_image_new_from_memory(
        canvas_.data(), canvas_.size(), static_cast<int>(plan_.size.width),
        static_cast<int>(plan_.size.height), bands, VIPS_FORMAT_UCHAR);
    SLUICE_TRY(const Pixels raw, run_->taken(out == nullptr ? -1 : 0, out));
    const int code =
        vips_copy(raw.get(), &out, "interpretation", VIPS_INTERPRETATION_sRGB, nullptr);
    return run_->taken(code, out);
}

}  // namespace sluice::work
