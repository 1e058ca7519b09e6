// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/unpack/unpack.h"

#include "kernel/base/ascii.h"
#include "modules/crawl/core/unpack/layer.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::crawl {

namespace {

constexpr std::size_t piece_bytes = 16 * 1024;
constexpr std::size_t ratio_from = 1 << 20;

}  // namespace

Result<std::vector<Packing>> parse_content_encoding(std::string_view value) {
    std::vector<Packing> out;
    while (true) {
        const std::string_view word = trim_ascii(value.substr(0, value.find(',')));
        if (equals_ignoring_case(word, "gzip") || equals_ignoring_case(word, "x-gzip")) {
            out.push_back(Packing::gzip);
        } else if (equals_ignoring_case(word, "deflate")) {
            out.push_back(Packing::deflate);
        } else if (equals_ignoring_case(word, "br")) {
            out.push_back(Packing::brotli);
        } else if (equals_ignoring_case(word, "zstd")) {
            out.push_back(Packing::zstd);
        } else if (!word.empty() && !equals_ignoring_case(word, "identity")) {
            return fail(Code::invalid, "unknown Content-Encoding");
        }
        if (out.size() > packings_max) {
            return fail(Code::exhausted, "too many layers of Content-Encoding");
        }
        const std::size_t comma = value.find(',');
        if (comma == std::string_view::npos) return out;
        value.remove_prefix(comma + 1);
    }
}

Unpacker::Unpacker(const std::vector<Packing>& layers, UnpackLimits limits) : limits_(limits) {
    // What was applied last is undone first.
    for (std::size_t i = layers.size(); i-- > 0;) {
        switch (layers[i]) {
            case Packing::gzip:
            case Packing::deflate: layers_.push_back(make_inflate_layer(layers[i])); break;
            case Packing::brotli: layers_.push_back(make_brotli_layer()); break;
            case Packing::zstd: layers_.push_back(make_zstd_layer()); break;
        }
    }
}

Unpacker::Unpacker(Unpacker&& other) noexcept = default;
Unpacker& Unpacker::operator=(Unpacker&& other) noexcept = default;
Unpacker::~Unpacker() = default;

Status Unpacker::feed(std::string_view bytes, const Sink& sink) {
    if (!failed_) return failed_;
    failed_ = push(0, bytes, sink);
    return failed_;
}

Status Unpacker::finish(const Sink& sink) {
    static_cast<void>(sink);
    if (!failed_) return failed_;
    const bool complete = std::all_of(layers_.begin(), layers_.end(),
                                      [](const auto& layer) { return layer->complete(); });
    if (!complete) failed_ = fail(Code::corrupt, "the packed data ends too early");
    return failed_;
}

Status Unpacker::give(std::string_view bytes, const Sink& sink) {
    const std::size_t room = limits_.output_bytes_max - output_bytes_;
    const std::string_view fits = bytes.substr(0, room);
    output_bytes_ += fits.size();
    if (!fits.empty()) sink(fits);
    if (fits.size() < bytes.size()) return fail(Code::exhausted, "the unpacked data is too long");
    return {};
}

Status Unpacker::push(std::size_t depth, std::string_view bytes, const Sink& sink) {
    if (depth == layers_.size()) return give(bytes, sink);
    Layer& layer = *layers_[depth];
    std::array<char, piece_bytes> piece;
    while (true) {
        SLUICE_TRY(const Layer::Progress progress, layer.step(bytes, piece));
        bytes.remove_prefix(progress.taken);
        layer.bytes_in += progress.taken;
        layer.bytes_out += progress.given;
        if (progress.given > 0) {
            SLUICE_TRY_STATUS(push(depth + 1, {piece.data(), progress.given}, sink));
        }
        if (layer.bytes_out > ratio_from && layer.bytes_out / limits_.ratio_max > layer.bytes_in) {
            return fail(Code::exhausted, "the packed data unpacks to far more than a text would");
        }
        const bool idle = progress.given == 0 && (bytes.empty() || progress.taken == 0);
        if (progress.blocked && bytes.empty()) return {};
        if (idle) return {};
    }
}

Status unpack(std::string_view bytes, const std::vector<Packing>& layers, UnpackLimits limits,
              std::string& out) {
    Unpacker unpacker(layers, limits);
    const auto sink = [&out](std::string_view piece) { out += piece; };
    SLUICE_TRY_STATUS(unpacker.feed(bytes, sink));
    return unpacker.finish(sink);
}

bool looks_like_gzip(std::string_view bytes) { return bytes.starts_with("\x1F\x8B"); }

}  // namespace sluice::crawl
