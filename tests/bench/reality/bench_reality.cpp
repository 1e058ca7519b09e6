// SPDX-License-Identifier: Apache-2.0
// `./dev bench reality`: does the simulation say what really happens? Each scenario is played twice
// with the same arrivals and service times: in virtual time, and by producers, a real server and
// real workers. What the machine took for the way of a job (latency, overhead) is measured in the
// run itself, on jobs that did not queue and between jobs of one slot, and given to the simulation;
// how long jobs queued is not. Prints predicted and measured waits and throughputs; exit code 1
// where one is off by more than 15 %. Below it, what other predictions would have been: with the
// costs of a run just before, and with a model that is wrong on purpose.
#include "kernel/net/temporary_folder.h"
#include "modules/sim/core/queue_world.h"
#include "modules/sim/core/stats.h"
#include "modules/sim/shell/scenario_file.h"
#include "plan.h"
#include "real_run.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

namespace sluice::bench {

namespace {

constexpr double off_max = 0.15;
/// The run before the compared one: so long, with draws that no compared run has.
constexpr Duration calibration_length = 6s;
constexpr std::uint64_t calibration_draws = 1'000'000;
/// A run is cut into windows of about this length, whose sums of waits count as independent: a
/// scenario's busy periods are much shorter.
constexpr Duration window_length = 5s;

struct Options {
    std::string program;
    std::string folder;
    double shorten = 1;              ///< Factor on durations.
    std::uint64_t replications = 1;  ///< Each with draws of its own.
    std::uint64_t seed = 0;          ///< 0: the scenario's.
    std::vector<std::string> scenarios;
};

std::size_t windows_of(const sim::Scenario& scenario) {
    return std::max<std::size_t>(static_cast<std::size_t>(scenario.duration / window_length), 4);
}

/// What the simulation is told of the machine; `judged` is the one that counts.
enum Prediction : std::size_t { no_costs, costs_before, mean_costs, judged, wrong_model };
constexpr std::size_t predictions = 5;
/// How much longer the work of the wrong model takes: this much should be noticed.
constexpr double wrong_work = 1.1;

/// What both sides say of one kind of jobs, added up over the replications.
struct Compared {
    std::uint64_t arrived = 0;
    std::uint64_t unstarted = 0;
    std::array<std::vector<double>, predictions> wait_predicted;  ///< Sums by window, in seconds.
    std::vector<double> wait_measured;
    double throughput_predicted = 0;
    double throughput_measured = 0;
};

sim::WorldResult predict(const sim::Scenario& scenario, std::uint64_t replication) {
    sim::WorldOptions options;
    options.seed = scenario.seed;
    options.replication = replication;
    options.warmup = scenario.warmup.value_or(Duration{0});
    options.bins = windows_of(scenario);
    return sim::run_world(scenario, options);
}

Result<MeasuredRun> measure(const sim::Scenario& scenario, std::uint64_t replication,
                            const Options& options) {
    const Plan plan(scenario, scenario.seed, replication);
    const std::string folder =
        options.folder + "/" + scenario.name + "-" + std::to_string(replication);
    return run_real(scenario, plan, {.program = options.program, .folder = folder});
}

Result<MeasuredCosts> calibrate(sim::Scenario scenario, const Options& options) {
    scenario.duration = std::min(scenario.duration, calibration_length);
    scenario.warmup = Duration{0};
    SLUICE_TRY(const MeasuredRun run, measure(scenario, calibration_draws, options));
    if (run.costs.overhead.empty() || run.costs.latency.empty())
        return fail(Code::invalid, "too short to measure what a job costs");
    return run.costs;
}

void print_costs(const char* when, const MeasuredCosts& costs) {
    const auto ms = [](Duration time) { return to_seconds(time) * 1e3; };
    std::fprintf(stderr, "  %s: latency %.2f ms (%zu starts), overhead %.2f ms (%zu gaps)\n", when,
                 ms(mean_of(costs.latency)), costs.latency.size(), ms(mean_of(costs.overhead)),
                 costs.overhead.size());
}

double sum_of(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}

/// The ratio of the sums with its 95 % interval: the windows' deviations from it as those of
/// independent observations (the usual estimate for a ratio of means).
sim::Interval ratio_of(const std::vector<double>& measured, const std::vector<double>& predicted) {
    const double sum = sum_of(predicted);
    const double ratio = sum_of(measured) / sum;
    double squares = 0;
    for (std::size_t i = 0; i < predicted.size(); ++i) {
        const double off = measured[i] - ratio * predicted[i];
        squares += off * off;
    }
    const auto windows = static_cast<double>(predicted.size());
    const double deviation = std::sqrt(windows / (windows - 1) * squares) / sum;
    return {.mean = ratio, .half_width = sim::student_t(0.95, windows - 1) * deviation};
}

bool is_close(double ratio) { return std::abs(ratio - 1) <= off_max; }

bool print_row(const sim::Scenario& scenario, std::size_t i, const Compared& compared) {
    const std::vector<double>& predicted = compared.wait_predicted[judged];
    const sim::Interval wait = ratio_of(compared.wait_measured, predicted);
    const double throughput = compared.throughput_measured / compared.throughput_predicted;
    const bool is_good = is_close(wait.mean) && is_close(throughput) && compared.unstarted == 0;
    const double to_ms = 1e3 / static_cast<double>(compared.arrived);
    std::printf(
        "| %s | %s | %llu | %.1f ms | %.1f ms | %.3f (%.3f to %.3f) | %.2f/s | %.2f/s | %.3f |",
        scenario.name.c_str(), scenario.traffic[i].name.c_str(),
        static_cast<unsigned long long>(compared.arrived), sum_of(predicted) * to_ms,
        sum_of(compared.wait_measured) * to_ms, wait.mean, wait.low(), wait.high(),
        compared.throughput_predicted, compared.throughput_measured, throughput);
    for (const Prediction other : {no_costs, costs_before, mean_costs, wrong_model})
        std::printf(" %.3f |",
                    ratio_of(compared.wait_measured, compared.wait_predicted[other]).mean);
    std::printf("%s\n", is_good ? "" : " <- OFF");
    std::fflush(stdout);
    return is_good;
}

/// One replication of one kind of jobs, window by window; windows that begin in the warm-up are
/// left out.
void add(Compared& to, const sim::Scenario& scenario, std::size_t traffic, const Plan& plan,
         const std::array<sim::WorldResult, predictions>& predicted, const MeasuredRun& run) {
    const std::vector<PlannedJob>& jobs = plan.traffic()[traffic].jobs;
    const MeasuredTraffic& measured = run.traffic[traffic];
    const std::size_t windows = windows_of(scenario);
    const auto bins = static_cast<std::int64_t>(windows);
    const Duration length = (scenario.duration + Duration{bins - 1}) / bins;
    const Duration warmup = scenario.warmup.value_or(Duration{0});
    std::vector<double> counts(windows, 0);
    std::vector<double> waits(windows, 0);
    for (std::size_t number = 0; number < jobs.size(); ++number) {
        const auto window = static_cast<std::size_t>(jobs[number].at / length);
        if (window >= windows || measured.waits[number] < 0) continue;
        counts[window] += 1;
        waits[window] += measured.waits[number];
    }
    for (std::size_t window = 0; window < windows; ++window) {
        if (length * static_cast<std::int64_t>(window) < warmup || counts[window] == 0) continue;
        for (std::size_t i = 0; i < predictions; ++i) {
            to.wait_predicted[i].push_back(predicted[i].traffic[traffic].wait_mean[window] *
                                           counts[window]);
        }
        to.wait_measured.push_back(waits[window]);
        to.arrived += static_cast<std::uint64_t>(counts[window]);
    }
    to.unstarted += measured.unstarted;
    to.throughput_predicted += predicted[judged].traffic[traffic].throughput;
    to.throughput_measured += measured.throughput;
}

std::array<sim::WorldResult, predictions> predict_all(const sim::Scenario& scenario,
                                                      std::uint64_t replication,
                                                      const MeasuredCosts& before,
                                                      const MeasuredCosts& in_run) {
    const sim::Scenario course = with_course(scenario, in_run);
    sim::Scenario wrong = course;
    for (sim::Traffic& traffic : wrong.traffic)
        traffic.service = traffic.service.scaled(wrong_work);
    std::array<sim::WorldResult, predictions> made;
    made[no_costs] = predict(scenario, replication);
    made[costs_before] = predict(with_mean(scenario, before), replication);
    made[mean_costs] = predict(with_mean(scenario, in_run), replication);
    made[judged] = predict(course, replication);
    made[wrong_model] = predict(wrong, replication);
    return made;
}

Result<bool> compare(const std::string& path, const Options& options) {
    SLUICE_TRY(sim::Scenario scenario, sim::load_scenario(path));
    scenario.duration = sim::from_seconds(to_seconds(scenario.duration) * options.shorten);
    if (options.seed != 0) scenario.seed = options.seed;
    SLUICE_TRY(const MeasuredCosts before, calibrate(scenario, options));
    std::fprintf(stderr, "%s\n", scenario.name.c_str());
    print_costs("in a run before", before);
    std::vector<Compared> compared(scenario.traffic.size());
    for (std::uint64_t replication = 0; replication < options.replications; ++replication) {
        SLUICE_TRY(const MeasuredRun run, measure(scenario, replication, options));
        print_costs("in the run", run.costs);
        std::fprintf(stderr, "  the server used %.1f %% of a core\n", run.server_cpu_share * 100);
        const Plan plan(scenario, scenario.seed, replication);
        const auto predicted = predict_all(scenario, replication, before, run.costs);
        for (std::size_t i = 0; i < compared.size(); ++i)
            add(compared[i], scenario, i, plan, predicted, run);
    }
    bool is_good = true;
    for (std::size_t i = 0; i < compared.size(); ++i) {
        compared[i].throughput_predicted /= static_cast<double>(options.replications);
        compared[i].throughput_measured /= static_cast<double>(options.replications);
        is_good = print_row(scenario, i, compared[i]) && is_good;
    }
    return is_good;
}

[[noreturn]] void usage() {
    std::fprintf(
        stderr,
        "bench_reality [--sluice PROGRAM] [--short FACTOR] [--replications N] [--seed N] "
        "[SCENARIO.toml…]\n"
        "Plays scenarios in virtual time and against a real server. Without scenarios: the "
        "three of\ntests/bench/reality.\n");
    std::exit(2);
}

Options read_options(int argc, char** argv) {
    Options options;
    const auto self = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    options.program = (self / "sluice").string();
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        const bool has_next = i + 1 < argc;
        if (word == "--sluice" && has_next)
            options.program = argv[++i];
        else if (word == "--short" && has_next)
            options.shorten = std::strtod(argv[++i], nullptr);
        else if (word == "--replications" && has_next)
            options.replications = std::strtoull(argv[++i], nullptr, 10);
        else if (word == "--seed" && has_next)
            options.seed = std::strtoull(argv[++i], nullptr, 10);
        else if (word.starts_with("-"))
            usage();
        else
            options.scenarios.push_back(word);
    }
    if (!(options.shorten > 0 && options.shorten <= 1)) usage();
    if (options.replications < 1 || options.replications > 100) usage();
    if (!options.scenarios.empty()) return options;
    for (const char* name : {"steady", "bursts", "priorities"})
        options.scenarios.push_back(std::string(SLUICE_REALITY_SCENARIOS) + "/" + name + ".toml");
    return options;
}

int run(Options options) {
    const auto folder = TemporaryFolder::make(
        (std::filesystem::temp_directory_path() / "sluice-reality-").string());
    if (!folder) {
        std::fprintf(stderr, "bench: %s\n", folder.error().message.c_str());
        return 1;
    }
    options.folder = folder->path();
    std::printf(
        "| Scenario | Jobs | Counted | Wait predicted | measured | ratio (95 %% interval) | "
        "Throughput predicted | measured | ratio | Ratio of waits without costs | with those of a "
        "run before | with the run's mean | with work 10 %% longer in the simulation |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    bool is_good = true;
    for (const std::string& path : options.scenarios) {
        const Result<bool> good = compare(path, options);
        if (!good)
            std::fprintf(stderr, "bench: %s: %s\n", path.c_str(), good.error().message.c_str());
        is_good = is_good && good && *good;
    }
    return is_good ? 0 : 1;
}

}  // namespace

}  // namespace sluice::bench

int main(int argc, char** argv) {
    return sluice::bench::run(sluice::bench::read_options(argc, argv));
}
