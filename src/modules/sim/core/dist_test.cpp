// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/dist.h"

#include "modules/sim/core/dist_arrivals.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace sluice::sim {
namespace {

// Known answers of Random123's kat_vectors.
TEST(Philox, GivesTheKnownAnswers) {
    const PhiloxBlock zeros = {0x16554d9eca36314cULL, 0xdb20fe9d672d0fdcULL, 0xd7e772cee186176bULL,
                               0x7e68b68aec7ba23bULL};
    EXPECT_EQ(philox4x64({0, 0, 0, 0}, {0, 0}), zeros);
    constexpr std::uint64_t all = ~std::uint64_t{0};
    const PhiloxBlock ones = {0x87b092c3013fe90bULL, 0x438c3c67be8d0224ULL, 0x9cc7d7c69cd777b6ULL,
                              0xa09caebf594f0ba0ULL};
    EXPECT_EQ(philox4x64({all, all, all, all}, {all, all}), ones);
}

TEST(Stream, IsTheBlocksOfItsCounterInOrder) {
    Stream stream(7, 3, 5);
    for (std::uint64_t block = 0; block < 5; ++block) {
        const PhiloxBlock expected = philox4x64({block, 5, 3, 0}, {7, 0});
        for (const std::uint64_t number : expected) EXPECT_EQ(stream.next(), number);
    }
}

TEST(Stream, SeekReachesAnyPlace) {
    Stream walked(1, 2, 3);
    for (int i = 0; i < 1003; ++i) (void)walked.next();
    Stream jumped(1, 2, 3);
    jumped.seek(1003);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(walked.next(), jumped.next());
}

TEST(Stream, DiffersInSeedReplicationAndPurpose) {
    const std::uint64_t first = Stream(1, 1, 1).next();
    EXPECT_NE(Stream(2, 1, 1).next(), first);
    EXPECT_NE(Stream(1, 2, 1).next(), first);
    EXPECT_NE(Stream(1, 1, purpose_of("service")).next(), first);
    EXPECT_EQ(Stream(1, 1, 1).next(), first);
}

TEST(Ziggurat, LayersHaveOneAreaAndCloseAtTheTop) {
    using namespace ziggurat;
    EXPECT_NEAR(tail * std::exp(-tail) + std::exp(-tail), area, 1e-16);
    EXPECT_EQ(right[1], tail);
    EXPECT_EQ(right[256], 0);
    for (std::size_t i = 1; i < 256; ++i) {
        EXPECT_NEAR(height[i], std::exp(-right[i]), 1e-15);
        EXPECT_NEAR(right[i] * (height[i + 1] - height[i]), area, 1e-14) << i;
    }
}

TEST(Ziggurat, NormalLayersHaveOneAreaAndCloseAtTheTop) {
    using namespace ziggurat::half_normal;
    const double beyond = std::sqrt(std::acos(-1.0) / 2) * std::erfc(tail / std::sqrt(2.0));
    EXPECT_NEAR(tail * std::exp(-tail * tail / 2) + beyond, area, 1e-16);
    EXPECT_NEAR(right[0] * std::exp(-tail * tail / 2), area, 1e-16);
    EXPECT_EQ(right[1], tail);
    EXPECT_EQ(right[256], 0);
    EXPECT_EQ(height[256], 1);
    for (std::size_t i = 1; i < 256; ++i) {
        EXPECT_NEAR(height[i], std::exp(-right[i] * right[i] / 2), 1e-15);
        EXPECT_NEAR(right[i] * (height[i + 1] - height[i]), area, 1e-14) << i;
    }
}

// Shares of draws above each point, in the layers and in the tail; bounds of four sigma.
TEST(Stream, NormalHasItsDistribution) {
    constexpr int draws = 1'000'000;
    const double points[] = {-4, -2, -1, -0.1, 0, 0.3, 1, 2, 3, 3.66, 4};
    int above[11] = {};
    Stream stream(3, 1, 5);
    for (int i = 0; i < draws; ++i) {
        const double x = stream.normal();
        for (std::size_t k = 0; k < 11; ++k) above[k] += x > points[k] ? 1 : 0;
    }
    for (std::size_t k = 0; k < 11; ++k) {
        const double p = std::erfc(points[k] / std::sqrt(2.0)) / 2;
        EXPECT_NEAR(above[k], draws * p, 4 * std::sqrt(draws * p * (1 - p))) << points[k];
    }
}

// The same for the exponential distribution.
TEST(Stream, ExponentialHasItsDistribution) {
    constexpr int draws = 1'000'000;
    const double points[] = {0.01, 0.05, 0.3, 1, 2.5, 5, 7.7, 9};
    int above[8] = {};
    Stream stream(3, 1, 4);
    for (int i = 0; i < draws; ++i) {
        const double x = stream.exponential();
        for (std::size_t k = 0; k < 8; ++k) above[k] += x > points[k] ? 1 : 0;
    }
    for (std::size_t k = 0; k < 8; ++k) {
        const double p = std::exp(-points[k]);
        EXPECT_NEAR(above[k], draws * p, 4 * std::sqrt(draws * p * (1 - p))) << points[k];
    }
}

// Mean and cv of a large sample against the exact ones; the bounds are more than five sigma wide.
void expect_moments(const Result<Distribution>& made, double mean, double cv) {
    ASSERT_TRUE(made) << made.error().text();
    const Distribution& dist = made.value();
    EXPECT_NEAR(to_seconds(dist.mean()), mean, 1e-9);
    EXPECT_NEAR(dist.cv(), cv, 1e-9);
    for (const double factor : {1.0, 3.0}) {
        const Distribution drawn = dist.scaled(factor);
        Stream stream(42, 0, purpose_of(dist.name()));
        constexpr int draws = 100'000;
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < draws; ++i) {
            const double x = to_seconds(drawn.sample(stream));
            sum += x;
            squares += x * x;
        }
        const double found = sum / draws;
        const double deviation = std::sqrt(std::max(squares / draws - found * found, 0.0));
        EXPECT_NEAR(found, mean * factor, 0.02 * mean * factor * std::max(cv, 1e-6)) << dist.text();
        EXPECT_NEAR(deviation / found, cv, 0.08 * cv + 1e-6) << dist.text();
    }
}

TEST(Distribution, ConstantHasItsMoments) {
    expect_moments(Distribution::constant(250ms), 0.25, 0);
}
TEST(Distribution, ExponentialHasItsMoments) {
    expect_moments(Distribution::exponential(2s), 2, 1);
}
TEST(Distribution, UniformHasItsMoments) {
    expect_moments(Distribution::uniform(1s, 3s), 2, 1 / std::sqrt(12.0));
}
TEST(Distribution, LognormalHasItsMoments) {
    expect_moments(Distribution::lognormal(1s, 0.5), 1, 0.5);
    expect_moments(Distribution::lognormal(1s, 1.5), 1, 1.5);
}
TEST(Distribution, ErlangHasItsMoments) { expect_moments(Distribution::erlang(4, 1s), 1, 0.5); }
TEST(Distribution, GammaHasItsMoments) {
    expect_moments(Distribution::gamma(1s, 0.4), 1, 0.4);
    expect_moments(Distribution::gamma(1s, 2), 1, 2);
}
TEST(Distribution, HyperexponentialHasItsMoments) {
    expect_moments(Distribution::hyperexponential(1s, 3), 1, 3);
    expect_moments(Distribution::hyperexponential(1s, 1), 1, 1);
}
TEST(Distribution, EmpiricalHasTheMomentsOfItsValues) {
    expect_moments(Distribution::empirical({3s, 1s, 2s, 2s}), 2, std::sqrt(0.5) / 2);
}

TEST(Distribution, InversionTakesOneNumberOfTheStream) {
    const Distribution dists[] = {Distribution::uniform(0s, 1s).value(),
                                  Distribution::empirical({1s, 2s}).value()};
    for (const Distribution& dist : dists) {
        Stream stream(1, 1, 1);
        for (int i = 0; i < 1000; ++i) (void)dist.sample(stream);
        Stream expected(1, 1, 1);
        expected.seek(1000);
        EXPECT_EQ(stream.next(), expected.next()) << dist.text();
    }
}

TEST(Distribution, VariantsOfOneKindStayInStep) {
    const std::pair<Distribution, Distribution> pairs[] = {
        {Distribution::exponential(1s).value(), Distribution::exponential(5s).value()},
        {Distribution::lognormal(1s, 2).value(), Distribution::lognormal(3s, .5).value()},
        {Distribution::gamma(1s, 2).value(), Distribution::gamma(1s, 2).value().scaled(4)}};
    for (const auto& [one, other] : pairs) {
        Stream first(1, 1, 1);
        Stream second(1, 1, 1);
        for (int i = 0; i < 1000; ++i) {
            (void)one.sample(first);
            (void)other.sample(second);
        }
        EXPECT_EQ(first.next(), second.next()) << one.text();
    }
}

TEST(Distribution, RefusesWhatHasNoMeaning) {
    const Result<Distribution> refused[] = {
        Distribution::constant(-1s),
        Distribution::exponential(0s),
        Distribution::uniform(2s, 1s),
        Distribution::uniform(-1s, 1s),
        Distribution::lognormal(1s, 0),
        Distribution::lognormal(0s, 1),
        Distribution::lognormal(1s, NAN),
        Distribution::erlang(0, 1s),
        Distribution::gamma(1s, -1),
        Distribution::hyperexponential(1s, 0.9),
        Distribution::empirical({}),
        Distribution::empirical({1s, -1s}),
        Distribution::exponential(Duration::max()),
    };
    for (const auto& one : refused) {
        ASSERT_FALSE(one);
        EXPECT_EQ(one.error().code, Code::invalid);
    }
}

TEST(Distribution, SecondsAreLimited) {
    EXPECT_EQ(from_seconds(-1), 0s);
    EXPECT_EQ(from_seconds(NAN), 0s);
    EXPECT_EQ(from_seconds(1e300), from_seconds(3.15576e9));
    EXPECT_EQ(from_seconds(1.5), 1500ms);
}

/// Counts arrivals until `end` and checks that they never go back.
std::uint64_t count_until(const ArrivalProcess& process, Duration end, std::uint64_t seed = 1) {
    Arrivals arrivals(process, Stream(seed, 0, purpose_of("arrivals")));
    std::uint64_t count = 0;
    Duration last{0};
    for (auto at = arrivals.next(); at && *at <= end; at = arrivals.next()) {
        EXPECT_GE(*at, last);
        last = *at;
        ++count;
    }
    return count;
}

TEST(Arrivals, PoissonAndRenewalKeepTheirRate) {
    const auto poisson = ArrivalProcess::poisson(10).value();
    EXPECT_NEAR(static_cast<double>(count_until(poisson, 10'000s)), 1e5, 1600);
    EXPECT_NEAR(static_cast<double>(count_until(poisson.scaled(0.5), 10'000s)), 5e4, 1200);
    const auto renewal = ArrivalProcess::renewal(Distribution::erlang(4, 100ms).value()).value();
    EXPECT_DOUBLE_EQ(renewal.mean_rate(), 10);
    EXPECT_NEAR(static_cast<double>(count_until(renewal, 10'000s)), 1e5, 800);
}

TEST(Arrivals, ConstantComesAfterEachInterval) {
    const auto process = ArrivalProcess::constant(100ms).value();
    EXPECT_EQ(count_until(process, 10s), 100U);
    EXPECT_EQ(count_until(process.scaled(2), 10s), 200U);
}

TEST(Arrivals, BurstsKeepTheirMeanRateAndClump) {
    const auto process = ArrivalProcess::bursts({{20, 10s}, {0, 30s}}).value();
    EXPECT_DOUBLE_EQ(process.mean_rate(), 5);
    EXPECT_DOUBLE_EQ(process.peak_rate(), 20);
    EXPECT_NEAR(static_cast<double>(count_until(process, 100'000s)), 5e5, 6e4);
    // Index of dispersion of counts in windows of a stay: far above Poisson's 1.
    Arrivals arrivals(process, Stream(3, 0, 0));
    std::vector<double> counts(2'000);
    for (auto at = arrivals.next(); at && *at < 20'000s; at = arrivals.next())
        ++counts[static_cast<std::size_t>(*at / 10s)];
    double mean = 0;
    double squares = 0;
    for (const double count : counts) {
        mean += count / 2'000;
        squares += count * count / 2'000;
    }
    EXPECT_GT((squares - mean * mean) / mean, 20);
}

TEST(Arrivals, CurveFollowsItsSteps) {
    const auto day = ArrivalProcess::curve({{0h, .1}, {8h, 1}, {18h, .2}}).value();
    EXPECT_NEAR(day.mean_rate(), (8 * .1 + 10 * 1 + 6 * .2) / 24.0, 1e-9);
    EXPECT_DOUBLE_EQ(day.rate_at(9h), 1);
    EXPECT_DOUBLE_EQ(day.rate_at(24h + 20h), .2);
    Arrivals arrivals(day, Stream(5, 0, 0));
    double counts[24] = {};
    for (auto at = arrivals.next(); at && *at < 240h; at = arrivals.next())
        ++counts[static_cast<std::size_t>(*at / 1h % 24)];
    EXPECT_NEAR(counts[3], 10 * 360, 300);
    EXPECT_NEAR(counts[8], 10 * 3600, 950);
    EXPECT_NEAR(counts[23], 10 * 720, 420);
}

TEST(Arrivals, LinearCurveLeadsFromPointToPoint) {
    const auto day = ArrivalProcess::curve({{0h, 0}, {12h, 12}}, 24h, CurveShape::linear).value();
    EXPECT_DOUBLE_EQ(day.rate_at(6h), 6);
    EXPECT_DOUBLE_EQ(day.rate_at(18h), 6);
    EXPECT_NEAR(day.mean_rate(), 6, 1e-9);
    EXPECT_NEAR(static_cast<double>(count_until(day, 24h)), 6 * 86'400, 3700);
}

TEST(Arrivals, TraceIsGivenBackAndEnds) {
    const auto process = ArrivalProcess::trace({1s, 2s, 2s, 5s}).value();
    Arrivals arrivals(process, Stream(1, 0, 0));
    EXPECT_EQ(arrivals.next(), 1s);
    EXPECT_EQ(arrivals.next(), 2s);
    EXPECT_EQ(arrivals.next(), 2s);
    EXPECT_EQ(arrivals.next(), 5s);
    EXPECT_EQ(arrivals.next(), std::nullopt);
    EXPECT_EQ(arrivals.next(), std::nullopt);
    EXPECT_DOUBLE_EQ(process.mean_rate(), 0.8);
    EXPECT_EQ(count_until(process.scaled(2), 2500ms), 4U);
}

TEST(Arrivals, NeverIsNever) {
    EXPECT_EQ(count_until(ArrivalProcess(), 24h), 0U);
    EXPECT_EQ(count_until(ArrivalProcess::poisson(0).value(), 24h), 0U);
}

TEST(Arrivals, RareOnesEndWithTime) {
    Arrivals arrivals(ArrivalProcess::poisson(1e-12).value(), Stream(1, 0, 0));
    EXPECT_EQ(arrivals.next(), std::nullopt);
}

TEST(Arrivals, RefusesWhatHasNoMeaning) {
    EXPECT_FALSE(ArrivalProcess::poisson(-1));
    EXPECT_FALSE(ArrivalProcess::poisson(NAN));
    EXPECT_FALSE(ArrivalProcess::constant(0s));
    EXPECT_FALSE(ArrivalProcess::renewal(Distribution()));
    EXPECT_FALSE(ArrivalProcess::bursts({}));
    EXPECT_FALSE(ArrivalProcess::bursts({{0, 1s}}));
    EXPECT_FALSE(ArrivalProcess::bursts({{1, 0s}}));
    EXPECT_FALSE(ArrivalProcess::curve({}));
    EXPECT_FALSE(ArrivalProcess::curve({{1h, 1}}));
    EXPECT_FALSE(ArrivalProcess::curve({{0h, 1}, {25h, 1}}));
    EXPECT_FALSE(ArrivalProcess::curve({{0h, 0}}));
    EXPECT_FALSE(ArrivalProcess::trace({2s, 1s}));
}

}  // namespace
}  // namespace sluice::sim
