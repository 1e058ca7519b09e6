// SPDX-License-Identifier: Apache-2.0
#include "kernel/base/random.h"
#include "modules/work/core/sketch/distinct_counter.h"
#include "modules/work/core/sketch/hash64.h"
#include "modules/work/core/sketch/quantile_sketch.h"
#include "modules/work/core/sketch/top_counter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace sluice::work {
namespace {

std::uint64_t hash_of(std::uint64_t number) { return hash64(std::to_string(number)); }

TEST(DistinctCounter, IsExactUpToItsNumber) {
    DistinctCounter counter(1000);
    EXPECT_EQ(counter.count(), 0u);
    for (int round = 0; round < 3; ++round) {
        for (std::uint64_t i = 0; i < 1000; ++i) counter.add(hash_of(i));
    }
    counter.add(hash_of(0));
    EXPECT_TRUE(counter.is_exact());
    EXPECT_EQ(counter.count(), 1000u);
}

TEST(DistinctCounter, EstimatesWithinFourStandardErrors) {
    for (const std::uint64_t different : {1'001u, 5'000u, 20'000u, 40'000u, 60'000u, 300'000u}) {
        DistinctCounter counter(1000);
        for (std::uint64_t i = 0; i < different; ++i) counter.add(hash_of(i * 7919 + 13));
        EXPECT_FALSE(counter.is_exact());
        EXPECT_EQ(counter.remembered(), 0u);
        EXPECT_NEAR(static_cast<double>(counter.count()), static_cast<double>(different),
                    4 * DistinctCounter::standard_error * static_cast<double>(different))
            << different;
    }
}

TEST(DistinctCounter, EveryHashIsTaken) {
    DistinctCounter counter(2);
    for (const std::uint64_t hash : {std::uint64_t{0}, UINT64_MAX, std::uint64_t{1} << 63}) {
        counter.add(hash);
    }
    EXPECT_FALSE(counter.is_exact());
    EXPECT_EQ(counter.count(), 3u);
}

TEST(QuantileSketch, IsExactWhileNumbersAreFew) {
    QuantileSketch sketch(300);
    for (int i = 300; i >= 1; --i) sketch.add(i);
    EXPECT_TRUE(sketch.is_exact());
    EXPECT_EQ(sketch.rank_error(), 0.0);
    const auto got = sketch.quantiles({0, 0.25, 0.5, 0.99, 1});
    EXPECT_DOUBLE_EQ(got[0], 1);
    EXPECT_DOUBLE_EQ(got[1], 75.75);
    EXPECT_DOUBLE_EQ(got[2], 150.5);
    EXPECT_DOUBLE_EQ(got[3], 297.01);
    EXPECT_DOUBLE_EQ(got[4], 300);
}

/// The largest distance, over many shares, of an answer's rank from the asked rank.
double worst_rank_error(const QuantileSketch& sketch, std::vector<double> numbers) {
    std::sort(numbers.begin(), numbers.end());
    std::vector<double> shares;
    for (int i = 1; i < 200; ++i) shares.push_back(i / 200.0);
    const auto got = sketch.quantiles(shares);
    double worst = 0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        const auto [low, high] = std::equal_range(numbers.begin(), numbers.end(), got[i]);
        const auto all = static_cast<double>(numbers.size());
        const double from = static_cast<double>(low - numbers.begin()) / all;
        const double to = static_cast<double>(high - numbers.begin()) / all;
        worst = std::max({worst, from - shares[i], shares[i] - to});
    }
    return worst;
}

TEST(QuantileSketch, KeepsItsErrorForEveryOrderAndShape) {
    Random random(5);
    constexpr int count = 120'000;
    std::map<std::string, std::vector<double>> streams;
    for (int i = 0; i < count; ++i) {
        const double unit = (static_cast<double>(random.below(1 << 30)) + 1) / (1 << 30);
        streams["rising"].push_back(i);
        streams["falling"].push_back(-i);
        streams["skewed"].push_back(std::pow(unit, -1.5));
        streams["few values"].push_back(static_cast<double>(random.below(7)));
        streams["even"].push_back(unit);
    }
    for (const auto& [name, numbers] : streams) {
        QuantileSketch sketch(1024);
        for (const double number : numbers) sketch.add(number);
        EXPECT_FALSE(sketch.is_exact());
        EXPECT_EQ(sketch.count(), numbers.size());
        // The bound is for one question with 99 %; here are 199 at once.
        EXPECT_LE(worst_rank_error(sketch, numbers), 2 * sketch.rank_error()) << name;
    }
}

TEST(TopCounter, IsExactWhileThereAreFewTexts) {
    TopCounter counter(3);
    for (const char* text : {"b", "a", "c", "a", "b", "a"}) counter.add(text);
    EXPECT_TRUE(counter.is_exact());
    const auto top = counter.top(2);
    ASSERT_EQ(top.size(), 2u);
    EXPECT_EQ(top[0].text, "a");
    EXPECT_EQ(top[0].count, 3u);
    EXPECT_EQ(top[1].text, "b");
    EXPECT_EQ(counter.top(10).size(), 3u);
}

TEST(TopCounter, ItsErrorHoldsAndFrequentTextsAreFound) {
    Random random(9);
    TopCounter counter(200);
    std::map<std::string, std::uint64_t> truth;
    constexpr std::uint64_t all = 100'000;
    for (std::uint64_t i = 0; i < all; ++i) {
        // Half of them a few frequent texts, half of them all different.
        const bool frequent = random.below(2) == 0;
        const std::uint64_t low = random.below(16);
        const std::string text = frequent ? "often " + std::to_string(random.below(low + 1))
                                          : "once " + std::to_string(i);
        counter.add(text);
        ++truth[text];
    }
    EXPECT_FALSE(counter.is_exact());
    EXPECT_LE(counter.error(), 2 * all / 200);
    const auto top = counter.top(1000);
    EXPECT_LE(top.size(), 200u);
    std::size_t found = 0;
    for (const auto& [text, count] : top) {
        EXPECT_LE(count, truth[text]) << text;
        EXPECT_GE(count + counter.error(), truth[text]) << text;
        if (truth[text] > counter.error()) ++found;
    }
    const auto frequent = std::count_if(truth.begin(), truth.end(), [&](const auto& entry) {
        return entry.second > counter.error();
    });
    EXPECT_EQ(found, static_cast<std::size_t>(frequent));
    EXPECT_EQ(top[0].text, "often 0");
}

TEST(TopCounter, CutsLongTexts) {
    TopCounter counter(4, 8);
    counter.add("0123456789");
    counter.add("0123456789");
    counter.add("0123456780");
    const auto top = counter.top(4);
    ASSERT_EQ(top.size(), 2u);
    EXPECT_EQ(top[0].text, "01234567");
    EXPECT_EQ(top[0].count, 2u);
}

}  // namespace
}  // namespace sluice::work
