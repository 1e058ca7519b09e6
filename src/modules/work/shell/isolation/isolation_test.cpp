// SPDX-License-Identifier: Apache-2.0
// Handlers in processes: this very program is started again as the handler process.
#include "kernel/sync/clock.h"
#include "kernel/sync/thread.h"
#include "modules/work/shell/isolation/frames.h"
#include "modules/work/shell/isolation/handler_process.h"
#include "sdk/wake.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <optional>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::work {
namespace {

sdk::JobType type(std::string name, sdk::Handler run) {
    sdk::JobType made;
    made.name = std::move(name);
    made.run = std::move(run);
    return made;
}

/// What the handler process can do.
std::vector<sdk::JobType> types() {
    std::vector<sdk::JobType> all;
    all.push_back(type("echo", [](sdk::JobContext& context) -> sdk::Outcome {
        const sdk::Delivery& job = context.job();
        return job.jid + ' ' + job.queue + ' ' + job.args + ' ' + job.custom + ' ' +
               std::to_string(job.attempt);
    }));
    all.push_back(
        type("pid", [](sdk::JobContext&) -> sdk::Outcome { return std::to_string(::getpid()); }));
    all.push_back(type("die", [](sdk::JobContext& context) -> sdk::Outcome {
        const int number = std::atoi(context.job().args.c_str());
        if (number == 0) ::_exit(7);
        // The sanitizers' own handlers would turn it into an exit code.
        std::signal(number, SIG_DFL);
        std::raise(number);
        return std::string("alive");
    }));
    all.push_back(type("fail", [](sdk::JobContext&) -> sdk::Outcome {
        return sdk::Failure{"Word", "why", true, 2s, false};
    }));
    all.push_back(type("throw", [](sdk::JobContext&) -> sdk::Outcome { throw 1; }));
    all.push_back(type("listen", [](sdk::JobContext& context) -> sdk::Outcome {
        context.progress(12, "listening");
        sdk::Wake wake;
        const CancelCallback callback = context.cancel().on_cancel([&] { wake.notify(); });
        wake.wait_until(context.cancel().deadline());
        return sdk::Failure{"Heard", context.cancel().check().error().message, false, {}};
    }));
    all.push_back(type("deaf", [](sdk::JobContext& context) -> sdk::Outcome {
        context.progress(1, "deaf");
        for (;;) ::pause();
    }));
    all.push_back(type("push", [](sdk::JobContext& context) -> sdk::Outcome {
        std::vector<sdk::JobSpec> jobs(2);
        jobs[0] = {.type = "a", .args = "[1]", .queue = "q", .retry = 3, .keep = 5s};
        jobs[0].trace = sdk::TraceContext{.trace_id = {1, 2}, .span_id = {3}, .state = "k=v"};
        jobs[1] = {.type = "b", .jid = "own-jid-1", .backoff = sdk::BackoffParts{.base = 2s}};
        const auto refused = context.push(jobs);
        if (!refused) return refused.error().message;
        const std::vector<std::string> jids = {jobs[0].jid, jobs[1].jid};
        const auto ends = context.ends(jids);
        if (!ends) return ends.error().message;
        return refused->at(0).text + ' ' + ends->at(0).state + ' ' + ends->at(1).jid;
    }));
    return all;
}

constexpr const char* child_mark = "SLUICE_TEST_HANDLER_PROCESS";

/// Before main(): the process that the pool starts never becomes a test program.
struct BecomeHandlerProcess {
    BecomeHandlerProcess() {
        if (std::getenv(child_mark) != nullptr) serve_handlers(handler_process_socket, types());
    }
} const become_handler_process;

class Context final : public sdk::JobContext {
public:
    Context(std::string type, std::string args, CancelToken token = {}) : token_(std::move(token)) {
        job_ = {.jid = "j1",
                .queue = "q",
                .type = std::move(type),
                .args = std::move(args),
                .custom = R"({"a":1})",
                .attempt = 3};
    }
    [[nodiscard]] const sdk::Delivery& job() const override { return job_; }
    [[nodiscard]] const CancelToken& cancel() const override { return token_; }
    void progress(int percent, std::string_view note) override {
        last = std::to_string(percent) + ' ' + std::string(note);
        if (on_progress) on_progress();
    }
    Result<std::vector<sdk::Refusal>> push(std::span<sdk::JobSpec> jobs) override {
        pushed.assign(jobs.begin(), jobs.end());
        jobs[0].jid = "made-jid";
        return std::vector<sdk::Refusal>{{"made-jid", "refused"}};
    }
    Result<std::vector<sdk::JobEnd>> ends(std::span<const std::string> jids) override {
        return std::vector<sdk::JobEnd>{{.jid = jids[0], .state = "dead"},
                                        {.jid = jids[1], .state = "succeeded"}};
    }
    std::string last;
    std::vector<sdk::JobSpec> pushed;
    std::function<void()> on_progress;

private:
    sdk::Delivery job_;
    CancelToken token_;
};

class Isolation : public testing::Test {
protected:
    static HandlerProcessOptions options() {
        return {.path = "/proc/self/exe",
                .arguments = {"isolation-child"},
                .environment = {std::string(child_mark) + "=1"},
                .processes_max = 2,
                .cancel_grace = 10s};
    }
    std::string run(Context& context) {
        const auto outcome = processes->run(context);
        if (const auto* failure = std::get_if<sdk::Failure>(&outcome)) {
            return failure->errtype + ": " + failure->message;
        }
        return std::get<std::string>(outcome);
    }
    std::string run(const std::string& name, const std::string& args = "[]") {
        Context context(name, args);
        return run(context);
    }
    std::optional<HandlerProcesses> processes{std::in_place, options()};
};

TEST_F(Isolation, AJobGoesOverAndItsResultComesBack) {
    EXPECT_EQ(run("echo", "[1,2]"), R"(j1 q [1,2] {"a":1} 3)");
    const std::string large(5'000'000, 'x');
    EXPECT_EQ(run("echo", large).size(), large.size() + 15);
    EXPECT_EQ(run("nobody"), "UnknownType: the handler process does not know \"nobody\"");
    EXPECT_EQ(run("throw"), "Exception: the handler threw something unknown");
}

TEST_F(Isolation, FailuresCarryTheirWordsAndWishes) {
    Context context("fail", "[]");
    const auto outcome = processes->run(context);
    const auto& failure = std::get<sdk::Failure>(outcome);
    EXPECT_EQ(failure.errtype + failure.message, "Wordwhy");
    EXPECT_TRUE(failure.final);
    EXPECT_EQ(failure.retry_in, 2s);
}

TEST_F(Isolation, ACrashCostsOneJobAndTheProcessIsReplaced) {
    const std::string first = run("pid");
    EXPECT_NE(first, std::to_string(::getpid()));
    EXPECT_EQ(run("pid"), first) << "the process is used again";
    EXPECT_EQ(run("die", "11"), "HandlerCrashed: signal 11 (Segmentation fault)");
    const std::string second = run("pid");
    EXPECT_NE(second, first);
    EXPECT_EQ(run("die", "9"), "HandlerCrashed: signal 9 (Killed); perhaps for want of memory");
    EXPECT_EQ(run("die", "0"), "HandlerCrashed: exit code 7");
    EXPECT_EQ(processes->counters().crashed, 3U);
    EXPECT_EQ(processes->counters().started, 3U);
}

TEST_F(Isolation, AProcessThatEndsBetweenTwoJobsCostsNone) {
    const std::string first = run("pid");
    const auto pid = static_cast<pid_t>(std::atoi(first.c_str()));
    ASSERT_GT(pid, 0);
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
    siginfo_t ended{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT), 0);
    const std::string second = run("pid");
    EXPECT_GT(std::atoi(second.c_str()), 0) << second;
    EXPECT_NE(second, first);
}

TEST_F(Isolation, ProgressAndCancelCrossTheBoundary) {
    const CancelSource source;
    Context context("listen", "[]", source.token());
    context.on_progress = [&] { source.cancel(Error{Code::cancelled, "enough"}); };
    EXPECT_EQ(run(context), "Heard: enough");
    EXPECT_EQ(context.last, "12 listening");
    EXPECT_EQ(processes->counters().started, 1U);
    EXPECT_EQ(run("pid").empty(), false);
    EXPECT_EQ(processes->counters().started, 1U) << "the process is as good as before";
}

TEST_F(Isolation, ADeadlineCrossesTheBoundary) {
    const CancelSource source(deadline_after(50ms));
    Context context("listen", "[]", source.token());
    const std::string said = run(context);
    EXPECT_TRUE(said.starts_with("Heard: ")) << said;
}

TEST_F(Isolation, AHandlerThatDoesNotListenIsKilled) {
    auto impatient = options();
    impatient.cancel_grace = 10ms;
    processes.emplace(impatient);
    const CancelSource source;
    Context context("deaf", "[]", source.token());
    context.on_progress = [&] { source.cancel(Error{Code::cancelled, "enough"}); };
    EXPECT_EQ(run(context),
              "Cancelled: the handler did not stop, and its process was killed: enough");
    EXPECT_EQ(processes->counters().killed, 1U);
    EXPECT_EQ(processes->counters().crashed, 0U);
}

TEST_F(Isolation, ATypesTimeLimitEndsAJobForGood) {
    auto impatient = options();
    impatient.cancel_grace = 10ms;
    const auto shared = std::make_shared<HandlerProcesses>(impatient);
    const auto run_within = [&](const std::string& name, Duration time_max,
                                CancelToken token = {}) {
        Context context(name, "[]", std::move(token));
        return isolated(shared, time_max)(context);
    };
    for (const char* name : {"deaf", "listen"}) {
        const auto failure = std::get<sdk::Failure>(run_within(name, 50ms));
        EXPECT_EQ(failure.errtype, "LimitExceeded") << name;
        EXPECT_EQ(failure.message, "it took longer than the limit of 0 s");
        EXPECT_TRUE(failure.final);
    }
    EXPECT_EQ(shared->counters().killed, 1U);
    EXPECT_TRUE(std::holds_alternative<std::string>(run_within("pid", 1h)));
    const CancelSource source;
    source.cancel(Error{Code::cancelled, "enough"});
    EXPECT_EQ(std::get<sdk::Failure>(run_within("listen", 1h, source.token())).errtype, "Heard");
}

TEST_F(Isolation, AHandlerPushesJobsAndAsksForTheirEnds) {
    Context context("push", "[]");
    EXPECT_EQ(run(context), "refused dead own-jid-1");
    ASSERT_EQ(context.pushed.size(), 2U);
    EXPECT_EQ(context.pushed[0].type, "a");
    EXPECT_EQ(context.pushed[0].retry, 3);
    EXPECT_EQ(context.pushed[0].keep, Duration{5s});
    EXPECT_EQ(context.pushed[0].trace,
              (sdk::TraceContext{.trace_id = {1, 2}, .span_id = {3}, .state = "k=v"}));
    EXPECT_EQ(context.pushed[1].backoff->base, Duration{2s});
}

TEST_F(Isolation, SeveralThreadsHaveAProcessEach) {
    std::vector<Thread> threads;
    for (int i = 0; i < 2; ++i) {
        threads.emplace_back("isolation-" + std::to_string(i), [&] {
            for (int n = 0; n < 20; ++n) EXPECT_FALSE(run("echo").empty());
        });
    }
    for (Thread& thread : threads) thread.join();
    EXPECT_LE(processes->counters().started, 2U);
}

TEST(IsolationFrames, DamagedBodiesAreRefused) {
    Duration left{0};
    const std::string whole = encode_delivery({.jid = "j", .queue = "q", .type = "t"}, 5s);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(decode_delivery(std::string_view(whole).substr(0, size), left)) << size;
    }
    EXPECT_TRUE(decode_delivery(whole, left));
    EXPECT_FALSE(decode_outcome(std::string(8, '\xff')));
    EXPECT_FALSE(decode_jobs(std::string(8, '\x7f')));
    EXPECT_FALSE(decode_job_ends(""));
}

}  // namespace
}  // namespace sluice::work
