// SPDX-License-Identifier: Apache-2.0
// For tests only: a scripted server that knows the verbs a worker speaks, a worker on its own
// thread, and a handler that waits at a gate. Nothing sleeps; tests wait for lines and events.
#pragma once

#include "kernel/sync/cancel.h"
#include "kernel/sync/clock.h"
#include "sdk/protocol/fields.h"
#include "sdk/protocol/job_json.h"
#include "sdk/scripted_server_testing.h"
#include "sdk/worker.h"

#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::sdk {

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
        options.ready_time = Duration{0};
        options.handles_signals = false;
        options.backoff_base = 1ms;
        options.backoff_max = 5ms;
    }
    ~Running() {
        if (worker) worker->stop_now();
        thread_.join();
    }
    void add(const std::string& name, Handler handler, TypeTerms terms = {}) {
        handlers_.push_back({name, std::move(handler), std::move(terms)});
    }
    void start() {
        worker.emplace(options);
        for (const auto& [name, handler, terms] : handlers_) {
            ASSERT_TRUE(worker->add(name, handler, terms));
        }
        for (const Middleware& one : middleware) worker->use(one);
        thread_ = Thread("worker-test", [this] { done_.push(worker->run()); });
    }
    Status finish() {
        Status verdict = fail(Code::timeout, "the worker did not end");
        done_.pop_until(verdict, deadline_after(30s));
        return verdict;
    }
    WorkerOptions options;
    std::vector<Middleware> middleware;
    std::optional<Worker> worker;

private:
    struct Added {
        std::string name;
        Handler handler;
        TypeTerms terms;
    };
    std::vector<Added> handlers_;
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
            // Another handler may take what this one was told of; then it waits on.
            while (select(deadline_after(30s), context.cancel(), pass_).outcome ==
                   SelectOutcome::ready) {
                if (pass_.try_pop(go) == ChannelStatus::ok) return std::string("{}");
            }
            const Status stopped = context.cancel().check();
            if (stopped) return Failure{.errtype = "Interrupted", .message = "never let go"};
            return Failure{.errtype = "Interrupted", .message = stopped.error().text()};
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

inline Handler echo() {
    return [](JobContext& context) -> Outcome { return context.job().args; };
}

}  // namespace sluice::sdk
