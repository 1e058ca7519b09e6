// SPDX-License-Identifier: Apache-2.0
#include "sdk/pressure.h"

#include <gtest/gtest.h>

namespace sluice::sdk {
namespace {

MemorySample available(std::uint64_t of_1000) {
    return {.available = Bytes{of_1000}, .total = Bytes{1000}};
}
MemorySample stalled(double percent) { return {.stalled_percent = percent}; }

TEST(PressureGate, ClosesBelowTheLimitAndOpensWellAboveIt) {
    PressureGate gate({.available_percent_min = 10});
    EXPECT_FALSE(gate.update(available(100)));
    EXPECT_TRUE(gate.update(available(99)));
    EXPECT_TRUE(gate.is_closed());
    EXPECT_EQ(gate.reason(), "9.9 % of memory available");
    EXPECT_FALSE(gate.update(available(101))) << "not yet well above";
    EXPECT_FALSE(gate.update(available(149)));
    EXPECT_TRUE(gate.update(available(150)));
    EXPECT_FALSE(gate.is_closed());
}

TEST(PressureGate, ClosesWhenEverybodyWaitsForMemory) {
    PressureGate gate({.available_percent_min = 10, .stalled_percent_max = 15});
    EXPECT_FALSE(gate.update(stalled(15)));
    EXPECT_TRUE(gate.update(stalled(15.1)));
    EXPECT_FALSE(gate.update(stalled(10.1)));
    MemorySample both = available(500);
    both.stalled_percent = 9.9;
    EXPECT_TRUE(gate.update(both));
    EXPECT_EQ(gate.reason(), "50.0 % of memory available, 9.9 % of the time waiting for memory");
}

TEST(PressureGate, WithoutLimitsOrMeasurementsItStaysOpen) {
    PressureGate none({});
    EXPECT_FALSE(none.update(available(0)));
    PressureGate blind({.available_percent_min = 10, .stalled_percent_max = 10});
    EXPECT_FALSE(blind.update({}));
    EXPECT_FALSE(blind.update({.available = Bytes{1}, .total = Bytes{0}}));
    EXPECT_FALSE(blind.is_closed());
}

}  // namespace
}  // namespace sluice::sdk
