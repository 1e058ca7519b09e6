// SPDX-License-Identifier: Apache-2.0
// TagReader: the same tags as the tokenizer's on odd pages however they are cut, and linear work.
#include "modules/crawl/core/html/tag_reader.h"

#include "kernel/base/random.h"
#include "modules/crawl/core/html/reader_check_testing.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::crawl {
namespace {

std::string quick(std::string_view bytes, std::size_t piece, const HtmlLimits& limits = {}) {
    QuickPage page(limits);
    return write_page(page, bytes, piece);
}

std::string full(std::string_view bytes, const HtmlLimits& limits = {}) {
    FullPage page(limits);
    return write_page(page, bytes, bytes.size() + 1);
}

void expect_same(std::string_view bytes, const HtmlLimits& limits = {}) {
    const std::string wanted = full(bytes, limits);
    for (const std::size_t piece : {bytes.size() + 1, std::size_t{1}, std::size_t{2},
                                    std::size_t{3}, std::size_t{7}, std::size_t{16}})
        ASSERT_EQ(quick(bytes, piece, limits), wanted) << bytes << " in pieces of " << piece;
}

TEST(TagReader, OddTagsAreThoseOfTheTokenizer) {
    for (const std::string_view page : {"<a href=x>t</a>",
                                        "<A\tHREF = 'x' b>T</A\n>",
                                        "<a/b/c=d/>",
                                        "<a/>",
                                        "<a / >",
                                        "<a b=c/>",
                                        "<a b=\"c\"/>",
                                        "<a b='c'd='e'/>",
                                        "<a =>",
                                        "<a ==x>",
                                        "<a =\"x>\">",
                                        "<a b=>c",
                                        "<a b= >c",
                                        "<a b='>'c=\">\">",
                                        "<a b=c=\"d>\">",
                                        "<a b\"c=d>",
                                        "<a b=c\"d>e\">",
                                        "<a x= b=\"y>\">",
                                        "<a b=1 B=2 c>",
                                        "<a <b>",
                                        "<a<b>",
                                        "<a b<c>",
                                        "</a b='>'>x",
                                        "</>x",
                                        "</ a>x",
                                        "</3>x",
                                        "<3>x",
                                        "<>x",
                                        "< a>x",
                                        "<!a>x",
                                        "<!>x",
                                        "<?a>x",
                                        "<!doctype html>x",
                                        "<!---->x",
                                        "<!-->x",
                                        "<!--->x",
                                        "<!--a--!>x",
                                        "<!---!>x-->",
                                        "<!--a--b-->c",
                                        "<!--<!-->x-->",
                                        "<!--a->b-->c",
                                        "<!--a--->b",
                                        "<!--",
                                        "<!-",
                                        "<![CDATA[<a>]]>",
                                        "<a",
                                        "<a ",
                                        "<a b",
                                        "<a b=",
                                        "<a b=c",
                                        "<a b='c",
                                        "<",
                                        "</",
                                        "</a",
                                        "a<b",
                                        "<a-b_c:d é=ü>"})
        expect_same(page);
}

TEST(TagReader, LimitsAreThoseOfTheTokenizer) {
    const HtmlLimits small{.name_bytes_max = 5,
                           .value_bytes_max = 6,
                           .attributes_max = 3,
                           .tag_bytes_max = 20,
                           .comment_bytes_max = 10};
    for (const std::string_view page :
         {"<a b=1 c=2 d=3 e=4 f=5>", "<a b=1234567 c='1234567' d=x>", "<abcdef b>", "<a bcdefg=1>",
          "<a b=123456 c=123456 d=123456>", "<a b=1 b=2 b=3 b=4 c=5>", "</abcdef>"})
        expect_same(page, small);
    // What a reference or a NUL becomes does not count.
    expect_same(std::string_view("<a b='\0\0\0\0\0\0' c=1 d=2>", 22), small);
}

TEST(TagReader, RawTextsAreThoseOfTheTokenizer) {
    for (const std::string_view page : {"<title>a<b>&amp;</title><a>",
                                        "<TITLE>x</TiTlE ><a>",
                                        "<title>x</title/><a>",
                                        "<title>x</titlex></title b='>'><a>",
                                        "<textarea><a></textarea>",
                                        "<title></title",
                                        "<script>if (a<b) '</a>'</script>c",
                                        "<script><!--<a></script>b",
                                        "<script/>a</script>",
                                        "<script><!--<script></script>--></script>b",
                                        "<script><!-</script>b",
                                        "<script><!--<script>x</script>-->y<a></script><b>",
                                        "<style><!--</style><a>",
                                        "<iframe src=x><a></iframe>",
                                        "<noembed><a></noembed><noframes><a></noframes><a>",
                                        "<noscript><a></noscript>",
                                        "<xmp></xm></xmp><a>",
                                        "<plaintext><a></plaintext>",
                                        "<script></SCRIPT\f><a>",
                                        "<title>&notit;</title>",
                                        "<title>&am",
                                        "&amp;<a>&lt",
                                        "<script></scrip<a></script><b>"})
        expect_same(page);
}

TEST(TagReader, ForeignContentIsThatOfTheTokenizer) {
    for (const std::string_view page :
         {"<svg><title><a></title><style><a></style></svg><title><b></title>",
          "<svg><script><a></script><![CDATA[<b>]]></svg><![CDATA[<c>]]>",
          "<svg><desc><title><a></title></desc><title>x</title></svg><style><a></style>",
          "<svg><foreignObject><style><a></style><p></foreignObject></p></foreignObject><style><b>",
          "<math><mi><style><a></style></mi><style><b></style></math><style><c></style>",
          "<svg><p><style><a></style>", "<svg/><style><a></style>", "<svg><g></div><style><a>",
          "<math><annotation-xml encoding=TEXT/html><style><a></style></annotation-xml><style><b>",
          "<svg><font><style><a></font></style><font color=red><style><b>", "<svg></p><style><a>"})
        expect_same(page);
}

TEST(TagReader, TitlesOfSvgAreNotRawText) {
    EXPECT_EQ(quick("<svg><title><a href=x></a></title>", 100),
              "[]<svg! @0\n[]<title! @5\n[]<a href=[x] @12\n[]</a @22\n[]</title! @26\n[]");
}

// Pages of pieces of markup in any order; many are malformed.
TEST(TagReader, RandomPagesAreThoseOfTheTokenizer) {
    constexpr std::string_view parts[] = {"<a href=\"x\">",
                                          "<a",
                                          " b=",
                                          "'",
                                          "\"",
                                          ">",
                                          "/",
                                          "<",
                                          "=",
                                          " ",
                                          "text",
                                          "&amp;",
                                          "&",
                                          "<!--",
                                          "-->",
                                          "-",
                                          "!",
                                          "<title>",
                                          "</title>",
                                          "<script>",
                                          "</script",
                                          "<style>",
                                          "</style>",
                                          "<svg>",
                                          "</svg>",
                                          "<math>",
                                          "<mi>",
                                          "</mi>",
                                          "<p>",
                                          "</p>",
                                          "<![CDATA[",
                                          "]]>",
                                          "<textarea>",
                                          "</textarea>",
                                          "\r\n",
                                          "\r",
                                          "<foreignObject>",
                                          "</foreignObject>",
                                          "<?",
                                          "</",
                                          "<br/>",
                                          "<img src=a srcset='b 1x'>",
                                          "<noframes>",
                                          "</noframes>",
                                          "é",
                                          "<xmp>",
                                          "</xmp>",
                                          "\t",
                                          "<desc>",
                                          "<div>",
                                          "</div>"};
    Random random(19);
    const HtmlLimits small{.name_bytes_max = 5,
                           .value_bytes_max = 6,
                           .attributes_max = 3,
                           .tag_bytes_max = 20,
                           .comment_bytes_max = 10};
    for (int i = 0; i < 3000; ++i) {
        std::string page;
        for (std::uint64_t n = 1 + random.below(25); n > 0; --n)
            page += parts[random.below(std::size(parts))];
        const std::string wanted = full(page);
        const std::string cut = full(page, small);
        const std::size_t piece = 1 + random.below(page.size() + 1);
        ASSERT_EQ(quick(page, piece), wanted) << page << " in pieces of " << piece;
        ASSERT_EQ(quick(page, page.size()), wanted) << page;
        ASSERT_EQ(quick(page, piece, small), cut) << page << " in pieces of " << piece;
    }
}

TEST(TagReader, WorkIsLinearOnHostilePages) {
    const std::size_t size = 100'000;
    for (const std::string_view unit : {"<",
                                        "</",
                                        "<!",
                                        "<!--",
                                        "<a ",
                                        "<a b='",
                                        "a=",
                                        "&",
                                        "&#",
                                        "<![CDATA[",
                                        "<script>",
                                        "<script><!--",
                                        "<title></titl",
                                        "<title></title ",
                                        "='",
                                        "\"'",
                                        "<svg>",
                                        "<svg><p>",
                                        "<svg><desc>",
                                        "<math><mi><b>",
                                        "</svg",
                                        "<!-->",
                                        "<a/",
                                        "<!---",
                                        "</a ",
                                        "<?"}) {
        std::string page;
        while (page.size() < size) page += unit;
        for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, page.size()}) {
            QuickPage reader;
            for (std::size_t at = 0; at < page.size(); at += piece)
                reader.feed(std::string_view(page).substr(at, piece));
            reader.finish();
            EXPECT_LE(reader.work(), 6 * page.size() + 100) << unit << " in pieces of " << piece;
        }
    }
}

TEST(TagName, NamesAreFoundInLettersOfAnyCase) {
    for (std::size_t i = 1; i <= static_cast<std::size_t>(TagName::xmp); ++i) {
        const auto name = static_cast<TagName>(i);
        EXPECT_EQ(tag_name(to_string(name)), name);
        EXPECT_EQ(tag_name(std::string(to_string(name)) + "x"), TagName::other);
    }
    EXPECT_EQ(tag_name("PlainText"), TagName::plaintext);
    EXPECT_EQ(tag_name("xlaintext"), TagName::other);
    EXPECT_EQ(tag_name("xtextarea"), TagName::other);
    EXPECT_EQ(tag_name(""), TagName::other);
}

TEST(ForeignContent, DepthIsBounded) {
    ForeignContent content;
    for (int i = 0; i < 100'000; ++i) content.take({.name = i % 2 == 0 ? "svg" : "g"});
    EXPECT_TRUE(content.is_open());
    for (std::size_t i = 0; i < ForeignContent::depth_max; ++i)
        content.take({.name = i % 2 == 0 ? "g" : "svg", .is_end = true});
    EXPECT_FALSE(content.is_open());
}

}  // namespace
}  // namespace sluice::crawl
