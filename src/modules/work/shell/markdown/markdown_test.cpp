// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/markdown/markdown.h"

#include "kernel/sync/thread.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::work {
namespace {

std::string html(std::string_view text, const MarkdownOptions& options = {}) {
    return markdown_to_html(text, options, {}).value().text;
}

TEST(Markdown, IsCommonMarkWithGithubsExtensions) {
    EXPECT_EQ(html("# A *b*\n\ntext\n"), "<h1>A <em>b</em></h1>\n<p>text</p>\n");
    EXPECT_EQ(html("~~a~~"), "<p><del>a</del></p>\n");
    EXPECT_NE(html("|a|\n|-|\n|b|\n").find("<table>"), std::string::npos);
    EXPECT_NE(html("- [x] a\n").find("type=\"checkbox\""), std::string::npos);
    EXPECT_NE(html("www.example.org").find("<a href=\"http://www.example.org\">"),
              std::string::npos);
    EXPECT_EQ(html("~~a~~", {.github = false}), "<p>~~a~~</p>\n");
    EXPECT_EQ(html("\"a\" -- b...", {.smart = true}), "<p>“a” – b…</p>\n");
    EXPECT_EQ(html(""), "");
    EXPECT_EQ(html("a\xff"), "<p>a\xEF\xBF\xBD</p>\n");
}

TEST(Markdown, IsSafe) {
    for (const char* text :
         {"<script>alert(1)</script>", "a <img src=x onerror=alert(1)> b", "<iframe src=x>",
          "[a](javascript:alert(1))", "[a](JaVaScRiPt:alert(1))", "[a](vbscript:x)",
          "![a](data:text/html;base64,x)", "<javascript:alert(1)>",
          "[a](&#106;avascript:alert(1))"}) {
        const std::string got = html(text);
        EXPECT_EQ(got.find("<script"), std::string::npos) << got;
        EXPECT_EQ(got.find("<img src=x"), std::string::npos) << got;
        EXPECT_EQ(got.find("<iframe"), std::string::npos) << got;
        EXPECT_EQ(got.find("href=\"javascript"), std::string::npos) << got;
        EXPECT_EQ(got.find("href=\"vbscript"), std::string::npos) << got;
        EXPECT_EQ(got.find("src=\"data:text"), std::string::npos) << got;
    }
}

TEST(Markdown, NestsDeepWithoutHarm) {
    for (const char* piece : {"> ", "- ", "[", "*a ", "![", "`"}) {
        std::string text;
        for (int i = 0; i < 3000; ++i) text += piece;
        const bool is_container = piece[0] == '>' || piece[0] == '-';
        const auto made = markdown_to_html(text, {}, {});
        EXPECT_EQ(made.has_value(), !is_container) << piece;
        if (!made) {
            EXPECT_EQ(made.error().code, Code::exhausted);
        }
        EXPECT_TRUE(markdown_to_html(std::string_view(text).substr(0, 180), {}, {})) << piece;
    }
}

TEST(Markdown, ATableOfFewBytesAndManyCellsIsRefused) {
    std::string text = "|";
    for (int i = 0; i < 1000; ++i) text += "a|";
    text += "\n|";
    for (int i = 0; i < 1000; ++i) text += "-|";
    for (int i = 0; i < 600; ++i) text += "\n|x";  // each row has a thousand cells
    const auto made = markdown_to_html(text, {}, {});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Code::exhausted);
    EXPECT_TRUE(markdown_to_html(text, {.github = false}, {}));
    EXPECT_TRUE(markdown_to_html(std::string_view(text).substr(0, 4100), {}, {}));
}

TEST(Markdown, MayBeMadeFromSeveralThreads) {
    std::vector<std::string> got(4);
    {
        std::vector<Thread> threads;
        for (std::size_t i = 0; i < got.size(); ++i) {
            threads.emplace_back("markdown", [&got, i] {
                for (int n = 0; n < 50; ++n) got[i] = html("~~a~~ www.example.org", {i % 2 == 0});
            });
        }
    }
    EXPECT_EQ(got[0], got[2]);
    EXPECT_EQ(got[1], got[3]);
    EXPECT_NE(got[0].find("<del>"), std::string::npos);
    EXPECT_EQ(got[1].find("<del>"), std::string::npos);
}

TEST(Markdown, EndsWhenCancelled) {
    const CancelSource source;
    source.cancel();
    EXPECT_EQ(markdown_to_html("a", {}, source.token()).error().code, Code::cancelled);
}

TEST(Markdown, APageHasATitleThatIsText) {
    const std::string page = html_page("<b> & \"c\"", "<p>x</p>\n");
    EXPECT_NE(page.find("<title>&lt;b&gt; &amp; &quot;c&quot;</title>"), std::string::npos);
    EXPECT_EQ(page.find("<!doctype html>"), 0u);
}

}  // namespace
}  // namespace sluice::work
