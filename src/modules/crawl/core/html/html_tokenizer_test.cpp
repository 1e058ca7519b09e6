// SPDX-License-Identifier: Apache-2.0
// Limits, hostile pages and pieces; what each state does is in tests/vectors.
#include "modules/crawl/core/html/html_tokenizer.h"

#include "modules/crawl/core/html/html_input.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::crawl {
namespace {

// Writes the tokens down; sets the states that a tree builder would set for a few names.
class Writer : public HtmlTokenSink {
public:
    void on_tag(const HtmlTag& tag) override {
        text += tag.is_end ? "</" : "<";
        text += tag.name;
        for (const HtmlAttribute& each : tag.attributes) {
            text += ' ';
            text += each.name;
            text += '=';
            text += each.value.substr(0, 40);
            if (each.cut) text += "...";
        }
        text += tag.self_closing ? "/>" : ">";
        offsets.push_back(tag.offset);
        attributes_most = std::max(attributes_most, tag.attributes.size());
        if (tokenizer == nullptr || tag.is_end) return;
        if (tag.name == "title") tokenizer->set_state(HtmlState::rcdata);
        if (tag.name == "style") tokenizer->set_state(HtmlState::rawtext);
        if (tag.name == "script") tokenizer->set_state(HtmlState::script_data);
    }
    void on_text(std::string_view piece) override {
        text_bytes += piece.size();
        if (text_bytes < 10'000) text += piece;
    }
    void on_comment(std::string_view comment) override {
        comment_bytes = comment.size();
        text += "<!" + std::string(comment.substr(0, 40)) + ">";
    }
    void on_error(HtmlError error, std::uint64_t offset) override {
        errors += std::to_string(offset) + " " + std::string(to_string(error)) + "\n";
    }

    HtmlTokenizer* tokenizer = nullptr;
    std::string text;
    std::string errors;
    std::vector<std::uint64_t> offsets;
    std::size_t attributes_most = 0;
    std::size_t text_bytes = 0;
    std::size_t comment_bytes = 0;
};

struct Read {
    Writer writer;
    HtmlCuts cuts;
    std::uint64_t steps = 0;
};

Read read(std::string_view input, std::size_t piece = 1U << 20U, const HtmlLimits& limits = {}) {
    Read out;
    HtmlTokenizer tokenizer(out.writer, false, limits);
    out.writer.tokenizer = &tokenizer;
    for (std::size_t at = 0; at < input.size(); at += piece)
        tokenizer.feed(input.substr(at, piece));
    tokenizer.finish();
    out.writer.tokenizer = nullptr;
    out.cuts = tokenizer.cuts();
    out.steps = tokenizer.steps();
    return out;
}

std::string repeat(std::string_view text, std::size_t times) {
    std::string out;
    out.reserve(text.size() * times);
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}

TEST(HtmlTokenizer, TagsTextAndCommentsAreGiven) {
    EXPECT_EQ(read("<A HREF='x&amp;y' b>T&lt;</a ><!-- c -->").writer.text,
              "<a href=x&y b=>T<</a><! c >");
    EXPECT_EQ(read("<title><b>&amp;</title><script>a<b</script>").writer.text,
              "<title><b>&</title><script>a<b</script>");
}

TEST(HtmlTokenizer, OffsetsAreThoseOfTheBytesFed) {
    EXPECT_EQ(read("\r\n<a>\xC3\xA4<b>", 1).writer.offsets, (std::vector<std::uint64_t>{2, 7}));
    EXPECT_EQ(read("<style></x></style>", 3).writer.offsets, (std::vector<std::uint64_t>{0, 11}));
}

TEST(HtmlTokenizer, LineEndsAreOneAcrossPieces) {
    for (std::size_t piece = 1; piece < 8; ++piece) {
        EXPECT_EQ(read("a\r\nb\rc\n\r<!--\r\n-->\r\n<a b='\r\n'>", piece).writer.text,
                  "a\nb\nc\n\n<!\n>\n<a b=\n>");
    }
    EXPECT_EQ(read("<script><!--<script\r\n</script>--></script>", 1).writer.text,
              "<script><!--<script\n</script>--></script>");
}

TEST(HtmlTokenizer, WhatIsTooLongIsCutAndCounted) {
    const HtmlLimits limits{
        .name_bytes_max = 4, .value_bytes_max = 10, .attributes_max = 2, .comment_bytes_max = 5};
    const Read got =
        read("<abcdefg><a bcdefg=123456789012 c=1 d=2 e=3><!--123456--><p q>", 2, limits);
    EXPECT_EQ(got.writer.text, "<abcd><a bcde=1234567890... c=1><!12345><p q=>");
    EXPECT_EQ(got.cuts.names, 2U) << "those of abcdefg and bcdefg";
    EXPECT_EQ(got.cuts.values, 1U);
    EXPECT_EQ(got.cuts.attributes, 2U);
    EXPECT_EQ(got.cuts.comments, 1U);
}

TEST(HtmlTokenizer, ATagsAttributesTogetherHaveALimit) {
    const HtmlLimits limits{.value_bytes_max = 100, .tag_bytes_max = 150};
    const std::string value(100, 'v');
    const Read got = read("<a b=" + value + " c=" + value + " d=" + value + ">", 7, limits);
    EXPECT_EQ(got.writer.attributes_most, 2U);
    EXPECT_EQ(got.cuts.values, 1U);
    EXPECT_EQ(got.cuts.attributes, 1U);
}

// Steps per byte stay below a constant whatever the page and however small its pieces.
TEST(HtmlTokenizer, WorkIsLinearOnHostilePages) {
    const std::size_t size = 150'000;
    for (const std::string_view unit : {"<",
                                        "</",
                                        "<!",
                                        "<!-",
                                        "<!--",
                                        "<a ",
                                        "a=",
                                        "&",
                                        "&#",
                                        "&#x",
                                        "&CounterClockwise",
                                        "&am",
                                        "<!DOCTYPE ",
                                        "<![CDATA[",
                                        "]",
                                        "<script>",
                                        "<script><!--<script>",
                                        "-->",
                                        "</script",
                                        "<title></titl",
                                        "<style></styl",
                                        "='",
                                        "\"'",
                                        "<a b='",
                                        "\r",
                                        "-",
                                        "<?",
                                        "&;",
                                        "&a;"}) {
        const std::string page = repeat(unit, size / unit.size());
        for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, size}) {
            const Read got = read(page, piece);
            EXPECT_LE(got.steps, 4 * page.size() + 100) << unit << " in pieces of " << piece;
        }
    }
}

TEST(HtmlTokenizer, AnAttributeOfTenMegabytesIsCut) {
    const std::string page = "<a href=\"" + std::string(10U << 20U, 'x') + "\" b=1>";
    const Read got = read(page, 4096);
    EXPECT_EQ(got.writer.text, "<a href=" + std::string(40, 'x') + "... b=1>");
    EXPECT_LE(got.steps, 10'000U);
}

TEST(HtmlTokenizer, AnUnclosedAttributeOrCommentEndsWithThePage) {
    EXPECT_EQ(read("a<b href='" + std::string(1U << 20U, 'x')).writer.text, "a");
    const Read got = read("a<!--" + std::string(1U << 20U, 'x'), 10'000);
    EXPECT_EQ(got.writer.comment_bytes, 64U << 10U);
    EXPECT_EQ(got.cuts.comments, 1U);
}

TEST(HtmlTokenizer, ManyAttributesAreReadAndFewKept) {
    std::string page = "<a";
    for (int i = 0; i < 50'000; ++i) page += " a" + std::to_string(i);
    const Read got = read(page + ">", 100);
    EXPECT_EQ(got.writer.attributes_most, 256U);
    EXPECT_EQ(got.cuts.attributes, 50'000U - 256U);
}

TEST(HtmlTokenizer, NulsBecomeReplacementsWhereTheStandardSaysSo) {
    const std::string nul(1, '\0');
    EXPECT_EQ(read("<a" + nul + " b" + nul + "=" + nul + ">" + nul).writer.text,
              "<a\xEF\xBF\xBD b\xEF\xBF\xBD=\xEF\xBF\xBD>" + nul);
    EXPECT_EQ(read("<title>" + nul).writer.text, "<title>\xEF\xBF\xBD");
    EXPECT_EQ(read(std::string(100'000, '\0')).writer.text_bytes, 100'000U);
}

TEST(HtmlTokenizer, BytesThatAreNoTextPassThrough) {
    EXPECT_EQ(read("\xFF<a b=\xE4\xFE>\x80", 1).writer.text, "\xFF<a b=\xE4\xFE>\x80");
}

TEST(HtmlTokenizer, CdataIsTextOnlyWhereAllowed) {
    Writer writer;
    HtmlTokenizer tokenizer(writer);
    tokenizer.feed("<![CDATA[<a>]]>");
    tokenizer.allow_cdata(true);
    tokenizer.feed("<![CDATA[<b>]]]><![CDATA[");
    tokenizer.feed("x]");
    tokenizer.finish();
    EXPECT_EQ(writer.text, "<![CDATA[<a>]]><b>]x]");
}

TEST(HtmlTokenizer, ReadingStopsBehindEachTokenWhenAsked) {
    Writer writer;
    HtmlTokenizer tokenizer(writer);
    EXPECT_EQ(tokenizer.feed_until_text("<a b><c"), 5U);
    EXPECT_EQ(tokenizer.state(), HtmlState::data);
    EXPECT_EQ(tokenizer.feed_until_text("<c"), 2U);
    EXPECT_EQ(tokenizer.state(), HtmlState::tag_name);
    EXPECT_EQ(tokenizer.feed_until_text("d>x"), 2U);
    EXPECT_EQ(tokenizer.offset(), 9U);
    EXPECT_EQ(writer.text, "<a b=><cd>");
}

TEST(HtmlInput, CharactersThatShouldNotBeThereAreReported) {
    Writer writer;
    HtmlInputChecker checker(writer);
    for (const char c :
         std::string("a\x0B\xC2\x80\xED\xA0\x80\xEF\xBF\xBF\xF4\x8F\xBF\xBF\xFF\x7F"))
        checker.feed({&c, 1});
    EXPECT_EQ(writer.errors,
              "1 control-character-in-input-stream\n2 control-character-in-input-stream\n"
              "4 surrogate-in-input-stream\n7 noncharacter-in-input-stream\n"
              "10 noncharacter-in-input-stream\n15 control-character-in-input-stream\n");
}

TEST(HtmlReference, ValuesAreDecodedAsInAttributes) {
    const auto decoded = [](std::string_view raw) {
        std::string out;
        decode_attribute(raw, out);
        return out;
    };
    EXPECT_EQ(decoded("a&amp;b"), "a&b");
    EXPECT_EQ(decoded("?a=1&copy=2&lt=3&reg"), "?a=1&copy=2&lt=3\xC2\xAE");
    EXPECT_EQ(decoded("&notit;&#x41;&#65&#;&#x;&;&"), "&notit;AA&#;&#x;&;&");
    EXPECT_EQ(decoded("\r\n\r"), "\n\n");
    std::string text;
    decode_text("&copy=2&notit;", text);
    EXPECT_EQ(text, "\xC2\xA9=2\xC2\xACit;");
}

}  // namespace
}  // namespace sluice::crawl
