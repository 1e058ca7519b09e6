// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/sitemap/sitemap.h"

#include <gtest/gtest.h>
#include <support/deflated.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::crawl;
using namespace std::string_view_literals;

struct Read {
    std::vector<SitemapEntry> entries;
    SitemapKind kind = SitemapKind::unknown;
    Status status;
};

Read read_in_pieces(std::string_view bytes, std::size_t piece, SitemapLimits limits) {
    Read out;
    SitemapReader reader([&out](SitemapEntry&& entry) { out.entries.push_back(std::move(entry)); },
                         limits);
    while (out.status && !bytes.empty()) {
        out.status = reader.feed(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    if (out.status) out.status = reader.finish();
    out.kind = reader.kind();
    EXPECT_EQ(reader.entries(), out.entries.size());
    return out;
}

Read read(std::string_view bytes, SitemapLimits limits = {}) {
    Read whole = read_in_pieces(bytes, SIZE_MAX, limits);
    const Read cut = read_in_pieces(bytes, 1, limits);
    EXPECT_EQ(whole.status.has_value(), cut.status.has_value());
    EXPECT_EQ(whole.kind, cut.kind);
    EXPECT_EQ(whole.entries.size(), cut.entries.size());
    for (std::size_t i = 0; i < std::min(whole.entries.size(), cut.entries.size()); ++i) {
        EXPECT_EQ(whole.entries[i].url, cut.entries[i].url);
    }
    return whole;
}

std::string urls(const Read& read) {
    std::string out;
    for (const SitemapEntry& entry : read.entries) out += entry.url + ' ';
    return out;
}

constexpr std::string_view usual = R"(<?xml version="1.0" encoding="UTF-8"?>
<!-- a > b --><!DOCTYPE urlset [<!ENTITY a "<url><loc>no</loc></url>">]>
<s:urlset xmlns:s='x'>
 <s:url><s:loc> http://x/?a=1&amp;b=&#x41;&nbsp;&a; </s:loc><s:lastmod>2005-01-02</s:lastmod>
  <changefreq>Daily</changefreq><priority>0.8</priority>
  <xhtml:link rel="alternate" hreflang='de' href="http://x/de?a&gt;b"/>
  <image:image><image:loc>http://x/i.png</image:loc></image:image>
  <video:video><video:content_loc>http://x/v.mp4</video:content_loc></video:video>
  <news:news><news:title>A &lt; B</news:title><news:publication_date>2020</news:publication_date></news:news>
 </s:url>
 <url><loc><![CDATA[http://x/c?a&b]]></loc><priority>7</priority></url>
 <url><lastmod>2005</lastmod></url>
</s:urlset>)";

TEST(Sitemap, EntriesAreReadWithTheirExtensions) {
    const Read file = read(usual);
    ASSERT_TRUE(file.status) << file.status.error().text();
    EXPECT_EQ(file.kind, SitemapKind::urls);
    ASSERT_EQ(file.entries.size(), 2U);
    const SitemapEntry& first = file.entries[0];
    EXPECT_EQ(first.url, "http://x/?a=1&b=A&nbsp;&a;");
    EXPECT_EQ(format_rfc3339(*first.last_modified), "2005-01-02T00:00:00Z");
    EXPECT_EQ(first.change_frequency, ChangeFrequency::daily);
    EXPECT_FLOAT_EQ(*first.priority, 0.8F);
    ASSERT_EQ(first.alternates.size(), 1U);
    EXPECT_EQ(first.alternates[0].language, "de");
    EXPECT_EQ(first.alternates[0].url, "http://x/de?a>b");
    EXPECT_EQ(first.images, std::vector<std::string>{"http://x/i.png"});
    EXPECT_EQ(first.videos, std::vector<std::string>{"http://x/v.mp4"});
    EXPECT_EQ(first.news_title, "A < B");
    EXPECT_EQ(format_rfc3339(*first.news_date), "2020-01-01T00:00:00Z");
    EXPECT_EQ(file.entries[1].url, "http://x/c?a&b");
    EXPECT_FALSE(file.entries[1].priority);
    EXPECT_EQ(urls(read(gzipped(usual))), urls(file));
}

TEST(Sitemap, IndexFeedsAndTextAreToldApart) {
    const Read index = read(
        "<sitemapindex><sitemap><loc>http://x/1</loc></sitemap>"
        "<sitemap>\nhttp://x/2?a&amp;b\n</sitemap></sitemapindex>");
    EXPECT_EQ(index.kind, SitemapKind::index);
    EXPECT_EQ(urls(index), "http://x/1 http://x/2?a&b ");
    const Read rss = read(
        "\n<rss><channel><link>http://no</link><item><guid>http://x/g</guid>"
        "<link>http://x/1</link><pubDate>Thu, 05 Jan 17 13:34:52 +0100</pubDate>"
        "</item><item><guid>http://x/2</guid></item></channel></rss>");
    EXPECT_EQ(rss.kind, SitemapKind::rss);
    EXPECT_EQ(urls(rss), "http://x/1 http://x/2 ");
    EXPECT_EQ(format_rfc3339(*rss.entries[0].last_modified), "2017-01-05T12:34:52Z");
    const Read atom = read(
        "<feed><link href='http://no'/><entry><link rel='edit' href='http://e'/>"
        "<link href='http://x/1'/><updated>2003-12-13T18:30:02Z</updated></entry></feed>");
    EXPECT_EQ(atom.kind, SitemapKind::atom);
    EXPECT_EQ(urls(atom), "http://x/1 ");
    const Read text = read("\xEF\xBB\xBFhttp://x/1\r\n\n  HTTPS://x/2 \rjunk\nhttp://x/3");
    EXPECT_EQ(text.kind, SitemapKind::text);
    EXPECT_EQ(urls(text), "http://x/1 HTTPS://x/2 http://x/3 ");
}

TEST(Sitemap, EncodingsAreRead) {
    EXPECT_EQ(urls(read("<?xml version='1.0' encoding='iso-8859-1'?><urlset><url><loc>http://x/"
                        "\xE9</loc></url></urlset>")),
              "http://x/é ");
    std::string wide = "\xFF\xFE";
    for (const char c : "<urlset><url><loc>http://x/1</loc></url></urlset>"sv) wide += {c, '\0'};
    EXPECT_EQ(urls(read(wide)), "http://x/1 ");
}

TEST(Sitemap, WhatIsBrokenGivesWhatCouldBeRead) {
    const std::string start = "<urlset><url><loc>http://x/1</loc></url>";
    EXPECT_EQ(urls(read(start + "<url><loc>http://x/2</url><url><loc>http://x/3</loc></url>")),
              "http://x/1 http://x/2 http://x/3 ");
    const Read cut = read(start + "<url><loc>http://x/2</lo");
    EXPECT_EQ(urls(cut), "http://x/1 ");
    EXPECT_EQ(cut.status.error().code, Code::corrupt);
    EXPECT_EQ(urls(read(start + "</x></y>< a & b <1></urlset>")), "http://x/1 ");
    const std::string packed = gzipped(std::string(usual));
    EXPECT_EQ(read(packed.substr(0, packed.size() - 4)).status.error().code, Code::corrupt);
    for (const std::string_view none :
         {"<html><body>x</body></html>"sv, ""sv, "x"sv, "no url\n"sv, "<!-- -->"sv, "\x1F"sv}) {
        EXPECT_EQ(read(none).status.error().code, Code::invalid) << none;
    }
}

TEST(Sitemap, LimitsHold) {
    std::string many = "<urlset>";
    for (int i = 0; i < 20; ++i) many += "<url><loc>http://x/" + std::to_string(i) + "</loc></url>";
    const Read some = read(many, {.entries_max = 5});
    EXPECT_EQ(some.entries.size(), 5U);
    EXPECT_EQ(some.status.error().code, Code::exhausted);
    const Read small = read(many, {.bytes_max = 100});
    EXPECT_EQ(small.status.error().code, Code::exhausted);
    EXPECT_LT(small.entries.size(), 5U);
    std::string deep;
    for (int i = 0; i < 100; ++i) deep += "<rss>";
    EXPECT_EQ(read(deep).status.error().code, Code::exhausted);
    EXPECT_EQ(read("<urlset a='" + std::string(100'000, 'x')).status.error().code, Code::exhausted);
    const std::string longer(9000, 'y');
    EXPECT_EQ(urls(read("<urlset><url><loc>http://" + longer +
                        "</loc></url><url><loc>http://x/2</loc></url></urlset>")),
              "http://x/2 ");
    EXPECT_EQ(urls(read("http://x/1\nhttp://" + longer + "\nhttp://x/2")),
              "http://x/1 http://x/2 ");
    const std::string bomb = gzipped(std::string(20 << 20, ' '));
    EXPECT_FALSE(read_in_pieces(bomb, 1000, {}).status);
}

TEST(SitemapDate, EveryFormIsRead) {
    const auto date = [](std::string_view text) {
        const auto time = parse_sitemap_date(text);
        return time ? format_rfc3339(*time) : "none";
    };
    EXPECT_EQ(date("2005"), "2005-01-01T00:00:00Z");
    EXPECT_EQ(date(" 2005-07 "), "2005-07-01T00:00:00Z");
    EXPECT_EQ(date("2005-07-04T12:30+02:00"), "2005-07-04T10:30:00Z");
    EXPECT_EQ(date("2005-07-04T12:30:15.5Z"), "2005-07-04T12:30:15.5Z");
    EXPECT_EQ(date("2005-07-04T12:30:15+0200"), "2005-07-04T10:30:15Z");
    EXPECT_EQ(date("2005-07-04 12:30:15"), "2005-07-04T12:30:15Z");
    EXPECT_EQ(date("Wed, 02 Oct 2002 15:00:00 -0130"), "2002-10-02T16:30:00Z");
    EXPECT_EQ(date("02 Oct 02 15:00:00"), "2002-10-02T15:00:00Z");
    for (const std::string_view text :
         {""sv, "2005-13-01"sv, "200"sv, "yesterday"sv, "2005-"sv, "2005-01-01Tx"sv}) {
        EXPECT_EQ(date(text), "none") << text;
    }
}

}  // namespace
