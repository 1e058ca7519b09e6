// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/finish.h"

#include "kernel/base/text.h"
#include "modules/crawl/core/frontier/seen_set.h"
#include "modules/crawl/shell/output/edge_reader.h"
#include "modules/crawl/shell/output/link_picture.h"
#include "modules/crawl/shell/output/output_testing.h"
#include "modules/crawl/shell/output/page_line.h"
#include "modules/crawl/shell/output/print_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace sluice::crawl {
namespace {

constexpr std::string_view nasty = "</text><script>alert('x')</script>&\"\x01\xFF\xEF\xBF\xBF";

std::size_t count_of_text(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++count;
    return count;
}

class FinishTest : public testing::Test {
protected:
    FinishTest() {
        config_.folder = folder_.path();
        config_.edges = true;
        config_.graphml = true;
        config_.software = "sluice/test";
    }
    void open() {
        auto opened = Outputs::open(config_, store_.marks());
        ASSERT_TRUE(opened) << opened.error().text();
        outputs_ = std::move(*opened);
    }
    void add(const FetchAnswer& answer, const PageReading& page) {
        std::vector<RenderedPage> pages{outputs_->render(answer, page, "")};
        std::vector<Write> writes;
        ASSERT_TRUE(outputs_->append(pages, writes));
        store_.commit(writes);
        ++summary_.totals.seen;
        if (page.end.kind == PageEnd::Kind::failed) {
            ++summary_.totals.failed[static_cast<std::size_t>(page.end.failure)];
        } else {
            ++summary_.totals.fetched;
        }
    }
    void add_page(const std::string& url, const std::vector<std::string>& links) {
        const FetchAnswer answer = test_answer(url);
        add(answer, test_page(answer, links));
    }
    void add_failure(const std::string& url, int status, Failure failure, std::string problem) {
        FetchAnswer answer = test_answer(url);
        answer.status = status;
        add(answer, test_failure(failure, std::move(problem)));
    }
    void finish() {
        summary_.seeds = {"https://a.test/"};
        summary_.files.clear();
        const Status status = outputs_->finish(summary_, store_.each());
        ASSERT_TRUE(status) << status.error().text();
    }

    ScratchFolder folder_;
    TestStore store_;
    OutputConfig config_;
    CrawlSummary summary_;
    std::unique_ptr<Outputs> outputs_;
};

TEST_F(FinishTest, EmptyCrawlHasAllItsFiles) {
    open();
    finish();
    EXPECT_EQ(folder_.get("broken.csv"), "url,status,failure,problem,referrers,first_referrers\n");
    EXPECT_NE(folder_.get("graph.graphml").find("</graphml>"), std::string::npos);
    EXPECT_NE(folder_.get("report.html").find("</html>"), std::string::npos);
    EXPECT_EQ(summary_.files, (std::vector<std::string>{"pages.jsonl", "edges.csv", "graph.graphml",
                                                        "broken.csv", "report.html"}));
    for (const std::string& name : folder_.names()) EXPECT_FALSE(name.ends_with(".new")) << name;
}

TEST_F(FinishTest, BrokenLinksNameTheirReferrers) {
    config_.referrers_max = 2;
    open();
    for (const char* from : {"1", "2", "3"}) {
        add_page(std::string("https://a.test/") + from,
                 {"https://a.test/gone", "https://a.test/gone?x,y", "https://a.test/gone"});
    }
    add_failure("https://a.test/gone", 404, Failure::http, "Not Found");
    add_failure("https://a.test/gone?x,y", 0, Failure::timeout, "no answer, \"at all\"");
    add_failure("https://a.test/seed", 0, Failure::dns, "");
    finish();
    EXPECT_EQ(folder_.get("broken.csv"),
              "url,status,failure,problem,referrers,first_referrers\n"
              "https://a.test/gone,404,http,Not Found,3,https://a.test/1 https://a.test/2\n"
              "\"https://a.test/gone?x,y\",,timeout,\"no answer, \"\"at all\"\"\",3,"
              "https://a.test/1 https://a.test/2\n"
              "https://a.test/seed,,dns,,0,\n");
}

TEST_F(FinishTest, GraphHasEachNodeOnceAndEachEdge) {
    open();
    add_page("https://a.test/1", {"https://a.test/2", "https://b.test/x?a=1&b=<2>"});
    add_page("https://a.test/2", {"https://a.test/1", "https://a.test/2"});
    add_failure("https://a.test/3", 500, Failure::http, std::string(nasty));
    finish();
    const std::string graph = folder_.get("graph.graphml");
    EXPECT_EQ(count_of_text(graph, "<node "), 4U);
    EXPECT_EQ(count_of_text(graph, "<edge "), 4U);
    EXPECT_NE(graph.find("https://b.test/x?a=1&amp;b=&lt;2&gt;"), std::string::npos);
    std::set<std::string> ids;
    for (std::size_t at = graph.find("id=\"n"); at != std::string::npos;
         at = graph.find("id=\"n", at + 1)) {
        if (graph[at - 1] == ' ' && graph.compare(at, 9, "id=\"nofol") != 0)
            ids.insert(graph.substr(at + 4, graph.find('"', at + 4) - at - 4));
    }
    EXPECT_EQ(ids.size(), 4U);
    for (const std::string name : {"source=\"", "target=\""}) {
        for (std::size_t at = graph.find(name); at != std::string::npos;
             at = graph.find(name, at + 1)) {
            const std::size_t from = at + name.size();
            EXPECT_TRUE(ids.contains(graph.substr(from, graph.find('"', from) - from)));
        }
    }
}

TEST_F(FinishTest, NothingFromTheWebIsMarkup) {
    open();
    FetchAnswer answer = test_answer("https://a.test/?<script>alert(1)</script>");
    PageReading page = test_page(answer, {"https://a.test/\"><script>", "javascript:alert(1)"});
    page.title = std::string(nasty);
    page.type.essence = "text/<script>";
    add(answer, page);
    add_failure("javascript:alert(2)", 404, Failure::http, std::string(nasty));
    summary_.seeds = {"<script>"};
    finish();
    for (const std::string name : {"report.html", "graph.graphml"}) {
        const std::string text = folder_.get(name);
        EXPECT_EQ(text.find("<script"), std::string::npos) << name;
        EXPECT_EQ(text.find('\x01'), std::string::npos) << name;
        EXPECT_EQ(text.find('\xFF'), std::string::npos) << name;
    }
    EXPECT_EQ(folder_.get("report.html").find("href=\"javascript"), std::string::npos);
}

TEST_F(FinishTest, ReportCountsWhatThePagesSay) {
    open();
    for (int i = 0; i < 40; ++i) add_page("https://a.test/" + std::to_string(i), {});
    for (int i = 0; i < 3; ++i) add_page("https://b.test/" + std::to_string(i), {});
    add_failure("https://b.test/gone", 410, Failure::http, "Gone");
    finish();
    const std::string report = folder_.get("report.html");
    EXPECT_NE(report.find("44 seen = 43 fetched + 0 redirected + 1 failed"), std::string::npos);
    EXPECT_NE(report.find("✓ adds up"), std::string::npos);
    EXPECT_NE(report.find(">410<"), std::string::npos);
    EXPECT_LT(report.find(">https://a.test</a>"), report.find(">https://b.test</a>"));
    EXPECT_EQ(report.find("src="), std::string::npos) << "everything is in the page";
    EXPECT_EQ(report.find("url("), std::string::npos);
}

TEST_F(FinishTest, FinishingAgainReplacesTheFiles) {
    open();
    add_page("https://a.test/1", {"https://a.test/2"});
    finish();
    const std::string before = folder_.get("graph.graphml");
    add_page("https://a.test/2", {"https://a.test/3"});
    finish();
    EXPECT_GT(folder_.get("graph.graphml").size(), before.size());
    EXPECT_EQ(summary_.files.size(), 5U);
}

TEST_F(FinishTest, FailedWriteLeavesTheFilesOfBefore) {
    open();
    add_page("https://a.test/1", {"https://a.test/2"});
    finish();
    const std::string graph = folder_.get("graph.graphml");
    const auto faults = std::make_shared<FaultInjector>();
    for (std::uint64_t nth = 1; nth < 40; ++nth) {
        outputs_.reset();
        auto opened = Outputs::open(config_, store_.marks(), FileIo(faults));
        ASSERT_TRUE(opened);
        faults->arm({.nth = nth, .error = ENOSPC, .torn = true});
        CrawlSummary summary;
        const Status status = (*opened)->finish(summary, store_.each());
        const bool fired = faults->fired();
        faults->disarm();
        EXPECT_NE(static_cast<bool>(status), fired) << nth;
        EXPECT_EQ(folder_.get("graph.graphml"), graph);
        EXPECT_NE(folder_.get("report.html").find("</html>"), std::string::npos);
        if (!fired) return;
    }
    FAIL() << "more operations than expected";
}

TEST_F(FinishTest, PictureShowsHostsIfThereAreSome) {
    open();
    for (int host = 0; host < 12; ++host) {
        const std::string name = "https://h" + std::to_string(host) + ".test/";
        add_page(name, {"https://h0.test/x", name + "own",
                        "https://h" + std::to_string((host + 1) % 12) + ".test/"});
    }
    outputs_.reset();
    std::vector<std::string> crawled;
    for (int host = 0; host < 6; ++host)
        crawled.push_back("https://h" + std::to_string(host) + ".test");
    const auto picture = make_picture(FileIo(), folder_ / "edges.csv", crawled);
    ASSERT_TRUE(picture);
    EXPECT_TRUE(picture->of_hosts);
    ASSERT_EQ(picture->nodes.size(), 12U);
    EXPECT_EQ(picture->nodes[0].name, "https://h0.test");
    EXPECT_EQ(picture->nodes[0].links, 12U);
    EXPECT_NE(picture->nodes[0].group, 0U);
    EXPECT_EQ(std::count_if(picture->nodes.begin(), picture->nodes.end(),
                            [](const GraphNode& node) { return node.group == 0; }),
              6);
    EXPECT_EQ(picture->lines.size(), 22U);
}

TEST_F(FinishTest, PictureShowsPagesOfOneHost) {
    open();
    for (int page = 0; page < 300; ++page) {
        add_page("https://a.test/p/" + std::to_string(page),
                 {"https://a.test/", "https://a.test/p/" + std::to_string(page / 3)});
    }
    outputs_.reset();
    const auto picture = make_picture(FileIo(), folder_ / "edges.csv", {"https://a.test"});
    ASSERT_TRUE(picture);
    EXPECT_FALSE(picture->of_hosts);
    EXPECT_EQ(picture->nodes.size(), picture_nodes_max);
    EXPECT_EQ(picture->nodes[0].name, "/");
    EXPECT_LE(picture->lines.size(), picture_lines_max);
}

TEST_F(FinishTest, EdgesAreReadAsTheyWereWritten) {
    open();
    const std::vector<std::string> links{"https://a.test/,", "https://a.test/\"q\"", "plain",
                                         ",\""};
    add_page("https://a.test/from,here", links);
    outputs_.reset();
    std::vector<std::string> got;
    ASSERT_TRUE(each_edge(FileIo(), folder_ / "edges.csv", [&](const Edge& edge) -> Status {
        EXPECT_EQ(edge.from, "https://a.test/from,here");
        EXPECT_EQ(edge.kind, "anchor");
        got.emplace_back(edge.to);
        return {};
    }));
    EXPECT_EQ(got, links);
    folder_.put("edges.csv", "from,to,kind,nofollow\nrubbish\n");
    EXPECT_EQ(each_edge(FileIo(), folder_ / "edges.csv", [](const Edge&) { return Status(); })
                  .error()
                  .code,
              Code::corrupt);
}

TEST(PrintSet, KnowsWhatWasPutIn) {
    PrintSet set;
    for (std::uint64_t i = 1; i <= 50'000; ++i) {
        EXPECT_TRUE(set.insert(i * 0x100000001));
        EXPECT_FALSE(set.insert(i * 0x100000001));
    }
    EXPECT_EQ(set.size(), 50'000U);
    set.clear();
    EXPECT_TRUE(set.insert(0x100000001));
}

TEST(PrintCount, EstimatesWithinAFifth) {
    PrintCount count;
    EXPECT_EQ(count.estimate(), 0U);
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 100'000; ++i) count.add(fingerprint(std::to_string(i)).high);
    }
    EXPECT_NEAR(static_cast<double>(count.estimate()), 100'000, 20'000);
}

}  // namespace
}  // namespace sluice::crawl
