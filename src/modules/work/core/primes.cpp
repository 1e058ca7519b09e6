// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/primes.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace sluice::work {

namespace {

constexpr std::uint64_t segment_odds = 256 * 1024;  // fits the second-level cache of any machine

std::uint64_t square_root(std::uint64_t n) {
    auto root = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(n)));
    while (root * root > n) --root;
    while ((root + 1) * (root + 1) <= n) ++root;
    return root;
}

/// The odd primes up to `max`, by the plain sieve.
std::vector<std::uint32_t> odd_primes(std::uint64_t max) {
    std::vector<std::uint32_t> primes;
    if (max < 3) return primes;
    std::vector<std::uint8_t> composite((max - 1) / 2);  // index i stands for 2i + 3
    for (std::uint64_t i = 0; i < composite.size(); ++i) {
        if (composite[i] != 0) continue;
        const std::uint64_t prime = 2 * i + 3;
        primes.push_back(static_cast<std::uint32_t>(prime));
        for (std::uint64_t j = (prime * prime - 3) / 2; j < composite.size(); j += prime) {
            composite[j] = 1;
        }
    }
    return primes;
}

}  // namespace

Result<PrimeSieve> PrimeSieve::make(PrimeRange range, std::size_t list_count, PrimeLimits limits) {
    if (range.from > range.to) return fail(Code::invalid, "`from` is greater than `to`");
    if (range.to > limits.number_max) {
        return fail(Code::exhausted,
                    "`to` is above the limit of " + std::to_string(limits.number_max));
    }
    if (range.to - range.from >= limits.range_max) {
        return fail(Code::exhausted, "the range from `from` to `to` holds more than " +
                                         std::to_string(limits.range_max) + " numbers");
    }
    if (list_count > limits.list_max) {
        return fail(Code::exhausted,
                    "`list` is above the limit of " + std::to_string(limits.list_max));
    }
    return PrimeSieve(range, list_count);
}

PrimeSieve::PrimeSieve(PrimeRange range, std::size_t list_count)
    : range_(range),
      list_count_(list_count),
      next_(std::max<std::uint64_t>(range.from, 3) | 1),
      sieving_(odd_primes(square_root(range.to))) {
    if (range.from <= 2 && range.to >= 2) found(2);
}

void PrimeSieve::found(std::uint64_t prime) {
    if (summary_.count == 0) {
        summary_.first = prime;
    } else {
        const std::uint64_t distance = prime - summary_.last;
        if (distance == 2) ++summary_.twins;
        if (distance > summary_.gap) {
            summary_.gap = distance;
            summary_.gap_after = summary_.last;
        }
    }
    ++summary_.count;
    summary_.last = prime;
    if (summary_.listed.size() < list_count_) summary_.listed.push_back(prime);
}

bool PrimeSieve::step() {
    if (next_ > range_.to) return false;
    const std::uint64_t count = std::min(segment_odds, (range_.to - next_) / 2 + 1);
    const std::uint64_t end = next_ + 2 * (count - 1);  // last odd number of the segment
    composite_.assign(count, 0);
    for (const std::uint64_t prime : sieving_) {
        if (prime * prime > end) break;
        std::uint64_t multiple = std::max(prime * prime, (next_ + prime - 1) / prime * prime);
        if (multiple % 2 == 0) multiple += prime;
        for (std::uint64_t i = (multiple - next_) / 2; i < count; i += prime) composite_[i] = 1;
    }
    for (std::uint64_t i = 0; i < count; ++i) {
        if (composite_[i] == 0) found(next_ + 2 * i);
    }
    next_ = end + 2;
    return next_ <= range_.to;
}

int PrimeSieve::percent() const {
    if (next_ > range_.to) return 100;
    const double part = static_cast<double>(next_ - std::min(next_, range_.from));
    return static_cast<int>(100.0 * part / static_cast<double>(range_.to - range_.from + 1));
}

}  // namespace sluice::work
