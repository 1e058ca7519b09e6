// SPDX-License-Identifier: Apache-2.0
// The primes of a range by a segmented sieve of odd numbers, one segment a step, so that the caller
// can stop between steps. Pure.
#pragma once

#include "kernel/base/result.h"

#include <cstdint>
#include <vector>

namespace sluice::work {

struct PrimeLimits {
    /// The largest number looked at. At 10^14 the sieving primes reach 10^7 (five megabytes).
    std::uint64_t number_max = 100'000'000'000'000;
    /// The most numbers in one range.
    std::uint64_t range_max = 2'000'000'000;
    /// The most primes listed.
    std::size_t list_max = 10'000;
};

/// What is known of a range of numbers.
struct PrimeSummary {
    std::uint64_t count = 0;
    std::uint64_t first = 0;  ///< 0 if there is none.
    std::uint64_t last = 0;   ///< 0 if there is none.
    /// Pairs (p, p+2) with both in the range.
    std::uint64_t twins = 0;
    /// The largest distance between two neighbours in the range, and the prime before it.
    std::uint64_t gap = 0;
    std::uint64_t gap_after = 0;
    /// The first primes, up to the number asked for.
    std::vector<std::uint64_t> listed;
};

/// Both ends belong to the range.
struct PrimeRange {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
};

class PrimeSieve {
public:
    /// Errors: invalid (ends the wrong way round), exhausted (beyond the limits).
    static Result<PrimeSieve> make(PrimeRange range, std::size_t list_count,
                                   PrimeLimits limits = {});

    /// Sieves the next segment (about half a million numbers, under a millisecond or, high up, a
    /// few); false when the range is done.
    bool step();
    /// How much of the range is done, 0 to 100.
    [[nodiscard]] int percent() const;
    [[nodiscard]] const PrimeSummary& summary() const { return summary_; }

private:
    PrimeSieve(PrimeRange range, std::size_t list_count);
    void found(std::uint64_t prime);

    PrimeRange range_;
    std::size_t list_count_;
    std::uint64_t next_;                   ///< First odd number not looked at.
    std::vector<std::uint32_t> sieving_;   ///< Odd primes up to the square root of the end.
    std::vector<std::uint8_t> composite_;  ///< One odd number a byte.
    PrimeSummary summary_;
};

}  // namespace sluice::work
