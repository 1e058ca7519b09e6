// SPDX-License-Identifier: Apache-2.0
// PageReader: sitemaps, feeds and robots.txt.
#include "modules/crawl/core/page/page_reader.h"

#include "modules/crawl/core/page/page_testing.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::crawl {
namespace {

// --- sitemaps and feeds ---

TEST(PageReader, SitemapBringsPagesByPriority) {
    FetchAnswer answer = sitemap_answer(
        "<urlset><url><loc>https://www.example.com/a</loc><priority>1.0</priority></url>"
        "<url><loc>https://www.example.com/b</loc></url>"
        "<url><loc>https://www.example.com/c</loc><priority>0.0</priority></url>"
        "<url><loc>https://other.com/d</loc></url></urlset>");
    const auto reading = read(answer);
    EXPECT_EQ(urls_of(reading), (Lines{"https://www.example.com/a", "https://www.example.com/b",
                                       "https://www.example.com/c", "https://other.com/d scope"}));
    EXPECT_EQ(reading.end.found[0].urgency, 1U);
    EXPECT_EQ(reading.end.found[1].urgency, 3U);
    EXPECT_EQ(reading.end.found[2].urgency, 5U);
    EXPECT_EQ(reading.end.found[0].depth, 3U);
    answer.body = gzipped(answer.body);
    answer.headers[0].value = "application/x-gzip";
    EXPECT_EQ(urls_of(read(answer)).size(), 4U);
}

TEST(PageReader, SitemapIndexesAreFollowedToALimit) {
    FetchAnswer answer =
        sitemap_answer("<sitemapindex><sitemap><loc>/two.xml.gz</loc></sitemap></sitemapindex>");
    const auto reading = read(answer);
    ASSERT_EQ(reading.end.found.size(), 1U);
    EXPECT_EQ(reading.end.found[0].kind, UrlKind::sitemap);
    EXPECT_EQ(reading.end.found[0].depth, 2U);
    EXPECT_EQ(reading.end.found[0].hops, 1U);
    answer.order.hops = sitemap_nesting_max;
    EXPECT_EQ(read(answer).end.found.size(), 0U);
    EXPECT_EQ(read(answer).links_cut, 1U);
}

TEST(PageReader, FeedsAndTextListsAreSitemaps) {
    const std::string rss =
        "<rss><channel><item><link>https://www.example.com/news</link></item></channel></rss>";
    FetchAnswer feed = answer_of(200, {{"Content-Type", "application/rss+xml"}}, rss);
    EXPECT_EQ(urls_of(read(feed)), Lines{"https://www.example.com/news"});
    PageRules rules = rules_of();
    rules.sitemaps = false;
    EXPECT_EQ(urls_of(read(feed, rules)), Lines{});
    FetchAnswer text = sitemap_answer("https://www.example.com/x\nhttps://www.example.com/y\n");
    text.headers[0].value = "text/plain";
    EXPECT_EQ(urls_of(read(text)).size(), 2U);
    // Other XML brings nothing and is no fault; a sitemap that is none is told.
    FetchAnswer other = answer_of(200, {{"Content-Type", "text/xml"}}, "<config><a/></config>");
    EXPECT_EQ(read(other).problem, "");
    other.order.kind = UrlKind::sitemap;
    EXPECT_NE(read(other).problem, "");
    EXPECT_EQ(read(other).end.kind, PageEnd::Kind::fetched);
}

TEST(PageReader, SitemapsMayStandOutsideThePaths) {
    const PageRules rules = rules_of({.domains = {"example.com"}, .paths = {"/docs/"}});
    FetchAnswer robots =
        answer_of(200, {}, "Sitemap: /map.xml\nSitemap: https://other.com/map.xml\n");
    robots.order.url = "https://www.example.com/robots.txt";
    const RobotsEnd end = reader_of(rules).read_robots(robots, now);
    ASSERT_EQ(end.found.size(), 2U);
    EXPECT_EQ(end.found[0].url, "https://www.example.com/map.xml");
    EXPECT_EQ(end.found[0].excluded, std::nullopt);
    EXPECT_EQ(end.found[0].kind, UrlKind::sitemap);
    EXPECT_EQ(end.found[0].depth, 0U);
    EXPECT_EQ(end.found[1].excluded, Exclusion::scope);
}

// --- robots.txt ---

TEST(PageReader, RobotsRulesAreThoseForTheAgent) {
    FetchAnswer answer = answer_of(
        200, {{"Cache-Control", "max-age=600"}, {"Content-Encoding", "gzip"}},
        gzipped("User-agent: *\nDisallow: /\n\nUser-agent: Sluice\nDisallow: /private\n"));
    answer.order.url = "https://www.example.com/robots.txt";
    answer.order.robots = true;
    const RobotsEnd end = reader_of(rules_of()).read_robots(answer, now);
    EXPECT_EQ(end.ticket, Ticket(7));
    EXPECT_EQ(end.robots.status, 200);
    EXPECT_EQ(end.robots.max_age, 600s);
    ASSERT_NE(end.rules, nullptr);
    EXPECT_TRUE(end.rules->verdict("/x").allowed);
    EXPECT_FALSE(end.rules->verdict("/private/x").allowed);
}

TEST(PageReader, RobotsAnswersSayWhatTheyAre) {
    PageReader reader = reader_of(rules_of());
    FetchAnswer answer = answer_of(302, {{"Location", "//elsewhere.com/robots.txt#x"}});
    answer.order.url = "https://www.example.com/robots.txt";
    RobotsEnd end = reader.read_robots(answer, now);
    EXPECT_TRUE(end.robots.has_location);
    EXPECT_EQ(end.location, "https://elsewhere.com/robots.txt");
    answer.headers[0].value = "ftp://elsewhere.com/";
    EXPECT_FALSE(reader.read_robots(answer, now).robots.has_location);
    end = reader.read_robots(answer_of(503, {{"Retry-After", "60"}}), now);
    EXPECT_EQ(end.robots.retry_after, 60s);
    EXPECT_EQ(end.answer.kind, Answer::Kind::throttled);
    EXPECT_EQ(end.rules, nullptr);
    answer = answer_of(200, {{"Content-Encoding", "gzip"}}, "not packed");
    EXPECT_EQ(reader.read_robots(answer, now).robots.status, 0);
    answer = answer_of(200, {}, "User-agent: *\nDisallow: /");
    answer.fault = FetchFault::broken;
    end = reader.read_robots(answer, now);
    EXPECT_EQ(end.robots.status, 0);
    EXPECT_EQ(end.rules, nullptr);
}

}  // namespace
}  // namespace sluice::crawl
