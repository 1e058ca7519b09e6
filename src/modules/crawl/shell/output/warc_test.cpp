// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/warc.h"

#include "modules/crawl/shell/output/digest.h"
#include "modules/crawl/shell/output/output_testing.h"
#include "modules/crawl/shell/output/surt.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

namespace sluice::crawl {
namespace {

class WarcTest : public testing::Test {
protected:
    WarcTest() {
        config_.folder = folder_.path();
        config_.pages = false;
        config_.warc = true;
        config_.software = "sluice/test";
        config_.user_agent = "sluice\r\nX: y";
    }
    void open() {
        auto opened = Outputs::open(config_, store_.marks());
        ASSERT_TRUE(opened) << opened.error().text();
        outputs_ = std::move(*opened);
    }
    std::vector<WarcRecord> write(const FetchAnswer& answer) {
        return write(answer, test_page(answer));
    }
    std::vector<WarcRecord> write(const FetchAnswer& answer, const PageReading& page) {
        std::vector<RenderedPage> pages{outputs_->render(answer, page, "")};
        return append(std::move(pages));
    }
    std::vector<WarcRecord> append(std::vector<RenderedPage> pages) {
        std::vector<Write> writes;
        EXPECT_TRUE(outputs_->append(pages, writes));
        store_.commit(writes);
        return read_warc(folder_.get("crawl-00000.warc.gz"));
    }
    /// The only response or revisit.
    static const WarcRecord& answer_of(const std::vector<WarcRecord>& records,
                                       const std::string& type = "response") {
        const auto found = std::find_if(records.begin(), records.end(), [&](const auto& record) {
            return record.header("WARC-Type") == type;
        });
        EXPECT_NE(found, records.end());
        return *found;
    }

    ScratchFolder folder_;
    TestStore store_;
    OutputConfig config_;
    std::unique_ptr<Outputs> outputs_;
};

TEST_F(WarcTest, FileBeginsWithWarcinfo) {
    open();
    const auto records = write(test_answer("https://example.org/"));
    ASSERT_EQ(records.size(), 3U);
    EXPECT_EQ(records[0].header("WARC-Type"), "warcinfo");
    EXPECT_EQ(records[0].header("WARC-Filename"), "crawl-00000.warc.gz");
    EXPECT_EQ(records[0].header("WARC-Date"), "2026-11-18T11:06:40.123Z");
    EXPECT_NE(records[0].block.find("software: sluice/test\r\n"), std::string::npos);
    EXPECT_NE(records[0].block.find("http-header-user-agent: sluice  X: y\r\n"), std::string::npos);
    EXPECT_NE(records[0].block.find("robots: obey\r\n"), std::string::npos);
    EXPECT_EQ(write(test_answer("https://example.org/2")).size(), 5U);
}

TEST_F(WarcTest, ResponseIsWhatWasSent) {
    open();
    const auto records = write(test_answer("https://example.org/", "hello"));
    const WarcRecord& response = answer_of(records);
    EXPECT_EQ(response.header("WARC-Target-URI"), "https://example.org/");
    EXPECT_EQ(response.header("Content-Type"), "application/http; msgtype=response");
    EXPECT_EQ(response.header("WARC-IP-Address"), "192.0.2.7");
    EXPECT_EQ(response.header("WARC-Payload-Digest"),
              "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    EXPECT_EQ(response.block,
              "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
              "Content-Length: 5\r\n\r\nhello");
    const WarcRecord& metadata = answer_of(records, "metadata");
    EXPECT_EQ(metadata.header("WARC-Concurrent-To"), response.header("WARC-Record-ID"));
    EXPECT_EQ(metadata.block,
              "fetchTimeMs: 34\r\nhopsFromSeed: LL\r\n"
              "charsetForLinkExtraction: UTF-8\r\n");
}

TEST_F(WarcTest, LineOfThePageHasTheDigestOfTheRecord) {
    config_.pages = true;
    open();
    const auto records = write(test_answer("https://example.org/", "hello"));
    EXPECT_NE(folder_.get("pages.jsonl")
                  .find("\"digest\":\"" + answer_of(records).header("WARC-Payload-Digest") + "\""),
              std::string::npos);
}

TEST_F(WarcTest, RecordIdsAreUniqueUuids) {
    open();
    std::set<std::string> ids;
    FetchAnswer answer = test_answer("https://example.org/");
    answer.request_head = "GET / HTTP/1.1\r\n\r\n";
    write(answer);
    const auto records = write(test_answer("https://example.org/"));
    for (const WarcRecord& record : records) {
        const std::string id = record.header("WARC-Record-ID");
        EXPECT_TRUE(ids.insert(id).second);
        ASSERT_EQ(id.size(), 47U);
        EXPECT_TRUE(id.starts_with("<urn:uuid:"));
        EXPECT_EQ(id[24], '8');
        EXPECT_NE(std::string("89ab").find(id[29]), std::string::npos);
    }
    EXPECT_EQ(ids.size(), 6U);
}

TEST_F(WarcTest, RemovedTransferCodingIsSaidAndTheLengthIsRight) {
    open();
    FetchAnswer answer = test_answer("https://example.org/", "hello");
    answer.headers = {{"transfer-encoding", "chunked"}, {"Content-Encoding", "gzip"}};
    const auto records = write(answer);
    EXPECT_EQ(answer_of(records).block,
              "HTTP/1.1 200 OK\r\nX-Archive-Orig-transfer-encoding: chunked\r\n"
              "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello");
}

TEST_F(WarcTest, CutBodiesAreMarked) {
    open();
    FetchAnswer answer = test_answer("https://example.org/", "hello");
    answer.headers = {{"Content-Length", "5000"}};
    answer.truncated = true;
    const auto records = write(answer);
    EXPECT_EQ(answer_of(records).header("WARC-Truncated"), "length");
    EXPECT_EQ(answer_of(records).block,
              "HTTP/1.1 200 OK\r\nX-Archive-Orig-Content-Length: 5000\r\n"
              "Content-Length: 5\r\n\r\nhello");
}

TEST_F(WarcTest, BrokenAnswersAreKeptAndSilenceIsNot) {
    open();
    FetchAnswer answer = test_answer("https://example.org/", "hel");
    answer.fault = FetchFault::broken;
    const PageReading failed = test_failure(Failure::body);
    EXPECT_EQ(answer_of(write(answer, failed)).header("WARC-Truncated"), "disconnect");
    answer.status = 0;
    EXPECT_EQ(write(answer, failed).size(), 3U);
}

TEST_F(WarcTest, HeadersCannotEndTheRecord) {
    open();
    FetchAnswer answer = test_answer("https://example.org/", "hello");
    answer.reason = "OK\r\nA: b";
    answer.headers.push_back({"X\r\n", "1\r\n\r\nWARC/1.1"});
    const auto records = write(answer);
    EXPECT_NE(answer_of(records).block.find("OK  A: b\r\n"), std::string::npos);
    EXPECT_NE(answer_of(records).block.find("X  : 1    WARC/1.1\r\n"), std::string::npos);
}

TEST_F(WarcTest, RequestIsKeptWithoutPasswords) {
    open();
    FetchAnswer answer = test_answer("https://example.org/");
    answer.request_head =
        "GET / HTTP/1.1\r\nHost: example.org\r\nauthorization: Basic eDp5\r\n"
        "Proxy-Authorization: Basic eDp5\r\nAccept: */*\r\n\r\n";
    const auto records = write(answer);
    EXPECT_EQ(answer_of(records, "request").block,
              "GET / HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\n\r\n");
    EXPECT_EQ(answer_of(records, "request").header("WARC-Concurrent-To"),
              answer_of(records).header("WARC-Record-ID"));
}

TEST_F(WarcTest, Http2IsSaid) {
    open();
    FetchAnswer answer = test_answer("https://example.org/", "hello");
    answer.protocol = "HTTP/2";
    answer.reason.clear();
    answer.address = "[2001:db8::1]:443";
    const auto records = write(answer);
    EXPECT_EQ(answer_of(records).header("WARC-Protocol"), "h2");
    EXPECT_EQ(answer_of(records).header("WARC-IP-Address"), "2001:db8::1");
    EXPECT_TRUE(answer_of(records).block.starts_with("HTTP/1.1 200 \r\n"));
}

TEST_F(WarcTest, SamePayloadIsKeptOnce) {
    open();
    const std::string body(1'000, 'x');
    write(test_answer("https://example.org/1", body));
    FetchAnswer again = test_answer("https://example.org/2", body);
    again.headers.push_back({"Content-Length", "7"});
    const auto records = write(again);
    const WarcRecord& revisit = answer_of(records, "revisit");
    EXPECT_EQ(revisit.header("WARC-Profile"),
              "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest");
    EXPECT_EQ(revisit.header("WARC-Refers-To-Target-URI"), "https://example.org/1");
    EXPECT_EQ(revisit.header("WARC-Refers-To-Date"), answer_of(records).header("WARC-Date"));
    EXPECT_EQ(revisit.header("WARC-Payload-Digest"),
              answer_of(records).header("WARC-Payload-Digest"));
    EXPECT_TRUE(revisit.block.ends_with("\r\n\r\n"));
    EXPECT_EQ(revisit.block.find(body), std::string::npos);
}

TEST_F(WarcTest, NothingRefersToWhatWasNotAppended) {
    open();
    const std::string body(1'000, 'x');
    const FetchAnswer first = test_answer("https://example.org/1", body);
    const FetchAnswer second = test_answer("https://example.org/2", body);
    std::vector<RenderedPage> pages;
    pages.push_back(outputs_->render(first, test_page(first), ""));
    pages.push_back(outputs_->render(second, test_page(second), ""));
    for (const WarcRecord& record : append(std::move(pages)))
        EXPECT_NE(record.header("WARC-Type"), "revisit");
}

TEST_F(WarcTest, OldestPayloadIsForgottenFirst) {
    config_.revisits_max = 2;
    open();
    const auto body = [](char c) { return std::string(500, c); };
    for (const char c : {'a', 'b', 'c'}) write(test_answer("https://example.org/1", body(c)));
    const auto is_revisit = [&](char c) {
        return write(test_answer("https://example.org/2", body(c))).end()[-2].header("WARC-Type") ==
               "revisit";
    };
    EXPECT_TRUE(is_revisit('c'));
    EXPECT_TRUE(is_revisit('b'));
    EXPECT_FALSE(is_revisit('a'));
    EXPECT_FALSE(is_revisit('b'));
}

TEST_F(WarcTest, NotModifiedIsARevisit) {
    open();
    FetchAnswer answer = test_answer("https://example.org/", "");
    answer.status = 304;
    answer.reason = "Not Modified";
    answer.headers = {{"ETag", "\"1\""}, {"Content-Length", "900"}};
    const auto records = write(answer);
    const WarcRecord& revisit = answer_of(records, "revisit");
    EXPECT_EQ(revisit.header("WARC-Profile"),
              "http://netpreserve.org/warc/1.1/revisit/server-not-modified");
    EXPECT_EQ(revisit.header("WARC-Payload-Digest"), "");
    EXPECT_EQ(revisit.block,
              "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\nContent-Length: 900\r\n"
              "\r\n");
}

TEST_F(WarcTest, RobotsFilesAreArchived) {
    open();
    std::vector<RenderedPage> pages{
        outputs_->render_robots(test_answer("https://example.org/robots.txt", "User-agent: *"))};
    const auto records = append(std::move(pages));
    ASSERT_EQ(records.size(), 2U);
    EXPECT_TRUE(records[1].block.ends_with("User-agent: *"));
    FetchAnswer silent = test_answer("https://example.org/robots.txt");
    silent.status = 0;
    EXPECT_TRUE(outputs_->render_robots(silent).warc.empty());
}

TEST_F(WarcTest, IndexIsSortedAndPointsAtTheRecords) {
    config_.warc_file_max = Bytes{1U << 20U};
    config_.compression = 1;
    open();
    std::string body(200'000, '\0');
    std::uint32_t state = 1;
    for (int i = 0; i < 12; ++i) {
        for (char& c : body) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24U);
        const std::string host = i % 2 == 0 ? "www.example.org" : "a.test:8080";
        write(test_answer("https://" + host + "/Page" + std::to_string(11 - i) + "?b&a", body));
    }
    CrawlSummary summary;
    ASSERT_TRUE(outputs_->finish(summary, store_.each()));
    const std::string index = folder_.get("index.cdxj");
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < index.size();) {
        const std::size_t end = index.find('\n', at);
        lines.push_back(index.substr(at, end - at));
        at = end + 1;
    }
    ASSERT_EQ(lines.size(), 12U);
    EXPECT_TRUE(std::is_sorted(lines.begin(), lines.end()));
    EXPECT_TRUE(lines[0].starts_with(R"(org,example)/page11?a&b 20261118110640 {"url":)"))
        << lines[0];
    EXPECT_TRUE(lines[11].starts_with("test,a:8080)/page8?a&b ")) << lines[11];
    std::set<std::string> files;
    for (const std::string& line : lines) {
        const auto field = [&line](const std::string& name) {
            const std::size_t at = line.find("\"" + name + "\":\"") + name.size() + 4;
            return line.substr(at, line.find('"', at) - at);
        };
        files.insert(field("filename"));
        const std::string file = folder_.get(field("filename"));
        const auto records =
            read_warc(file.substr(std::stoull(field("offset")), std::stoull(field("length"))));
        ASSERT_EQ(records.size(), 1U) << line;
        EXPECT_EQ(records[0].header("WARC-Target-URI"), field("url"));
        EXPECT_EQ(records[0].header("WARC-Payload-Digest"), field("digest"));
        EXPECT_EQ(field("status"), "200");
        EXPECT_EQ(field("mime"), "text/html");
    }
    EXPECT_EQ(files.size(), 3U);
    EXPECT_NE(std::find(summary.files.begin(), summary.files.end(), "index.cdxj"),
              summary.files.end());
}

TEST(Surt, IsAsTheReplayToolsMakeIt) {
    struct Case {
        const char* url;
        const char* expected;
    };
    for (const Case& test : std::array<Case, 10>{{
             {"http://example.com/path/file.html", "com,example)/path/file.html"},
             {"https://www.Example.COM", "com,example)/"},
             {"https://www2.example.com/A/B/", "com,example)/a/b"},
             {"http://wwwx.example.com/", "com,example,wwwx)/"},
             {"http://example.com:8080/?", "com,example:8080)/"},
             {"http://example.com/?b=2&A=1#x", "com,example)/?a=1&b=2"},
             {"http://192.0.2.7/", "7,2,0,192)/"},
             {"http://[2001:db8::1]/", "[2001:db8::1])/"},
             {"mailto:x@example.com", "mailto:x@example.com"},
             {"nothing", "nothing"},
         }})
        EXPECT_EQ(surt(test.url), test.expected);
}

TEST(Gzip, MembersOfAnySizeComeBack) {
    Gzip gzip(6);
    std::string out;
    std::vector<std::size_t> sizes{0, 1, 100, 70'000, 3'000'000};
    for (const std::size_t size : sizes) {
        std::string noise(size, '\0');
        std::uint32_t state = 9;
        for (char& c : noise) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24U);
        const std::string head = "WARC/1.1\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
        gzip.put_member(out, {head, noise, "\r\n\r\n"});
    }
    EXPECT_EQ(read_warc(out).size(), sizes.size());
}

}  // namespace
}  // namespace sluice::crawl
