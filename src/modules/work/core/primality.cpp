// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/primality.h"

#include <array>
#include <limits>

namespace sluice::work {

namespace {

__extension__ using Wide = unsigned __int128;

std::uint64_t multiply(std::uint64_t a, std::uint64_t b, std::uint64_t modulus) {
    return static_cast<std::uint64_t>(Wide{a} * b % modulus);
}

std::uint64_t power(std::uint64_t base, std::uint64_t exponent, std::uint64_t modulus) {
    std::uint64_t result = 1;
    for (base %= modulus; exponent > 0; exponent >>= 1) {
        if ((exponent & 1) != 0) result = multiply(result, base, modulus);
        base = multiply(base, base, modulus);
    }
    return result;
}

}  // namespace

bool is_prime(std::uint64_t number) {
    constexpr std::array<std::uint64_t, 12> bases{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
    if (number < 2) return false;
    for (const std::uint64_t prime : bases) {
        if (number % prime == 0) return number == prime;
    }
    // number - 1 = odd * 2^twos
    std::uint64_t odd = number - 1;
    int twos = 0;
    for (; odd % 2 == 0; odd /= 2) ++twos;
    for (const std::uint64_t base : bases) {
        std::uint64_t x = power(base, odd, number);
        if (x == 1 || x == number - 1) continue;
        bool witness = true;
        for (int i = 1; witness && i < twos; ++i) {
            x = multiply(x, x, number);
            witness = x != number - 1;
        }
        if (witness) return false;
    }
    return true;
}

std::optional<std::uint64_t> prime_above(std::uint64_t number) {
    if (number < 2) return 2;
    for (std::uint64_t next = (number + 1) | 1; next > number; next += 2) {
        if (is_prime(next)) return next;
        if (next > std::numeric_limits<std::uint64_t>::max() - 2) break;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> prime_below(std::uint64_t number) {
    if (number <= 2) return std::nullopt;
    if (number == 3) return 2;
    for (std::uint64_t next = (number - 2) | 1; next > 1; next -= 2) {
        if (is_prime(next)) return next;
    }
    return std::nullopt;
}

}  // namespace sluice::work
