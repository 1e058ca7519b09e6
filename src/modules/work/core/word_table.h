// SPDX-License-Identifier: Apache-2.0
// WordTable: how often each of many short texts occurs. Words of up to 16 bytes lie in the slots
// themselves, and a few are looked up together, so that the memory's answers are waited for
// together. Not a sketch: nothing is forgotten, and past its limit nothing new is remembered
// (core/sketch has those that do). Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

class WordTable {
public:
    /// So many bytes from the beginning of a word on must be readable, whatever its length.
    static constexpr std::size_t readable = 16;

    /// Different words that are remembered.
    explicit WordTable(std::size_t words_max) : words_max_(words_max) {}

    /// Counts a word that is not empty and has fewer than 64 KiB.
    void add(std::string_view word);
    /// Before anything is asked.
    void finish();

    [[nodiscard]] std::size_t size() const { return size_; }
    /// There were words for which there was no room.
    [[nodiscard]] bool is_capped() const { return capped_; }
    /// Calls `take(std::string_view word, std::uint64_t count)` for each, in no order. The texts
    /// are valid until the next add().
    template <class Take>
    void each(Take&& take) const {
        for (const Slot& slot : slots_) {
            if (slot.word.length != 0) take(text_of(slot), slot.count);
        }
    }

private:
    static constexpr std::size_t waiting_max = 16;
    struct Word {
        /// The bytes of the word, zeros behind them; of a longer one its hash and its place.
        std::uint64_t first = 0;
        std::uint64_t second = 0;
        std::uint32_t hash = 0;
        std::uint32_t length = 0;  ///< 0: nothing is here.
        bool operator==(const Word&) const = default;
    };
    struct alignas(32) Slot {
        Word word;
        std::uint64_t count = 0;
    };

    [[nodiscard]] std::string_view text_of(const Slot& slot) const;
    void add_long(std::string_view text);
    void count(const Word& word, std::string_view long_text);
    void grow();

    std::size_t words_max_;
    std::size_t size_ = 0;
    bool capped_ = false;
    std::vector<Slot> slots_ =
        std::vector<Slot>(1024);  ///< A power of two, at most half of it used.
    std::string long_words_;
    std::size_t waiting_ = 0;
    std::array<Word, waiting_max> waiting_words_{};
};

}  // namespace sluice::work
