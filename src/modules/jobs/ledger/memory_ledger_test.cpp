// SPDX-License-Identifier: Apache-2.0
// What only the memory ledger can do: crashes and failures on demand. What every ledger promises is
// tested in tests/conformance.
#include "modules/jobs/ledger/memory_ledger.h"

#include "kernel/base/random.h"

#include <gtest/gtest.h>

#include <sstream>

namespace sluice::jobs {
namespace {

JobRecord make_job(std::uint64_t seq, const std::string& jid, JobState state = JobState::enqueued) {
    JobRecord job;
    job.head.seq = Seq(seq);
    job.head.queue = QueueId(1);
    job.head.state = state;
    job.head.order = seq;
    job.body = std::make_shared<const JobBody>(
        JobBody::Texts{
            .jid = jid, .type = "t", .queue = "q", .args = "[1]", .custom = "", .extra = ""},
        JobPolicy{});
    return job;
}

std::string dump(MemoryLedger& ledger) {
    std::ostringstream out;
    const auto state = ledger.load([&](JobRecord&& job) { out << job << '\n'; });
    EXPECT_TRUE(state);
    for (const auto& row : state->queues) out << row.id.value() << row.name << row.paused << '\n';
    out << state->totals.pushed << '\n';
    for (std::uint64_t queue = 1; queue <= 3; ++queue) {
        const auto page = ledger.read({.queue = QueueId(queue), .priority = 5, .limit = 1000});
        for (const auto& job : page->jobs) out << "ready " << job << '\n';
    }
    const auto due = ledger.read({.kind = ReadKind::due, .limit = 1000});
    for (const auto& job : due->jobs) out << "due " << job << '\n';
    std::vector<std::string> names;
    for (int i = 0; i < 20; ++i) names.push_back("j" + std::to_string(i));
    const std::vector<std::string_view> jids(names.begin(), names.end());
    std::vector<std::optional<JobRecord>> found;
    EXPECT_TRUE(ledger.find(jids, SIZE_MAX, found));
    for (const auto& job : found) out << (job ? job->head.seq.value() : 0) << ' ';
    return out.str();
}

std::vector<Write> random_batch(Random& random) {
    std::vector<Write> batch;
    for (std::uint64_t n = random.below(6); n > 0; --n) {
        const std::uint64_t seq = 1 + random.below(100);
        const std::string jid = "j" + std::to_string(random.below(20));
        auto state = static_cast<JobState>(random.below(job_state_count));
        JobRecord job = make_job(seq, jid, state);
        job.head.due_at = wall_from_ns(static_cast<std::int64_t>(random.below(5)));
        switch (random.below(12)) {
            case 0:
            case 1:
            case 2: batch.emplace_back(PutJob{job, true}); break;
            case 3: batch.emplace_back(PutJob{job, false}); break;
            case 4:
            case 5: batch.emplace_back(EraseJob{Seq(seq), jid, random.chance(0.5)}); break;
            case 6: batch.emplace_back(PutReady{QueueId(1), 5, seq, Seq(seq)}); break;
            case 7: batch.emplace_back(EraseReady{QueueId(1), 5, seq}); break;
            case 8: batch.emplace_back(PutDue{job.head.due_at, Seq(seq)}); break;
            case 9: batch.emplace_back(EraseDue{job.head.due_at, Seq(seq)}); break;
            case 10: batch.emplace_back(PutTotals{{.pushed = random.below(1000)}}); break;
            default:
                if (random.chance(0.2)) {
                    batch.emplace_back(EraseEverything{});
                } else {
                    batch.emplace_back(PutQueue{{.id = QueueId(1 + random.below(3)),
                                                 .name = "q",
                                                 .paused = random.chance(0.5)}});
                }
        }
    }
    return batch;
}

TEST(MemoryLedger, CrashKeepsExactlyTheSyncedAndTheFirstUnsyncedBatches) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        Random random(seed);
        MemoryLedger subject;
        MemoryLedger model;
        ASSERT_TRUE(subject.load([](JobRecord&&) {}));
        ASSERT_TRUE(model.load([](JobRecord&&) {}));
        for (int round = 0; round < 5; ++round) {
            std::vector<std::vector<Write>> unsynced;
            for (std::uint64_t n = random.below(20); n > 0; --n) {
                unsynced.push_back(random_batch(random));
                ASSERT_TRUE(subject.write(unsynced.back()));
                if (!random.chance(0.3)) continue;
                ASSERT_TRUE(subject.sync());
                for (const auto& batch : unsynced) ASSERT_TRUE(model.write(batch));
                unsynced.clear();
            }
            ASSERT_EQ(subject.unsynced(), unsynced.size());
            const std::size_t keep = random.below(unsynced.size() + 1);
            for (std::size_t i = 0; i < keep; ++i) ASSERT_TRUE(model.write(unsynced[i]));
            subject.crash(keep);
            EXPECT_FALSE(subject.write({}));
            ASSERT_EQ(dump(subject), dump(model)) << "seed " << seed;
        }
    }
}

TEST(MemoryLedger, FailedWriteChangesNothingAndStopsTheLedger) {
    MemoryLedger ledger;
    ASSERT_TRUE(ledger.load([](JobRecord&&) {}));
    const std::vector<Write> batch{PutJob{make_job(1, "a"), true}};
    ledger.fail_next_write(Code::exhausted);
    EXPECT_EQ(ledger.write(batch).error().code, Code::exhausted);
    EXPECT_EQ(ledger.write(batch).error().code, Code::io);
    EXPECT_EQ(ledger.sync().error().code, Code::io);
    ASSERT_TRUE(ledger.load([](JobRecord&&) { ADD_FAILURE(); }));
    EXPECT_TRUE(ledger.write(batch));
    EXPECT_EQ(ledger.job_count(), 1U);
}

TEST(MemoryLedger, FailedWriteMayBeKeptNevertheless) {
    MemoryLedger ledger;
    ASSERT_TRUE(ledger.load([](JobRecord&&) {}));
    ledger.fail_next_write(Code::io, true);
    EXPECT_FALSE(ledger.write(std::vector<Write>{PutJob{make_job(1, "a"), true}}));
    int seen = 0;
    ASSERT_TRUE(ledger.load([&](JobRecord&&) { ++seen; }));
    EXPECT_EQ(seen, 1);
}

TEST(MemoryLedger, FailedSyncLeavesTheBatchesToTheCrash) {
    for (const std::size_t keep : {0U, 1U}) {
        MemoryLedger ledger;
        ASSERT_TRUE(ledger.load([](JobRecord&&) {}));
        ASSERT_TRUE(ledger.write(std::vector<Write>{PutJob{make_job(1, "a"), true}}));
        ledger.fail_next_sync(Code::io);
        EXPECT_FALSE(ledger.sync());
        EXPECT_FALSE(ledger.sync());
        ledger.crash(keep);
        std::size_t seen = 0;
        ASSERT_TRUE(ledger.load([&](JobRecord&&) { ++seen; }));
        EXPECT_EQ(seen, keep);
    }
}

}  // namespace
}  // namespace sluice::jobs
