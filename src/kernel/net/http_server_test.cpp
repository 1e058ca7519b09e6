// SPDX-License-Identifier: Apache-2.0
// The HTTP server, spoken to byte by byte through a raw socket.
#include "kernel/net/http_server.h"

#include "kernel/net/raw_client_testing.h"
#include "kernel/sync/thread.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

class HttpServerTest : public ::testing::Test {
protected:
    void serve(HttpServerOptions options = {}) {
        options.address = "127.0.0.1:0";
        auto router = std::make_shared<HttpRouter>();
        router->add("GET", "/hello", [](const HttpRequest& request) {
            return HttpResponse::text(
                200, "hello " + std::string(request.query_value("name").value_or("you")));
        });
        router->add("POST", "/jobs/:id/retry", [](const HttpRequest& request) {
            return HttpResponse::json("{\"id\":\"" + std::string(request.capture("id")) +
                                      "\",\"got\":" + std::to_string(request.body.size()) + "}");
        });
        router->add("GET", "/injected", [](const HttpRequest& request) {
            HttpResponse response;
            response.headers.emplace_back("X-Note",
                                          std::string(request.query_value("n").value_or("")));
            return response;
        });
        router->add_async("GET", "/later", [this](HttpRequest, HttpReply reply) {
            thread_ = Thread("later", [reply] { reply(HttpResponse::text(202, "later")); });
        });
        router->add_async("GET", "/dropped", [](HttpRequest, HttpReply) {});
        router->add("GET", "/assets/*", [](const HttpRequest& request) {
            return HttpResponse::text(200, std::string(request.capture("*")));
        });
        runtime_ = Runtime::start({.io_threads = 2}).value();
        server_ = HttpServer::start(*runtime_, metrics_, options, router).value();
    }
    RawClient connect() { return RawClient(server_->address().port); }
    /// Sends `text` with "\n" as CRLF and reads until the server closes.
    std::string exchange(std::string_view text) {
        auto client = connect();
        client.send(wire(text));
        return client.receive_all();
    }
    static std::string wire(std::string_view text) {
        std::string out;
        for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
        return out;
    }
    static std::string status_of(const std::string& response) { return response.substr(0, 12); }
    static std::string body_of(const std::string& response) {
        return response.substr(std::min(response.find("\r\n\r\n") + 4, response.size()));
    }
    std::string get(const std::string& target, const std::string& more = "") {
        return exchange("GET " + target + " HTTP/1.1\nHost: localhost\nConnection: close\n" + more +
                        "\n");
    }
    void TearDown() override {
        thread_.join();
        if (server_) server_->close();
        if (runtime_) runtime_->stop(deadline_after(5s));
    }
    Registry metrics_;
    std::unique_ptr<Runtime> runtime_;
    std::unique_ptr<HttpServer> server_;
    Thread thread_;
};

TEST_F(HttpServerTest, AnswersWithSecurityHeaders) {
    serve();
    const std::string response = get("/hello?x=1&name=J%C3%BCrg+A%26B");
    EXPECT_EQ(status_of(response), "HTTP/1.1 200");
    EXPECT_EQ(body_of(response), "hello Jürg A&B");
    for (const char* header :
         {"Content-Length: 15\r\n", "Connection: close\r\n", "X-Content-Type-Options: nosniff\r\n",
          "Content-Security-Policy: default-src 'none';", "frame-ancestors 'none'",
          "Cache-Control: no-store\r\n", " GMT\r\n"}) {
        EXPECT_NE(response.find(header), std::string::npos) << header << "\n" << response;
    }
}

TEST_F(HttpServerTest, KeepsAliveAndAnswersPipelinedRequestsInOrder) {
    serve();
    auto client = connect();
    std::string requests;
    for (const char* target : {"/later", "/hello?name=a", "/dropped", "/hello?name=b"}) {
        requests += wire("GET " + std::string(target) + " HTTP/1.1\nHost: localhost\n\n");
    }
    requests += wire("GET /hello?name=c HTTP/1.1\nHost: localhost\nConnection: close\n\n");
    for (const char c : requests) client.send({&c, 1});
    const std::string all = client.receive_all();
    const std::size_t order[] = {all.find("202 Accepted"), all.find("hello a"),
                                 all.find("503 Service"), all.find("hello b"), all.find("hello c")};
    EXPECT_TRUE(std::is_sorted(std::begin(order), std::end(order))) << all;
    EXPECT_NE(order[4], std::string::npos) << all;
}

TEST_F(HttpServerTest, HeadHasTheLengthButNoBody) {
    serve();
    const std::string response =
        exchange("HEAD /hello HTTP/1.1\nHost: localhost\nConnection: close\n\n");
    EXPECT_EQ(status_of(response), "HTTP/1.1 200");
    EXPECT_NE(response.find("Content-Length: 9\r\n"), std::string::npos);
    EXPECT_EQ(body_of(response), "");
}

TEST_F(HttpServerTest, RoutesByMethodAndPath) {
    serve();
    EXPECT_EQ(status_of(get("/nothing")), "HTTP/1.1 404");
    EXPECT_EQ(body_of(get("/assets/a/b.js")), "a/b.js");
    const std::string wrong =
        exchange("POST /hello HTTP/1.1\nHost: localhost\nConnection: close\nContent-Length: 0\n\n");
    EXPECT_EQ(status_of(wrong), "HTTP/1.1 405");
    EXPECT_NE(wrong.find("Allow: GET, HEAD\r\n"), std::string::npos);
    EXPECT_EQ(body_of(exchange("POST /jobs/ab%2Fc/retry HTTP/1.1\nHost: localhost\n"
                               "Connection: close\nContent-Length: 3\n\nxyz")),
              "not found\n");
    EXPECT_EQ(body_of(exchange("POST /jobs/abc/retry HTTP/1.1\nHost: localhost\n"
                               "Connection: close\nContent-Length: 3\n\nxyz")),
              "{\"id\":\"abc\",\"got\":3}");
}

TEST_F(HttpServerTest, ReadsChunkedBodiesAndAnswersExpect) {
    serve();
    auto client = connect();
    client.send(
        wire("POST /jobs/1/retry HTTP/1.1\nHost: localhost\nConnection: close\n"
             "Expect: 100-continue\nTransfer-Encoding: chunked\n\n"));
    EXPECT_EQ(client.receive_exactly(25), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(wire("3\nabc\n2\nde\n0\n\n"));
    EXPECT_EQ(body_of(client.receive_all()), "{\"id\":\"1\",\"got\":5}");
}

TEST_F(HttpServerTest, ABodyOfUnknownLengthDoesNotPassForAnotherRequest) {
    serve();
    for (const char* coding : {"xchunked", "chunked, identity", "gzip"}) {
        const std::string answers =
            exchange("POST /jobs/1/retry HTTP/1.1\nHost: localhost\nTransfer-Encoding: " +
                     std::string(coding) + "\n\nGET /hello HTTP/1.1\nHost: localhost\n\n");
        EXPECT_EQ(status_of(answers), "HTTP/1.1 400") << coding;
        EXPECT_EQ(answers.rfind("HTTP/1.1 "), 0U) << coding;
    }
}

TEST_F(HttpServerTest, LimitsHeadAndBody) {
    serve({.body_max = Bytes{1000}});
    EXPECT_EQ(status_of(get("/hello", "X: " + std::string(20'000, 'x') + "\n")), "HTTP/1.1 431");
    EXPECT_EQ(status_of(get("/" + std::string(40'000, 'x'))), "HTTP/1.1 431");
    EXPECT_EQ(status_of(exchange("POST /jobs/1/retry HTTP/1.1\nHost: localhost\n"
                                 "Content-Length: 1001\n\n" +
                                 std::string(1001, 'x'))),
              "HTTP/1.1 413");
    EXPECT_EQ(status_of(exchange("POST /jobs/1/retry HTTP/1.1\nHost: localhost\n"
                                 "Transfer-Encoding: chunked\n\nfff\n" +
                                 std::string(0xfff, 'x') + "\n0\n\n")),
              "HTTP/1.1 413");
    EXPECT_EQ(status_of(exchange("\x16\x03\x01 not http\n\n")), "HTTP/1.1 400");
    EXPECT_EQ(status_of(exchange("GET /%zz HTTP/1.1\nHost: localhost\nConnection: close\n\n")),
              "HTTP/1.1 400");
}

TEST_F(HttpServerTest, SlowHeadAndIdleConnectionsAreClosed) {
    serve({.head_timeout = 40ms, .keep_alive_timeout = 60ms});
    auto slow = connect();
    slow.send("GET / HT");
    auto idle = connect();
    EXPECT_EQ(slow.receive_all(), "");
    EXPECT_EQ(idle.receive_all(), "");
}

TEST_F(HttpServerTest, RefusesOtherHostsAndOtherSites) {
    serve();
    EXPECT_EQ(status_of(exchange("GET /hello HTTP/1.1\nHost: evil.example:80\n"
                                 "Connection: close\n\n")),
              "HTTP/1.1 421");
    EXPECT_EQ(status_of(exchange("GET /hello HTTP/1.1\nConnection: close\n\n")), "HTTP/1.1 400");
    const std::string post =
        "POST /jobs/1/retry HTTP/1.1\nHost: localhost:7420\n"
        "Connection: close\nContent-Length: 0\n";
    EXPECT_EQ(status_of(exchange(post + "Sec-Fetch-Site: cross-site\n\n")), "HTTP/1.1 403");
    EXPECT_EQ(status_of(exchange(post + "Origin: http://evil.example\n\n")), "HTTP/1.1 403");
    EXPECT_EQ(status_of(exchange(post + "Origin: http://localhost:7420\n\n")), "HTTP/1.1 200");
}

TEST_F(HttpServerTest, AsksForThePassword) {
    serve({.password = "secret"});
    const std::string asked = get("/hello");
    EXPECT_EQ(status_of(asked), "HTTP/1.1 401");
    EXPECT_NE(asked.find("WWW-Authenticate: Basic"), std::string::npos);
    EXPECT_EQ(status_of(get("/hello", "Authorization: Basic YW55Ondyb25n\n")), "HTTP/1.1 401");
    EXPECT_EQ(status_of(get("/hello", "Authorization: Basic !!!!\n")), "HTTP/1.1 401");
    EXPECT_EQ(status_of(get("/hello", "Authorization: Basic YW55OnNlY3JldA==\n")), "HTTP/1.1 200");
}

TEST_F(HttpServerTest, HeaderValuesCannotSplitTheResponse) {
    serve();
    const std::string response = get("/injected?n=a%0d%0aSet-Cookie:%20x");
    EXPECT_NE(response.find("X-Note: aSet-Cookie: x\r\n"), std::string::npos) << response;
}

TEST_F(HttpServerTest, ServesManyRequestsOnOneConnection) {
    serve();
    auto client = connect();
    for (int i = 0; i < 200; ++i) {
        client.send(wire("GET /hello?name=z HTTP/1.1\nHost: localhost\n\n"));
        std::string response;
        while (response.find("hello z") == std::string::npos) {
            const std::string more = client.receive();
            ASSERT_FALSE(more.empty());
            response += more;
        }
    }
    EXPECT_NE(metrics_.render_prometheus().find("sluice_http_requests_total 200"),
              std::string::npos);
}

}  // namespace
}  // namespace sluice
