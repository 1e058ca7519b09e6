// SPDX-License-Identifier: Apache-2.0
// What a worker costs of itself: a process with the C++ worker and handlers that do nothing, given
// jobs at a steady rate; its own user and system time for each, by getrusage.
//
//   sluice serve --data DIR --jobs 127.0.0.1:7419 &
//   bench_worker_cpu tcp://127.0.0.1:7419 [JOBS PER SECOND] [SECONDS] [SLOTS] [PREFETCH]
#include "kernel/sync/clock.h"
#include "sdk/client.h"
#include "sdk/server_url.h"
#include "sdk/wake.h"
#include "sdk/worker.h"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <csignal>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::bench {
namespace {

struct Plan {
    sdk::ServerAddress server;
    std::uint64_t rate = 10'000;
    std::uint64_t seconds = 10;
    std::uint32_t slots = 2;
    /// As many jobs held ready, whatever they are; none: what the worker thinks right.
    std::optional<std::uint32_t> prefetch;
};

constexpr std::uint64_t ticks_per_second = 100;

double seconds_of(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// The child: works until it has done them all, then says what that has cost.
int work(const Plan& plan) {
    sdk::WorkerOptions options;
    options.server = plan.server;
    options.concurrency = plan.slots;
    if (plan.prefetch) {
        options.prefetch = *plan.prefetch;
        options.ready_time = Duration{0};
    }
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

/// A hundredth of the rate each hundredth of a second; true when all are pushed and done.
bool push(const Plan& plan) {
    sdk::Client client({.server = plan.server});
    const std::uint64_t batch = plan.rate / ticks_per_second;
    sdk::Wake never;
    const Instant begin = monotonic_now();
    std::uint64_t late = 0;
    std::vector<std::string> last;
    for (std::uint64_t tick = 0; tick < plan.seconds * ticks_per_second; ++tick) {
        const Instant at = begin + Duration{1s} * static_cast<std::int64_t>(tick) /
                                       static_cast<std::int64_t>(ticks_per_second);
        const Instant now = monotonic_now();
        if (now < at) {
            never.wait_until(at);
        } else if (now > at + 100ms) {
            ++late;
        }
        std::vector<sdk::JobSpec> jobs(batch);
        for (sdk::JobSpec& job : jobs) {
            job.type = "bench.tiny";
            job.args = R"([1,"some text of a usual length",{"user":12345}])";
        }
        if (const auto pushed = client.push_bulk(jobs); !pushed || !pushed->empty()) return false;
        last.clear();
        for (const sdk::JobSpec& job : jobs) last.push_back(job.jid);
    }
    const double took = std::chrono::duration<double>(monotonic_now() - begin).count();
    std::printf("pushed %.0f jobs/s (%llu of %llu batches late)\n",
                static_cast<double>(batch * plan.seconds * ticks_per_second) / took,
                static_cast<unsigned long long>(late),
                static_cast<unsigned long long>(plan.seconds * ticks_per_second));
    const auto waited = client.wait(last, 30s);
    return waited && waited->complete;
}

int run(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: bench_worker_cpu URL [RATE] [SECONDS] [SLOTS] [PREFETCH]\n");
        return 2;
    }
    const auto number = [&](int at, std::uint64_t absent) {
        return argc > at ? std::strtoull(argv[at], nullptr, 10) : absent;
    };
    const auto server = sdk::parse_server_url(argv[1]);
    if (!server) return 2;
    const Plan plan{.server = *server,
                    .rate = number(2, 10'000),
                    .seconds = number(3, 10),
                    .slots = static_cast<std::uint32_t>(number(4, 2)),
                    .prefetch = argc > 5 ? std::optional(static_cast<std::uint32_t>(number(5, 0)))
                                         : std::nullopt};
    const pid_t child = fork();
    if (child == 0) std::exit(work(plan));
    const bool all_done = push(plan);
    kill(child, SIGTERM);
    int status = 0;
    waitpid(child, &status, 0);
    return all_done && status == 0 ? 0 : 1;
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) { return sluice::bench::run(argc, argv); }
