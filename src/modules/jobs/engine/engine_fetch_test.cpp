// SPDX-License-Identifier: Apache-2.0
// FETCH: order, priorities, several queues, waiting, pausing, windows.
#include "modules/jobs/engine/scene_testing.h"

#include <gtest/gtest.h>

namespace sluice::jobs {
namespace {

using jobs::scene::Scene;
using jobs::scene::Spec;

Spec in(std::string queue, std::uint8_t priority = priority_default) {
    Spec spec;
    spec.queue = std::move(queue);
    spec.policy.priority = priority;
    return spec;
}

EngineConfig tiny() {
    EngineConfig config;
    config.ready_window_jobs = 2;
    config.due_window_jobs = 2;
    return config;
}

TEST(EngineFetch, DeliversByPriorityThenInPushOrder) {
    Scene scene;
    const Caller worker = scene.worker("w");
    scene.push("a", in("q", 5));
    scene.push("b", in("q", 9));
    scene.push("c", in("q", 5));
    scene.push("d", in("q", 1));
    EXPECT_EQ(scene.fetch(worker, {"q"}, 4), "jobs b#1 a#1 c#1 d#1");
}

TEST(EngineFetch, BigJobsFillTheWindowByTheirBytesAndComeInOrder) {
    EngineConfig config;
    config.ready_window_bytes = 50'000;
    config.due_window_bytes = 50'000;
    Scene scene(config);
    const Caller worker = scene.worker("w");
    Spec big = in("q");
    for (int i = 0; i < 200; ++i) {
        // Every fifth is larger than the whole window.
        big.args = "\"" + std::string(i % 5 == 0 ? 60'000 : 9'000, 'x') + "\"";
        big.policy.at = i % 2 == 0 ? WallTime{} : scene.now + 1s;
        scene.push("j" + std::to_string(i), big);
        EXPECT_LE(scene.engine->resident(), 2U * 12);
    }
    scene.pass(2s);
    for (int round = 0; round < 2; ++round) {
        for (int i = round; i < 200; i += 2) {
            EXPECT_EQ(scene.fetch(worker, {"q"}), "jobs j" + std::to_string(i) + "#1");
            EXPECT_EQ(scene.ack(worker, "j" + std::to_string(i)), "verdicts done");
            EXPECT_LE(scene.engine->resident(), 2U * 12);
        }
        if (round == 0) scene.restart();
    }
    EXPECT_EQ(scene.store.index_rows, 0);
}

TEST(EngineFetch, TakesFromTheFirstQueueThatHasAnyThenFromTheNext) {
    Scene scene;
    const Caller worker = scene.worker("w");
    scene.push("a", in("low", 9));
    scene.push("b", in("high", 1));
    EXPECT_EQ(scene.fetch(worker, {"high", "low"}, 5), "jobs b#1 a#1");
}

TEST(EngineFetch, WaitsForAPushAndIsAnsweredInTheSameDecision) {
    Scene scene;
    const Caller worker = scene.worker("w");
    EXPECT_EQ(scene.fetch(worker, {"q"}, 1, 2s), "");
    EXPECT_EQ(scene.engine->waiting(), 1U);
    const std::uint64_t ticket = scene.tickets;
    EXPECT_EQ(scene.push("a", in("q")), "ok; #" + std::to_string(ticket) + " jobs a#1");
    EXPECT_EQ(scene.engine->waiting(), 0U);
}

TEST(EngineFetch, IsAnsweredWithNothingAtItsDeadline) {
    Scene scene;
    const Caller worker = scene.worker("w");
    scene.fetch(worker, {"q"}, 1, 2s);
    const std::uint64_t ticket = scene.tickets;
    EXPECT_EQ(scene.pass(2s - 1ns), "");
    EXPECT_EQ(scene.pass(1ns), "#" + std::to_string(ticket) + " jobs");
}

TEST(EngineFetch, TheLongestWaitIsServedFirst) {
    Scene scene;
    scene.fetch(scene.worker("first"), {"q"}, 1, 10s);
    const std::uint64_t first = scene.tickets;
    scene.fetch(scene.worker("second"), {"q"}, 1, 10s);
    EXPECT_EQ(scene.push("a", in("q")), "ok; #" + std::to_string(first) + " jobs a#1");
}

TEST(EngineFetch, AWaitEndsWithItsConnection) {
    Scene scene;
    const Caller worker = scene.worker("w");
    scene.fetch(worker, {"q"}, 1, 10s);
    scene.apply(Disconnect{worker, {}});
    EXPECT_EQ(scene.engine->waiting(), 0U);
    EXPECT_EQ(scene.push("a", in("q")), "ok");
    EXPECT_EQ(scene.state("a"), "enqueued");
}

TEST(EngineFetch, APausedQueueDeliversNothingUntilItIsResumed) {
    Scene scene;
    const Caller worker = scene.worker("w");
    scene.queue(QueueAction::pause, "q");
    scene.push("a", in("q"));
    EXPECT_EQ(scene.fetch(worker, {"q"}), "jobs");
    scene.fetch(worker, {"q"}, 1, 10s);
    const std::uint64_t ticket = scene.tickets;
    EXPECT_EQ(scene.queue(QueueAction::resume, "q"),
              "ok; #" + std::to_string(ticket) + " jobs a#1");
}

TEST(EngineFetch, ABacklogOnDiskIsServedInOrderThroughASmallWindow) {
    Scene scene(tiny());
    const Caller worker = scene.worker("w");
    for (int i = 0; i < 20; ++i) scene.push("j" + std::to_string(i), in("q"));
    EXPECT_LE(scene.engine->resident(), 3U);
    EXPECT_GT(scene.store.index_rows, 0);
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(scene.fetch(worker, {"q"}), "jobs j" + std::to_string(i) + "#1");
    EXPECT_EQ(scene.store.index_rows, 0);
}

TEST(EngineFetch, WhatWaitsForAPageDoesNotHoldUpOthers) {
    Scene scene(tiny());
    const Caller both = scene.worker("both");
    const Caller one = scene.worker("one");
    for (int i = 0; i < 4; ++i) scene.push("s" + std::to_string(i), in("slow"));
    scene.queue(QueueAction::pause, "slow");
    scene.fetch(both, {"slow", "fast"}, 1, 10s);
    scene.fetch(one, {"fast"}, 1, 10s);
    EXPECT_NE(scene.push("a", in("fast")).find("jobs a#1"), std::string::npos);
    EXPECT_NE(scene.push("b", in("fast")).find("jobs b#1"), std::string::npos);
}

TEST(EngineFetch, AQueueNamedTwiceIsOneQueue) {
    Scene scene;
    const Caller worker = scene.worker("w");
    scene.fetch(worker, {"q", "q"}, 2, 10s);
    EXPECT_NE(scene.push("a", in("q")).find("jobs a#1"), std::string::npos);
    EXPECT_EQ(scene.engine->waiting(), 0U);
}

TEST(EngineFetch, OneDeliveryIsBoundedInBytes) {
    EngineConfig config;
    config.fetch_bytes = 6'000;
    Scene scene(config);
    const Caller worker = scene.worker("w");
    for (int i = 0; i < 8; ++i) {
        Spec big;
        big.queue = "q" + std::to_string(i % 4);
        big.args = "[\"" + std::string(2'500, 'x') + "\"]";
        scene.push("j" + std::to_string(i), big);
    }
    const std::vector<std::string> all = {"q0", "q1", "q2", "q3"};
    EXPECT_EQ(scene.fetch(worker, all, 100), "jobs j0#1 j4#1 j1#1");
    EXPECT_EQ(scene.fetch(worker, all, 100), "jobs j5#1 j2#1 j6#1");
    EXPECT_EQ(scene.fetch(worker, all, 100), "jobs j3#1 j7#1");
}

TEST(EngineFetch, WaitingOnesAreBoundedInTheQueuesTheyName) {
    EngineConfig config;
    config.waiting_names_max = 4;
    Scene scene(config);
    const Caller worker = scene.worker("w");
    EXPECT_EQ(scene.fetch(worker, {"a", "b", "c"}, 1, 10s), "");
    EXPECT_NE(scene.fetch(worker, {"a", "b"}, 1, 10s).find("LIMITED"), std::string::npos);
    EXPECT_EQ(scene.fetch(worker, {"a", "b"}), "jobs");  // not for those that do not wait
    scene.pass(10s);
    EXPECT_EQ(scene.fetch(worker, {"a", "b"}, 1, 10s), "");
}

TEST(EngineFetch, WaitingOnesAreBoundedInTheQueuesThatDoNotExist) {
    EngineConfig config;
    config.queues_max = 2;
    Scene scene(config);
    const Caller worker = scene.worker("w");
    Spec spec;
    spec.queue = "known";
    scene.push("a", spec);
    EXPECT_EQ(scene.fetch(worker, {"known"}), "jobs a#1");
    EXPECT_EQ(scene.fetch(worker, {"x", "y", "known"}, 1, 10s), "");
    EXPECT_EQ(scene.fetch(worker, {"y", "x"}, 1, 10s), "");
    EXPECT_NE(scene.fetch(worker, {"z"}, 1, 10s).find("LIMITED"), std::string::npos);
    scene.pass(10s);
    EXPECT_EQ(scene.fetch(worker, {"z"}, 1, 10s), "");
}

TEST(EngineFetch, DueJobsOnDiskBecomeReadyThoughASweepEmptiedTheirWindow) {
    Scene scene(tiny());
    for (int i = 0; i < 8; ++i) {
        Spec later;
        later.policy.at = scene.now + std::chrono::seconds(1 + i);
        scene.push("d" + std::to_string(i), later);
    }
    scene.sweep(SweepAction::cancel, {"d0", "d1", "d2"});
    scene.pass(10s);
    for (int i = 3; i < 8; ++i) EXPECT_EQ(scene.state("d" + std::to_string(i)), "enqueued");
    EXPECT_EQ(scene.store.index_rows, static_cast<int>(scene.store.jobs.size()) - 3 - 2);
}

}  // namespace
}  // namespace sluice::jobs
