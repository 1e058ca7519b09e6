// SPDX-License-Identifier: Apache-2.0
// The worker against a scripted server: batching, heartbeats, cancellation, timeouts, reconnects
// and the ways to stop. Nothing sleeps; the tests wait for lines and events.
#include "sdk/worker.h"

#include "kernel/sync/cancel.h"
#include "kernel/sync/clock.h"
#include "sdk/protocol/fields.h"
#include "sdk/protocol/job_json.h"
#include "sdk/scripted_server_testing.h"

#include <algorithm>
#include <csignal>
#include <deque>
#include <optional>
#include <set>
#include <stdexcept>

#include <gtest/gtest.h>

namespace sluice::sdk {
namespace {

/// Enough of the server's side of the extension to see what a worker does.
class FakeQueue {
public:
    FakeQueue()
        : lines(100'000), server_([this](auto&, int c, std::string l) { return on(c, l); }) {
        server_.post([this] {
            server_.on_close = [this](int connection) {
                if (waiting_ == connection) waiting_ = -1;
            };
        });
    }

    [[nodiscard]] ServerAddress address() const { return server_.address(); }
    void post(const std::function<void()>& act) { server_.post(act); }

    void push(const std::string& type, const std::string& args = "[]",
              const std::string& custom = "") {
        post([&] {
            const std::string lease = format_lease(++leases_);
            std::string job = R"({"jid":"job-)" + std::to_string(leases_) +
                              R"(","queue":"default",)" + R"("jobtype":")" + type + R"(","args":)" +
                              args + R"(,"retry":25,)";
            if (!custom.empty()) job += R"("custom":)" + custom + ",";
            jobs_.push_back(job + R"("lease":")" + lease + R"(","attempt":1})");
            if (waiting_ >= 0) {
                server_.send(waiting_, deliver(waiting_max_));
                waiting_ = -1;
            }
        });
    }
    void drop_all() {
        post([&] {
            server_.drop_all();
            waiting_ = -1;
        });
    }
    /// The next line that begins like this; earlier others are skipped.
    std::string await(std::string_view beginning) {
        std::string line;
        const Instant deadline = deadline_after(30s);
        while (lines.pop_until(line, deadline) == ChannelStatus::ok) {
            if (line.starts_with(beginning)) return line;
        }
        ADD_FAILURE() << "no line \"" << beginning << "\" came";
        return {};
    }
    std::vector<std::string> hellos() {
        std::vector<std::string> copy;
        post([&] { copy = server_.hellos; });
        return copy;
    }

    // On the server's thread only.
    std::set<std::string> acked;
    std::set<std::string> failed;
    std::set<std::string> requeued;
    std::uint64_t ack_lines = 0;
    std::string beat_answer = R"({"cancel":[],"lost":[]})";
    /// What to do instead with a line; nothing: the usual.
    std::function<std::optional<std::string>(int connection, const std::string& line)> twist;

    Channel<std::string> lines;

private:
    std::string on(int connection, const std::string& line) {
        lines.try_push(std::string(line));
        if (twist) {
            if (auto instead = twist(connection, line)) return *instead;
        }
        const RequestLine request = parse_request_line(line);
        JsonParser parser;
        const auto json = parser.parse(request.argument);
        SLUICE_CHECK(json.has_value());
        switch (request.verb) {
            case Verb::fetchb: return fetch(connection, *parse_fetchb(*json));
            case Verb::ackb: {
                ++ack_lines;
                const auto items = parse_ackb(*json);
                for (const AckItem& item : *items) acked.insert(item.job.jid);
                return bulk("{}");
            }
            case Verb::failb: {
                const auto items = parse_failb(*json);
                for (const FailItem& item : *items) failed.insert(item.job.jid);
                return bulk("{}");
            }
            case Verb::requeue: requeued.insert(parse_requeue(*json)->job.jid); return "+OK\r\n";
            case Verb::beat: return bulk(beat_answer);
            default: return "-ERR unknown command\r\n";
        }
    }
    std::string fetch(int connection, const FetchRequest& request) {
        if (!jobs_.empty()) return deliver(request.max);
        waiting_ = connection;
        waiting_max_ = request.max;
        return {};
    }
    std::string deliver(std::uint32_t max) {
        std::string out = "[";
        for (std::uint32_t i = 0; i < max && !jobs_.empty(); ++i) {
            if (i > 0) out += ',';
            out += jobs_.front();
            jobs_.pop_front();
        }
        return bulk(out + ']');
    }

    std::deque<std::string> jobs_;
    std::uint64_t leases_ = 0;
    int waiting_ = -1;
    std::uint32_t waiting_max_ = 1;
    ScriptedServer server_;
};

/// A worker on its own thread.
class Running {
public:
    explicit Running(const FakeQueue& queue) {
        options.server = queue.address();
        options.concurrency = 2;
        options.prefetch = 2;
        options.handles_signals = false;
        options.backoff_base = 1ms;
        options.backoff_max = 5ms;
    }
    ~Running() {
        if (worker) worker->stop_now();
        thread_.join();
    }
    void add(const std::string& name, Handler handler) {
        handlers_.emplace_back(name, std::move(handler));
    }
    void start() {
        worker.emplace(options);
        for (auto& [name, handler] : handlers_) ASSERT_TRUE(worker->add(name, handler));
        thread_ = Thread("worker-test", [this] { done_.push(worker->run()); });
    }
    Status finish() {
        Status verdict = fail(Code::timeout, "the worker did not end");
        done_.pop_until(verdict, deadline_after(30s));
        return verdict;
    }
    WorkerOptions options;
    std::optional<Worker> worker;

private:
    std::vector<std::pair<std::string, Handler>> handlers_;
    Channel<Status> done_{1};
    Thread thread_;
};

/// A handler that says it began and then waits until it is let go or cancelled.
class Gate {
public:
    Handler handler() {
        return [this](JobContext& context) -> Outcome {
            began.push(std::string(context.job().jid));
            int go = 0;
            const Selected selected = select(deadline_after(30s), context.cancel(), pass_);
            if (selected.outcome == SelectOutcome::ready && pass_.try_pop(go) == ChannelStatus::ok)
                return std::string("{}");
            return Failure{.errtype = "Interrupted",
                           .message = context.cancel().check().error().text()};
        };
    }
    std::string await_begin() {
        std::string jid;
        EXPECT_EQ(began.pop_until(jid, deadline_after(30s)), ChannelStatus::ok);
        return jid;
    }
    void let_go(int count) {
        for (int i = 0; i < count; ++i) pass_.push(1);
    }
    Channel<std::string> began{1000};

private:
    Channel<int> pass_{1000};
};

Handler echo() {
    return [](JobContext& context) -> Outcome { return context.job().args; };
}

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
    EXPECT_NE(queue.await("FAILB").find(R"("errtype":"Exception","message":"thrown")"),
              std::string::npos);
    queue.push("garbage");
    EXPECT_NE(queue.await("FAILB").find(R"("errtype":"InvalidResult")"), std::string::npos);
    queue.push("nobody");
    EXPECT_NE(queue.await("FAILB").find(R"("errtype":"UnknownType")"), std::string::npos);
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    EXPECT_EQ(running.worker->counters().failed, 4U);
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
    EXPECT_EQ(running.worker->counters().fetched, 1U);
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
    running.start();
    queue.await("FETCHB");
    const Instant begin = monotonic_now();
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    EXPECT_LT(monotonic_now() - begin, 10s);
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
