// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/engine/window.h"

#include "modules/jobs/engine/scene_testing.h"

#include <gtest/gtest.h>

#include <deque>

namespace sluice::jobs {
namespace {

constexpr WindowLimits four{4, 1 << 20};

struct WindowTest : testing::Test {
    Slot* slot() {
        slots.emplace_back();
        slots.back().job.body = jobs::scene::make_body("j");
        return &slots.back();
    }
    /// As the engine does: into memory or counted as on disk. True: into memory.
    bool enter(Order key) {
        if (!window.takes(key, four)) {
            window.spill();
            return false;
        }
        window.add(key, slot());
        return true;
    }
    Window<Order> window;
    std::deque<Slot> slots;
};

TEST_F(WindowTest, TakesUpToItsLimitAndSpillsTheRest) {
    for (Order key = 1; key <= 4; ++key) EXPECT_TRUE(enter(key));
    EXPECT_FALSE(enter(5));
    EXPECT_FALSE(enter(6));
    EXPECT_EQ(window.resident(), 4U);
    EXPECT_EQ(window.spilled(), 2U);
    EXPECT_EQ(window.size(), 6U);
}

TEST_F(WindowTest, KeysBehindSpilledOnesAreSpilledAlthoughThereIsRoom) {
    for (Order key = 1; key <= 5; ++key) enter(key);
    for (Order key = 1; key <= 3; ++key) window.remove(key);
    EXPECT_FALSE(enter(6));
    EXPECT_TRUE(enter(0));  // before everything: belongs to the front
    EXPECT_EQ(window.front_key(), 0U);
}

TEST_F(WindowTest, EvictsTheLastAboveAQuarterMoreThanItsLimit) {
    for (Order key = 10; key <= 13; ++key) enter(key);
    for (Order key = 9; key >= 8; --key) enter(key);
    ASSERT_NE(window.evict(four), nullptr);
    EXPECT_EQ(window.evict(four), nullptr);
    EXPECT_EQ(window.spilled(), 1U);
    EXPECT_FALSE(enter(13));  // where the evicted one was
}

TEST_F(WindowTest, RefillsAfterTheLastResidentKeyWhenHalfEmptyAndOnlyOnceAtATime) {
    for (Order key = 1; key <= 8; ++key) enter(key);
    EXPECT_FALSE(window.begin_refill(four));
    window.remove(1);
    window.remove(2);
    const auto after = window.begin_refill(four);
    ASSERT_TRUE(after);
    EXPECT_EQ(*after, 4U);
    EXPECT_FALSE(window.begin_refill(four));
    ASSERT_TRUE(window.end_refill(*after));
    window.refill(5, slot());
    window.refill(6, slot());
    EXPECT_EQ(window.spilled(), 2U);
    EXPECT_FALSE(enter(9));
}

TEST_F(WindowTest, AnAnswerForAnEarlierHorizonIsThrownAway) {
    for (Order key = 11; key <= 15; ++key) enter(key);
    window.remove(11);
    window.remove(12);
    const auto after = window.begin_refill(four);
    ASSERT_TRUE(after);
    for (Order key = 5; key <= 9; ++key) window.add(key, slot());
    while (window.evict(four) != nullptr) {
    }
    EXPECT_FALSE(window.end_refill(*after));
    EXPECT_EQ(window.size(), 8U);
}

TEST_F(WindowTest, IsStarvedWhenEverythingLeftIsOnDisk) {
    for (Order key = 1; key <= 5; ++key) enter(key);
    for (Order key = 1; key <= 4; ++key) window.remove(key);
    EXPECT_TRUE(window.starved());
    window.unspill();
    EXPECT_FALSE(window.starved());
    EXPECT_TRUE(enter(3));  // nothing is behind the horizon any more
}

TEST_F(WindowTest, ARefillAsksForTheBytesThatAreFree) {
    const std::size_t one = slot()->bytes();
    const WindowLimits limits{100, 4 * one};
    window.add(1, slot());
    EXPECT_EQ(window.room(limits), 3 * one);
    for (Order key = 2; key <= 5; ++key) {
        EXPECT_TRUE(window.has_room(limits) == (key <= 4 || window.bytes() < limits.bytes));
        window.add(key, slot());
    }
    EXPECT_FALSE(window.has_room(limits));
    EXPECT_EQ(window.room(limits), 1U);  // a page is never empty
    EXPECT_TRUE(window.within(limits));
    EXPECT_EQ(window.bytes(), 5 * one);
}

TEST_F(WindowTest, BytesLimitItToo) {
    const WindowLimits small{100, 1};
    window.add(1, slot());
    EXPECT_FALSE(window.takes(2, small));
    EXPECT_TRUE(window.takes(0, small));
}

}  // namespace
}  // namespace sluice::jobs
