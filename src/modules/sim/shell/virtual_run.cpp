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

    /// Some of the replications, in their order, and why not all.
    struct Runs {
        std::vector<RunDigest> finished;
        std::optional<Error> ended;
    };

    /// Counts that many as to be played, for who watches the progress.
    void plan(std::uint32_t count) { planned_ += count; }

    /// All of them, which are planned by this. Errors: cancelled.
    Result<std::vector<RunDigest>> play(const Scenario& scenario, std::uint32_t count,
                                        Duration warmup) {
        plan(count);
        Runs runs = play_while_wanted(scenario, count, warmup);
        if (runs.ended) return *std::move(runs.ended);
        return std::move(runs.finished);
    }

    Runs play_while_wanted(const Scenario& scenario, std::uint32_t count, Duration warmup) {
        std::vector<TaskHandle<RunDigest>> tasks;
        tasks.reserve(count);
        std::optional<Error> refused;
        for (std::uint32_t r = 0; r < count && !refused; ++r) {
            auto task = pool_.submit([this, &scenario, warmup, r]() -> Result<RunDigest> {
                WorldOptions world;
                world.seed = scenario.seed;
                world.replication = r;
                world.warmup = warmup;
                world.record_workers = r == 0;
                world.give_up = [this] { return options_.cancel.is_cancelled(); };
                WorldResult result = run_world(scenario, world);
                if (!result.is_complete) return options_.cancel.check().error();
                return digest_of(scenario, std::move(result));
            });
            if (task) {
                tasks.push_back(std::move(task).value());
            } else {
                refused = std::move(task).error();
            }
        }
        Runs runs = gather(tasks);  // in any case: they borrow the scenario
        if (refused && !runs.ended) {
            // A cancelled pool refuses tasks; whoever cancelled said why.
            const Status wanted = options_.cancel.check();
            runs.ended = wanted ? std::move(refused) : wanted.error();
        }
        return runs;
    }

private:
    static std::size_t thread_count(const VirtualOptions& options) {
        const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
        return std::min(threads_max, options.threads == 0 ? cores : options.threads);
    }

    /// Waits for every task, also after an error: they borrow the scenario.
    Runs gather(std::vector<TaskHandle<RunDigest>>& tasks) {
        Runs runs;
        for (TaskHandle<RunDigest>& task : tasks) {
            auto run = std::move(task).wait();
            if (!run) {
                if (!runs.ended) runs.ended = std::move(run).error();
                continue;
            }
            runs.finished.push_back(std::move(run).value());
            ++done_;
            if (options_.progress && !runs.ended) options_.progress(done_, planned_);
        }
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

/// First of all notes.
void note_partial(Report& report, const std::vector<Question>& questions) {
    std::string note = "Partial: the run was interrupted when " +
                       std::to_string(report.replications) + " of " +
                       std::to_string(report.replications_planned) + " replications had finished.";
    if (report.answers.size() < questions.size()) note += " Not answered:";
    for (std::size_t i = report.answers.size(); i < questions.size(); ++i)
        note += (i > report.answers.size() ? "; " : " ") + questions[i].text;
    report.notes.insert(report.notes.begin(), std::move(note));
}

}  // namespace

Result<Report> run_virtual(const Scenario& scenario, const VirtualOptions& options) {
    SLUICE_TRY_STATUS(check_scenario(scenario));
    Players players(options);
    players.plan(scenario.replications);  // before the pilot runs: these are not all of it
    SLUICE_TRY(const Warmup warmup, find_warmup(scenario, players));
    Players::Runs played =
        players.play_while_wanted(scenario, scenario.replications, warmup.length);
    const std::vector<RunDigest> runs = std::move(played.finished);
    if (played.ended && (runs.empty() || played.ended->code != Code::cancelled))
        return *std::move(played.ended);
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
        if (report.is_partial || played.ended) break;
        auto one = answer(question, {scenario, runs, warmup.length}, player);
        if (one) {
            report.answers.push_back(std::move(one).value());
        } else if (one.error().code == Code::cancelled) {
            report.is_partial = true;
        } else {
            return std::move(one).error();
        }
    }
    if (played.ended) report.is_partial = true;
    if (report.is_partial) note_partial(report, options.questions);
    return report;
}

}  // namespace sluice::sim
