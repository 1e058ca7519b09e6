// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/event_slots.h"

#include "modules/sim/core/dist_stream.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>
#include <vector>

namespace sluice::sim {
namespace {

TEST(EventSlots, AreEmptyUntilSet) {
    EventSlots slots(3);
    EXPECT_TRUE(slots.empty());
    EXPECT_EQ(slots.time(), EventSlots::never);
    slots.set(2, 7);
    EXPECT_FALSE(slots.empty());
    EXPECT_EQ(slots.time(), 7);
    EXPECT_EQ(slots.slot(), 2U);
    slots.set(2, EventSlots::never);
    EXPECT_TRUE(slots.empty());
}

TEST(EventSlots, OneSlotIsEnough) {
    EventSlots slots(1);
    slots.set(0, 5);
    EXPECT_EQ(slots.time(), 5);
    slots.set(0, 0);
    EXPECT_EQ(slots.time(), 0);
    EXPECT_EQ(slots.slot(), 0U);
}

TEST(EventSlots, OfOneTimeTheLowestSlotComesFirst) {
    EventSlots slots(6);
    for (const std::uint32_t slot : {4U, 1U, 5U, 2U}) slots.set(slot, 9);
    for (const std::uint32_t slot : {1U, 2U, 4U, 5U}) {
        EXPECT_EQ(slots.slot(), slot);
        slots.set(slot, EventSlots::never);
    }
    EXPECT_TRUE(slots.empty());
}

// Against an ordered set, for numbers of slots below, at and above powers of two, with many ties.
TEST(EventSlots, AgreeWithAnOrderedSet) {
    for (const std::uint32_t count : {1U, 2U, 3U, 5U, 8U, 100U, 129U}) {
        EventSlots slots(count);
        std::set<std::pair<std::int64_t, std::uint32_t>> expected;
        std::vector<std::int64_t> times(count, EventSlots::never);
        Stream stream(count, 0, purpose_of("slots"));
        for (int step = 0; step < 5'000; ++step) {
            const auto slot = static_cast<std::uint32_t>(stream.below(count));
            const std::int64_t time =
                stream.chance(.2) ? EventSlots::never : static_cast<std::int64_t>(stream.below(50));
            expected.erase({times[slot], slot});
            if (time != EventSlots::never) expected.emplace(time, slot);
            times[slot] = time;
            slots.set(slot, time);
            ASSERT_EQ(slots.empty(), expected.empty());
            if (expected.empty()) continue;
            ASSERT_EQ(slots.time(), expected.begin()->first);
            ASSERT_EQ(slots.slot(), expected.begin()->second);
        }
    }
}

}  // namespace
}  // namespace sluice::sim
