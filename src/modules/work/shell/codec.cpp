// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/codec.h"

#include "modules/work/shell/codec_xz.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <string>

namespace sluice::work {

namespace {

constexpr int gzip_window = 15 + 16;  // 32 KiB, with the gzip header
constexpr int zstd_window_max = 27;   // 128 MiB

class GzipCompressor final : public Codec {
public:
    explicit GzipCompressor(int level) {
        ready_ =
            deflateInit2(&stream_, level, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) == Z_OK;
    }
    ~GzipCompressor() override {
        if (ready_) deflateEnd(&stream_);
    }
    Status feed(std::string_view bytes, const Sink& sink) override {
        return run(bytes, Z_NO_FLUSH, sink);
    }
    Status finish(const Sink& sink) override { return run({}, Z_FINISH, sink); }

private:
    Status run(std::string_view bytes, int flush, const Sink& sink) {
        if (!ready_) return fail(Code::exhausted, "no memory for gzip");
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        stream_.avail_in = static_cast<uInt>(bytes.size());
        for (;;) {
            stream_.next_out = reinterpret_cast<Bytef*>(piece_.data());
            stream_.avail_out = static_cast<uInt>(piece_.size());
            const int code = deflate(&stream_, flush);
            if (code == Z_STREAM_ERROR) return fail(Code::internal, "gzip: a broken state");
            const std::size_t made = piece_.size() - stream_.avail_out;
            if (made > 0) SLUICE_TRY_STATUS(sink(std::string_view(piece_.data(), made)));
            if (flush == Z_FINISH ? code == Z_STREAM_END : stream_.avail_out > 0) return {};
        }
    }

    z_stream stream_{};
    bool ready_ = false;
    std::array<char, codec_piece_bytes> piece_;
};

class GzipDecompressor final : public Codec {
public:
    GzipDecompressor() { ready_ = inflateInit2(&stream_, gzip_window) == Z_OK; }
    ~GzipDecompressor() override {
        if (ready_) inflateEnd(&stream_);
    }

    Status feed(std::string_view bytes, const Sink& sink) override {
        if (!ready_) return fail(Code::exhausted, "no memory for gzip");
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        stream_.avail_in = static_cast<uInt>(bytes.size());
        while (stream_.avail_in > 0 || full_) {
            if (between_ && inflateReset(&stream_) != Z_OK) {
                return fail(Code::internal, "gzip: a broken state");
            }
            between_ = false;
            stream_.next_out = reinterpret_cast<Bytef*>(piece_.data());
            stream_.avail_out = static_cast<uInt>(piece_.size());
            const int code = inflate(&stream_, Z_NO_FLUSH);
            if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
                return fail(Code::corrupt, std::string("not sound gzip data: ") +
                                               (stream_.msg != nullptr ? stream_.msg : "unknown"));
            }
            const std::size_t made = piece_.size() - stream_.avail_out;
            full_ = stream_.avail_out == 0 && code == Z_OK;
            if (made > 0) SLUICE_TRY_STATUS(sink(std::string_view(piece_.data(), made)));
            between_ = code == Z_STREAM_END;
            if (code == Z_BUF_ERROR) break;
        }
        return {};
    }
    Status finish(const Sink&) override {
        if (between_) return {};
        return fail(Code::corrupt, "the gzip data is cut off");
    }

private:
    z_stream stream_{};
    bool ready_ = false;
    bool full_ = false;
    bool between_ = false;  ///< A member has ended and no other has begun.
    std::array<char, codec_piece_bytes> piece_;
};

class ZstdCompressor final : public Codec {
public:
    explicit ZstdCompressor(int level) : context_(ZSTD_createCCtx()) {
        if (context_ == nullptr) return;
        ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level);
        ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
    }
    ~ZstdCompressor() override { ZSTD_freeCCtx(context_); }
    ZstdCompressor(const ZstdCompressor&) = delete;
    ZstdCompressor& operator=(const ZstdCompressor&) = delete;

    Status feed(std::string_view bytes, const Sink& sink) override {
        return run(bytes, ZSTD_e_continue, sink);
    }
    Status finish(const Sink& sink) override { return run({}, ZSTD_e_end, sink); }

private:
    Status run(std::string_view bytes, ZSTD_EndDirective directive, const Sink& sink) {
        if (context_ == nullptr) return fail(Code::exhausted, "no memory for zstd");
        ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
        for (;;) {
            ZSTD_outBuffer out{piece_.data(), piece_.size(), 0};
            const std::size_t left = ZSTD_compressStream2(context_, &out, &in, directive);
            if (ZSTD_isError(left) != 0) {
                return fail(Code::internal, std::string("zstd: ") + ZSTD_getErrorName(left));
            }
            if (out.pos > 0) SLUICE_TRY_STATUS(sink(std::string_view(piece_.data(), out.pos)));
            if (directive == ZSTD_e_end ? left == 0 : in.pos == in.size) return {};
        }
    }

    ZSTD_CCtx* context_;
    std::array<char, codec_piece_bytes> piece_;
};

class ZstdDecompressor final : public Codec {
public:
    ZstdDecompressor() : context_(ZSTD_createDCtx()) {
        if (context_ != nullptr) {
            ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, zstd_window_max);
        }
    }
    ~ZstdDecompressor() override { ZSTD_freeDCtx(context_); }
    ZstdDecompressor(const ZstdDecompressor&) = delete;
    ZstdDecompressor& operator=(const ZstdDecompressor&) = delete;

    Status feed(std::string_view bytes, const Sink& sink) override {
        if (context_ == nullptr) return fail(Code::exhausted, "no memory for zstd");
        ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
        bool full = false;
        while (in.pos < in.size || full) {
            ZSTD_outBuffer out{piece_.data(), piece_.size(), 0};
            const std::size_t left = ZSTD_decompressStream(context_, &out, &in);
            if (ZSTD_isError(left) != 0) {
                return fail(Code::corrupt,
                            std::string("not sound zstd data: ") + ZSTD_getErrorName(left));
            }
            between_ = left == 0;
            full = out.pos == out.size && left != 0;
            if (out.pos > 0) SLUICE_TRY_STATUS(sink(std::string_view(piece_.data(), out.pos)));
        }
        return {};
    }
    Status finish(const Sink&) override {
        if (between_) return {};
        return fail(Code::corrupt, "the zstd data is cut off");
    }

private:
    ZSTD_DCtx* context_;
    bool between_ = false;
    std::array<char, codec_piece_bytes> piece_;
};

}  // namespace

std::string_view to_string(Compression compression) {
    switch (compression) {
        case Compression::gzip: return "gzip";
        case Compression::zstd: return "zstd";
        case Compression::xz: return "xz";
    }
    return "gzip";
}

std::unique_ptr<Codec> make_compressor(Compression compression, int level) {
    switch (compression) {
        case Compression::gzip: return std::make_unique<GzipCompressor>(std::clamp(level, 1, 9));
        case Compression::zstd: return std::make_unique<ZstdCompressor>(std::clamp(level, 1, 19));
        case Compression::xz: break;
    }
    return make_xz_compressor(std::clamp(level, 1, 6));
}

std::unique_ptr<Codec> make_decompressor(Compression compression) {
    switch (compression) {
        case Compression::gzip: return std::make_unique<GzipDecompressor>();
        case Compression::zstd: return std::make_unique<ZstdDecompressor>();
        case Compression::xz: break;
    }
    return make_xz_decompressor();
}

std::optional<Compression> detect_compression(std::string_view beginning) {
    constexpr std::string_view xz_magic(
        "\xFD"
        "7zXZ\0",
        6);
    if (beginning.starts_with("\x1f\x8b")) return Compression::gzip;
    if (beginning.starts_with("\x28\xb5\x2f\xfd")) return Compression::zstd;
    if (beginning.starts_with(xz_magic)) return Compression::xz;
    return std::nullopt;
}

}  // namespace sluice::work
