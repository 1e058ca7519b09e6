// SPDX-License-Identifier: Apache-2.0
// Removing queues, sweeps over jobs, waits, retention, FLUSH and INFO.
#include "modules/jobs/engine/scene_testing.h"

#include <gtest/gtest.h>

namespace sluice::jobs {
namespace {

using jobs::scene::Scene;
using jobs::scene::Spec;

Spec in(std::string queue) {
    Spec spec;
    spec.queue = std::move(queue);
    return spec;
}

EngineConfig tiny() {
    EngineConfig config;
    config.ready_window_jobs = 2;
    config.due_window_jobs = 2;
    config.sweep_page = 3;
    return config;
}

Sweep by_state(SweepAction action, JobState state) {
    Sweep sweep;
    sweep.action = action;
    sweep.filter.states = {state};
    return sweep;
}

TEST(EngineQueues, InfoCountsWhatCameInAndWentOut) {
    Scene scene;
    const Caller worker = scene.worker("w");
    Spec later = in("q");
    later.policy.at = scene.now + 1s;
    scene.push("a", in("q"));
    scene.push("b", later);
    const auto counts = [&] {
        scene.apply(Info{});
        const QueueInfo& queue = std::get<InfoReply>(scene.last.replies.at(0).body).queues.at(0);
        return std::pair(queue.arrived, queue.delivered);
    };
    EXPECT_EQ(counts(), std::pair(1UL, 0UL));
    scene.pass(1s);
    EXPECT_EQ(counts(), std::pair(2UL, 0UL));
    scene.fetch(worker, {"q"});
    scene.release(worker, "a");
    EXPECT_EQ(counts(), std::pair(3UL, 1UL));
    scene.fetch(worker, {"q"}, 2);
    EXPECT_EQ(counts(), std::pair(3UL, 3UL));
}

TEST(EngineQueues, AListingEndsAtItsBytesAndSaysWhereToGoOn) {
    EngineConfig config;
    config.sweep_page_bytes = 2'000;
    config.list_bytes = 10'000;
    Scene scene(config);
    Spec big;
    big.args = "\"" + std::string(3'000, 'x') + "\"";
    for (int i = 0; i < 20; ++i) scene.push("j" + std::to_string(i), big);
    int listed = 0;
    ListJobs list;
    list.limit = 1000;
    for (int pages = 0; pages < 20; ++pages) {
        Command command = list;
        scene.apply(std::move(command));
        ASSERT_EQ(scene.last.replies.size(), 1U);
        const auto& reply = std::get<ListReply>(scene.last.replies[0].body);
        EXPECT_LE(reply.jobs.size(), 4U);
        for (const JobRecord& job : reply.jobs)
            EXPECT_EQ(job.body->jid(), "j" + std::to_string(listed++));
        if (!reply.next) break;
        list.after = reply.next;
    }
    EXPECT_EQ(listed, 20);
}

TEST(EngineQueues, RemovingOneDiscardsWhatWaitsInItAndLetsGoOfItsRow) {
    Scene scene(tiny());
    for (int i = 0; i < 10; ++i) scene.push("j" + std::to_string(i), in("q"));
    EXPECT_EQ(scene.queue(QueueAction::remove, "q"), "ok");
    scene.pass(0s);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(scene.state("j" + std::to_string(i)), "discarded");
    EXPECT_TRUE(scene.store.queues.empty());
    EXPECT_EQ(scene.store.index_rows, 0);
}

TEST(EngineQueues, RemovingManyReadsNothingThatIsInMemory) {
    Scene scene;
    scene.push("other", in("other"));
    for (int i = 0; i < 40; ++i) {
        scene.push("a" + std::to_string(i), in("q" + std::to_string(i)));
        scene.push("b" + std::to_string(i), in("q" + std::to_string(i)));
    }
    scene.queue(QueueAction::pause, "empty");
    ChangeQueue all;
    all.action = QueueAction::remove;
    all.all = true;
    EXPECT_EQ(scene.apply(std::move(all)), "ok");
    scene.pass(0s);
    EXPECT_EQ(scene.store.reads, 0);
    for (const char* jid : {"other", "a0", "b0", "a39", "b39"})
        EXPECT_EQ(scene.state(jid), "discarded") << jid;
    EXPECT_TRUE(scene.store.queues.empty());
}

TEST(EngineQueues, ARemovedQueueIsClearedAPageAtATime) {
    Scene scene(tiny());
    for (int i = 0; i < 7; ++i) scene.push("j" + std::to_string(i), in("q"));
    scene.queue(QueueAction::remove, "q");
    const auto discarded = [&] {
        int count = 0;
        for (int i = 0; i < 7; ++i) count += scene.state("j" + std::to_string(i)) == "discarded";
        return count;
    };
    EXPECT_EQ(discarded(), 0);
    scene.apply(Tick{});
    EXPECT_GT(discarded(), 0);
    EXPECT_LE(discarded(), 3);
    // What is pushed meanwhile belongs to the new queue of that name.
    scene.push("new", in("q"));
    scene.pass(0s);
    EXPECT_EQ(discarded(), 7);
    EXPECT_EQ(scene.state("new"), "enqueued");
    EXPECT_EQ(scene.store.queues.size(), 1U);
}

TEST(EngineQueues, ARemovedQueueIsClearedOneJobAtATime) {
    EngineConfig config = tiny();
    config.sweep_page = 1;
    Scene scene(config);
    for (int i = 0; i < 7; ++i) scene.push("j" + std::to_string(i), in("q"));
    scene.queue(QueueAction::remove, "q");
    scene.pass(0s);
    EXPECT_EQ(scene.state("j6"), "discarded");
    EXPECT_TRUE(scene.store.queues.empty());
    EXPECT_GT(scene.engine->next_deadline().value_or(WallTime::max()), scene.now);
}

TEST(EngineQueues, CancellingTheRestOfARemovedQueueLetsGoOfItsRow) {
    Scene scene(tiny());
    for (int i = 0; i < 7; ++i) scene.push("j" + std::to_string(i), in("q"));
    scene.queue(QueueAction::remove, "q");
    scene.apply(by_state(SweepAction::cancel, JobState::enqueued));
    scene.pass(0s);
    for (int i = 0; i < 7; ++i) EXPECT_EQ(scene.state("j" + std::to_string(i)), "cancelled");
    EXPECT_TRUE(scene.store.queues.empty());
}

TEST(EngineQueues, ARunningJobOutlivesItsQueueAndReturnsToANewOne) {
    Scene scene;
    const Caller worker = scene.worker("w");
    scene.push("a", in("q"));
    scene.fetch(worker, {"q"});
    scene.queue(QueueAction::remove, "q");
    EXPECT_EQ(scene.store.queues.size(), 1U);  // kept for the job that runs
    scene.release(worker, "a");
    EXPECT_EQ(scene.fetch(worker, {"q"}), "jobs a#1");
    EXPECT_EQ(scene.store.queues.size(), 1U);
    EXPECT_FALSE(scene.store.queues.begin()->second.removed);
}

TEST(EngineQueues, AWaitingFetchWaitsOnUnderTheNewNumber) {
    Scene scene;
    const Caller worker = scene.worker("w");
    scene.push("a", in("q"));
    scene.fetch(worker, {"q"});
    scene.fetch(worker, {"q"}, 1, 10s);
    scene.queue(QueueAction::remove, "q");
    EXPECT_NE(scene.push("b", in("q")).find("jobs b#1"), std::string::npos);
}

TEST(EngineQueues, AHalfClearedQueueIsClearedAfterARestart) {
    Scene scene(tiny());
    for (int i = 0; i < 6; ++i) scene.push("j" + std::to_string(i), in("q"));
    QueueRow row = scene.store.queues.begin()->second;
    row.removed = true;  // as a crash right after the removal leaves it
    scene.store.queues[row.id] = row;
    scene.restart();
    scene.pass(0s);
    EXPECT_EQ(scene.state("j5"), "discarded");
    EXPECT_TRUE(scene.store.queues.empty());
}

TEST(EngineSweeps, EachActionTakesTheStatesItMay) {
    const auto waiting_to = [](SweepAction action) {
        Scene scene;
        scene.push("a");
        EXPECT_EQ(scene.sweep(action, {"a"}),
                  action == SweepAction::requeue ? "count 0" : "count 1");
        return scene.state("a");
    };
    EXPECT_EQ(waiting_to(SweepAction::kill), "dead");
    EXPECT_EQ(waiting_to(SweepAction::discard), "discarded");
    EXPECT_EQ(waiting_to(SweepAction::cancel), "cancelled");
    EXPECT_EQ(waiting_to(SweepAction::requeue), "enqueued");
}

TEST(EngineSweeps, DeadScheduledAndRetryingJobsAreRequeued) {
    Scene scene;
    const Caller worker = scene.worker("w");
    scene.push("a");
    scene.sweep(SweepAction::kill, {"a"});
    EXPECT_EQ(scene.sweep(SweepAction::requeue, {"a"}), "count 1");
    EXPECT_EQ(scene.fetch(worker), "jobs a#1");
    scene.fail(worker, "a");
    EXPECT_EQ(scene.sweep(SweepAction::requeue, {"a"}), "count 1");
    EXPECT_EQ(scene.state("a"), "enqueued");
    Spec later;
    later.policy.at = scene.now + 1h;
    scene.push("b", later);
    EXPECT_EQ(scene.sweep(SweepAction::requeue, {"b"}), "count 1");
    EXPECT_EQ(scene.state("b"), "enqueued");
}

TEST(EngineSweeps, AFilterWorksThroughEverythingPageByPage) {
    Scene scene(tiny());
    for (int i = 0; i < 11; ++i) scene.push("j" + std::to_string(i));
    EXPECT_EQ(scene.apply(by_state(SweepAction::kill, JobState::enqueued)), "count 11");
    EXPECT_EQ(scene.apply(by_state(SweepAction::requeue, JobState::dead)), "count 11");
    EXPECT_EQ(scene.fetch(scene.worker("w"), {"default"}, 2), "jobs j0#1 j1#1");
    EXPECT_EQ(scene.apply(by_state(SweepAction::discard, JobState::enqueued)), "count 9");
    EXPECT_EQ(scene.store.index_rows, 0);
}

TEST(EngineSweeps, AFinalJobStaysFinal) {
    Scene scene;
    scene.push("a");
    scene.sweep(SweepAction::cancel, {"a"});
    for (const SweepAction action :
         {SweepAction::kill, SweepAction::discard, SweepAction::requeue, SweepAction::cancel}) {
        EXPECT_EQ(scene.sweep(action, {"a"}), "count 0");
    }
    EXPECT_EQ(scene.state("a"), "cancelled");
}

TEST(EngineWaits, AreAnsweredWhenEveryJobIsFinal) {
    Scene scene;
    scene.push("a");
    scene.push("b");
    const Caller asker{ConnectionId(40), nullptr};
    EXPECT_EQ(scene.apply(Wait{{}, asker, {"a", "b", "unknown"}, 10s}), "");
    const std::uint64_t ticket = scene.tickets;
    EXPECT_EQ(scene.sweep(SweepAction::cancel, {"a"}), "count 1");
    EXPECT_EQ(scene.sweep(SweepAction::kill, {"b"}),
              "#" + std::to_string(ticket) + " wait complete cancelled dead unknown; count 1");
}

TEST(EngineWaits, MayNameAJobTwiceAndShareItWithOthers) {
    Scene scene;
    scene.push("a");
    scene.push("b");
    scene.apply(Wait{{}, {ConnectionId(40), nullptr}, {"a", "b", "a"}, 10s});
    const std::string first = "#" + std::to_string(scene.tickets);
    scene.apply(Wait{{}, {ConnectionId(41), nullptr}, {"a"}, 10s});
    const std::string second = "#" + std::to_string(scene.tickets);
    EXPECT_EQ(scene.sweep(SweepAction::cancel, {"a"}),
              second + " wait complete cancelled; count 1");
    EXPECT_EQ(scene.sweep(SweepAction::kill, {"b"}),
              first + " wait complete cancelled dead cancelled; count 1");
}

TEST(EngineWaits, AreBoundedInTheJobsTheyName) {
    EngineConfig config;
    config.waited_jids_max = 3;
    Scene scene(config);
    scene.push("a");
    scene.push("b");
    EXPECT_EQ(scene.apply(Wait{{}, {ConnectionId(40), nullptr}, {"a", "b"}, 10s}), "");
    EXPECT_NE(scene.apply(Wait{{}, {ConnectionId(41), nullptr}, {"a", "b"}, 10s}).find("FULL"),
              std::string::npos);
    scene.apply(Disconnect{.caller = {ConnectionId(40), nullptr}});
    EXPECT_EQ(scene.apply(Wait{{}, {ConnectionId(41), nullptr}, {"a", "b"}, 10s}), "");
}

TEST(EngineWaits, AreAnsweredAtTheirDeadlineWithWhatIsKnown) {
    Scene scene;
    scene.push("a");
    scene.apply(Wait{{}, {}, {"a"}, 10s});
    const std::uint64_t ticket = scene.tickets;
    EXPECT_EQ(scene.pass(10s), "#" + std::to_string(ticket) + " wait open enqueued");
}

TEST(EngineRetention, FinishedJobsAreForgottenInTimeAndInNumber) {
    EngineConfig config;
    config.finished_max = 2;
    Scene scene(config);
    for (const char* jid : {"a", "b", "c"}) {
        scene.push(jid);
        scene.sweep(SweepAction::cancel, {jid});
        scene.pass(1s);
    }
    EXPECT_EQ(scene.state("a"), "gone");
    EXPECT_EQ(scene.state("b"), "cancelled");
    scene.pass(24h);
    EXPECT_TRUE(scene.store.jobs.empty());
}

TEST(EngineRetention, PurgedDeadJobsAreCounted) {
    Scene scene;
    scene.push("a");
    scene.sweep(SweepAction::kill, {"a"});
    scene.pass(180 * 24h);
    EXPECT_EQ(scene.state("a"), "gone");
    EXPECT_EQ(scene.store.totals.purged_dead, 1U);
}

TEST(EngineFlush, ForgetsEverythingButTheFetchesThatWait) {
    Scene scene(tiny());
    const Caller worker = scene.worker("w");
    for (int i = 0; i < 9; ++i) scene.push("j" + std::to_string(i), in("q"));
    scene.fetch(worker, {"q"}, 2);
    scene.fetch(worker, {"empty"}, 1, 10s);
    EXPECT_EQ(scene.apply(Flush{}), "ok");
    EXPECT_TRUE(scene.store.jobs.empty());
    EXPECT_EQ(scene.engine->resident(), 0U);
    EXPECT_NE(scene.push("a", in("empty")).find("jobs a#1"), std::string::npos);
    scene.pass(1h);  // the timers of what was flushed are gone, too
    EXPECT_EQ(scene.ack(worker, "a"), "verdicts done");
}

TEST(EngineInfo, CountsByState) {
    Scene scene(tiny());
    const Caller worker = scene.worker("w");
    for (int i = 0; i < 5; ++i) scene.push("j" + std::to_string(i));
    scene.fetch(worker);
    scene.sweep(SweepAction::kill, {"j4"});
    EXPECT_EQ(scene.apply(Info{}),
              "info enqueued=3 scheduled=0 retrying=0 running=1 dead=1 queues=1");
}

}  // namespace
}  // namespace sluice::jobs
