// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/word_table.h"

#include "modules/work/core/sketch/hash64.h"

#include <bit>
#include <cstring>

namespace sluice::work {

namespace {

/// The first `size` of eight bytes, zeros behind them.
std::uint64_t first_bytes(const char* at, std::size_t size) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, at, sizeof bytes);
    if (size >= sizeof bytes) return bytes;
    const std::uint64_t ones = (std::uint64_t{1} << 8 * size) - 1;
    return bytes &
           (std::endian::native == std::endian::little ? ones : ~(~std::uint64_t{0} >> 8 * size));
}

/// Every bit of both in every bit of the hash (the finisher of MurmurHash3 over a sum of products).
std::uint32_t mixed(std::uint64_t first, std::uint64_t second) {
    std::uint64_t hash = first * 0x9E3779B97F4A7C15 + (second ^ second >> 29) * 0xC2B2AE3D27D4EB4F;
    hash = (hash ^ hash >> 33) * 0xFF51AFD7ED558CCD;
    return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace

void WordTable::add(std::string_view text) {
    if (text.size() > readable) return add_long(text);
    Word& word = waiting_words_[waiting_];
    word.first = first_bytes(text.data(), text.size());
    word.second = text.size() > 8 ? first_bytes(text.data() + 8, text.size() - 8) : 0;
    word.hash = mixed(word.first, word.second);
    word.length = static_cast<std::uint32_t>(text.size());
    __builtin_prefetch(&slots_[word.hash & (slots_.size() - 1)], 1);
    if (++waiting_ == waiting_max) finish();
}

void WordTable::add_long(std::string_view text) {
    finish();  // in the order in which they came, as there may not be room for all
    const std::uint64_t hash = hash64(text);
    count(
        {.first = hash, .hash = mixed(hash, 0), .length = static_cast<std::uint32_t>(text.size())},
        text);
}

void WordTable::finish() {
    for (std::size_t i = 0; i < waiting_; ++i) count(waiting_words_[i], {});
    waiting_ = 0;
}

void WordTable::count(const Word& word, std::string_view long_text) {
    if (size_ * 2 >= slots_.size()) grow();
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = word.hash & mask;
    for (; slots_[at].word.length != 0; at = (at + 1) & mask) {
        Slot& slot = slots_[at];
        const bool same = long_text.empty()
                              ? slot.word == word
                              : slot.word.first == word.first && text_of(slot) == long_text;
        if (!same) continue;
        ++slot.count;
        return;
    }
    if (size_ >= words_max_) {
        capped_ = true;
        return;
    }
    slots_[at] = {.word = word, .count = 1};
    if (!long_text.empty()) {
        slots_[at].word.second = long_words_.size();
        long_words_ += long_text;
    }
    ++size_;
}

std::string_view WordTable::text_of(const Slot& slot) const {
    static_assert(offsetof(Word, first) == 0 && offsetof(Word, second) == 8);
    const Word& word = slot.word;
    if (word.length > readable) {
        return std::string_view(long_words_).substr(word.second, word.length);
    }
    return {reinterpret_cast<const char*>(&word), word.length};
}

void WordTable::grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    const std::size_t mask = slots_.size() - 1;
    for (const Slot& slot : old) {
        if (slot.word.length == 0) continue;
        std::size_t at = slot.word.hash & mask;
        while (slots_[at].word.length != 0) at = (at + 1) & mask;
        slots_[at] = slot;
    }
}

}  // namespace sluice::work
