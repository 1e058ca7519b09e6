// SPDX-License-Identifier: Apache-2.0
// The worker at work against a scripted server: batching, heartbeats, cancellation, timeouts,
// reconnects. How it stops is worker_stop_test.cpp.
#include "sdk/worker.h"

#include "kernel/wire/json_reader.h"
#include "sdk/fake_queue_testing.h"
#include "sdk/protocol/request.h"

#include <algorithm>
#include <stdexcept>

#include <gtest/gtest.h>

namespace sluice::sdk {
namespace {

TEST(Worker, RunsJobsAndAcksThemWithTheirResult) {
    FakeQueue queue;
    Running running(queue);
    running.add("echo", echo());
    running.start();
    queue.push("echo", R"([1, "two"])", R"({"a":1})");
    const std::string line = queue.await("ACKB");
    EXPECT_EQ(line, R"(ACKB [{"jid":"job-1","lease":"0000000000000001","result":[1, "two"]}])");
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    EXPECT_EQ(running.worker->counters().succeeded, 1U);
    const auto hellos = queue.hellos();
    ASSERT_EQ(hellos.size(), 2U);
    for (const std::string& hello : hellos) {
        EXPECT_NE(hello.find("\"wid\":\"" + running.worker->wid() + '"'), std::string::npos);
        EXPECT_NE(hello.find("\"x\":1,\"slots\":2"), std::string::npos);
    }
}

TEST(Worker, ManyJobsAreEachAnsweredOnceAndAcksAreCoalesced) {
    FakeQueue queue;
    constexpr int count = 2000;
    for (int i = 0; i < count; ++i) queue.push("echo");
    Running running(queue);
    running.options.prefetch = 100;
    running.add("echo", echo());
    running.start();
    std::size_t acked = 0;
    while (acked < count) {
        if (queue.await("ACKB").empty()) break;
        queue.post([&] { acked = queue.acked.size(); });
    }
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    queue.post([&] {
        EXPECT_EQ(queue.acked.size(), std::size_t{count});
        EXPECT_LT(queue.ack_lines, std::uint64_t{count});
        EXPECT_TRUE(queue.failed.empty());
        EXPECT_TRUE(queue.requeued.empty());
    });
    const WorkerCounters counters = running.worker->counters();
    EXPECT_EQ(counters.fetched, std::uint64_t{count});
    EXPECT_EQ(counters.succeeded, std::uint64_t{count});
    EXPECT_EQ(counters.held, 0U);
}

TEST(Worker, FailuresCarryTheirWordsAndWishes) {
    FakeQueue queue;
    Running running(queue);
    running.add("fails", [](JobContext&) -> Outcome {
        return Failure{.errtype = "E", .message = "m", .final = true, .retry_in = 1500ms};
    });
    running.add("throws", [](JobContext&) -> Outcome { throw std::runtime_error("thrown"); });
    running.add("garbage", [](JobContext&) -> Outcome { return std::string("{not json"); });
    running.start();
    queue.push("fails");
    EXPECT_EQ(queue.await("FAILB"),
              R"(FAILB [{"jid":"job-1","lease":"0000000000000001","errtype":"E","message":"m",)"
              R"("retry_in":1.5,"final":true}])");
    queue.push("throws");
    EXPECT_NE(queue.await("FAILB").find(R"("errtype":"std::runtime_error","message":"thrown")"),
              std::string::npos);
    queue.push("garbage");
    EXPECT_NE(queue.await("FAILB").find(R"("errtype":"InvalidResult")"), std::string::npos);
    queue.push("nobody");
    EXPECT_NE(queue.await("FAILB").find(R"("errtype":"UnknownType")"), std::string::npos);
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    EXPECT_EQ(running.worker->counters().failed, 4U);
}

TEST(Worker, WhatAHandlerGivesBackIsNotDeliveredAgainAtOnce) {
    FakeQueue queue;
    Running running(queue);
    running.options.backoff_base = 1h;
    running.options.backoff_max = 10h;
    running.add("later", [](JobContext& context) -> Outcome {
        Failure failure{"Busy", "not here", false, {}};
        failure.give_back = true;
        if (context.job().args == "[7]") failure.retry_in = 7s;
        return failure;
    });
    running.start();
    const auto pause_of_next = [&queue](const std::string& args) {
        queue.push("later", args);
        const std::string line = queue.await("REQUEUE");
        const auto json = JsonDocument::parse(line.substr(line.find('{')));
        return parse_requeue(json.value().root()).value().delay;
    };
    for (int i = 0; i < 10; ++i) {
        const Duration pause = pause_of_next("[]");
        EXPECT_GT(pause, Duration{0});
        EXPECT_LE(pause, 10h);
    }
    EXPECT_EQ(pause_of_next("[7]"), 7s);
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    EXPECT_EQ(running.worker->counters().released, 11U);
    EXPECT_EQ(running.worker->counters().failed, 0U);
}

TEST(Worker, NoMoreIsHeldThanAskedFor) {
    FakeQueue queue;
    for (int i = 0; i < 20; ++i) queue.push("gate");
    Gate gate;
    Running running(queue);
    running.add("gate", gate.handler());
    running.start();
    EXPECT_EQ(queue.await("FETCHB"), R"(FETCHB {"queues":["default"],"max":4,"wait_ms":15000})");
    gate.await_begin();
    gate.await_begin();
    gate.let_go(20);
    for (int i = 0; i < 18; ++i) gate.await_begin();
    std::size_t acked = 0;
    while (acked < 20) {
        if (queue.await("ACKB").empty()) break;
        queue.post([&] { acked = queue.acked.size(); });
    }
    running.worker->stop();
    EXPECT_TRUE(running.finish());
}

TEST(Worker, BeatsListTheLeasesAndCancelReachesTheHandler) {
    FakeQueue queue;
    Gate gate;
    Running running(queue);
    running.options.beat_interval = 20ms;
    running.add("gate", gate.handler());
    running.start();
    queue.push("gate");
    gate.await_begin();
    std::string beat;
    while (beat.find("0000000000000001") == std::string::npos) {
        beat = queue.await("BEAT");
        ASSERT_FALSE(beat.empty());
    }
    EXPECT_EQ(beat,
              R"(BEAT {"wid":")" + running.worker->wid() + R"(","jobs":["0000000000000001"]})");
    queue.post([&] { queue.beat_answer = R"({"cancel":["job-1"],"lost":[]})"; });
    EXPECT_NE(queue.await("FAILB").find(R"("errtype":"Cancelled")"), std::string::npos);
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    EXPECT_EQ(running.worker->counters().cancelled, 1U);
}

TEST(Worker, ALostLeaseCancelsTheHandlerAndItsOutcomeIsDropped) {
    FakeQueue queue;
    Gate gate;
    Running running(queue);
    running.options.beat_interval = 20ms;
    running.add("gate", gate.handler());
    running.add("echo", echo());
    running.start();
    queue.push("gate");
    gate.await_begin();
    queue.post([&] { queue.beat_answer = R"({"cancel":[],"lost":["0000000000000001"]})"; });
    std::string beat = queue.await("BEAT");
    while (beat.find("0000000000000001") != std::string::npos) beat = queue.await("BEAT");
    queue.push("echo");
    queue.await("ACKB");
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    EXPECT_EQ(running.worker->counters().lost, 1U);
    queue.post([&] {
        EXPECT_TRUE(queue.failed.empty());
        EXPECT_EQ(queue.acked, std::set<std::string>{"job-2"});
        EXPECT_TRUE(queue.requeued.empty());
    });
}

TEST(Worker, AJobThatRunsTooLongIsStopped) {
    FakeQueue queue;
    Gate gate;
    Running running(queue);
    running.add("gate", gate.handler());
    running.start();
    queue.push("gate", "[]", R"({"sluice":{"timeout_s":0.02}})");
    const std::string line = queue.await("FAILB");
    EXPECT_NE(line.find(R"("errtype":"Timeout","message":"ran longer than it may: )"),
              std::string::npos)
        << line;
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    EXPECT_EQ(running.worker->counters().timed_out, 1U);
}

TEST(Worker, AnAckWhoseReplyIsLostIsSentAgain) {
    FakeQueue queue;
    Running running(queue);
    running.add("echo", echo());
    queue.post([&] {
        queue.twist = [&, left = 2](int,
                                    const std::string& line) mutable -> std::optional<std::string> {
            if (!line.starts_with("ACKB") || left-- == 0) return std::nullopt;
            return std::string("-BROKEN off\r\n+OK\r\n*\r\n");
        };
    });
    running.start();
    queue.push("echo");
    const std::string first = queue.await("ACKB");
    EXPECT_EQ(queue.await("ACKB"), first);
    EXPECT_EQ(queue.await("ACKB"), first);
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    queue.post([&] { EXPECT_EQ(queue.acked, std::set<std::string>{"job-1"}); });
    EXPECT_EQ(running.worker->counters().unsent, 0U);
    EXPECT_GE(running.worker->counters().reconnects, 1U);
}

TEST(Worker, ALostConnectionLeavesRunningJobsAlone) {
    FakeQueue queue;
    queue.push("gate");
    Gate gate;
    Running running(queue);
    running.options.beat_interval = 20ms;
    running.add("gate", gate.handler());
    running.start();
    gate.await_begin();
    queue.await("BEAT");
    const std::size_t hellos = queue.hellos().size();
    queue.drop_all();
    while (queue.hellos().size() < hellos + 2) queue.await("BEAT");
    gate.let_go(1);
    queue.await("ACKB");
    queue.push("gate");
    gate.await_begin();
    gate.let_go(1);
    queue.await("ACKB");
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    EXPECT_EQ(running.worker->counters().succeeded, 2U);
    EXPECT_GE(running.worker->counters().reconnects, 2U);
}

TEST(Worker, AnAnswerThatIsRefusedForEverIsGivenUpAloneNotWithItsNeighbours) {
    FakeQueue queue;
    Running running(queue);
    running.add("echo", echo());
    queue.post([&] {
        queue.twist = [](int, const std::string& line) -> std::optional<std::string> {
            if (!line.starts_with("ACKB") || line.find("\"bad\"") == std::string::npos)
                return std::nullopt;
            return std::string("-ERR will not have it\r\n");
        };
    });
    running.start();
    queue.push("echo", "[\"bad\"]");
    queue.push("echo");
    std::size_t acked = 0;
    while (acked < 1) {
        if (queue.await("ACKB").empty()) break;
        queue.post([&] { acked = queue.acked.size(); });
    }
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    queue.post([&] { EXPECT_EQ(queue.acked, std::set<std::string>{"job-2"}); });
}

TEST(Worker, AServerThatHasNothingAtOnceIsNotAskedAgainAtOnce) {
    FakeQueue queue;
    queue.post([&] {
        queue.twist = [](int, const std::string& line) -> std::optional<std::string> {
            if (line.starts_with("FETCHB")) return bulk("[]");
            return std::nullopt;
        };
    });
    Running running(queue);
    running.add("echo", echo());
    running.start();
    queue.await("FETCHB");
    const Instant begin = monotonic_now();
    for (int i = 0; i < 4; ++i) queue.await("FETCHB");
    EXPECT_GE(monotonic_now() - begin, 150ms);
    running.worker->stop();
    EXPECT_TRUE(running.finish());
}

TEST(Worker, WhileTheServerHasTroubleOfItsOwnNoAnswerIsGivenUp) {
    FakeQueue queue;
    int left = 20;
    Running running(queue);
    running.add("echo", echo());
    queue.post([&] {
        queue.twist = [&](int, const std::string& line) -> std::optional<std::string> {
            if (!line.starts_with("ACKB") || left == 0) return std::nullopt;
            --left;
            return std::string(left % 2 == 0 ? "-UNAVAILABLE the store is read again\r\n"
                                             : "-BUSY server is busy, try again\r\n");
        };
    });
    running.start();
    queue.push("echo");
    for (int i = 0; i < 21; ++i) queue.await("ACKB");
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    queue.post([&] { EXPECT_EQ(queue.acked, std::set<std::string>{"job-1"}); });
}

TEST(Worker, AFailureOfManyBytesTravelsAsTheServerKeepsIt) {
    FakeQueue queue;
    Running running(queue);
    running.add("speak", [](JobContext&) -> Outcome {
        throw std::runtime_error(std::string(2'000'000, 'x'));
    });
    running.add("name", [](JobContext&) -> Outcome {
        return Failure{.errtype = std::string(2'000'000, 'y'), .message = "short"};
    });
    running.start();
    queue.push("speak");
    queue.push("name");
    std::size_t failed = 0;
    while (failed < 2) {
        const std::string line = queue.await("FAILB");
        ASSERT_FALSE(line.empty());
        EXPECT_LT(line.size(), 4'000U);
        queue.post([&] { failed = queue.failed.size(); });
    }
    running.worker->stop();
    EXPECT_TRUE(running.finish());
}

TEST(Worker, StaleAnswersAreCounted) {
    FakeQueue queue;
    Running running(queue);
    running.add("echo", echo());
    queue.post([&] {
        queue.twist = [](int, const std::string& line) -> std::optional<std::string> {
            if (!line.starts_with("ACKB")) return std::nullopt;
            return bulk(R"({"job-1":"STALE"})");
        };
    });
    running.start();
    queue.push("echo");
    queue.await("ACKB");
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    EXPECT_EQ(running.worker->counters().stale, 1U);
}

TEST(Worker, ProgressTravelsWithTheBeat) {
    FakeQueue queue;
    Gate gate;
    Running running(queue);
    running.options.beat_interval = 20ms;
    running.add("gate", [&](JobContext& context) {
        context.progress(40, "half \"way\"");
        return gate.handler()(context);
    });
    running.start();
    queue.push("gate");
    std::string beat;
    do {
        beat = queue.await("BEAT");
    } while (!beat.empty() && beat.find("progress") == std::string::npos);
    EXPECT_NE(beat.find(R"("progress":[{"lease":"0000000000000001","percent":40,)"
                        R"("note":"half \"way\""}])"),
              std::string::npos)
        << beat;
    gate.let_go(1);
    running.worker->stop();
    EXPECT_TRUE(running.finish());
}

TEST(Worker, APlainServerOrAWrongPasswordEndsItWithAReason) {
    const ScriptedServer plain([](auto&, int, std::string) { return std::string("+OK\r\n"); },
                               "+HI {\"v\":2}\r\n");
    WorkerOptions options;
    options.server = plain.address();
    options.handles_signals = false;
    const Status refused = Worker(options).run();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::invalid);
    EXPECT_NE(refused.error().message.find("needs a Sluice server"), std::string::npos);

    const ScriptedServer locked([](auto&, int, std::string) { return std::string("+OK\r\n"); },
                                "+HI {\"v\":2,\"i\":2,\"s\":\"x\",\"x\":1}\r\n");
    options.server = locked.address();
    EXPECT_EQ(Worker(options).run().error().code, Code::denied);
}

TEST(Worker, OptionsAreChecked) {
    const auto verdict = [](const std::function<void(WorkerOptions&)>& change) {
        WorkerOptions options;
        options.handles_signals = false;
        change(options);
        return Worker(options).run().error().code;
    };
    EXPECT_EQ(verdict([](auto& o) { o.concurrency = 0; }), Code::invalid);
    EXPECT_EQ(verdict([](auto& o) { o.concurrency = 5000; }), Code::invalid);
    EXPECT_EQ(verdict([](auto& o) { o.prefetch = 50'000; }), Code::invalid);
    EXPECT_EQ(verdict([](auto& o) { o.queues = {}; }), Code::invalid);
    EXPECT_EQ(verdict([](auto& o) { o.queues = {"a b"}; }), Code::invalid);
    EXPECT_EQ(verdict([](auto& o) { o.fetch_wait = 61s; }), Code::invalid);
    Worker worker({});
    EXPECT_TRUE(worker.add("a", echo()));
    EXPECT_EQ(worker.add("a", echo()).error().code, Code::exists);
    EXPECT_EQ(worker.add("", echo()).error().code, Code::invalid);
    EXPECT_EQ(worker.add("b", nullptr).error().code, Code::invalid);
}

}  // namespace
}  // namespace sluice::sdk
