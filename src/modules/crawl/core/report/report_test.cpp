// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/report/rates.h"
#include "modules/crawl/core/report/site_html.h"
#include "modules/crawl/core/report/words.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sluice::crawl {
namespace {

TEST(Words, AreWhatPeopleRead) {
    EXPECT_EQ(count_words(0), "0");
    EXPECT_EQ(count_words(999), "999");
    EXPECT_EQ(count_words(1'234'567), "1,234,567");
    EXPECT_EQ(byte_words(417), "417 B");
    EXPECT_EQ(byte_words(3.4 * 1024), "3.4 KiB");
    EXPECT_EQ(byte_words(512.0 * 1024 * 1024), "512 MiB");
    EXPECT_EQ(duration_words(400ms), "0.4 s");
    EXPECT_EQ(duration_words(12s), "12 s");
    EXPECT_EQ(duration_words(200s), "3 min 20 s");
    EXPECT_EQ(duration_words(2h + 5min), "2 h 5 min");
    EXPECT_EQ(duration_words(76h), "3 d 4 h");
    EXPECT_EQ(rate_words(0), "0");
    EXPECT_EQ(rate_words(0.25), "0.25");
    EXPECT_EQ(rate_words(3.14), "3.1");
    EXPECT_EQ(rate_words(12'345), "12,345");
    EXPECT_EQ(plural(1, "page"), "1 page");
    EXPECT_EQ(plural(2, "page"), "2 pages");
    EXPECT_EQ(share_words(1, 100'000), "<0.1 %");
    EXPECT_EQ(share_words(1, 4), "25.0 %");
    EXPECT_EQ(share_words(0, 0), "0 %");
}

TEST(RateMeter, ForgetsWhatIsLongAgo) {
    RateMeter meter(5s);
    EXPECT_EQ(meter.rates().pages_per_second, 0);
    for (int i = 0; i <= 100; ++i) {
        // 100 pages a second for five seconds, then 10.
        const int pages = i <= 50 ? i * 10 : 500 + (i - 50);
        meter.note(i * 100ms, static_cast<std::uint64_t>(pages),
                   static_cast<std::uint64_t>(pages) * 1000);
    }
    EXPECT_NEAR(meter.rates().pages_per_second, 10, 2);
    EXPECT_NEAR(meter.rates().bytes_per_second, 10'000, 2'000);
}

TEST(RateMeter, CountsThatStandStillAreARateOfZero) {
    RateMeter meter(1s);
    for (int i = 0; i < 1'000; ++i) meter.note(i * 10ms, 7, 7);
    EXPECT_EQ(meter.rates().pages_per_second, 0);
}

TEST(TimeLeft, IsTheFirstOfAllEnds) {
    CrawlProgress progress;
    progress.totals.pending = 1'000;
    progress.totals.fetched = 50;
    progress.totals.bytes = 1'000;
    progress.running = 10s;
    CrawlLimits limits;
    EXPECT_EQ(time_left(progress, limits, {}), Duration::max());
    const CrawlRates rates{10, 100};
    EXPECT_EQ(time_left(progress, limits, rates), 100s);
    limits.pages = 150;
    EXPECT_EQ(time_left(progress, limits, rates), 10s);
    limits.bytes = 1'500;
    EXPECT_EQ(time_left(progress, limits, rates), 5s);
    limits.time = 12s;
    EXPECT_EQ(time_left(progress, limits, rates), 2s);
    limits.time = 1s;
    EXPECT_EQ(time_left(progress, limits, rates), 0s);
    progress.totals.pending = 0;
    EXPECT_EQ(time_left(progress, {}, {}), 0s);
}

TEST(TimeBins, StayFewAndLoseNothing) {
    TimeBins time;
    const WallTime begin = wall_from_ns(1'000'000'000'000);
    std::uint64_t pages = 0;
    for (int i = 0; i < 100'000; i += 7) {
        time.add(begin + i * 1s, {1, 0, 10});
        ++pages;
    }
    time.add(begin - 5s, {0, 1, 0});
    EXPECT_LE(time.bins().size(), report_bins_max);
    EXPECT_GT(time.bins().size(), report_bins_max / 4);
    TimeBin sum;
    for (const TimeBin& bin : time.bins()) {
        sum.pages += bin.pages;
        sum.failed += bin.failed;
        sum.bytes += bin.bytes;
    }
    EXPECT_EQ(sum.pages, pages);
    EXPECT_EQ(sum.failed, 1U);
    EXPECT_EQ(sum.bytes, pages * 10);
}

LinkPicture ring(std::uint32_t nodes) {
    LinkPicture picture;
    for (std::uint32_t i = 0; i < nodes; ++i) {
        picture.nodes.emplace_back().name = "https://" + std::to_string(i) + ".test";
        picture.nodes.back().links = nodes - i;
        picture.lines.push_back({i, (i + 1) % nodes, i + 1});
    }
    return picture;
}

TEST(LayOut, IsTheSameEachTimeAndInBounds) {
    for (const std::uint32_t nodes : {1U, 2U, 3U, 40U, 90U}) {
        LinkPicture a = ring(nodes), b = ring(nodes);
        lay_out(a);
        lay_out(b);
        for (std::size_t i = 0; i < nodes; ++i) {
            EXPECT_EQ(a.nodes[i].x, b.nodes[i].x);
            EXPECT_EQ(a.nodes[i].y, b.nodes[i].y);
            EXPECT_GE(a.nodes[i].x, 0);
            EXPECT_LE(a.nodes[i].x, 1);
            EXPECT_GE(a.nodes[i].y, 0);
            EXPECT_LE(a.nodes[i].y, 1);
        }
    }
    LinkPicture none;
    lay_out(none);
}

TEST(LayOut, KeepsLinkedNodesNearAndAllApart) {
    LinkPicture picture = ring(40);
    lay_out(picture);
    const auto distance = [&](std::size_t a, std::size_t b) {
        return std::hypot(picture.nodes[a].x - picture.nodes[b].x,
                          picture.nodes[a].y - picture.nodes[b].y);
    };
    double linked = 0, others = 0, least = 1;
    std::size_t pairs = 0;
    for (std::size_t a = 0; a < 40; ++a) {
        for (std::size_t b = a + 1; b < 40; ++b) {
            least = std::min(least, distance(a, b));
            if (b == a + 1 || (a == 0 && b == 39)) {
                linked += distance(a, b) / 40;
            } else {
                others += distance(a, b);
                ++pairs;
            }
        }
    }
    EXPECT_LT(linked * 2, others / static_cast<double>(pairs));
    EXPECT_GT(least, 0.01);
}

TEST(SiteHtml, SaysSoIfTheBalanceIsWrong) {
    SiteReport report;
    report.summary.totals.seen = 3;
    report.summary.totals.fetched = 2;
    report.summary.end = CrawlEnd::drained;
    const std::string html = site_html(report);
    EXPECT_NE(html.find("does not add up"), std::string::npos);
    EXPECT_NE(html.find("stopped when asked to"), std::string::npos);
    EXPECT_EQ(html.find("http"), html.find("http-equiv")) << "no address anywhere";
}

TEST(SiteHtml, TagsAreClosed) {
    SiteReport report;
    report.summary.seeds = {"https://example.org/", "https://example.com/"};
    report.summary.totals.excluded[0] = 7;
    report.summary.totals.failed[0] = 3;
    report.has_pages = report.has_edges = true;
    report.statuses = {{200, 90}, {404, 3}, {503, 1}};
    report.types = {{"text/html", 80}, {"application/pdf", 3}};
    report.depths[0] = 1;
    report.depths[3] = 20;
    report.latencies = {{0.5, 12}, {1, 1'500}};
    report.hosts_all = 3;
    for (const char* origin : {"https://example.org", "https://example.com"})
        report.hosts.push_back({origin, 40, 2, 90'000, 42, 500, 90});
    report.broken.push_back({"https://example.org/x", 404, "http", "Not Found", 3, {"https://a/"}});
    for (int i = 0; i < 300; ++i) report.time.add(wall_from_ns(i * 1'000'000'000LL), {4, 1, 9});
    report.picture = ring(20);
    lay_out(report.picture);
    const std::string html = site_html(report);
    for (const std::string tag : {"section", "div",     "table", "tr",   "td",   "th",    "span",
                                  "svg",     "details", "a",     "b",    "i",    "p",     "text",
                                  "circle",  "title",   "style", "main", "html", "small", "g"}) {
        std::size_t opened = 0, closed = 0;
        for (std::size_t at = html.find("<" + tag); at != std::string::npos;
             at = html.find("<" + tag, at + 1)) {
            const char next = html[at + 1 + tag.size()];
            opened += next == ' ' || next == '>' ? 1 : 0;
        }
        for (std::size_t at = html.find("</" + tag + ">"); at != std::string::npos;
             at = html.find("</" + tag + ">", at + 1))
            ++closed;
        EXPECT_EQ(opened, closed) << tag;
    }
}

}  // namespace
}  // namespace sluice::crawl
