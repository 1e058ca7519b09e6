// SPDX-License-Identifier: Apache-2.0
// ACK, FAIL, REQUEUE, EXTEND and the end of a lease: every way out of `running`.
#include "modules/jobs/engine/scene_testing.h"

#include <gtest/gtest.h>

namespace sluice::jobs {
namespace {

using jobs::scene::Scene;
using jobs::scene::Spec;

struct EngineAnswer : testing::Test {
    Scene scene;
    Caller worker = scene.worker("w");
    Caller other = scene.worker("other");

    /// Pushed and delivered to `worker`.
    void running(const std::string& jid, const Spec& spec = {}) {
        scene.push(jid, spec);
        ASSERT_EQ(scene.fetch(worker), "jobs " + jid + "#1");
    }
    static Spec retries(std::int32_t count, BackoffKind kind = BackoffKind::constant) {
        Spec spec;
        spec.policy.retry = count;
        spec.policy.backoff.kind = kind;
        return spec;
    }
};

TEST_F(EngineAnswer, AckOfTheHolderFinishesTheJob) {
    running("a");
    EXPECT_EQ(scene.ack(worker, "a"), "verdicts done");
    EXPECT_EQ(scene.state("a"), "succeeded");
    EXPECT_TRUE(scene.last.needs_sync);
    EXPECT_EQ(scene.ack(worker, "a"), "verdicts not_found");
    EXPECT_EQ(scene.store.totals.succeeded, 1U);
}

TEST_F(EngineAnswer, OnlyTheHolderMayAnswer) {
    running("a");
    EXPECT_EQ(scene.ack(other, "a"), "verdicts not_found");
    EXPECT_EQ(scene.fail(other, "a"), "verdicts not_found");
    EXPECT_EQ(scene.release(other, "a"), "verdicts not_found");
    EXPECT_EQ(scene.ack(Caller{ConnectionId(99), nullptr}, "a"), "verdicts not_found");
    EXPECT_EQ(scene.state("a"), "running");
}

TEST_F(EngineAnswer, AnOldTokenIsStale) {
    running("a");
    const LeaseToken old = scene.token("a");
    scene.release(worker, "a");
    scene.fetch(other);
    EXPECT_EQ(scene.ack(worker, "a", old), "verdicts stale");
    EXPECT_EQ(scene.ack(worker, "a", scene.token("a")), "verdicts done");  // a token is enough
}

TEST_F(EngineAnswer, AFailureWaitsThenRunsAgainUntilItsRetriesAreUsedUp) {
    running("a", retries(1));
    EXPECT_EQ(scene.fail(worker, "a"), "verdicts done");
    EXPECT_EQ(scene.state("a"), "retrying");
    EXPECT_EQ(scene.job("a").head.due_at, scene.now + 15s);
    EXPECT_EQ(scene.job("a").head.failure->retry_count, 0);
    scene.pass(15s);
    EXPECT_EQ(scene.fetch(worker), "jobs a#2");
    scene.fail(worker, "a");
    EXPECT_EQ(scene.state("a"), "dead");
    EXPECT_EQ(scene.job("a").head.failure->retry_count, 1);
}

TEST_F(EngineAnswer, WithoutRetriesAFailureDiscardsOrKills) {
    running("a", retries(0));
    scene.fail(worker, "a");
    EXPECT_EQ(scene.state("a"), "discarded");
    running("b", retries(-1));
    scene.fail(worker, "b");
    EXPECT_EQ(scene.state("b"), "dead");
}

TEST_F(EngineAnswer, AFinalFailureIsDeadAtOnce) {
    running("a", retries(5));
    scene.fail(worker, "a", std::nullopt, true);
    EXPECT_EQ(scene.state("a"), "dead");
}

TEST_F(EngineAnswer, TheWorkerMaySayWhenToTryAgain) {
    running("a", retries(5));
    scene.fail(worker, "a", 3s);
    EXPECT_EQ(scene.job("a").head.due_at, scene.now + 3s);
    scene.pass(3s);
    scene.fetch(worker);
    scene.fail(worker, "a", 0s);
    EXPECT_EQ(scene.state("a"), "enqueued");
}

TEST_F(EngineAnswer, AReleaseGivesTheJobBackToTheFrontWithoutCounting) {
    running("a");
    scene.push("b");
    scene.release(worker, "a");
    EXPECT_EQ(scene.job("a").head.attempt, 0);
    EXPECT_EQ(scene.fetch(worker, {"default"}, 2), "jobs a#1 b#1");
    scene.release(worker, "a", 5s);
    EXPECT_EQ(scene.state("a"), "scheduled");
}

TEST_F(EngineAnswer, AnExpiredLeaseIsAFailedAttempt) {
    scene.push("a");
    scene.fetch(Caller{ConnectionId(7), nullptr});
    scene.pass(1800s);
    ASSERT_EQ(scene.state("a"), "retrying");
    EXPECT_EQ(scene.job("a").head.failure->errtype, "ReservationExpired");
    EXPECT_EQ(scene.job("a").head.lease.lapse, Lapse::expired);
}

TEST(EngineLateAck, CountsWhileNobodyHasTheJobSince) {
    Scene scene;
    const Caller bare{ConnectionId(7), nullptr};
    scene.push("a");
    scene.fetch(bare);
    scene.pass(1800s);
    ASSERT_EQ(scene.state("a"), "retrying");
    EXPECT_EQ(scene.ack(bare, "a"), "verdicts done");
    EXPECT_EQ(scene.state("a"), "succeeded");
}

TEST(EngineLateAck, IsRefusedOnceTheJobWasDeliveredAgain) {
    Scene scene;
    const Caller bare{ConnectionId(7), nullptr};
    scene.push("a");
    scene.fetch(bare);
    const LeaseToken old = scene.token("a");
    scene.pass(1h);
    const Caller worker = scene.worker("w");
    ASSERT_EQ(scene.fetch(worker), "jobs a#2");
    EXPECT_EQ(scene.ack(bare, "a"), "verdicts not_found");
    EXPECT_EQ(scene.ack(bare, "a", old), "verdicts stale");
    EXPECT_EQ(scene.state("a"), "running");
}

TEST_F(EngineAnswer, ExtendMovesTheEndOfALease) {
    running("a");
    scene.apply(Extend{{}, worker, {"a", {}}, 3600s});
    EXPECT_EQ(scene.job("a").head.lease.expires_at, scene.now + 3600s);
    scene.apply(Extend{{}, worker, {"a", {}}, 10s});  // never shortens
    EXPECT_EQ(scene.job("a").head.lease.expires_at, scene.now + 3600s);
    EXPECT_EQ(scene.apply(Extend{{}, other, {"a", {}}, 10s}), "verdicts not_found");
}

TEST_F(EngineAnswer, ACancelledRunningJobIsNeverDeliveredAgain) {
    running("a");
    EXPECT_EQ(scene.sweep(SweepAction::cancel, {"a"}), "count 1");
    EXPECT_EQ(scene.state("a"), "running");
    scene.fail(worker, "a");
    EXPECT_EQ(scene.state("a"), "cancelled");
    running("b");
    scene.sweep(SweepAction::cancel, {"b"});
    scene.release(worker, "b");
    EXPECT_EQ(scene.state("b"), "cancelled");
    running("c");
    scene.sweep(SweepAction::cancel, {"c"});
    EXPECT_EQ(scene.ack(worker, "c"), "verdicts done");
    EXPECT_EQ(scene.state("c"), "succeeded");
}

TEST_F(EngineAnswer, TwoRunningJobsOfOneJidAreAnsweredNewestFirst) {
    running("a");
    const Seq first = scene.job("a").head.seq;
    running("a");
    scene.ack(worker, "a");
    EXPECT_EQ(scene.state("a"), "succeeded");
    EXPECT_EQ(scene.store.jobs.at(first).head.state, JobState::running);
    scene.ack(worker, "a");
    EXPECT_EQ(scene.store.jobs.at(first).head.state, JobState::succeeded);
}

}  // namespace
}  // namespace sluice::jobs
