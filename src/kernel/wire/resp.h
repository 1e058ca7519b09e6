// SPDX-License-Identifier: Apache-2.0
// RESP2 replies, the subset that job protocols speak: simple, error, integer, bulk, null. Encoding
// for servers, incremental decoding for clients. No arrays.
// Source: https://redis.io/docs/reference/protocol-spec (RESP2).
#pragma once

#include "kernel/base/result.h"
#include "kernel/wire/byte_buffer.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

/// Appends `+text`; CR and LF in the text become spaces.
void put_resp_simple(std::string& out, std::string_view text);
/// Appends `-CODE message`; CR and LF become spaces.
void put_resp_error(std::string& out, std::string_view code, std::string_view message);
/// Appends `:number`.
void put_resp_integer(std::string& out, std::int64_t number);
/// Appends `$length` and the bytes, whatever they are.
void put_resp_bulk(std::string& out, std::string_view bytes);
/// Appends the null bulk string, `$-1`.
void put_resp_null(std::string& out);

/// The kinds of RespReply.
enum class RespKind { simple, error, integer, bulk, null };

/// One decoded reply.
struct RespReply {
    RespKind kind = RespKind::null;
    /// simple: the text; error: code and message as sent; bulk: the bytes. Valid until the
    /// decoder's next prepare, feed or shrink.
    std::string_view text;
    std::int64_t integer = 0;
};

/// What a RespDecoder accepts.
struct RespLimits {
    std::size_t line_max = std::size_t{64} << 10;
    std::size_t bulk_max = std::size_t{64} << 20;
};

/// Decodes replies from a byte stream. O(bytes), however they are cut into pieces.
class RespDecoder {
public:
    explicit RespDecoder(RespLimits limits = {}) : limits_(limits) {}

    /// Where a socket may read to directly; then commit what was read.
    std::span<char> prepare(std::size_t count) { return buffer_.prepare(count); }
    void commit(std::size_t count) { buffer_.commit(count); }
    void feed(std::string_view bytes) { buffer_.feed(bytes); }

    /// The next complete reply, or nothing yet. Errors: invalid (not RESP), exhausted (over a
    /// limit); the decoder then stays in that error, the connection must end.
    Result<std::optional<RespReply>> next();

    /// Bytes fed and not yet returned.
    [[nodiscard]] std::size_t pending() const { return buffer_.size(); }
    void shrink() { buffer_.shrink(); }

private:
    Result<std::optional<RespReply>> decode();
    Result<std::optional<std::string_view>> header();
    Result<std::optional<RespReply>> bulk_body();

    ByteBuffer buffer_;
    RespLimits limits_;
    std::size_t scanned_ = 0;
    /// Set while a bulk's header is consumed and its body is awaited.
    std::optional<std::size_t> body_;
    std::optional<Error> broken_;
};

}  // namespace sluice
