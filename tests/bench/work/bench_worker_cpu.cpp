// SPDX-License-Identifier: Apache-2.0
// What a worker costs of itself: a process with the C++ worker and handlers that do nothing, given
// jobs at a steady rate; its own user and system time for each, by getrusage.
//
//   sluice serve --data DIR --jobs 127.0.0.1:7419 &
//   bench_worker_cpu tcp://127.0.0.1:7419 [NAME=NUMBER…]
//
// rate=10000 jobs a second, in pushes=1000 requests of as many jobs each, by producers=1, for
// seconds=10, by a worker of slots=2; prefetch=N holds always N jobs ready; spool=FOLDER keeps
// answers there. rate=0: as fast as it can, in requests of 100 jobs, as many as would be pushed at
// 10,000 jobs/s.
#include "kernel/base/text.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/thread.h"
#include "sdk/client.h"
#include "sdk/server_url.h"
#include "sdk/wake.h"
#include "sdk/worker.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <csignal>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::bench {
namespace {

struct Plan {
    sdk::ServerAddress server;
    std::uint64_t rate = 10'000;  ///< Jobs a second; 0: as fast as it can.
    std::uint64_t pushes = 1'000;
    std::uint64_t producers = 1;
    std::uint64_t seconds = 10;
    std::uint64_t slots = 2;
    /// As many jobs held ready, whatever they are; none: what the worker thinks right.
    std::optional<std::uint64_t> prefetch;
    std::string spool;
};

double seconds_of(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// The child: works until it has done them all, then says what that has cost.
int work(const Plan& plan) {
    sdk::WorkerOptions options;
    options.server = plan.server;
    options.concurrency = static_cast<std::uint32_t>(plan.slots);
    if (plan.prefetch) {
        options.prefetch = static_cast<std::uint32_t>(*plan.prefetch);
        options.ready_time = Duration{0};
    }
    options.spool_folder = plan.spool;
    options.handles_signals = true;
    sdk::Worker worker(options);
    const auto added =
        worker.add("bench.tiny", [](sdk::JobContext&) -> sdk::Outcome { return "1"; });
    if (!added) return 1;
    const Status ended = worker.run();
    if (!ended) {
        std::fprintf(stderr, "worker: %s\n", ended.error().message.c_str());
        return 1;
    }
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto done = static_cast<double>(worker.counters().succeeded);
    const double user = seconds_of(used.ru_utime);
    const double system = seconds_of(used.ru_stime);
    std::printf(
        "%.0f jobs, user %.2f s, system %.2f s: %.2f us of processor time for each; "
        "%.1f voluntary switches for each\n",
        done, user, system, (user + system) / done * 1e6,
        static_cast<double>(used.ru_nvcsw) / done);
    return 0;
}

std::vector<sdk::JobSpec> tiny_jobs(std::uint64_t count) {
    std::vector<sdk::JobSpec> jobs(count);
    for (sdk::JobSpec& job : jobs) {
        job.type = "bench.tiny";
        job.args = R"([1,"some text of a usual length",{"user":12345}])";
    }
    return jobs;
}

/// What one producer has done.
struct Pushed {
    bool good = false;
    std::uint64_t jobs = 0;
    std::uint64_t late = 0;  ///< Requests that were 10 ms behind their time.
};

/// Requests of `batch` jobs at their times, of which this producer has every `step`th from `first`
/// on; then waits until the last of its jobs are done.
Pushed push(const Plan& plan, std::uint64_t first, std::uint64_t step, Instant begin) {
    const bool is_paced = plan.rate > 0;
    const std::uint64_t batch =
        is_paced ? std::max<std::uint64_t>(plan.rate / plan.pushes, 1) : 100;
    const std::uint64_t requests = plan.seconds * (is_paced ? plan.pushes : 100);
    sdk::Client client({.server = plan.server});
    sdk::Wake never;
    Pushed done;
    std::vector<std::string> last;
    for (std::uint64_t number = first; number < requests; number += step) {
        const Instant at = begin + Duration{1s} * static_cast<std::int64_t>(number) /
                                       static_cast<std::int64_t>(plan.pushes);
        const Instant now = monotonic_now();
        if (is_paced && now < at) never.wait_until(at);
        if (is_paced && now > at + 10ms) ++done.late;
        std::vector<sdk::JobSpec> jobs = tiny_jobs(batch);
        if (const auto pushed = client.push_bulk(jobs); !pushed || !pushed->empty()) return done;
        done.jobs += batch;
        last.clear();
        for (const sdk::JobSpec& job : jobs) last.push_back(job.jid);
    }
    const auto waited = client.wait(last, 30s);
    done.good = waited && waited->complete;
    return done;
}

bool push_all(const Plan& plan) {
    const Instant begin = monotonic_now();
    std::vector<Pushed> done(plan.producers);
    {
        std::vector<Thread> producers;
        for (std::uint64_t i = 0; i < plan.producers; ++i) {
            producers.emplace_back("producer-" + std::to_string(i), [&plan, &done, i, begin] {
                done[i] = push(plan, i, plan.producers, begin);
            });
        }
    }
    const double took = std::chrono::duration<double>(monotonic_now() - begin).count();
    Pushed sum{.good = true};
    for (const Pushed& one : done) {
        sum.good = sum.good && one.good;
        sum.jobs += one.jobs;
        sum.late += one.late;
    }
    std::printf("%.0f jobs/s pushed and done by %llu producers; %llu requests were late\n",
                static_cast<double>(sum.jobs) / took,
                static_cast<unsigned long long>(plan.producers),
                static_cast<unsigned long long>(sum.late));
    return sum.good;
}

Result<Plan> read_plan(int argc, char** argv) {
    if (argc < 2) return fail(Code::invalid, "bench_worker_cpu URL [NAME=NUMBER…]");
    Plan plan;
    SLUICE_TRY(plan.server, sdk::parse_server_url(argv[1]));
    for (int i = 2; i < argc; ++i) {
        const std::string_view word = argv[i];
        const std::size_t equals = word.find('=');
        const std::string_view name = word.substr(0, equals);
        if (name == "spool") {
            plan.spool = word.substr(std::min(equals + 1, word.size()));
            continue;
        }
        const auto number =
            parse_int(equals == std::string_view::npos ? "" : word.substr(equals + 1));
        std::uint64_t* place = name == "rate"        ? &plan.rate
                               : name == "pushes"    ? &plan.pushes
                               : name == "seconds"   ? &plan.seconds
                               : name == "slots"     ? &plan.slots
                               : name == "producers" ? &plan.producers
                                                     : nullptr;
        if (name == "prefetch") place = &plan.prefetch.emplace();
        if (place == nullptr || !number || *number < 0 ||
            ((name == "pushes" || name == "producers") && *number == 0)) {
            return fail(Code::invalid, std::string(word) +
                                           ": there are rate, pushes, seconds, slots and prefetch, "
                                           "each =NUMBER, and spool=FOLDER");
        }
        *place = static_cast<std::uint64_t>(*number);
    }
    return plan;
}

int run(int argc, char** argv) {
    const auto plan = read_plan(argc, argv);
    if (!plan) {
        std::fprintf(stderr, "%s\n", plan.error().message.c_str());
        return 2;
    }
    const pid_t child = fork();
    if (child == 0) std::exit(work(*plan));
    const bool all_done = push_all(*plan);
    kill(child, SIGTERM);
    int status = 0;
    waitpid(child, &status, 0);
    return all_done && status == 0 ? 0 : 1;
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) { return sluice::bench::run(argc, argv); }
