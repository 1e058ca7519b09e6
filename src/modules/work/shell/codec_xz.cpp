// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/codec_xz.h"

#include <lzma.h>

#include <array>
#include <string>

namespace sluice::work {

namespace {

/// Enough for what `xz -9` writes (a dictionary of 64 MiB).
constexpr std::uint64_t memory_max = std::uint64_t{128} << 20;

/// Both directions are the same loop over lzma_code().
class XzCodec : public Codec {
public:
    XzCodec() = default;
    ~XzCodec() override { lzma_end(&stream_); }
    XzCodec(const XzCodec&) = delete;
    XzCodec& operator=(const XzCodec&) = delete;

    Status feed(std::string_view bytes, const Sink& sink) override {
        if (ready_ != LZMA_OK) return failed(ready_);
        stream_.next_in = reinterpret_cast<const std::uint8_t*>(bytes.data());
        stream_.avail_in = bytes.size();
        while (stream_.avail_in > 0 || full_) {
            SLUICE_TRY(const lzma_ret code, step(LZMA_RUN, sink));
            if (code == LZMA_STREAM_END || code == LZMA_BUF_ERROR) break;
        }
        return {};
    }
    Status finish(const Sink& sink) override {
        if (ready_ != LZMA_OK) return failed(ready_);
        stream_.avail_in = 0;
        for (;;) {
            SLUICE_TRY(const lzma_ret code, step(LZMA_FINISH, sink));
            if (code == LZMA_STREAM_END) return {};
            if (code == LZMA_BUF_ERROR) return fail(Code::corrupt, "the xz data is cut off");
        }
    }

protected:
    lzma_stream stream_ = LZMA_STREAM_INIT;
    lzma_ret ready_ = LZMA_PROG_ERROR;

private:
    static Error failed(lzma_ret code) {
        switch (code) {
            case LZMA_MEM_ERROR: return fail(Code::exhausted, "no memory for xz");
            case LZMA_MEMLIMIT_ERROR:
                return fail(Code::exhausted, "the xz data asks for more than the limit of 128 MiB");
            case LZMA_FORMAT_ERROR:
            case LZMA_OPTIONS_ERROR:
            case LZMA_DATA_ERROR: return fail(Code::corrupt, "not sound xz data");
            default: return fail(Code::internal, "xz: a broken state");
        }
    }
    Result<lzma_ret> step(lzma_action action, const Sink& sink) {
        stream_.next_out = reinterpret_cast<std::uint8_t*>(piece_.data());
        stream_.avail_out = piece_.size();
        const lzma_ret code = lzma_code(&stream_, action);
        const std::size_t made = piece_.size() - stream_.avail_out;
        full_ = stream_.avail_out == 0 && code == LZMA_OK;
        if (made > 0) SLUICE_TRY_STATUS(sink(std::string_view(piece_.data(), made)));
        if (code != LZMA_OK && code != LZMA_STREAM_END && code != LZMA_BUF_ERROR) {
            return failed(code);
        }
        return code;
    }

    bool full_ = false;
    std::array<char, codec_piece_bytes> piece_{};
};

class XzCompressor final : public XzCodec {
public:
    explicit XzCompressor(int level) {
        ready_ = lzma_easy_encoder(&stream_, static_cast<std::uint32_t>(level), LZMA_CHECK_CRC64);
    }
};

class XzDecompressor final : public XzCodec {
public:
    XzDecompressor() { ready_ = lzma_stream_decoder(&stream_, memory_max, LZMA_CONCATENATED); }
};

}  // namespace

std::unique_ptr<Codec> make_xz_compressor(int level) {
    return std::make_unique<XzCompressor>(level);
}

std::unique_ptr<Codec> make_xz_decompressor() { return std::make_unique<XzDecompressor>(); }

}  // namespace sluice::work
