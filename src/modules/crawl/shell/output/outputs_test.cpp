// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/outputs.h"

#include "kernel/base/random.h"
#include "kernel/base/text.h"
#include "kernel/sync/channel.h"
#include "kernel/sync/thread.h"
#include "kernel/wire/json_reader.h"
#include "modules/crawl/shell/output/output_testing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace sluice::crawl {
namespace {

class OutputsTest : public testing::Test {
protected:
    OutputsTest() : faults_(std::make_shared<FaultInjector>()) {
        config_.folder = folder_.path();
        config_.edges = true;
        config_.software = "sluice/test";
        config_.user_agent = "sluice (+https://example.org)";
    }

    Result<std::unique_ptr<Outputs>> try_open() {
        return Outputs::open(config_, store_.marks(), FileIo(faults_));
    }
    void open() {
        outputs_.reset();
        auto opened = try_open();
        ASSERT_TRUE(opened) << opened.error().text();
        outputs_ = std::move(*opened);
        std::vector<Write> writes;
        outputs_->put_marks(writes);
        store_.commit(writes);
    }
    RenderedPage page(const std::string& url, const std::string& body = "x",
                      const std::vector<std::string>& links = {}) {
        const FetchAnswer answer = test_answer(url, body);
        return outputs_->render(answer, test_page(answer, links), "");
    }
    Status append(std::vector<RenderedPage> pages) {
        std::vector<Write> writes;
        Status status = outputs_->append(pages, writes);
        if (status) store_.commit(writes);
        return status;
    }
    std::vector<std::string> urls_written() {
        std::vector<std::string> urls;
        const std::string file = folder_.get("pages.jsonl");
        EXPECT_TRUE(file.empty() || file.ends_with('\n')) << "a torn line";
        for (const std::string_view line : split(file, '\n')) {
            if (line.empty()) continue;
            auto document = JsonDocument::parse(std::string(line));
            EXPECT_TRUE(document) << line;
            if (document) urls.emplace_back(*document->root().find("url")->as_string());
        }
        return urls;
    }

    ScratchFolder folder_;
    TestStore store_;
    OutputConfig config_;
    std::shared_ptr<FaultInjector> faults_;
    std::unique_ptr<Outputs> outputs_;
};

using Urls = std::vector<std::string>;

TEST_F(OutputsTest, PagesAndEdgesAreWrittenInOrder) {
    open();
    ASSERT_TRUE(append({page("https://a/1", "x", {"https://a/2", "https://a/2", "https://b/,\""}),
                        page("https://a/2")}));
    ASSERT_TRUE(append({page("https://a/3", "x", {"https://a/1"})}));
    EXPECT_EQ(urls_written(), (Urls{"https://a/1", "https://a/2", "https://a/3"}));
    EXPECT_EQ(folder_.get("edges.csv"),
              "from,to,kind,nofollow\n"
              "https://a/1,https://a/2,anchor,0\n"
              "https://a/1,\"https://b/,\"\"\",anchor,0\n"
              "https://a/3,https://a/1,anchor,0\n");
}

TEST_F(OutputsTest, PageLineSaysEverything) {
    open();
    FetchAnswer answer = test_answer("https://a/1", "<p>text</p>");
    answer.order.attempt = 1;
    PageReading reading = test_page(answer, {"https://a/2"});
    reading.language = "de";
    reading.canonical = "https://a/";
    reading.title = "quoted \"title\"\n<b>";
    reading.directives.noindex = true;
    reading.directives.max_snippet = 20;
    ASSERT_TRUE(append({outputs_->render(answer, reading, R"({"price":"3"})")}));
    EXPECT_EQ(folder_.get("pages.jsonl"),
              R"({"url":"https://a/1","status":200,"depth":2,"attempts":2,)"
              R"("time":"2026-11-18T11:06:40.123Z","type":"text/html","encoding":"UTF-8",)"
              R"("bytes":11,"latency_ms":12,"took_ms":34,"title":"quoted \"title\"\n<b>",)"
              R"("language":"de","canonical":"https://a/","directives":["noindex",)"
              R"("max-snippet:20"],"links":1,"address":"192.0.2.7","protocol":"HTTP/1.1",)"
              R"("digest":"xxh128:fde05d52e3e1277dc32f2d7a08e256ff","extracted":{"price":"3"}})"
              "\n");
}

TEST_F(OutputsTest, FailuresAndRedirectsHaveLinesToo) {
    open();
    FetchAnswer none = test_answer("https://a/down");
    none.status = 0;
    none.address.clear();
    none.fault = FetchFault::connect;
    FetchAnswer moved = test_answer("https://a/old", "");
    moved.status = 301;
    PageReading redirect;
    redirect.end.kind = PageEnd::Kind::redirected;
    redirect.end.found.emplace_back().url = "https://a/new";
    ASSERT_TRUE(append({outputs_->render(none, test_failure(Failure::connect, "refused"), ""),
                        outputs_->render(moved, redirect, "")}));
    const std::string file = folder_.get("pages.jsonl");
    EXPECT_NE(file.find(R"({"url":"https://a/down","failure":"connect","problem":"refused",)"),
              std::string::npos);
    EXPECT_NE(file.find(R"("status":301,"redirect":"https://a/new",)"), std::string::npos);
    EXPECT_NE(folder_.get("edges.csv").find("https://a/old,https://a/new,redirect,0\n"),
              std::string::npos);
    EXPECT_EQ(store_.count(failure_letter), 1U);
    redirect.end.found.clear();  // excluded, or known
    moved.headers = {{"Location", "../x?y#z"}};
    ASSERT_TRUE(append({outputs_->render(moved, redirect, "")}));
    EXPECT_NE(folder_.get("edges.csv").find("https://a/old,https://a/x?y,redirect,0\n"),
              std::string::npos);
}

TEST_F(OutputsTest, UrlsThatNobodyWasAskedForAreListed) {
    open();
    UnaskedUrl unasked{.url = "https://a/never", .depth = 3, .referrer = "https://b/"};
    ASSERT_TRUE(append({outputs_->render_unasked(unasked)}));
    EXPECT_EQ(folder_.get("pages.jsonl"),
              R"({"url":"https://a/never","failure":"given_up","problem":"not asked for: its host )"
              R"(did not answer, again and again, and was given up","depth":3,)"
              R"("referrer":"https://b/"})"
              "\n");
    EXPECT_EQ(store_.count(failure_letter), 1U);
}

TEST_F(OutputsTest, AttemptsThatAreTriedAgainAreNotWritten) {
    open();
    const FetchAnswer answer = test_answer("https://a/flaky");
    PageReading reading = test_failure(Failure::http);
    reading.end.kind = PageEnd::Kind::retry;
    RenderedPage first = outputs_->render(answer, reading, "");
    EXPECT_TRUE(first.is_retry);
    EXPECT_FALSE(first.is_final);
    RenderedPage last = first;
    last.is_final = true;  // the frontier gave it up
    ASSERT_TRUE(append({first}));
    EXPECT_TRUE(urls_written().empty());
    EXPECT_EQ(store_.count(failure_letter), 0U);
    ASSERT_TRUE(append({last}));
    EXPECT_EQ(urls_written(), Urls{"https://a/flaky"});
    EXPECT_EQ(store_.count(failure_letter), 1U);
    reading.end.kind = PageEnd::Kind::put_back;
    ASSERT_TRUE(append({outputs_->render(answer, reading, "")}));
    EXPECT_EQ(urls_written().size(), 1U);
}

TEST_F(OutputsTest, WhatNoBatchNamesIsCutOff) {
    open();
    ASSERT_TRUE(append({page("https://a/1")}));
    std::vector<RenderedPage> lost{page("https://a/2")};
    std::vector<Write> never_committed;
    ASSERT_TRUE(outputs_->append(lost, never_committed));
    EXPECT_EQ(urls_written().size(), 2U);
    open();
    EXPECT_EQ(urls_written(), Urls{"https://a/1"});
    ASSERT_TRUE(append({page("https://a/2")}));
    EXPECT_EQ(urls_written(), (Urls{"https://a/1", "https://a/2"}));
}

TEST_F(OutputsTest, CutHappensBeforeTheFirstPageToo) {
    open();
    std::vector<RenderedPage> lost{page("https://a/1")};
    std::vector<Write> never_committed;
    ASSERT_TRUE(outputs_->append(lost, never_committed));
    open();
    EXPECT_EQ(folder_.get("pages.jsonl"), "");
    EXPECT_EQ(folder_.get("edges.csv"), "");
}

TEST_F(OutputsTest, ShorterFileIsAnErrorThatNamesFileAndLengths) {
    open();
    ASSERT_TRUE(append({page("https://a/1")}));
    outputs_.reset();
    const std::string whole = folder_.get("pages.jsonl");
    folder_.put("pages.jsonl", whole.substr(0, 10));
    const auto opened = try_open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::corrupt);
    EXPECT_NE(opened.error().message.find("pages.jsonl has 10 bytes, but the crawl has recorded " +
                                          std::to_string(whole.size())),
              std::string::npos)
        << opened.error().message;
}

TEST_F(OutputsTest, ChangedEndAndMissingFileAreErrors) {
    open();
    ASSERT_TRUE(append({page("https://a/1")}));
    outputs_.reset();
    std::string text = folder_.get("pages.jsonl");
    text[text.size() / 2] ^= 1;
    folder_.put("pages.jsonl", text);
    EXPECT_EQ(try_open().error().code, Code::corrupt);
    ASSERT_TRUE(FileIo().remove_file(folder_ / "pages.jsonl"));
    const auto gone = try_open();
    ASSERT_FALSE(gone);
    EXPECT_NE(gone.error().message.find("gone"), std::string::npos);
    EXPECT_FALSE(FileIo().exists(folder_ / "pages.jsonl"));
}

TEST_F(OutputsTest, FileOfSomebodyElseIsNotTouched) {
    folder_.put("pages.jsonl", "somebody's notes\n");
    const auto opened = try_open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::exists);
    EXPECT_EQ(folder_.get("pages.jsonl"), "somebody's notes\n");
}

TEST_F(OutputsTest, RecordsCannotNameOtherFiles) {
    for (const std::string name : {"../pages.jsonl", "crawl-1.warc.gz", "crawl-+0001.warc.gz",
                                   "crawl-00001.warc.gz/", "crawl-00001.warc.gzx", ""}) {
        const std::vector<Write> marks{{output_letter + name, std::string(4, '\0')}};
        auto value = marks;
        value[0].value = std::string("\1\0\0\0", 4);
        const auto opened = Outputs::open(config_, value);
        ASSERT_FALSE(opened) << name;
        EXPECT_EQ(opened.error().code, Code::corrupt);
    }
    EXPECT_TRUE(folder_.names().empty());
}

TEST_F(OutputsTest, BadConfigurationsAreRefused) {
    const auto refused = [this](auto change) {
        OutputConfig config = config_;
        change(config);
        const auto opened = Outputs::open(config, {});
        return !opened && opened.error().code == Code::invalid;
    };
    EXPECT_TRUE(refused([](OutputConfig& config) { config.folder.clear(); }));
    EXPECT_TRUE(refused([](OutputConfig& config) { config.compression = 0; }));
    EXPECT_TRUE(refused([](OutputConfig& config) { config.compression = 10; }));
    EXPECT_TRUE(refused([](OutputConfig& config) { config.warc_file_max = Bytes{1}; }));
    EXPECT_TRUE(refused([](OutputConfig& config) { config.edges = !(config.graphml = true); }));
}

TEST_F(OutputsTest, FullDiskIsAnErrorAndNothingIsTorn) {
    config_.warc = true;
    open();
    ASSERT_TRUE(append({page("https://a/1")}));
    const std::string pages = folder_.get("pages.jsonl"), edges = folder_.get("edges.csv"),
                      warc = folder_.get("crawl-00000.warc.gz");
    for (std::uint64_t nth = 1; nth <= 3; ++nth) {
        faults_->arm({.ops = static_cast<unsigned>(FileOp::write),
                      .nth = nth,
                      .error = ENOSPC,
                      .torn = true});
        const Status status = append({page("https://a/2", "x", {"https://a/1"})});
        ASSERT_TRUE(faults_->fired());
        faults_->disarm();
        ASSERT_FALSE(status);
        EXPECT_EQ(status.error().code, Code::exhausted);
        EXPECT_NE(status.error().message.find(folder_.path()), std::string::npos);
        EXPECT_FALSE(append({page("https://a/3")})) << "the store and the files differ now";
        open();
        EXPECT_EQ(folder_.get("pages.jsonl"), pages);
        EXPECT_EQ(folder_.get("edges.csv"), edges);
        EXPECT_EQ(folder_.get("crawl-00000.warc.gz"), warc);
    }
}

TEST_F(OutputsTest, SyncSyncsEveryFileAndTheFolderOnce) {
    config_.warc = true;
    open();
    faults_->arm({.ops = static_cast<unsigned>(FileOp::sync), .nth = 0});
    ASSERT_TRUE(outputs_->sync());
    EXPECT_EQ(faults_->seen(), 4U);
    ASSERT_TRUE(outputs_->sync());
    EXPECT_EQ(faults_->seen(), 7U);
    faults_->arm({.ops = static_cast<unsigned>(FileOp::sync), .nth = 2});
    EXPECT_FALSE(outputs_->sync());
    EXPECT_FALSE(outputs_->sync()) << "what was lost stays lost";
}

/// Random batches; the process dies at random moments: between append and commit, within a write,
/// or in peace. After each death the files have exactly the pages whose batch was committed.
TEST_F(OutputsTest, EveryPageIsThereExactlyOnceWhateverHappens) {
    config_.warc = true;
    config_.warc_file_max = Bytes{1U << 20U};
    config_.compression = 1;
    Random random(20261121);
    Urls committed;
    std::uint64_t number = 0;
    open();
    for (int life = 0; life < 60; ++life) {
        const std::uint64_t batches = 1 + random.below(4);
        for (std::uint64_t batch = 0; batch < batches; ++batch) {
            std::vector<RenderedPage> pages;
            Urls urls;
            const std::uint64_t count = 1 + random.below(5);
            for (std::uint64_t i = 0; i < count; ++i) {
                urls.push_back("https://a/" + std::to_string(++number));
                std::string body(random.below(90'000), '\0');
                for (char& c : body) c = static_cast<char>(random.next());
                pages.push_back(page(urls.back(), body, {"https://a/" + std::to_string(number)}));
            }
            const bool dies = batch + 1 == batches;
            if (dies && random.below(3) == 0) {
                faults_->arm({.ops = static_cast<unsigned>(FileOp::write),
                              .nth = 1 + random.below(4),
                              .error = EIO,
                              .torn = true,
                              .stay = true});
            }
            std::vector<Write> writes;
            const bool kept = static_cast<bool>(outputs_->append(pages, writes));
            if (!kept || (dies && random.below(2) == 0)) break;  // before the commit
            store_.commit(writes);
            committed.insert(committed.end(), urls.begin(), urls.end());
        }
        faults_->disarm();
        open();
        ASSERT_EQ(urls_written(), committed) << "life " << life;
    }
    // Edges and WARC records agree.
    const std::string edge_lines = folder_.get("edges.csv");
    const auto edges = split(edge_lines, '\n');
    EXPECT_EQ(edges.size(), committed.size() + 2);
    Urls archived;
    std::size_t files = 0;
    for (const std::string& name : folder_.names()) {
        if (!name.ends_with(".warc.gz")) continue;
        const auto records = read_warc(folder_.get(name));
        ++files;
        if (records.empty()) continue;  // made, but nothing of it was committed
        EXPECT_EQ(records[0].header("WARC-Type"), "warcinfo");
        for (const WarcRecord& record : records) {
            if (record.header("WARC-Type") == "response")
                archived.push_back(record.header("WARC-Target-URI"));
        }
    }
    EXPECT_EQ(archived, committed);
    EXPECT_GT(files, 3U);
    EXPECT_EQ(store_.count(cdx_letter), committed.size());
}

/// What the crawl does: threads that render, one that appends and commits, one that syncs.
TEST_F(OutputsTest, RenderingAppendingAndSyncingRunBesideEachOther) {
    constexpr std::size_t threads = 3, pages_each = 60;
    config_.warc = true;
    config_.warc_file_max = Bytes{1U << 20U};
    config_.compression = 1;
    open();
    std::vector<Urls> rendered(threads);
    Channel<RenderedPage> pages(8);
    Channel<int> syncs(2);
    {
        Thread syncer("syncer", [&] {
            int one = 0;
            while (syncs.pop(one) == ChannelStatus::ok) EXPECT_TRUE(outputs_->sync());
        });
        std::vector<Thread> renderers;
        for (std::size_t thread = 0; thread < threads; ++thread) {
            renderers.emplace_back("renderer", [&, thread] {
                Random random(thread + 1);
                for (std::size_t i = 0; i < pages_each; ++i) {
                    FetchAnswer answer = test_answer("https://a/" + std::to_string(thread) + "/" +
                                                     std::to_string(i));
                    // Every second body is one that the others have, too.
                    answer.body.assign(i % 2 == 0 ? 30'000 + i : 20'000, 'x');
                    if (i % 2 == 0) {
                        for (char& c : answer.body) c = static_cast<char>(random.next());
                    }
                    const PageReading page = test_page(answer, {"https://b/"});
                    EXPECT_EQ(pages.push(outputs_->render(answer, page, "")), ChannelStatus::ok);
                }
            });
        }
        for (std::size_t count = 0; count < threads * pages_each; ++count) {
            RenderedPage page;
            ASSERT_EQ(pages.pop(page), ChannelStatus::ok);
            EXPECT_TRUE(append({std::move(page)}));
            if (count % 10 == 0) (void)syncs.try_push(1);
        }
        syncs.close();
    }
    Urls urls = urls_written();
    EXPECT_EQ(urls.size(), threads * pages_each);
    std::sort(urls.begin(), urls.end());
    EXPECT_EQ(std::unique(urls.begin(), urls.end()), urls.end());
    EXPECT_EQ(store_.count(cdx_letter), threads * pages_each);
    EXPECT_GT(outputs_->bytes_written(), 0U);
}

/// Whatever length a file has, it is cut to the recorded one or refused.
TEST_F(OutputsTest, AnyLengthIsCutOrRefused) {
    open();
    ASSERT_TRUE(append({page("https://a/1", "x", {"https://a/2"}), page("https://a/2")}));
    outputs_.reset();
    const std::string whole = folder_.get("pages.jsonl");
    Random random(7);
    for (std::size_t length = 0; length < whole.size() + 300; length += 1 + random.below(9)) {
        std::string text = whole.substr(0, length);
        while (text.size() < length) text += static_cast<char>(random.next());
        folder_.put("pages.jsonl", text);
        const auto opened = try_open();
        EXPECT_EQ(static_cast<bool>(opened), length >= whole.size()) << length;
        if (opened) {
            EXPECT_EQ(folder_.get("pages.jsonl"), whole);
        }
    }
}

}  // namespace
}  // namespace sluice::crawl
