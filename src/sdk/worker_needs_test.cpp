// SPDX-License-Identifier: Apache-2.0
// The worker at work with types that need something: who starts, who waits, who never can.
#include "sdk/fake_queue_testing.h"
#include "sdk/worker.h"

#include <gtest/gtest.h>

namespace sluice::sdk {
namespace {

TypeTerms memory(std::uint64_t mem_mb) { return {.needs = {.mem_mb = mem_mb}}; }

TEST(WorkerNeeds, AJobStartsOnlyWhenItsNeedsFit) {
    FakeQueue queue;
    Gate gate;
    Gate small;
    Running running(queue);
    running.options.capacity.mem_mb = 100;
    running.add("large", gate.handler(), memory(60));
    running.add("small", small.handler(), memory(30));
    for (const char* type : {"large", "large", "small"}) queue.push(type);
    running.start();
    EXPECT_EQ(gate.await_begin(), "job-1");
    EXPECT_EQ(small.await_begin(), "job-3") << "it passes the second large one";
    EXPECT_EQ(running.worker->counters().parked, 1U);
    small.let_go(1);
    EXPECT_NE(queue.await("ACKB").find("job-3"), std::string::npos);
    gate.let_go(1);
    EXPECT_NE(queue.await("ACKB").find("job-1"), std::string::npos);
    EXPECT_EQ(gate.await_begin(), "job-2");
    gate.let_go(1);
    EXPECT_NE(queue.await("ACKB").find("job-2"), std::string::npos);
    running.worker->stop();
    EXPECT_TRUE(running.finish());
}

TEST(WorkerNeeds, ATypeRunsNoMoreAtOnceThanItsLimit) {
    FakeQueue queue;
    Gate gate;
    Running running(queue);
    running.options.concurrency = 4;
    running.add("one", gate.handler(), {.needs = {}, .concurrency_max = 1});
    running.add("echo", echo());
    for (int i = 0; i < 3; ++i) queue.push("one");
    queue.push("echo");
    running.start();
    EXPECT_EQ(gate.await_begin(), "job-1");
    EXPECT_NE(queue.await("ACKB").find("job-4"), std::string::npos);
    EXPECT_EQ(running.worker->counters().parked, 2U);
    for (const char* jid : {"job-2", "job-3"}) {
        gate.let_go(1);
        EXPECT_EQ(gate.await_begin(), jid);
    }
    gate.let_go(1);
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    EXPECT_EQ(running.worker->counters().succeeded, 4U);
}

TEST(WorkerNeeds, WhatNeverFitsFailsAndSaysWhy) {
    FakeQueue queue;
    Running running(queue);
    running.options.capacity.mem_mb = 100;
    running.add("huge", echo(), memory(101));
    queue.push("huge");
    running.start();
    const std::string line = queue.await("FAILB");
    EXPECT_NE(line.find(R"("errtype":"NeedsTooMuch")"), std::string::npos) << line;
    EXPECT_NE(line.find("needs mem_mb 101 (this worker has 100)"), std::string::npos) << line;
    running.worker->stop();
    EXPECT_TRUE(running.finish());
}

TEST(WorkerNeeds, WhatWaitsIsGivenBackWhenTheWorkerStops) {
    FakeQueue queue;
    Gate gate;
    Running running(queue);
    running.options.capacity.mem_mb = 100;
    running.add("large", gate.handler(), memory(60));
    for (int i = 0; i < 3; ++i) queue.push("large");
    running.start();
    EXPECT_EQ(gate.await_begin(), "job-1");
    running.worker->stop();
    const std::string first = queue.await("REQUEUE");
    const std::string second = queue.await("REQUEUE");
    EXPECT_NE(first, second);
    EXPECT_EQ((first + second).find("delay_s"), std::string::npos) << "others may have it at once";
    gate.let_go(1);
    EXPECT_NE(queue.await("ACKB").find("job-1"), std::string::npos);
    EXPECT_TRUE(running.finish());
    EXPECT_EQ(running.worker->counters().released, 2U);
}

TEST(WorkerNeeds, WhatWaitsCanBeCancelled) {
    FakeQueue queue;
    Gate gate;
    Running running(queue);
    running.options.capacity.mem_mb = 100;
    running.options.beat_interval = 20ms;
    running.add("large", gate.handler(), memory(60));
    for (int i = 0; i < 2; ++i) queue.push("large");
    running.start();
    EXPECT_EQ(gate.await_begin(), "job-1");
    queue.post([&] { queue.beat_answer = R"({"cancel":["job-2"],"lost":[]})"; });
    const std::string line = queue.await("FAILB");
    EXPECT_NE(line.find(R"("jid":"job-2")"), std::string::npos) << line;
    EXPECT_NE(line.find(R"("errtype":"Cancelled")"), std::string::npos) << line;
    gate.let_go(1);
    EXPECT_NE(queue.await("ACKB").find("job-1"), std::string::npos);
    running.worker->stop();
    EXPECT_TRUE(running.finish());
}

}  // namespace
}  // namespace sluice::sdk
