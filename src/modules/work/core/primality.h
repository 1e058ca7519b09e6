// SPDX-License-Identifier: Apache-2.0
// Whether single numbers of 64 bits are prime, with certainty. Ranges are for PrimeSieve. Pure.
#pragma once

#include <cstdint>
#include <optional>

namespace sluice::work {

/// Miller-Rabin with the first twelve primes as bases, which is exact below 3.3 * 10^24 (Sorenson
/// and Webster, 2015). About a microsecond.
bool is_prime(std::uint64_t number);

/// The smallest prime above, if it has 64 bits.
std::optional<std::uint64_t> prime_above(std::uint64_t number);
/// The largest prime below, if there is one.
std::optional<std::uint64_t> prime_below(std::uint64_t number);

}  // namespace sluice::work
