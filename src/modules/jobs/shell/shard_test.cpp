// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/shell/shard.h"

#include "kernel/sync/clock.h"
#include "kernel/sync/mutex.h"
#include "modules/jobs/ledger/rocks_ledger.h"
#include "modules/jobs/shell/breakable_ledger_testing.h"

#include <gtest/gtest.h>
#include <support/scratch_folder.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sluice::jobs {
namespace {

class Sink final : public ReplySink {
public:
    void release(std::vector<Reply> replies, std::vector<ConnectionId>) override {
        MutexLock lock(mutex_);
        for (Reply& reply : replies) replies_.push_back(std::move(reply));
        ++releases_;
        changed_.notify_all();
    }
    int releases() {
        MutexLock lock(mutex_);
        return releases_;
    }
    void fail_all(std::string_view why) override {
        MutexLock lock(mutex_);
        ++failures_;
        last_failure_ = why;
        changed_.notify_all();
    }
    /// Waits for the reply to that ticket.
    ReplyBody wait_for(TicketId ticket) {
        MutexLock lock(mutex_);
        for (;;) {
            for (const Reply& reply : replies_) {
                if (reply.ticket == ticket) return reply.body;
            }
            if (!changed_.wait_until(mutex_, deadline_after(30s))) {
                ADD_FAILURE() << "no reply to ticket " << ticket.value();
                return RefusedReply{"NONE", ""};
            }
        }
    }
    bool has(TicketId ticket) {
        MutexLock lock(mutex_);
        for (const Reply& reply : replies_) {
            if (reply.ticket == ticket) return true;
        }
        return false;
    }
    int failures() {
        MutexLock lock(mutex_);
        return failures_;
    }
    std::string last_failure() {
        MutexLock lock(mutex_);
        return last_failure_;
    }
    /// Waits for the reply to that ticket, or for a failure after `failures`; which it was.
    bool is_answered(TicketId ticket, int failures) {
        while (!has(ticket)) {
            MutexLock lock(mutex_);
            if (failures_ > failures) return false;
            if (!changed_.wait_until(mutex_, deadline_after(100ms))) continue;
        }
        return true;
    }
    void wait_for_failure(int count) {
        MutexLock lock(mutex_);
        while (failures_ < count) {
            if (!changed_.wait_until(mutex_, deadline_after(30s))) {
                ADD_FAILURE() << "the shard did not fail";
                return;
            }
        }
    }

private:
    Mutex mutex_;
    CondVar changed_;
    std::vector<Reply> replies_ SLUICE_GUARDED_BY(mutex_);
    int failures_ SLUICE_GUARDED_BY(mutex_) = 0;
    std::string last_failure_ SLUICE_GUARDED_BY(mutex_);
    int releases_ SLUICE_GUARDED_BY(mutex_) = 0;
};

std::shared_ptr<const JobBody> job(std::string_view jid, std::string_view args = "[1]") {
    return std::make_shared<const JobBody>(
        JobBody::Texts{
            .jid = jid, .type = "t", .queue = "default", .args = args, .custom = {}, .extra = {}},
        JobPolicy{});
}

/// How commands come in: through the channel, or decided by the thread that brings them.
enum class Way { channel, brought };

std::string name_of(const ::testing::TestParamInfo<Way>& way) {
    return way.param == Way::channel ? "Channel" : "Brought";
}

class ShardTest : public ::testing::TestWithParam<Way> {
protected:
    ~ShardTest() override {
        store_->sync_gate.open();
        shard_.reset();
    }
    void start(ShardOptions options = {}, DiskProbe disk = nullptr) {
        start_on(std::make_unique<BreakableLedger>(store_), std::move(options), std::move(disk));
    }
    void start_on(std::unique_ptr<Ledger> ledger, ShardOptions options, DiskProbe disk) {
        shard_.reset();
        auto started =
            Shard::start(std::move(ledger), sink_, metrics_, std::move(options), std::move(disk));
        ASSERT_TRUE(started) << started.error().text();
        shard_ = std::move(*started);
    }
    /// It has job-00000001; then the store fails a push of job-00000002, and every load after it,
    /// which is tried again after that pause.
    void start_and_break(Duration pause) {
        ShardOptions options;
        options.retry_max = options.retry_first = pause;
        start(options);
        sink_.wait_for(push("job-00000001"));
        store_->fail_load = true;
        store_->fail_write = true;
        (void)push("job-00000002");
        sink_.wait_for_failure(1);
    }
    /// False when it was refused.
    bool send(Command command) {
        if (GetParam() == Way::channel) return shard_->submit(std::move(command));
        std::vector<Command> commands;
        commands.push_back(std::move(command));
        return shard_->submit_all(commands) && commands.empty();
    }
    TicketId push(std::string_view jid) {
        const TicketId ticket(++tickets_);
        EXPECT_TRUE(send(Push{.ticket = ticket, .jobs = {job(jid)}}));
        return ticket;
    }
    TicketId fetch() {
        const TicketId ticket(++tickets_);
        EXPECT_TRUE(send(
            Fetch{.ticket = ticket, .caller = {}, .queues = {"default"}, .max = 1, .wait = 0s}));
        return ticket;
    }
    bool is_known(std::string_view jid) {
        const TicketId ticket(++tickets_);
        EXPECT_TRUE(send(GetJob{.ticket = ticket, .jid = std::string(jid)}));
        const ReplyBody reply = sink_.wait_for(ticket);
        const auto* found = std::get_if<JobReply>(&reply);
        return found != nullptr && found->found;
    }

    std::shared_ptr<Store> store_ = std::make_shared<Store>();
    Sink sink_;
    Registry metrics_;
    std::unique_ptr<Shard> shard_;
    std::uint64_t tickets_ = 0;
};

TEST_P(ShardTest, AnsweredPushIsThereAfterARestart) {
    start();
    EXPECT_TRUE(std::holds_alternative<OkReply>(sink_.wait_for(push("job-00000001"))));
    start();
    EXPECT_TRUE(is_known("job-00000001"));
}

TEST_P(ShardTest, PushIsAnsweredOnlyAfterItsSync) {
    start();
    store_->sync_gate.close();
    const TicketId ticket = push("job-00000001");
    store_->sync_gate.wait_for_somebody();
    EXPECT_FALSE(sink_.has(ticket));
    store_->sync_gate.open();
    EXPECT_TRUE(std::holds_alternative<OkReply>(sink_.wait_for(ticket)));
}

TEST_P(ShardTest, OneSyncCoversAllThatWasWrittenMeanwhile) {
    start();
    store_->sync_gate.close();
    push("job-00000000");
    store_->sync_gate.wait_for_somebody();
    const int before = store_->syncs;
    TicketId last;
    for (int i = 1; i <= 20; ++i) {
        last = push("job-1000000" + std::to_string(i));
        sink_.wait_for(
            fetch());  // a delivery waits for no sync, so each push is a drain of its own
    }
    const int released = sink_.releases();
    store_->sync_gate.open();
    sink_.wait_for(last);
    // The one that was held, one for the rest, and one more when the last drain was still on its
    // way; and the replies of each leave together.
    EXPECT_LE(store_->syncs - before, 3);
    EXPECT_LE(sink_.releases() - released, 3);
    EXPECT_GE(store_->writes, 20);
}

TEST_P(ShardTest, FailedWriteFailsEverybodyAndTheQueueGoesOn) {
    start();
    sink_.wait_for(push("job-00000001"));
    store_->fail_write = true;
    const TicketId lost = push("job-00000002");
    sink_.wait_for_failure(1);
    EXPECT_FALSE(sink_.has(lost));
    EXPECT_TRUE(is_known("job-00000001"));
    EXPECT_FALSE(is_known("job-00000002"));
    EXPECT_TRUE(std::holds_alternative<OkReply>(sink_.wait_for(push("job-00000002"))));
}

TEST_P(ShardTest, FailedSyncAnswersNobody) {
    start();
    store_->fail_sync = true;
    const TicketId lost = push("job-00000001");
    sink_.wait_for_failure(1);
    EXPECT_FALSE(sink_.has(lost));
    EXPECT_FALSE(is_known("job-00000001"));
    EXPECT_TRUE(std::holds_alternative<OkReply>(sink_.wait_for(push("job-00000001"))));
}

TEST_P(ShardTest, WhileItCannotReloadEverybodyIsToldWhy) {
    start_and_break(10ms);
    sink_.wait_for_failure(3);  // told again and again
    EXPECT_NE(sink_.last_failure().find("disk is full; free space"), std::string::npos);
    const Status copied = shard_->checkpoint("copy");
    ASSERT_FALSE(copied);
    EXPECT_EQ(copied.error().code, Code::exhausted) << copied.error().text();
    store_->fail_load = false;
    TicketId known{};
    do {  // what comes in while it reloads is failed
        known = TicketId(++tickets_);
        (void)send(GetJob{.ticket = known, .jid = "job-00000001"});
    } while (!sink_.is_answered(known, sink_.failures()));
    EXPECT_TRUE(is_known("job-00000001"));
    EXPECT_FALSE(is_known("job-00000002"));
}

TEST_P(ShardTest, WhoAsksDuringThePauseBeforeAReloadIsToldWithoutWaitingForItsEnd) {
    start_and_break(10min);
    for (int told = 2; told <= 3; ++told) {
        (void)send(GetJob{.ticket = TicketId(++tickets_), .jid = "job-00000001"});
        sink_.wait_for_failure(told);
    }
    EXPECT_NE(sink_.last_failure().find("disk is full; free space"), std::string::npos);
}

TEST_P(ShardTest, FullChannelSaysBusy) {
    ShardOptions options;
    options.commands_max = 2;
    options.unsynced_max = 1;
    start(options);
    store_->sync_gate.close();
    bool refused = false;
    for (int i = 0; i < 100 && !refused; ++i) {
        refused = !send(Push{.ticket = TicketId(++tickets_),
                             .jobs = {job("job-" + std::to_string(10000000 + i))}});
    }
    EXPECT_TRUE(refused);
    store_->sync_gate.open();
}

TEST_P(ShardTest, FullDiskRefusesPushesAndTakesAcks) {
    start();
    sink_.wait_for(push("job-00000001"));
    start({}, [] { return true; });
    const ReplyBody refused = sink_.wait_for(push("job-00000002"));
    ASSERT_TRUE(std::holds_alternative<RefusedReply>(refused));
    EXPECT_EQ(std::get<RefusedReply>(refused).word, "FULL");
    EXPECT_EQ(std::get<JobsReply>(sink_.wait_for(fetch())).jobs.size(), 1U);
    const TicketId ack(++tickets_);
    Ack command{.ticket = ack, .caller = {}, .jobs = {}};
    command.jobs.push_back({{"job-00000001", {}}, nullptr});
    EXPECT_TRUE(send(std::move(command)));
    EXPECT_EQ(std::get<VerdictReply>(sink_.wait_for(ack)).verdicts, std::vector{Verdict::done});
}

TEST_P(ShardTest, AsyncQueueIsAnsweredBeforeTheSyncAndSyncedSoonAfter) {
    start();
    const TicketId change(++tickets_);
    EXPECT_TRUE(send(ChangeQueue{
        .ticket = change, .action = QueueAction::make_async, .all = false, .names = {"default"}}));
    sink_.wait_for(change);
    const int before = store_->syncs;
    store_->sync_gate.close();
    sink_.wait_for(push("job-00000001"));
    store_->sync_gate.wait_for_somebody();  // the sync that nobody waits for
    store_->sync_gate.open();
    sink_.wait_for(fetch());
    shard_->stop();
    EXPECT_EQ(store_->syncs, before + 1);
}

TEST_P(ShardTest, CheckpointHoldsWhatWasAnswered) {
    start();
    sink_.wait_for(push("job-00000001"));
    ASSERT_TRUE(shard_->checkpoint("copy"));
    EXPECT_EQ(store_->memory.restored("copy")->job_count(), 1U);
}

/// Ten finished jobs of 2,000 bytes, in a shard that looks up 5,000 at most, and the same again as
/// one push.
class LookupTest : public ShardTest {
protected:
    void SetUp() override {
        ShardOptions options;
        options.lookup_bytes_max = 5000;
        start(options);
        for (int i = 0; i < 10; ++i) {
            jids_.push_back("job-0000000" + std::to_string(i));
            Push one{.ticket = TicketId(++tickets_), .jobs = {job(jids_.back(), args_)}};
            EXPECT_TRUE(send(std::move(one)));
        }
        sink_.wait_for(TicketId(tickets_));
        const TicketId fetched(++tickets_);
        EXPECT_TRUE(send(
            Fetch{.ticket = fetched, .caller = {}, .queues = {"default"}, .max = 10, .wait = 0s}));
        EXPECT_EQ(std::get<JobsReply>(sink_.wait_for(fetched)).jobs.size(), 10U);
        Ack ack{.ticket = TicketId(++tickets_), .caller = {}, .jobs = {}};
        for (const std::string& jid : jids_) ack.jobs.push_back({{jid, {}}, nullptr});
        EXPECT_TRUE(send(std::move(ack)));
        sink_.wait_for(TicketId(tickets_));
    }
    /// Pushes the first `count` again.
    ReplyBody push_again(std::size_t count) {
        Push again{.ticket = TicketId(++tickets_), .jobs = {}, .once = true};
        for (std::size_t i = 0; i < count; ++i) again.jobs.push_back(job(jids_[i], args_));
        EXPECT_TRUE(send(std::move(again)));
        return sink_.wait_for(TicketId(tickets_));
    }
    std::vector<std::string> jids_;
    const std::string args_ = "[\"" + std::string(1996, 'a') + "\"]";
};
INSTANTIATE_TEST_SUITE_P(Ways, LookupTest, ::testing::Values(Way::channel, Way::brought), name_of);

TEST_P(LookupTest, PushThatWouldReadTooMuchIsRefusedAndASmallerOneIsARepeat) {
    const ReplyBody refused = push_again(10);
    ASSERT_TRUE(std::holds_alternative<RefusedReply>(refused));
    EXPECT_EQ(std::get<RefusedReply>(refused).word, "LIMITED");
    const ReplyBody repeat = push_again(2);
    ASSERT_TRUE(std::holds_alternative<OkReply>(repeat));
    EXPECT_EQ(std::get<OkReply>(repeat).duplicates, 2U);
}

TEST_P(LookupTest, WaitNeedsNoBodies) {
    Wait wait{.ticket = TicketId(++tickets_), .caller = {}, .jids = jids_, .timeout = 1s};
    wait.jids.emplace_back("job-nobody-knows");
    EXPECT_TRUE(send(std::move(wait)));
    const ReplyBody body = sink_.wait_for(TicketId(tickets_));
    const auto& reply = std::get<WaitReply>(body);
    EXPECT_TRUE(reply.complete);
    ASSERT_EQ(reply.jobs.size(), 11U);
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(reply.jobs[i]->state, JobState::succeeded);
    EXPECT_FALSE(reply.jobs[10]);
}

TEST_P(LookupTest, ManyCommandsOfOneDrainAreDecidedInPortionsAndInTheirOrder) {
    std::vector<Command> commands;
    for (int round = 0; round < 3; ++round) {
        for (std::size_t i = 0; i < 10; ++i)
            commands.emplace_back(GetJob{.ticket = TicketId(++tickets_), .jid = jids_[i]});
        Push fresh{.ticket = TicketId(++tickets_), .jobs = {job("new-" + jids_[0], args_)}};
        commands.emplace_back(std::move(fresh));
    }
    const TicketId first(tickets_ - commands.size() + 1);
    EXPECT_TRUE(shard_->submit_all(commands));
    EXPECT_TRUE(commands.empty());
    for (std::uint64_t i = 0; i < 33; ++i) {
        const ReplyBody reply = sink_.wait_for(TicketId(first.value() + i));
        if (i % 11 != 10) {
            EXPECT_TRUE(std::get<JobReply>(reply).found);
        } else {
            EXPECT_EQ(std::get<OkReply>(reply).duplicates, i == 10 ? 0U : 1U);
        }
    }
}

TEST_P(ShardTest, StopAnswersWhatWasSubmitted) {
    start();
    const TicketId ticket = push("job-00000001");
    shard_->stop();
    EXPECT_TRUE(sink_.has(ticket));
    EXPECT_FALSE(send(Push{.ticket = TicketId(++tickets_), .jobs = {job("job-00000002")}}));
}

INSTANTIATE_TEST_SUITE_P(Ways, ShardTest, ::testing::Values(Way::channel, Way::brought), name_of);

/// On RocksDB, whose disk fails when the test says so.
class ShardOnRocksTest : public ShardTest {
protected:
    ~ShardOnRocksTest() override {
        sync_gate_.open();
        shard_.reset();  // before its folder
    }
    void SetUp() override {
        auto ledger = open_rocks_ledger({.folder = folder_ / "store",
                                         .before_sync = [this]() -> Status {
                                             sync_gate_.pass();
                                             return {};
                                         },
                                         .faults = env_});
        ASSERT_TRUE(ledger) << ledger.error().text();
        start_on(std::move(*ledger), {.retry_first = 1ms}, nullptr);
    }
    void push_until_answered(const std::string& jid) {
        for (bool answered = false; !answered;) {
            const int failures = sink_.failures();
            answered = sink_.is_answered(push(jid), failures);
        }
    }

    ScratchFolder folder_;
    std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
    std::shared_ptr<RocksFaultEnv> env_ = std::make_shared<RocksFaultEnv>(faults_);
    Gate sync_gate_;
};
INSTANTIATE_TEST_SUITE_P(Ways, ShardOnRocksTest, ::testing::Values(Way::channel, Way::brought),
                         name_of);

TEST_P(ShardOnRocksTest, LogThatFailsWhileASyncBeginsFailsEverybodyAndTheQueueGoesOn) {
    sync_gate_.close();
    const TicketId unsynced = push("job-00000001");
    sync_gate_.wait_for_somebody();
    faults_->arm({.ops = 0U | FileOp::write, .error = EIO});
    const TicketId lost = push("job-00000002");
    sink_.wait_for_failure(1);
    faults_->disarm();
    sync_gate_.open();
    EXPECT_FALSE(is_known("job-00000002"));
    EXPECT_FALSE(sink_.has(unsynced));
    EXPECT_FALSE(sink_.has(lost));
    EXPECT_TRUE(std::holds_alternative<OkReply>(sink_.wait_for(push("job-00000002"))));
}

TEST_P(ShardOnRocksTest, WhateverFailsInItsLogEachAnsweredPushIsKept) {
    std::vector<std::string> answered;
    for (std::uint64_t round = 0; round < 60; ++round) {
        faults_->arm({.ops = FileOp::write | FileOp::sync,
                      .nth = 1 + round % 7,
                      .error = round % 2 == 0 ? ENOSPC : EIO});
        const int failures = sink_.failures();
        std::vector<std::pair<TicketId, std::string>> pushed;
        for (int i = 0; i < 8; ++i) {
            std::string jid = "job-" + std::to_string(10'000 + round * 8) + std::to_string(i);
            pushed.emplace_back(push(jid), jid);
        }
        for (const auto& [ticket, jid] : pushed)
            if (sink_.is_answered(ticket, failures)) answered.push_back(jid);
        faults_->disarm();
        answered.push_back("job-" + std::to_string(20'000'000 + round));
        push_until_answered(answered.back());
    }
    EXPECT_GE(sink_.failures(), 10);
    for (const std::string& jid : answered) EXPECT_TRUE(is_known(jid)) << jid;
}

using ShardTurnTest = ShardTest;
INSTANTIATE_TEST_SUITE_P(Brought, ShardTurnTest, ::testing::Values(Way::brought), name_of);

TEST_P(ShardTurnTest, IdleShardIsDecidedByTheThreadThatBringsCommands) {
    start();
    bool here = false;
    for (int i = 0; i < 1000 && !here; ++i) {  // the owner may just have the turn
        sink_.wait_for(push("job-1000" + std::to_string(1000 + i)));
        here = store_->writer == std::this_thread::get_id();
    }
    EXPECT_TRUE(here);
}

TEST_P(ShardTurnTest, CommandsOfOneThreadAreDecidedInTheirOrder) {
    start();
    for (int round = 0; round < 100; ++round) {
        Push many{.ticket = TicketId(++tickets_), .jobs = {}};
        for (int i = 0; i < 40; ++i) {
            many.jobs.push_back(job("job-" + std::to_string(100'000 + round * 40 + i)));
        }
        EXPECT_TRUE(send(std::move(many)));  // too many to be decided here
        const TicketId fetched(++tickets_);
        EXPECT_TRUE(send(
            Fetch{.ticket = fetched, .caller = {}, .queues = {"default"}, .max = 40, .wait = 0s}));
        EXPECT_EQ(std::get<JobsReply>(sink_.wait_for(fetched)).jobs.size(), 40U);
    }
}

TEST_P(ShardTurnTest, DeadlineOfABroughtCommandWakesTheOwner) {
    start();
    // Without the wake-up each would wait for the next look at the disk, a second after the last
    // one; the first may meet one by chance. One that is quick shows the wake-up.
    Duration quickest = 1h;
    for (int i = 0; i < 100 && (i < 10 || quickest >= 500ms); ++i) {
        const Instant begun = monotonic_now();
        const TicketId ticket(++tickets_);
        EXPECT_TRUE(send(
            Fetch{.ticket = ticket, .caller = {}, .queues = {"default"}, .max = 1, .wait = 10ms}));
        EXPECT_TRUE(std::get<JobsReply>(sink_.wait_for(ticket)).jobs.empty());
        if (i > 0) quickest = std::min(quickest, monotonic_now() - begun);
    }
    EXPECT_LT(quickest, 500ms);
}

}  // namespace
}  // namespace sluice::jobs
