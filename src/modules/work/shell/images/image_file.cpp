// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/images/image_file.h"

#include <vips/vips.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <string>

namespace sluice::work {

namespace {

constexpr std::size_t beginning_bytes = 64;

// --- formats ------------------------------------------------------------------------------------

std::optional<ImageFormat> isobmff_format(std::string_view beginning) {
    if (beginning.size() < 16 || beginning.substr(4, 4) != "ftyp") return std::nullopt;
    const std::string_view brand = beginning.substr(8, 4);
    for (const std::string_view avif : {"avif", "avis"}) {
        if (brand == avif) return ImageFormat::avif;
    }
    for (const std::string_view heif : {"heic", "heix", "heim", "heis", "hevc", "mif1", "msf1"}) {
        // mif1 says only "an image"; the compatible brands say which.
        if (brand == heif) {
            return beginning.substr(16).find("avif") == std::string_view::npos ? ImageFormat::heif
                                                                               : ImageFormat::avif;
        }
    }
    return std::nullopt;
}

std::optional<ImageFormat> format_of(std::string_view beginning) {
    using namespace std::string_view_literals;
    static constexpr struct {
        std::string_view magic;
        ImageFormat format;
    } rows[] = {
        {"\xFF\xD8\xFF"sv, ImageFormat::jpeg},    {"\x89PNG\r\n\x1A\n"sv, ImageFormat::png},
        {"GIF87a"sv, ImageFormat::gif},           {"GIF89a"sv, ImageFormat::gif},
        {"II*\0"sv, ImageFormat::tiff},           {"MM\0*"sv, ImageFormat::tiff},
        {"II+\0\x08\0\0\0"sv, ImageFormat::tiff}, {"MM\0+\0\x08\0\0"sv, ImageFormat::tiff},
    };
    for (const auto& row : rows) {
        if (beginning.starts_with(row.magic)) return row.format;
    }
    if (beginning.starts_with("RIFF") && beginning.substr(8).starts_with("WEBP")) {
        return ImageFormat::webp;
    }
    return isobmff_format(beginning);
}

/// How libvips's messages about the format begin.
std::string_view message_word(ImageFormat format) {
    return format == ImageFormat::avif ? "heif" : to_string(format);
}

// --- the source ---------------------------------------------------------------------------------

/// One reading of a file from its beginning; libvips owns it with the source.
struct Reading {
    const InputFile& file;
    ImageRun& run;
    std::uint64_t position = 0;
};

gint64 on_read(VipsSourceCustom*, gpointer buffer, gint64 length, gpointer data) {
    auto& reading = *static_cast<Reading*>(data);
    if (!reading.run.may_go_on()) return -1;
    // A file may grow while it is read; what was judged by its size is the limit.
    const std::uint64_t rest =
        reading.file.size() - std::min(reading.position, reading.file.size());
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(rest, static_cast<std::uint64_t>(length)));
    auto count = reading.file.read_at(reading.position, {static_cast<char*>(buffer), wanted});
    if (!count) {
        reading.run.note(std::move(count).error());
        return -1;
    }
    reading.position += *count;
    return static_cast<gint64>(*count);
}

gint64 on_seek(VipsSourceCustom*, gint64 offset, int whence, gpointer data) {
    auto& reading = *static_cast<Reading*>(data);
    gint64 from = 0;
    if (whence == SEEK_CUR) from = static_cast<gint64>(reading.position);
    if (whence == SEEK_END) from = static_cast<gint64>(reading.file.size());
    gint64 to = 0;
    if (__builtin_add_overflow(from, offset, &to) || to < 0) return -1;
    reading.position = static_cast<std::uint64_t>(to);
    return to;
}

void release_reading(gpointer data, GClosure*) {
    const std::unique_ptr<Reading> reading(static_cast<Reading*>(data));
}

struct ReleaseSource {
    void operator()(VipsSource* source) const { g_object_unref(source); }
};

std::unique_ptr<VipsSource, ReleaseSource> new_source(const InputFile& file, ImageRun& run) {
    auto* source = vips_source_custom_new();
    auto reading = std::make_unique<Reading>(Reading{file, run});
    g_signal_connect(source, "seek", G_CALLBACK(&on_seek), reading.get());
    g_signal_connect_data(source, "read", G_CALLBACK(&on_read), reading.release(), &release_reading,
                          static_cast<GConnectFlags>(0));
    return std::unique_ptr<VipsSource, ReleaseSource>(VIPS_SOURCE(source));
}

// --- the header ---------------------------------------------------------------------------------

/// JPEG can be decoded at a half, a quarter and an eighth. A factor of two is left for resizing,
/// which does it better.
int jpeg_shrink(double factor) {
    if (factor >= 16) return 8;
    if (factor >= 8) return 4;
    return factor >= 4 ? 2 : 1;
}

double webp_scale(double factor) { return std::min(1.0, 2 / factor); }

bool has_flag(VipsImage* image, const char* name) {
    int value = 0;
    return vips_image_get_typeof(image, name) != 0 &&
           vips_image_get_int(image, name, &value) == 0 && value != 0;
}

ImageAbout read_about(VipsImage* image, ImageFormat format, std::uint64_t bytes) {
    ImageAbout about;
    about.format = format;
    about.stored = {vips_image_get_width(image), vips_image_get_height(image)};
    about.bands = vips_image_get_bands(image);
    about.bits = static_cast<int>(8 * vips_format_sizeof_unsafe(vips_image_get_format(image)));
    about.pages = std::max(1, vips_image_get_n_pages(image));
    about.orientation = vips_image_get_orientation(image);
    about.alpha = vips_image_hasalpha(image) != 0;
    about.interlaced = has_flag(image, "interlaced") || has_flag(image, "jpeg-multiscan");
    about.colours = vips_enum_nick(VIPS_TYPE_INTERPRETATION, vips_image_get_interpretation(image));
    about.bytes = bytes;
    return about;
}

std::uint64_t pixel_bytes(const ImageAbout& about) {
    return static_cast<std::uint64_t>(about.bands) * static_cast<std::uint64_t>(about.bits) / 8;
}

/// Bytes that the decoder itself holds of an image, beside what is made of it.
std::uint64_t decoder_bytes(const ImageAbout& about) {
    const std::uint64_t whole = about.stored.pixels() * pixel_bytes(about);
    switch (about.format) {
        // All coefficients, of 16 bits each.
        case ImageFormat::jpeg: return about.interlaced ? 2 * whole : 0;
        case ImageFormat::png: return about.interlaced ? whole : 0;
        // A row of tiles, which may be as high as the image.
        case ImageFormat::tiff:
        case ImageFormat::gif: return whole;
        // Its own pixels of four bytes beside those that are handed on.
        case ImageFormat::webp: return whole + 4 * about.stored.pixels();
        // The planes of the picture and of the one that it refers to (measured: 6.7 bytes for each
        // pixel of three).
        case ImageFormat::heif:
        case ImageFormat::avif: return 2 * whole + about.stored.pixels();
    }
    return whole;
}

}  // namespace

std::string_view to_string(ImageFormat format) {
    switch (format) {
        case ImageFormat::jpeg: return "jpeg";
        case ImageFormat::png: return "png";
        case ImageFormat::webp: return "webp";
        case ImageFormat::gif: return "gif";
        case ImageFormat::tiff: return "tiff";
        case ImageFormat::heif: return "heif";
        case ImageFormat::avif: return "avif";
    }
    return "";
}

Result<ImageFile> ImageFile::open(InputFile file, ImageRun& run, int page) {
    SLUICE_TRY_STATUS(start_image_library());
    if (file.size() == 0) return fail(Code::corrupt, "the file is empty");
    std::array<char, beginning_bytes> beginning{};
    SLUICE_TRY(const std::size_t count, file.read_at(0, beginning));
    const auto format = format_of(std::string_view(beginning.data(), count));
    if (!format) {
        return fail(Code::corrupt,
                    "the content is no JPEG, PNG, WebP, GIF, TIFF, HEIF or AVIF image");
    }
    if (page > 0 && (format == ImageFormat::jpeg || format == ImageFormat::png)) {
        return fail(Code::invalid, std::string(to_string(*format)) + " files have one page, 0");
    }
    const std::uint64_t bytes = file.size();
    ImageFile image(std::move(file), run, page);
    image.about_.format = *format;
    run.set_format(message_word(*format));
    SLUICE_TRY(image.header_, image.load_page(1));
    image.about_ = read_about(image.header_.get(), *format, bytes);
    SLUICE_TRY_STATUS(image.judge());
    return image;
}

Result<Pixels> ImageFile::load_page(double factor) const {
    const auto source = new_source(*file_, *run_);
    VipsImage* out = nullptr;
    int code = -1;
    // `memory`: what cannot be read from top to bottom is never put into a temporary file.
    const auto load = [&](auto loader, auto... options) {
        code = loader(source.get(), &out, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
                      VIPS_FAIL_ON_ERROR, "memory", TRUE, options..., nullptr);
    };
    switch (about_.format) {
        case ImageFormat::jpeg: load(&vips_jpegload_source, "shrink", jpeg_shrink(factor)); break;
        case ImageFormat::png: load(&vips_pngload_source); break;
        case ImageFormat::webp:
            load(&vips_webpload_source, "page", page_, "scale", webp_scale(factor));
            break;
        case ImageFormat::gif: load(&vips_gifload_source, "page", page_); break;
        case ImageFormat::tiff: load(&vips_tiffload_source, "page", page_); break;
        case ImageFormat::heif:
        case ImageFormat::avif: load(&vips_heifload_source, "page", page_); break;
    }
    Pixels image(out);
    if (code == 0 && image) return image;
    return run_->failure("the " + std::string(to_string(about_.format)) +
                         " header cannot be read; the file may be damaged or cut off");
}

Result<Pixels> ImageFile::load() {
    run_->set_format(message_word(about_.format));
    if (header_) return std::move(header_);
    return load_page(1);
}

Result<Pixels> ImageFile::load_for_shrinking(double factor) const {
    run_->set_format(message_word(about_.format));
    return load_page(std::max(1.0, factor));
}

Status ImageFile::judge() {
    const ImageLimits& limits = run_->limits();
    if (about_.stored.pixels() > limits.pixels_max) {
        return fail(Code::exhausted, "the image has " + to_string(about_.stored) +
                                         " pixels; the limit is " +
                                         std::to_string(limits.pixels_max));
    }
    if (static_cast<std::uint64_t>(about_.pages) > limits.pages_max) {
        return fail(Code::exhausted, "the file has " + std::to_string(about_.pages) +
                                         " pages or frames; the limit is " +
                                         std::to_string(limits.pages_max));
    }
    SLUICE_TRY(decoder_, run_->hold(decoder_bytes(about_) +
                                        rows_on_their_way(about_.stored, pixel_bytes(about_)),
                                    "decoding the image"));
    return {};
}

}  // namespace sluice::work
