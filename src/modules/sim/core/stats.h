// SPDX-License-Identifier: Apache-2.0
// Statistics of simulation output: confidence intervals over replications or batches, warm-up
// deletion, paired comparison. Pure arithmetic on numbers that somebody else made.
#pragma once

#include "kernel/base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sluice::sim {

/// Count, mean and variance of numbers as they come (Welford).
class Summary {
public:
    void add(double value);
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] double mean() const { return mean_; }
    /// Of the sample (divided by count - 1); 0 below two numbers.
    [[nodiscard]] double variance() const;
    [[nodiscard]] double deviation() const;
    [[nodiscard]] double min() const { return min_; }
    [[nodiscard]] double max() const { return max_; }

private:
    std::uint64_t count_ = 0;
    double mean_ = 0;
    double squares_ = 0;
    double min_ = 0;
    double max_ = 0;
};

/// The t with P(|T| <= t) = level for Student's distribution; level in (0, 1), freedom 1 or more.
/// To 1e-9 relative. 0.95, 0.99 and 0.999 are the levels that reports use.
double student_t(double level, double freedom);
/// P(T <= t).
double student_cdf(double t, double freedom);
/// I_x(a, b), the regularised incomplete beta function.
double incomplete_beta(double a, double b, double x);

/// A confidence interval of a mean.
struct Interval {
    double mean = 0;
    double half_width = 0;  ///< Infinite below two observations.
    double level = 0.95;

    [[nodiscard]] double low() const { return mean - half_width; }
    [[nodiscard]] double high() const { return mean + half_width; }
    [[nodiscard]] bool contains(double value) const { return low() <= value && value <= high(); }
    /// Half width over |mean|; infinite for mean 0.
    [[nodiscard]] double relative() const;
};

/// Of independent observations, such as one number per replication (Student's t).
Interval interval_of(std::span<const double> observations, double level = 0.95);
Interval interval_of(const Summary& summary, double level = 0.95);

/// Of one long autocorrelated series, cut into `batches` equal ones whose means count as
/// independent; what does not fill the batches is left out at the front. Errors: invalid (fewer
/// than two batches, or fewer observations than batches).
Result<Interval> batch_means(std::span<const double> series, std::size_t batches = 32,
                             double level = 0.95);
/// Lag-1 autocorrelation; near 0 for the means of batches that are long enough.
double autocorrelation(std::span<const double> series);

/// Of the mean of b[i] - a[i]. With common random numbers (replication i of both scenarios drew
/// the same ones) much narrower than the difference of two independent means. The spans must have
/// one length.
Interval paired_difference(std::span<const double> a, std::span<const double> b,
                           double level = 0.95);

/// Where a warm-up ends.
struct Truncation {
    std::size_t count = 0;    ///< Observations to leave out at the front.
    bool conclusive = false;  ///< False: the best place lies at half of the series or the series is
                              ///< too short; it is not long enough to say.
};

/// MSER-5 (White, Cobb, Spratt 2000): of the means of 5 observations each, leaves out as many as
/// makes the standard error of the mean of the rest least; searched in the first half.
Truncation mser5(std::span<const double> series);

/// Welch's picture of a warm-up: the mean over replications, observation by observation, as long as
/// the shortest series. Feed it to mser5: one truncation for all replications.
std::vector<double> averaged(std::span<const std::vector<float>> series);

/// How many of `intervals` contain the truth, and whether that fits their level.
struct Coverage {
    std::size_t intervals = 0;
    std::size_t containing = 0;
    double level = 0.95;

    [[nodiscard]] double share() const;
    /// Inside the 99.9 % range of the binomial distribution (normal approximation).
    [[nodiscard]] bool fits() const;
};
Coverage coverage_of(std::span<const Interval> intervals, double truth);

}  // namespace sluice::sim
