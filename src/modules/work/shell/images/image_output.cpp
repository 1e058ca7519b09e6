// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/images/image_output.h"

#include "kernel/base/ascii.h"
#include "modules/work/shell/images/image_change.h"

#include <vips/vips.h>

#include <algorithm>
#include <memory>
#include <string>

namespace sluice::work {

namespace {

struct Writing {
    OutputFile& output;
    ImageRun& run;
};

gint64 on_write(VipsTargetCustom*, gconstpointer bytes, gint64 length, gpointer data) {
    auto& writing = *static_cast<Writing*>(data);
    if (!writing.run.may_go_on()) return -1;
    auto status = writing.output.write(
        std::string_view(static_cast<const char*>(bytes), static_cast<std::size_t>(length)));
    if (status) return length;
    writing.run.note(std::move(status).error());
    return -1;
}

struct ReleaseTarget {
    void operator()(VipsTarget* target) const { g_object_unref(target); }
};

std::int64_t side_max(ImageFormat format) {
    switch (format) {
        case ImageFormat::jpeg: return 65'500;
        case ImageFormat::webp: return 16'383;
        case ImageFormat::avif: return 16'384;
        default: return 1'000'000;
    }
}

Status judge(ImageSize size, ImageFormat format, const ImageLimits& limits) {
    if (std::max(size.width, size.height) > side_max(format)) {
        return fail(Code::invalid, "the image would have " + to_string(size) +
                                       " pixels; a side of " + std::string(to_string(format)) +
                                       " has at most " + std::to_string(side_max(format)));
    }
    const std::uint64_t pixels_max =
        format == ImageFormat::avif ? limits.avif_pixels_max : limits.pixels_max;
    if (size.pixels() <= pixels_max) return {};
    return fail(Code::exhausted,
                "the image would have " + to_string(size) + " pixels; the limit for writing " +
                    std::string(to_string(format)) + " is " + std::to_string(pixels_max));
}

/// Colours that mean the same without a profile. A profile that cannot be used changes nothing.
Pixels without_profile(Pixels image) {
    if (vips_image_get_typeof(image.get(), VIPS_META_ICC_NAME) == 0) return image;
    VipsImage* out = nullptr;
    if (vips_icc_transform(image.get(), &out, "srgb", "embedded", TRUE, nullptr) == 0) {
        return Pixels(out);
    }
    vips_error_clear();
    return image;
}

Result<Pixels> without_alpha(Pixels image, const ImageColour& background, ImageRun& run) {
    if (!vips_image_hasalpha(image.get())) return image;
    // Flattening counts in the image's own range.
    const double range = vips_image_get_format(image.get()) == VIPS_FORMAT_USHORT ? 257 : 1;
    std::array<double, 3> colour{};
    std::transform(background.begin(), background.end(), colour.begin(),
                   [range](std::uint8_t part) { return part * range; });
    const bool grey = vips_image_get_bands(image.get()) < 4;
    if (grey) {
        colour[0] = 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2];
    }
    VipsArrayDouble* array = vips_array_double_new(colour.data(), grey ? 1 : 3);
    VipsImage* out = nullptr;
    const int code = vips_flatten(image.get(), &out, "background", array, nullptr);
    vips_area_unref(VIPS_AREA(array));
    return run.taken(code, out);
}

int quality_of(const SaveOptions& options) {
    return options.quality.value_or(options.format == ImageFormat::avif ? 55 : 80);
}

/// Bytes that the encoder holds (measured with pictures of noise, which take most), and rows on
/// their way to it.
std::uint64_t encoder_bytes(const Pixels& image, const SaveOptions& options) {
    const ImageSize size = size_of(image);
    const auto bands = static_cast<std::uint64_t>(vips_image_get_bands(image.get()));
    const bool alpha = vips_image_hasalpha(image.get()) != 0;
    // Where neighbours are mixed, transparent pixels are calculated with as numbers of four bytes.
    const std::uint64_t rows = rows_on_their_way(
        size, (alpha ? std::uint64_t{4} : 1) * VIPS_IMAGE_SIZEOF_PEL(image.get()));
    switch (options.format) {
        // All coefficients, of 16 bits each; below this quality most of the colours' are left out.
        case ImageFormat::jpeg:
            return rows + size.pixels() * (bands == 3 && quality_of(options) < 90 ? 3 : 2 * bands);
        case ImageFormat::webp: return rows + (alpha ? 22 : 18) * size.pixels();
        case ImageFormat::avif: return rows + 34 * size.pixels();
        default: return rows;
    }
}

int encode(VipsImage* image, VipsTarget* target, const SaveOptions& options) {
    const int strip = options.strip ? TRUE : FALSE;
    const int quality = quality_of(options);
    switch (options.format) {
        case ImageFormat::jpeg:
            return vips_jpegsave_target(image, target, "Q", quality, "strip", strip,
                                        "optimize_coding", TRUE, nullptr);
        case ImageFormat::webp:
            return vips_webpsave_target(image, target, "Q", quality, "strip", strip, nullptr);
        case ImageFormat::avif:
            return vips_heifsave_target(image, target, "Q", quality, "strip", strip, "compression",
                                        VIPS_FOREIGN_HEIF_COMPRESSION_AV1, "effort", 3, nullptr);
        default: return vips_pngsave_target(image, target, "strip", strip, nullptr);
    }
}

}  // namespace

std::optional<ImageFormat> format_of_name(std::string_view name) {
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const std::string ending = ascii_lowered(name.substr(dot + 1));
    if (ending == "jpg" || ending == "jpeg") return ImageFormat::jpeg;
    if (ending == "png") return ImageFormat::png;
    if (ending == "webp") return ImageFormat::webp;
    if (ending == "avif") return ImageFormat::avif;
    return std::nullopt;
}

Result<ImageSize> save_image(const Pixels& image, OutputFile& output, const SaveOptions& options,
                             ImageRun& run) {
    const ImageSize size{vips_image_get_width(image.get()), vips_image_get_height(image.get())};
    SLUICE_TRY_STATUS(judge(size, options.format, run.limits()));
    // A copy, whose progress is that of the writing.
    VipsImage* out = nullptr;
    const int copied = vips_copy(image.get(), &out, nullptr);
    SLUICE_TRY(Pixels last, run.taken(copied, out));
    if (options.strip) last = without_profile(std::move(last));
    if (options.format == ImageFormat::jpeg) {
        SLUICE_TRY(last, without_alpha(std::move(last), options.background, run));
    }
    SLUICE_TRY(const HeldMemory encoder,
               run.hold(encoder_bytes(last, options),
                        "writing " + std::string(to_string(options.format))));
    const Watch watch(last.get(), run);
    Writing writing{output, run};
    auto* custom = vips_target_custom_new();
    const std::unique_ptr<VipsTarget, ReleaseTarget> target(VIPS_TARGET(custom));
    g_signal_connect(custom, "write", G_CALLBACK(&on_write), &writing);
    if (encode(last.get(), target.get(), options) != 0) {
        return run.failure("the image cannot be read to its end or not be written as " +
                           std::string(to_string(options.format)));
    }
    return size;
}

}  // namespace sluice::work
