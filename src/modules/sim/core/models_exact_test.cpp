// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/models_exact.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sluice::sim::exact {
namespace {

// Each figure was computed elsewhere; together they are the table that the simulator is held to.
TEST(Exact, ErlangC) {
    EXPECT_NEAR(mmc({.9, 1}, 1).in_queue, 8.1, 1e-9);
    EXPECT_NEAR(mmc({.9, 1}, 1).wait, 9.0, 1e-9);
    EXPECT_NEAR(mmc({2.4, 1}, 3).p_wait, .64719, 5e-6);
    EXPECT_NEAR(mmc({2.4, 1}, 3).wait, 1.07865, 5e-6);
    EXPECT_NEAR(mmc({2.4, 1}, 3).in_queue, 2.58876, 5e-6);
    EXPECT_NEAR(mmc({9, 1}, 10).p_wait, .66873, 5e-6);
    EXPECT_NEAR(mmc({9, 1}, 10).wait, .66873, 5e-6);
    EXPECT_NEAR(mmc({9, 1}, 10).in_queue, 6.01858, 5e-6);
    EXPECT_NEAR(mmc({95, 1}, 100).p_wait, .50646, 5e-6);
    EXPECT_NEAR(mmc({95, 1}, 100).wait, .10129, 5e-6);
    EXPECT_TRUE(std::isinf(mmc({3, 1}, 3).wait));
    EXPECT_NEAR(mmc_wait_beyond({2.4, 1}, 3, 0), .64719, 5e-6);
    EXPECT_NEAR(mmc_wait_beyond({2.4, 1}, 3, 5), .64719 * std::exp(-3), 5e-6);
}

TEST(Exact, ErlangBAndLimitedCapacity) {
    EXPECT_NEAR(erlang_b(9, 10), .167963, 5e-7);
    EXPECT_NEAR(mmck({9, 1}, 10, 10).p_lost, .167963, 5e-7);
    EXPECT_NEAR(mmck({9, 1}, 10, 10).in_system, 9 * (1 - .167963), 5e-6);
    EXPECT_DOUBLE_EQ(mmck({9, 1}, 10, 10).p_wait, 0);
    const Steady ten = mmck({2.4, 1}, 3, 10);
    EXPECT_NEAR(ten.p_lost, .0304516, 5e-8);
    EXPECT_NEAR(ten.in_queue, 1.44241, 5e-6);
    EXPECT_NEAR(ten.wait, .619883, 5e-7);
    EXPECT_NEAR(ten.sojourn, 1.619883, 5e-7);
    const Steady five = mmck({1.2, 1}, 1, 5);
    EXPECT_NEAR(five.p_lost, .250588, 5e-7);
    EXPECT_NEAR(five.in_queue, 2.12188, 5e-6);
    EXPECT_NEAR(five.wait, 2.35949, 5e-6);
    const Steady large = mmck({1, 1}, 1'000, 2'000);
    EXPECT_NEAR(large.in_system, 1, 1e-9);
    EXPECT_NEAR(large.wait, 0, 1e-9);
}

TEST(Exact, PollaczekKhinchine) {
    EXPECT_NEAR(mg1(.8, 1, 0).wait, 2, 1e-12);
    EXPECT_NEAR(mg1(.8, 1, 1).wait, 4, 1e-12);
    EXPECT_NEAR(mg1(.8, 1, 2).wait, 10, 1e-12);
    EXPECT_TRUE(std::isinf(mg1(1, 1, 1).wait));
}

TEST(Exact, Priorities) {
    const double light[] = {.3, .5};
    EXPECT_NEAR(cobham_waits(light, 1, 1)[0], 1.142857, 5e-7);
    EXPECT_NEAR(cobham_waits(light, 1, 1)[1], 5.714286, 5e-7);
    EXPECT_NEAR(preemptive_sojourns(light, 1)[0], 1.428571, 5e-7);
    EXPECT_NEAR(preemptive_sojourns(light, 1)[1], 7.142857, 5e-7);
    const double three[] = {.8, 1.6};
    EXPECT_NEAR(cobham_waits(three, 1, 3)[0], .294178, 5e-7);
    EXPECT_NEAR(cobham_waits(three, 1, 3)[1], 1.470889, 5e-7);
    const double heavy[] = {.5, .7};
    EXPECT_TRUE(std::isfinite(cobham_waits(heavy, 1, 1)[0]));
    EXPECT_TRUE(std::isinf(cobham_waits(heavy, 1, 1)[1]));
    EXPECT_TRUE(std::isinf(preemptive_sojourns(heavy, 1)[1]));
}

TEST(Exact, KingmanBoundsAndMeetsMM1InHeavyTraffic) {
    EXPECT_GT(kingman_bound({.8, 1, 1, 1}), 4);
    EXPECT_NEAR(kingman_approximation({.8, 1, 1, 1}), 4, 1e-12);
    EXPECT_NEAR(kingman_bound({.999, 1, 1, 1}) / mg1(.999, 1, 1).wait, 1, 2e-3);
    EXPECT_TRUE(std::isinf(kingman_bound({1, 1, 1, 1})));
}

TEST(Exact, StaffingAndRetries) {
    EXPECT_EQ(servers_for(50, .2), 58U);
    EXPECT_NEAR(erlang_c(50, 58), .1944, 5e-5);
    EXPECT_GT(erlang_c(50, 57), .2);
    EXPECT_NEAR(retry_load_factor(.2, 5), 1.2496, 1e-12);
    EXPECT_DOUBLE_EQ(retry_load_factor(1, 5), 5);
    EXPECT_DOUBLE_EQ(retry_load_factor(0, 5), 1);
}

}  // namespace
}  // namespace sluice::sim::exact
