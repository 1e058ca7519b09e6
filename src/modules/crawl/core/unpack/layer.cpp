// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/unpack/layer.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace sluice::crawl {

namespace {

class InflateLayer final : public Unpacker::Layer {
public:
    explicit InflateLayer(Packing packing) : packing_(packing) {
        // 15 bits of window; 16 more mean gzip.
        ok_ = inflateInit2(&stream_, packing == Packing::gzip ? 31 : 15) == Z_OK;
    }
    ~InflateLayer() override { inflateEnd(&stream_); }

    Result<Progress> step(std::string_view in, std::span<char> out) override {
        if (!ok_) return fail(Code::internal, "zlib did not start");
        if (done_ && !in.empty()) {
            over_ = over_ || !next_member(in);
            if (over_) return Progress{.taken = in.size(), .blocked = true};
        }
        if (packing_ == Packing::deflate && !decided_ && !in.empty() && !decide(in)) {
            begun_ = true;
            return Progress{.taken = in.size(), .blocked = true};
        }
        const std::size_t most = std::min<std::size_t>(in.size(), 1 << 20);
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
        stream_.avail_in = static_cast<uInt>(most);
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        const int code = inflate(&stream_, Z_NO_FLUSH);
        Progress progress{.taken = most - stream_.avail_in,
                          .given = out.size() - stream_.avail_out};
        begun_ = begun_ || progress.taken > 0;
        if (code == Z_STREAM_END) {
            done_ = true;
        } else if (code != Z_OK && code != Z_BUF_ERROR) {
            // What was unpacked before the fault is given; the next step says that it is broken.
            if (progress.given > 0) return progress;
            return fail(Code::corrupt, "the packed data is broken");
        }
        progress.blocked = progress.taken == 0 && progress.given == 0;
        return progress;
    }
    [[nodiscard]] bool complete() const override { return done_ || !begun_; }

private:
    /// gzip: another member may follow; whatever else follows is passed over, as browsers do.
    bool next_member(std::string_view in) {
        if (packing_ != Packing::gzip || in[0] != '\x1F') return false;
        done_ = false;
        return inflateReset(&stream_) == Z_OK;
    }
    /// zlib's two bytes of head are a multiple of 31 and name the method 8. False: there is but the
    /// first of them, which is kept until the second comes.
    bool decide(std::string_view in) {
        const bool had_one = first_.has_value();
        const unsigned char first = had_one ? *first_ : static_cast<unsigned char>(in[0]);
        bool is_zlib = (first & 15U) == 8 && first <= 0x78;
        if (is_zlib && !had_one && in.size() == 1) {
            first_ = first;
            return false;
        }
        decided_ = true;
        if (is_zlib) {
            const auto second = static_cast<unsigned char>(in[had_one ? 0 : 1]);
            is_zlib = (first * 256U + second) % 31 == 0;
        }
        if (!is_zlib) ok_ = inflateReset2(&stream_, -15) == Z_OK;
        if (had_one) take_first();
        return true;
    }
    /// One byte is too little for anything to come out; a fault is found again with the next one.
    void take_first() {
        Bytef out = 0;
        stream_.next_in = &*first_;
        stream_.avail_in = 1;
        stream_.next_out = &out;
        stream_.avail_out = 1;
        const int code = inflate(&stream_, Z_NO_FLUSH);
        ok_ = ok_ && (code == Z_OK || code == Z_BUF_ERROR || code == Z_DATA_ERROR);
    }

    z_stream stream_{};
    Packing packing_;
    bool ok_ = false;
    bool begun_ = false;
    bool done_ = false;
    bool over_ = false;  ///< behind the last member there was something else
    bool decided_ = false;
    std::optional<unsigned char> first_;  ///< of deflate, while it is alone
};

class BrotliLayer final : public Unpacker::Layer {
public:
    BrotliLayer() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {}
    ~BrotliLayer() override {
        if (state_ != nullptr) BrotliDecoderDestroyInstance(state_);
    }

    Result<Progress> step(std::string_view in, std::span<char> out) override {
        if (state_ == nullptr) return fail(Code::internal, "brotli did not start");
        if (done_) return Progress{.taken = in.size(), .blocked = true};
        const auto* next_in = reinterpret_cast<const std::uint8_t*>(in.data());
        auto* next_out = reinterpret_cast<std::uint8_t*>(out.data());
        std::size_t left_in = in.size();
        std::size_t left_out = out.size();
        const BrotliDecoderResult result = BrotliDecoderDecompressStream(
            state_, &left_in, &next_in, &left_out, &next_out, nullptr);
        const Progress progress{.taken = in.size() - left_in,
                                .given = out.size() - left_out,
                                .blocked = result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT};
        begun_ = begun_ || progress.taken > 0;
        done_ = result == BROTLI_DECODER_RESULT_SUCCESS;
        if (result == BROTLI_DECODER_RESULT_ERROR && progress.given == 0) {
            return fail(Code::corrupt, "the packed data is broken");
        }
        return progress;
    }
    [[nodiscard]] bool complete() const override { return done_ || !begun_; }

private:
    BrotliDecoderState* state_;
    bool begun_ = false;
    bool done_ = false;
};

class ZstdLayer final : public Unpacker::Layer {
public:
    ZstdLayer() : context_(ZSTD_createDCtx()) {
        if (context_ != nullptr) ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, 23);
    }
    ~ZstdLayer() override { ZSTD_freeDCtx(context_); }

    Result<Progress> step(std::string_view in, std::span<char> out) override {
        if (context_ == nullptr) return fail(Code::internal, "zstd did not start");
        if (!is_frame(in)) return fail(Code::corrupt, "the packed data is not zstd");
        // The library reads a frame that is there as a whole in another way, which is stricter
        // about its length; the beginning alone is never a whole one.
        const std::size_t most =
            frame_taken_ < begin_bytes ? begin_bytes - frame_taken_ : in.size();
        ZSTD_inBuffer input{in.data(), std::min(in.size(), most), 0};
        ZSTD_outBuffer output{out.data(), out.size(), 0};
        const std::size_t code = ZSTD_decompressStream(context_, &output, &input);
        const Progress progress{.taken = input.pos,
                                .given = output.pos,
                                .blocked = input.pos == in.size() && output.pos < out.size()};
        begun_ = begun_ || progress.taken > 0;
        if (ZSTD_isError(code) != 0) return fail(Code::corrupt, "the packed data is broken");
        // 0: a frame has ended, and everything of it has been given.
        done_ = code == 0;
        frame_taken_ = done_ ? 0 : std::min(begin_bytes, frame_taken_ + progress.taken);
        return progress;
    }
    [[nodiscard]] bool complete() const override { return done_ || !begun_; }

private:
    static constexpr std::size_t magic_bytes = 4;
    static constexpr std::size_t begin_bytes = 8;  // the shortest frame has nine, or nothing in it

    /// Whether what comes next may be the first bytes of a frame, or of one to be skipped (RFC
    /// 8878, 3.1). The library would read drafts of the format, too, and those not in pieces.
    [[nodiscard]] bool is_frame(std::string_view in) const {
        constexpr std::string_view frame = "\x28\xB5\x2F\xFD", skipped = "\x50\x2A\x4D\x18";
        const std::size_t taken = std::min(frame_taken_, magic_bytes);
        in = in.substr(0, magic_bytes - taken);
        if (in == frame.substr(taken, in.size())) return true;
        if (taken > 0) return in == skipped.substr(taken, in.size());
        return (in[0] & '\xF0') == skipped[0] && in.substr(1) == skipped.substr(1, in.size() - 1);
    }

    ZSTD_DCtx* context_;
    std::size_t frame_taken_ = 0;  ///< bytes of this frame, up to begin_bytes
    bool begun_ = false;
    bool done_ = false;
};

}  // namespace

std::unique_ptr<Unpacker::Layer> make_inflate_layer(Packing packing) {
    return std::make_unique<InflateLayer>(packing);
}
std::unique_ptr<Unpacker::Layer> make_brotli_layer() { return std::make_unique<BrotliLayer>(); }
std::unique_ptr<Unpacker::Layer> make_zstd_layer() { return std::make_unique<ZstdLayer>(); }

}  // namespace sluice::crawl
