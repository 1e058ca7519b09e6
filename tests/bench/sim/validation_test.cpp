// SPDX-License-Identifier: Apache-2.0
// The short form of `bench_sim --validate`: every model of the table, fewer customers. Labelled
// "sim", so it runs in the release build.
#include "validation.h"

#include <gtest/gtest.h>

namespace sluice::bench {
namespace {

TEST(Validation, EveryModelLiesInsideItsInterval) {
    const ValidationReport report =
        validate({.replications = 30, .customers = 40'000, .coverage_customers = 1'000});
    for (const ValidationRow& row : report.rows)
        EXPECT_TRUE(row.is_good())
            << row.model << ", " << row.measure << ": exact " << row.exact << ", simulated "
            << row.simulated.low() << " to " << row.simulated.high();
    EXPECT_EQ(report.staffing, report.staffing_exact);
    for (const auto& [name, one] : report.coverage)
        EXPECT_TRUE(one.fits()) << name << ": " << one.containing << " of " << one.intervals;
    EXPECT_LE(report.little_off, .01);
    EXPECT_GE(report.rows.size(), 30U);
    EXPECT_TRUE(report.is_good());
}

// A model that is a little wrong must fall out of its interval: the check can see.
TEST(Validation, SeesAModelThatIsThreePercentOff) {
    ValidationRow row{.model = "", .measure = "", .exact = 1.03, .simulated = {}};
    row.simulated = {.mean = 1, .half_width = .01, .level = .999};
    EXPECT_FALSE(row.is_good());
    row.is_bound = true;
    EXPECT_TRUE(row.is_good());
    row.exact = .98;
    EXPECT_FALSE(row.is_good());
}

}  // namespace
}  // namespace sluice::bench
