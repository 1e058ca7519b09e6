// SPDX-License-Identifier: Apache-2.0
// Reading and merging; recording stands in the header, where it is inlined into simulations.
#include "kernel/algo/histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice {
namespace {

Duration to_duration(std::uint64_t ns) {
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return Duration{static_cast<std::int64_t>(std::min(ns, most))};
}

}  // namespace

std::uint64_t Histogram::upper_end(std::size_t bucket) {
    const std::size_t row = bucket >> sub_bits;
    if (row == 0) return bucket;
    const std::uint64_t column = bucket & ((std::size_t{1} << sub_bits) - 1);
    return ((column + (std::uint64_t{1} << sub_bits) + 1) << (row - 1)) - 1;
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
