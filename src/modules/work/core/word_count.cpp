// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/word_count.h"

#include <algorithm>

namespace sluice::work {

void WordCounter::feed(std::string_view bytes) {
    bytes_ += bytes.size();
    decoder_.feed(bytes, [this](char32_t c) { take(c); });
}

void WordCounter::finish() {
    decoder_.finish([this](char32_t c) { take(c); });
    end_term();
    longest_line_ = std::max(longest_line_, line_length_);
}

void WordCounter::take(char32_t c) {
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
    if (is_word_character(c)) {
        if (joiner_ != 0 && term_.size() < limits_.word_bytes_max) append_utf8(term_, joiner_);
        joiner_ = 0;
        if (term_.size() < limits_.word_bytes_max) append_utf8(term_, to_lower(c));
        return;
    }
    const bool joins = c == '\'' || c == '-' || c == 0x2019;
    if (joins && !term_.empty() && joiner_ == 0) {
        joiner_ = c == 0x2019 ? U'\'' : c;
    } else {
        end_term();
    }
}

void WordCounter::end_term() {
    joiner_ = 0;
    if (term_.empty()) return;
    if (const auto found = frequencies_.find(std::string_view(term_));
        found != frequencies_.end()) {
        ++found->second;
    } else if (frequencies_.size() < limits_.distinct_max) {
        frequencies_.emplace(term_, 1);
    } else {
        capped_ = true;
    }
    term_.clear();
}

std::vector<WordFrequency> WordCounter::top(std::size_t count) const {
    using Entry = std::pair<std::string_view, std::uint64_t>;
    std::vector<Entry> entries(frequencies_.begin(), frequencies_.end());
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
