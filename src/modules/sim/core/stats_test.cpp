// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/stats.h"

#include "modules/sim/core/dist_stream.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sluice::sim {
namespace {

// Percentage points from the usual printed tables.
TEST(StudentT, AgreesWithThePrintedTable) {
    EXPECT_NEAR(student_t(0.95, 1), 12.7062, 1e-4);
    EXPECT_NEAR(student_t(0.95, 9), 2.26216, 1e-5);
    EXPECT_NEAR(student_t(0.95, 29), 2.04523, 1e-5);
    EXPECT_NEAR(student_t(0.99, 29), 2.75639, 1e-5);
    EXPECT_NEAR(student_t(0.999, 29), 3.65941, 1e-5);
    EXPECT_NEAR(student_t(0.999, 1), 636.6192, 1e-3);
    EXPECT_NEAR(student_t(0.95, 1e7), 1.959964, 1e-5);
}

TEST(StudentT, InvertsItsDistribution) {
    for (const double freedom : {1.0, 2.0, 5.0, 29.0, 200.0})
        for (const double level : {0.5, 0.9, 0.95, 0.999})
            EXPECT_NEAR(2 * student_cdf(student_t(level, freedom), freedom) - 1, level, 1e-11);
    EXPECT_NEAR(student_cdf(0, 7), 0.5, 1e-12);
    EXPECT_NEAR(student_cdf(1, 1), 0.75, 1e-12);
    EXPECT_NEAR(student_cdf(-1, 1), 0.25, 1e-12);
}

TEST(Summary, IsExactWhereTheNaiveSumIsNot) {
    Summary summary;
    for (const double value : {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}) summary.add(value);
    EXPECT_DOUBLE_EQ(summary.mean(), 1e9 + 10);
    EXPECT_DOUBLE_EQ(summary.variance(), 30);
    EXPECT_EQ(summary.min(), 1e9 + 4);
    EXPECT_EQ(summary.max(), 1e9 + 16);
}

TEST(Interval, IsStudents) {
    const double values[] = {1, 2, 3, 4, 5};
    const Interval made = interval_of(values, 0.95);
    EXPECT_DOUBLE_EQ(made.mean, 3);
    EXPECT_NEAR(made.half_width, 2.776445 * std::sqrt(2.5 / 5), 1e-5);
    EXPECT_TRUE(made.contains(3));
    EXPECT_FALSE(made.contains(5));
    const double one[] = {1};
    EXPECT_TRUE(interval_of(one).contains(1e300));
}

TEST(Interval, ContainsTheTruthAsOftenAsItSays) {
    for (const double level : {0.95, 0.99, 0.999}) {
        std::vector<Interval> intervals;
        for (std::uint64_t i = 0; i < 2'000; ++i) {
            Stream stream(11, i, 0);
            Summary summary;
            for (int k = 0; k < 10; ++k) summary.add(3 + 2 * stream.normal());
            intervals.push_back(interval_of(summary, level));
        }
        const Coverage coverage = coverage_of(intervals, 3);
        EXPECT_TRUE(coverage.fits()) << level << ": " << coverage.share();
    }
}

TEST(Coverage, SeesIntervalsThatAreTooNarrow) {
    std::vector<Interval> intervals(1'000, Interval{.mean = 0, .half_width = 1, .level = 0.95});
    for (std::size_t i = 0; i < 90; ++i) intervals[i].mean = 2;
    EXPECT_DOUBLE_EQ(coverage_of(intervals, 0).share(), 0.91);
    EXPECT_FALSE(coverage_of(intervals, 0).fits());
}

/// An autoregressive series around `mean` that begins at `start`.
std::vector<double> series(std::size_t length, double start, double mean, std::uint64_t number) {
    Stream stream(5, number, 0);
    std::vector<double> made;
    double off = start - mean;
    for (std::size_t i = 0; i < length; ++i) {
        made.push_back(mean + off);
        off = 0.9 * off + stream.normal();
    }
    return made;
}

TEST(BatchMeans, CoverACorrelatedSeriesWhichPlainIntervalsDoNot) {
    std::vector<Interval> batched;
    std::vector<Interval> plain;
    for (std::uint64_t i = 0; i < 300; ++i) {
        const auto one = series(4'000, 10, 10, i);
        batched.push_back(batch_means(one, 20).value());
        plain.push_back(interval_of(one));
    }
    EXPECT_GT(coverage_of(batched, 10).share(), 0.90);
    EXPECT_LT(coverage_of(plain, 10).share(), 0.60);
    EXPECT_GT(autocorrelation(series(4'000, 10, 10, 1)), 0.85);
}

TEST(BatchMeans, RefusesTooFew) {
    const double values[] = {1, 2, 3};
    EXPECT_FALSE(batch_means(values, 1));
    EXPECT_FALSE(batch_means(values, 4));
    EXPECT_DOUBLE_EQ(batch_means(values, 2).value().mean, 2.5);
}

TEST(Mser5, CutsAWarmUpAndNothingElse) {
    const Truncation cut = mser5(series(2'000, 100, 10, 1));
    EXPECT_TRUE(cut.conclusive);
    EXPECT_GE(cut.count, 25U);
    EXPECT_LE(cut.count, 200U);
    EXPECT_EQ(cut.count % 5, 0U);
    const std::vector<double> flat(500, 3.0);
    EXPECT_EQ(mser5(flat).count, 0U);
    EXPECT_TRUE(mser5(flat).conclusive);
}

TEST(Mser5, SaysWhenTheSeriesIsTooShort) {
    std::vector<double> rising;
    for (int i = 0; i < 400; ++i) rising.push_back(i);
    EXPECT_FALSE(mser5(rising).conclusive);
    EXPECT_FALSE(mser5(std::vector<double>(10, 1.0)).conclusive);
}

TEST(PairedDifference, IsNarrowWhereTheNoiseIsShared) {
    Stream stream(1, 0, 0);
    std::vector<double> a;
    std::vector<double> b;
    for (int i = 0; i < 30; ++i) {
        const double shared = 10 * stream.normal();
        a.push_back(shared + 0.1 * stream.normal());
        b.push_back(shared + 1 + 0.1 * stream.normal());
    }
    const Interval change = paired_difference(a, b, 0.999);
    EXPECT_TRUE(change.contains(1));
    EXPECT_FALSE(change.contains(0));
    EXPECT_LT(change.half_width, interval_of(a).half_width / 10);
}

TEST(Averaged, IsAsLongAsTheShortest) {
    const std::vector<std::vector<float>> all = {{1, 2, 3}, {3, 4}};
    EXPECT_EQ(averaged(all), (std::vector<double>{2, 3}));
    EXPECT_TRUE(averaged({}).empty());
}

}  // namespace
}  // namespace sluice::sim
