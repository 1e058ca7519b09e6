// SPDX-License-Identifier: Apache-2.0
// PUSH: new jobs, repeats (job-semantics 4.3), bulk and refusals.
#include "modules/jobs/engine/scene_testing.h"

#include <gtest/gtest.h>

namespace sluice::jobs {
namespace {

using jobs::scene::make_body;
using jobs::scene::Scene;
using jobs::scene::Spec;

TEST(EnginePush, ANewJobIsEnqueuedAndNeedsASync) {
    Scene scene;
    EXPECT_EQ(scene.push("a"), "ok");
    EXPECT_EQ(scene.state("a"), "enqueued");
    EXPECT_TRUE(scene.last.needs_sync);
    EXPECT_EQ(scene.store.totals.pushed, 1U);
}

TEST(EnginePush, AJobForLaterIsScheduledAndBecomesDueAtItsTime) {
    Scene scene;
    Spec later;
    later.policy.at = scene.now + 10s;
    scene.push("a", later);
    EXPECT_EQ(scene.state("a"), "scheduled");
    scene.pass(10s - 1ns);
    EXPECT_EQ(scene.state("a"), "scheduled");
    scene.pass(1ns);
    EXPECT_EQ(scene.state("a"), "enqueued");
}

TEST(EnginePush, ARepeatOfAWaitingJobMakesNoSecondJob) {
    Scene scene;
    scene.push("a");
    EXPECT_EQ(scene.push("a"), "ok duplicates=1");
    EXPECT_EQ(scene.store.jobs.size(), 1U);
    EXPECT_EQ(scene.store.totals.duplicates, 1U);
    EXPECT_TRUE(scene.last.needs_sync);  // the first push may not be durable yet
}

TEST(EnginePush, OtherContentUnderTheSameJidIsANewJobThatOwnsTheJid) {
    Scene scene;
    scene.push("a");
    const Seq first = scene.job("a").head.seq;
    Spec other;
    other.args = "[2]";
    EXPECT_EQ(scene.push("a", other), "ok");
    EXPECT_EQ(scene.store.jobs.size(), 2U);
    EXPECT_TRUE(scene.store.jobs.at(first).head.superseded);
    EXPECT_NE(scene.job("a").head.seq, first);
}

TEST(EnginePush, ARunningOrFinishedJobIsNotRepeatedUnlessAskedTo) {
    Scene scene;
    const Caller worker = scene.worker("w");
    Spec once;
    once.once = true;
    scene.push("a");
    scene.fetch(worker);
    EXPECT_EQ(scene.push("a", once), "ok duplicates=1");
    scene.ack(worker, "a");
    EXPECT_EQ(scene.push("a", once), "ok duplicates=1");
    EXPECT_EQ(scene.push("a"), "ok");
    EXPECT_EQ(scene.state("a"), "enqueued");
}

TEST(EnginePush, RetentionOfAnOldJobLeavesTheJidOfTheNewOne) {
    Scene scene;
    const Caller worker = scene.worker("w");
    scene.push("a");
    scene.fetch(worker);
    scene.ack(worker, "a");
    Spec later;
    later.policy.at = scene.now + 48h;
    scene.push("a", later);
    scene.pass(25h);
    EXPECT_EQ(scene.store.jobs.size(), 1U);
    EXPECT_EQ(scene.state("a"), "scheduled");
}

TEST(EnginePush, AFullDiskRefusesPushesAndNothingElse) {
    Scene scene;
    const Caller worker = scene.worker("w");
    scene.push("a");
    scene.apply(GuardDisk{true});
    EXPECT_TRUE(scene.push("b").starts_with("refused FULL"));
    EXPECT_EQ(scene.state("b"), "gone");
    EXPECT_EQ(scene.fetch(worker), "jobs a#1");
    EXPECT_EQ(scene.ack(worker, "a"), "verdicts done");
    scene.apply(GuardDisk{false});
    EXPECT_EQ(scene.push("b"), "ok");
}

TEST(EnginePush, ABulkPushBeyondTheLimitOfQueuesLeavesNothing) {
    EngineConfig config;
    config.queues_max = 2;
    Scene scene(config);
    Push bulk;
    for (const char* name : {"one", "two", "three"}) {
        Spec spec;
        spec.queue = name;
        bulk.jobs.push_back(make_body(name, spec));
    }
    EXPECT_TRUE(scene.apply(bulk).starts_with("refused LIMITED"));
    EXPECT_TRUE(scene.store.jobs.empty());
    bulk.jobs.pop_back();
    EXPECT_EQ(scene.apply(bulk), "ok");
    EXPECT_EQ(scene.store.jobs.size(), 2U);
}

TEST(EnginePush, AnAsyncQueueNeedsNoSync) {
    Scene scene;
    scene.queue(QueueAction::make_async, "default");
    scene.push("a");
    EXPECT_FALSE(scene.last.needs_sync);
}

TEST(EnginePush, ARepeatAfterTheQueueWasRemovedIsANewJob) {
    EngineConfig config;
    config.sweep_page = 1;
    Scene scene(config);
    const Caller worker = scene.worker("w");
    scene.push("a");
    scene.queue(QueueAction::remove, "default");
    scene.push("a");
    EXPECT_EQ(scene.fetch(worker), "jobs a#1");
}

TEST(EnginePush, NamesOfQueuesCountFromThePushAlsoWhileTheJobIsNotDue) {
    EngineConfig config;
    config.queues_max = 2;
    Scene scene(config);
    const auto push_to = [&](const std::string& jid, const std::string& queue, bool later) {
        Spec spec;
        spec.queue = queue;
        if (later) spec.policy.at = scene.now + 10s;
        return scene.push(jid, spec);
    };
    const auto listed = [&] {
        scene.apply(Info{});
        return std::get<InfoReply>(scene.last.replies.at(0).body).queues.size();
    };
    EXPECT_EQ(push_to("a", "one", true), "ok");
    EXPECT_EQ(push_to("b", "two", true), "ok");
    EXPECT_EQ(listed(), 0U);  // not before a job is ready
    const std::string refused = push_to("c", "three", true);
    EXPECT_NE(refused.find("LIMITED"), std::string::npos) << refused;
    // A fetch that waits for the name changes nothing.
    scene.fetch(scene.worker("w"), {"three", "four"}, 1, 60s);
    EXPECT_EQ(push_to("c", "three", false), refused);
    EXPECT_EQ(push_to("d", "one", true), "ok");
    scene.restart();
    EXPECT_EQ(push_to("c", "three", false), refused);
    scene.pass(10s);
    EXPECT_EQ(listed(), 2U);
    EXPECT_EQ(push_to("c", "three", true), refused);
    scene.queue(QueueAction::remove, "one");
    EXPECT_EQ(push_to("c", "three", true), "ok");
}

}  // namespace
}  // namespace sluice::jobs
