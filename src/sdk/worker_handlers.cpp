// SPDX-License-Identifier: Apache-2.0
// The handler threads of worker_threads.h.
#include "kernel/base/text.h"
#include "kernel/sync/clock.h"
#include "kernel/wire/json_text.h"
#include "sdk/protocol/job_json.h"
#include "sdk/protocol/request.h"
#include "sdk/worker_threads.h"

#include <algorithm>

namespace sluice::sdk {

namespace {

constexpr std::size_t result_bytes_max = std::size_t{16} << 20;
constexpr Duration progress_interval = 200ms;

class Context final : public JobContext {
public:
    Context(const HeldJob& job, CancelToken token, HandlerPorts ports)
        : job_(job), token_(std::move(token)), ports_(ports) {}

    [[nodiscard]] const Delivery& job() const override { return job_.delivery; }
    [[nodiscard]] const CancelToken& cancel() const override { return token_; }
    void progress(int percent, std::string_view note) override {
        const Instant now = monotonic_now();
        if (now < next_report_) return;
        next_report_ = now + progress_interval;
        // A report that finds no room is not worth waiting for.
        ports_.events.try_push(
            Progressed{.lease = job_.lease,
                       .percent = std::clamp(percent, 0, 100),
                       .note = std::string(truncate_utf8(note, progress_note_bytes_max))});
    }
    Result<std::vector<Refusal>> push(std::span<JobSpec> jobs) override {
        pass_trace_on(*this, jobs);
        return push_by(ports_.asks, jobs, token_);
    }
    Result<std::vector<JobEnd>> ends(std::span<const std::string> jids) override {
        return ends_by(ports_.asks, jids, token_);
    }

private:
    const HeldJob& job_;
    CancelToken token_;
    HandlerPorts ports_;
    Instant next_report_{};
};

/// A result has to be one line of JSON that the server can keep.
Outcome checked(Outcome outcome) {
    auto* result = std::get_if<std::string>(&outcome);
    if (result == nullptr || result->empty()) return outcome;
    if (result->size() > result_bytes_max) {
        return Failure{.errtype = "ResultTooLarge",
                       .message = "the result has more than 16 MiB",
                       .final = true};
    }
    if (!is_valid_json(*result)) {
        return Failure{
            .errtype = "InvalidResult", .message = "the result is not JSON", .final = true};
    }
    if (result->find_first_of("\r\n") != std::string::npos) *result = compact_json(*result);
    return outcome;
}

Outcome perform(const WorkerOptions& options, const HandlerTable& handlers, const Task& task,
                HandlerPorts ports) {
    const Delivery& job = task.job.delivery;
    if (const Status go_on = task.token.check(); !go_on) {
        return Failure{.errtype = "Cancelled", .message = go_on.error().message};
    }
    const auto handler = handlers.find(job.type);
    if (handler == handlers.end()) {
        return Failure{.errtype = "UnknownType",
                       .message = "this worker has no handler for \"" + job.type + '"'};
    }
    const Duration limit = job.timeout > Duration{0} ? job.timeout : options.timeout_default;
    if (limit <= Duration{0}) {
        Context context(task.job, task.token, ports);
        return checked(call_guarded(handler->second.run, context));
    }
    // The deadline is in the token for those who look; the owner also cancels at that moment, for
    // those who wait.
    const Instant deadline = deadline_after(limit);
    const CancelSource timed(task.token, deadline);
    ports.events.push(Started{.lease = task.job.lease, .deadline = deadline});
    Context context(task.job, timed.token(), ports);
    return checked(call_guarded(handler->second.run, context));
}

}  // namespace

void run_handler(const WorkerOptions& options, const HandlerTable& handlers, HandlerPorts ports) {
    Task task;
    while (ports.tasks.pop(task) == ChannelStatus::ok) {
        const Instant begin = monotonic_now();
        ports.slot.since.store(begin.time_since_epoch().count(), std::memory_order_relaxed);
        ports.slot.lease.store(task.job.lease, std::memory_order_release);
        Outcome outcome = perform(options, handlers, task, ports);
        ports.slot.lease.store(0, std::memory_order_relaxed);
        ports.events.push(Finished{.lease = task.job.lease,
                                   .outcome = std::move(outcome),
                                   .took = monotonic_now() - begin});
        task = {};
    }
}

}  // namespace sluice::sdk
