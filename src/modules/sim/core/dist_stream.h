// SPDX-License-Identifier: Apache-2.0
// Stream: random numbers of one purpose in one replication. Counter-based, so that streams are
// independent by construction and any place in one is reached at once. Not for secrets.
#pragma once

#include "modules/sim/core/dist_ziggurat.h"
#include "modules/sim/core/dist_ziggurat_normal.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::sim {

/// One block of Philox4x64-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as
/// 1, 2, 3", SC11): a bijection of the counter for each key.
using PhiloxBlock = std::array<std::uint64_t, 4>;
PhiloxBlock philox4x64(PhiloxBlock counter, std::array<std::uint64_t, 2> key);

/// The number of a purpose with a name ("arrivals of mail"): FNV-1a, 64 bits.
constexpr std::uint64_t purpose_of(std::string_view name) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char c : name) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3ULL;
    }
    return hash;
}

/// A generator of its own for each (seed, replication, purpose): all three enter as key and counter
/// words, so two streams that differ in any of them never share a block. A value: a copy goes on
/// from the same place.
class Stream {
public:
    Stream(std::uint64_t seed, std::uint64_t replication, std::uint64_t purpose)
        : seed_(seed), replication_(replication), purpose_(purpose) {}

    std::uint64_t next() {
        if (used_ == buffer_.size()) refill();
        return buffer_[used_++];
    }
    /// Goes to the place after `count` numbers of this stream, in constant time.
    void seek(std::uint64_t count);

    /// Uniform in [0, 1), a multiple of 2^-53.
    double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
    /// Uniform in (0, 1].
    double unit_above_zero() { return static_cast<double>((next() >> 11) + 1) * 0x1.0p-53; }
    /// Exponential with mean 1, by the ziggurat: one number in 99 of 100 draws, else a few.
    double exponential() {
        const std::uint64_t number = next();
        const std::size_t layer = number & 255;
        const double x = static_cast<double>(number >> 11) * 0x1.0p-53 * ziggurat::right[layer];
        if (x < ziggurat::right[layer + 1]) [[likely]]
            return x;
        return exponential_outside(layer, x);
    }
    /// Standard normal, by the ziggurat as well; the sign is bit 8.
    double normal() {
        const std::uint64_t number = next();
        const std::size_t layer = number & 255;
        const double x =
            static_cast<double>(number >> 11) * 0x1.0p-53 * ziggurat::half_normal::right[layer];
        const double size =
            x < ziggurat::half_normal::right[layer + 1] ? x : normal_outside(layer, x);
        return (number & 256) != 0 ? -size : size;
    }
    /// Uniform in [0, bound); 0 for bound 0. The bias is below bound / 2^64.
    std::uint64_t below(std::uint64_t bound) {
        __extension__ using Wide = unsigned __int128;
        return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
    }
    bool chance(double probability) { return unit() < probability; }

private:
    static constexpr std::size_t block_numbers = 4;
    static constexpr std::size_t blocks = 4;  ///< Made together: the processor overlaps them.

    void refill();
    double exponential_outside(std::size_t layer, double x);
    double normal_outside(std::size_t layer, double x);

    std::uint64_t seed_;
    std::uint64_t replication_;
    std::uint64_t purpose_;
    std::uint64_t block_ = 0;  ///< The first that is not in the buffer.
    std::array<std::uint64_t, blocks * block_numbers> buffer_{};
    std::size_t used_ = blocks * block_numbers;  ///< Of the buffer.
};

}  // namespace sluice::sim
