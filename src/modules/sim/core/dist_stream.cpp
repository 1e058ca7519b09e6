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

// Plain variables rather than arrays, rounds unrolled: so that all of it stays in registers.
[[gnu::always_inline]] inline void philox(PhiloxBlock counter, std::array<std::uint64_t, 2> key,
                                          PhiloxBlock& out) {
    auto [a, b, c, d] = counter;
    auto [key_0, key_1] = key;
#pragma GCC unroll 10
    for (int round = 0; round < rounds; ++round) {
        const Wide left = static_cast<Wide>(multiplier_0) * a;
        const Wide right = static_cast<Wide>(multiplier_1) * c;
        a = static_cast<std::uint64_t>(right >> 64) ^ b ^ key_0;
        b = static_cast<std::uint64_t>(right);
        c = static_cast<std::uint64_t>(left >> 64) ^ d ^ key_1;
        d = static_cast<std::uint64_t>(left);
        key_0 += weyl_0;
        key_1 += weyl_1;
    }
    out = {a, b, c, d};
}

double polynomial(const std::array<double, 8>& c, double x) {
    double value = c[7];
    for (std::size_t i = 7; i-- > 0;) value = value * x + c[i];
    return value;
}

// Coefficients of AS 241, lowest power first.
constexpr std::array<double, 8> centre_above = {3.3871328727963666080e0, 1.3314166789178437745e2,
                                                1.9715909503065514427e3, 1.3731693765509461125e4,
                                                4.5921953931549871457e4, 6.7265770927008700853e4,
                                                3.3430575583588128105e4, 2.5090809287301226727e3};
constexpr std::array<double, 8> centre_below = {1.0,
                                                4.2313330701600911252e1,
                                                6.8718700749205790830e2,
                                                5.3941960214247511077e3,
                                                2.1213794301586595867e4,
                                                3.9307895800092710610e4,
                                                2.8729085735721942674e4,
                                                5.2264952788528545610e3};
constexpr std::array<double, 8> tail_above = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                              5.76949722146069140550e0,  3.64784832476320460504e0,
                                              1.27045825245236838258e0,  2.41780725177450611770e-1,
                                              2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr std::array<double, 8> tail_below = {1.0,
                                              2.05319162663775882187e0,
                                              1.67638483018380384940e0,
                                              6.89767334985100004550e-1,
                                              1.48103976427480074590e-1,
                                              1.51986665636164571966e-2,
                                              5.47593808499534494600e-4,
                                              1.05075007164441684324e-9};
constexpr std::array<double, 8> far_above = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                             1.78482653991729133580e0,  2.96560571828504891230e-1,
                                             2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                             2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr std::array<double, 8> far_below = {1.0,
                                             5.99832206555887937690e-1,
                                             1.36929880922735805310e-1,
                                             1.48753612908506148525e-2,
                                             7.86869131145613259100e-4,
                                             1.84631831751005468180e-5,
                                             1.42151175831644588870e-7,
                                             2.04426310338993978564e-15};

}  // namespace

PhiloxBlock philox4x64(PhiloxBlock counter, std::array<std::uint64_t, 2> key) {
    PhiloxBlock made;
    philox(counter, key, made);
    return made;
}

void Stream::refill() {
    philox({block_, purpose_, replication_, 0}, {seed_, 0}, buffer_);
    ++block_;
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
    block_ = count / buffer_.size();
    refill();
    used_ = static_cast<std::size_t>(count % buffer_.size());
}

double normal_quantile(double p) {
    const double q = p - 0.5;
    if (std::abs(q) <= 0.425) {
        const double r = 0.180625 - q * q;
        return q * polynomial(centre_above, r) / polynomial(centre_below, r);
    }
    const double r = std::sqrt(-std::log(q < 0 ? p : 1.0 - p));
    const double size = r <= 5.0 ? polynomial(tail_above, r - 1.6) / polynomial(tail_below, r - 1.6)
                                 : polynomial(far_above, r - 5.0) / polynomial(far_below, r - 5.0);
    return q < 0 ? -size : size;
}

}  // namespace sluice::sim
