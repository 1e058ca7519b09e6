// SPDX-License-Identifier: Apache-2.0
// The testing mode follows the rules of the server, with time made up.
#include "sdk/inline_queue.h"

#include "kernel/sync/cancel.h"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::sdk {
namespace {

struct Greet {
    static constexpr std::string_view job_type = "greet";
    std::string name;
    static constexpr auto members = std::tuple{member("name", &Greet::name).from(1)};
};

JobSpec job(std::string type) {
    JobSpec spec;
    spec.type = std::move(type);
    return spec;
}

Handler failing(int times, Failure failure) {
    return [left = std::make_shared<int>(times), failure](JobContext&) -> Outcome {
        if ((*left)-- > 0) return failure;
        return std::string("\"done\"");
    };
}

TEST(InlineQueue, PushingRunsTheHandlerAtOnce) {
    InlineQueue queue;
    queue.handle<Greet>([](const Greet& greet) { return "hello " + greet.name; });
    const auto jid = queue.push(Greet{.name = "harbour"});
    ASSERT_TRUE(jid) << jid.error().text();
    const InlineJob* done = queue.find(*jid);
    ASSERT_NE(done, nullptr);
    EXPECT_EQ(done->state, "succeeded");
    EXPECT_EQ(done->result, "\"hello harbour\"");
    EXPECT_EQ(done->attempts, 1);
    const auto pushed = queue.pushed<Greet>();
    ASSERT_TRUE(pushed);
    ASSERT_EQ(pushed->size(), 1U);
    EXPECT_EQ((*pushed)[0].name, "harbour");
}

TEST(InlineQueue, JobsAreCheckedAsTheServerDoes) {
    InlineQueue queue;
    queue.handle<Greet>([](const Greet&) {});
    JobSpec bad = job("greet");
    bad.queue = "no such name!";
    EXPECT_FALSE(queue.push(bad));
    bad = job("greet");
    bad.jid = "short";
    EXPECT_FALSE(queue.push(bad));
    const auto dead = queue.push(Greet{.name = ""});
    ASSERT_TRUE(dead);
    EXPECT_EQ(queue.find(*dead)->state, "dead");
    EXPECT_EQ(queue.find(*dead)->failure->errtype, "InvalidArguments");
    EXPECT_EQ(queue.find("unknown!"), nullptr);
}

TEST(InlineQueue, FailedJobsAreTriedAgainWhenTheClockSaysSo) {
    InlineQueue queue;
    queue.handle("flaky", failing(2, {.errtype = "E", .message = "m"}));
    JobSpec spec = job("flaky");
    spec.backoff = BackoffParts{.kind = BackoffWord::exponential, .base = 10s, .max = 1h};
    const std::string jid = *queue.push(spec);
    EXPECT_EQ(queue.find(jid)->state, "retrying");
    EXPECT_EQ(queue.find(jid)->due - queue.now(), 10s);
    EXPECT_EQ(*queue.advance(9s), 0U);
    EXPECT_EQ(*queue.advance(1s), 1U);
    EXPECT_EQ(queue.find(jid)->state, "retrying");
    EXPECT_EQ(queue.find(jid)->due - queue.now(), 20s);
    EXPECT_EQ(*queue.advance(1h), 1U);
    EXPECT_EQ(queue.find(jid)->state, "succeeded");
    EXPECT_EQ(queue.find(jid)->attempts, 3);
}

TEST(InlineQueue, AfterTheLastAttemptAJobIsWhereTheServerWouldPutIt) {
    const struct {
        std::optional<int> retry;
        Failure failure;
        std::string state;
        int attempts;
    } rows[] = {
        {2, {.errtype = "E", .message = ""}, "dead", 3},
        {0, {.errtype = "E", .message = ""}, "discarded", 1},
        {-1, {.errtype = "E", .message = ""}, "dead", 1},
        {0, {.errtype = "E", .message = "", .final = true}, "dead", 1},
        {25, {.errtype = "E", .message = "", .final = true}, "dead", 1},
        {std::nullopt, {.errtype = "E", .message = ""}, "dead", 26},
        {1, {.errtype = "E", .message = "", .final = false, .retry_in = 0s}, "dead", 2},
    };
    for (const auto& row : rows) {
        InlineQueue queue;
        queue.handle("fails", failing(1000, row.failure));
        JobSpec spec = job("fails");
        spec.retry = row.retry;
        const std::string jid = *queue.push(spec);
        ASSERT_TRUE(queue.advance(24h * 400));
        EXPECT_EQ(queue.find(jid)->state, row.state);
        EXPECT_EQ(queue.find(jid)->attempts, row.attempts);
    }
}

TEST(InlineQueue, ScheduledJobsRunInTheOrderOfTheirTimes) {
    InlineQueue queue;
    std::vector<std::string> ran;
    queue.handle("t", [&](JobContext& context) -> Outcome {
        ran.push_back(context.job().args + "@" +
                      format_duration(queue.now() - InlineOptions{}.start));
        return std::string();
    });
    const auto at = [&](Duration delay, const char* args, int priority) {
        JobSpec spec = job("t");
        spec.args = args;
        spec.at = queue.now() + delay;
        spec.priority = priority;
        ASSERT_TRUE(queue.push(spec));
    };
    at(30s, "[3]", 5);
    at(10s, "[1]", 5);
    at(30s, "[2]", 9);
    EXPECT_TRUE(ran.empty());
    EXPECT_EQ(*queue.advance(1min), 3U);
    EXPECT_EQ(ran, (std::vector<std::string>{"[1]@10s", "[2]@30s", "[3]@30s"}));
    EXPECT_EQ(queue.now() - InlineOptions{}.start, 1min);
}

TEST(InlineQueue, AHandlerThatTakesTooLongIsTimedOut) {
    InlineQueue queue;
    queue.handle("slow", [&](JobContext& context) -> Outcome {
        for (int step = 0; step < 10; ++step) {
            EXPECT_TRUE(queue.advance(1s));
            if (const auto go_on = context.cancel().check(); !go_on) {
                context.progress(10 * step, "stopped");
                return failure_of(go_on.error());
            }
        }
        return std::string("\"slow but sure\"");
    });
    JobSpec spec = job("slow");
    spec.timeout = 5s;
    spec.retry = -1;
    const std::string stopped = *queue.push(spec);
    EXPECT_EQ(queue.find(stopped)->state, "dead");
    EXPECT_EQ(queue.find(stopped)->failure->errtype, "Timeout");
    EXPECT_EQ(queue.find(stopped)->progress.size(), 1U);
    const std::string through = *queue.push(job("slow"));
    EXPECT_EQ(queue.find(through)->state, "succeeded");
}

TEST(InlineQueue, WhatAHandlerPushesRunsAfterIt) {
    InlineQueue queue;
    std::vector<std::string> order;
    queue.handle("parent", [&](JobContext& context) -> Outcome {
        std::vector<JobSpec> children{job("child")};
        const auto refused = context.push(children);
        EXPECT_TRUE(refused && refused->empty());
        const std::string jids[] = {children[0].jid, "unknown!"};
        const auto ends = context.ends(jids);
        EXPECT_TRUE(ends && (*ends)[0].state == "enqueued" && (*ends)[1].state == "unknown");
        order.emplace_back("parent");
        return std::string();
    });
    queue.handle("child", [&](JobContext&) -> Outcome {
        order.emplace_back("child");
        return std::string();
    });
    constexpr std::string_view trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    JobSpec parent = job("parent");
    parent.custom = R"({"traceparent":")" + std::string(trace) + R"("})";
    ASSERT_TRUE(queue.push(parent));
    EXPECT_EQ(order, (std::vector<std::string>{"parent", "child"}));
    // The child belongs to its parent's trace.
    EXPECT_NE(queue.jobs("child").at(0)->custom.find(trace), std::string::npos);
}

TEST(InlineQueue, JobsThatPushThemselvesWithoutEndAreStopped) {
    InlineQueue queue;
    queue.handle("again", [&](JobContext&) -> Outcome {
        (void)queue.push(job("again"));
        return std::string();
    });
    const auto pushed = queue.push(job("again"));
    // The jobs that may be kept run out first.
    EXPECT_LE(queue.jobs().size(), inline_jobs_max);
    EXPECT_TRUE(pushed || pushed.error().code == Code::exhausted);
}

TEST(InlineQueue, RepeatedPushesOfAWaitingJobAreOneJob) {
    InlineQueue queue({.runs_at_once = false});
    queue.handle("t", failing(0, {}));
    JobSpec spec = job("t");
    spec.jid = "12345678";
    EXPECT_EQ(*queue.push(spec), *queue.push(spec));
    EXPECT_EQ(queue.jobs().size(), 1U);
    EXPECT_EQ(*queue.run_due(), 1U);
    ASSERT_TRUE(queue.push(spec));
    EXPECT_EQ(queue.jobs("t").size(), 2U);
}

TEST(InlineQueue, JobsWithoutAHandlerWaitAndAnyCanBeCancelled) {
    InlineQueue queue;
    queue.handle("cancels itself", [&](JobContext& context) -> Outcome {
        EXPECT_TRUE(queue.cancel(context.job().jid));
        return failure_of(context.cancel().check().error());
    });
    const std::string waiting = *queue.push(job("nobody's"));
    EXPECT_EQ(queue.find(waiting)->state, "enqueued");
    EXPECT_TRUE(queue.cancel(waiting));
    EXPECT_FALSE(queue.cancel(waiting));
    EXPECT_EQ(queue.find(waiting)->state, "cancelled");
    const std::string running = *queue.push(job("cancels itself"));
    EXPECT_EQ(queue.find(running)->state, "cancelled");
    const auto status = queue.status(running);
    ASSERT_TRUE(status && *status);
    EXPECT_EQ((*status)->errtype, "Cancelled");
}

TEST(InlineQueue, TestsTheCodeThatPushesThroughTheSameInterface) {
    const auto sign_up = [](Producer& producer, std::string name) {
        return producer.push(Greet{.name = std::move(name)});
    };
    InlineQueue queue;
    std::vector<std::string> seen;
    queue.use([&seen](JobContext& context, const Handler& next) {
        seen.push_back(context.job().type);
        return next(context);
    });
    queue.handle<Greet>([](const Greet&) {});
    EXPECT_TRUE(sign_up(queue, "a"));
    EXPECT_EQ(seen, std::vector<std::string>{"greet"});
    std::vector<JobSpec> bulk{job("greet"), job("")};
    const auto refused = queue.push_bulk(bulk);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->size(), 1U);
}

}  // namespace
}  // namespace sluice::sdk
