// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/job/scrape_job.h"

#include "kernel/net/loopback_server_testing.h"
#include "kernel/wire/json_reader.h"
#include "modules/crawl/shell/job/job_context_testing.h"
#include "modules/crawl/shell/job/job_folder.h"
#include "modules/crawl/shell/job/scrape_fields.h"

#include <gtest/gtest.h>
#include <support/scratch_folder.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

namespace sluice::crawl {
namespace {

std::string cleaned(const std::string& fields, const std::string& found) {
    const auto json = JsonDocument::parse(fields).value();
    auto read = ScrapeFields::parse(json.root(), "");
    return read ? read->clean(found) : "refused: " + read.error().message;
}

TEST(ScrapeFields, TextsAreCleanedAndNumbersRead) {
    EXPECT_EQ(cleaned(R"x({"a": "h1", "b": {"css": "b", "pattern": "id=([0-9]+)"}})x",
                      R"({"a":"x","b":"the id=17 of"})"),
              R"({"a":"x","b":"17"})");
    EXPECT_EQ(cleaned(R"({"b": {"css": "b", "pattern": "[0-9]+"}})", R"({"b":"none"})"),
              R"({"b":null})");
    EXPECT_EQ(cleaned(R"({"p": {"css": "p", "all": true, "as": "number"}})",
                      R"({"p":["1,299.50 EUR","-3","none","007","5."]})"),
              R"({"p":[1299.5,-3,null,7,5]})");
    EXPECT_EQ(cleaned(R"x({"n": {"xpath": "count(//a)", "as": "number"}})x", R"({"n":3})"),
              R"({"n":3})");
    for (const auto* wrong :
         {"{}", R"({"a": 1})", R"({"a": {"css": "b", "xpath": "//b"}})", R"({"a": {}})",
          R"({"a": {"xpath": "//b", "attr": "x"}})", R"({"a": {"css": "b", "all": 1}})",
          R"({"a": {"css": "b", "pattern": "("}})", R"({"a": {"css": "b", "as": "date"}})",
          R"({"a": {"css": "b", "regex": "x"}})", R"({"a": "css:::"})", R"({"a b": "h1"})"}) {
        EXPECT_EQ(cleaned(wrong, "{}").substr(0, 9), "refused: ") << wrong;
    }
}

class Scrape : public testing::Test {
protected:
    Scrape() {
        server_.answer("/robots.txt", page("User-agent: *\nDisallow: /private\n", "text/plain"));
        server_.answer("/", page("<title>Shop</title><h1>All</h1><a href=/item/1>1</a>"
                                 "<a href=/item/2>2</a><a href=/private>3</a>"
                                 "<a href='http://other.invalid/'>4</a>"));
        server_.answer("/item/1", page("<h1>One</h1><p class=price>EUR 1,200.50</p>"));
        server_.answer("/item/2", page("<h1>Two</h1><p class=price>free</p><a href=/deep>d</a>"));
        server_.answer("/deep", page("<h1>Deep</h1>"));
        server_.answer("/data", page("{}", "application/json"));
        server_.redirect("/moved", "/item/1");
    }
    ~Scrape() override {
        if (!started_) server_.start();
    }
    static std::string page(const std::string& body, const std::string& type = "text/html") {
        return "HTTP/1.1 200 OK\r\nContent-Type: " + type +
               "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    std::string run(const std::string& name, const std::string& args) {
        if (!std::exchange(started_, true)) server_.start();
        CrawlJobSettings settings;
        settings.write_root = root_;
        settings.networks = networks_;
        settings.limits.delay_min = Duration{0};
        auto types = scrape_types(settings).value();
        for (const sdk::JobType& type : types) {
            if (type.name != name) continue;
            Context context(args);
            const auto outcome = type.run(context);
            if (const auto* failure = std::get_if<sdk::Failure>(&outcome))
                return failure->errtype + ": " + failure->message;
            return std::get<std::string>(outcome);
        }
        return "no such type";
    }
    std::string scrape(const std::string& path, const std::string& fields) {
        return run("web.scrape", R"([")" + server_.url(path) + R"(", {"fields": )" + fields + "}]");
    }
    [[nodiscard]] std::string file(const std::string& name) const { return folder_.get(name); }

    ScratchFolder folder_;
    const std::string root_ = folder_.path();
    LoopbackServer server_;
    std::vector<std::string> networks_ = {"127.0.0.0/8"};
    bool started_ = false;
};

TEST_F(Scrape, OnePageGivesItsFields) {
    const std::string got = scrape(
        "/moved", R"({"name": "h1", "price": {"css": ".price", "as": "number"}, "none": "h6"})");
    EXPECT_NE(got.find(R"("fields":{"name":"One","price":1200.5,"none":null})"), std::string::npos)
        << got;
    EXPECT_NE(got.find("/item/1\""), std::string::npos) << got;
    const std::string links =
        scrape("/", R"({"links": {"css": "a", "attr": "href", "all": true}})");
    EXPECT_NE(links.find(R"("links":["/item/1","/item/2","/private","http://other.invalid/"])"),
              std::string::npos)
        << links;
}

TEST_F(Scrape, PagesThatCannotBeHadFailTheJob) {
    EXPECT_NE(scrape("/private", R"({"a": "h1"})").find("Denied: robots.txt"), std::string::npos);
    EXPECT_NE(scrape("/nothing", R"({"a": "h1"})").find("HttpStatus"), std::string::npos);
    EXPECT_NE(scrape("/data", R"({"a": "h1"})").find("InvalidInput"), std::string::npos);
    EXPECT_NE(scrape("/", R"({"a": "::"})").find("InvalidArguments"), std::string::npos);
    networks_ = {"10.0.0.0/8"};
    const std::string blocked = scrape("/", R"({"a": "h1"})");
    EXPECT_NE(blocked.find("Denied"), std::string::npos) << blocked;
    networks_.clear();
    EXPECT_NE(scrape("/", R"({"a": "h1"})").find("Denied"), std::string::npos);
}

TEST_F(Scrape, LinksAreFollowedAndEachPageGivesALine) {
    const std::string args = R"([")" + server_.url("/") + R"(", "out/items.jsonl", {"delay": 0,
        "depth": 1, "only": "/item/", "fields": {"name": "h1", "price": {"css": ".price", "as": "number"}}}])";
    const std::string got = run("web.scrape_pages", args);
    EXPECT_NE(got.find(R"("rows":2,"end":"complete","pages":3)"), std::string::npos) << got;
    const std::string rows = file("out/items.jsonl");
    EXPECT_NE(rows.find(R"("depth":1,"fields":{"name":"One","price":1200.5}})"), std::string::npos)
        << rows;
    EXPECT_NE(rows.find(R"("fields":{"name":"Two","price":null}})"), std::string::npos) << rows;
    // Nothing else is left, and another run gives the same.
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(root_ + "/out"),
                            std::filesystem::directory_iterator()),
              1);
    EXPECT_NE(run("web.scrape_pages", args).find(R"("rows":2)"), std::string::npos);
    EXPECT_NE(run("web.scrape_pages",
                  R"([")" + server_.url("/") + R"(", "../x", {"fields": {"a": "h1"}}])")
                  .find("InvalidArguments"),
              std::string::npos);
}

TEST_F(Scrape, AFolderStaysTheOneThatWasOpened) {
    auto folder = JobFolder::open(root_, "a/b");
    ASSERT_TRUE(folder) << folder.error().message;
    // Whoever moves it and puts a link in its place gains nothing.
    const std::string outside = root_ + "-outside";
    std::filesystem::create_directories(outside);
    std::filesystem::rename(root_ + "/a/b", root_ + "/moved");
    std::filesystem::create_directory_symlink(outside, root_ + "/a/b");
    std::ofstream(folder->path() + "/file") << "x";
    EXPECT_TRUE(std::filesystem::exists(root_ + "/moved/file"));
    EXPECT_TRUE(std::filesystem::is_empty(outside));
    EXPECT_EQ(JobFolder::open(root_, "a/b").error().code, Code::denied);
    EXPECT_EQ(JobFolder::open(root_, "a/b/c").error().code, Code::denied);
    EXPECT_EQ(JobFolder::open(root_, "moved/file").error().code, Code::denied);
    std::filesystem::create_directory_symlink(outside, root_ + "/moved/frontier");
    EXPECT_EQ(JobFolder::open_own(root_, "moved").error().code, Code::denied);
    EXPECT_TRUE(JobFolder::open(root_, "moved"));
    const auto own = JobFolder::open_own(root_, "own");
    ASSERT_TRUE(own);
    EXPECT_EQ(JobFolder::open_own(root_, "own").error().code, Code::busy);
    std::filesystem::remove_all(outside);
}

}  // namespace
}  // namespace sluice::crawl
