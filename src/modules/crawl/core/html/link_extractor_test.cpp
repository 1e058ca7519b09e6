// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/html/link_extractor.h"

#include "modules/crawl/core/html/html_prescan.h"
#include "modules/crawl/core/html/html_values.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::crawl {
namespace {

class Writer : public LinkSink {
public:
    void on_link(const Link& link) override {
        std::string line = std::string(to_string(link.kind)) + " " + std::string(link.href);
        if (link.nofollow) line += " nofollow";
        if (link.ugc) line += " ugc";
        if (link.sponsored) line += " sponsored";
        links.push_back(line);
        offsets.push_back(link.offset);
    }
    void on_words(std::string_view piece) override { words += piece; }

    std::vector<std::string> links;
    std::vector<std::uint64_t> offsets;
    std::string words;
};

struct Page {
    Writer writer;
    PageFacts facts;
    LinkCounts counts;
};

Page read(std::string_view html, const LinkOptions& options = {}, std::size_t piece = 1U << 30U) {
    Page out;
    LinkExtractor extractor(out.writer, options);
    for (std::size_t at = 0; at < html.size(); at += piece) extractor.feed(html.substr(at, piece));
    extractor.finish();
    out.facts = extractor.facts();
    out.counts = extractor.counts();
    return out;
}

using Lines = std::vector<std::string>;

// The same in one piece and byte by byte.
void expect_links(std::string_view html, const Lines& wanted, const LinkOptions& options = {}) {
    EXPECT_EQ(read(html, options).writer.links, wanted) << html;
    EXPECT_EQ(read(html, options, 1).writer.links, wanted) << html << " byte by byte";
}

TEST(LinkExtractor, AnchorsAreFoundWithTheirRel) {
    expect_links(
        "<a href=1>x</a><A rel='NOFOLLOW ugc' HREF=\"2?a=1&amp;b=2\">"
        "<area rel=sponsored href='3'><a name=x><a href>",
        {"anchor 1", "anchor 2?a=1&b=2 nofollow ugc", "area 3 sponsored", "anchor "});
}

TEST(LinkExtractor, LinkElementsAreToldApartByRel) {
    expect_links(
        "<link rel=canonical href=c><link rel='alternate stylesheet' href=s>"
        "<link rel=alternate href=a><link rel=next href=n><link rel=prev href=p>"
        "<link rel='shortcut icon' href=i><link rel=preload href=h imagesrcset='x 1x,y 2x'>"
        "<link rel=license href=l><link href=z>",
        {"canonical c", "stylesheet s", "alternate a", "next n", "previous p", "icon i", "hint h",
         "image x", "image y", "other l", "other z"});
}

TEST(LinkExtractor, EmbeddedThingsAreFound) {
    expect_links(
        "<img src=1 srcset='2 1x, 3 2x'><image src=4><script src=5></script>"
        "<iframe src=6></iframe><frame src=7><object data=8><embed src=9>"
        "<video src=10 poster=11><source src=12><track src=13></video><audio src=14>"
        "<picture><source srcset=15></picture><input type=IMAGE src=16><input src=17>",
        {"image 1", "image 2", "image 3", "image 4", "script 5", "frame 6", "frame 7", "object 8",
         "object 9", "image 11", "media 10", "media 12", "media 13", "media 14", "image 15",
         "image 16"});
}

TEST(LinkExtractor, FormsAreOffUnlessAskedFor) {
    constexpr std::string_view html =
        "<form action=a rel=nofollow><button formaction=b><input formaction=c></form>";
    expect_links(html, {});
    expect_links(html, {"form a nofollow", "form b", "form c"}, {.kinds = all_link_kinds});
}

TEST(LinkExtractor, OnlyTheKindsAskedForAreGiven) {
    expect_links("<a href=1><img src=2><link rel=canonical href=3><link rel=icon href=4>",
                 {"anchor 1", "canonical 3"},
                 {.kinds = only(LinkKind::anchor) | only(LinkKind::canonical)});
}

TEST(LinkExtractor, WhatIsNotMarkupHasNoLinks) {
    expect_links(
        "<textarea><a href=1></textarea><title><a href=2></title>"
        "<script>'<a href=3>'</script><style><a href=4></style><!-- <a href=5> -->"
        "<xmp><a href=6></xmp><noframes><a href=7></noframes><plaintext><a href=8>",
        {});
    expect_links("<noscript><a href=1></noscript>", {"anchor 1"});
    expect_links("<noscript><a href=1></noscript>", {}, {.scripting = true});
}

TEST(LinkExtractor, SvgHasLinksOfItsOwn) {
    expect_links(
        "<svg><a xlink:href=1 rel=nofollow><a href=2 xlink:href=3><image href=4>"
        "<use xlink:href='#5'/><script href=6></script><title><a href=7></a></title></svg>",
        {"anchor 1 nofollow", "anchor 2", "image 4", "image #5", "script 6", "anchor 7"});
}

TEST(LinkExtractor, TheFirstBaseWithAnAddressCounts) {
    const Page page = read("<a href=1><base target=x><base href='/b/'><base href='/c/'>");
    EXPECT_TRUE(page.facts.has_base);
    EXPECT_EQ(page.facts.base, "/b/");
    EXPECT_EQ(page.writer.links, Lines{"anchor 1"});
}

TEST(LinkExtractor, TitleLanguageAndCharsetAreFacts) {
    for (const std::size_t piece : {1U, 1000U}) {
        const Page page = read(
            "<html lang=de><title>\n A &amp;\r\n B </title><title>no</title>"
            "<svg><title>neither</title></svg><meta charset=Latin1>",
            {}, piece);
        EXPECT_EQ(page.facts.title, "A & B");
        EXPECT_EQ(page.facts.language, "de");
        EXPECT_EQ(page.facts.charset, "Latin1");
    }
    EXPECT_EQ(read("<meta http-equiv=content-type content='text/html; charset=x'>").facts.charset,
              "x");
    EXPECT_EQ(read("<title>open").facts.title, "open");
}

TEST(LinkExtractor, RobotsOfThePageAndOfOurAgentAreCollected) {
    const Page page = read(
        "<meta name=robots content=noindex><META content='nofollow' NAME=SluiceBot>"
        "<meta name=googlebot content=none>",
        {.agent = "sluicebot"});
    EXPECT_EQ(page.facts.robots, "noindex, nofollow");
}

TEST(LinkExtractor, ARefreshIsALink) {
    expect_links(
        "<meta http-equiv=Refresh content='5; URL=next.html'><meta http-equiv=refresh "
        "content=5>",
        {"refresh next.html"});
}

TEST(LinkExtractor, OffsetsAreThoseOfTheTags) {
    EXPECT_EQ(read("\xC3\xA4<p><a href=1>").writer.offsets, std::vector<std::uint64_t>{5});
}

TEST(LinkExtractor, WhatIsTooMuchIsCounted) {
    LinkOptions options;
    options.limits.links_max = 2;
    options.limits.href_bytes_max = 5;
    options.limits.title_bytes_max = 6;
    options.limits.robots_bytes_max = 10;
    for (const std::size_t piece : {1U, 1000U}) {
        const Page page = read(
            "<title>abc d\xC3\xA4 e</title><a href=123456><a href=1><a href=2>"
            "<a href=3><base href=123456><meta name=robots content=123456789>",
            options, piece);
        EXPECT_EQ(page.writer.links, (Lines{"anchor 1", "anchor 2"}));
        EXPECT_EQ(page.counts.links, 2U);
        EXPECT_EQ(page.counts.links_cut, 1U);
        EXPECT_EQ(page.counts.hrefs_cut, 2U);
        EXPECT_EQ(page.counts.titles_cut, 1U);
        EXPECT_EQ(page.counts.robots_cut, 1U);
        EXPECT_EQ(page.facts.robots, "12345678");
        EXPECT_EQ(page.facts.title, "abc d");
        EXPECT_FALSE(page.facts.has_base);
    }
}

TEST(LinkExtractor, AHugeAttributeIsLeftOut) {
    const std::string html = "<a href='" + std::string(10U << 20U, 'x') + "'><a href=1>";
    for (const std::size_t piece : {std::size_t{5000}, html.size()}) {
        const Page page = read(html, {}, piece);
        EXPECT_EQ(page.writer.links, Lines{"anchor 1"});
        EXPECT_EQ(page.counts.hrefs_cut, 1U);
    }
}

TEST(LinkExtractor, WordsAreTheVisibleText) {
    constexpr std::string_view html =
        "<title>no</title><p>one</p>two<b>three</b> &lt;four&gt;<script>no</script><style>no"
        "</style><textarea>five</textarea><!-- no --><br>six";
    for (const std::size_t piece : {1U, 1000U}) {
        std::string_view rest;
        const Page page = read(html, {.words = true}, piece);
        std::string words;
        rest = page.writer.words;
        for (auto word = next_word(rest); !word.empty(); word = next_word(rest))
            words += std::string(word) + "|";
        EXPECT_EQ(words, "one|twothree|<four>|five|six|");
    }
}

TEST(HtmlValues, SrcsetsAreSplitAsTheStandardSays) {
    const auto urls = [](std::string_view rest) {
        std::string out;
        for (auto url = next_srcset_url(rest); !url.empty(); url = next_srcset_url(rest))
            out += std::string(url) + "|";
        return out;
    };
    EXPECT_EQ(urls("a"), "a|");
    EXPECT_EQ(urls(" a 1x , b 2x"), "a|b|");
    EXPECT_EQ(urls("a, b,c d"), "a|b,c|");
    EXPECT_EQ(urls("data:x,y 1x, b (1,2) 3w, c"), "data:x,y|b|c|");
    EXPECT_EQ(urls(",,"), "");
}

TEST(HtmlValues, RefreshesAreReadAsTheStandardSays) {
    const auto refresh = [](std::string_view content) -> std::string {
        const auto out = parse_refresh(content);
        return out ? std::to_string(out->seconds) + " " + std::string(out->url) : "none";
    };
    EXPECT_EQ(refresh("5"), "5 ");
    EXPECT_EQ(refresh(" 5 ; url = x y "), "5 x y ");
    EXPECT_EQ(refresh("0;URL='a'b"), "0 a");
    EXPECT_EQ(refresh("1.5, a"), "1 a");
    EXPECT_EQ(refresh(".5;url=\"a"), "0 a");
    EXPECT_EQ(refresh("5;urlx"), "5 urlx");
    EXPECT_EQ(refresh("x"), "none");
    EXPECT_EQ(refresh("5x"), "none");
    EXPECT_EQ(refresh(""), "none");
    EXPECT_EQ(refresh(std::string(100, '9')).substr(0, 4), "9999");
}

TEST(HtmlValues, CharsetsAreFoundInContentTypes) {
    EXPECT_EQ(charset_of_content("text/html; charset=utf-8; x"), "utf-8");
    EXPECT_EQ(charset_of_content("charset charset = 'a b'"), "a b");
    EXPECT_EQ(charset_of_content("CHARSET=\"a"), "");
    EXPECT_EQ(charset_of_content("charset"), "");
}

TEST(HtmlPrescan, TheFirstKnownLabelCounts) {
    EXPECT_EQ(prescan_encoding("<!-- <meta charset=a> --><meta x=1 charset=' KOI8-R '>", nullptr),
              "koi8-r");
    EXPECT_EQ(prescan_encoding("<meta charset=a><meta charset=b>",
                               [](std::string_view label) { return label == "b"; }),
              "b");
    EXPECT_EQ(prescan_encoding("<meta charset=utf-16le>", nullptr), "utf-8");
    EXPECT_EQ(prescan_encoding("<meta content='charset=a'>", nullptr), "");
    EXPECT_EQ(prescan_encoding(std::string(1024, ' ') + "<meta charset=a>", nullptr), "");
}

}  // namespace
}  // namespace sluice::crawl
