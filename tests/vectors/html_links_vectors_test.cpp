// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_html
// The pages for link extraction of scrapy and ia-web-commons: every link that they have.
#include "modules/crawl/core/html/link_extractor.h"
#include "vectors.h"

#include <string>
#include <vector>

namespace sluice::crawl {
namespace {

using HtmlLinksVectors = vectors::VectorTest;

class Links : public LinkSink {
public:
    void on_link(const Link& link) override {
        lines.push_back(std::string(to_string(link.kind)) + " " + std::string(link.href));
    }
    std::vector<std::string> lines;
};

struct Page {
    std::vector<std::string> links;
    PageFacts facts;
};

// The same whole and byte by byte.
Page read_page(std::string_view html) {
    Page out;
    for (const std::size_t piece : {html.size(), std::size_t{1}}) {
        Links sink;
        LinkExtractor extractor(sink);
        for (std::size_t at = 0; at < html.size(); at += piece)
            extractor.feed(html.substr(at, piece));
        extractor.finish();
        if (piece == 1) {
            EXPECT_EQ(sink.lines, out.links);
        }
        out = {.links = sink.lines, .facts = extractor.facts()};
    }
    return out;
}

TEST_F(HtmlLinksVectors, ScrapysPages) {
    Page page = read_page(vectors::read("links/scrapy-linkextractor.html"));
    EXPECT_EQ(page.facts.base, "http://example.com");
    EXPECT_EQ(page.facts.title, "Sample page with links for testing LinkExtractor");
    EXPECT_EQ(page.links, (std::vector<std::string>{
                              "area sample1.html", "anchor sample2.html", "image sample2.jpg",
                              "anchor http://example.com/sample3.html", "anchor sample3.html",
                              "anchor sample3.html", "anchor sample3.html#foo",
                              "anchor http://www.google.com/something",
                              "anchor http://example.com/innertag.html", "anchor page 4.html"}));

    page = read_page(vectors::read("links/scrapy-linkextractor_no_href.html"));
    EXPECT_EQ(page.links,
              (std::vector<std::string>{"anchor /author/Albert-Einstein", "anchor /page/1/",
                                        "anchor /page/3/", "anchor /page/4/"}));

    page = read_page(vectors::read("links/scrapy-linkextractor_latin1.html"));
    EXPECT_EQ(page.facts.charset, "latin-1");
    EXPECT_EQ(page.links.size(), 5U);
    EXPECT_EQ(page.links[4], "image sample3.jpg");

    page = read_page(vectors::read("links/scrapy-linkextractor_noenc.html"));
    EXPECT_EQ(page.facts.charset, "");
    EXPECT_EQ(page.links.size(), 3U);
}

// The pages of a WARC file whose records are not packed.
TEST_F(HtmlLinksVectors, PagesOfTheWarc) {
    const std::string warc = vectors::read("links/iawc-link-extraction-test.warc");
    std::vector<std::string> links;
    std::vector<std::string> titles;
    std::size_t at = 0;
    while ((at = warc.find("\nHTTP/1.1 200", at)) != std::string::npos) {
        const std::size_t blank = std::min(warc.find("\n\n", at), warc.find("\r\n\r\n", at));
        const std::size_t end = std::min(warc.find("\nWARC/1.0", at), warc.size());
        const Page page = read_page(std::string_view(warc).substr(blank, end - blank));
        links.insert(links.end(), page.links.begin(), page.links.end());
        titles.push_back(page.facts.title);
        at = end;
    }
    EXPECT_EQ(links, (std::vector<std::string>{
                         "refresh http://www.example.com/redirected.html",
                         "anchor http://www.example.com/a-href.html",
                         "anchor #anchor",
                         "image image.png",
                         "image image.gif",
                         "object helloworld.swf",
                         "canonical http:///www.example.com/video.html",
                         "alternate video.rss",
                         "image https://archive.org/download/WebmVp8Vorbis/webmvp8.gif",
                         "media https://archive.org/download/WebmVp8Vorbis/webmvp8.webm",
                         "media https://archive.org/download/WebmVp8Vorbis/webmvp8_512kb.mp4",
                         "media https://archive.org/download/WebmVp8Vorbis/webmvp8.ogv",
                         "anchor http://www.example.com/",
                         "anchor https://www.facebook.com/facebook/videos/10153231379946729/",
                         "anchor https://www.facebook.com/facebook/",
                         "stylesheet standard.css",
                         "anchor https://www.facebook.com/facebook/videos/10153231379946729/",
                         "anchor https://www.facebook.com/facebook/",
                         "media //edge.flowplayer.org/bauhaus.webm",
                         "media //edge.flowplayer.org/bauhaus.mp4",
                         "anchor /content-page",
                         "anchor /tags/content",
                         "anchor /tags/headlines",
                         "image jackbox/img/thumbs/4.jpg",
                         "anchor #",
                         "anchor #",
                         "frame http://www.youtube.com/v/itTskyFLSS8&rel=0&autohide=1&showinfo=0",
                         "anchor https://www.facebook.com/facebook",
                         "refresh http://www.example.com/redirected.html",
                         "anchor /view?id=logo&action=edit",
                         "anchor http://www.example.com/search?q=examples&n=20",
                         "image https://img.example.org/view?id=867&res=10x16",
                         "anchor https://example.org/"}));
    EXPECT_EQ(titles, (std::vector<std::string>{
                          "Test XHTML Link Extraction", "Test HTML5 Video Tag",
                          "Testing poor HTML5", "fb-video - Embedded Videos - Social Plugins", "",
                          "", "Test Extraction of URLs from INPUT onClick Attributes",
                          "Title – \"Title\" written using character entities",
                          "Test Anchor Text Extraction With Whitespace"}));
}

}  // namespace
}  // namespace sluice::crawl
