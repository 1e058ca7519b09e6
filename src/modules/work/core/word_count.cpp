// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/word_count.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sluice::work {

namespace {

bool is_ascii_word(unsigned char c) {
    const auto letter = static_cast<unsigned char>((c | 0x20) - 'a');
    const auto digit = static_cast<unsigned char>(c - '0');
    return letter < 26 || digit < 10;
}

constexpr std::uint64_t eight_of(std::uint64_t byte) { return byte * 0x0101010101010101; }

/// How many of eight bytes, from the first one on, are ASCII letters and digits. The bytes are
/// compared side by side: what is added makes the highest bit of a byte tell "at least", and no sum
/// of two values below 128 reaches the next byte.
std::size_t leading_word_bytes(std::uint64_t bytes) {
    const std::uint64_t low = bytes & eight_of(0x7F);
    const std::uint64_t folded = low | eight_of(0x20);
    const std::uint64_t letters =
        (folded + eight_of(0x80 - 'a')) & ~(folded + eight_of(0x80 - 'z' - 1));
    const std::uint64_t digits = (low + eight_of(0x80 - '0')) & ~(low + eight_of(0x80 - '9' - 1));
    const std::uint64_t others = ~((letters | digits) & ~bytes) & eight_of(0x80);
    return static_cast<std::size_t>(std::countr_zero(others)) / 8;
}

}  // namespace

WordCounter::WordCounter(WordLimits limits)
    : word_bytes_max_(std::min(limits.word_bytes_max, term_bytes_max)),
      table_(limits.distinct_max) {}

void WordCounter::feed(std::string_view bytes) {
    bytes_ += bytes.size();
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    while (at != end) {
        const auto byte = static_cast<unsigned char>(*at);
        if (byte >= 0x80 || decoder_.is_inside()) {
            decoder_.feed(std::string_view(at++, 1), [this](char32_t c) { take(c); });
        } else if (is_ascii_word(byte)) {
            at = take_ascii_word(at, end);
        } else if (byte == ' ') {
            // As below, but for every sixth byte of a text.
            ++characters_;
            ++line_length_;
            in_word_ = false;
            end_term();
            ++at;
        } else {
            count(byte);
            take_mark(byte);
            ++at;
        }
    }
}

void WordCounter::finish() {
    decoder_.finish([this](char32_t c) { take(c); });
    end_term();
    table_.finish();
    longest_line_ = std::max(longest_line_, line_length_);
}

void WordCounter::take(char32_t c) {
    count(c);
    if (!is_word_character(c)) return take_mark(c);
    if (joiner_ != 0) put(static_cast<unsigned char>(joiner_));
    joiner_ = 0;
    put(to_lower(c));
}

void WordCounter::count(char32_t c) {
    ++characters_;
    if (c == '\n') {
        ++lines_;
        longest_line_ = std::max(longest_line_, line_length_);
        line_length_ = 0;
    } else if (c != '\r') {
        ++line_length_;
    }
    if (is_blank_character(c)) {
        in_word_ = false;
    } else if (!in_word_) {
        in_word_ = true;
        ++words_;
    }
}

/// A run of ASCII letters and digits, not empty; where it ends.
const char* WordCounter::take_ascii_word(const char* at, const char* end) {
    if (joiner_ != 0) put(static_cast<unsigned char>(joiner_));
    joiner_ = 0;
    const char* const begin = at;
    std::size_t count = 8;
    // In lower case: letters with bit 0x20, which digits have as well.
    while (count == 8 && end - at >= 8 && std::endian::native == std::endian::little) {
        std::uint64_t bytes = 0;
        std::memcpy(&bytes, at, 8);
        count = leading_word_bytes(bytes);
        bytes |= eight_of(0x20);
        std::memcpy(term_.data() + term_size_, &bytes, 8);
        at += count;
        term_size_ = std::max(term_size_, std::min(term_size_ + count, word_bytes_max_));
    }
    while (count == 8 && at != end && is_ascii_word(static_cast<unsigned char>(*at))) {
        if (term_size_ < word_bytes_max_) term_[term_size_++] = static_cast<char>(*at | 0x20);
        ++at;
    }
    const auto length = static_cast<std::uint64_t>(at - begin);
    characters_ += length;
    line_length_ += length;
    words_ += in_word_ ? 0 : 1;
    in_word_ = true;
    return at;
}

/// What is neither letter nor digit.
void WordCounter::take_mark(char32_t c) {
    const bool joins = c == '\'' || c == '-' || c == 0x2019;
    if (joins && term_size_ != 0 && joiner_ == 0) {
        joiner_ = c == '-' ? '-' : '\'';
    } else {
        end_term();
    }
}

void WordCounter::put(char32_t c) {
    if (term_size_ >= word_bytes_max_) return;
    if (c < 0x80) {
        term_[term_size_++] = static_cast<char>(c);
        return;
    }
    std::string bytes;
    append_utf8(bytes, c);
    bytes.copy(term_.data() + term_size_, bytes.size());
    term_size_ += bytes.size();
}

void WordCounter::end_term() {
    joiner_ = 0;
    if (term_size_ == 0) return;
    table_.add({term_.data(), term_size_});
    term_size_ = 0;
}

std::vector<WordFrequency> WordCounter::top(std::size_t count) const {
    using Entry = std::pair<std::string_view, std::uint64_t>;
    std::vector<Entry> entries;
    entries.reserve(table_.size());
    table_.each([&entries](std::string_view word, std::uint64_t times) {
        entries.emplace_back(word, times);
    });
    const auto before = [](const Entry& a, const Entry& b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
    };
    count = std::min(count, entries.size());
    std::partial_sort(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(count),
                      entries.end(), before);
    std::vector<WordFrequency> out;
    out.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        out.push_back({std::string(entries[i].first), entries[i].second});
    }
    return out;
}

}  // namespace sluice::work
