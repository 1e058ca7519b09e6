// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include <gtest/gtest.h>

namespace sluice::jobs::sim {
namespace {
TEST(Simulator, FirstSeed) { EXPECT_FALSE(run_seed({.seed = 1}).violation); }
}  // namespace
}  // namespace sluice::jobs::sim
