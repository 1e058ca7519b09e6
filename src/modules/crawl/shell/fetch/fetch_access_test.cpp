// SPDX-License-Identifier: Apache-2.0
// Where requests may go, and who gets to see which credentials: addresses, proxies, logins.
#include "modules/crawl/shell/fetch/fetch_loop.h"
#include "modules/crawl/shell/fetch/fetch_testing.h"
#include "modules/crawl/shell/fetch/transfer_config.h"

#include <gtest/gtest.h>

namespace sluice::crawl {
namespace {

using Peer = LoopbackServer::Peer;

std::string with_port(const std::string& host, const LoopbackServer& server) {
    return "http://" + host + ":" + std::to_string(server.port());
}
std::string header_of(const std::string& head, const std::string& name) {
    const std::size_t begin = head.find("\r\n" + name + ": ");
    if (begin == std::string::npos) return "";
    const std::size_t from = begin + name.size() + 4;
    return head.substr(from, head.find("\r\n", from) - from);
}
void echo(Peer& peer, const std::string& head) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(head.size()) + "\r\n\r\n" +
              head);
}

TEST(FetchAddress, NothingIsConnectedThatTheRulesDoNotAllow) {
    LoopbackServer server;
    server.answer_ok("/", "secret");
    server.start();
    FetchConfig config = loopback_config();
    config.rules = AddressRules::public_internet();
    Fetcher fetcher(std::move(config));
    for (const auto* address : {"127.0.0.1",
                                "0.0.0.0",
                                "127.1",
                                "2130706433",
                                "0x7f.1",
                                "0177.0.0.1",
                                "::1",
                                "::",
                                "::ffff:127.0.0.1",
                                "::ffff:7f00:1",
                                "::127.0.0.1",
                                "169.254.169.254",
                                "10.0.0.1",
                                "192.168.0.1",
                                "100.64.0.1",
                                "64:ff9b::7f00:1",
                                "64:ff9b::a9fe:a9fe",
                                "2002:7f00:1::",
                                "2001:0:1::1",
                                "fe80::1",
                                "fe80::1%lo",
                                "fd00::1",
                                "224.0.0.1",
                                "255.255.255.255",
                                "",
                                "localhost",
                                "127.0.0.1:80",
                                " 127.0.0.1"}) {
        for (const auto* host : {"site.example", "127.0.0.1"}) {
            const FetchAnswer answer = fetcher.get(with_port(host, server) + "/", {}, address);
            const bool has_one = *address != '\0';
            EXPECT_EQ(answer.fault, has_one ? FetchFault::blocked : FetchFault::dns) << address;
            EXPECT_NE(answer.detail, "");
            EXPECT_EQ(answer.body, "");
        }
    }
    EXPECT_EQ(server.connections(), 0);
}

TEST(FetchAddress, TheAddressThatWasOrderedIsTheOnlyOne) {
    LoopbackServer one("127.0.0.1");
    LoopbackServer two("127.0.0.2", one.port());
    one.script("/", [](Peer& peer, const std::string& head) {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Host: " + header_of(head, "Host") +
                  "\r\n\r\none");
    });
    two.answer_ok("/", "two");
    one.start();
    two.start();
    Fetcher fetcher;
    const std::string url = with_port("site.example", one) + "/";
    // Kept connections of the same host at the other address are not used.
    for (int i = 0; i < 3; ++i) {
        const FetchAnswer first = fetcher.get(url, {}, "127.0.0.1");
        EXPECT_EQ(first.body, "one");
        EXPECT_EQ(first.address, "127.0.0.1");
        EXPECT_EQ(first.header("X-Host"), "site.example:" + std::to_string(one.port()));
        const FetchAnswer second = fetcher.get(url, {}, "127.0.0.2");
        EXPECT_EQ(second.body, "two");
        EXPECT_EQ(second.address, "127.0.0.2");
        EXPECT_EQ(first.new_connection, i == 0);
        EXPECT_EQ(second.new_connection, i == 0);
    }
    EXPECT_EQ(one.connections(), 1);
    EXPECT_EQ(two.connections(), 1);
    // Nor does an address in the URL count, or the mapped form of an allowed one.
    EXPECT_EQ(fetcher.get(with_port("127.0.0.2", one) + "/", {}, "127.0.0.1").body, "one");
    EXPECT_EQ(fetcher.get(with_port("127.0.0.2", one) + "/", {}, "127.0.0.2").body, "two");
    EXPECT_EQ(fetcher.get(with_port("[::1]", one) + "/", {}, "::ffff:127.0.0.2").body, "two");
    EXPECT_EQ(fetcher.get(with_port("localhost", one) + "/", {}, "127.0.0.2").body, "two");
}

TEST(FetchAddress, RequestsThatWouldSmuggleSomethingAreNotSent) {
    LoopbackServer server;
    server.answer_ok("/", "x");
    server.start();
    Fetcher fetcher;
    const std::string good = server.url("/");
    const std::string evil = "a\r\nX-Evil: b";
    for (const FetchLoop::Extra& extra :
         {FetchLoop::Extra{.cookie = evil}, FetchLoop::Extra{.if_none_match = evil},
          FetchLoop::Extra{.if_modified_since = evil}, FetchLoop::Extra{.referer = evil},
          FetchLoop::Extra{.cookie = std::string("a\0b", 3)}, FetchLoop::Extra{.cookie = "a\nb"}}) {
        EXPECT_EQ(to_string(fetcher.get(good, extra).fault), to_string(FetchFault::protocol));
    }
    for (const auto& url :
         {good + "a b", good + "a\r\nX-Evil: b", good + "\t", std::string("file:///etc/passwd"),
          std::string("gopher://127.0.0.1/"), std::string("ftp://127.0.0.1/"), std::string(),
          std::string("http://"), "http://user:word@127.0.0.1:" + std::to_string(server.port()),
          std::string("//127.0.0.1/")}) {
        const FetchAnswer answer = fetcher.get(url);
        EXPECT_EQ(to_string(answer.fault), to_string(FetchFault::protocol)) << url << answer.detail;
    }
    EXPECT_EQ(server.connections(), 0);
    EXPECT_EQ(fetcher.get(good).body, "x");
}

TEST(FetchLogin, CredentialsGoToTheirHostsOnly) {
    LoopbackServer server;
    server.script("/", echo);
    server.start();
    FetchConfig config = loopback_config();
    config.credentials = {
        {.hosts = "basic.example", .user = "me", .password = "word"},
        {.hosts = "*.bearer.example", .kind = FetchCredentials::Kind::bearer, .token = "tok"},
        {.hosts = "ntlm.example",
         .kind = FetchCredentials::Kind::ntlm,
         .user = "me",
         .password = "word"},
        {.hosts = "https://port.example:1", .user = "me", .password = "word"}};
    Fetcher fetcher(std::move(config));
    const auto login = [&](const std::string& host) {
        return header_of(fetcher.get(with_port(host, server) + "/").body, "Authorization");
    };
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(login("basic.example"), "Basic bWU6d29yZA==");
        EXPECT_EQ(login("other.example"), "");
        EXPECT_EQ(login("www.bearer.example"), "Bearer tok");
        EXPECT_EQ(login("bearer.example"), "");
        EXPECT_EQ(login("BASIC.example"), "Basic bWU6d29yZA==");
        EXPECT_EQ(login("basic.example.evil.example"), "");
        EXPECT_EQ(login("port.example"), "");
        EXPECT_TRUE(login("ntlm.example").starts_with("NTLM TlRMTVNTUAAB"));
        EXPECT_EQ(login("other.example"), "");
    }
}

TEST(FetchLogin, DigestAnswersTheChallengeAndTheLastAnswerCounts) {
    LoopbackServer server;
    server.script("/", [](Peer& peer, const std::string& head) {
        const std::string login = header_of(head, "Authorization");
        if (login.starts_with("Digest ") && login.find("username=\"me\"") != std::string::npos &&
            login.find("nonce=\"once\"") != std::string::npos) {
            peer.send("HTTP/1.1 200 OK\r\nX-Which: second\r\nContent-Length: 2\r\n\r\nin");
        } else {
            peer.send(
                "HTTP/1.1 401 No\r\nX-Which: first\r\nWWW-Authenticate: Digest "
                "realm=\"r\", nonce=\"once\", qop=\"auth\"\r\nContent-Length: 3\r\n\r\nout");
        }
    });
    server.start();
    FetchConfig config = loopback_config();
    config.keep_request_head = true;
    config.credentials = {{.hosts = "digest.example",
                           .kind = FetchCredentials::Kind::digest,
                           .user = "me",
                           .password = "word"}};
    Fetcher fetcher(std::move(config));
    const FetchAnswer in = fetcher.get(with_port("digest.example", server) + "/");
    EXPECT_EQ(in.status, 200) << in.detail;
    EXPECT_EQ(in.body, "in");
    EXPECT_EQ(in.header("X-Which"), "second");
    EXPECT_EQ(in.headers.size(), 2u);
    EXPECT_TRUE(in.request_head.starts_with("GET / HTTP/1.1\r\n"));
    EXPECT_NE(header_of(in.request_head, "Authorization"), "");
    const FetchAnswer out = fetcher.get(with_port("other.example", server) + "/");
    EXPECT_EQ(out.status, 401);
    EXPECT_EQ(out.body, "out");
    EXPECT_EQ(header_of(out.request_head, "Authorization"), "");
}

FetchConfig through(const std::string& proxy, const std::vector<std::string>& networks) {
    FetchConfig config = loopback_config();
    config.proxy = {proxy, networks};
    return config;
}

TEST(FetchProxy, PlainUrlsAreAskedOfAnHttpProxyAndTunnelsGoToTheOrderedAddress) {
    LoopbackServer proxy;
    proxy.script("http://site.example/page", echo);
    proxy.script("127.0.0.9:443", [](Peer& peer, const std::string& head) {
        peer.send("HTTP/1.1 403 No\r\nX-Head: " + header_of(head, "Cookie") +
                  "\r\nContent-Length: 0\r\n\r\n");
    });
    proxy.start();
    Fetcher fetcher(through(with_port("127.0.0.1", proxy), {"127.0.0.1"}));
    const FetchAnswer plain = fetcher.get("http://site.example/page", {.cookie = "a=b"});
    EXPECT_EQ(plain.fault, FetchFault::none) << plain.detail;
    EXPECT_TRUE(plain.body.starts_with("GET http://site.example/page HTTP/1.1\r\n"));
    EXPECT_EQ(header_of(plain.body, "Cookie"), "a=b");
    EXPECT_EQ(plain.address, "127.0.0.1");
    // The tunnel is refused, so there is no answer of the site; nor did the proxy see its cookie.
    const FetchAnswer tunnel = fetcher.get("https://site.example/", {.cookie = "a=b"}, "127.0.0.9");
    EXPECT_NE(tunnel.fault, FetchFault::none);
    EXPECT_EQ(tunnel.header("X-Head"), "");
    EXPECT_EQ(proxy.requests(), 2);
    // The order's address must be allowed all the same.
    EXPECT_EQ(fetcher.get("http://site.example/page", {}, "10.0.0.1").fault, FetchFault::blocked);
    EXPECT_EQ(proxy.requests(), 2);
}

TEST(FetchProxy, TheProxysOwnAddressNeedsItsOwnRule) {
    LoopbackServer proxy;
    proxy.start();
    // The rules for pages allow it, and that does not count.
    Fetcher fetcher(through(with_port("127.0.0.1", proxy), {"10.0.0.0/8"}));
    const FetchAnswer answer = fetcher.get("http://site.example/");
    EXPECT_EQ(to_string(answer.fault), to_string(FetchFault::blocked)) << answer.detail;
    EXPECT_EQ(proxy.connections(), 0);
}

TEST(FetchProxy, SocksIsToldTheOrderedAddress) {
    LoopbackServer proxy;
    Channel<std::string> targets(4);
    proxy.at_connect([&targets](Peer& peer) {
        EXPECT_EQ(peer.receive().substr(0, 1), "\x05");
        peer.send(std::string("\x05\0", 2));
        const std::string wanted = peer.receive();  // version, connect, 0, IPv4, address, port
        targets.push(wanted.substr(3, 5));
        peer.send(std::string("\x05\0\0\x01\0\0\0\0\0\0", 10));
        EXPECT_NE(peer.receive_head(), "");
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        peer.wait_gone();
        peer.close();
    });
    proxy.start();
    for (const auto* scheme : {"socks5://", "socks5h://"}) {
        Fetcher fetcher(
            through(scheme + ("127.0.0.1:" + std::to_string(proxy.port())), {"127.0.0.1"}));
        const FetchAnswer answer = fetcher.get("http://site.example/", {}, "127.0.0.9");
        EXPECT_EQ(answer.fault, FetchFault::none) << answer.detail;
        EXPECT_EQ(answer.body, "ok");
        std::string target;
        EXPECT_EQ(targets.pop(target), ChannelStatus::ok);
        EXPECT_EQ(target, std::string("\x01\x7f\0\0\x09", 5));
    }
}

TEST(FetchAccess, PatternsMatchOrigins) {
    const UrlOrigin origin = url_origin("https://Www.Example.org:8443/a?b#c");
    EXPECT_EQ(origin.origin, "https://Www.Example.org:8443");
    EXPECT_EQ(origin.host, "Www.Example.org");
    EXPECT_EQ(url_origin("http://[::1]:80").host, "[::1]");
    EXPECT_EQ(url_origin("http://[::1]").host, "[::1]");
    EXPECT_EQ(url_origin("nothing").host, "");
    EXPECT_TRUE(matches_origin("*.example.ORG", origin));
    EXPECT_TRUE(matches_origin("https://*.example.org:8443", origin));
    EXPECT_FALSE(matches_origin("http://*.example.org:8443", origin));
    EXPECT_FALSE(matches_origin("example.org", origin));
    EXPECT_FALSE(matches_origin("", origin));
}

}  // namespace
}  // namespace sluice::crawl
