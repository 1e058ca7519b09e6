// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/job/crawl_job.h"

#include "kernel/net/loopback_server_testing.h"
#include "kernel/wire/json_reader.h"
#include "modules/crawl/shell/job/crawl_request.h"
#include "modules/crawl/shell/job/job_context_testing.h"

#include <gtest/gtest.h>
#include <support/scratch_folder.h>

#include <filesystem>
#include <functional>
#include <string>
#include <utility>

namespace sluice::crawl {
namespace {

/// A folder for writing and a site of three pages, one of them gone.
class CrawlJob : public testing::Test {
protected:
    CrawlJob() {
        server_.answer("/robots.txt", page("User-agent: *\nDisallow: /private\n", "text/plain"));
        server_.answer("/", page("<title>One</title><a href=/two>2</a><a href=/gone>3</a>"
                                 "<a href=/private>4</a><a href='http://other.invalid/'>5</a>"));
        server_.answer("/two", page("<title>Two</title><p class=price>12</p><a href=/>1</a>"));
    }
    ~CrawlJob() override { start(); }

    static std::string page(const std::string& body, const std::string& type = "text/html") {
        return "HTTP/1.1 200 OK\r\nContent-Type: " + type +
               "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    [[nodiscard]] CrawlJobSettings settings() const {
        CrawlJobSettings out;
        out.write_root = root_;
        out.networks = {"127.0.0.0/8"};
        out.limits.delay_min = Duration{0};
        return out;
    }
    [[nodiscard]] std::string arguments(const std::string& more = "") const {
        return R"([")" + server_.url("/") + R"(", {"output": "site", "delay": 0)" + more + "}]";
    }
    void start() {
        if (!std::exchange(started_, true)) server_.start();
    }
    sdk::Outcome run(const CrawlJobSettings& settings, Context context) {
        start();
        auto type = crawl_type(settings);
        EXPECT_TRUE(type);
        return type->run(context);
    }
    static std::string errtype(const sdk::Outcome& outcome) {
        const auto* failure = std::get_if<sdk::Failure>(&outcome);
        return failure == nullptr ? "none: " + std::get<std::string>(outcome) : failure->errtype;
    }
    [[nodiscard]] std::string file(const std::string& name) const { return folder_.get(name); }

    ScratchFolder folder_;
    const std::string root_ = folder_.path();
    LoopbackServer server_;
    bool started_ = false;
};

TEST_F(CrawlJob, ASiteIsCrawledAndItsBalanceTold) {
    const auto outcome =
        run(settings(), Context(arguments(R"(, "extract": ["price=css:.price"])")));
    const auto* text = std::get_if<std::string>(&outcome);
    ASSERT_NE(text, nullptr) << std::get<sdk::Failure>(outcome).message;
    const auto json = JsonDocument::parse(*text).value();
    const auto number = [&](std::string_view name) {
        return json.root().find(name)->as_uint().value();
    };
    EXPECT_EQ(json.root().find("end")->as_string().value(), "complete");
    EXPECT_TRUE(json.root().find("balanced")->as_bool().value());
    EXPECT_EQ(number("seen"), 5U);
    EXPECT_EQ(number("fetched"), 2U);
    EXPECT_EQ(number("pending"), 0U);
    EXPECT_EQ(json.root().find("failed")->raw(), R"({"http":1})");
    EXPECT_EQ(json.root().find("excluded")->raw(), R"({"scope":1,"robots":1})");
    EXPECT_NE(json.root().find("by_host")->raw().find("\"pages\":2,\"failed\":1"),
              std::string_view::npos)
        << *text;
    EXPECT_NE(file("site/pages.jsonl").find(R"("price":"12")"), std::string::npos);
}

TEST_F(CrawlJob, AnotherAttemptGoesOn) {
    CancelSource source;
    source.cancel();
    EXPECT_EQ(errtype(run(settings(), Context(arguments(), source.token()))), "Cancelled");
    EXPECT_EQ(errtype(run(settings(), Context(arguments()))).substr(0, 5), "none:");
    // Nothing is left: the end is told once more.
    EXPECT_NE(errtype(run(settings(), Context(arguments()))).find(R"("fetched":2)"),
              std::string::npos);
}

TEST_F(CrawlJob, ACancelledCrawlFailsAndCanGoOn) {
    CancelSource source;
    server_.script("/two", [&](LoopbackServer::Peer& peer, const std::string&) {
        // The first request ends the crawl; the next one, of another attempt, is answered.
        if (source.cancel())
            peer.wait_gone();
        else
            peer.send(page("<title>Two</title>"));
    });
    EXPECT_EQ(errtype(run(settings(), Context(arguments(), source.token()))), "Cancelled");
    EXPECT_NE(errtype(run(settings(), Context(arguments()))).find(R"("fetched":2)"),
              std::string::npos);
}

TEST_F(CrawlJob, WhatTheWorkerDoesNotAllowIsRefused) {
    CrawlJobSettings none = settings();
    none.networks.clear();
    EXPECT_EQ(errtype(run(none, Context(arguments()))), "Denied");
    none = settings();
    none.write_root.clear();
    EXPECT_EQ(errtype(run(none, Context(arguments()))), "Denied");
    const std::string outside = root_ + "-outside";
    std::filesystem::create_directories(outside + "/there");
    std::filesystem::create_directory_symlink(outside, root_ + "/link");
    for (const std::string folder : {"link/there", "link/new"}) {
        const auto args = R"(["http://127.0.0.1/", {"output": ")" + folder + R"("}])";
        EXPECT_EQ(errtype(run(settings(), Context(args))), "Denied") << folder;
    }
    EXPECT_FALSE(std::filesystem::exists(outside + "/new"));
    EXPECT_TRUE(std::filesystem::is_empty(outside + "/there"));
    std::filesystem::remove_all(outside);
    CrawlJobSettings wrong = settings();
    wrong.networks = {"nonsense"};
    EXPECT_FALSE(crawl_type(wrong));
}

TEST_F(CrawlJob, WrongArgumentsAreFinal) {
    for (const char* args :
         {"{}", "[]", R"(["http://a/"])", R"(["http://a/", {"output": "../x"}])",
          R"(["http://a/", {"output": "/x"}])", R"(["http://a/", {"output": "a//b"}])",
          R"(["http://a/", {"output": "x", "depht": 1}])",
          R"(["http://a/", {"output": "x", "pages": 0}])",
          R"(["http://a/", {"output": "x", "pages": 1000001}])",
          R"(["http://a/", {"output": "x", "time": 0.5}])",
          R"(["http://a/", {"output": "x", "warc": "yes"}])", R"([{"output": "x"}])",
          R"([1, {"output": "x"}])", R"(["http://a/", "http://b/", {"output": "x"}])"}) {
        const auto outcome = run(settings(), Context(args));
        EXPECT_EQ(errtype(outcome), "InvalidArguments") << args;
    }
    EXPECT_EQ(errtype(run(settings(), Context(arguments(R"(, "include": ["["])")))),
              "InvalidInput");
    EXPECT_EQ(errtype(run(settings(), Context(arguments(R"(, "extract": ["x=css::"])")))),
              "InvalidInput");
}

TEST(CrawlRequest, ArgumentsMayBeGivenInThreeWays) {
    const CrawlJobLimits limits;
    const sdk::JobSchema schema = crawl_schema(limits);
    const auto one = read_crawl_request(R"(["http://a/", {"output": "x"}])", schema);
    ASSERT_TRUE(one);
    EXPECT_EQ(one->urls, std::vector<std::string>{"http://a/"});
    EXPECT_EQ(one->pages, limits.pages_default);
    EXPECT_EQ(one->delay, Duration(1s));
    EXPECT_EQ(one->time, limits.time_max);
    const auto two = read_crawl_request(R"([["a", "b"], {"output": "x/y", "delay": 0.5}])", schema);
    ASSERT_TRUE(two);
    EXPECT_EQ(two->urls, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(two->delay, Duration(500ms));
    const auto three = read_crawl_request(
        R"([{"urls": "a", "output": "x", "hosts": ["h"], "depth": 3, "edges": true}])", schema);
    ASSERT_TRUE(three);
    EXPECT_EQ(three->hosts, std::vector<std::string>{"h"});
    EXPECT_EQ(three->depth, 3U);
    EXPECT_TRUE(three->edges);
    const auto typo = read_crawl_request(R"(["a", {"output": "x", "depht": 3}])", schema);
    ASSERT_FALSE(typo);
    EXPECT_EQ(typo.error().message, "`depht` is not known here; did you mean `depth`?");
}

}  // namespace
}  // namespace sluice::crawl
