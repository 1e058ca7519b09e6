// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/images/image_change.h"

#include <vips/vips.h>

#include <algorithm>
#include <string>
#include <utility>

namespace sluice::work {

namespace {

VipsKernel vips_kernel(ImageKernel kernel) {
    switch (kernel) {
        case ImageKernel::lanczos3: return VIPS_KERNEL_LANCZOS3;
        case ImageKernel::lanczos2: return VIPS_KERNEL_LANCZOS2;
        case ImageKernel::mitchell: return VIPS_KERNEL_MITCHELL;
        case ImageKernel::cubic: return VIPS_KERNEL_CUBIC;
        case ImageKernel::linear: return VIPS_KERNEL_LINEAR;
        case ImageKernel::nearest: return VIPS_KERNEL_NEAREST;
    }
    return VIPS_KERNEL_LANCZOS3;
}

VipsInteresting vips_gravity_of(ImageGravity gravity) {
    switch (gravity) {
        case ImageGravity::centre: return VIPS_INTERESTING_CENTRE;
        case ImageGravity::attention: return VIPS_INTERESTING_ATTENTION;
        case ImageGravity::entropy: return VIPS_INTERESTING_ENTROPY;
    }
    return VIPS_INTERESTING_CENTRE;
}

int orientation_of(const Pixels& image) { return vips_image_get_orientation(image.get()); }

Result<Pixels> cast_to(Pixels image, VipsBandFormat format, ImageRun& run) {
    VipsImage* out = nullptr;
    const int code = vips_cast(image.get(), &out, format, nullptr);
    return run.taken(code, out);
}

/// Neighbouring pixels are mixed by `mix`; colours of transparent ones must not count.
template <class Mix>
Result<Pixels> mixed(Pixels image, ImageRun& run, Mix mix) {
    VipsImage* out = nullptr;
    if (!vips_image_hasalpha(image.get())) {
        const int code = mix(image.get(), &out);
        return run.taken(code, out);
    }
    const VipsBandFormat format = vips_image_get_format(image.get());
    const double alpha_max = format == VIPS_FORMAT_USHORT ? 65535 : 255;
    int code = vips_premultiply(image.get(), &out, "max_alpha", alpha_max, nullptr);
    SLUICE_TRY(Pixels weighed, run.taken(code, out));
    code = mix(weighed.get(), &out);
    SLUICE_TRY(Pixels changed, run.taken(code, out));
    code = vips_unpremultiply(changed.get(), &out, "max_alpha", alpha_max, nullptr);
    SLUICE_TRY(Pixels plain, run.taken(code, out));
    return cast_to(std::move(plain), format, run);
}

/// Grey or RGB of 8 or 16 bits, perhaps with alpha: what the steps calculate with.
Result<Pixels> in_plain_colours(Pixels image, ImageRun& run) {
    VipsImage* out = nullptr;
    const VipsInterpretation space = vips_image_get_interpretation(image.get());
    const bool plain = space == VIPS_INTERPRETATION_sRGB || space == VIPS_INTERPRETATION_B_W ||
                       space == VIPS_INTERPRETATION_RGB16 || space == VIPS_INTERPRETATION_GREY16;
    if (!plain) {
        const int code = vips_colourspace(image.get(), &out, VIPS_INTERPRETATION_sRGB, nullptr);
        SLUICE_TRY(image, run.taken(code, out));
    }
    const VipsBandFormat format = vips_image_get_format(image.get());
    if (format == VIPS_FORMAT_UCHAR || format == VIPS_FORMAT_USHORT) return image;
    return cast_to(std::move(image), VIPS_FORMAT_UCHAR, run);
}

/// out = in * factor + offset (of 255) in the colour bands; alpha stays.
Result<Pixels> linear(Pixels image, double factor, double offset, ImageRun& run) {
    const VipsBandFormat format = vips_image_get_format(image.get());
    const double range = format == VIPS_FORMAT_USHORT ? 257 : 1;
    const auto bands = static_cast<std::size_t>(vips_image_get_bands(image.get()));
    std::vector<double> factors(bands, factor);
    std::vector<double> offsets(bands, offset * range);
    if (vips_image_hasalpha(image.get())) {
        factors.back() = 1;
        offsets.back() = 0;
    }
    VipsImage* out = nullptr;
    const int code = vips_linear(image.get(), &out, factors.data(), offsets.data(),
                                 static_cast<int>(bands), nullptr);
    SLUICE_TRY(Pixels changed, run.taken(code, out));
    return cast_to(std::move(changed), format, run);
}

Result<Pixels> rotated(Pixels image, double degrees, ImageRun& run) {
    const VipsAngle angle = degrees == 90    ? VIPS_ANGLE_D90
                            : degrees == 180 ? VIPS_ANGLE_D180
                                             : VIPS_ANGLE_D270;
    VipsImage* out = nullptr;
    const int code = vips_rot(image.get(), &out, angle, nullptr);
    return run.taken(code, out);
}

Result<Pixels> flipped(Pixels image, VipsDirection direction, ImageRun& run) {
    VipsImage* out = nullptr;
    const int code = vips_flip(image.get(), &out, direction, nullptr);
    return run.taken(code, out);
}

Result<Pixels> greyscale(Pixels image, ImageRun& run) {
    const bool deep = vips_image_get_format(image.get()) == VIPS_FORMAT_USHORT;
    VipsImage* out = nullptr;
    const int code = vips_colourspace(
        image.get(), &out, deep ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_B_W, nullptr);
    SLUICE_TRY(Pixels grey, run.taken(code, out));
    // The profile is one of colours.
    vips_image_remove(grey.get(), VIPS_META_ICC_NAME);
    return grey;
}

Result<Pixels> edges(Pixels image, ImageRun& run) {
    VipsImage* out = nullptr;
    int code = 0;
    if (vips_image_hasalpha(image.get())) {
        code = vips_flatten(image.get(), &out, nullptr);
        SLUICE_TRY(image, run.taken(code, out));
    }
    SLUICE_TRY(Pixels grey, greyscale(std::move(image), run));
    code = vips_sobel(grey.get(), &out, nullptr);
    return run.taken(code, out);
}

Result<Pixels> sharpened(Pixels image, double sigma, ImageRun& run) {
    return mixed(std::move(image), run, [sigma](VipsImage* in, VipsImage** out) {
        return vips_sharpen(in, out, "sigma", sigma, nullptr);
    });
}

Result<Pixels> apply(Pixels image, const ImageStep& step, ImageRun& run) {
    const double value = step.value;
    switch (step.kind) {
        case ImageStepKind::blur:
            return mixed(std::move(image), run, [value](VipsImage* in, VipsImage** out) {
                return vips_gaussblur(in, out, value, nullptr);
            });
        case ImageStepKind::sharpen: return sharpened(std::move(image), value, run);
        case ImageStepKind::greyscale: return greyscale(std::move(image), run);
        case ImageStepKind::rotate: return rotated(std::move(image), value, run);
        case ImageStepKind::flip: return flipped(std::move(image), VIPS_DIRECTION_VERTICAL, run);
        case ImageStepKind::flop: return flipped(std::move(image), VIPS_DIRECTION_HORIZONTAL, run);
        case ImageStepKind::brightness: return linear(std::move(image), value, 0, run);
        case ImageStepKind::contrast:
            return linear(std::move(image), value, 127.5 * (1 - value), run);
        case ImageStepKind::invert: return linear(std::move(image), -1, 255, run);
        case ImageStepKind::edges: return edges(std::move(image), run);
    }
    return image;
}

Status judge_result(ImageSize size, const ImageLimits& limits) {
    if (size.pixels() <= limits.pixels_max) return {};
    return fail(Code::exhausted, "the result would have " + to_string(size) +
                                     " pixels; the limit is " + std::to_string(limits.pixels_max));
}

ImageSize turned_if(bool turned, ImageSize size) {
    return turned ? ImageSize{size.height, size.width} : size;
}

/// Scaled, turned upright and cut as planned; the plan counts in upright sides.
Result<Pixels> planned(Pixels image, const FitPlan& plan, const ResizeOptions& options,
                       ImageRun& run) {
    SLUICE_TRY_STATUS(judge_result(plan.scaled, run.limits()));
    const ImageSize from = size_of(image);
    const ImageSize to = turned_if(orientation_of(image) >= 5, plan.scaled);
    const double by_width = static_cast<double>(to.width) / static_cast<double>(from.width);
    const double by_height = static_cast<double>(to.height) / static_cast<double>(from.height);
    if (by_width > 1 || by_height > 1) {
        SLUICE_TRY(image, in_memory(image, run));
    }
    if (to != from) {
        SLUICE_TRY(image, mixed(std::move(image), run, [&](VipsImage* in, VipsImage** out) {
                       return vips_resize(in, out, by_width, "vscale", by_height, "kernel",
                                          vips_kernel(options.kernel), nullptr);
                   }));
    }
    SLUICE_TRY(image, upright(std::move(image), run));
    if (plan.cut == plan.scaled) return image;
    return cut(std::move(image), plan.cut, options.gravity, run);
}

}  // namespace

ImageSize size_of(const Pixels& image) {
    return {vips_image_get_width(image.get()), vips_image_get_height(image.get())};
}

Result<Pixels> upright(Pixels image, ImageRun& run) {
    if (orientation_of(image) > 1) {
        SLUICE_TRY(image, in_memory(image, run));
    }
    VipsImage* out = nullptr;
    const int code = vips_autorot(image.get(), &out, nullptr);
    return run.taken(code, out);
}

Result<Pixels> resized(Pixels image, const ResizeOptions& options, ImageRun& run) {
    const bool turned = orientation_of(image) >= 5;
    const FitPlan plan = plan_fit(turned_if(turned, size_of(image)), options.fit);
    return planned(std::move(image), plan, options, run);
}

Result<Pixels> cut(Pixels image, const ImageBox& box, ImageRun& run) {
    const ImageSize size = size_of(image);
    if (box.left > size.width - box.size.width || box.top > size.height - box.size.height) {
        return fail(Code::invalid, "the box " + to_string(box.size) + " at " +
                                       std::to_string(box.left) + "," + std::to_string(box.top) +
                                       " is not within the image of " + to_string(size));
    }
    VipsImage* out = nullptr;
    const int code = vips_extract_area(image.get(), &out, static_cast<int>(box.left),
                                       static_cast<int>(box.top), static_cast<int>(box.size.width),
                                       static_cast<int>(box.size.height), nullptr);
    return run.taken(code, out);
}

Result<Pixels> cut(Pixels image, ImageSize size, ImageGravity gravity, ImageRun& run) {
    const ImageSize from = size_of(image);
    size = {std::min(size.width, from.width), std::min(size.height, from.height)};
    if (gravity == ImageGravity::centre) {
        return cut(std::move(image),
                   ImageBox{(from.width - size.width) / 2, (from.height - size.height) / 2, size},
                   run);
    }
    // It is looked at before it is cut.
    SLUICE_TRY(image, in_memory(image, run));
    VipsImage* out = nullptr;
    const int code = vips_smartcrop(image.get(), &out, static_cast<int>(size.width),
                                    static_cast<int>(size.height), "interesting",
                                    vips_gravity_of(gravity), nullptr);
    return run.taken(code, out);
}

Result<Pixels> filtered(Pixels image, const std::vector<ImageStep>& steps, ImageRun& run) {
    const bool whole = std::any_of(steps.begin(), steps.end(), [](const ImageStep& step) {
        return needs_whole_image(step.kind);
    });
    if (whole) {
        SLUICE_TRY(image, in_memory(image, run));
    }
    SLUICE_TRY(image, upright(std::move(image), run));
    SLUICE_TRY(image, in_plain_colours(std::move(image), run));
    for (const ImageStep& step : steps) {
        SLUICE_TRY(image, apply(std::move(image), step, run));
    }
    return image;
}

Result<Pixels> thumbnail(const ImageFile& file, const ThumbnailOptions& options, ImageRun& run) {
    const ImageSize from = file.about().upright();
    ResizeOptions resize;
    resize.fit = {.width = options.box.width, .height = options.box.height, .fit = options.fit};
    resize.gravity = options.gravity;
    const FitPlan plan = plan_fit(from, resize.fit);
    const double factor =
        std::min(static_cast<double>(from.width) / static_cast<double>(plan.scaled.width),
                 static_cast<double>(from.height) / static_cast<double>(plan.scaled.height));
    SLUICE_TRY(Pixels image, file.load_for_shrinking(factor));
    return planned(std::move(image), plan, resize, run);
}

}  // namespace sluice::work
