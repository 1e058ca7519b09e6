// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/shell/virtual_run.h"

#include "kernel/sync/worker_pool.h"
#include "modules/sim/core/stats.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

namespace sluice::sim {

namespace {

constexpr std::uint32_t threads_max = 256;
constexpr std::uint32_t pilot_runs = 5;

/// Plays replications on a pool of threads. Each is independent and lands at its own place, so the
/// number of threads changes nothing but the time it takes.
class Players {
public:
    explicit Players(const VirtualOptions& options)
        : options_(options),
          pool_({.name = "sim", .threads = thread_count(options), .queue_max = 4096},
                options.cancel) {}

    Result<std::vector<RunDigest>> play(const Scenario& scenario, std::uint32_t count,
                                        Duration warmup) {
        planned_ += count;
        std::vector<TaskHandle<RunDigest>> tasks;
        tasks.reserve(count);
        std::optional<Error> refused;
        for (std::uint32_t r = 0; r < count && !refused; ++r) {
            auto task = pool_.submit([&scenario, warmup, r] {
                WorldOptions world;
                world.seed = scenario.seed;
                world.replication = r;
                world.warmup = warmup;
                world.record_workers = r == 0;
                return digest_of(scenario, run_world(scenario, world));
            });
            if (task) {
                tasks.push_back(std::move(task).value());
            } else {
                refused = std::move(task).error();
            }
        }
        auto runs = gather(tasks);  // in any case: they borrow the scenario
        if (refused) return *std::move(refused);
        return runs;
    }

private:
    static std::size_t thread_count(const VirtualOptions& options) {
        const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
        return std::min(threads_max, options.threads == 0 ? cores : options.threads);
    }

    /// Waits for every task, also after an error: they borrow the scenario.
    Result<std::vector<RunDigest>> gather(std::vector<TaskHandle<RunDigest>>& tasks) {
        std::vector<RunDigest> runs;
        std::optional<Error> first;
        for (TaskHandle<RunDigest>& task : tasks) {
            auto run = std::move(task).wait();
            if (!run) {
                if (!first) first = std::move(run).error();
                continue;
            }
            runs.push_back(std::move(run).value());
            ++done_;
            if (options_.progress && !first) options_.progress(done_, planned_);
        }
        if (first) return *std::move(first);
        return runs;
    }

    const VirtualOptions& options_;
    std::uint64_t done_ = 0;
    std::uint64_t planned_ = 0;
    WorkerPool pool_;
};

struct Warmup {
    Duration length{0};
    bool conclusive = true;
};

/// MSER-5 on the number of ready jobs, averaged over a few pilot runs.
Result<Warmup> find_warmup(const Scenario& scenario, Players& players) {
    if (scenario.warmup) return Warmup{*scenario.warmup};
    if (!is_steady(scenario)) return Warmup{};
    const std::uint32_t count = std::min(scenario.replications, pilot_runs);
    SLUICE_TRY(const std::vector<RunDigest> runs, players.play(scenario, count, Duration{0}));
    std::vector<std::vector<float>> series;
    for (const RunDigest& run : runs)
        series.emplace_back(run.waiting_total.begin(), run.waiting_total.end());
    const Truncation cut = mser5(averaged(series));
    if (!cut.conclusive) return Warmup{scenario.duration / 4, false};
    const auto bins = static_cast<std::int64_t>(WorldOptions{}.bins);
    return Warmup{scenario.duration / bins * static_cast<std::int64_t>(cut.count)};
}

}  // namespace

Result<Report> run_virtual(const Scenario& scenario, const VirtualOptions& options) {
    SLUICE_TRY_STATUS(check_scenario(scenario));
    Players players(options);
    SLUICE_TRY(const Warmup warmup, find_warmup(scenario, players));
    SLUICE_TRY(const std::vector<RunDigest> runs,
               players.play(scenario, scenario.replications, warmup.length));
    Report report = make_report(scenario, runs, warmup.length);
    if (!warmup.conclusive) {
        report.notes.push_back(
            "The run is too short to tell its warm-up from its steady state; a quarter of it was "
            "left out. Overloaded scenarios have no steady state.");
    }
    const Player player = [&players](const Scenario& other, std::uint32_t count, Duration skip) {
        return players.play(other, count, skip);
    };
    for (const Question& question : options.questions) {
        SLUICE_TRY(Answer one, answer(question, {scenario, runs, warmup.length}, player));
        report.answers.push_back(std::move(one));
    }
    return report;
}

}  // namespace sluice::sim
