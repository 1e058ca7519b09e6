// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/http_fetch.h"

#include "kernel/net/loopback_server_testing.h"
#include "kernel/sync/clock.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>

namespace sluice::work {
namespace {

AddressRules rules(const std::vector<std::string>& hosts,
                   const std::vector<std::string>& networks) {
    return AddressRules::make(hosts, networks).value();
}
AddressRules loopback() { return rules({}, {"127.0.0.1"}); }

struct Got {
    Result<HttpResponse> response;
    std::string body;
};

Got fetch(const HttpRequest& request, const AddressRules& allowed,
          const CancelToken& cancel = CancelToken()) {
    std::string body;
    auto response = http_fetch(
        request, allowed,
        [&body](std::string_view bytes) {
            body += bytes;
            return Status();
        },
        cancel);
    return {std::move(response), std::move(body)};
}

TEST(HttpFetch, GivesStatusTypeAndBody) {
    LoopbackServer server;
    server.answer_ok("/hello", "hello, world");
    server.answer("/busy", "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
    server.start();
    const auto got = fetch({.url = server.url("/hello")}, loopback());
    ASSERT_TRUE(got.response) << got.response.error().text();
    EXPECT_EQ(got.response->status, 200);
    EXPECT_EQ(got.response->content_type, "text/plain");
    EXPECT_EQ(got.response->bytes, 12u);
    EXPECT_EQ(got.body, "hello, world");
    EXPECT_EQ(fetch({.url = server.url("/none")}, loopback()).response->status, 404);
    const auto busy = fetch({.url = server.url("/busy")}, loopback()).response.value();
    EXPECT_EQ(busy.status, 503);
    EXPECT_EQ(busy.retry_after, Duration(7s));
}

TEST(HttpFetch, NothingIsConnectedThatTheRulesDoNotAllow) {
    LoopbackServer server;
    server.answer_ok("/", "secret");
    server.start();
    const std::string port = ":" + std::to_string(server.port()) + "/";
    const struct {
        std::string url;
        AddressRules allowed;
    } rows[] = {
        {server.url("/"), rules({}, {})},
        {server.url("/"), rules({"*"}, {})},
        {server.url("/"), rules({}, {"10.0.0.0/8"})},
        {server.url("/"), rules({"example.org"}, {"127.0.0.1"})},
        {"http://localhost" + port, rules({"*"}, {})},
        {"http://2130706433" + port, rules({"*"}, {})},
        {"http://0x7f.1" + port, rules({"*"}, {})},
        {"http://0177.0.0.1" + port, rules({"*"}, {})},
        {"http://0.0.0.0" + port, rules({"*"}, {})},
        {"http://[::ffff:127.0.0.1]" + port, rules({"*"}, {})},
        {"http://[::1]" + port, rules({"*"}, {})},
        {"http://user:word@127.0.0.1" + port, loopback()},
        {"file:///etc/passwd", rules({"*"}, {"::/0"})},
        {"gopher://127.0.0.1" + port, rules({"*"}, {"::/0"})},
    };
    for (const auto& row : rows) {
        const auto got = fetch({.url = row.url}, row.allowed);
        ASSERT_FALSE(got.response) << row.url;
        EXPECT_EQ(got.response.error().code, Code::denied) << got.response.error().text();
        EXPECT_EQ(got.body, "");
    }
    EXPECT_EQ(server.requests(), 0);
    for (const auto* wrong : {"", "not an address", "http://", "//x", "/etc/passwd"}) {
        EXPECT_EQ(fetch({.url = wrong}, loopback()).response.error().code, Code::invalid) << wrong;
    }
}

TEST(HttpFetch, RedirectsAreFollowedAndCheckedEachTime) {
    LoopbackServer server;
    server.answer_ok("/end", "arrived");
    server.redirect("/1", "/2");
    server.redirect("/2", "/3");
    server.redirect("/3", "/end");
    server.redirect("/0", "/1");
    server.redirect("/loop", "/loop");
    // 127.0.0.2 is another address of this machine, outside the allowed network.
    server.redirect("/out", "http://127.0.0.2:" + std::to_string(server.port()) + "/end");
    server.redirect("/metadata", "http://169.254.169.254/latest/meta-data/");
    server.redirect("/file", "file:///etc/passwd");
    server.redirect("/name", "http://localhost:" + std::to_string(server.port()) + "/end");
    server.start();
    const auto good = fetch({.url = server.url("/1")}, loopback());
    ASSERT_TRUE(good.response) << good.response.error().text();
    EXPECT_EQ(good.response->redirects, 3);
    EXPECT_EQ(good.response->url, server.url("/end"));
    EXPECT_EQ(good.body, "arrived");
    EXPECT_EQ(fetch({.url = server.url("/0")}, loopback()).response.error().code, Code::exhausted);
    EXPECT_EQ(fetch({.url = server.url("/loop")}, loopback()).response.error().code,
              Code::exhausted);
    for (const auto* path : {"/out", "/metadata", "/file"}) {
        const auto got = fetch({.url = server.url(path)}, loopback());
        ASSERT_FALSE(got.response) << path;
        EXPECT_EQ(got.response.error().code, Code::denied) << got.response.error().text();
        EXPECT_EQ(got.body, "") << path;
    }
    const auto named = rules({"127.0.0.1"}, {"127.0.0.0/8"});
    EXPECT_EQ(fetch({.url = server.url("/name")}, named).response.error().code, Code::denied);
}

TEST(HttpFetch, ProxiesOfTheEnvironmentAreNotUsed) {
    LoopbackServer server;
    server.answer_ok("/", "direct");
    server.start();
    ::setenv("http_proxy", "http://127.0.0.1:1", 1);
    ::setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    EXPECT_EQ(fetch({.url = server.url("/")}, loopback()).body, "direct");
    ::unsetenv("http_proxy");
    ::unsetenv("ALL_PROXY");
}

TEST(HttpFetch, AnswersWithoutEndAreEnded) {
    LoopbackServer server;
    server.answer(
        "/headers", "HTTP/1.1 200 OK\r\n" + [] {
            std::string lines;
            for (int i = 0; i < 4000; ++i) lines += "X-Header: " + std::string(50, 'x') + "\r\n";
            return lines;
        }() + "\r\n");
    server.answer("/long", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx");
    server.start();
    const auto body = fetch({.url = server.url("/endless"), .body_max = mib(2)}, loopback());
    EXPECT_EQ(body.response.error().code, Code::exhausted);
    EXPECT_LE(body.body.size(), 2u << 20);
    EXPECT_EQ(fetch({.url = server.url("/headers")}, loopback()).response.error().code,
              Code::exhausted);
    EXPECT_FALSE(fetch({.url = server.url("/long")}, loopback()).response);  // cut off
    const auto late = fetch({.url = server.url("/silent"), .timeout = 100ms}, loopback());
    EXPECT_EQ(late.response.error().code, Code::timeout);
}

/// What reached the server.
struct Heard {
    std::string head;
    std::string body;
};
LoopbackServer::Script hear(Heard& heard, const std::string& answer) {
    return [&heard, answer](LoopbackServer::Peer& peer, const std::string& head) {
        heard.head = head;
        const std::size_t at = head.find("Content-Length: ");
        const std::size_t size = at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
        heard.body = peer.receive_body(size);
        peer.send(answer);
        peer.close();
    };
}
constexpr const char* fine = "HTTP/1.1 200 OK\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 0\r\n\r\n";

TEST(HttpFetch, MethodsHeadersAndBodiesAreSent) {
    LoopbackServer server;
    Heard heard;
    server.script("/", hear(heard, fine));
    server.start();
    for (const auto* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"}) {
        const auto got = fetch({.url = server.url("/"), .method = method}, loopback());
        ASSERT_TRUE(got.response) << got.response.error().text();
        EXPECT_TRUE(heard.head.starts_with(std::string(method) + " / HTTP/1.1")) << heard.head;
    }
    const auto got = fetch({.url = server.url("/"),
                            .method = "PUT",
                            .headers = {{"X-Job", "j1"}, {"X-None", ""}},
                            .body = "the body"},
                           loopback());
    ASSERT_TRUE(got.response) << got.response.error().text();
    EXPECT_EQ(heard.body, "the body");
    EXPECT_NE(heard.head.find("X-Job: j1\r\n"), std::string::npos) << heard.head;
    EXPECT_NE(heard.head.find("X-None:"), std::string::npos);
    EXPECT_EQ(heard.head.find("Content-Type"), std::string::npos);
    EXPECT_EQ(heard.head.find("Expect"), std::string::npos);
    EXPECT_EQ(*got.response->header("X-ONE"), "1");
    EXPECT_EQ(got.response->header("X-Two"), nullptr);
    EXPECT_GE(got.response->timings.total, got.response->timings.connect);
}

TEST(HttpFetch, CredentialsStayWithTheirOrigin) {
    LoopbackServer server;
    LoopbackServer other;
    Heard heard;
    Heard elsewhere;
    server.redirect("/away", other.url("/end"));
    server.redirect("/here", "/end");
    other.redirect("/back", server.url("/end"));
    server.redirect("/loop", other.url("/back"));
    server.script("/end", hear(heard, fine));
    other.script("/end", hear(elsewhere, fine));
    server.start();
    other.start();
    HttpRequest request{
        .url = server.url("/here"),
        .headers = {
            {"Authorization", "Bearer s3cret"}, {"X-Key", "s3cret", true}, {"X-Open", "yes"}}};
    ASSERT_TRUE(fetch(request, loopback()).response);
    EXPECT_NE(heard.head.find("Bearer s3cret"), std::string::npos);
    request.url = server.url("/away");
    ASSERT_TRUE(fetch(request, loopback()).response);
    EXPECT_NE(elsewhere.head.find("X-Open: yes"), std::string::npos);
    EXPECT_EQ(elsewhere.head.find("s3cret"), std::string::npos) << elsewhere.head;
    // Whoever was elsewhere may have chosen where it goes next.
    request.url = server.url("/loop");
    ASSERT_TRUE(fetch(request, loopback()).response);
    EXPECT_EQ(heard.head.find("s3cret"), std::string::npos) << heard.head;
}

TEST(HttpFetch, RedirectsChangeTheMethodAsBrowsersDo) {
    LoopbackServer server;
    Heard heard;
    server.script("/end", hear(heard, fine));
    const std::pair<int, std::string> rows[] = {
        {301, "GET"}, {302, "GET"}, {303, "GET"}, {307, "POST"}, {308, "POST"}};
    for (const auto& [status, method] : rows) {
        server.script("/" + std::to_string(status),
                      hear(heard, "HTTP/1.1 " + std::to_string(status) +
                                      " Go\r\nLocation: /end\r\nContent-Length: 0\r\n\r\n"));
    }
    server.start();
    for (const auto& [status, method] : rows) {
        HttpRequest request{.url = server.url("/" + std::to_string(status)),
                            .method = "POST",
                            .headers = {{"Content-Type", "text/x"}},
                            .body = "form"};
        ASSERT_TRUE(fetch(request, loopback()).response);
        EXPECT_TRUE(heard.head.starts_with(method + " /end")) << status << heard.head;
        EXPECT_EQ(heard.body, method == "POST" ? "form" : "");
        EXPECT_EQ(heard.head.find("Content-Type") != std::string::npos, method == "POST");
        request.redirects_max = 0;
        EXPECT_EQ(fetch(request, loopback()).response->status, status);
    }
}

TEST(HttpFetch, HeadersOfAJobAreChecked) {
    EXPECT_TRUE(check_http_field({"X-Job", "a b\tc"}));
    for (const HttpField& wrong :
         {HttpField{"X\r\nHost", "x"}, HttpField{"", "x"}, HttpField{"X Y", "x"},
          HttpField{"X:", "x"}, HttpField{"host", "x"}, HttpField{"Content-Length", "3"},
          HttpField{"X", "a\r\nHost: evil"}, HttpField{"X", std::string("a\0b", 3)},
          HttpField{"X", std::string(20'000, 'x')}}) {
        EXPECT_EQ(check_http_field(wrong).error().code, Code::invalid) << wrong.name;
        EXPECT_FALSE(
            fetch({.url = "http://127.0.0.1:1/", .headers = {wrong}}, loopback()).response);
    }
}

TEST(HttpFetch, ABombIsLimitedByWhatComesOut) {
    LoopbackServer server;
    std::string bomb(8u << 20, 'x');
    uLongf size = compressBound(static_cast<uLong>(bomb.size()));
    std::string packed(size, '\0');
    ASSERT_EQ(
        compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                  reinterpret_cast<const Bytef*>(bomb.data()), static_cast<uLong>(bomb.size()), 9),
        Z_OK);
    packed.resize(size);
    ASSERT_LT(packed.size(), 100'000u);
    server.answer("/", "HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: " +
                           std::to_string(packed.size()) + "\r\n\r\n" + packed);
    server.start();
    const auto got =
        fetch({.url = server.url("/"), .body_max = mib(1), .decode = true}, loopback());
    EXPECT_EQ(got.response.error().code, Code::exhausted);
    EXPECT_LE(got.body.size(), 1u << 20);
    EXPECT_EQ(fetch({.url = server.url("/"), .decode = true}, loopback()).body, bomb);
    EXPECT_EQ(fetch({.url = server.url("/")}, loopback()).body, packed);
}

TEST(HttpFetch, AHeadThatIsRefusedEndsTheRequest) {
    LoopbackServer server;
    server.answer_ok("/", "body");
    server.start();
    const auto got = fetch({.url = server.url("/"),
                            .on_head = [](const HttpResponse& head) -> Status {
                                EXPECT_EQ(*head.header("Content-Length"), "4");
                                return fail(Code::conflict, "not this one");
                            }},
                           loopback());
    EXPECT_EQ(got.response.error().code, Code::conflict);
    EXPECT_EQ(got.body, "");
}

TEST(HttpFetch, CancelWakesItAtOnce) {
    LoopbackServer server;
    server.start();
    const CancelSource source;
    Thread canceller("canceller", [&] {
        std::uint64_t one = 0;
        EXPECT_EQ(::read(server.silent_arrived(), &one, sizeof one), 8);
        source.cancel();
    });
    const Instant begin = monotonic_now();
    const auto got = fetch({.url = server.url("/silent")}, loopback(), source.token());
    EXPECT_EQ(got.response.error().code, Code::cancelled);
    EXPECT_LT(monotonic_now() - begin, 20s);
}

}  // namespace
}  // namespace sluice::work
