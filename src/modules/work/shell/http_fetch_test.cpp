// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/http_fetch.h"

#include "kernel/net/loopback_server_testing.h"
#include "kernel/sync/clock.h"

#include <gtest/gtest.h>

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
