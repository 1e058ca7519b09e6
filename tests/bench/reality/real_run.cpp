// SPDX-License-Identifier: Apache-2.0
#include "real_run.h"

#include "kernel/sync/clock.h"
#include "kernel/sync/select.h"
#include "kernel/sync/thread.h"
#include "kernel/sync/wait_group.h"
#include "sdk/client.h"
#include "sdk/worker.h"

#include "../jobs/process.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

namespace sluice::bench {

namespace {

constexpr Duration lead_time = 500ms;  // from the start of the workers to the first arrival
constexpr Duration drain_max = 20s;    // for what waits when the scenario is over

/// What happened to one job; times since the begin of the scenario.
struct Trace {
    std::atomic<std::int64_t> started_ns{-1};
    std::atomic<std::int64_t> succeeded_ns{-1};
    // When the job before it on its slot ended, by plan and in fact; of the first attempt.
    std::atomic<std::int64_t> slot_free_planned_ns{-1};
    std::atomic<std::int64_t> slot_free_since_ns{-1};
};

Error unsupported(const std::string& what) {
    return fail(Code::invalid, "a real server cannot play this scenario: " + what);
}

Status check_playable(const sim::Scenario& scenario) {
    if (!scenario.events.empty()) return unsupported("it has events");
    if (!scenario.limits.empty()) return unsupported("it has limits");
    for (const sim::Traffic& traffic : scenario.traffic) {
        if (!traffic.tenant.empty()) return unsupported("tenants of " + traffic.name);
        if (traffic.backlog > 0) return unsupported("the backlog of " + traffic.name);
        if (traffic.failures.crash_rate > 0) return unsupported("crashes of " + traffic.name);
    }
    for (const sim::Pool& pool : scenario.pools) {
        if (pool.autoscale) return unsupported("autoscaling of " + pool.name);
        if (pool.crashes_per_hour > 0) return unsupported("crashes of " + pool.name);
        if (!pool.extended) return unsupported("plain workers of " + pool.name);
    }
    return {};
}

sdk::BackoffWord word_of(sim::BackoffShape shape) {
    switch (shape) {
        case sim::BackoffShape::faktory: return sdk::BackoffWord::faktory;
        case sim::BackoffShape::constant: return sdk::BackoffWord::constant;
        case sim::BackoffShape::exponential: return sdk::BackoffWord::exponential;
        case sim::BackoffShape::none: return sdk::BackoffWord::none;
    }
    return sdk::BackoffWord::faktory;
}

class RealRun {
public:
    RealRun(const sim::Scenario& scenario, const Plan& plan, std::uint16_t port)
        : scenario_(scenario), plan_(plan) {
        server_.host = "127.0.0.1";
        server_.port = port;
        for (const PlannedTraffic& traffic : plan.traffic()) {
            traces_.push_back(std::make_unique<std::vector<Trace>>(traffic.jobs.size()));
        }
    }

    Status play();
    [[nodiscard]] MeasuredRun measured() const;

private:
    [[nodiscard]] MeasuredCosts costs() const;
    Status make_workers();
    sdk::Outcome handle(sdk::JobContext& context, double speed);
    void produce(std::size_t index);
    Status push(sdk::Client& client, std::size_t index, std::size_t number);
    [[nodiscard]] std::vector<std::string> queues_of(const sim::Pool& pool) const;

    const sim::Scenario& scenario_;
    const Plan& plan_;
    sdk::ServerAddress server_;
    std::vector<std::unique_ptr<std::vector<Trace>>> traces_;
    std::vector<std::unique_ptr<sdk::Worker>> workers_;
    Instant begin_{};
    WaitGroup unstarted_;
    std::atomic<bool> has_failed_{false};
};

std::vector<std::string> RealRun::queues_of(const sim::Pool& pool) const {
    if (!pool.queues.empty()) return pool.queues;
    std::vector<std::string> queues;
    for (const sim::Traffic& traffic : scenario_.traffic) {
        if (std::find(queues.begin(), queues.end(), traffic.queue) == queues.end())
            queues.push_back(traffic.queue);
    }
    return queues;
}

Status RealRun::make_workers() {
    for (const sim::Pool& pool : scenario_.pools) {
        for (std::uint32_t i = 0; i < pool.workers; ++i) {
            sdk::WorkerOptions options;
            options.server = server_;
            options.queues = queues_of(pool);
            options.concurrency = pool.slots;
            // A job held ready by a busy worker would wait there while another one is idle.
            options.prefetch = 0;
            options.handles_signals = false;
            auto worker = std::make_unique<sdk::Worker>(std::move(options));
            SLUICE_TRY_STATUS(
                worker->add("simulated", [this, speed = pool.speed](sdk::JobContext& context) {
                    return handle(context, speed);
                }));
            workers_.push_back(std::move(worker));
        }
    }
    return {};
}

/// When the job that ran last on this thread ended by plan, and when in fact.
struct SlotFree {
    Instant planned{};
    Instant since{};
};
thread_local SlotFree slot_free{};

sdk::Outcome RealRun::handle(sdk::JobContext& context, double speed) {
    const Instant began = monotonic_now();
    std::size_t index = 0;
    std::size_t number = 0;
    if (std::sscanf(context.job().args.c_str(), "[%zu,%zu]", &index, &number) != 2 ||
        index >= traces_.size() || number >= traces_[index]->size())
        return sdk::Failure{.errtype = "Plan", .message = "not a job of the plan", .final = true};
    Trace& trace = (*traces_[index])[number];
    std::int64_t unset = -1;
    if (trace.started_ns.compare_exchange_strong(unset, (began - begin_).count()))
        unstarted_.done();
    if (context.job().attempt <= 1 && slot_free.since != Instant{}) {
        trace.slot_free_planned_ns.store((slot_free.planned - begin_).count());
        trace.slot_free_since_ns.store((slot_free.since - begin_).count());
    }
    const auto attempt = static_cast<std::uint32_t>(std::max(context.job().attempt, 1));
    const PlannedAttempt planned = plan_.attempt(index, number, attempt);
    const double share = planned.fails ? scenario_.traffic[index].failures.work_share : 1.0;
    const Duration work = sim::from_seconds(to_seconds(planned.work) * share / speed);
    Selector pause({});
    pause.wait_until(began + work, context.cancel());
    slot_free = {.planned = began + work, .since = monotonic_now()};
    if (planned.fails) {
        return sdk::Failure{
            .errtype = "Planned", .message = "fails by plan", .final = planned.is_final};
    }
    trace.succeeded_ns.store((monotonic_now() - begin_).count());
    return std::string("null");
}

Status RealRun::push(sdk::Client& client, std::size_t index, std::size_t number) {
    const sim::Traffic& traffic = scenario_.traffic[index];
    sdk::JobSpec job;
    job.type = "simulated";
    job.args = "[" + std::to_string(index) + "," + std::to_string(number) + "]";
    job.queue = traffic.queue;
    job.priority = traffic.priority;
    job.retry = traffic.retry.limit;
    job.backoff = sdk::BackoffParts{.kind = word_of(traffic.retry.backoff),
                                    .base = traffic.retry.base,
                                    .max = traffic.retry.max,
                                    .jitter_percent = traffic.retry.jitter_percent};
    const auto pushed = client.push(std::move(job));
    return pushed ? Status{} : Status{pushed.error()};
}

/// One producer: pushes each job at its time, with a sync each, as a producer does.
void RealRun::produce(std::size_t index) {
    sdk::ClientOptions options;
    options.server = server_;
    sdk::Client client(std::move(options));
    Selector pause({});
    const auto& jobs = plan_.traffic()[index].jobs;
    for (std::size_t number = 0; number < jobs.size(); ++number) {
        pause.wait_until(begin_ + jobs[number].at);
        if (const Status pushed = push(client, index, number); !pushed) {
            std::fprintf(stderr, "bench: push: %s\n", pushed.error().message.c_str());
            has_failed_ = true;
            return;
        }
    }
}

Status RealRun::play() {
    SLUICE_TRY_STATUS(make_workers());
    for (const auto& traffic : traces_) unstarted_.add(traffic->size());
    begin_ = monotonic_now() + lead_time;
    {
        std::vector<Thread> workers;
        for (const auto& worker : workers_) {
            workers.emplace_back("bench-worker", [this, &worker] {
                if (const Status ran = worker->run(); !ran) {
                    std::fprintf(stderr, "bench: worker: %s\n", ran.error().message.c_str());
                    has_failed_ = true;
                }
            });
        }
        std::vector<Thread> producers;
        for (std::size_t i = 0; i < traces_.size(); ++i)
            producers.emplace_back("bench-producer", [this, i] { produce(i); });
        Selector pause({});
        pause.wait_until(begin_ + scenario_.duration);
        producers.clear();  // joins
        if (!has_failed_) unstarted_.wait_until(deadline_after(drain_max));
        for (const auto& worker : workers_) worker->stop_now();
    }
    if (has_failed_) return fail(Code::internal, "the run broke off, see above");
    return {};
}

MeasuredRun RealRun::measured() const {
    MeasuredRun run;
    const Duration warmup = scenario_.warmup.value_or(Duration{0});
    const double window = to_seconds(scenario_.duration - warmup);
    for (std::size_t i = 0; i < traces_.size(); ++i) {
        MeasuredTraffic measured;
        std::uint64_t succeeded = 0;
        for (std::size_t number = 0; number < traces_[i]->size(); ++number) {
            const Trace& trace = (*traces_[i])[number];
            const Duration ended{trace.succeeded_ns.load()};
            if (ended >= warmup && ended < scenario_.duration) ++succeeded;
            const Duration at = plan_.traffic()[i].jobs[number].at;
            const Duration began{trace.started_ns.load()};
            const bool has_begun = began >= Duration{0};
            measured.waits.push_back(has_begun ? std::max(to_seconds(began - at), 0.0) : -1.0);
            if (at < warmup) continue;
            ++measured.arrived;
            if (!has_begun) ++measured.unstarted;
        }
        measured.throughput = static_cast<double>(succeeded) / window;
        run.traffic.push_back(measured);
    }
    run.costs = costs();
    return run;
}

MeasuredCosts RealRun::costs() const {
    // Certainly waiting when the slot became free, or the slot idle when the job arrived; what
    // lies between may have been on its way.
    constexpr Duration certainly = 8ms;
    MeasuredCosts costs;
    for (std::size_t i = 0; i < traces_.size(); ++i) {
        for (std::size_t number = 0; number < traces_[i]->size(); ++number) {
            const Trace& trace = (*traces_[i])[number];
            const Duration at = plan_.traffic()[i].jobs[number].at;
            const Duration began{trace.started_ns.load()};
            const Duration free_planned{trace.slot_free_planned_ns.load()};
            const Duration free_since{trace.slot_free_since_ns.load()};
            if (free_since < Duration{0} || free_planned < Duration{0}) continue;
            if (at + certainly <= free_since)
                costs.overhead.push_back({free_planned, began - free_planned});
            if (free_since + certainly <= at) costs.latency.push_back({at, began - at});
        }
    }
    return costs;
}

}  // namespace

Result<MeasuredRun> run_real(const sim::Scenario& scenario, const Plan& plan,
                             const RealRunOptions& options) {
    SLUICE_TRY_STATUS(check_playable(scenario));
    std::error_code failed;
    std::filesystem::create_directories(options.folder, failed);
    if (failed) return fail(Code::io, options.folder + ": " + failed.message());
    const std::uint16_t port = free_port();
    ServerProcess server(
        {options.program, "serve", "--data", options.folder + "/store", "--jobs",
         "127.0.0.1:" + std::to_string(port), "--http", "127.0.0.1:" + std::to_string(free_port())},
        options.folder + "/server.log");
    server.wait_for_port(port);
    RealRun run(scenario, plan, port);
    const double cpu_before = server.cpu_seconds();
    const Instant began = monotonic_now();
    SLUICE_TRY_STATUS(run.play());
    MeasuredRun measured = run.measured();
    measured.server_cpu_share =
        (server.cpu_seconds() - cpu_before) / to_seconds(monotonic_now() - began);
    return measured;
}

}  // namespace sluice::bench
