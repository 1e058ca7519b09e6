// SPDX-License-Identifier: Apache-2.0
// Middleware: its order, what it may do, and the ready ones. Around a real worker in
// worker_test.cpp's manner.
#include "sdk/middleware.h"

#include "sdk/fake_queue_testing.h"
#include "sdk/job_metrics.h"
#include "sdk/tracer.h"

#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::sdk {
namespace {

class Context final : public JobContext {
public:
    explicit Context(Delivery delivery = {}) : delivery_(std::move(delivery)) {}
    [[nodiscard]] const Delivery& job() const override { return delivery_; }
    [[nodiscard]] const CancelToken& cancel() const override { return token_; }
    void progress(int, std::string_view) override {}

private:
    Delivery delivery_;
    CancelToken token_;
};

struct Broken {};

Middleware noting(std::vector<std::string>& notes, std::string name) {
    return [&notes, name = std::move(name)](JobContext& context, const Handler& next) {
        notes.push_back(name + " in");
        Outcome outcome = next(context);
        notes.push_back(name + " out");
        return outcome;
    };
}

TEST(Middleware, TheFirstOneIsTheOutermost) {
    std::vector<std::string> notes;
    const Middleware both[] = {noting(notes, "a"), noting(notes, "b")};
    Context context;
    with_middleware(
        [&notes](JobContext&) -> Outcome {
            notes.emplace_back("run");
            return std::string("1");
        },
        both)(context);
    EXPECT_EQ(notes, (std::vector<std::string>{"a in", "b in", "run", "b out", "a out"}));
}

TEST(Middleware, MayAnswerItselfOrChangeTheOutcome) {
    const Middleware both[] = {
        [](JobContext& context, const Handler& next) -> Outcome {
            return "[" + std::get<std::string>(next(context)) + "]";
        },
        [](JobContext&, const Handler&) -> Outcome { return std::string("7"); }};
    Context context;
    const Outcome outcome = with_middleware(
        [](JobContext&) -> Outcome {
            ADD_FAILURE() << "the handler was called";
            return {};
        },
        both)(context);
    EXPECT_EQ(std::get<std::string>(outcome), "[7]");
}

TEST(Middleware, WhatAHandlerThrowsBecomesAFailureOfItsType) {
    std::vector<std::string> seen;
    const Middleware watch[] = {[&seen](JobContext& context, const Handler& next) {
        Outcome outcome = next(context);  // does not throw
        seen.push_back(std::get<Failure>(outcome).errtype);
        return outcome;
    }};
    Context context;
    const auto errtype_of = [&](Handler handler) {
        const Outcome outcome = call_guarded(with_middleware(std::move(handler), watch), context);
        return std::get<Failure>(outcome).errtype;
    };
    EXPECT_EQ(errtype_of([](JobContext&) -> Outcome { throw std::out_of_range("x"); }),
              "std::out_of_range");
    EXPECT_EQ(errtype_of([](JobContext&) -> Outcome { throw Broken{}; }),
              "sluice::sdk::(anonymous namespace)::Broken");
    EXPECT_EQ(errtype_of([](JobContext&) -> Outcome { throw 7; }), "int");
    EXPECT_EQ(seen.size(), 3U);
    const Handler throwing =
        with_middleware([](JobContext&) -> Outcome { return std::string(); },
                        std::vector<Middleware>{[](JobContext&, const Handler&) -> Outcome {
                            throw std::logic_error("mine");
                        }});
    EXPECT_EQ(std::get<Failure>(call_guarded(throwing, context)).errtype, "std::logic_error");
}

TEST(Middleware, LogLinesSayWhatHappened) {
    std::vector<std::string> lines;
    const Middleware log[] = {log_jobs([&](std::string_view line) { lines.emplace_back(line); })};
    Context context(
        {.jid = "j1", .queue = "q", .type = "t", .args = "[]", .custom = "", .attempt = 2});
    with_middleware([](JobContext&) -> Outcome { return std::string(); }, log)(context);
    with_middleware(
        [](JobContext&) -> Outcome { return Failure{.errtype = "Busy", .message = "full"}; },
        log)(context);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_TRUE(lines[0].starts_with("t j1 succeeded in ")) << lines[0];
    EXPECT_TRUE(lines[0].ends_with(", attempt 2")) << lines[0];
    EXPECT_TRUE(lines[1].ends_with(", attempt 2: SL212 resource_busy Busy: full")) << lines[1];
}

TEST(Middleware, ASetRemembersItsFirstMistake) {
    HandlerSet set;
    set.handle("a", {.run = echo()});
    set.handle("a", {.run = echo()});
    set.handle("", {.run = echo()});
    set.use({});
    const auto finished = set.finish();
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().code, Code::exists);
}

TEST(JobMetrics, CountsByTypeFromManyThreads) {
    JobMetrics metrics;
    const Middleware all[] = {metrics.middleware()};
    const Handler handler = with_middleware(
        [](JobContext& context) -> Outcome {
            if (context.job().args == "[1]") return Failure{.errtype = "E", .message = ""};
            return std::string();
        },
        all);
    constexpr int threads = 4;
    constexpr int runs = 500;
    {
        std::vector<Thread> running;
        for (int t = 0; t < threads; ++t) {
            running.emplace_back("metrics-test", [&handler] {
                for (int i = 0; i < runs; ++i) {
                    Context context({.jid = "j",
                                     .queue = "q",
                                     .type = "t" + std::to_string(i % 7),
                                     .args = i % 7 == 0 ? "[1]" : "[]",
                                     .custom = ""});
                    handler(context);
                }
            });
        }
        for (Thread& one : running) one.join();
    }
    const auto counts = metrics.counts();
    ASSERT_EQ(counts.size(), 7U);
    std::uint64_t all_runs = 0;
    for (const JobCounts& one : counts) {
        all_runs += one.succeeded + one.failed;
        EXPECT_EQ(one.running, 0U);
        EXPECT_EQ(one.failed > 0, one.type == "t0");
    }
    EXPECT_EQ(all_runs, std::uint64_t{threads * runs});
    const std::string text = metrics.prometheus();
    EXPECT_NE(text.find("sluice_job_runs_total{type=\"t1\",outcome=\"succeeded\"} 288\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("sluice_job_run_seconds_bucket{type=\"t1\",le=\"+Inf\"} 288\n"),
              std::string::npos)
        << text;
}

TEST(JobMetrics, TooManyTypesAreCountedTogether) {
    JobMetrics metrics;
    const Middleware all[] = {metrics.middleware()};
    const Handler handler = with_middleware(echo(), all);
    for (std::size_t i = 0; i < metric_types_max + 50; ++i) {
        Context context({.jid = "j",
                         .queue = "q",
                         .type = "type" + std::to_string(i),
                         .args = "[]",
                         .custom = ""});
        handler(context);
    }
    const auto counts = metrics.counts();
    EXPECT_EQ(counts.size(), metric_types_max + 1);
    EXPECT_EQ(counts[0].type, "other");
    EXPECT_EQ(counts[0].succeeded, 50U);
}

class KeptSpans final : public SpanExporter {
public:
    void export_span(const SpanRecord& span) override { spans.push(SpanRecord(span)); }
    Channel<SpanRecord> spans{100};
};

TEST(Worker, TracesItsJobsAndGivesHandlersTheirSpan) {
    FakeQueue queue;
    KeptSpans kept;
    const Tracer tracer(kept);
    Running running(queue);
    running.middleware.push_back(trace_jobs(tracer));
    running.add("traced", [](JobContext& context) -> Outcome {
        EXPECT_NE(context.span(), nullptr);
        Span inner = context.span()->child("inner");
        throw std::runtime_error("thrown");
    });
    running.start();
    queue.push("traced", "[]",
               R"({"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})");
    EXPECT_NE(queue.await("FAILB").find("std::runtime_error"), std::string::npos);
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    SpanRecord inner;
    SpanRecord outer;
    ASSERT_EQ(kept.spans.try_pop(inner), ChannelStatus::ok);
    ASSERT_EQ(kept.spans.try_pop(outer), ChannelStatus::ok);
    EXPECT_EQ(inner.name, "inner");
    EXPECT_EQ(outer.name, "process traced");
    EXPECT_EQ(outer.parent_span_id, "b7ad6b7169203331");
    EXPECT_EQ(trace_id_text(outer.context), "0af7651916cd43dd8448eb211c80319c");
    EXPECT_EQ(inner.parent_span_id, span_id_text(outer.context));
    EXPECT_TRUE(outer.failed);
}

TEST(Worker, MistakesOfHandleComeOutOfRun) {
    Worker worker(WorkerOptions{});
    worker.handle("a", echo()).handle("a", echo());
    const Status ended = worker.run();
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code, Code::exists);
}

}  // namespace
}  // namespace sluice::sdk
