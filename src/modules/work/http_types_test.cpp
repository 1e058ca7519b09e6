// SPDX-License-Identifier: Apache-2.0
// http.request and http.download against servers that do what the test wants.
#include "kernel/net/loopback_server_testing.h"
#include "modules/work/built_in_types_testing.h"

#include <gtest/gtest.h>

#include <atomic>

namespace sluice::work {
namespace {

class HttpTypes : public BuiltInTypes {
protected:
    void SetUp() override {
        BuiltInTypes::SetUp();
        settings.http.networks = {"127.0.0.1"};
    }
    [[nodiscard]] std::string call(const std::string& type, const std::string& path,
                                   const std::string& more = "") {
        return run(type,
                   R"([")" + server.url(path) + "\"" + (more.empty() ? "" : ", " + more) + "]");
    }
    void expect_call(const std::string& type, const std::string& path, const std::string& more,
                     std::string_view said) {
        const std::string got = call(type, path, more);
        EXPECT_NE(got.find(said), std::string::npos) << path << " " << more << " gave " << got;
    }

    LoopbackServer server;
};

TEST_F(HttpTypes, AnswersAreShownAndChecked) {
    server.answer("/up",
                  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nServer: t/1\r\n"
                  "Content-Length: 24\r\n\r\n{\"state\": \"up\", \"n\": 12}");
    server.answer("/gone", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone");
    server.answer("/busy", "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
    server.redirect("/moved", "/up");
    server.start();
    const std::string up = call("http.request", "/up");
    EXPECT_NE(up.find(R"("body":"{\"state\": \"up\", \"n\": 12}","body_cut":false,"bytes":24)"),
              std::string::npos)
        << up;
    EXPECT_NE(up.find(R"({"name":"Server","value":"t/1"})"), std::string::npos);
    expect_call("http.request", "/up", R"({"show": 8, "expect": {"status": "2xx",
        "headers": {"Server": {"matches": "^t/"}}, "json": {"/n": 12}, "latency": 100}})",
                R"("body":"{\"state\"","body_cut":true)");
    expect_call("http.request", "/up", R"({"expect": {"json": {"/state": "down"}}})",
                "CheckFailed: at \"/state\" is \"up\", not \"down\"");
    expect_call("http.request", "/gone", "", R"("status":404)");
    expect_call("http.request", "/gone", R"({"expect": {"status": 200}})",
                "CheckFailed: the status is 404, not 200");
    expect_call("http.request", "/moved", R"({"redirects": 0})", R"("status":302)");
    expect_call("http.request", "/moved", R"({"expect": {"status": 200}})", R"("redirects":1)");
    expect_call("http.request", "/busy", R"({"expect": {"status": 503}})", R"("status":503)");
    Context context(R"([")" + server.url("/busy") + R"("])");
    const auto outcome = run("http.request", context);
    const auto* failure = std::get_if<sdk::Failure>(&outcome);
    ASSERT_NE(failure, nullptr);
    EXPECT_EQ(failure->errtype, "HttpStatus");
    EXPECT_FALSE(failure->final);
    EXPECT_EQ(failure->retry_in, Duration(7s));
    expect_call("http.request", "/up", R"({"body": "a", "json": 1})", "InvalidArguments");
    expect_call("http.request", "/up", R"({"headers": {"Host": "x"}})", "InvalidArguments");
    expect_call("http.request", "/up", R"({"expect": {"stauts": 1}})", "InvalidArguments");
}

TEST_F(HttpTypes, WhatIsSentArrivesAndSecretsComeBackAsStars) {
    std::string head;
    std::string body;
    server.script("/echo", [&](LoopbackServer::Peer& peer, const std::string& request) {
        head = request;
        const std::size_t at = request.find("Content-Length: ");
        body = peer.receive_body(at == std::string::npos ? 0 : std::stoul(request.substr(at + 16)));
        const std::string said = request + body;
        peer.send("HTTP/1.1 200 OK\r\nX-Echo: " + body.substr(0, 40) +
                  "\r\nContent-Length: " + std::to_string(said.size()) + "\r\n\r\n" + said);
    });
    server.start();
    folder.put("key", "s3cr3t-k3y\n");
    folder.put("data.bin", "from a file");
    settings.secrets = {{.name = "key", .file = folder / "key"}};
    const std::string got = call("http.request", "/echo", R"({"method": "POST",
        "headers": {"X-Key": {"$secret": "key"}}, "json": {"token": {"$secret": "key"}, "n": 1}})");
    EXPECT_NE(head.find("X-Key: s3cr3t-k3y"), std::string::npos) << head;
    EXPECT_NE(head.find("Content-Type: application/json"), std::string::npos) << head;
    EXPECT_EQ(body, R"({"token":"s3cr3t-k3y","n":1})");
    EXPECT_NE(got.find("X-Key: ***"), std::string::npos) << got;
    EXPECT_EQ(got.find("s3cr3t"), std::string::npos) << got;
    // Cut in the middle of it: still nothing.
    for (int show = 90; show < 140; ++show) {
        const std::string cut = call(
            "http.request", "/echo",
            R"({"headers": {"X-Key": {"$secret": "key"}}, "show": )" + std::to_string(show) + "}");
        EXPECT_EQ(cut.find("s3c"), std::string::npos) << cut;
    }
    expect_call("http.request", "/echo", R"({"headers": {"X-Key": {"$secret": "key"}},
        "expect": {"contains": {"$secret": "key"}}})",
                "takes no secrets");
    EXPECT_EQ(call("http.request", "/echo", R"({"method": "PUT", "body_file": "data.bin"})")
                  .find("Failure"),
              std::string::npos);
    EXPECT_EQ(body, "from a file");
    expect_call("http.request", "/echo", R"({"headers": {"A": {"$secret": "none"}}})",
                "Denied: `headers`: this worker has no secret");
}

/// A file of a million bytes that a server sends in the ways that a test wants.
class Downloads : public HttpTypes {
protected:
    Downloads() {
        for (std::size_t i = 0; i < content.size(); ++i) {
            content[i] = static_cast<char>('a' + (i * 7 + i / 1000) % 26);
        }
        server.script("/file", [this](LoopbackServer::Peer& peer, const std::string& head) {
            // Taken first: the test goes on as soon as it has the answer.
            const std::size_t stop = breaks_at.exchange(0);
            const std::size_t off = shift.exchange(0);
            const std::size_t range = head.find("\nRange: bytes=");
            const std::string& version = etag.empty() ? modified : etag;
            const bool partial =
                range != std::string::npos && !ignores_ranges &&
                (ignores_versions || head.find("If-Range: " + version) != std::string::npos);
            ++requests;
            first = range == std::string::npos ? 0 : std::stoul(head.substr(range + 14));
            const std::size_t from = partial ? first.load() : 0;
            const std::size_t whole =
                partial ? std::min(content.size(), from + part) : content.size();
            std::string answer = partial ? "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " +
                                               std::to_string(from + off) + "-" +
                                               std::to_string(whole - 1) + "/" + total + "\r\n"
                                         : "HTTP/1.1 200 OK\r\n";
            if (!etag.empty()) answer += "ETag: " + etag + "\r\n";
            if (!modified.empty()) answer += "Last-Modified: " + modified + "\r\n";
            answer += "Content-Length: " + std::to_string(whole - from) + "\r\n\r\n";
            const std::size_t end = stop > from ? stop : whole;
            peer.send(answer + content.substr(from, end - from));
            peer.close();
        });
    }
    ~Downloads() override { server.stop(); }
    std::string download(const std::string& more = "{}") {
        return call("http.download", "/file", R"("d/file.bin", )" + more);
    }
    void expect_whole() { EXPECT_TRUE(folder.get("d/file.bin") == content); }

    std::string content = std::string(1'000'000, ' ');
    std::string etag = "\"v1\"";
    std::string modified;
    std::string total = "1000000";               ///< what a part says of the whole
    std::size_t part = std::size_t{1} << 30;     ///< the most that is given of a range
    std::atomic<bool> ignores_versions = false;  ///< gives a range whatever If-Range says
    std::atomic<int> requests = 0;
    std::atomic<std::size_t> breaks_at = 0;  ///< once
    std::atomic<bool> ignores_ranges = false;
    std::atomic<std::size_t> shift = 0;
    std::atomic<std::size_t> first = 0;  ///< of the last request's range
};

TEST_F(Downloads, GoOnWhereTheyStopped) {
    server.start();
    breaks_at = 400'000;
    const std::string broken = download();
    EXPECT_NE(broken.find("InputOutputError"), std::string::npos) << broken;
    EXPECT_FALSE(std::filesystem::exists(folder / "d/file.bin"));
    breaks_at = 700'000;
    download();
    EXPECT_EQ(first, 400'000u);
    const std::string whole = download();
    EXPECT_EQ(first, 700'000u);
    EXPECT_NE(whole.find(R"("bytes":1000000,"resumed_bytes":700000)"), std::string::npos) << whole;
    expect_whole();
    EXPECT_EQ(folder.entries("d"), 1u);
}

TEST_F(Downloads, BeginAnewWhereTheRestWouldNotFit) {
    server.start();
    const auto broken = [this] {
        breaks_at = 400'000;
        EXPECT_NE(download().find("InputOutputError"), std::string::npos);
    };
    broken();
    ignores_ranges = true;
    EXPECT_NE(download().find(R"("resumed_bytes":0)"), std::string::npos);
    expect_whole();
    ignores_ranges = false;
    broken();
    etag = "\"v2\"";
    content[5] = '!';
    EXPECT_NE(download().find(R"("resumed_bytes":0)"), std::string::npos);
    expect_whole();
    broken();
    shift = 10;  // another part than the one asked for
    EXPECT_NE(download().find(R"("resumed_bytes":0)"), std::string::npos);
    expect_whole();
    etag = "W/\"weak\"";
    broken();
    EXPECT_NE(download().find(R"("resumed_bytes":0)"), std::string::npos);
    EXPECT_EQ(first, 0u);
    etag = "\"v3\"";
    broken();
    EXPECT_NE(download(R"({"resume": false})").find(R"("resumed_bytes":0)"), std::string::npos);
    EXPECT_EQ(first, 0u);
    expect_whole();
}

TEST_F(Downloads, AServerThatLiesAboutTheVersionIsNotBelieved) {
    server.start();
    ignores_versions = true;
    const auto broken = [this] {
        std::filesystem::remove(folder / "d/file.bin");
        breaks_at = 400'000;
        EXPECT_NE(download().find("InputOutputError"), std::string::npos);
    };
    const auto whole_again = [this](const char* what) {
        EXPECT_NE(download().find(R"("resumed_bytes":0)"), std::string::npos) << what;
        expect_whole();
    };
    broken();
    etag = "\"v2\"";
    content[5] = '!';
    whole_again("another tag");
    etag.clear();
    modified = "Sat, 21 Nov 2026 20:00:00 GMT";
    broken();
    modified = "Sat, 21 Nov 2026 21:00:00 GMT";
    content[6] = '!';
    whole_again("another date");
    broken();
    total = "1000001";
    whole_again("another length");
    total = "1000000";
    broken();
    EXPECT_NE(download().find(R"("resumed_bytes":400000)"), std::string::npos);
    expect_whole();
}

TEST_F(Downloads, AServerMayGiveTheRestInParts) {
    server.start();
    breaks_at = 400'000;
    EXPECT_NE(download().find("InputOutputError"), std::string::npos);
    part = 150'000;
    requests = 0;
    const std::string whole = download();
    EXPECT_NE(whole.find(R"("bytes":1000000,"resumed_bytes":400000)"), std::string::npos) << whole;
    EXPECT_EQ(requests, 4);
    expect_whole();
    // Parts that never end are ended.
    std::filesystem::remove(folder / "d/file.bin");
    breaks_at = 400'000;
    EXPECT_NE(download().find("InputOutputError"), std::string::npos);
    part = 1;
    requests = 0;
    const std::string crumbs = download(R"({"timeout": 1})");
    EXPECT_TRUE(crumbs.starts_with("Timeout") || crumbs.starts_with("Busy")) << crumbs;
    EXPECT_LE(requests, 1'000);
    EXPECT_FALSE(std::filesystem::exists(folder / "d/file.bin"));
}

TEST_F(Downloads, AreCheckedAndLimited) {
    server.answer("/short", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    server.answer("/none", "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n");
    server.answer("/busy", "HTTP/1.1 429 Slow\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n");
    server.answer("/big", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\nabc");
    server.redirect("/file-url", "file:///etc/passwd");
    server.redirect("/private", "http://127.0.0.2:1/");
    server.start();
    const std::string zeros(64, '0');
    EXPECT_NE(download(R"({"sha256": ")" + zeros + "\"}").find("ChecksumMismatch"),
              std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(folder / "d/file.bin"));
    EXPECT_EQ(folder.entries("d"), 0u);
    EXPECT_NE(download(R"({"size_max": 999999})").find("LimitExceeded"), std::string::npos);
    expect_call("http.download", LoopbackServer::endless.data(), R"("e", {"size_max": 100000})",
                "LimitExceeded");
    EXPECT_EQ(folder.entries("d"), 0u);
    expect_call("http.download", "/short", R"("s")", "InputOutputError");
    expect_call("http.download", "/none", R"("s")", "HttpStatus");
    expect_call("http.download", "/busy", R"("s")", "HttpStatus");
    expect_call("http.download", "/big", R"("b")", "LimitExceeded");
    expect_call("http.download", "/file-url", R"("s")", "Denied");
    expect_call("http.download", "/private", R"("s")", "Denied");
    expect_call("http.download", "/file", R"("../s")", "InvalidInput");
    expect_call("http.download", "/file", R"("s", {"sha256": "abc"})", "InvalidArguments");
    expect_call("http.download", "/file", R"("s", {"headers": {"Range": "bytes=1-"}})",
                "InvalidArguments");
    expect_call("http.download", std::string(LoopbackServer::silent), R"("s", {"timeout": 0.1})",
                "Timeout");
}

TEST_F(Downloads, OneJobAtATimeWritesAFile) {
    std::string inner;
    server.script("/slow", [&](LoopbackServer::Peer& peer, const std::string&) {
        inner = run("http.download", R"([")" + server.url("/file") + R"(", "d/file.bin"])");
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    server.start();
    const std::string outer = call("http.download", "/slow", R"("d/file.bin")");
    EXPECT_NE(outer.find(R"("bytes":2)"), std::string::npos) << outer;
    EXPECT_NE(inner.find("Busy"), std::string::npos) << inner;
}

}  // namespace
}  // namespace sluice::work
