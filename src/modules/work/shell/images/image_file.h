// SPDX-License-Identifier: Apache-2.0
// An image file being read: its format told by its content (never by its name), its header judged
// against the limits before anything is decoded, and its pixels as libvips images that read through
// the file's descriptor.
#pragma once

#include "modules/work/core/images/image_geometry.h"
#include "modules/work/shell/images/image_library.h"
#include "modules/work/shell/images/image_run.h"
#include "modules/work/shell/rooted_files.h"

#include <cstdint>
#include <memory>
#include <string_view>

namespace sluice::work {

enum class ImageFormat { jpeg, png, webp, gif, tiff, heif, avif };
/// "jpeg", "png", …
std::string_view to_string(ImageFormat format);

/// What the header says.
struct ImageAbout {
    ImageFormat format = ImageFormat::jpeg;
    ImageSize stored;     ///< As stored, before `orientation` is applied.
    int bands = 0;        ///< Alpha counts.
    int bits = 0;         ///< Of each band.
    int pages = 1;        ///< Pages or frames.
    int orientation = 1;  ///< EXIF's, 1 to 8.
    bool alpha = false;
    bool interlaced = false;
    std::string_view colours;  ///< libvips's word for the colour space ("srgb", "b-w", "cmyk").
    std::uint64_t bytes = 0;   ///< Of the file.

    /// As people see it.
    [[nodiscard]] ImageSize upright() const {
        return orientation >= 5 ? ImageSize{stored.height, stored.width} : stored;
    }
};

/// One file. It and its run must outlive the images that are loaded from it.
class ImageFile {
public:
    /// Reads the header of one page (the first is 0). Errors: invalid (a page of JPEG or PNG),
    /// corrupt (no image in a format that is read here, damaged, no such page), exhausted (pixels,
    /// pages or memory), io, cancelled, timeout.
    static Result<ImageFile> open(InputFile file, ImageRun& run, int page = 0);

    [[nodiscard]] const ImageAbout& about() const { return about_; }
    /// The page's image, to be read once from top to bottom; in_memory() makes more of it. Errors:
    /// as open().
    Result<Pixels> load();
    /// The image whose header was read; only its metadata may be asked for.
    [[nodiscard]] const Pixels& header() const { return header_; }
    /// The page's image, to be made smaller by `factor` or more: JPEG and WebP decode less of it
    /// then, and give it smaller already. Errors: as open().
    [[nodiscard]] Result<Pixels> load_for_shrinking(double factor) const;

private:
    ImageFile(InputFile file, ImageRun& run, int page)
        : file_(std::make_unique<InputFile>(std::move(file))), run_(&run), page_(page) {}
    Result<Pixels> load_page(double factor) const;
    Status judge();

    std::unique_ptr<InputFile> file_;  ///< Where the callbacks find it when this object moves.
    ImageRun* run_;
    int page_;
    ImageAbout about_;
    HeldMemory decoder_;
    Pixels header_;
};

}  // namespace sluice::work
