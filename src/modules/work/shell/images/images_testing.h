// SPDX-License-Identifier: Apache-2.0
// For tests only: image files made byte by byte, honest and hostile ones.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace sluice::work {

/// A file of examples/data.
inline std::string sample(std::string_view name) {
    std::ifstream file(std::string(SLUICE_SAMPLE_DATA) + "/images/" + std::string(name),
                       std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string big_endian_32(std::uint32_t number) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift);
    return out;
}

inline std::string png_chunk(std::string_view kind, std::string_view data) {
    const std::string body = std::string(kind) + std::string(data);
    const auto sum =
        crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
    return big_endian_32(static_cast<std::uint32_t>(data.size())) + body +
           big_endian_32(static_cast<std::uint32_t>(sum));
}

struct PngShape {
    std::uint32_t width;
    std::uint32_t height;
    bool interlaced = false;
};

/// A grey PNG that declares any size; its content is `rows` (filter byte and pixels of each),
/// compressed.
inline std::string grey_png(PngShape shape, std::string_view rows) {
    std::string packed(compressBound(static_cast<uLong>(rows.size())), '\0');
    uLongf size = static_cast<uLongf>(packed.size());
    compress(reinterpret_cast<Bytef*>(packed.data()), &size,
             reinterpret_cast<const Bytef*>(rows.data()), static_cast<uLong>(rows.size()));
    packed.resize(size);
    const std::string header = big_endian_32(shape.width) + big_endian_32(shape.height) +
                               std::string("\x08\x00\x00\x00", 4) +
                               static_cast<char>(shape.interlaced);
    return "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", header) + png_chunk("IDAT", packed) +
           png_chunk("IEND", "");
}

/// A square PNG of one grey.
inline std::string plain_png(std::uint32_t side, char grey) {
    std::string rows;
    for (std::uint32_t y = 0; y < side; ++y) rows += '\0' + std::string(side, grey);
    return grey_png({side, side}, rows);
}

/// A GIF of 1x1 pixels with so many frames.
inline std::string gif_of_frames(int frames) {
    using namespace std::string_view_literals;
    std::string out("GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xFF\xFF\xFF"sv);
    for (int i = 0; i < frames; ++i) {
        out += "!\xF9\x04\0\x0A\0\0\0"sv;
        out += ",\0\0\0\0\x01\0\x01\0\0"sv;
        out += "\x02\x02\x44\x01\0"sv;
    }
    return out + ";";
}

}  // namespace sluice::work
