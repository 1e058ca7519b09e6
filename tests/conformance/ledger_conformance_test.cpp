// SPDX-License-Identifier: Apache-2.0
// What every ledger promises, whatever it is made of.
#include "ledger_conformance.h"
#include "modules/jobs/ledger/memory_ledger.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace sluice::jobs {
namespace {

TEST_P(LedgerConformance, WrittenIsVisibleBeforeTheSync) {
    write({PutJob{make_job(1, "a"), true}, PutJid{Seq(1), "a"}});
    const auto job = find("a");
    ASSERT_TRUE(job);
    EXPECT_EQ(job->head.seq, Seq(1));
    EXPECT_EQ(job->body->args(), make_job(1, "a").body->args());
    EXPECT_EQ(seqs(read({.kind = ReadKind::jobs, .limit = 10})), (Numbers{1, 0}));
}

TEST_P(LedgerConformance, SyncedSurvivesACrash) {
    write({PutJob{make_job(1, "a"), true}, PutJid{Seq(1), "a"}, PutTotals{{.pushed = 7}},
           PutQueue{{.id = QueueId(3), .name = "mails", .paused = true, .durable = false}}});
    sync();
    rig_->crash();
    const LedgerState state = load();
    ASSERT_EQ(loaded_.size(), 1U);
    EXPECT_EQ(loaded_[0].body->jid(), "a");
    EXPECT_EQ(state.totals.pushed, 7U);
    ASSERT_EQ(state.queues.size(), 1U);
    EXPECT_EQ(state.queues[0],
              (QueueRow{.id = QueueId(3), .name = "mails", .paused = true, .durable = false}));
}

TEST_P(LedgerConformance, UnsyncedIsLostInACrashAsAWhole) {
    write({PutJob{make_job(1, "a"), true}, PutJid{Seq(1), "a"}});
    sync();
    write({PutJob{make_job(2, "b"), true}, PutJid{Seq(2), "b"}, EraseJob{Seq(1), "a"}});
    rig_->crash();
    load();
    ASSERT_EQ(loaded_.size(), 1U);
    EXPECT_EQ(loaded_[0].head.seq, Seq(1));
    EXPECT_TRUE(find("a"));
    EXPECT_FALSE(find("b"));
}

TEST_P(LedgerConformance, SecondLoadKeepsWhatWasWritten) {
    write({PutJob{make_job(1, "a"), true}, PutJid{Seq(1), "a"}});
    load();
    EXPECT_EQ(loaded_.size(), 1U);
    rig_->crash();
    load();
    EXPECT_EQ(loaded_.size(), 1U);
}

TEST_P(LedgerConformance, LoadVisitsInPushOrder) {
    for (const std::uint64_t seq : {300U, 2U, 1000U, 1U, 256U, 65536U, 255U}) {
        write({PutJob{make_job(seq, std::to_string(seq), seq == 256 ? 5000 : 5), true}});
    }
    load();
    Numbers order;
    for (const auto& job : loaded_) {
        order.push_back(job.head.seq.value());
        EXPECT_EQ(job.body->jid(), std::to_string(job.head.seq.value()));
    }
    EXPECT_EQ(order, (Numbers{1, 2, 255, 256, 300, 1000, 65536}));
}

TEST_P(LedgerConformance, EpochGrowsWithEveryLoadAndSurvivesACrash) {
    const std::uint64_t first = load().epoch;
    EXPECT_GE(first, 1U);
    const std::uint64_t second = load().epoch;
    EXPECT_GT(second, first);
    rig_->crash();
    EXPECT_GT(load().epoch, second);
}

TEST_P(LedgerConformance, CallsBeforeLoadAfterACrashFail) {
    rig_->crash();
    EXPECT_FALSE(ledger().write(std::vector<Write>{PutTotals{}}));
    EXPECT_FALSE(ledger().read({.limit = 1}));
    load();
    write({PutTotals{}});
}

TEST_P(LedgerConformance, EveryFieldOfAJobComesBack) {
    JobRecord job = make_job(9, "a", 2000);
    job.head.state = JobState::retrying;
    job.head.attempt = 3;
    job.head.due_at = wall_from_ns(77);
    job.head.lease.token = LeaseToken(5);
    job.head.lease.wid = std::make_shared<const std::string>("worker");
    job.head.failure =
        std::make_shared<const JobFailure>(JobFailure{.retry_count = 2, .errtype = "E"});
    job.head.result = std::make_shared<const std::string>("{}");
    write({PutJob{make_job(9, "a", 2000), true}, PutJid{Seq(9), "a"}});
    write({PutJob{job, false}});
    const auto back = find("a");
    ASSERT_TRUE(back);
    EXPECT_EQ(back->head.attempt, 3);
    EXPECT_EQ(back->head.due_at, wall_from_ns(77));
    EXPECT_EQ(back->head.lease.token, LeaseToken(5));
    EXPECT_EQ(back->head.lease.holder(), "worker");
    EXPECT_EQ(*back->head.failure, *job.head.failure);
    EXPECT_EQ(*back->head.result, "{}");
    EXPECT_EQ(back->body->args(), job.body->args());
}

TEST_P(LedgerConformance, ReadyPagesFollowTheOrderAndEndExactly) {
    std::vector<Write> writes;
    for (std::uint64_t seq = 1; seq <= 7; ++seq) {
        JobRecord job = make_job(seq, "j" + std::to_string(seq), seq == 4 ? 3000 : 3);
        job.head.order = (1ULL << 63U) + 100 - seq;  // later pushes first
        writes.emplace_back(PutJob{job, true});
        writes.emplace_back(PutReady{QueueId(1), 5, job.head.order, Seq(seq)});
    }
    JobRecord other = make_job(8, "other");
    other.head.priority = 6;
    writes.emplace_back(PutJob{other, true});
    writes.emplace_back(PutReady{QueueId(1), 6, other.head.order, Seq(8)});
    write(writes);
    WantedRead wanted{.queue = QueueId(1), .priority = 5, .limit = 3};
    ReadResult page = read(wanted);
    EXPECT_EQ(seqs(page), (Numbers{7, 6, 5}));
    EXPECT_EQ(page.request.limit, 3U);
    wanted.from_start = false;
    wanted.order = page.jobs.back().head.order;
    page = read(wanted);
    EXPECT_EQ(seqs(page), (Numbers{4, 3, 2}));
    EXPECT_EQ(page.jobs[0].body->args().size(), 3004U);
    wanted.order = page.jobs.back().head.order;
    EXPECT_EQ(seqs(read(wanted)), (Numbers{1, 0}));
    wanted.limit = 1;
    EXPECT_EQ(seqs(read(wanted)), (Numbers{1, 0}));
    EXPECT_EQ(seqs(read({.queue = QueueId(1), .priority = 6, .limit = 9})), (Numbers{8, 0}));
    EXPECT_EQ(seqs(read({.queue = QueueId(2), .priority = 5, .limit = 9})), (Numbers{0}));
    EXPECT_EQ(seqs(read({.queue = QueueId(1), .priority = 5, .limit = 7})),
              (Numbers{7, 6, 5, 4, 3, 2, 1, 0}));
}

TEST_P(LedgerConformance, StaleReadyRowsArePassedOver) {
    std::vector<Write> writes;
    const auto add = [&](std::uint64_t seq, auto change) {
        JobRecord job = make_job(seq, "j" + std::to_string(seq));
        writes.emplace_back(PutReady{QueueId(1), 5, seq, Seq(seq)});
        change(job);
        writes.emplace_back(PutJob{job, true});
    };
    add(1, [](JobRecord& job) { job.head.state = JobState::running; });
    add(2, [](JobRecord& job) { job.head.queue = QueueId(2); });
    add(3, [](JobRecord& job) { job.head.priority = 4; });
    add(4, [](JobRecord& job) { job.head.order = 44; });
    add(5, [](JobRecord&) {});
    writes.emplace_back(PutReady{QueueId(1), 5, 6, Seq(6)});  // a job that never was
    add(7, [](JobRecord&) {});
    writes.emplace_back(EraseJob{Seq(7), "j7"});
    add(8, [](JobRecord&) {});
    writes.emplace_back(EraseReady{QueueId(1), 5, 8});
    add(9, [](JobRecord&) {});
    for (std::uint64_t i = 10; i < 2000; ++i) {
        writes.emplace_back(PutReady{QueueId(1), 5, i, Seq(1)});
    }
    write(writes);
    EXPECT_EQ(seqs(read({.queue = QueueId(1), .priority = 5, .limit = 1})), (Numbers{5}));
    EXPECT_EQ(seqs(read({.queue = QueueId(1), .priority = 5, .limit = 2})), (Numbers{5, 9, 0}));
    EXPECT_EQ(seqs(read({.queue = QueueId(1), .priority = 5, .limit = 9})), (Numbers{5, 9, 0}));
}

TEST_P(LedgerConformance, DuePagesFollowTimeThenPushOrder) {
    std::vector<Write> writes;
    const std::int64_t times[] = {0, 50, 20, 20, 1'700'000'000'000'000'000, -5, 20};
    for (std::uint64_t seq = 1; seq <= 6; ++seq) {
        JobRecord job = make_job(seq, "j" + std::to_string(seq));
        job.head.state = seq % 2 == 0 ? JobState::scheduled : JobState::retrying;
        job.head.due_at = wall_from_ns(times[seq]);
        writes.emplace_back(PutJob{job, true});
        writes.emplace_back(PutDue{job.head.due_at, Seq(seq)});
    }
    writes.emplace_back(PutDue{wall_from_ns(19), Seq(1)});  // stale: it is due at 50
    JobRecord started = make_job(7, "j7");
    started.head.state = JobState::enqueued;
    started.head.due_at = wall_from_ns(21);
    writes.emplace_back(PutJob{started, true});
    writes.emplace_back(PutDue{wall_from_ns(21), Seq(7)});
    write(writes);
    WantedRead wanted{.kind = ReadKind::due, .limit = 2};
    const ReadResult page = read(wanted);
    EXPECT_EQ(seqs(page), (Numbers{5, 2}));
    wanted.from_start = false;
    wanted.due = {wall_from_ns(20), Seq(2)};
    EXPECT_EQ(seqs(read(wanted)), (Numbers{3, 6}));
    wanted.due = {wall_from_ns(20), Seq(6)};
    EXPECT_EQ(seqs(read(wanted)), (Numbers{1, 4, 0}));
    write({EraseDue{wall_from_ns(20), Seq(2)}});
    EXPECT_EQ(seqs(read({.kind = ReadKind::due, .limit = 9})), (Numbers{5, 3, 6, 1, 4, 0}));
}

/// Page by page until the end; the seqs of all pages, and the largest page.
struct Walked {
    Numbers seqs;
    std::size_t bytes_max = 0;
    std::size_t pages = 0;
};

TEST_P(LedgerConformance, PagesEndAtTheirBytesAndGoOnWithTheNextJob) {
    std::vector<Write> writes;
    std::size_t largest = 0;
    Numbers all;
    for (std::uint64_t seq = 1; seq <= 40; ++seq) {
        // Small ones, and ones whose body is kept apart.
        JobRecord ready =
            make_job(seq, "r" + std::to_string(seq), seq % 3 == 0 ? 100'000 + seq : 10 * seq);
        largest = std::max(largest, memory_bytes(ready));
        writes.emplace_back(PutJob{ready, true});
        writes.emplace_back(PutReady{QueueId(1), 5, seq, Seq(seq)});
        JobRecord due = make_job(100 + seq, "d" + std::to_string(seq), seq % 4 == 0 ? 90'000 : 10);
        due.head.state = JobState::scheduled;
        due.head.due_at = wall_from_ns(static_cast<std::int64_t>(1000 + seq / 2));
        writes.emplace_back(PutJob{due, true});
        writes.emplace_back(PutDue{due.head.due_at, due.head.seq});
        all.push_back(seq);
    }
    write(writes);
    const auto walk = [&](WantedRead wanted) {
        Walked walked;
        for (;;) {
            ReadResult page = read(wanted);
            ++walked.pages;
            std::size_t bytes = 0;
            for (const JobRecord& job : page.jobs) {
                bytes += memory_bytes(job);
                walked.seqs.push_back(job.head.seq.value() % 100);
            }
            EXPECT_EQ(bytes, page.bytes);
            if (!page.jobs.empty()) {
                // Every job but the last fits.
                EXPECT_LT(bytes - memory_bytes(page.jobs.back()), wanted.bytes);
                const JobHead& head = page.jobs.back().head;
                wanted.from_start = false;
                wanted.order = head.order;
                wanted.due = {head.due_at, head.seq};
                wanted.seq = page.scanned_to;
            }
            walked.bytes_max = std::max(walked.bytes_max, bytes);
            if (page.at_end || page.jobs.empty() || walked.pages > 1000) return walked;
        }
    };
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{3'000}, std::size_t{250'000}}) {
        for (const ReadKind kind : {ReadKind::ready, ReadKind::due, ReadKind::jobs}) {
            WantedRead wanted{.kind = kind, .limit = 1000};
            wanted.queue = QueueId(1);
            wanted.priority = 5;
            wanted.bytes = bytes;
            if (kind == ReadKind::jobs) wanted.until = Seq(100);
            const Walked walked = walk(wanted);
            EXPECT_EQ(walked.seqs, all) << "kind " << static_cast<int>(kind);
            EXPECT_LT(walked.bytes_max, bytes + largest);
            if (bytes == 1) {
                EXPECT_GE(walked.pages, all.size());
            }
        }
    }
}

TEST_P(LedgerConformance, JobScansFilterAndPage) {
    std::vector<Write> writes;
    for (std::uint64_t seq = 1; seq <= 20; ++seq) {
        JobRecord job = make_job(seq, "j" + std::to_string(seq), seq == 6 ? 2000 : 4);
        job.head.state = seq % 3 == 0 ? JobState::dead : JobState::enqueued;
        writes.emplace_back(PutJob{job, true});
    }
    write(writes);
    const auto dead = static_cast<std::uint16_t>(1U << static_cast<unsigned>(JobState::dead));
    WantedRead wanted{.kind = ReadKind::jobs, .states = dead, .limit = 2};
    ReadResult page = read(wanted);
    EXPECT_EQ(seqs(page), (Numbers{3, 6}));
    EXPECT_EQ(page.scanned_to, Seq(6));
    EXPECT_EQ(page.jobs[1].body->args().size(), 2004U);
    wanted.seq = page.scanned_to;
    wanted.until = Seq(16);
    wanted.limit = 10;
    page = read(wanted);
    EXPECT_EQ(seqs(page), (Numbers{9, 12, 15, 0}));
    EXPECT_EQ(page.scanned_to, Seq(15));
    EXPECT_EQ(seqs(read({.kind = ReadKind::jobs, .seq = Seq(18), .limit = 2})),
              (Numbers{19, 20, 0}));
    EXPECT_EQ(seqs(read({.kind = ReadKind::jobs, .seq = Seq(20), .limit = 2})), (Numbers{0}));
    EXPECT_EQ(seqs(read({.kind = ReadKind::jobs, .seq = Seq(3), .until = Seq(4), .limit = 2})),
              (Numbers{0}));
}

TEST_P(LedgerConformance, LongScansStopAndSayWhereToGoOn) {
    std::vector<Write> writes;
    for (std::uint64_t seq = 1; seq <= 10'000; ++seq) {
        JobRecord job = make_job(seq, "j" + std::to_string(seq));
        if (seq == 9'999) job.head.state = JobState::dead;
        writes.emplace_back(PutJob{job, true});
    }
    write(writes);
    const auto dead = static_cast<std::uint16_t>(1U << static_cast<unsigned>(JobState::dead));
    WantedRead wanted{.kind = ReadKind::jobs, .states = dead, .limit = 5};
    int pages = 0;
    Numbers found;
    for (bool at_end = false; !at_end && pages < 10; ++pages) {
        const ReadResult page = read(wanted);
        EXPECT_GT(page.scanned_to, wanted.seq);
        EXPECT_LE(page.scanned_to.value() - wanted.seq.value(), 4096U);
        for (const auto& job : page.jobs) found.push_back(job.head.seq.value());
        wanted.seq = page.scanned_to;
        at_end = page.at_end;
    }
    EXPECT_EQ(pages, 3);
    EXPECT_EQ(found, (Numbers{9'999}));
}

TEST_P(LedgerConformance, QueueRowsAreReplacedAndErased) {
    write({PutQueue{{.id = QueueId(1), .name = "a"}}, PutQueue{{.id = QueueId(2), .name = "b"}}});
    write({PutQueue{{.id = QueueId(1), .name = "a", .removed = true, .listed = false}}});
    const LedgerState state = load();
    ASSERT_EQ(state.queues.size(), 2U);
    EXPECT_TRUE(state.queues[0].removed);
    EXPECT_FALSE(state.queues[0].listed);
    EXPECT_EQ(state.queues[1].name, "b");
    write({EraseQueue{QueueId(1)}});
    const LedgerState after = load();
    ASSERT_EQ(after.queues.size(), 1U);
    EXPECT_EQ(after.queues[0].name, "b");
}

TEST_P(LedgerConformance, EraseEverythingKeepsEpochTotalsAndLaterWrites) {
    write({PutJob{make_job(1, "a", 3000), true}, PutJid{Seq(1), "a"},
           PutReady{QueueId(1), 5, 1, Seq(1)}, PutDue{wall_from_ns(1), Seq(1)},
           PutQueue{{.id = QueueId(1), .name = "q"}}, PutTotals{{.pushed = 5}}});
    sync();
    const std::uint64_t epoch = load().epoch;
    write({PutJob{make_job(2, "b"), true}, PutJid{Seq(2), "b"}, EraseEverything{},
           PutJob{make_job(3, "c"), true}, PutJid{Seq(3), "c"},
           PutReady{QueueId(1), 5, 3, Seq(3)}});
    EXPECT_FALSE(find("a") || find("b"));
    EXPECT_EQ(seqs(read({.queue = QueueId(1), .priority = 5, .limit = 5})), (Numbers{3, 0}));
    EXPECT_EQ(seqs(read({.kind = ReadKind::due, .limit = 5})), (Numbers{0}));
    sync();
    rig_->crash();
    const LedgerState state = load();
    EXPECT_GT(state.epoch, epoch);
    EXPECT_EQ(state.totals.pushed, 5U);
    EXPECT_TRUE(state.queues.empty());
    ASSERT_EQ(loaded_.size(), 1U);
    EXPECT_EQ(loaded_[0].head.seq, Seq(3));
}

TEST_P(LedgerConformance, CheckpointIsACopyOfItsMoment) {
    write({PutJob{make_job(1, "a", 3000), true}, PutJid{Seq(1), "a"}, PutTotals{{.pushed = 1}}});
    sync();
    write({PutJob{make_job(2, "b"), true}, PutJid{Seq(2), "b"}});
    const std::string place = rig_->backup_place();
    const Status made = ledger().checkpoint(place);
    ASSERT_TRUE(made) << made.error().text();
    EXPECT_EQ(ledger().checkpoint(place).error().code, Code::exists);
    write({EraseJob{Seq(1), "a"}, PutJob{make_job(3, "c"), true}, PutJid{Seq(3), "c"}});
    sync();
    const std::uint64_t epoch = load().epoch;
    const auto restored = rig_->restore(place);
    ASSERT_TRUE(restored);
    Numbers order;
    const auto state = restored->load([&](JobRecord&& job) {
        order.push_back(job.head.seq.value());
        EXPECT_EQ(job.body->args().size(), job.head.seq == Seq(1) ? 3004U : 14U);
    });
    ASSERT_TRUE(state) << state.error().text();
    EXPECT_EQ(order, (Numbers{1, 2}));
    EXPECT_EQ(state->totals.pushed, 1U);
    EXPECT_GT(state->epoch, epoch) << "tokens given after the checkpoint must not come again";
    EXPECT_EQ(loaded_.size(), 2U);
}

TEST_P(LedgerConformance, FailedWriteStopsTheLedgerUntilLoad) {
    write({PutJob{make_job(1, "a"), true}, PutJid{Seq(1), "a"}});
    sync();
    rig_->fail_next_write();
    EXPECT_FALSE(
        ledger().write(std::vector<Write>{PutJob{make_job(2, "b"), true}, PutJid{Seq(2), "b"}}));
    EXPECT_FALSE(ledger().write(std::vector<Write>{PutTotals{}}));
    EXPECT_FALSE(ledger().sync());
    EXPECT_FALSE(ledger().read({.limit = 1}));
    load();
    EXPECT_TRUE(find("a"));
    EXPECT_FALSE(find("b"));
    write({PutJob{make_job(2, "b"), true}, PutJid{Seq(2), "b"}});
    sync();
    rig_->crash();
    load();
    EXPECT_EQ(loaded_.size(), 2U);
}

TEST_P(LedgerConformance, FailedSyncStopsTheLedgerUntilLoad) {
    write({PutJob{make_job(1, "a"), true}, PutJid{Seq(1), "a"}});
    sync();
    write({PutJob{make_job(2, "b"), true}, PutJid{Seq(2), "b"}});
    rig_->fail_next_sync();
    EXPECT_FALSE(ledger().sync());
    EXPECT_FALSE(ledger().write(std::vector<Write>{PutTotals{}}));
    EXPECT_FALSE(ledger().sync());
    load();
    const std::size_t count = loaded_.size();
    EXPECT_TRUE(find("a"));
    EXPECT_EQ(find("b").has_value(), count == 2) << "there as a whole or not at all";
    rig_->crash();  // what load() showed is durable
    load();
    EXPECT_EQ(loaded_.size(), count);
}

TEST_P(LedgerConformance, CallsAfterCloseFail) {
    write({PutJob{make_job(1, "a"), true}, PutJid{Seq(1), "a"}});
    EXPECT_TRUE(ledger().close());
    EXPECT_TRUE(ledger().close());
    EXPECT_FALSE(ledger().write(std::vector<Write>{PutTotals{}}));
    EXPECT_FALSE(ledger().sync());
    EXPECT_FALSE(ledger().load([](JobRecord&&) {}));
}

TEST_P(LedgerConformance, SyncRunsBesideTheOwner) {
    std::atomic<bool> stop = false;
    std::atomic<std::uint64_t> syncs = 0;
    {
        const std::jthread syncer([&] {
            while (!stop) {
                EXPECT_TRUE(ledger().sync());
                ++syncs;
            }
        });
        for (std::uint64_t seq = 1; seq <= 500 || syncs < 20; ++seq) {
            const std::string jid = "j" + std::to_string(seq);
            write({PutJob{make_job(seq, jid, 200), true}, PutJid{Seq(seq), jid}});
            EXPECT_TRUE(find(jid));
            if (seq >= 10) write({EraseJob{Seq(seq - 9), "j" + std::to_string(seq - 9)}});
        }
        stop = true;
    }
    sync();
    rig_->crash();
    load();
    EXPECT_EQ(loaded_.size(), 9U);
}

/// A crash keeps every synced batch and of the others the first few, how many being up to the
/// ledger: it may sync by itself. The totals are each batch's number and so tell.
TEST_P(LedgerConformance, AgreesWithTheModelThroughRandomWritesAndCrashes) {
    Random random(11);
    MemoryLedger model;
    ASSERT_TRUE(model.load([](JobRecord&&) {}));
    std::uint64_t written = 0;
    std::uint64_t durable = 0;  // promised to be
    for (int round = 0; round < 25; ++round) {
        for (std::uint64_t n = 1 + random.below(40); n > 0; --n) {
            auto batch = random_batch(random);
            batch.emplace_back(PutTotals{{.pushed = ++written}});
            write(batch);
            ASSERT_TRUE(model.write(batch));
            if (!random.chance(0.3)) continue;
            sync();
            ASSERT_TRUE(model.sync());
            durable = written;
        }
        if (random.chance(0.5)) {
            rig_->crash();
            const std::uint64_t kept = load().totals.pushed;
            ASSERT_GE(kept, durable) << "round " << round;
            ASSERT_LE(kept, written) << "round " << round;
            model.crash(kept - durable);
            written = kept;
        }
        ASSERT_EQ(dump(ledger()), dump(model)) << "round " << round;
        durable = written;  // what a load has shown is durable
    }
}

INSTANTIATE_TEST_SUITE_P(All, LedgerConformance,
                         testing::Values(LedgerKind::memory, LedgerKind::rocks,
                                         LedgerKind::rocks_small),
                         [](const auto& kind) { return to_string(kind.param); });

}  // namespace
}  // namespace sluice::jobs
