// SPDX-License-Identifier: Apache-2.0
// The whole crawler against servers on loopback: real sockets, names, pages and files.
#include "modules/crawl/shell/crawl/crawler.h"

#include "kernel/net/loopback_server_testing.h"
#include "kernel/sync/mutex.h"

#include <gtest/gtest.h>
#include <support/scratch_folder.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

namespace sluice::crawl {
namespace {

std::string html(std::string_view body) {
    return "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

/// A site of 40 pages, a page that robots.txt forbids, a redirect, and a link that leads nowhere.
class CrawlerTest : public ::testing::Test {
protected:
    static constexpr int pages = 40;

    void SetUp() override {
        put("/robots.txt",
            "HTTP/1.1 200 OK\r\nContent-Length: 37\r\n\r\nUser-agent: *\nDisallow: "
            "/private/now\n");
        for (int i = 0; i < pages; ++i) {
            std::string body = "<title>page " + std::to_string(i) + "</title>";
            for (const int to : {i + 1, i * 3 + 1, i * 7 + 2})
                body += "<a href=\"/p/" + std::to_string(to % pages) + "\">x</a>";
            if (i == 5) body += "<a href=/private/now>x</a><a href=/moved>x</a><a href=/none>x</a>";
            put("/p/" + std::to_string(i), html(body));
        }
        put("/moved",
            "HTTP/1.1 301 Moved\r\nLocation: /p/39?from=there\r\nContent-Length: 0\r\n\r\n");
        put("/p/39?from=there", html("<a href=/p/1>1</a>"));
        put("/private/now", html("secret"));
    }

    void put(const std::string& path, std::string bytes) {
        server_.script(path, [this, path, bytes = std::move(bytes)](LoopbackServer::Peer& peer,
                                                                    const std::string& head) {
            {
                MutexLock lock(mutex_);
                asked_.insert(path);
                if (head.find("Cookie: ") != std::string::npos) ++cookies_;
            }
            peer.send(bytes);
        });
    }
    [[nodiscard]] CrawlConfig config() const {
        CrawlConfig config;
        config.seeds = {server_.url("/p/0")};
        config.folder = folder_ / "out";
        config.frontier.pace.delay = Duration::zero();
        config.frontier.pace.latency_factor = 0;
        config.frontier.host_running_max = 8;
        config.fetch.rules = AddressRules::make({"*"}, {"127.0.0.0/8"}).value();
        config.suffix_list.clear();
        return config;
    }
    static Result<CrawlSummary> crawl(CrawlConfig config, CrawlCallbacks callbacks = {}) {
        SLUICE_TRY(const auto crawler, Crawler::open(std::move(config), std::move(callbacks)));
        return crawler->run();
    }
    [[nodiscard]] std::size_t lines() const {
        std::ifstream file(folder_ / "out/pages.jsonl");
        std::size_t count = 0;
        for (std::string line; std::getline(file, line);) ++count;
        return count;
    }
    std::multiset<std::string> asked() {
        MutexLock lock(mutex_);
        return asked_;
    }

    LoopbackServer server_;
    Mutex mutex_{"test.asked"};
    std::multiset<std::string> asked_ SLUICE_GUARDED_BY(mutex_);
    int cookies_ SLUICE_GUARDED_BY(mutex_) = 0;
    ScratchFolder folder_;
};

TEST_F(CrawlerTest, SiteIsCrawledWholeOnceAndByItsRules) {
    server_.start();
    CrawlConfig config = this->config();
    config.workers = 2;
    config.outputs.warc = config.outputs.edges = true;
    std::atomic<int> told = 0, failed = 0;
    CrawlCallbacks callbacks;
    callbacks.on_page = [&](const FetchAnswer&, const PageReading&) { ++told; };
    callbacks.on_error = [&](const FetchAnswer& answer, const PageReading&) {
        EXPECT_EQ(answer.status, 404);
        ++failed;
    };
    const auto end = crawl(config, callbacks);
    ASSERT_TRUE(end) << end.error().text();
    EXPECT_EQ(end->end, CrawlEnd::complete);
    EXPECT_TRUE(end->adds_up());
    EXPECT_EQ(end->totals.fetched, pages + 1U);
    EXPECT_EQ(end->totals.redirected, 1U);
    EXPECT_EQ(end->totals.all_failed(), 1U);
    EXPECT_EQ(end->totals.excluded[static_cast<std::size_t>(Exclusion::robots)], 1U);
    EXPECT_EQ(end->totals.seen, pages + 4U);
    EXPECT_EQ(told, pages + 1);
    EXPECT_EQ(failed, 1);
    const auto asked = this->asked();
    EXPECT_FALSE(asked.contains("/private/now"));
    for (const std::string& path : asked) EXPECT_EQ(asked.count(path), 1U) << path;
    EXPECT_GT(end->files.size(), 2U);
    EXPECT_EQ(lines(), pages + 3U);
}

TEST_F(CrawlerTest, RobotsThatMovedToAnotherHostAreFetchedFromItsAddress) {
    LoopbackServer other;
    other.script("/robots.txt", [](LoopbackServer::Peer& peer, const std::string&) {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\nUser-agent: *\nDisallow: /moved\n");
    });
    other.start();
    server_.start();
    const auto port = [](const LoopbackServer& server) {
        const std::string url = server.url("");
        return url.substr(url.rfind(':'));
    };
    put("/robots.txt", "HTTP/1.1 301 Moved\r\nLocation: http://rules.test" + port(other) +
                           "/robots.txt\r\nContent-Length: 0\r\n\r\n");
    CrawlConfig config = this->config();
    config.seeds = {"http://site.test" + port(server_) + "/p/0"};
    config.names.fixed = {{"site.test", {"127.0.0.1"}}, {"rules.test", {"127.0.0.1"}}};
    const auto end = crawl(config);
    ASSERT_TRUE(end) << end.error().text();
    EXPECT_EQ(end->end, CrawlEnd::complete);
    EXPECT_EQ(end->totals.robots_fetched, 2U);
    EXPECT_EQ(asked().count("/moved"), 0U) << "the rules that hold are those of the other host";
    EXPECT_EQ(asked().count("/private/now"), 1U);
}

TEST_F(CrawlerTest, LimitIsResumedWithAHigherOne) {
    server_.start();
    CrawlConfig config = this->config();
    config.frontier.pages_max = 10;
    config.remember = "crawl --pages 10";
    auto end = crawl(config);
    ASSERT_TRUE(end) << end.error().text();
    EXPECT_EQ(end->end, CrawlEnd::pages_limit);
    EXPECT_EQ(end->totals.fetched, 10U);
    const auto remembered = Crawler::remembered(config.folder);
    ASSERT_TRUE(remembered);
    EXPECT_EQ(*remembered, "crawl --pages 10");
    EXPECT_EQ(crawl(config).error().code, Code::exists);
    config.resume = true;
    config.frontier.depth_max = 3;
    EXPECT_EQ(crawl(config).error().code, Code::invalid);
    config.frontier.depth_max = FrontierConfig().depth_max;
    config.frontier.pages_max = UINT64_MAX;
    end = crawl(config);
    ASSERT_TRUE(end) << end.error().text();
    EXPECT_EQ(end->end, CrawlEnd::complete);
    EXPECT_EQ(end->totals.fetched, pages + 1U);
    const auto asked = this->asked();
    for (const std::string& path : asked) EXPECT_EQ(asked.count(path), 1U) << path;
}

TEST_F(CrawlerTest, SlowServerIsLeftAtOnceWhenCancelled) {
    put("/p/7", "");  // an answer that never comes
    server_.start();
    CrawlConfig config = this->config();
    config.frontier.host_running_max = 1;
    Crawler* running = nullptr;
    CrawlCallbacks callbacks;
    config.progress_every = 10ms;
    callbacks.on_progress = [&](const CrawlProgress&) {
        if (asked().contains("/p/7")) running->cancel();
    };
    {
        auto crawler = Crawler::open(config, callbacks);
        ASSERT_TRUE(crawler) << crawler.error().text();
        running = crawler->get();
        const auto end = (*crawler)->run();
        ASSERT_TRUE(end) << end.error().text();
        EXPECT_EQ(end->end, CrawlEnd::cancelled);
        EXPECT_TRUE(end->resumable());
        EXPECT_EQ((*crawler)->progress().state, CrawlState::ended);
    }
    config.resume = true;
    config.time_max = Duration::zero();
    const auto again = crawl(config);
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(again->end, CrawlEnd::time_limit);
}

TEST_F(CrawlerTest, CookiesAreSentBack) {
    put("/p/0",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: a=1; Path=/\r\n"
        "Content-Length: 16\r\n\r\n<a href=/p/1>x</");
    server_.start();
    CrawlConfig config = this->config();
    config.frontier.pages_max = 5;
    const auto end = crawl(config);
    ASSERT_TRUE(end) << end.error().text();
    MutexLock lock(mutex_);
    EXPECT_EQ(cookies_, 4);
}

TEST_F(CrawlerTest, ConfigurationsThatMakeNoSenseAreRefusedBeforeAnythingIsMade) {
    CrawlConfig none = config();
    none.seeds.clear();
    EXPECT_EQ(crawl(none).error().code, Code::invalid);
    CrawlConfig ftp = config();
    ftp.seeds = {"ftp://example.org/"};
    EXPECT_EQ(crawl(ftp).error().code, Code::invalid);
    CrawlConfig idle = config();
    idle.workers = 0;
    EXPECT_EQ(crawl(idle).error().code, Code::invalid);
    CrawlConfig pattern = config();
    pattern.scope.patterns = {"("};
    EXPECT_EQ(crawl(pattern).error().code, Code::invalid);
    CrawlConfig list = config();
    list.suffix_list = "/nowhere";
    EXPECT_EQ(crawl(list).error().code, Code::not_found);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
    server_.start();
}

}  // namespace
}  // namespace sluice::crawl
