// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/dist_stream.h"

namespace sluice::sim {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t multiplier_0 = 0xD2E7470EE14C6C93ULL;
constexpr std::uint64_t multiplier_1 = 0xCA5A826395121157ULL;
constexpr std::uint64_t weyl_0 = 0x9E3779B97F4A7C15ULL;  // golden ratio
constexpr std::uint64_t weyl_1 = 0xBB67AE8584CAA73BULL;  // sqrt(3) - 1
constexpr int rounds = 10;

// `count` blocks side by side, the counters one after the other. The rounds of one block wait for
// each other; those of two do not.
template <std::size_t count>
[[gnu::always_inline]] inline void philox(PhiloxBlock counter, std::array<std::uint64_t, 2> key,
                                          std::uint64_t* out) {
    std::uint64_t a[count];
    std::uint64_t b[count];
    std::uint64_t c[count];
    std::uint64_t d[count];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < count; ++i) {
        a[i] = counter[0] + i;
        b[i] = counter[1];
        c[i] = counter[2];
        d[i] = counter[3];
    }
    auto [key_0, key_1] = key;
#pragma GCC unroll 10
    for (int round = 0; round < rounds; ++round) {
#pragma GCC unroll 4
        for (std::size_t i = 0; i < count; ++i) {
            const Wide left = static_cast<Wide>(multiplier_0) * a[i];
            const Wide right = static_cast<Wide>(multiplier_1) * c[i];
            a[i] = static_cast<std::uint64_t>(right >> 64) ^ b[i] ^ key_0;
            b[i] = static_cast<std::uint64_t>(right);
            c[i] = static_cast<std::uint64_t>(left >> 64) ^ d[i] ^ key_1;
            d[i] = static_cast<std::uint64_t>(left);
        }
        key_0 += weyl_0;
        key_1 += weyl_1;
    }
#pragma GCC unroll 4
    for (std::size_t i = 0; i < count; ++i) {
        out[4 * i] = a[i];
        out[4 * i + 1] = b[i];
        out[4 * i + 2] = c[i];
        out[4 * i + 3] = d[i];
    }
}

}  // namespace

PhiloxBlock philox4x64(PhiloxBlock counter, std::array<std::uint64_t, 2> key) {
    PhiloxBlock made;
    philox<1>(counter, key, made.data());
    return made;
}

void Stream::refill() {
    for (std::size_t i = 0; i < blocks; i += 2)
        philox<2>({block_ + i, purpose_, replication_, 0}, {seed_, 0},
                  buffer_.data() + i * block_numbers);
    block_ += blocks;
    used_ = 0;
}

double Stream::exponential_outside(std::size_t layer, double x) {
    for (;;) {
        if (layer == 0) return ziggurat::tail - std::log(unit_above_zero());
        const double low = ziggurat::height[layer];
        const double high = ziggurat::height[layer + 1];
        if (low + (high - low) * unit() < std::exp(-x)) return x;
        const std::uint64_t number = next();
        layer = number & 255;
        x = static_cast<double>(number >> 11) * 0x1.0p-53 * ziggurat::right[layer];
        if (x < ziggurat::right[layer + 1]) return x;
    }
}

void Stream::seek(std::uint64_t count) {
    block_ = count / block_numbers;
    refill();
    used_ = static_cast<std::size_t>(count % block_numbers);
}

// The tail: Marsaglia, "Generating a variable from the tail of the normal distribution" (1964).
double Stream::normal_outside(std::size_t layer, double x) {
    using namespace ziggurat::half_normal;
    for (;;) {
        if (layer == 0) {
            for (;;) {
                const double beyond = -std::log(unit_above_zero()) / tail;
                if (-2 * std::log(unit_above_zero()) >= beyond * beyond) return tail + beyond;
            }
        }
        const double low = height[layer];
        const double high = height[layer + 1];
        if (low + (high - low) * unit() < std::exp(-0.5 * x * x)) return x;
        const std::uint64_t number = next();
        layer = number & 255;
        x = static_cast<double>(number >> 11) * 0x1.0p-53 * right[layer];
        if (x < right[layer + 1]) return x;
    }
}

}  // namespace sluice::sim
