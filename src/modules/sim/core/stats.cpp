// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/stats.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace sluice::sim {
namespace {

constexpr std::size_t mser_batch = 5;

double mean_of(std::span<const double> values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// The means of consecutive groups of `size`; a rest that fills no group is left out at the end.
std::vector<double> group_means(std::span<const double> series, std::size_t size) {
    std::vector<double> means;
    means.reserve(series.size() / size);
    for (std::size_t i = 0; i + size <= series.size(); i += size)
        means.push_back(mean_of(series.subspan(i, size)));
    return means;
}

/// The continued fraction of the incomplete beta function (Numerical Recipes 6.4; modified Lentz).
double beta_fraction(double a, double b, double x) {
    constexpr double tiny = 1e-300;
    constexpr double precise = 1e-15;
    const auto away_from_zero = [](double v) { return std::abs(v) < tiny ? tiny : v; };
    double c = 1;
    double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
    double h = d;
    for (int m = 1; m <= 10'000; ++m) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 / away_from_zero(1 + even * d);
        c = away_from_zero(1 + even / c);
        h *= d * c;
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / away_from_zero(1 + odd * d);
        c = away_from_zero(1 + odd / c);
        h *= d * c;
        if (std::abs(d * c - 1) < precise) break;
    }
    return h;
}

}  // namespace

void Summary::add(double value) {
    min_ = count_ == 0 ? value : std::min(min_, value);
    max_ = count_ == 0 ? value : std::max(max_, value);
    ++count_;
    const double off = value - mean_;
    mean_ += off / static_cast<double>(count_);
    squares_ += off * (value - mean_);
}

double Summary::variance() const {
    return count_ < 2 ? 0 : squares_ / static_cast<double>(count_ - 1);
}

double Summary::deviation() const { return std::sqrt(variance()); }

double incomplete_beta(double a, double b, double x) {
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    const double log_front =
        std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x);
    const double front = std::exp(log_front);
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                     : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double student_cdf(double t, double freedom) {
    const double tail = incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t)) / 2;
    return t > 0 ? 1 - tail : tail;
}

double student_t(double level, double freedom) {
    SLUICE_CHECK(level > 0 && level < 1 && freedom >= 1);
    const double outside = 1 - level;  // both tails
    double low = 0;
    double high = 2;
    const auto beyond = [freedom](double t) {
        return incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t));
    };
    while (beyond(high) > outside) high *= 2;
    for (int i = 0; i < 200 && high - low > 1e-13 * high; ++i) {
        const double middle = (low + high) / 2;
        (beyond(middle) > outside ? low : high) = middle;
    }
    return (low + high) / 2;
}

double Interval::relative() const {
    return mean == 0 ? std::numeric_limits<double>::infinity() : half_width / std::abs(mean);
}

Interval interval_of(const Summary& summary, double level) {
    Interval made{.mean = summary.mean(), .half_width = 0, .level = level};
    if (summary.count() < 2) {
        made.half_width = std::numeric_limits<double>::infinity();
        return made;
    }
    const auto count = static_cast<double>(summary.count());
    made.half_width = student_t(level, count - 1) * std::sqrt(summary.variance() / count);
    return made;
}

Interval interval_of(std::span<const double> observations, double level) {
    Summary summary;
    for (const double value : observations) summary.add(value);
    return interval_of(summary, level);
}

Result<Interval> batch_means(std::span<const double> series, std::size_t batches, double level) {
    if (batches < 2) return fail(Code::invalid, "batch means need two batches or more");
    if (series.size() < batches)
        return fail(Code::invalid, "batch means need an observation for each batch");
    const std::size_t size = series.size() / batches;
    return interval_of(group_means(series.last(size * batches), size), level);
}

double autocorrelation(std::span<const double> series) {
    if (series.size() < 3) return 0;
    const double mean = mean_of(series);
    double products = 0;
    double squares = 0;
    for (std::size_t i = 0; i < series.size(); ++i) {
        const double off = series[i] - mean;
        squares += off * off;
        if (i > 0) products += off * (series[i - 1] - mean);
    }
    return squares > 0 ? products / squares : 0;
}

Interval paired_difference(std::span<const double> a, std::span<const double> b, double level) {
    SLUICE_CHECK(a.size() == b.size());
    Summary differences;
    for (std::size_t i = 0; i < a.size(); ++i) differences.add(b[i] - a[i]);
    return interval_of(differences, level);
}

// From the back, so that each group is added once: after adding group d, `rest` holds those from d
// on, and its squared error is variance / count.
Truncation mser5(std::span<const double> series) {
    const std::vector<double> groups = group_means(series, mser_batch);
    if (groups.size() < 4) return {};
    const std::size_t half = groups.size() / 2;
    Summary rest;
    double least = std::numeric_limits<double>::infinity();
    std::size_t best = 0;
    for (std::size_t d = groups.size(); d-- > 0;) {
        rest.add(groups[d]);
        if (d > half) continue;
        const auto count = static_cast<double>(rest.count());
        const double error = rest.variance() * (count - 1) / (count * count);
        if (error <= least) {
            least = error;
            best = d;
        }
    }
    return {.count = best * mser_batch, .conclusive = best < half};
}

std::vector<double> averaged(std::span<const std::vector<float>> series) {
    if (series.empty()) return {};
    std::size_t length = series.front().size();
    for (const auto& one : series) length = std::min(length, one.size());
    std::vector<double> mean(length, 0.0);
    for (const auto& one : series)
        for (std::size_t i = 0; i < length; ++i) mean[i] += static_cast<double>(one[i]);
    for (double& value : mean) value /= static_cast<double>(series.size());
    return mean;
}

double Coverage::share() const {
    return intervals == 0 ? 0 : static_cast<double>(containing) / static_cast<double>(intervals);
}

bool Coverage::fits() const {
    constexpr double z = 3.2905;  // 99.9 %, both sides
    const auto count = static_cast<double>(intervals);
    return std::abs(share() - level) <= z * std::sqrt(level * (1 - level) / count);
}

Coverage coverage_of(std::span<const Interval> intervals, double truth) {
    Coverage made;
    made.intervals = intervals.size();
    for (const Interval& one : intervals) {
        made.level = one.level;
        if (one.contains(truth)) ++made.containing;
    }
    return made;
}

}  // namespace sluice::sim
