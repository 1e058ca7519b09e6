// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/novelty/novelty.h"

#include "kernel/base/random.h"
#include "modules/crawl/core/novelty/simhash.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::crawl {
namespace {

std::vector<std::string> words(std::uint64_t seed, int count) {
    Random random(seed);
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) all.push_back("w" + std::to_string(random.below(5'000)));
    return all;
}

std::uint64_t simhash(const std::vector<std::string>& text) {
    Simhash hash;
    for (const std::string& word : text) hash.add(word);
    return hash.value();
}

TEST(Simhash, AFewOtherWordsChangeFewBitsAndAnotherTextMany) {
    int near_most = 0, far_least = 64;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        auto text = words(seed, 1'000);
        const std::uint64_t before = simhash(text);
        EXPECT_EQ(simhash(text), before);
        text[500] = "2026-11-21";
        near_most = std::max(near_most, simhash_distance(before, simhash(text)));
        far_least =
            std::min(far_least, simhash_distance(before, simhash(words(seed + 1'000, 1'000))));
    }
    EXPECT_LE(near_most, 6);
    EXPECT_GE(far_least, 12);
}

TEST(Simhash, TheOrderOfWordsMatters) {
    auto text = words(1, 300);
    const std::uint64_t before = simhash(text);
    std::reverse(text.begin(), text.end());
    EXPECT_GT(simhash_distance(before, simhash(text)), 3);
    EXPECT_EQ(Simhash().value(), 0U);
}

TEST(Novelty, ACalendarWithoutEndBecomesStale) {
    Novelty novelty({.stale_after = 10});
    for (int day = 0; day < 11; ++day) {
        EXPECT_FALSE(novelty.is_stale("/calendar/2026")) << day;
        novelty.note("/calendar/" + std::to_string(day),
                     day % 2 == 0 ? 0xFF00FF00ULL : 0xFF00FF01ULL);
    }
    EXPECT_TRUE(novelty.is_stale("/calendar/2027"));
    EXPECT_FALSE(novelty.is_stale("/articles/1"));
}

TEST(Novelty, APageThatIsNewEndsTheRow) {
    Novelty novelty({.stale_after = 3});
    for (int i = 0; i < 4; ++i) novelty.note("/a/x", 0);
    EXPECT_TRUE(novelty.is_stale("/a/y"));
    novelty.note("/a/z", ~std::uint64_t{0});
    EXPECT_FALSE(novelty.is_stale("/a/y"));
}

TEST(Novelty, QueriesOfOnePageAreOnePrefix) {
    EXPECT_EQ(novelty_prefix("/list?page=3"), "/list?");
    EXPECT_EQ(novelty_prefix("/a/b/c?x"), "/a/b/c?");
    EXPECT_EQ(novelty_prefix("/a/b/c"), "/a/");
    EXPECT_EQ(novelty_prefix("/a"), "/");
    EXPECT_EQ(novelty_prefix("/"), "/");
}

TEST(Novelty, RemembersAndWatchesOnlySoMuch) {
    Novelty novelty({.distance = 0, .stale_after = 1, .pages_max = 4, .prefixes_max = 2});
    for (std::uint64_t i = 0; i < 100; ++i) novelty.note("/p/", i);
    novelty.note("/p/", 0);
    EXPECT_FALSE(novelty.is_stale("/p/")) << "the first pages were forgotten";
    for (int i = 0; i < 9; ++i) novelty.note("/" + std::to_string(i) + "/", 0);
    EXPECT_TRUE(novelty.is_stale("/0/"));
    EXPECT_FALSE(novelty.is_stale("/8/")) << "not watched";
}

}  // namespace
}  // namespace sluice::crawl
