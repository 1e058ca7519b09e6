// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/dist.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace sluice::sim {
namespace {

constexpr double seconds_max = 3.15576e9;  // 100 years
constexpr double cv_max = 1'000;

Status check_mean(std::string_view kind, Duration mean) {
    if (mean <= Duration::zero() || to_seconds(mean) > seconds_max)
        return fail(Code::invalid,
                    std::string(kind) + ": the mean must be above 0, at most 100 years");
    return {};
}

Status check_cv(std::string_view kind, double cv, double least) {
    if (!(cv >= least) || !(cv <= cv_max) || cv == 0)
        return fail(Code::invalid, std::string(kind) + ": cv must be " +
                                       (least > 0 ? "1 or more" : "above 0") + ", at most 1000");
    return {};
}

/// Gamma with scale 1: Marsaglia and Tsang, "A simple method for generating gamma variables"
/// (2000).
double draw_gamma(double shape, Stream& stream) {
    double boost = 1;
    if (shape < 1) {
        boost = std::pow(stream.unit_above_zero(), 1 / shape);
        shape += 1;
    }
    const double d = shape - 1.0 / 3;
    const double c = 1 / std::sqrt(9 * d);
    for (;;) {
        const double x = stream.normal();
        const double root = 1 + c * x;
        if (root <= 0) continue;
        const double v = root * root * root;
        if (std::log(stream.unit_above_zero()) < 0.5 * x * x + d - d * v + d * std::log(v))
            return boost * d * v;
    }
}

}  // namespace

Duration from_seconds(double seconds) {
    if (!(seconds > 0)) return Duration::zero();
    return Duration{std::llround(std::min(seconds, seconds_max) * 1e9)};
}

Result<Distribution> Distribution::constant(Duration value) {
    if (value < Duration::zero() || to_seconds(value) > seconds_max)
        return fail(Code::invalid, "constant: the value must be 0 to 100 years");
    Distribution made;
    made.a_ = made.mean_ = to_seconds(value);
    return made;
}

Result<Distribution> Distribution::exponential(Duration mean) {
    SLUICE_TRY_STATUS(check_mean("exponential", mean));
    Distribution made;
    made.kind_ = Kind::exponential;
    made.a_ = made.mean_ = to_seconds(mean);
    made.cv_ = 1;
    return made;
}

Result<Distribution> Distribution::uniform(Duration low, Duration high) {
    if (low < Duration::zero() || high < low || to_seconds(high) > seconds_max)
        return fail(Code::invalid, "uniform: 0 <= low <= high <= 100 years is wanted");
    Distribution made;
    made.kind_ = Kind::uniform;
    made.a_ = to_seconds(low);
    made.b_ = to_seconds(high - low);
    made.mean_ = made.a_ + made.b_ / 2;
    made.cv_ = made.mean_ > 0 ? made.b_ / std::sqrt(12.0) / made.mean_ : 0;
    return made;
}

Result<Distribution> Distribution::lognormal(Duration mean, double cv) {
    SLUICE_TRY_STATUS(check_mean("lognormal", mean));
    SLUICE_TRY_STATUS(check_cv("lognormal", cv, 0));
    Distribution made;
    made.kind_ = Kind::lognormal;
    made.mean_ = to_seconds(mean);
    made.cv_ = cv;
    const double variance = std::log1p(cv * cv);
    made.a_ = std::log(made.mean_) - variance / 2;
    made.b_ = std::sqrt(variance);
    return made;
}

Result<Distribution> Distribution::erlang(unsigned phases, Duration mean) {
    SLUICE_TRY_STATUS(check_mean("erlang", mean));
    if (phases < 1 || phases > erlang_phases_max)
        return fail(Code::invalid, "erlang: phases must be 1 to 1000");
    Distribution made;
    made.kind_ = Kind::erlang;
    made.mean_ = to_seconds(mean);
    made.a_ = phases;
    made.b_ = made.mean_ / made.a_;
    made.cv_ = 1 / std::sqrt(made.a_);
    return made;
}

Result<Distribution> Distribution::gamma(Duration mean, double cv) {
    SLUICE_TRY_STATUS(check_mean("gamma", mean));
    SLUICE_TRY_STATUS(check_cv("gamma", cv, 0));
    Distribution made;
    made.kind_ = Kind::gamma;
    made.mean_ = to_seconds(mean);
    made.cv_ = cv;
    made.a_ = 1 / (cv * cv);
    made.b_ = made.mean_ / made.a_;
    return made;
}

Result<Distribution> Distribution::hyperexponential(Duration mean, double cv) {
    SLUICE_TRY_STATUS(check_mean("hyperexponential", mean));
    SLUICE_TRY_STATUS(check_cv("hyperexponential", cv, 1));
    Distribution made;
    made.kind_ = Kind::hyper;
    made.mean_ = to_seconds(mean);
    made.cv_ = cv;
    const double square = cv * cv;
    made.a_ = (1 + std::sqrt((square - 1) / (square + 1))) / 2;
    made.b_ = made.mean_ / (2 * made.a_);
    made.c_ = made.mean_ / (2 * (1 - made.a_));
    return made;
}

Result<Distribution> Distribution::empirical(std::vector<Duration> values) {
    if (values.empty() || values.size() > empirical_values_max)
        return fail(Code::invalid, "empirical: 1 to 10000000 values are wanted");
    std::sort(values.begin(), values.end());
    if (values.front() < Duration::zero() || to_seconds(values.back()) > seconds_max)
        return fail(Code::invalid, "empirical: values must be 0 to 100 years");
    Distribution made;
    made.kind_ = Kind::empirical;
    made.a_ = 1;
    const auto count = static_cast<double>(values.size());
    for (const Duration value : values) made.mean_ += to_seconds(value) / count;
    double variance = 0;
    for (const Duration value : values) {
        const double off = to_seconds(value) - made.mean_;
        variance += off * off / count;
    }
    made.cv_ = made.mean_ > 0 ? std::sqrt(variance) / made.mean_ : 0;
    made.values_ = std::make_shared<const std::vector<Duration>>(std::move(values));
    return made;
}

std::string_view Distribution::name() const {
    switch (kind_) {
        case Kind::constant: return "constant";
        case Kind::exponential: return "exponential";
        case Kind::uniform: return "uniform";
        case Kind::lognormal: return "lognormal";
        case Kind::erlang: return "erlang";
        case Kind::gamma: return "gamma";
        case Kind::hyper: return "hyperexponential";
        case Kind::empirical: return "empirical";
    }
    return "";
}

std::string Distribution::text() const {
    std::string said(name());
    said += kind_ == Kind::constant ? " " : ", mean ";
    said += format_duration(mean());
    if (kind_ != Kind::constant && kind_ != Kind::exponential) {
        char number[32];
        std::snprintf(number, sizeof number, ", cv %.3g", cv_);
        said += number;
    }
    return said;
}

Distribution Distribution::scaled(double factor) const {
    SLUICE_CHECK(factor > 0);
    Distribution made = *this;
    made.mean_ *= factor;
    switch (kind_) {
        case Kind::constant:
        case Kind::exponential:
        case Kind::empirical: made.a_ *= factor; break;
        case Kind::uniform:
            made.a_ *= factor;
            made.b_ *= factor;
            break;
        case Kind::lognormal: made.a_ += std::log(factor); break;
        case Kind::erlang:
        case Kind::gamma: made.b_ *= factor; break;
        case Kind::hyper:
            made.b_ *= factor;
            made.c_ *= factor;
            break;
    }
    return made;
}

Duration Distribution::sample_other(Stream& stream) const {
    switch (kind_) {
        case Kind::exponential:
        case Kind::constant: return from_seconds(a_);
        case Kind::uniform: return from_seconds(a_ + b_ * stream.unit());
        case Kind::lognormal: return from_seconds(std::exp(a_ + b_ * stream.normal()));
        case Kind::erlang: {
            double sum = 0;
            for (auto left = static_cast<unsigned>(a_); left > 0; --left)
                sum += stream.exponential();
            return from_seconds(b_ * sum);
        }
        case Kind::gamma: return from_seconds(b_ * draw_gamma(a_, stream));
        case Kind::hyper: {
            const double mean = stream.chance(a_) ? b_ : c_;
            return from_seconds(mean * stream.exponential());
        }
        case Kind::empirical: {
            const Duration value = (*values_)[stream.below(values_->size())];
            return a_ == 1 ? value : from_seconds(a_ * to_seconds(value));
        }
    }
    return Duration::zero();
}

}  // namespace sluice::sim
