// SPDX-License-Identifier: Apache-2.0
// What is fetched as it should be; hostile servers are in fetch_hostile_test.cpp, addresses,
// proxies and logins in fetch_access_test.cpp.
#include "modules/crawl/shell/fetch/fetch_loop.h"

#include "modules/crawl/shell/fetch/fetch_testing.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

namespace sluice::crawl {
namespace {

/// A script that answers with the head of the request.
void echo(LoopbackServer::Peer& peer, const std::string& head) {
    peer.send("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: " +
              std::to_string(head.size()) + "\r\n\r\n" + head);
}

bool has_line(const std::string& head, const std::string& line) {
    return head.find("\r\n" + line + "\r\n") != std::string::npos;
}

TEST(FetchLoop, BringsStatusHeadersAndBodyAsTheyWereSent) {
    LoopbackServer server;
    // Not gzip at all: nobody may look.
    server.script("/page", [](LoopbackServer::Peer& peer, const std::string&) {
        peer.send(
            "HTTP/1.1 203 Quite Fine\r\nContent-Encoding: gzip\r\nX-Two: 1\r\nx-two:  2 \r\n"
            "Folded: a\r\n b\r\nContent-Length: 5\r\n\r\nbytes");
    });
    server.script("/chunks", [](LoopbackServer::Peer& peer, const std::string&) {
        peer.send(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
            "4;x=y\r\ndefg\r\n0\r\nX-Trailer: t\r\n\r\n");
    });
    server.start();
    Fetcher fetcher;
    const FetchAnswer page = fetcher.get(server.url("/page"));
    EXPECT_EQ(page.fault, FetchFault::none) << page.detail;
    EXPECT_EQ(page.order.ticket, Ticket(1));
    EXPECT_EQ(page.order.url, server.url("/page"));
    EXPECT_EQ(page.status, 203);
    EXPECT_EQ(page.protocol, "HTTP/1.1");
    EXPECT_EQ(page.reason, "Quite Fine");
    const std::vector<HttpHeader> headers = {{"Content-Encoding", "gzip"},
                                             {"X-Two", "1"},
                                             {"x-two", "2"},
                                             {"Folded", "a b"},
                                             {"Content-Length", "5"}};
    EXPECT_EQ(page.headers, headers);
    EXPECT_EQ(page.header("X-TWO"), "1");
    EXPECT_EQ(page.body, "bytes");
    EXPECT_FALSE(page.truncated);
    EXPECT_EQ(page.address, "127.0.0.1");
    EXPECT_TRUE(page.new_connection);
    EXPECT_EQ(page.request_head, "");
    EXPECT_GT(page.latency, Duration(0));
    EXPECT_GE(page.took, page.latency);

    const FetchAnswer chunks = fetcher.get(server.url("/chunks"));
    EXPECT_EQ(chunks.fault, FetchFault::none) << chunks.detail;
    EXPECT_EQ(chunks.body, "abcdefg");
    EXPECT_EQ(chunks.header("X-Trailer"), "");
    EXPECT_FALSE(chunks.new_connection);
    EXPECT_EQ(server.connections(), 1);
}

TEST(FetchLoop, SendsTheHeadersOfTheConfigurationAndOfTheRequest) {
    LoopbackServer server;
    server.script("/echo", echo);
    server.start();
    FetchConfig config = loopback_config();
    config.user_agent = "testbot/1.0";
    config.extra_headers = {{"From", "me@example.org"}, {"X-Empty", ""}};
    config.keep_request_head = true;
    Fetcher fetcher(std::move(config));
    const FetchAnswer first = fetcher.get(server.url("/echo"), {.cookie = "a=b; c=d",
                                                                .if_none_match = "W/\"e\"",
                                                                .if_modified_since = "then",
                                                                .referer = "http://x.example/"});
    EXPECT_EQ(first.request_head, first.body);
    EXPECT_TRUE(first.body.starts_with("GET /echo HTTP/1.1\r\n"));
    for (const auto* line :
         {"User-Agent: testbot/1.0", "Accept-Encoding: gzip, deflate, br, zstd",
          "From: me@example.org", "X-Empty:", "Cookie: a=b; c=d", "If-None-Match: W/\"e\"",
          "If-Modified-Since: then", "Referer: http://x.example/"}) {
        EXPECT_TRUE(has_line(first.body, line)) << line << " in\n" << first.body;
    }
    EXPECT_TRUE(has_line(first.body, "Host: 127.0.0.1:" + std::to_string(server.port())));
    // Nothing of one request is left for the next, nor does a cookie that was set come back.
    const FetchAnswer second = fetcher.get(server.url("/echo"));
    EXPECT_EQ(second.body.find("Cookie"), std::string::npos);
    EXPECT_EQ(second.body.find("If-"), std::string::npos);
    EXPECT_EQ(second.body.find("Referer"), std::string::npos);
    EXPECT_TRUE(has_line(second.body, "From: me@example.org"));
    EXPECT_EQ(second.request_head, second.body);
}

TEST(FetchLoop, AnswersWithoutBodyEndAtOnceAndKeepTheConnection) {
    LoopbackServer server;
    server.script("/204", [](LoopbackServer::Peer& peer, const std::string&) {
        peer.send("HTTP/1.1 204 No Content\r\nContent-Type: a/b\r\n\r\n");
    });
    server.script("/304", [](LoopbackServer::Peer& peer, const std::string&) {
        peer.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\nETag: \"x\"\r\n\r\n");
    });
    server.script("/100", [](LoopbackServer::Peer& peer, const std::string&) {
        peer.send(
            "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\n"
            "Link: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    server.script("/302", [](LoopbackServer::Peer& peer, const std::string&) {
        peer.send("HTTP/1.1 302 Found\r\nLocation: /204\r\nContent-Length: 4\r\n\r\nbody");
    });
    server.start();
    Fetcher fetcher;
    EXPECT_EQ(fetcher.get(server.url("/204")).status, 204);
    const FetchAnswer same = fetcher.get(server.url("/304"), {.if_none_match = "\"x\""});
    EXPECT_EQ(same.fault, FetchFault::none) << same.detail;
    EXPECT_EQ(same.status, 304);
    EXPECT_EQ(same.header("etag"), "\"x\"");
    const FetchAnswer early = fetcher.get(server.url("/100"));
    EXPECT_EQ(early.status, 200);
    EXPECT_EQ(early.headers.size(), 1u);
    EXPECT_EQ(early.body, "ok");
    const FetchAnswer moved = fetcher.get(server.url("/302"));
    EXPECT_EQ(moved.status, 302);
    EXPECT_EQ(moved.header("Location"), "/204");
    EXPECT_EQ(moved.body, "body");
    EXPECT_EQ(server.requests(), 4);
    EXPECT_EQ(server.connections(), 1);
}

TEST(FetchLoop, BodiesAreCutAtTheirLimitAndKept) {
    LoopbackServer server;
    server.answer_ok("/ten", "0123456789");
    server.start();
    Fetcher fetcher;
    const FetchAnswer whole = fetcher.get(server.url("/ten"), {}, "127.0.0.1", 10);
    EXPECT_EQ(whole.fault, FetchFault::none) << whole.detail;
    EXPECT_FALSE(whole.truncated);
    EXPECT_EQ(whole.body, "0123456789");
    for (const std::uint64_t most : {9u, 1u, 0u}) {
        const FetchAnswer cut = fetcher.get(server.url("/ten"), {}, "127.0.0.1", most);
        EXPECT_EQ(cut.fault, FetchFault::none) << cut.detail;
        EXPECT_TRUE(cut.truncated);
        EXPECT_EQ(cut.body, std::string("0123456789").substr(0, most));
    }
    const FetchAnswer endless =
        fetcher.get(server.url(std::string(LoopbackServer::endless)), {}, "127.0.0.1", 3'000'000);
    EXPECT_EQ(endless.fault, FetchFault::none) << endless.detail;
    EXPECT_TRUE(endless.truncated);
    EXPECT_EQ(endless.body.size(), 3'000'000u);
}

TEST(FetchLoop, ManyRequestsShareTheConnectionsThereMayBe) {
    LoopbackServer server;
    server.answer_ok("/a", "a");
    server.answer("/close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nb");
    server.start();
    FetchConfig config = loopback_config();
    config.connections_max = 7;
    Fetcher fetcher(std::move(config));
    for (int i = 0; i < 300; ++i) fetcher.order(server.url(i % 10 == 9 ? "/close" : "/a"));
    std::set<std::uint64_t> tickets;
    for (int i = 0; i < 300; ++i) {
        const FetchAnswer answer = fetcher.next();
        EXPECT_EQ(answer.fault, FetchFault::none) << answer.detail;
        EXPECT_EQ(answer.body, answer.order.url.ends_with("/a") ? "a" : "b");
        tickets.insert(answer.order.ticket.value());
    }
    EXPECT_EQ(tickets.size(), 300u);
    EXPECT_LE(server.connections(), 7 + 30);
    fetcher.loop().stop();
    EXPECT_EQ(fetcher.answers_left(), 0u);
}

TEST(FetchLoop, RequestsThatHaveNoRoomAreRefused) {
    LoopbackServer server;
    server.start();
    FetchConfig config = loopback_config();
    config.connections_max = 1;
    config.requests_max = 3;
    Fetcher fetcher(std::move(config));
    const std::string silent = server.url(std::string(LoopbackServer::silent));
    int taken = 0;
    // One at the server, three that wait; when the first leaves the line nobody knows.
    while (fetcher.order(silent)) ++taken;
    EXPECT_GE(taken, 3);
    EXPECT_LE(taken, 4);
    fetcher.loop().stop();
    for (int i = 0; i < taken; ++i) EXPECT_EQ(fetcher.next().fault, FetchFault::cancelled);
    EXPECT_EQ(fetcher.answers_left(), 0u);
}

TEST(FetchLoop, ConfigurationsThatCannotWorkAreRefused) {
    const auto refused = [](auto change) {
        FetchConfig config = loopback_config();
        change(config);
        auto loop = FetchLoop::start(std::move(config), "crawl-fetch-0", [](FetchAnswer&&) {});
        return !loop && loop.error().code == Code::invalid;
    };
    EXPECT_TRUE(refused([](FetchConfig& c) { c.connect_timeout = Duration(0); }));
    EXPECT_TRUE(refused([](FetchConfig& c) { c.total_timeout = Duration::max(); }));
    EXPECT_TRUE(refused([](FetchConfig& c) { c.connections_max = 0; }));
    EXPECT_TRUE(refused([](FetchConfig& c) { c.user_agent = "a\r\nX: y"; }));
    EXPECT_TRUE(refused([](FetchConfig& c) { c.accept_encoding = "gzip\n"; }));
    EXPECT_TRUE(refused([](FetchConfig& c) { c.extra_headers = {{"X-A", "b\r\nX-C: d"}}; }));
    EXPECT_TRUE(refused([](FetchConfig& c) { c.extra_headers = {{"X A", "b"}}; }));
    EXPECT_TRUE(refused([](FetchConfig& c) { c.extra_headers = {{"host", "other"}}; }));
    EXPECT_TRUE(refused([](FetchConfig& c) { c.proxy.url = "http://127.0.0.1:3128"; }));
    EXPECT_TRUE(refused([](FetchConfig& c) { c.proxy = {"gopher://127.0.0.1", {"::/0"}}; }));
    EXPECT_TRUE(refused([](FetchConfig& c) { c.proxy = {"http://127.0.0.1", {"everywhere"}}; }));
    EXPECT_TRUE(refused([](FetchConfig& c) { c.tls.ca_file = "/nonexistent/file"; }));
    EXPECT_TRUE(refused([](FetchConfig& c) { c.credentials = {{.user = "nobody's"}}; }));
}

TEST(FetchLoop, ProxiesOfTheEnvironmentAreNotUsed) {
    LoopbackServer server;
    server.answer_ok("/", "direct");
    server.start();
    for (const auto* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) {
        ::setenv(name, "http://127.0.0.1:1", 1);
    }
    {
        Fetcher fetcher;
        EXPECT_EQ(fetcher.get(server.url("/")).body, "direct");
    }
    for (const auto* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) ::unsetenv(name);
}

TEST(FetchLoop, AnswersMayOrderTheNextRequest) {
    LoopbackServer server;
    server.answer_ok("/", "x");
    server.start();
    FetchLoop* loop = nullptr;
    Channel<bool> end(1);
    int left = 50;
    FetchOrder order;
    order.url = server.url("/");
    order.address = "127.0.0.1";
    order.body_max = 10;
    auto started = FetchLoop::start(loopback_config(), "crawl-fetch-0", [&](FetchAnswer&& answer) {
        EXPECT_EQ(answer.body, "x");
        if (--left == 0) {
            end.push(true);
        } else {
            EXPECT_TRUE(loop->fetch(order));
        }
    });
    ASSERT_TRUE(started);
    loop = started->get();
    EXPECT_TRUE(loop->fetch(order));
    bool whole = false;
    EXPECT_EQ(end.pop(whole), ChannelStatus::ok);
    loop->stop();
    EXPECT_FALSE(loop->fetch(order));
    EXPECT_EQ(server.connections(), 1);
}

}  // namespace
}  // namespace sluice::crawl
