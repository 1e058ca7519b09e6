// SPDX-License-Identifier: Apache-2.0
// The crawler's simulator as a test: seeds without faults are clean, every planted fault is caught,
// and a seed is one history.
#include "modules/crawl/core/politeness/faults.h"
#include "world.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace sluice::crawl::sim {
namespace {

constexpr std::uint64_t ci_seeds = 500;
constexpr std::uint64_t fault_seeds_max = 1000;

std::string text(const std::optional<Violation>& violation) {
    return violation ? violation->number + ": " + violation->what : "clean";
}

TEST(CrawlSimulator, FiveHundredSeedsAreClean) {
    for (std::uint64_t seed = 1; seed <= ci_seeds; ++seed) {
        const Outcome outcome = run_seed({.seed = seed});
        ASSERT_FALSE(outcome.violation)
            << text(outcome.violation) << "\nreplay it with: ./dev crawl-sim " << seed << " 1s";
    }
}

TEST(CrawlSimulator, ASeedIsOneHistory) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        const Outcome first = run_seed({.seed = seed});
        const Outcome second = run_seed({.seed = seed});
        ASSERT_EQ(first.hash, second.hash) << "seed " << seed;
        ASSERT_EQ(first.events, second.events);
    }
}

class PlantedCrawlFault : public testing::TestWithParam<std::size_t> {};

TEST_P(PlantedCrawlFault, IsCaught) {
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

INSTANTIATE_TEST_SUITE_P(CrawlSimulator, PlantedCrawlFault,
                         testing::Range<std::size_t>(0, fault_count), [](const auto& parameter) {
                             return std::string(to_string(static_cast<Fault>(parameter.param)));
                         });

}  // namespace
}  // namespace sluice::crawl::sim
