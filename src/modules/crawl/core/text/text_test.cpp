// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/text/query_encoding.h"
#include "modules/crawl/core/text/text_decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::crawl;
using namespace std::string_view_literals;

std::string decode(std::string_view bytes, Encoding encoding) {
    TextDecoder whole(encoding);
    std::string out;
    EXPECT_TRUE(whole.feed(bytes, out));
    EXPECT_TRUE(whole.finish(out));
    TextDecoder cut(encoding);
    std::string pieces;
    for (const char c : bytes) EXPECT_TRUE(cut.feed({&c, 1}, pieces));
    EXPECT_TRUE(cut.finish(pieces));
    EXPECT_EQ(pieces, out);
    EXPECT_EQ(cut.errors(), whole.errors());
    return out;
}

std::string encode(std::string_view text, Encoding encoding) {
    TextQueryEncoder encoder(encoding);
    std::string out;
    while (true) {
        const auto step = encoder.encode(text, out);
        text.remove_prefix(step.taken);
        if (step.missing == 0) return out;
        out += "&#" + std::to_string(step.missing) + ";";
    }
}

constexpr std::string_view r = "\xEF\xBF\xBD";

TEST(Encoding, LabelsAreThoseOfTheStandard) {
    EXPECT_EQ(encoding_of_label(" UTF8\n"), Encoding::utf_8);
    EXPECT_EQ(encoding_of_label("latin1"), Encoding::windows_1252);
    EXPECT_EQ(encoding_of_label("ISO-8859-1"), Encoding::windows_1252);
    EXPECT_EQ(encoding_of_label("gb2312"), Encoding::gbk);
    EXPECT_EQ(encoding_of_label("hz-gb-2312"), Encoding::replacement);
    EXPECT_EQ(encoding_of_label("utf-16"), Encoding::utf_16le);
    EXPECT_EQ(encoding_of_label("x-user-defined"), Encoding::x_user_defined);
    EXPECT_EQ(encoding_of_label("utf-7"), std::nullopt);
    EXPECT_EQ(encoding_of_label(""), std::nullopt);
    for (int i = 0; i <= static_cast<int>(Encoding::x_user_defined); ++i) {
        const auto encoding = static_cast<Encoding>(i);
        EXPECT_EQ(encoding_of_label(name_of(encoding)), encoding) << name_of(encoding);
    }
}

TEST(TextDecoder, EveryEncodingReadsItsOwn) {
    EXPECT_EQ(decode("caf\xE9 \x80", Encoding::windows_1252), "café €");
    EXPECT_EQ(decode("\xCF\xF0\xE8\xE2\xE5\xF2", Encoding::windows_1251), "Привет");
    EXPECT_EQ(decode("\xF0\xD2\xC9\xD7\xC5\xD4", Encoding::koi8_r), "Привет");
    EXPECT_EQ(decode("\x93\xFA\x96\x7B\xB1", Encoding::shift_jis), "日本ｱ");
    EXPECT_EQ(decode("\xC6\xFC\xCB\xDC\x8E\xB1\x8F\xB0\xA1", Encoding::euc_jp), "日本ｱ丂");
    EXPECT_EQ(decode("a\x1B$BF|K\\\x1B(Bz", Encoding::iso_2022_jp), "a日本z");
    EXPECT_EQ(decode("\xD6\xD0\xB9\xFA\x80", Encoding::gbk), "中国€");
    EXPECT_EQ(decode("\xD6\xD0\x81\x30\x81\x30\x94\x39\xDA\x33", Encoding::gb18030),
              "中\u0080\U0001F4A9");
    EXPECT_EQ(decode("\xA6\xD9", Encoding::gb18030), "\uFE10");
    EXPECT_EQ(decode("\xA4\xA4\xB0\xEA\x88\x62", Encoding::big5), "中國\u00CA\u0304");
    EXPECT_EQ(decode("\xC7\xD1\xB1\xDB", Encoding::euc_kr), "한글");
    EXPECT_EQ(decode("\xFE\xFF\0a\xD8\x3D\xDC\xA9"sv, Encoding::utf_16be), "a\U0001F4A9");
    EXPECT_EQ(decode("a\0\x3D\xD8\xA9\xDC"sv, Encoding::utf_16le), "a\U0001F4A9");
    EXPECT_EQ(decode("a\xFF", Encoding::x_user_defined), "a\uF7FF");
    EXPECT_EQ(decode("anything", Encoding::replacement), r);
    EXPECT_EQ(decode("", Encoding::replacement), "");
    EXPECT_EQ(decode("\xEF\xBB\xBF\xEF\xBB\xBFx", Encoding::utf_8), "\uFEFFx");
}

TEST(TextDecoder, ErrorsAreReplacedAsTheStandardSays) {
    const std::string e(r);
    EXPECT_EQ(decode("\xE2\x82", Encoding::utf_8), e);
    EXPECT_EQ(decode("\xE2\x82x\xC0\x80\xF5", Encoding::utf_8), e + "x" + e + e + e);
    EXPECT_EQ(decode("\xED\xA0\x80", Encoding::utf_8), e + e + e);
    EXPECT_EQ(decode("\x81\x20", Encoding::shift_jis), e + " ");
    EXPECT_EQ(decode("\x81\xFF", Encoding::euc_kr), e);
    EXPECT_EQ(decode("\x81\x30\x81", Encoding::gb18030), e);
    EXPECT_EQ(decode("\xD8\0\0a"sv, Encoding::utf_16be), e + "a");
    EXPECT_EQ(decode("\xDC\0\0"sv, Encoding::utf_16be), e + e);
    EXPECT_EQ(decode("\xD8\0"sv, Encoding::utf_16be), e);
    EXPECT_EQ(decode("\x1B$x", Encoding::iso_2022_jp), e + "$x");
    EXPECT_EQ(decode("\x1B", Encoding::iso_2022_jp), e);
    EXPECT_EQ(decode("\x1B$", Encoding::iso_2022_jp), e + "$");
    EXPECT_EQ(decode("\x1B(J\x1B(J", Encoding::iso_2022_jp), e);
    EXPECT_EQ(decode("\x1B$B\x30", Encoding::iso_2022_jp), e);
    EXPECT_EQ(decode("\xA5", Encoding::iso_8859_3), e);
}

TEST(TextDecoder, TheLimitOfTheOutputHolds) {
    TextDecoder decoder(Encoding::utf_8, 5);
    std::string out;
    EXPECT_TRUE(decoder.feed("abcd", out));
    const Status status = decoder.feed("\xC3\xA9", out);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::exhausted);
    EXPECT_EQ(out, "abcd");
    EXPECT_FALSE(decoder.feed("e", out));
    EXPECT_FALSE(decoder.finish(out));
    EXPECT_EQ(out, "abcd");
    EXPECT_FALSE(decode_text("abc", Encoding::utf_8, 2));
    EXPECT_EQ(decode_text("abc", Encoding::utf_8, 3).value(), "abc");
}

TEST(TextDecoder, AMarkDecidesBeforeTheFallback) {
    EXPECT_EQ(decode_text("\xFF\xFE"
                          "a\0"sv,
                          Encoding::windows_1252)
                  .value(),
              "a");
    EXPECT_EQ(decode_text("\xEF\xBB\xBF\xC3\xA9", Encoding::windows_1252).value(), "é");
    EXPECT_EQ(decode_text("\xC3\xA9", Encoding::windows_1252).value(), "Ã©");
}

TEST(QueryEncoding, WhatIsMissingIsSaid) {
    EXPECT_EQ(encode("aé€", Encoding::windows_1252), "a\xE9\x80");
    EXPECT_EQ(encode("日a", Encoding::windows_1252), "&#26085;a");
    EXPECT_EQ(encode("日本ｱ−", Encoding::shift_jis), "\x93\xFA\x96\x7B\xB1\x81\x7C");
    EXPECT_EQ(encode("日é本", Encoding::iso_2022_jp), "\x1B$BF|\x1B(B&#233;\x1B$BK\\\x1B(B");
    EXPECT_EQ(encode("\x0E", Encoding::iso_2022_jp), "&#65533;");
    EXPECT_EQ(encode("中\U0001F4A9", Encoding::gb18030), "\xD6\xD0\x94\x39\xDA\x33");
    EXPECT_EQ(encode("中\U0001F4A9", Encoding::gbk), "\xD6\xD0&#128169;");
    EXPECT_EQ(encode("é", Encoding::utf_16le), "é");
    EXPECT_EQ(encode("\uF7FF", Encoding::x_user_defined), "\xFF");
}

TEST(QueryEncoding, WhatIsWrittenReadsBackTheSame) {
    const std::vector<std::pair<Encoding, std::string>> samples = {
        {Encoding::big5, "中國語文十"},    {Encoding::euc_kr, "한글 텍스트"},
        {Encoding::euc_jp, "日本語ｱ文字"}, {Encoding::shift_jis, "日本語ｱ文字"},
        {Encoding::iso_2022_jp, "日本語"}, {Encoding::gb18030, "中国\U0001F4A9€\u0080"},
        {Encoding::gbk, "中国€"},          {Encoding::koi8_u, "Привіт"},
        {Encoding::windows_1255, "שלום"},  {Encoding::windows_874, "ไทย"},
        {Encoding::macintosh, "é€"},       {Encoding::iso_8859_8_i, "שלום"}};
    for (const auto& [encoding, text] : samples) {
        EXPECT_EQ(decode(encode(text, encoding), encoding), text) << name_of(encoding);
    }
}

}  // namespace
