// SPDX-License-Identifier: Apache-2.0
// InlineQueue: the testing mode. Pushing runs the handler at once on the calling thread; there is
// no server, and time stands still until the test moves it. Retries, scheduled jobs and timeouts
// follow the rules of the server (docs/protocol.md), with a made-up clock. Not for production: it
// keeps everything in memory.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "sdk/handler.h"
#include "sdk/middleware.h"
#include "sdk/producer.h"
#include "sdk/typed_handler.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::sdk {

/// Jobs that one queue keeps, and runs that one call may lead to (jobs that push jobs without end).
inline constexpr std::size_t inline_jobs_max = 10'000;
inline constexpr std::size_t inline_runs_max = 10'000;

struct InlineOptions {
    /// What the clock shows at first: 2026-01-01T00:00:00Z.
    WallTime start = wall_from_ns(1'767'225'600'000'000'000);
    /// False: pushed jobs wait for run_due() or advance().
    bool runs_at_once = true;
    /// Of the random part of retry delays.
    std::uint64_t seed = 1;
    /// For jobs that do not name a timeout; zero: none.
    Duration timeout_default{0};
};

/// A job as it stands.
struct InlineJob {
    std::string jid;
    std::string type;
    std::string queue;
    std::string args;    ///< a JSON array
    std::string custom;  ///< a JSON object, or empty
    int priority = 5;
    std::string state;  ///< in the server's words: "enqueued", "scheduled", "retrying", …
    int attempts = 0;
    WallTime due;                      ///< of the next attempt
    std::string result;                ///< JSON text, or empty
    std::optional<Failure> failure{};  ///< the last one
    std::vector<std::pair<int, std::string>> progress;
};

/// One thread. What a handler pushes runs after it has returned, not within it. Jobs of a type that
/// has no handler stay enqueued.
class InlineQueue final : public Producer {
public:
    explicit InlineQueue(InlineOptions options = {});
    ~InlineQueue() override;
    InlineQueue(const InlineQueue&) = delete;
    InlineQueue& operator=(const InlineQueue&) = delete;

    /// As those of Worker, also between pushes.
    Status add(std::string name, Handler handler);
    InlineQueue& handle(std::string name, Handler handler);
    InlineQueue& use(Middleware middleware);
    template <Described Args, TypedFunction<Args> Function>
    InlineQueue& handle(std::string name, Function function) {
        return handle(std::move(name), typed_handler<Args>(std::move(function)));
    }
    template <NamedJob Args, TypedFunction<Args> Function>
    InlineQueue& handle(Function function) {
        return handle<Args>(std::string(Args::job_type), std::move(function));
    }

    /// Checked as the server does. Errors: invalid; exhausted (inline_jobs_max, inline_runs_max);
    /// and what handle() and use() kept.
    Result<std::string> push(JobSpec job) override;
    using Producer::push;
    Result<std::vector<Refusal>> push_bulk(std::span<JobSpec> jobs) override;
    Result<std::optional<JobStatus>> status(std::string_view jid) override;
    /// Waiting jobs are cancelled, the running one is asked to stop. False: nothing to cancel.
    bool cancel(std::string_view jid);

    [[nodiscard]] WallTime now() const;
    /// Moves the clock and runs, in their order and each at its time, the jobs that become due.
    /// Called by a handler, it says that its work took so long: a timeout may cancel its token, and
    /// other jobs run after it. How many runs there were. Errors: exhausted.
    Result<std::size_t> advance(Duration time);
    /// Runs what is due now. Errors: exhausted.
    Result<std::size_t> run_due();

    /// All jobs in the order of their push; the references hold until the next push.
    [[nodiscard]] std::vector<const InlineJob*> jobs() const;
    [[nodiscard]] std::vector<const InlineJob*> jobs(std::string_view type) const;
    /// Null for an unknown jid. Of several with one jid, the latest.
    [[nodiscard]] const InlineJob* find(std::string_view jid) const;
    /// The arguments of all jobs of this type. Errors: invalid (some are none of Args).
    template <NamedJob Args>
    [[nodiscard]] Result<std::vector<Args>> pushed() const {
        std::vector<Args> out;
        for (const InlineJob* job : jobs(Args::job_type)) {
            SLUICE_TRY(Args args, read_args<Args>(job->args));
            out.push_back(std::move(args));
        }
        return out;
    }

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::sdk
