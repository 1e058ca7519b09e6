// SPDX-License-Identifier: Apache-2.0
// Bucket arithmetic. A value of b bits falls into row b - 5 (row 0 is exact) and there into one of
// 32 equal columns, by its five bits below the leading one.
#include "kernel/algo/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace sluice {
namespace {

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

std::uint64_t saturating_multiply(std::uint64_t a, std::uint64_t b) {
    return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

Duration to_duration(std::uint64_t ns) {
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return Duration{static_cast<std::int64_t>(std::min(ns, most))};
}

}  // namespace

std::size_t Histogram::bucket_of(std::uint64_t value) {
    const auto bits = static_cast<unsigned>(std::bit_width(value));
    if (bits > value_bits) return bucket_count - 1;
    if (bits <= sub_bits) return static_cast<std::size_t>(value);
    const unsigned row = bits - sub_bits;
    const std::uint64_t column = (value >> (row - 1)) - (std::uint64_t{1} << sub_bits);
    return (static_cast<std::size_t>(row) << sub_bits) + static_cast<std::size_t>(column);
}

std::uint64_t Histogram::upper_end(std::size_t bucket) {
    const std::size_t row = bucket >> sub_bits;
    if (row == 0) return bucket;
    const std::uint64_t column = bucket & ((std::size_t{1} << sub_bits) - 1);
    return ((column + (std::uint64_t{1} << sub_bits) + 1) << (row - 1)) - 1;
}

void Histogram::record(Duration duration, std::uint64_t times) {
    if (times == 0) return;
    const auto value = static_cast<std::uint64_t>(std::max(duration, Duration::zero()).count());
    buckets_[bucket_of(value)] += times;
    count_ += times;
    sum_ = saturating_add(sum_, saturating_multiply(value, times));
    min_ = std::min(min_, value);
    max_ = std::max(max_, value);
}

void Histogram::merge(const Histogram& other) {
    for (std::size_t i = 0; i < bucket_count; ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    sum_ = saturating_add(sum_, other.sum_);
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
}

Duration Histogram::sum() const { return to_duration(sum_); }
Duration Histogram::mean() const { return to_duration(count_ == 0 ? 0 : sum_ / count_); }
Duration Histogram::min() const { return to_duration(count_ == 0 ? 0 : min_); }

Duration Histogram::quantile(double q) const {
    if (count_ == 0) return Duration::zero();
    const double share = std::isnan(q) ? 1.0 : std::clamp(q, 0.0, 1.0);
    const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
    const std::uint64_t rank = std::clamp<std::uint64_t>(wanted, 1, count_);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i + 1 < bucket_count; ++i) {
        seen += buckets_[i];
        if (seen >= rank) return to_duration(std::min(upper_end(i), max_));
    }
    return max();
}

std::uint64_t Histogram::count_up_to(Duration limit) const {
    if (limit < Duration::zero()) return 0;
    const std::size_t last = bucket_of(static_cast<std::uint64_t>(limit.count()));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i <= last; ++i) seen += buckets_[i];
    return seen;
}

}  // namespace sluice
