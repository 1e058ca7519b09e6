// SPDX-License-Identifier: Apache-2.0
// What only the memory ledger can do: crashes and failures on demand. What every ledger promises is
// tested in tests/conformance.
#include "modules/jobs/ledger/memory_ledger.h"

#include "kernel/base/random.h"

#include <gtest/gtest.h>
#include <support/ledger_rows.h>

namespace sluice::jobs {
namespace {

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
