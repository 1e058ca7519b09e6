// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/images/image_metadata.h"

#include "kernel/base/text.h"

#include <vips/vips.h>

#include <algorithm>
#include <string_view>

namespace sluice::work {

namespace {

constexpr std::size_t value_bytes_max = 1024;

std::string_view blob(VipsImage* image, const char* name) {
    const void* data = nullptr;
    std::size_t size = 0;
    if (vips_image_get_typeof(image, name) != VIPS_TYPE_BLOB ||
        vips_image_get_blob(image, name, &data, &size) != 0) {
        return {};
    }
    return {static_cast<const char*>(data), size};
}

/// The tag in "exif-ifd0-Make"; empty for other fields and for those of the embedded thumbnail.
std::string_view exif_tag(std::string_view field) {
    constexpr std::string_view prefix = "exif-ifd";
    if (!field.starts_with(prefix) || field.starts_with("exif-ifd1-")) return {};
    const auto dash = field.find('-', prefix.size());
    return dash == std::string_view::npos ? std::string_view() : field.substr(dash + 1);
}

void read_exif(VipsImage* image, std::uint64_t bytes_max, ImageMetadata& metadata) {
    std::uint64_t bytes = 0;
    gchar** fields = vips_image_get_fields(image);
    for (gchar** field = fields; *field != nullptr; ++field) {
        const std::string_view tag = exif_tag(*field);
        const char* text = nullptr;
        if (tag.empty() || vips_image_get_string(image, *field, &text) != 0) continue;
        std::string value = exif_value(text);
        if (value.size() > value_bytes_max) {
            value.resize(truncate_utf8(value, value_bytes_max).size());
            metadata.cut = true;
        }
        bytes += tag.size() + value.size();
        if (bytes > bytes_max) {
            metadata.cut = true;
            break;
        }
        metadata.exif.emplace_back(tag, std::move(value));
    }
    g_strfreev(fields);
    std::sort(metadata.exif.begin(), metadata.exif.end());
}

}  // namespace

std::string exif_value(std::string_view text) {
    // "RAW (SHOWN, FORMAT, N components, M bytes)"; RAW holds no blank for numbers, and is SHOWN
    // itself for texts, which may hold anything.
    std::string_view rest = text;
    if (!rest.ends_with(" bytes)")) return std::string(text);
    for (int part = 0; part < 3; ++part) {
        const auto comma = rest.rfind(", ");
        if (comma == std::string_view::npos) return std::string(text);
        rest = rest.substr(0, comma);
    }
    for (auto at = rest.find(" ("); at != std::string_view::npos; at = rest.find(" (", at + 1)) {
        if (rest.substr(0, at) == rest.substr(at + 2)) return std::string(rest.substr(0, at));
    }
    const auto bracket = rest.find(" (");
    if (bracket == std::string_view::npos) return std::string(text);
    return std::string(rest.substr(bracket + 2));
}

ImageMetadata read_image_metadata(const Pixels& header, Bytes bytes_max) {
    ImageMetadata metadata;
    read_exif(header.get(), bytes_max.count, metadata);
    const std::string_view xmp = blob(header.get(), VIPS_META_XMP_NAME);
    if (xmp.size() > bytes_max.count) {
        metadata.cut = true;
    } else if (!xmp.empty()) {
        metadata.xmp = std::string(xmp);
    }
    metadata.icc_bytes = blob(header.get(), VIPS_META_ICC_NAME).size();
    metadata.iptc_bytes = blob(header.get(), VIPS_META_IPTC_NAME).size();
    return metadata;
}

}  // namespace sluice::work
