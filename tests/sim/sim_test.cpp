// SPDX-License-Identifier: Apache-2.0
// The simulator as a test: seeds without faults are clean, every planted fault is caught, and a
// seed is one history.
#include "modules/jobs/engine/faults.h"
#include "world.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace sluice::jobs::sim {
namespace {

constexpr std::uint64_t ci_seeds = 500;
constexpr std::uint64_t fault_seeds_max = 2000;

std::string text(const std::optional<Violation>& violation) {
    return violation ? violation->number + ": " + violation->what : "clean";
}

TEST(Simulator, FiveHundredSeedsAreClean) {
    for (std::uint64_t seed = 1; seed <= ci_seeds; ++seed) {
        const Outcome outcome = run_seed({.seed = seed});
        ASSERT_FALSE(outcome.violation)
            << text(outcome.violation) << "\nreplay it with: ./dev sim " << seed << " 1s";
    }
}

TEST(Simulator, ASeedIsOneHistory) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        const Outcome first = run_seed({.seed = seed});
        const Outcome second = run_seed({.seed = seed});
        ASSERT_EQ(first.hash, second.hash) << "J22, seed " << seed;
        ASSERT_EQ(first.events, second.events);
    }
}

/// Seeds that once broke an invariant.
struct KeptSeed {
    std::uint64_t seed;
    const char* why;
};
constexpr KeptSeed kept_seeds[] = {
    {323, "a BEAT shortened a lease that EXTEND or a restart had made longer"},
    {9029756, "the checker took the last answer of a removed async queue for a durable one"},
};

TEST(Simulator, KeptSeedsStayClean) {
    for (const KeptSeed& kept : kept_seeds) {
        const Outcome outcome = run_seed({.seed = kept.seed});
        EXPECT_FALSE(outcome.violation)
            << "seed " << kept.seed << " (" << kept.why << "): " << text(outcome.violation);
    }
}

class PlantedFault : public testing::TestWithParam<std::size_t> {};

TEST_P(PlantedFault, IsCaught) {
    const auto fault = static_cast<Fault>(GetParam());
    for (std::uint64_t seed = 1; seed <= fault_seeds_max; ++seed) {
        const Outcome outcome = run_seed({.seed = seed, .faults = fault_bit(fault)});
        if (!outcome.violation) continue;
        std::printf("  %s: seed %llu, %s\n", std::string(to_string(fault)).c_str(),
                    static_cast<unsigned long long>(seed), text(outcome.violation).c_str());
        return;
    }
    FAIL() << to_string(fault) << " is not caught within " << fault_seeds_max << " seeds";
}

INSTANTIATE_TEST_SUITE_P(Simulator, PlantedFault, testing::Range<std::size_t>(0, fault_count),
                         [](const auto& parameter) {
                             return std::string(to_string(static_cast<Fault>(parameter.param)));
                         });

}  // namespace
}  // namespace sluice::jobs::sim
