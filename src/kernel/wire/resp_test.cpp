// SPDX-License-Identifier: Apache-2.0
// RESP to the byte, out and in.
#include "kernel/wire/resp.h"

#include "kernel/base/random.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

TEST(Resp, EncodesToTheByte) {
    std::string out;
    put_resp_simple(out, "OK");
    put_resp_error(out, "ERR", "bad\r\nthing");
    put_resp_integer(out, -12);
    put_resp_bulk(out, std::string_view("a\0\r\n", 4));
    put_resp_bulk(out, "");
    put_resp_null(out);
    using namespace std::string_view_literals;
    EXPECT_EQ(out, "+OK\r\n-ERR bad  thing\r\n:-12\r\n$4\r\na\0\r\n\r\n$0\r\n\r\n$-1\r\n"sv);
}

std::string show(const RespReply& reply) {
    switch (reply.kind) {
        case RespKind::simple: return "+" + std::string(reply.text);
        case RespKind::error: return "-" + std::string(reply.text);
        case RespKind::integer: return ":" + std::to_string(reply.integer);
        case RespKind::bulk: return "$" + std::string(reply.text);
        case RespKind::null: return "null";
    }
    return "?";
}

TEST(Resp, AnyCutOfTheStreamDecodesToTheSameReplies) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        Random random(seed);
        std::string stream;
        std::string expected;
        for (int i = 0; i < 100; ++i) {
            std::string body;
            for (auto n = random.below(random.chance(0.1) ? 5000 : 20); n > 0; --n) {
                body += static_cast<char>(random.below(256));
            }
            switch (random.below(5)) {
                case 0: put_resp_simple(stream, "OK"), expected += "+OK"; break;
                case 1: put_resp_error(stream, "ERR", "no"), expected += "-ERR no"; break;
                case 2: put_resp_integer(stream, i), expected += ":" + std::to_string(i); break;
                case 3: put_resp_bulk(stream, body), expected += "$" + body; break;
                default: put_resp_null(stream), expected += "null"; break;
            }
        }
        RespDecoder decoder;
        std::string decoded;
        const std::uint64_t piece_max = std::uint64_t{1} << random.below(13);
        for (std::size_t at = 0; at < stream.size();) {
            const std::string piece = stream.substr(at, 1 + random.below(piece_max));
            at += piece.size();
            decoder.feed(piece);
            while (true) {
                auto reply = decoder.next();
                ASSERT_TRUE(reply) << reply.error().text();
                if (!*reply) break;
                decoded += show(**reply);
            }
        }
        ASSERT_EQ(decoded, expected) << "seed " << seed;
        ASSERT_EQ(decoder.pending(), 0u);
    }
}

Code failure_of(std::string_view bytes, RespLimits limits = {}) {
    RespDecoder decoder(limits);
    decoder.feed(bytes);
    while (true) {
        auto reply = decoder.next();
        if (!reply) {
            EXPECT_FALSE(decoder.next());
            return reply.error().code;
        }
        if (!*reply) return Code::internal;
    }
}

TEST(Resp, RefusesWhatIsNotRespAndWhatIsOverTheLimits) {
    EXPECT_EQ(failure_of("hello\r\n"), Code::invalid);
    EXPECT_EQ(failure_of("+OK\n"), Code::invalid);
    EXPECT_EQ(failure_of("\r\n"), Code::invalid);
    EXPECT_EQ(failure_of(":1x\r\n"), Code::invalid);
    EXPECT_EQ(failure_of("$-2\r\n"), Code::invalid);
    EXPECT_EQ(failure_of("$99999999999999999999\r\n"), Code::invalid);
    EXPECT_EQ(failure_of("$2\r\nabc\r\n"), Code::invalid);
    EXPECT_EQ(failure_of("*1\r\n"), Code::invalid);
    EXPECT_EQ(failure_of("$9\r\n", {.line_max = 10, .bulk_max = 8}), Code::exhausted);
    EXPECT_EQ(failure_of("+01234567890123", {.line_max = 10, .bulk_max = 8}), Code::exhausted);
}

}  // namespace
}  // namespace sluice
