// SPDX-License-Identifier: Apache-2.0
// gzip (RFC 1952, zlib), zstd (RFC 8878, libzstd) and xz (liblzma) as streams. Knows no files and
// sets no limits on sizes: the sink does, and may refuse.
#pragma once

#include "kernel/base/result.h"

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace sluice::work {

enum class Compression { gzip, zstd, xz };
std::string_view to_string(Compression compression);

/// Output is given away in pieces of at most so many bytes.
inline constexpr std::size_t codec_piece_bytes = 64 * 1024;

/// Takes a piece of output; an error from it ends the work.
using Sink = std::function<Status(std::string_view)>;

/// One stream, in one direction. Memory: fixed by the format, whatever the input says (a zstd frame
/// that asks for a window above 128 MiB, and xz data that asks for as much memory, is refused).
/// Single owner.
class Codec {
public:
    virtual ~Codec() = default;
    /// Errors: corrupt (not of this format), exhausted (window), and those of the sink.
    virtual Status feed(std::string_view bytes, const Sink& sink) = 0;
    /// No more input. Errors: corrupt (cut off), and those of the sink.
    virtual Status finish(const Sink& sink) = 0;
};

/// Levels 1 (fast) to 9 for gzip, 1 to 19 for zstd, 1 to 6 for xz (94 MiB of memory; above it would
/// be up to 700); outside they are brought to the nearest.
std::unique_ptr<Codec> make_compressor(Compression compression, int level);
/// Several members or frames one after the other are one text. Checksums are verified.
std::unique_ptr<Codec> make_decompressor(Compression compression);
/// Told by the first six bytes of a file.
std::optional<Compression> detect_compression(std::string_view beginning);

}  // namespace sluice::work
