// SPDX-License-Identifier: Apache-2.0
// Distribution: how long something takes. A value that draws from a Stream given to it; it holds no
// randomness itself. Arrival processes, which remember where they are, stand in dist_arrivals.h.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "modules/sim/core/dist_stream.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sim {

/// Seconds as whole nanoseconds, rounded to the nearest; limited to 0 … 100 years.
Duration from_seconds(double seconds);

/// A distribution of durations. The factories refuse what has no meaning: Errors: invalid.
class Distribution {
public:
    enum class Kind { constant, exponential, uniform, lognormal, erlang, gamma, hyper, empirical };

    static constexpr std::size_t empirical_values_max = 10'000'000;
    static constexpr unsigned erlang_phases_max = 1'000;

    /// Always zero.
    Distribution() = default;
    /// Always `value` (0 or more).
    static Result<Distribution> constant(Duration value);
    static Result<Distribution> exponential(Duration mean);
    /// Equally likely from `low` to `high`.
    static Result<Distribution> uniform(Duration low, Duration high);
    /// Mean and coefficient of variation (standard deviation over mean) of the duration itself, not
    /// of its logarithm.
    static Result<Distribution> lognormal(Duration mean, double cv);
    /// The sum of `phases` equal exponential ones, together `mean`; cv 1 / sqrt(phases).
    static Result<Distribution> erlang(unsigned phases, Duration mean);
    static Result<Distribution> gamma(Duration mean, double cv);
    /// Two exponential branches with balanced means; cv of 1 or more.
    static Result<Distribution> hyperexponential(Duration mean, double cv);
    /// One of `values`, each as likely (1 to empirical_values_max of them, none negative).
    static Result<Distribution> empirical(std::vector<Duration> values);

    [[nodiscard]] Kind kind() const { return kind_; }
    /// The kind as the word used in scenarios ("lognormal").
    [[nodiscard]] std::string_view name() const;
    /// The exact mean (of the values where empirical).
    [[nodiscard]] Duration mean() const { return from_seconds(mean_); }
    /// The exact coefficient of variation; 0 where the mean is 0.
    [[nodiscard]] double cv() const { return cv_; }
    /// For people: "lognormal, mean 250ms, cv 2".
    [[nodiscard]] std::string text() const;

    /// The same distribution, stretched by `factor` (above 0): every draw times that.
    [[nodiscard]] Distribution scaled(double factor) const;

    /// One draw. constant takes no number of the stream; uniform and empirical exactly one,
    /// exponential and lognormal one in 99 of 100 draws. How many does not depend on the mean, the
    /// cv or the factor, so compared variants of one kind stay in step.
    Duration sample(Stream& stream) const {
        // The commonest kind is decided here, where the compiler can see it into the caller's loop.
        if (kind_ == Kind::exponential) {
            const double ns = a_ * 1e9 * stream.exponential();
            return Duration{static_cast<std::int64_t>(ns < ns_max ? ns + 0.5 : ns_max)};
        }
        return sample_other(stream);
    }

private:
    static constexpr double ns_max = 3.15576e18;  // 100 years

    Duration sample_other(Stream& stream) const;

    Kind kind_ = Kind::constant;
    double mean_ = 0;  ///< Seconds.
    double cv_ = 0;
    // constant, exponential: value or mean; uniform: low, width; lognormal: mu, sigma of the
    // logarithm; erlang, gamma: shape, scale; hyper: chance and mean of the first branch, mean of
    // the second; empirical: a factor. Seconds.
    double a_ = 0;
    double b_ = 0;
    double c_ = 0;
    std::shared_ptr<const std::vector<Duration>> values_;  ///< Ascending.
};

}  // namespace sluice::sim
