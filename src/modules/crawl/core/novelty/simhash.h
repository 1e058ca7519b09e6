// SPDX-License-Identifier: Apache-2.0
// Simhash (Charikar 2002; for web pages Manku, Jain and Das Sarma 2007): 64 bits of a text such
// that texts with most words in common differ in few bits.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

namespace sluice::crawl {

/// Fed word by word; pairs of neighbouring words count, so their order matters a little.
class Simhash {
public:
    /// Case and what is no letter or digit are for the caller to remove.
    void add(std::string_view word);
    /// Of all words so far; 0 if there was none.
    [[nodiscard]] std::uint64_t value() const;
    [[nodiscard]] std::uint64_t words() const { return words_; }

private:
    void count(std::uint64_t hash);
    /// Adds the planes to the sums.
    static void flush(const std::array<std::uint64_t, 8>& planes,
                      std::array<std::uint32_t, 64>& ones);

    // How often each bit was one: the last 255 times in binary, one plane for each digit, so that
    // all 64 bits are counted at once; what was before in `ones_`.
    std::array<std::uint64_t, 8> planes_{};
    std::array<std::uint32_t, 64> ones_{};
    std::uint32_t in_planes_ = 0;
    std::uint64_t counted_ = 0;
    std::uint64_t last_ = 0;
    std::uint64_t words_ = 0;
};

/// In how many bits two differ: 0 to 64. Near-duplicates are within 3 (Manku et al.).
constexpr int simhash_distance(std::uint64_t a, std::uint64_t b) { return std::popcount(a ^ b); }

}  // namespace sluice::crawl
