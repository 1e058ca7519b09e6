// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/fetch/plain_answer.h"

#include "modules/crawl/shell/fetch/plain_transfer.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::crawl {
namespace {

using Told = PlainAnswer::Verdict;

struct ReadAnswer {
    Told verdict = Told::more;
    bool keeps = false;
    FetchAnswer answer;
    std::string problem;
};

/// `step` bytes at a time; the connection ends behind them if they are not enough.
ReadAnswer read_answer(std::string_view text, std::size_t step, std::uint64_t body_max = 100) {
    ReadAnswer read;
    read.answer.order.body_max = body_max;
    PlainAnswer reader;
    reader.begin();
    const ResponseHead::Limits limits{.bytes_max = 200, .count_max = 4};
    while (!text.empty() && read.verdict == Told::more) {
        read.verdict = reader.take(text.substr(0, step), limits, read.answer);
        text.remove_prefix(std::min(step, text.size()));
    }
    if (read.verdict == Told::more) read.verdict = reader.end();
    read.keeps = reader.keeps_connection();
    read.problem = reader.problem();
    return read;
}

struct AnswerRow {
    const char* text;
    Told verdict;
    const char* body;
    bool keeps;
};

const AnswerRow answer_rows[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Told::whole, "hello", true},
    {"HTTP/1.1 200\nContent-Length: 2\nContent-Length: 2\n\nok", Told::whole, "ok", true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Told::whole, "", true},
    {"HTTP/1.1 204 None\r\nContent-Length: 7\r\n\r\n", Told::whole, "", true},
    {"HTTP/1.1 304 Same\r\nTransfer-Encoding: chunked\r\n\r\n", Told::whole, "", true},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", Told::whole, "ok", false},
    {"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok", Told::whole, "ok",
     true},
    {"HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok", Told::whole, "ok",
     false},
    {"HTTP/1.1 200 OK\r\n\r\nuntil the end", Told::whole, "until the end", false},
    {"HTTP/1.1 100 Go\r\nX: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Told::whole,
     "ok", true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 1\r\n\r\n"
     "3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
     Told::whole, "abc0123456789", true},
    {"HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nok", Told::whole, "ok", true},
    // What is not whole, or not HTTP.
    {"", Told::broken, "", false},
    {"HTT", Told::broken, "", false},
    {"HTTP/1.1 200 OK\r\nContent-", Told::broken, "", false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", Told::broken, "hell", false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", Told::broken, "",
     false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: rot13\r\n\r\nbx", Told::broken, "", false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", Told::broken, "", false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1x\r\n", Told::broken, "", false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", Told::broken, "a", false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", Told::broken,
     "", false},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", Told::broken, "a", false},
    {"<html>", Told::protocol, "", false},
    {"HTTP/2 200\r\n\r\n", Told::protocol, "", false},
    {"HTTP/1.1 2000 OK\r\n\r\n", Told::protocol, "", false},
    {"HTTP/1.1 099 OK\r\n\r\n", Told::protocol, "", false},
    {"\r\nHTTP/1.1 200 OK\r\n\r\n", Told::protocol, "", false},
    {" HTTP/1.1 200 OK\r\n\r\n", Told::protocol, "", false},
    {"HTTP/1.1 100 Go\r\n\r\n\rHTTP/1.1 200 OK\r\n\r\n", Told::protocol, "", false},
    {"HTTP/1.1 101 Switch\r\n\r\n", Told::protocol, "", false},
    {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", Told::protocol, "", false},
    {"HTTP/1.1 200 OK\r\nHTTP/1.1 404 No: x\r\n\r\n", Told::protocol, "", false},
    {"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", Told::protocol, "", false},
    {"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", Told::protocol, "", false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", Told::protocol, "", false},
    {"HTTP/1.1 200 OK\r\nA: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\n\r\n", Told::head_too_large, "",
     false},
};

TEST(PlainAnswer, IsReadTheSameWayHoweverItsBytesCome) {
    for (const AnswerRow& row : answer_rows) {
        for (const std::size_t step : {1u, 2u, 3u, 7u, 1000u}) {
            const ReadAnswer read = read_answer(row.text, step);
            EXPECT_EQ(static_cast<int>(read.verdict), static_cast<int>(row.verdict))
                << row.text << " in steps of " << step << ": " << read.problem;
            EXPECT_EQ(read.answer.body, row.body) << row.text;
            EXPECT_EQ(read.keeps, row.keeps) << row.text << " in steps of " << step;
            EXPECT_EQ(read.problem.empty(), row.verdict == Told::whole) << row.text;
        }
    }
}

TEST(PlainAnswer, HasItsLimits) {
    const std::string head = "HTTP/1.1 200 OK\r\n";
    for (const std::size_t step : {1u, 64u, 100'000u}) {
        EXPECT_EQ(read_answer(head + "X: " + std::string(300, 'x') + "\r\n\r\n", step).verdict,
                  Told::head_too_large);
        std::string early;
        for (int i = 0; i < 20; ++i) early += "HTTP/1.1 100 Continue\r\n\r\n";
        EXPECT_EQ(read_answer(early, step).verdict, Told::head_too_large);
        const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
        EXPECT_EQ(read_answer(chunked + "1;" + std::string(5000, 'x') + "\r\na", step).verdict,
                  Told::broken);
        EXPECT_EQ(
            read_answer(chunked + "0\r\n" + std::string(300, 'x') + ":\r\n\r\n", step).verdict,
            Told::head_too_large);
        for (const auto& text :
             {head + "Content-Length: 10\r\n\r\n0123456789", head + "\r\n0123456789",
              chunked + "a\r\n0123456789\r\n0\r\n\r\n"}) {
            const ReadAnswer cut = read_answer(text, step, 9);
            EXPECT_EQ(cut.verdict, Told::whole);
            EXPECT_TRUE(cut.answer.truncated);
            EXPECT_EQ(cut.answer.body, "012345678");
            EXPECT_FALSE(cut.keeps);
            EXPECT_FALSE(read_answer(text, step, 10).answer.truncated);
        }
    }
}

TEST(PlainAnswer, WhatComesBehindItEndsTheConnection) {
    const ReadAnswer read =
        read_answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200", 1000);
    EXPECT_EQ(read.verdict, Told::whole);
    EXPECT_EQ(read.answer.body, "ok");
    EXPECT_FALSE(read.keeps);
}

TEST(PlainTransfer, TakesOrdinaryUrlsOnly) {
    for (const auto* url : {"http://a.example", "http://a.example/",
                            "http://a.example:8080/x?y=%20z", "http://[::1]/", "http://[::1]:80/",
                            "http://127.0.0.1?q", "http://xn--a_b-c.example/~x;y"})
        EXPECT_TRUE(PlainTransfer::takes(url)) << url;
    for (const auto* url :
         {"https://a.example/", "http://", "http:///x", "http://u@a.example/", "http://a:0/",
          "http://a:65536/", "http://a:/", "http://a:8x/", "http://::1/", "http://[::1/",
          "http://a]/", "http://a/#x", "http://a/\\x", "http://a/ b", "http://a/\xc3\xa9",
          "http://\xc3\xa9/", "http://a:1:2/", "ftp://a/", ""})
        EXPECT_FALSE(PlainTransfer::takes(url)) << url;
}

}  // namespace
}  // namespace sluice::crawl
