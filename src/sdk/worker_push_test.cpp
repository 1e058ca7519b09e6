// SPDX-License-Identifier: Apache-2.0
// Handlers that push jobs and ask about jobs, against a scripted server.
#include "sdk/fake_queue_testing.h"

#include <array>

#include <gtest/gtest.h>

namespace sluice::sdk {
namespace {

/// Pushes two jobs, one of them with a jid of its own, and answers how many were refused.
Handler pusher() {
    return [](JobContext& context) -> Outcome {
        std::array<JobSpec, 2> jobs{JobSpec{.type = "child", .args = "[1]", .jid = "child-one"},
                                    JobSpec{.type = "child", .args = "[2]"}};
        const auto refused = context.push(jobs);
        if (!refused) {
            return Failure{.errtype = "Push", .message = refused.error().text(), .final = true};
        }
        if (jobs[1].jid.empty()) return Failure{.errtype = "Jid", .message = "none was given"};
        return std::to_string(refused->size());
    };
}

std::function<std::optional<std::string>(int, const std::string&)> answer(std::string_view verb,
                                                                          std::string reply) {
    return [verb, reply](int, const std::string& line) -> std::optional<std::string> {
        if (line.starts_with(verb)) return reply;
        return std::nullopt;
    };
}

TEST(WorkerPush, JobsOfAHandlerAreSentBeforeItsAnswer) {
    FakeQueue queue;
    queue.twist = answer("PUSHB", bulk(R"({"child-one":"full"})"));
    Running running(queue);
    running.add("pusher", pusher());
    running.start();
    queue.push("pusher");
    const std::string line = queue.await("PUSHB");
    EXPECT_NE(line.find(R"({"jid":"child-one","queue":"default","jobtype":"child","args":[1]})"),
              std::string::npos)
        << line;
    EXPECT_NE(line.find(R"("args":[2])"), std::string::npos);
    // Exactly one was refused.
    EXPECT_NE(queue.await("ACKB").find(R"("result":1}])"), std::string::npos);
    running.worker->stop();
    EXPECT_TRUE(running.finish());
}

TEST(WorkerPush, ALostReplyRepeatsTheVerySameLine) {
    FakeQueue queue;
    int times = 0;
    queue.twist = [&](int, const std::string& line) -> std::optional<std::string> {
        if (!line.starts_with("PUSHB")) return std::nullopt;
        // The first reply is not one, which ends the connection.
        return ++times == 1 ? "?\r\n" : bulk("{}");
    };
    Running running(queue);
    running.add("pusher", pusher());
    running.start();
    queue.push("pusher");
    const std::string first = queue.await("PUSHB");
    EXPECT_EQ(queue.await("PUSHB"), first);
    EXPECT_NE(queue.await("ACKB").find(R"("result":0}])"), std::string::npos);
    running.worker->stop();
    EXPECT_TRUE(running.finish());
}

TEST(WorkerPush, ARefusedLineIsTheHandlersErrorAndHoldsUpNobody) {
    FakeQueue queue;
    queue.twist = answer("PUSHB", "-FULL the disk is nearly full\r\n");
    Running running(queue);
    running.add("pusher", pusher());
    running.add("echo", echo());
    running.start();
    queue.push("pusher");
    EXPECT_NE(queue.await("FAILB").find("the disk is nearly full"), std::string::npos);
    queue.push("echo");
    queue.await("ACKB");
    running.worker->stop();
    EXPECT_TRUE(running.finish());
}

TEST(WorkerPush, AStoppingWorkerEndsTheWaitForAReply) {
    FakeQueue queue;
    queue.twist = answer("PUSHB", "");
    Running running(queue);
    running.options.reply_timeout = 200ms;
    running.add("pusher", pusher());
    running.start();
    queue.push("pusher");
    queue.await("PUSHB");
    running.worker->stop_now();
    EXPECT_TRUE(running.finish());
    EXPECT_EQ(running.worker->counters().succeeded, 0U);
}

TEST(WorkerPush, EndsOfJobsAreToldInTheOrderAskedForAndInPages) {
    FakeQueue queue;
    std::size_t names_max = 100;
    queue.twist = [&](int, const std::string& line) -> std::optional<std::string> {
        if (!line.starts_with("WAIT ")) return std::nullopt;
        JsonParser parser;
        const auto json = parser.parse(std::string_view(line).substr(5));
        const auto request = parse_wait(*json);
        if (request->jids.size() > names_max) return "$99999999999\r\n";
        std::string jobs;
        for (const std::string& jid : request->jids) {
            jobs += std::string(jobs.empty() ? "" : ",") + R"({"jid":")" + jid +
                    R"(","state":"succeeded","result":{"n":7}})";
        }
        return bulk(R"({"complete":true,"jobs":[)" + jobs + "]}");
    };
    Running running(queue);
    running.add("asker", [](JobContext& context) -> Outcome {
        std::vector<std::string> jids;
        for (int i = 0; i < 250; ++i) jids.push_back("number-" + std::to_string(i));
        const auto ends = context.ends(jids);
        if (!ends) return Failure{.errtype = "Ends", .message = ends.error().text()};
        for (std::size_t i = 0; i < ends->size(); ++i) {
            if ((*ends)[i].jid != jids[i] || !(*ends)[i].is_success()) {
                return Failure{.errtype = "Ends", .message = "another order"};
            }
        }
        return std::to_string(ends->size());
    });
    running.start();
    queue.push("asker");
    for (int i = 0; i < 3; ++i)
        EXPECT_NE(queue.await("WAIT").find("\"timeout_ms\":0"), std::string::npos);
    EXPECT_NE(queue.await("ACKB").find(R"("result":250}])"), std::string::npos);
    // Results so long that fewer fit into an answer.
    queue.post([&] { names_max = 30; });
    queue.push("asker");
    EXPECT_NE(queue.await("ACKB").find(R"("result":250}])"), std::string::npos);
    running.worker->stop();
    EXPECT_TRUE(running.finish());
}

TEST(WorkerPush, TooManyJobsAtOnceAreRefusedBeforeAnythingIsSent) {
    FakeQueue queue;
    Running running(queue);
    running.add("flood", [](JobContext& context) -> Outcome {
        std::vector<JobSpec> jobs(context_push_max + 1, JobSpec{.type = "child"});
        const auto refused = context.push(jobs);
        return Failure{.errtype = refused ? "Taken" : "Refused", .message = "", .final = true};
    });
    running.start();
    queue.push("flood");
    EXPECT_NE(queue.await("FAILB").find("Refused"), std::string::npos);
    running.worker->stop();
    EXPECT_TRUE(running.finish());
}

}  // namespace
}  // namespace sluice::sdk
