// SPDX-License-Identifier: Apache-2.0
// The ways in which a worker ends: quiet, drain, cancel, signals, with and without a server.
#include "sdk/fake_queue_testing.h"
#include "sdk/worker.h"

#include <csignal>

#include <gtest/gtest.h>

namespace sluice::sdk {
namespace {

TEST(Worker, QuietFinishesWhatIsHeldAndFetchesNoMore) {
    FakeQueue queue;
    Gate gate;
    Running running(queue);
    running.add("gate", gate.handler());
    running.start();
    queue.push("gate");
    gate.await_begin();
    running.worker->quiet();
    EXPECT_NE(queue.await("BEAT").find(R"("current_state":"quiet")"), std::string::npos);
    queue.push("gate");
    gate.let_go(1);
    queue.await("ACKB");
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    const WorkerCounters counters = running.worker->counters();
    EXPECT_EQ(counters.succeeded, 1U);
    // The fetch that was on its way may still bring the second job; then it is given back unbegun.
    EXPECT_EQ(counters.fetched - counters.released, 1U);
}

TEST(Worker, TheServerCanAskForQuietAndTerminate) {
    FakeQueue queue;
    Running running(queue);
    running.options.beat_interval = 20ms;
    running.start();
    queue.await("FETCHB");
    queue.post([&] { queue.beat_answer = R"({"state":"quiet","cancel":[],"lost":[]})"; });
    while (queue.await("BEAT").find("quiet") == std::string::npos) continue;
    queue.post([&] { queue.beat_answer = R"({"state":"terminate","cancel":[],"lost":[]})"; });
    EXPECT_TRUE(running.finish());
}

TEST(Worker, StopGivesBackWhatHasNotBegunAndWaitsForTheRest) {
    FakeQueue queue;
    for (int i = 0; i < 4; ++i) queue.push("gate");
    Gate gate;
    Running running(queue);
    running.add("gate", gate.handler());
    running.start();
    const std::set<std::string> begun{gate.await_begin(), gate.await_begin()};
    running.worker->stop();
    queue.await("REQUEUE");
    gate.let_go(2);
    EXPECT_TRUE(running.finish());
    queue.post([&] {
        EXPECT_EQ(queue.acked, begun);
        EXPECT_EQ(queue.requeued.size(), 2U);
    });
    EXPECT_EQ(running.worker->counters().released, 2U);
}

TEST(Worker, AfterTheGraceRunningJobsAreCancelledAndGivenBack) {
    FakeQueue queue;
    queue.push("gate");
    Gate gate;
    Running running(queue);
    running.options.grace = 20ms;
    running.add("gate", gate.handler());
    running.start();
    gate.await_begin();
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    queue.post([&] {
        EXPECT_EQ(queue.requeued, std::set<std::string>{"job-1"});
        EXPECT_TRUE(queue.failed.empty());
    });
}

TEST(Worker, StopNowCancelsAtOnce) {
    FakeQueue queue;
    queue.push("gate");
    Gate gate;
    Running running(queue);
    running.add("gate", gate.handler());
    running.start();
    gate.await_begin();
    running.worker->stop();
    running.worker->stop_now();
    EXPECT_TRUE(running.finish());
    queue.post([&] { EXPECT_EQ(queue.requeued, std::set<std::string>{"job-1"}); });
}

TEST(Worker, AHandlerThatDoesNotListenLosesItsJobToOthers) {
    FakeQueue queue;
    queue.push("deaf");
    Channel<int> begun(1);
    Channel<int> pass(1);
    Running running(queue);
    running.options.cancel_grace = 20ms;
    running.add("deaf", [&](JobContext&) -> Outcome {
        begun.push(1);
        int go = 0;
        pass.pop(go);
        return std::string("{}");
    });
    running.start();
    int ignored = 0;
    begun.pop(ignored);
    running.worker->stop_now();
    queue.await("REQUEUE");
    pass.push(1);
    EXPECT_TRUE(running.finish());
    queue.post([&] {
        EXPECT_EQ(queue.requeued, std::set<std::string>{"job-1"});
        EXPECT_TRUE(queue.acked.empty());
    });
}

TEST(Worker, StoppingAnIdleWorkerDoesNotWaitForItsFetch) {
    FakeQueue queue;
    Running running(queue);
    running.options.fetch_wait = 60s;  // longer than finish() waits
    running.start();
    queue.await("FETCHB");
    running.worker->stop();
    EXPECT_TRUE(running.finish());
}

TEST(Worker, StopsAtOnceWithoutAServer) {
    const RefusingPort gone;
    WorkerOptions options;
    options.server = gone.address();
    options.handles_signals = false;
    options.beat_interval = 10ms;
    options.backoff_base = 1h;
    options.backoff_max = 1h;
    Channel<int> troubles(1000);
    options.log = [&](std::string_view line) {
        if (line.find("connect") != std::string_view::npos) troubles.try_push(1);
    };
    Worker worker(options);
    Channel<Status> done(1);
    const Thread thread("worker-test", [&] { done.push(worker.run()); });
    int ignored = 0;
    EXPECT_EQ(troubles.pop_until(ignored, deadline_after(30s)), ChannelStatus::ok);
    EXPECT_EQ(troubles.pop_until(ignored, deadline_after(30s)), ChannelStatus::ok);
    worker.stop();
    Status verdict = fail(Code::timeout, "the worker did not end");
    done.pop_until(verdict, deadline_after(30s));
    EXPECT_TRUE(verdict);
}

TEST(Worker, SignalsQuietDrainAndCancel) {
    // Blocked before any thread starts, so that only the worker's descriptor hears them.
    sigset_t set;
    sigset_t before;
    sigemptyset(&set);
    for (const int number : {SIGTSTP, SIGTERM, SIGINT}) sigaddset(&set, number);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    {
        FakeQueue queue;
        queue.push("gate");
        Gate gate;
        Running running(queue);
        running.options.handles_signals = true;
        running.add("gate", gate.handler());
        running.start();
        gate.await_begin();
        kill(getpid(), SIGTSTP);
        EXPECT_NE(queue.await("BEAT").find(R"("current_state":"quiet")"), std::string::npos);
        kill(getpid(), SIGTERM);
        EXPECT_NE(queue.await("BEAT").find(R"("current_state":"terminate")"), std::string::npos);
        kill(getpid(), SIGTERM);
        EXPECT_TRUE(running.finish());
        queue.post([&] { EXPECT_EQ(queue.requeued, std::set<std::string>{"job-1"}); });
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace sluice::sdk
