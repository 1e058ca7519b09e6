// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/markdown_cost.h"
#include "modules/work/core/text_transform.h"
#include "modules/work/core/utf8.h"
#include "modules/work/core/word_count.h"
#include "modules/work/core/word_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
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

/// The same counts character by character.
struct PlainCount {
    explicit PlainCount(std::string_view text) {
        Utf8Decoder decoder;
        const auto step = [this](char32_t c) { take(c); };
        decoder.feed(text, step);
        decoder.finish(step);
        end();
        longest = std::max(longest, length);
        invalid = decoder.invalid();
    }
    void take(char32_t c) {
        ++characters;
        if (c == '\n') longest = std::max(longest, std::exchange(length, 0));
        if (c != '\n' && c != '\r') ++length;
        if (!is_blank_character(c) && blank) ++words;
        blank = is_blank_character(c);
        if (is_word_character(c)) {
            if (joiner != 0 && word.size() < 64) word += joiner;
            joiner = 0;
            if (word.size() < 64) append_utf8(word, to_lower(c));
        } else if ((c == '\'' || c == '-' || c == 0x2019) && !word.empty() && joiner == 0) {
            joiner = c == '-' ? '-' : '\'';
        } else {
            end();
        }
    }
    void end() {
        if (!word.empty()) ++times[word];
        word.clear();
        joiner = 0;
    }
    std::uint64_t characters = 0, words = 0, length = 0, longest = 0, invalid = 0;
    bool blank = true;
    char joiner = 0;
    std::string word;
    std::map<std::string, std::uint64_t> times;
};

TEST(WordCounter, EightBytesAtATimeGiveWhatOneAtATimeGives) {
    std::mt19937 dice(7);
    const std::vector<std::string> parts = {"a",
                                            "Zz",
                                            "9",
                                            "the",
                                            "Internationalisation",
                                            "x@[`{/:",
                                            " ",
                                            "\n",
                                            "\r\n",
                                            "\t",
                                            "-",
                                            "--",
                                            "'",
                                            "\xE2\x80\x99",
                                            "\xC3\x84",
                                            "\xD0\x96\xD0\xB6",
                                            "\xFF",
                                            "\xE2\x82",
                                            "\xF0\x9F\x98\x80",
                                            std::string(70, 'Q'),
                                            std::string(62, 'b') + "\xF0\x9F\x98\x80",
                                            "\0"s,
                                            "\x7F"};
    for (int round = 0; round < 300; ++round) {
        std::string text;
        for (auto left = dice() % 60; left > 0; --left) text += parts[dice() % parts.size()];
        const PlainCount plain(text);
        WordCounter counter;
        for (std::string_view rest = text; !rest.empty();) {
            const std::string piece(rest.substr(0, 1 + dice() % 40));
            counter.feed(piece);
            rest.remove_prefix(piece.size());
        }
        counter.finish();
        ASSERT_EQ(counter.bytes(), text.size());
        ASSERT_EQ(counter.characters(), plain.characters) << text;
        ASSERT_EQ(counter.words(), plain.words) << text;
        ASSERT_EQ(counter.longest_line(), plain.longest) << text;
        ASSERT_EQ(counter.invalid(), plain.invalid) << text;
        std::map<std::string, std::uint64_t> times;
        for (const auto& [word, count] : counter.top(1000)) times[word] = count;
        ASSERT_EQ(times, plain.times) << text;
    }
}

TEST(WordTable, CountsManyWordsAndKeepsToItsLimit) {
    const auto name = [](int i) {
        return (i % 3 == 0 ? "a word of more than 16 bytes " : "w") + std::to_string(i);
    };
    WordTable table(5000);
    for (int round = 1; round <= 3; ++round) {
        for (int i = 0; i < 6000; ++i) {
            std::string word = name(i);
            const std::size_t size = word.size();
            word.resize(size + WordTable::readable, '#');
            table.add(std::string_view(word).substr(0, size));
        }
        table.finish();
        EXPECT_TRUE(table.is_capped());
    }
    EXPECT_EQ(table.size(), 5000U);
    std::set<std::string> words;
    table.each([&words](std::string_view word, std::uint64_t count) {
        EXPECT_EQ(count, 3U);
        words.emplace(word);
    });
    std::set<std::string> expected;
    for (int i = 0; i < 5000; ++i) expected.insert(name(i));
    EXPECT_EQ(words, expected);
}

TEST(MarkdownCost, IsJudgedByMarksAndCells) {
    const MarkdownCosts costs{.depth_max = 3, .cells_max = 10};
    const struct {
        const char* text;
        bool good;
    } rows[] = {
        {"> > > a", true},
        {"> > > > a", false},
        {">>>>", false},
        {"- 1. * a", true},
        {"- 1. * + a", false},
        {"a - - - - -", true},
        {"-----", true},
        {"10.5 1) 2) 3) 4)", true},
        {"\t- \n- \n- \n- \n", true},
        {"|a|b|\n|-|-|\n|1|", true},
        {"|a|b|\n|-|-|\n|1|\n|2|\n|3|", false},
        {"|a|b|\n|-|-|\n|1|\n\n|2|\n|3|\n", true},
        {"> |-|-|\n> x\n> x\n> x", false},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(check_markdown_cost(row.text, true, costs).has_value(), row.good) << row.text;
    }
    EXPECT_TRUE(check_markdown_cost("|-|-|\n1\n2\n3\n4\n", false, costs));
}

TEST(MarkdownCost, OfBareLinksGrowsWithWhatHasNoBlank) {
    const struct {
        const char* text;
        std::uint64_t steps;
    } rows[] = {
        {"", 0},
        {"no links, but (brackets) here", 0},
        {"ada@example.org", 15},
        {"a@b c@d\te@f\ng@h", 12},
        {"a&#64;b", 7},
        {"www.a.org", 9},
        {"http://a.org/)))", 64},
    };
    for (const auto& row : rows) EXPECT_EQ(bare_link_steps(row.text), row.steps) << row.text;
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
