// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/engine/job_table.h"

#include "modules/jobs/engine/scene_testing.h"

#include <gtest/gtest.h>

namespace sluice::jobs {
namespace {

JobRecord record(std::uint64_t seq, std::string_view jid) {
    JobRecord job;
    job.head.seq = Seq(seq);
    job.body = jobs::scene::make_body(jid);
    return job;
}

TEST(JobTable, FindsBySeqAndTheNewestByJid) {
    JobTable table;
    Slot* second = table.make(record(2, "a"));
    table.insert(second);
    Slot* first = table.make(record(1, "a"));  // read from disk later, pushed earlier
    table.insert(first);
    Slot* third = table.make(record(3, "a"));
    table.insert(third);
    EXPECT_EQ(table.find(Seq(1)), first);
    EXPECT_EQ(table.newest("a"), third);
    EXPECT_EQ(third->older, second);
    EXPECT_EQ(second->older, first);
    EXPECT_EQ(first->older, nullptr);
}

TEST(JobTable, AChainSurvivesTheLossOfAnyOfItsJobs) {
    for (std::uint64_t gone = 1; gone <= 3; ++gone) {
        JobTable table;
        for (std::uint64_t seq = 1; seq <= 3; ++seq) table.insert(table.make(record(seq, "a")));
        table.release(table.find(Seq(gone)));
        std::vector<std::uint64_t> left;
        for (const Slot* slot = table.newest("a"); slot != nullptr; slot = slot->older)
            left.push_back(slot->job.head.seq.value());
        std::vector<std::uint64_t> expected{3, 2, 1};
        std::erase(expected, gone);
        EXPECT_EQ(left, expected);
    }
}

TEST(JobTable, AReleasedSlotIsNotFoundAndItsJidIsFree) {
    JobTable table;
    table.insert(table.make(record(1, "a")));
    table.release(table.find(Seq(1)));
    EXPECT_EQ(table.find(Seq(1)), nullptr);
    EXPECT_EQ(table.newest("a"), nullptr);
    table.insert(table.make(record(2, "a")));
    EXPECT_EQ(table.newest("a")->job.head.seq, Seq(2));
    EXPECT_EQ(table.size(), 1U);
}

TEST(JobTable, ASlotThatNobodyInsertsEndsWithTheTable) {
    // The leak checker is the judge.
    JobTable table;
    Slot* first = table.make(record(1, "a"));
    Slot* second = table.make(record(2, "b"));
    table.make(record(3, "c"));
    table.insert(first);
    table.release(second);
    EXPECT_EQ(table.size(), 1U);
    EXPECT_EQ(table.find(Seq(3)), nullptr);
}

}  // namespace
}  // namespace sluice::jobs
