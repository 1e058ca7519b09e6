// SPDX-License-Identifier: Apache-2.0
// Restarts: what is stored comes back, leases with it, and nobody is punished for the outage.
#include "modules/jobs/engine/scene_testing.h"

#include <gtest/gtest.h>

namespace sluice::jobs {
namespace {

using jobs::scene::Scene;
using jobs::scene::Spec;

TEST(EngineRestore, EveryStateComesBack) {
    Scene scene;
    const Caller worker = scene.worker("w");
    Spec later;
    later.policy.at = scene.now + 1h;
    scene.push("running");
    scene.fetch(worker);
    scene.push("retrying");
    scene.fetch(worker);
    scene.fail(worker, "retrying");
    scene.push("dead");
    scene.sweep(SweepAction::kill, {"dead"});
    scene.push("enqueued");
    scene.push("scheduled", later);
    scene.restart();
    ASSERT_TRUE(scene.restored);
    for (const char* state : {"running", "retrying", "dead", "enqueued", "scheduled"})
        EXPECT_EQ(scene.state(state), state);
    EXPECT_EQ(scene.engine->inconsistency(), std::nullopt);
    EXPECT_EQ(scene.engine->totals().pushed, 5U);
    EXPECT_EQ(scene.ack(worker, "running"), "verdicts done");
}

TEST(EngineRestore, NoLeaseExpiresInTheGraceTime) {
    Scene scene;
    const Caller bare{ConnectionId(1), nullptr};
    scene.push("a");
    scene.fetch(bare);
    scene.now += 2h;  // the server was down for long
    scene.restart();
    scene.pass(60s - 1ns);
    EXPECT_EQ(scene.state("a"), "running");
    scene.pass(1ns);
    EXPECT_EQ(scene.state("a"), "retrying");
}

TEST(EngineRestore, AWorkerThatDoesNotComeBackIsLostAfterTheGraceTime) {
    Scene scene;
    scene.push("a");
    scene.fetch(scene.worker("w"));
    scene.restart();
    scene.pass(60s);
    EXPECT_EQ(scene.state("a"), "enqueued");
    EXPECT_EQ(scene.job("a").head.losses, 1);
}

TEST(EngineRestore, TokensAndOrdersGoOnUpwards) {
    Scene scene;
    const Caller worker = scene.worker("w");
    scene.push("a");
    scene.push("b");
    scene.fetch(worker);
    const LeaseToken before = scene.token("a");
    scene.restart();
    scene.push("c");
    EXPECT_EQ(scene.fetch(scene.worker("v"), {"default"}, 2), "jobs b#1 c#1");
    EXPECT_GT(scene.token("b"), before);
}

TEST(EngineRestore, SmallerWindowsSpillWhatDoesNotFitAndKeepTheOrder) {
    Scene scene;
    for (int i = 0; i < 12; ++i) {
        scene.push("j" + std::to_string(i));
        Spec later;
        later.policy.at = scene.now + std::chrono::seconds(100 - i);
        scene.push("d" + std::to_string(i), later);
    }
    EXPECT_EQ(scene.store.index_rows, 0);
    scene.config.ready_window_jobs = 2;
    scene.config.due_window_jobs = 2;
    scene.restart();
    EXPECT_EQ(scene.engine->inconsistency(), std::nullopt);
    EXPECT_LE(scene.engine->resident(), 6U);
    const Caller worker = scene.worker("w");
    for (int i = 0; i < 12; ++i) {
        const std::string jid = "j" + std::to_string(i);
        EXPECT_EQ(scene.fetch(worker), "jobs " + jid + "#1");
        scene.ack(worker, jid);
    }
    scene.pass(100s);
    EXPECT_EQ(scene.fetch(worker, {"default"}, 2), "jobs d11#1 d10#1");
}

TEST(EngineRestore, PausesSurvive) {
    Scene scene;
    scene.push("a");
    scene.queue(QueueAction::pause, "default");
    scene.restart();
    EXPECT_EQ(scene.fetch(scene.worker("w")), "jobs");
}

TEST(EngineRestore, AJobWhoseQueueHasNoRowIsCorruption) {
    Scene scene;
    scene.push("a");
    scene.store.queues.clear();
    scene.restart();
    EXPECT_FALSE(scene.restored);
}

}  // namespace
}  // namespace sluice::jobs
