// SPDX-License-Identifier: Apache-2.0
// Workers that come, beat, fall silent, become quiet and go.
#include "modules/jobs/engine/scene_testing.h"

#include <gtest/gtest.h>

namespace sluice::jobs {
namespace {

using jobs::scene::Scene;
using jobs::scene::Spec;

Beat beat(const Caller& caller, std::vector<LeaseToken> leases = {}) {
    Beat beat;
    beat.caller = caller;
    beat.wid = caller.name();
    beat.leases = std::move(leases);
    return beat;
}

std::string fetch_extended(Scene& scene, const Caller& caller) {
    Fetch fetch;
    fetch.caller = caller;
    fetch.queues = {"default"};
    fetch.wait = 0s;
    fetch.mode = LeaseMode::beat;
    return scene.apply(std::move(fetch));
}

TEST(EngineWorkers, ASilentWorkerGivesItsJobsBackToTheFront) {
    Scene scene;
    const Caller worker = scene.worker("w");
    scene.push("a");
    scene.fetch(worker);
    scene.push("b");
    scene.apply(Disconnect{worker, {}});
    scene.pass(60s - 1ns);
    EXPECT_EQ(scene.state("a"), "running");
    scene.pass(1ns);
    EXPECT_EQ(scene.state("a"), "enqueued");
    EXPECT_EQ(scene.job("a").head.losses, 1);
    EXPECT_EQ(scene.job("a").head.failure, nullptr);  // not a failure
    EXPECT_EQ(scene.fetch(scene.worker("v"), {"default"}, 2), "jobs a#2 b#1");
}

TEST(EngineWorkers, ABeatKeepsAWorkerAndAnUnknownOneIsToldSo) {
    Scene scene;
    const Caller worker = scene.worker("w");
    scene.push("a");
    scene.fetch(worker);
    for (int i = 0; i < 5; ++i) {
        scene.pass(30s);
        EXPECT_EQ(scene.apply(beat(worker)), "beat running");
    }
    EXPECT_EQ(scene.state("a"), "running");
    EXPECT_EQ(
        scene.apply(beat(Caller{ConnectionId(50), std::make_shared<const std::string>("nobody")})),
        "beat unknown");
}

TEST(EngineWorkers, TheThirdLossIsPoison) {
    Scene scene;
    scene.push("a");
    for (int i = 1; i <= 3; ++i) {
        const Caller worker = scene.worker("w" + std::to_string(i));
        ASSERT_EQ(scene.fetch(worker), "jobs a#" + std::to_string(i));
        scene.apply(Disconnect{worker, {}});
        scene.pass(61s);
    }
    EXPECT_EQ(scene.state("a"), "dead");
    EXPECT_EQ(scene.job("a").head.failure->errtype, "WorkerLost");
}

TEST(EngineWorkers, AJobMayWaitForItsLeaseInstead) {
    Scene scene;
    Spec patient;
    patient.policy.wait_when_worker_lost = true;
    scene.push("a", patient);
    const Caller worker = scene.worker("w");
    scene.fetch(worker);
    scene.apply(Disconnect{worker, {}});
    scene.pass(1799s);
    EXPECT_EQ(scene.state("a"), "running");
    scene.pass(1s);
    EXPECT_EQ(scene.state("a"), "retrying");
}

TEST(EngineWorkers, AnAckAfterTheLossStillCounts) {
    Scene scene;
    const Caller worker = scene.worker("w");
    scene.push("a");
    scene.fetch(worker);
    scene.apply(Disconnect{worker, {}});
    scene.pass(60s);
    ASSERT_EQ(scene.state("a"), "enqueued");
    EXPECT_EQ(scene.ack(scene.worker("w"), "a"), "verdicts done");
}

TEST(EngineWorkers, BeatsRenewTheLeasesTheyListAndNoOthers) {
    Scene scene;
    const Caller worker = scene.worker("w", true);
    scene.push("a");
    scene.push("b");
    fetch_extended(scene, worker);
    fetch_extended(scene, worker);
    const LeaseToken a = scene.token("a");
    const LeaseToken unknown(12345);
    for (int i = 0; i < 4; ++i) {
        scene.pass(10s);
        EXPECT_EQ(scene.apply(beat(worker, {a, unknown})), "beat running lost=12345");
    }
    EXPECT_EQ(scene.state("a"), "running");
    EXPECT_EQ(scene.state("b"), "retrying");  // its lease of 30 s ran out
}

TEST(EngineWorkers, ProgressIsKeptWithTheRunningJobAndForgottenAtItsEnd) {
    Scene scene;
    const Caller worker = scene.worker("w", true);
    const Caller other = scene.worker("v", true);
    const auto percent_of = [&](const std::string& jid) -> int {
        scene.apply(GetJob{{}, jid});
        const auto& reply = std::get<JobReply>(scene.last.replies.at(0).body);
        return reply.job.head.progress ? reply.job.head.progress->percent : -1;
    };
    const auto report = [&](const Caller& caller, LeaseToken lease, int percent) {
        Beat said = beat(caller, {lease});
        said.progress = {{lease, percent - 1, "before"}, {lease, percent, "half way"}};
        scene.apply(std::move(said));
    };
    scene.push("a");
    scene.push("b");
    fetch_extended(scene, worker);
    fetch_extended(scene, worker);
    const LeaseToken lease = scene.token("a");
    report(worker, lease, 40);
    report(other, lease, 99);  // not its job
    EXPECT_EQ(percent_of("a"), 40);
    EXPECT_EQ(percent_of("b"), -1);

    scene.apply(ListJobs{});
    const auto& list = std::get<ListReply>(scene.last.replies.at(0).body);
    ASSERT_EQ(list.jobs.size(), 2U);
    ASSERT_TRUE(list.jobs[0].head.progress);
    EXPECT_EQ(list.jobs[0].head.progress->note, "half way");
    EXPECT_EQ(list.jobs[0].head.progress->at, scene.now);

    scene.release(worker, "a");
    EXPECT_EQ(percent_of("a"), -1);
    fetch_extended(scene, worker);
    EXPECT_EQ(percent_of("a"), -1);
    report(worker, lease, 60);  // the former run
    EXPECT_EQ(percent_of("a"), -1);
    report(worker, scene.token("a"), 70);
    EXPECT_EQ(percent_of("a"), 70);
    report(worker, scene.token("b"), 80);
    scene.restart();  // not durable
    EXPECT_EQ(percent_of("a"), -1);
    const Caller again = scene.worker("w", true);
    report(again, scene.token("a"), 90);
    EXPECT_EQ(percent_of("a"), 90);
    EXPECT_EQ(scene.ack(again, "a", scene.token("a")), "verdicts done");
    EXPECT_EQ(percent_of("a"), -1);
    report(again, scene.token("b"), 90);
    scene.fail(again, "b");
    EXPECT_EQ(percent_of("b"), -1);
}

TEST(EngineWorkers, ABeatNeverShortensALease) {
    Scene scene;
    const Caller worker = scene.worker("w", true);
    scene.push("a");
    fetch_extended(scene, worker);
    scene.apply(Extend{{}, worker, {"a", scene.token("a")}, 300s});
    scene.apply(beat(worker, {scene.token("a")}));
    for (int i = 0; i < 25; ++i) {
        scene.pass(10s);
        scene.apply(beat(worker));  // alive, but does not list it
    }
    EXPECT_EQ(scene.state("a"), "running");
}

TEST(EngineWorkers, ABeatTellsOfACancellation) {
    Scene scene;
    const Caller worker = scene.worker("w");
    scene.push("a");
    scene.fetch(worker);
    scene.sweep(SweepAction::cancel, {"a"});
    EXPECT_EQ(scene.apply(beat(worker)), "beat running cancel=a");
}

TEST(EngineWorkers, AQuietWorkerGetsNothingNew) {
    Scene scene;
    const Caller worker = scene.worker("w");
    scene.fetch(worker, {"default"}, 1, 10s);
    EXPECT_EQ(scene.apply(SignalWorker{{}, "w", WorkerState::quiet}), "count 1");
    EXPECT_EQ(scene.push("a"), "ok");
    EXPECT_EQ(scene.fetch(worker), "jobs");
    EXPECT_EQ(scene.apply(beat(worker)), "beat quiet");
    EXPECT_EQ(scene.fetch(scene.worker("v")), "jobs a#1");
}

TEST(EngineWorkers, AStateNeverGoesBack) {
    Scene scene;
    const Caller worker = scene.worker("w");
    scene.apply(SignalWorker{{}, "", WorkerState::terminate});
    scene.apply(SignalWorker{{}, "w", WorkerState::quiet});
    EXPECT_EQ(scene.apply(beat(worker)), "beat terminate");
}

TEST(EngineWorkers, UndeliveredJobsComeBackAtOnceUncounted) {
    Scene scene;
    const Caller worker = scene.worker("w");
    scene.push("a");
    scene.fetch(worker);
    scene.apply(Disconnect{worker, {scene.handed_out("a")}});
    EXPECT_EQ(scene.state("a"), "enqueued");
    EXPECT_EQ(scene.job("a").head.attempt, 0);
    EXPECT_EQ(scene.job("a").head.losses, 0);
}

TEST(EngineWorkers, UndeliveredJobsComeBackInTheirOrderUnlessDeliveredSince) {
    Scene scene;
    const Caller worker = scene.worker("w");
    for (const char* jid : {"a", "b", "c", "d"}) scene.push(jid);
    scene.fetch(worker, {"default"}, 3);
    const HandedOut b_then = scene.handed_out("b");
    scene.release(worker, "b");
    scene.fetch(worker);
    EXPECT_EQ(scene.state("b"), "running");
    scene.apply(Disconnect{worker, {scene.handed_out("a"), b_then, scene.handed_out("c")}});
    EXPECT_EQ(scene.fetch(scene.worker("v"), {"default"}, 4), "jobs a#1 c#1 d#1");
}

TEST(EngineWorkers, UnreadJobsComeBackOnceNoConnectionIsLeft) {
    Scene scene;
    const Caller worker = scene.worker("w");
    const Caller other{ConnectionId(77), worker.wid};
    scene.apply(Hello{.caller = other});
    scene.push("a");
    scene.push("b");
    scene.fetch(worker);
    scene.fetch(other);
    scene.apply(Disconnect{.caller = worker, .unread = {scene.handed_out("a")}});
    EXPECT_EQ(scene.state("a"), "running");  // the other connection may be of the same program
    scene.apply(Disconnect{.caller = other, .unread = {scene.handed_out("b")}});
    EXPECT_EQ(scene.state("b"), "enqueued");
    EXPECT_EQ(scene.job("b").head.losses, 0);
    EXPECT_EQ(scene.state("a"), "running");
}

TEST(EngineWorkers, UnreadJobsOfNobodyStayLeased) {
    Scene scene;
    const Caller plain{ConnectionId(77), nullptr};
    scene.push("a");
    scene.fetch(plain);
    scene.apply(Disconnect{.caller = plain, .unread = {scene.handed_out("a")}});
    EXPECT_EQ(scene.state("a"), "running");
}

TEST(EngineWorkers, AFetchThatOutlivesItsWorkersRecordIsWatchedAgain) {
    Scene scene;
    const Caller ghost{ConnectionId(9), std::make_shared<const std::string>("ghost")};
    scene.push("a");
    ASSERT_EQ(scene.fetch(ghost), "jobs a#1");
    scene.pass(60s);
    EXPECT_EQ(scene.state("a"), "enqueued");
}

}  // namespace
}  // namespace sluice::jobs
