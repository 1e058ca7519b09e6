// SPDX-License-Identifier: Apache-2.0
// Statistics over numbers that come one by one: exact sum, mean, variance, quantiles, histogram.
// Keeps them all, so their number is limited. Pure.
#pragma once

#include "kernel/base/result.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::work {

/// The sum of any doubles, rounded once (Shewchuk 1997, as Python's math.fsum). Memory: at most
/// some forty doubles.
class ExactSum {
public:
    void add(double number);
    [[nodiscard]] double value() const;

private:
    std::vector<double> parts_;  ///< Not overlapping, from small to large.
};

struct HistogramBin {
    double from;
    double to;  ///< Belongs to the last bin only.
    std::uint64_t count;
};

class NumberStats {
public:
    explicit NumberStats(std::size_t count_max) : count_max_(count_max) {}

    /// Errors: invalid (infinite or NaN), exhausted (too many).
    Status add(double number);
    /// After the last number, before everything below; sorts them.
    void finish();

    [[nodiscard]] std::size_t count() const { return numbers_.size(); }
    [[nodiscard]] double sum() const { return sum_.value(); }
    // Of at least one number:
    [[nodiscard]] double min() const { return numbers_.front(); }
    [[nodiscard]] double max() const { return numbers_.back(); }
    [[nodiscard]] double mean() const;
    /// Of the numbers as a sample (divided by count - 1); 0 of one number.
    [[nodiscard]] double variance() const { return variance_; }
    /// `at` from 0 to 1; between two numbers on the line between them (type 7 of Hyndman and Fan,
    /// as NumPy and R).
    [[nodiscard]] double quantile(double at) const;
    /// Bins of equal width from min to max; one bin if they are equal.
    [[nodiscard]] std::vector<HistogramBin> histogram(std::size_t bins) const;

private:
    std::size_t count_max_;
    ExactSum sum_;
    std::vector<double> numbers_;
    double variance_ = 0;
};

}  // namespace sluice::work
