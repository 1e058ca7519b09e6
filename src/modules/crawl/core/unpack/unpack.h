// SPDX-License-Identifier: Apache-2.0
// Unpacker: the body of an answer out of its Content-Encoding, in pieces, with a limit on what
// comes out: a bomb costs no more memory than an honest page. Also for files that are packed
// themselves (sitemaps in .gz).
#pragma once

#include "kernel/base/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

enum class Packing : std::uint8_t {
    gzip,     ///< RFC 1952; several members are one text.
    deflate,  ///< zlib (RFC 1950), or raw (RFC 1951) as many servers send it.
    brotli,   ///< RFC 7932
    zstd,     ///< RFC 8878; windows up to 8 MiB, as RFC 9659 allows.
};

struct UnpackLimits {
    std::size_t output_bytes_max = 64 << 20;  ///< After the last layer.
    /// Output by input of each layer, looked at after the first MiB of its output.
    std::size_t ratio_max = 300;
};

/// Layers of a Content-Encoding; more are refused.
inline constexpr std::size_t packings_max = 3;

/// The layers that a Content-Encoding value names, first applied first; "identity" and "" are none.
/// Errors: invalid (an unknown word), exhausted (more than packings_max).
Result<std::vector<Packing>> parse_content_encoding(std::string_view value);

/// Takes pieces of packed bytes and gives pieces of text. Holds about 32 KiB for gzip, 8 MiB at
/// most for zstd, 16 MiB at most for brotli, whatever the input says, and 16 KiB a layer.
class Unpacker {
public:
    using Sink = std::function<void(std::string_view)>;

    /// `layers` as parse_content_encoding gives them; none passes everything on.
    explicit Unpacker(const std::vector<Packing>& layers, UnpackLimits limits = {});
    Unpacker(Unpacker&& other) noexcept;
    Unpacker& operator=(Unpacker&& other) noexcept;
    ~Unpacker();

    /// Errors: corrupt (not what it should be), exhausted (a limit). What could be read before has
    /// been given to `sink`; after an error every further call gives the same one.
    Status feed(std::string_view bytes, const Sink& sink);
    /// The input ends. Errors: as feed; corrupt also if something is missing.
    Status finish(const Sink& sink);

    [[nodiscard]] std::size_t output_bytes() const { return output_bytes_; }

    /// One layer; private to the sources of this folder.
    class Layer;

private:
    Status push(std::size_t depth, std::string_view bytes, const Sink& sink);
    Status give(std::string_view bytes, const Sink& sink);

    UnpackLimits limits_;
    std::vector<std::unique_ptr<Layer>> layers_;  ///< The one to be undone first is the first.
    std::size_t output_bytes_ = 0;
    Status failed_;
};

/// The whole of `bytes` at once. `out` keeps what could be read even with an error.
Status unpack(std::string_view bytes, const std::vector<Packing>& layers, UnpackLimits limits,
              std::string& out);

/// Does it begin like gzip?
bool looks_like_gzip(std::string_view bytes);

}  // namespace sluice::crawl
