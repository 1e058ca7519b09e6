// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/sketch/distinct_counter.h"

#include <array>
#include <bit>
#include <cmath>

namespace sluice::work {

namespace {

/// The two series of Ertl's estimator: they stand for the registers that are empty, and full.
double sigma(double x) {
    if (x == 1.0) return INFINITY;
    double y = 1;
    double z = x;
    for (double before = -1; before != z;) {
        x *= x;
        before = z;
        z += x * y;
        y += y;
    }
    return z;
}

double tau(double x) {
    if (x == 0.0 || x == 1.0) return 0;
    double y = 1;
    double z = 1 - x;
    for (double before = -1; before != z;) {
        x = std::sqrt(x);
        before = z;
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    }
    return z / 3;
}

}  // namespace

void DistinctCounter::add(std::uint64_t hash) {
    if (!is_exact()) return add_register(hash);
    if (hash == 0) hash = 1;
    if (!insert(hash)) return;
    if (used_ > exact_max_) estimate();
}

bool DistinctCounter::insert(std::uint64_t hash) {
    if (used_ * 2 >= table_.size()) grow();
    const std::size_t mask = table_.size() - 1;
    for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
        if (table_[at] == hash) return false;
        if (table_[at] != 0) continue;
        table_[at] = hash;
        ++used_;
        return true;
    }
}

void DistinctCounter::grow() {
    std::vector<std::uint64_t> old(table_.empty() ? 16 : table_.size() * 2);
    old.swap(table_);
    used_ = 0;
    for (const std::uint64_t hash : old) {
        if (hash != 0) insert(hash);
    }
}

void DistinctCounter::estimate() {
    if (!is_exact()) return;
    registers_.resize(std::size_t{1} << index_bits);
    for (const std::uint64_t hash : table_) {
        if (hash != 0) add_register(hash);
    }
    table_ = {};
    used_ = 0;
}

void DistinctCounter::add_register(std::uint64_t hash) {
    const std::size_t index = hash >> (64 - index_bits);
    // The lowest bit that is left guards against a hash of zeros only.
    const std::uint64_t rest = (hash << index_bits) | (std::uint64_t{1} << (index_bits - 1));
    const auto rank = static_cast<std::uint8_t>(std::countl_zero(rest) + 1);
    if (registers_[index] < rank) registers_[index] = rank;
}

std::uint64_t DistinctCounter::count() const {
    if (is_exact()) return used_;
    constexpr unsigned ranks = 64 - index_bits;
    const auto m = static_cast<double>(registers_.size());
    std::array<double, ranks + 2> having{};
    for (const std::uint8_t rank : registers_) having[rank] += 1;
    double z = m * tau(1 - having[ranks + 1] / m);
    for (unsigned k = ranks; k >= 1; --k) z = 0.5 * (z + having[k]);
    z += m * sigma(having[0] / m);
    const double alpha = 0.5 / std::log(2.0);
    return static_cast<std::uint64_t>(std::llround(alpha * m * m / z));
}

}  // namespace sluice::work
