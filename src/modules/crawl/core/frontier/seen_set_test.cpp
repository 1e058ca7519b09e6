// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/frontier/seen_set.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::crawl {
namespace {

Fingerprint print(int number) {
    return fingerprint("http://example.org/" + std::to_string(number));
}

TEST(SeenSet, KnowsEverythingWhileItFits) {
    SeenSet seen(1U << 20U);
    for (int i = 0; i < 10'000; ++i) {
        EXPECT_EQ(seen.find(print(i)), Seen::no);
        seen.set(print(i), i % 3 == 0 ? Seen::too_deep : Seen::taken);
    }
    EXPECT_TRUE(seen.is_whole());
    for (int i = 0; i < 10'000; ++i)
        EXPECT_EQ(seen.find(print(i)), i % 3 == 0 ? Seen::too_deep : Seen::taken);
    EXPECT_EQ(seen.find(print(10'000)), Seen::no);
}

TEST(SeenSet, AStateIsReplaced) {
    SeenSet seen(1);
    seen.set(print(1), Seen::too_far);
    seen.set(print(1), Seen::taken);
    EXPECT_EQ(seen.find(print(1)), Seen::taken);
}

TEST(SeenSet, StaysInItsMemoryAndSaysThatItForgets) {
    constexpr std::size_t limit = 64U << 10U;
    SeenSet seen(limit);
    for (int i = 0; i < 100'000; ++i) {
        seen.set(print(i), Seen::taken);
        ASSERT_LE(seen.bytes(), limit);
    }
    EXPECT_FALSE(seen.is_whole());
    EXPECT_EQ(seen.find(print(99'999)), Seen::taken);
}

TEST(SeenSet, WhatIsAskedForIsKept) {
    SeenSet seen(16U << 10U);
    seen.set(print(0), Seen::taken);
    for (int i = 1; i < 50'000; ++i) {
        seen.set(print(i), Seen::taken);
        ASSERT_EQ(seen.find(print(0)), Seen::taken) << i;
    }
}

// Kept on disk: another function would make every URL new.
TEST(SeenSet, FingerprintsDoNotChange) {
    const Fingerprint known = fingerprint("http://example.org/");
    EXPECT_EQ(known.high, fingerprint("http://example.org/").high);
    EXPECT_EQ(known.low & 3U, 0U);
    EXPECT_EQ(known.high, 0x13dab8d42ad22181ULL);
    EXPECT_EQ(known.low, 0x70c0198247c23048ULL);
}

}  // namespace
}  // namespace sluice::crawl
