// SPDX-License-Identifier: Apache-2.0
// The most frequent texts of a stream in bounded memory: exact while there are few different ones,
// then the algorithm of Misra and Gries (1982) in its batch form (Anderson et al., "A
// high-performance algorithm for identifying frequent items in data streams", 2017), whose answers
// are those of Space-Saving. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

/// One of the most frequent texts: it came at least `count` and at most `count` + error() times.
struct TopEntry {
    std::string text;
    std::uint64_t count = 0;
};

/// Texts are told apart by their 64-bit hash. Memory: `different_max` texts, each cut to
/// `text_bytes_max`.
class TopCounter {
public:
    explicit TopCounter(std::size_t different_max = 2000, std::size_t text_bytes_max = 64)
        : different_max_(different_max < 2 ? 2 : different_max), text_bytes_max_(text_bytes_max) {}

    /// `hash` is hash64(text). The number that the caller has put into the table with this text,
    /// or nothing if it was not there: then the caller gives it to `note`, before the next add.
    const double* add(std::string_view text, std::uint64_t hash);
    void note(double number) { entries_.back().note = number; }
    void add(std::string_view text);
    [[nodiscard]] bool is_exact() const { return error_ == 0; }
    /// Every count is too small by at most this, and a text that came more often is in the table:
    /// at most 2 × all / different_max.
    [[nodiscard]] std::uint64_t error() const { return error_; }
    /// The first `count`, most frequent first, equal ones by their bytes.
    [[nodiscard]] std::vector<TopEntry> top(std::size_t count) const;

private:
    struct Entry {
        std::uint64_t hash;
        std::uint64_t count;
        double note;
        std::string text;
    };
    static constexpr std::uint32_t none = UINT32_MAX;

    void place(std::uint64_t hash, std::uint32_t index);
    void rebuild(std::size_t slots);
    void make_room();

    std::size_t different_max_;
    std::size_t text_bytes_max_;
    std::uint64_t error_ = 0;
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> index_;  ///< Open addressing over `entries_`.
};

}  // namespace sluice::work
