// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_sitemap
// Sitemaps that other crawlers test with: every form, extensions, odd namespaces, gzip.
#include "modules/crawl/core/sitemap/sitemap.h"
#include "vectors.h"

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::crawl;

class SitemapVectors : public vectors::VectorTest {};

struct Expected {
    std::string name;
    SitemapKind kind;
    std::size_t entries;
    std::size_t alternates = 0;
    std::size_t images = 0;
    std::size_t videos = 0;
};

const std::vector<Expected> files = {
    {"crawler-commons/atom.xml", SitemapKind::atom, 1},
    {"crawler-commons/do-not-visit.txt", SitemapKind::text, 1},
    {"crawler-commons/feed.rss", SitemapKind::rss, 4},
    {"crawler-commons/hebdenbridgetimes-articles-sitemap.xml", SitemapKind::urls, 74, 0, 94, 6},
    {"crawler-commons/pagemaps-sitemap.xml", SitemapKind::urls, 2},
    {"crawler-commons/shinpaideshou-news-sitemap.xml", SitemapKind::urls, 3},
    {"crawler-commons/sitemap-images.xml", SitemapKind::urls, 1, 0, 2},
    {"crawler-commons/sitemap-links.xml", SitemapKind::urls, 3, 9},
    {"crawler-commons/sitemap-mobile.xml", SitemapKind::urls, 3},
    {"crawler-commons/sitemap-news.xml", SitemapKind::urls, 2},
    {"crawler-commons/sitemap-videos-tvshow.xml", SitemapKind::urls, 1, 0, 0, 2},
    {"crawler-commons/sitemap-videos.xml", SitemapKind::urls, 3, 0, 0, 4},
    {"crawler-commons/sitemap-with-bom.txt", SitemapKind::text, 2},
    {"crawler-commons/sitemap.badns.xml", SitemapKind::urls, 2},
    {"crawler-commons/sitemap.index.xml", SitemapKind::index, 15},
    {"crawler-commons/sitemap.ns.xml", SitemapKind::urls, 2},
    {"crawler-commons/sitemap.txt", SitemapKind::text, 2},
    {"crawler-commons/sitemap.txt.gz", SitemapKind::text, 5},
    {"crawler-commons/xmlRss_pubDate.xml", SitemapKind::rss, 7},
    {"crawler-commons/xmlSitemap.gz", SitemapKind::urls, 5},
    {"stormcrawler.rss", SitemapKind::rss, 6},
    {"stormcrawler.sitemap.extensions.all.xml", SitemapKind::urls, 7, 1, 1, 2},
    {"stormcrawler.sitemap.extensions.image.xml", SitemapKind::urls, 7, 0, 1},
    {"stormcrawler.sitemap.extensions.links.xml", SitemapKind::urls, 6, 1},
    {"stormcrawler.sitemap.extensions.mobile.xml", SitemapKind::urls, 6},
    {"stormcrawler.sitemap.extensions.news.xml", SitemapKind::urls, 6},
    {"stormcrawler.sitemap.extensions.video.xml", SitemapKind::urls, 6, 0, 0, 2},
    {"stormcrawler.sitemap.index.xml", SitemapKind::index, 4},
    {"stormcrawler.sitemap.xml", SitemapKind::urls, 6},
    {"stormcrawler.sitemap.xml.gz", SitemapKind::urls, 6},
};

struct Read {
    std::vector<SitemapEntry> entries;
    SitemapKind kind = SitemapKind::unknown;
    Status status;
};

Read read(const std::string& name, std::size_t piece = SIZE_MAX) {
    const std::string bytes = vectors::read("sitemap/" + name, true);
    Read out;
    SitemapReader reader([&](SitemapEntry&& entry) { out.entries.push_back(std::move(entry)); });
    for (std::size_t at = 0; out.status && at < bytes.size(); at += std::min(piece, bytes.size())) {
        out.status = reader.feed(std::string_view(bytes).substr(at, piece));
    }
    if (out.status) out.status = reader.finish();
    out.kind = reader.kind();
    return out;
}

TEST_F(SitemapVectors, EveryFileGivesItsEntries) {
    for (const Expected& expected : files) {
        for (const std::size_t piece : {SIZE_MAX, std::size_t{13}}) {
            const Read file = read(expected.name, piece);
            EXPECT_TRUE(file.status) << expected.name;
            EXPECT_EQ(file.kind, expected.kind) << expected.name;
            EXPECT_EQ(file.entries.size(), expected.entries) << expected.name;
            std::size_t alternates = 0;
            std::size_t images = 0;
            std::size_t videos = 0;
            for (const SitemapEntry& entry : file.entries) {
                EXPECT_TRUE(entry.url.starts_with("http")) << expected.name << ' ' << entry.url;
                alternates += entry.alternates.size();
                images += entry.images.size();
                videos += entry.videos.size();
            }
            EXPECT_EQ(alternates, expected.alternates) << expected.name;
            EXPECT_EQ(images, expected.images) << expected.name;
            EXPECT_EQ(videos, expected.videos) << expected.name;
        }
    }
}

TEST_F(SitemapVectors, DatesAndPrioritiesAreRight) {
    const Read file = read("crawler-commons/xmlSitemap.gz");
    ASSERT_EQ(file.entries.size(), 5U);
    EXPECT_EQ(file.entries[1].url, "http://www.example.com/catalog?item=12&desc=vacation_hawaii");
    EXPECT_EQ(format_rfc3339(*file.entries[0].last_modified), "2005-01-01T00:00:00Z");
    EXPECT_EQ(format_rfc3339(*file.entries[3].last_modified), "2004-12-23T18:00:15Z");
    EXPECT_FLOAT_EQ(*file.entries[3].priority, 0.3F);
    EXPECT_EQ(file.entries[0].change_frequency, ChangeFrequency::monthly);
    const Read rss = read("crawler-commons/xmlRss_pubDate.xml");
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(format_rfc3339(*rss.entries[i].last_modified),
                  "2017-01-05T12:34:5" + std::to_string(i + 1) + "Z");
    }
    EXPECT_FALSE(rss.entries[5].last_modified);
    const Read feed = read("crawler-commons/feed.rss");
    EXPECT_EQ(feed.entries[1].url, "https://www.example.com/guid.html");
    EXPECT_EQ(feed.entries[2].url, "https://www.example.com/foo?q=a&l=en");
    EXPECT_EQ(feed.entries[3].url, "https://www.example.com/foo?q=a&l=fr");
    EXPECT_EQ(read("crawler-commons/sitemap-news.xml").entries[0].news_title,
              "Companies A, B in Merger Talks");
}

}  // namespace
