// SPDX-License-Identifier: Apache-2.0
// Counts lines, words and characters of a text that is fed in pieces, and how often each word
// occurs. Pure: reads no file (shell/text_jobs.cpp does).
#pragma once

#include "modules/work/core/utf8.h"
#include "modules/work/core/word_table.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

struct WordLimits {
    /// Different words that are remembered; further ones are counted as words but not by name.
    std::size_t distinct_max = 500'000;
    /// Bytes of a word, at most 64; longer ones are counted under this much of their beginning.
    std::size_t word_bytes_max = 64;
};

/// How often a word occurs.
struct WordFrequency {
    std::string word;
    std::uint64_t count = 0;
};

/// Lines, words and bytes are what `wc` counts (a line is a line feed; a word is a run of
/// characters that are not blank). The frequencies are of words as people mean them: runs of
/// letters and digits with inner apostrophes and hyphens, in lower case.
class WordCounter {
public:
    explicit WordCounter(WordLimits limits = {});

    void feed(std::string_view bytes);
    void finish();

    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    [[nodiscard]] std::uint64_t lines() const { return lines_; }
    [[nodiscard]] std::uint64_t words() const { return words_; }
    [[nodiscard]] std::uint64_t characters() const { return characters_; }
    /// Pieces that are not UTF-8; each counts as one character.
    [[nodiscard]] std::uint64_t invalid() const { return decoder_.invalid(); }
    /// Characters of the longest line, without its end.
    [[nodiscard]] std::uint64_t longest_line() const { return longest_line_; }
    [[nodiscard]] std::size_t distinct() const { return table_.size(); }
    /// True if there were more different words than are remembered.
    [[nodiscard]] bool distinct_capped() const { return table_.is_capped(); }
    /// The most frequent words, most frequent first, equal ones in byte order.
    [[nodiscard]] std::vector<WordFrequency> top(std::size_t count) const;

private:
    /// Words are copied eight bytes at a time: room behind the longest, and behind a character.
    static constexpr std::size_t term_bytes_max = 64;
    static constexpr std::size_t term_room = term_bytes_max + 16;
    static_assert(term_room >= WordTable::readable);

    void take(char32_t character);
    void count(char32_t character);
    const char* take_ascii_word(const char* at, const char* end);
    void take_mark(char32_t character);
    void put(char32_t character);
    void end_term();

    std::size_t word_bytes_max_;
    Utf8Decoder decoder_;
    std::uint64_t bytes_ = 0;
    std::uint64_t lines_ = 0;
    std::uint64_t words_ = 0;
    std::uint64_t characters_ = 0;
    std::uint64_t line_length_ = 0;
    std::uint64_t longest_line_ = 0;
    bool in_word_ = false;
    char joiner_ = 0;  ///< An apostrophe or hyphen that counts only if a letter follows.
    std::size_t term_size_ = 0;
    std::array<char, term_room> term_{};
    WordTable table_;
};

}  // namespace sluice::work
