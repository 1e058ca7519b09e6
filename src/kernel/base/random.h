// SPDX-License-Identifier: Apache-2.0
// A seeded generator for decisions that must be repeatable. Not for secrets (those come from
// OpenSSL's RAND_bytes).
#pragma once

#include <cstdint>

namespace sluice {

/// xoshiro256++ (Blackman and Vigna, public domain), seeded through splitmix64. Same seed, same
/// numbers, everywhere.
class Random {
public:
    explicit Random(std::uint64_t seed);

    std::uint64_t next();
    /// Uniform in [0, bound); 0 for bound 0. Lemire's multiply-shift; the bias is below 2^-32 for
    /// bounds below 2^32.
    std::uint64_t below(std::uint64_t bound);
    /// Uniform in [0, 1).
    double unit();
    bool chance(double probability) { return unit() < probability; }

private:
    std::uint64_t state_[4];
};

}  // namespace sluice
