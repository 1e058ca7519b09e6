// SPDX-License-Identifier: Apache-2.0
// Histogram: counts of durations in log-linear buckets (as HdrHistogram does). Fixed memory, every
// answer within 1/32 of the truth. Not thread-safe: one owner, or one each and merge().
#pragma once

#include "kernel/base/time.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace sluice {

/// A distribution of durations from 0 to about 19.5 hours (longer ones count as that long for
/// quantiles; max and mean stay exact). Negative ones count as zero. 11 KiB.
class Histogram {
public:
    /// `times` equal durations.
    void record(Duration duration, std::uint64_t times = 1) {
        if (times == 0) return;
        const std::int64_t ns = duration.count();
        const auto value = static_cast<std::uint64_t>(ns > 0 ? ns : 0);
        buckets_[bucket_of(value)] += times;
        count_ += times;
        sum_ = saturating_add(sum_, saturating_multiply(value, times));
        min_ = value < min_ ? value : min_;
        max_ = value > max_ ? value : max_;
    }
    /// Adds everything the other one counted.
    void merge(const Histogram& other);
    void clear() { *this = Histogram{}; }

    [[nodiscard]] std::uint64_t count() const { return count_; }
    /// Saturates after 584 years in all.
    [[nodiscard]] Duration sum() const;
    [[nodiscard]] Duration mean() const;
    [[nodiscard]] Duration min() const;
    [[nodiscard]] Duration max() const { return Duration{static_cast<std::int64_t>(max_)}; }
    /// The duration that at least the share `q` (0 to 1) of the records do not exceed: at most 1/32
    /// too long, never too short, never above max(). Zero when empty.
    [[nodiscard]] Duration quantile(double q) const;
    /// How many records were at most `limit`, to within the width of its bucket (1/32).
    [[nodiscard]] std::uint64_t count_up_to(Duration limit) const;

private:
    static constexpr unsigned sub_bits = 5;
    static constexpr unsigned value_bits = 46;
    static constexpr std::size_t bucket_count = (value_bits - sub_bits + 1) << sub_bits;

    /// A value of b bits falls into row b - 5 (row 0 is exact) and there into one of 32 equal
    /// columns, by its five bits below the leading one.
    static std::size_t bucket_of(std::uint64_t value) {
        const auto bits = static_cast<unsigned>(std::bit_width(value));
        if (bits > value_bits) return bucket_count - 1;
        if (bits <= sub_bits) return static_cast<std::size_t>(value);
        const unsigned row = bits - sub_bits;
        const std::uint64_t column = (value >> (row - 1)) - (std::uint64_t{1} << sub_bits);
        return (static_cast<std::size_t>(row) << sub_bits) + static_cast<std::size_t>(column);
    }
    static std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
        return a > UINT64_MAX - b ? UINT64_MAX : a + b;
    }
    static std::uint64_t saturating_multiply(std::uint64_t a, std::uint64_t b) {
        return b > 1 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
    }
    static std::uint64_t upper_end(std::size_t bucket);

    std::array<std::uint64_t, bucket_count> buckets_{};
    std::uint64_t count_ = 0;
    std::uint64_t sum_ = 0;
    std::uint64_t min_ = UINT64_MAX;
    std::uint64_t max_ = 0;
};

}  // namespace sluice
