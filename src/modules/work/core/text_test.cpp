// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/text_transform.h"
#include "modules/work/core/utf8.h"
#include "modules/work/core/word_count.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::work {
namespace {

using namespace std::string_literals;

TEST(Utf8, WrongPiecesBecomeOneReplacementEach) {
    const struct {
        std::string in;
        std::string out;
    } rows[] = {
        {"plain", "plain"},
        {"gr\xC3\xBC\xC3\x9F", "gr\xC3\xBC\xC3\x9F"},
        {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
        {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},                  // longer than needed
        {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},  // a surrogate
        {"\xF0\x9F\x98", "\xEF\xBF\xBD"},                          // cut off at the end
        {"\xE2\x82z", "\xEF\xBF\xBDz"},                            // cut off by a letter
        {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"a\0b"s, "a\0b"s},
    };
    for (const auto& row : rows) EXPECT_EQ(to_valid_utf8(row.in), row.out);
}

TEST(Utf8, AnySplitGivesTheSameText) {
    const std::string text = "x\xF0\x9F\x98\x80\xE2\x82\xAC\xC3\xA9\xFFy\xE2\x82";
    const std::string whole = to_valid_utf8(text);
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        std::string out;
        Utf8Decoder decoder;
        const auto take = [&out](char32_t c) { append_utf8(out, c); };
        decoder.feed(std::string_view(text).substr(0, cut), take);
        decoder.feed(std::string_view(text).substr(cut), take);
        decoder.finish(take);
        EXPECT_EQ(out, whole) << "cut at " << cut;
    }
}

TEST(Letters, CasePairsGoThereAndBack) {
    for (const char32_t upper : U"AZÀÞŸĀŁŽΆΑΩЀЯҐԱẀ") {
        if (upper == 0) break;
        const char32_t lower = to_lower(upper);
        EXPECT_NE(lower, upper) << static_cast<unsigned>(upper);
        EXPECT_EQ(to_upper(lower), upper) << static_cast<unsigned>(upper);
        EXPECT_EQ(to_lower(lower), lower);
    }
    for (const char32_t same : U"1×÷漢ß") {
        EXPECT_EQ(to_lower(same), same);
        EXPECT_EQ(to_upper(same), same);
    }
}

TEST(WordCounter, CountsWhatWcCounts) {
    WordCounter counter;
    counter.feed("The cat's mat\n  the well-known");
    counter.feed(" CAT\xE2\x80\x99S hat -- 'the'\n\nlast");
    counter.finish();
    EXPECT_EQ(counter.lines(), 3u);
    EXPECT_EQ(counter.words(), 10u);
    EXPECT_EQ(counter.longest_line(), 35u);
    const auto top = counter.top(2);
    ASSERT_EQ(top.size(), 2u);
    EXPECT_EQ(top[0].word, "the");
    EXPECT_EQ(top[0].count, 3u);
    EXPECT_EQ(top[1].word, "cat's");
    EXPECT_EQ(top[1].count, 2u);
    EXPECT_EQ(counter.distinct(), 6u);
}

TEST(WordCounter, RemembersNoMoreWordsThanItsLimit) {
    WordCounter counter({.distinct_max = 3, .word_bytes_max = 4});
    counter.feed("one two three four five one abcdefgh abcdxyz");
    counter.finish();
    EXPECT_EQ(counter.distinct(), 3u);
    EXPECT_TRUE(counter.distinct_capped());
    EXPECT_EQ(counter.words(), 8u);
    EXPECT_EQ(counter.top(10).front().word, "one");
    EXPECT_EQ(counter.top(10)[1].word, "thre");
}

std::string transform(std::string_view text, LetterCase letter_case, LineEnding ending) {
    TextTransform whole(letter_case, ending);
    std::string out;
    whole.feed(text, out);
    whole.finish(out);
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        TextTransform split(letter_case, ending);
        std::string pieces;
        split.feed(text.substr(0, cut), pieces);
        split.feed(text.substr(cut), pieces);
        split.finish(pieces);
        EXPECT_EQ(pieces, out) << "cut at " << cut;
    }
    return out;
}

TEST(TextTransform, ChangesCaseAndLineEnds) {
    EXPECT_EQ(transform("a\r\nb\rc\nd", LetterCase::keep, LineEnding::keep), "a\r\nb\rc\nd");
    EXPECT_EQ(transform("a\r\nb\rc\n\r\n\r", LetterCase::upper, LineEnding::lf), "A\nB\nC\n\n\n");
    EXPECT_EQ(transform("a\nb\r\n", LetterCase::keep, LineEnding::crlf), "a\r\nb\r\n");
    EXPECT_EQ(transform("a\nb\r\n", LetterCase::keep, LineEnding::cr), "a\rb\r");
    EXPECT_EQ(transform("ÉCOLE Straße ДОМ", LetterCase::lower, LineEnding::keep),
              "école straße дом");
    EXPECT_EQ(transform("the dog's DAY-out\nélan", LetterCase::title, LineEnding::keep),
              "The Dog's Day-Out\nÉlan");
}

}  // namespace
}  // namespace sluice::work
