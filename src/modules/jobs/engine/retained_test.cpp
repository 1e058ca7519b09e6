// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/engine/retained.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory_resource>
#include <string>

namespace sluice::jobs {
namespace {

DueKey at(int seconds, std::uint64_t seq) { return {WallTime{} + seconds * 1s, Seq(seq)}; }

TEST(Retained, ForgetsInTheOrderOfTimeAndNotBefore) {
    Retained kept;
    kept.add(at(20, 1), {.jid = "later"});
    kept.add(at(10, 2),
             {.jid = std::string(200, 'j'), .state = JobState::cancelled, .named = true});
    EXPECT_EQ(kept.next_deadline(), WallTime{} + 10s);
    EXPECT_FALSE(kept.pop(WallTime{} + 9s, 2));
    const auto first = kept.pop(WallTime{} + 10s, 2);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->first.seq, Seq(2));
    EXPECT_EQ(first->second.jid, std::string(200, 'j'));
    EXPECT_TRUE(first->second.named);
    EXPECT_EQ(first->second.state, JobState::cancelled);
    EXPECT_FALSE(kept.pop(WallTime{} + 10s, 2));
    EXPECT_EQ(kept.size(), 1U);
}

TEST(Retained, ForgetsTheSoonestWhenThereAreTooMany) {
    Retained kept;
    for (std::uint64_t seq = 1; seq <= 1000; ++seq) {
        kept.add(at(static_cast<int>(seq), seq), {.jid = "job-" + std::to_string(seq)});
    }
    for (std::uint64_t seq = 1; seq <= 997; ++seq) {
        EXPECT_EQ(kept.pop(WallTime{}, 3)->first.seq, Seq(seq));
    }
    EXPECT_FALSE(kept.pop(WallTime{}, 3));
}

TEST(Retained, RemembersWhoseJidALaterJobOwnsAndCanBeUsedAfterClear) {
    Retained kept;
    kept.add(at(1, 1), {.jid = "a"});
    kept.add(at(2, 2), {.jid = "b"});
    kept.supersede(at(2, 2));
    kept.remove(at(1, 1));
    EXPECT_TRUE(kept.pop(WallTime{} + 2s, 0)->second.superseded);
    kept.add(at(3, 3), {.jid = "c"});
    kept.clear();
    EXPECT_EQ(kept.size(), 0U);
    EXPECT_FALSE(kept.next_deadline());
    kept.add(at(4, 4), {.jid = "d"});
    EXPECT_EQ(kept.pop(WallTime{} + 4s, 1)->first.seq, Seq(4));
}

TEST(Retained, FindsThoseThatHaveNoRowOnDisk) {
    Retained kept;
    kept.add(at(1, 1), {.jid = "a"});
    kept.add(at(2, 2), {.jid = "on disk", .named = true});
    kept.add(at(3, 3), {.jid = "b", .superseded = true});
    kept.add(at(4, 4), {.jid = "b"});
    EXPECT_EQ(kept.find("a"), Seq(1));
    EXPECT_FALSE(kept.find("on disk"));
    EXPECT_EQ(kept.find("b"), Seq(4));
    EXPECT_FALSE(kept.find("c"));
    EXPECT_FALSE(kept.has_place_for("b"));
    EXPECT_TRUE(kept.has_place_for("on disk"));
    kept.supersede(at(4, 4));
    EXPECT_FALSE(kept.find("b"));
    kept.add(at(5, 5), {.jid = "b"});
    EXPECT_EQ(kept.pop(WallTime{} + 1s, 9)->first.seq, Seq(1));
    EXPECT_FALSE(kept.find("a"));
    for (int left = 0; left < 3; ++left) EXPECT_TRUE(kept.pop(WallTime{} + 4s, 9));
    EXPECT_EQ(kept.find("b"), Seq(5));
    kept.remove(at(5, 5));
    EXPECT_FALSE(kept.find("b"));
    kept.add(at(6, 6), {.jid = "b"});
    kept.clear();
    EXPECT_FALSE(kept.find("b"));
}

/// What is taken from the heap.
class Counting final : public std::pmr::memory_resource {
public:
    std::size_t bytes = 0;

private:
    void* do_allocate(std::size_t size, std::size_t alignment) override {
        bytes += size;
        return std::pmr::new_delete_resource()->allocate(size, alignment);
    }
    void do_deallocate(void* place, std::size_t size, std::size_t alignment) override {
        bytes -= size;
        std::pmr::new_delete_resource()->deallocate(place, size, alignment);
    }
    [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
        return this == &other;
    }
};

TEST(Retained, ANamedIdOfTwentyFourBytesTakesAHundredAndItsMemoryIsUsedAgain) {
    constexpr std::uint64_t ids = 100'000;
    Counting heap;
    Retained kept(&heap);
    const auto add = [&](std::uint64_t seq) {
        kept.add(at(static_cast<int>(seq), seq),
                 {.jid = "0123456789abcdef01234567", .named = true});
    };
    for (std::uint64_t seq = 1; seq <= ids; ++seq) add(seq);
    EXPECT_LT(heap.bytes, ids * 104);
    const std::size_t full = heap.bytes;
    for (std::uint64_t seq = ids + 1; seq <= 3 * ids; ++seq) {
        add(seq);
        EXPECT_TRUE(kept.pop(WallTime{}, ids));
    }
    EXPECT_LE(heap.bytes, full + full / 10);
    kept.clear();
    EXPECT_LT(heap.bytes, 10'000U);
}

}  // namespace
}  // namespace sluice::jobs
