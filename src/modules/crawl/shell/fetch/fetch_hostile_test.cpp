// SPDX-License-Identifier: Apache-2.0
// Servers that break off, hang, lie or never end; and what is cancelled while they do.
#include "modules/crawl/shell/fetch/fetch_loop.h"
#include "modules/crawl/shell/fetch/fetch_testing.h"

#include <gtest/gtest.h>

namespace sluice::crawl {
namespace {

using Peer = LoopbackServer::Peer;

TEST(FetchHostile, BrokenAnswersAreFaultsThatSayWhichKind) {
    LoopbackServer server;
    const std::string many = [] {
        std::string lines;
        for (int i = 0; i < 300; ++i) lines += "X-" + std::to_string(i) + ": y\r\n";
        return lines;
    }();
    server.answer("/nothing", "");
    server.answer("/half-status", "HTTP/1.1 2");
    server.answer("/half-header", "HTTP/1.1 200 OK\r\nContent-Le");
    server.answer("/short", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
    server.answer("/bad-chunk",
                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n");
    server.answer("/half-chunk",
                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n9\r\nde");
    server.answer("/old", "<html>HTTP/0.9 needs no head</html>");
    server.answer("/binary", std::string("\x16\x03\x01\0\0", 5));
    server.answer("/many", "HTTP/1.1 200 OK\r\n" + many + "\r\n");
    server.answer("/long", "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n");
    server.script("/endless-headers", [](Peer& peer, const std::string&) {
        bool there = peer.send("HTTP/1.1 200 OK\r\n");
        while (there) there = peer.send("X-Again: and again\r\n");
        peer.close();
    });
    server.script("/endless-continue", [](Peer& peer, const std::string&) {
        bool there = true;
        while (there) there = peer.send("HTTP/1.1 100 Continue\r\n\r\n");
        peer.close();
    });
    server.script("/reset", [](Peer& peer, const std::string&) { peer.reset(); });
    server.script("/reset-late", [](Peer& peer, const std::string&) {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        peer.reset();
    });
    server.start();
    const struct {
        const char* path;
        FetchFault fault;
    } rows[] = {
        {"/nothing", FetchFault::broken},
        {"/half-status", FetchFault::broken},
        {"/half-header", FetchFault::broken},
        {"/short", FetchFault::broken},
        {"/bad-chunk", FetchFault::broken},
        {"/half-chunk", FetchFault::broken},
        {"/old", FetchFault::protocol},
        {"/binary", FetchFault::protocol},
        {"/many", FetchFault::too_large},
        {"/long", FetchFault::too_large},
        {"/endless-headers", FetchFault::too_large},
        {"/endless-continue", FetchFault::too_large},
        {"/reset", FetchFault::broken},
        {"/reset-late", FetchFault::broken},
    };
    Fetcher fetcher;
    for (const auto& row : rows) {
        const FetchAnswer answer = fetcher.get(server.url(row.path));
        EXPECT_EQ(to_string(answer.fault), to_string(row.fault)) << row.path << answer.detail;
        EXPECT_NE(answer.detail, "") << row.path;
        EXPECT_LE(answer.headers.size(), 256u);
    }
    // More than was promised is not part of the answer, and nobody else's either.
    LoopbackServer liar;
    liar.script("/more", [](Peer& peer, const std::string&) {
        peer.send(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n"
            "Content-Length: 4\r\n\r\nevil");
    });
    liar.start();
    for (int i = 0; i < 3; ++i) {
        const FetchAnswer answer = fetcher.get(liar.url("/more"));
        if (answer.fault == FetchFault::none) {
            EXPECT_EQ(answer.body, "ok");
        }
    }
    EXPECT_EQ(fetcher.get(server.url("/none")).status, 404);
}

TEST(FetchHostile, NobodyListeningIsAConnectFault) {
    int port = 0;
    {
        const LoopbackServer gone;
        port = gone.port();
    }
    Fetcher fetcher;
    EXPECT_EQ(fetcher.get("http://127.0.0.1:" + std::to_string(port) + "/").fault,
              FetchFault::connect);
}

/// Phases of a request in which a server can leave us waiting.
class HangingServer {
public:
    HangingServer() {
        server.script("/in-head", [](Peer& peer, const std::string&) {
            peer.send("HTTP/1.1 200 OK\r\nContent-");
            peer.wait_gone();
            peer.close();
        });
        server.script("/in-body", [](Peer& peer, const std::string&) {
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
            peer.wait_gone();
            peer.close();
        });
        server.script("/unending", [](Peer& peer, const std::string&) {
            peer.send("HTTP/1.1 200 OK\r\n\r\nhalf");
            peer.wait_gone();
            peer.close();
        });
        server.start();
    }
    [[nodiscard]] std::string silent() const {
        return server.url(std::string(LoopbackServer::silent));
    }
    /// It never answers the first words of TLS, so there is no connection.
    [[nodiscard]] std::string mute_tls() const {
        return "https://127.0.0.1:" + std::to_string(server.port()) + "/";
    }
    LoopbackServer server;
};

TEST(FetchHostile, EachPhaseHasItsLimitOfTime) {
    HangingServer hanging;
    const auto late = [](const std::string& url, auto change) {
        FetchConfig config = loopback_config();
        change(config);
        Fetcher fetcher(std::move(config));
        const FetchAnswer answer = fetcher.get(url);
        EXPECT_EQ(to_string(answer.fault), to_string(FetchFault::timeout)) << url;
        return answer.detail;
    };
    EXPECT_EQ(late(hanging.mute_tls(), [](FetchConfig& c) { c.connect_timeout = 50ms; }),
              "no connection in time");
    EXPECT_EQ(late(hanging.silent(), [](FetchConfig& c) { c.first_byte_timeout = 50ms; }),
              "no answer in time");
    EXPECT_EQ(late(hanging.server.url("/in-body"), [](FetchConfig& c) { c.idle_timeout = 50ms; }),
              "the answer has stopped coming");
    EXPECT_EQ(late(hanging.server.url("/in-head"), [](FetchConfig& c) { c.total_timeout = 50ms; }),
              "not complete in time");
    EXPECT_EQ(late(hanging.server.url("/unending"),
                   [](FetchConfig& c) {
                       c.speed_min = 1'000'000;
                       c.speed_window = 50ms;
                   }),
              "the answer comes too slowly");
}

TEST(FetchHostile, AFullBodyIsNotLostWhenItComesSlowlyEnough) {
    LoopbackServer server;
    server.answer_ok("/", std::string(300'000, 'x'));
    server.start();
    // Whether a window ends while it comes is chance. Fast enough it is in each that is longer than
    // the server's thread is ever kept from sending.
    FetchFault fault = FetchFault::timeout;
    for (Duration window = 1ms; fault == FetchFault::timeout && window < 1min; window *= 2) {
        FetchConfig config = loopback_config();
        config.speed_min = 1;
        config.speed_window = window;
        Fetcher fetcher(std::move(config));
        fault = fetcher.get(server.url("/")).fault;
    }
    EXPECT_EQ(to_string(fault), to_string(FetchFault::none));
}

TEST(FetchHostile, CancelEndsEveryPhaseOnceAndTheLoopGoesOn) {
    HangingServer hanging;
    hanging.server.answer_ok("/fine", "fine");
    LoopbackServer good;
    good.answer_ok("/", "good");
    good.start();
    FetchConfig config = loopback_config();
    config.connections_max = 5;
    Fetcher fetcher(std::move(config));
    const std::string urls[] = {hanging.mute_tls(), hanging.silent(),
                                hanging.server.url("/in-head"), hanging.server.url("/in-body"),
                                hanging.server.url("/unending")};
    constexpr int rounds = 6;
    for (int round = 0; round < rounds; ++round) {
        int count = 0;
        // More than there are connections: some wait.
        for (int i = 0; i < 10 + round; ++i) {
            EXPECT_TRUE(fetcher.order(urls[static_cast<std::size_t>(i) % 5]));
            ++count;
        }
        if (round % 2 == 0) {
            // All five connections are there, and the server has all it will ever get.
            while (hanging.server.connections() < 5 * (round / 2 + 1)) {
                pollfd nothing{-1, 0, 0};
                ::poll(&nothing, 1, 1);
            }
        }
        fetcher.loop().cancel_all();
        for (int i = 0; i < count; ++i) {
            EXPECT_EQ(to_string(fetcher.next().fault), to_string(FetchFault::cancelled));
        }
        const FetchAnswer after = fetcher.get(good.url("/"));
        EXPECT_EQ(after.body, "good") << to_string(after.fault) << after.detail;
    }
    fetcher.loop().stop();
    EXPECT_FALSE(fetcher.order(good.url("/")));
    EXPECT_EQ(fetcher.answers_left(), 0u);
}

TEST(FetchHostile, StopEndsWhatRunsAndWhatWaits) {
    HangingServer hanging;
    FetchConfig config = loopback_config();
    config.connections_max = 2;
    Fetcher fetcher(std::move(config));
    for (int i = 0; i < 9; ++i) EXPECT_TRUE(fetcher.order(hanging.silent()));
    fetcher.loop().stop();
    fetcher.loop().stop();
    for (int i = 0; i < 9; ++i) {
        EXPECT_EQ(to_string(fetcher.next().fault), to_string(FetchFault::cancelled));
    }
    EXPECT_EQ(fetcher.answers_left(), 0u);
}

TEST(FetchHostile, ConnectionsThatDiedAtRestAreReplaced) {
    Channel<int> closed(1);
    LoopbackServer server;
    server.script("/", [&closed](Peer& peer, const std::string&) {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        peer.close();  // it had not said so
        closed.push(1);
    });
    server.start();
    Fetcher fetcher;
    for (int i = 0; i < 30; ++i) {
        const FetchAnswer answer = fetcher.get(server.url("/"));
        EXPECT_EQ(answer.fault, FetchFault::none) << answer.detail;
        EXPECT_EQ(answer.body, "ok");
        int ignored = 0;
        EXPECT_EQ(closed.pop(ignored), ChannelStatus::ok);
    }
}

TEST(FetchHostile, ConnectionsThatDieUnderARequestAreReplaced) {
    LoopbackServer server;
    // The next request is sent before, while or after this closes: that is chance.
    server.script("/", [](Peer& peer, const std::string&) {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        peer.close();
    });
    server.start();
    Fetcher fetcher;
    for (int i = 0; i < 60; ++i) {
        const FetchAnswer answer = fetcher.get(server.url("/"));
        EXPECT_EQ(answer.fault, FetchFault::none) << answer.detail;
        EXPECT_EQ(answer.body, "ok");
    }
}

}  // namespace
}  // namespace sluice::crawl
