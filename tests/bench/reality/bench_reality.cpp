// SPDX-License-Identifier: Apache-2.0
// `./dev bench reality`: does the simulation say what really happens? Each scenario is played twice
// with the same arrivals and service times: in virtual time, and by producers, a real server and
// real workers. What this machine takes for the way of a job (latency, overhead) is measured
// beforehand, with other arrivals, and given to the simulation. Prints predicted and measured waits
// and throughputs; exit code 1 where one is off by more than 15 %.
#include "modules/sim/core/queue_world.h"
#include "modules/sim/core/stats.h"
#include "modules/sim/shell/scenario_file.h"
#include "plan.h"
#include "real_run.h"

#include <algorithm>
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
/// The costs are measured for so long, with draws that no compared run has.
constexpr Duration calibration_length = 15s;
constexpr std::uint64_t calibration_draws = 1'000'000;
/// A run is cut into windows of about this length, whose sums of waits count as independent: a
/// scenario's busy periods are much shorter.
constexpr Duration window_length = 5s;

struct Options {
    std::string program;
    std::string folder;
    double shorten = 1;              ///< Factor on durations.
    std::uint64_t replications = 1;  ///< Each with draws of its own.
    std::vector<std::string> scenarios;
};

std::size_t windows_of(const sim::Scenario& scenario) {
    return std::max<std::size_t>(static_cast<std::size_t>(scenario.duration / window_length), 4);
}

/// What both sides say of one kind of jobs, added up over the replications.
struct Compared {
    std::uint64_t arrived = 0;
    std::uint64_t unstarted = 0;
    double wait_ideal = 0;               ///< Sum of waits with neither latency nor overhead.
    std::vector<double> wait_predicted;  ///< Sums of waits by window, in seconds.
    std::vector<double> wait_measured;
    double throughput_predicted = 0;
    double throughput_measured = 0;
};

sim::Scenario with_costs(sim::Scenario scenario, const MeasuredCosts& costs) {
    for (sim::Pool& pool : scenario.pools) pool.overhead += sim::from_seconds(costs.overhead);
    for (sim::Traffic& traffic : scenario.traffic)
        traffic.latency += sim::from_seconds(costs.latency);
    return scenario;
}

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
    if (run.costs.gaps == 0 || run.costs.idle_starts == 0)
        return fail(Code::invalid, "too short to measure what a job costs");
    return run.costs;
}

void print_costs(const char* when, const MeasuredCosts& costs) {
    std::fprintf(stderr, "  %s: latency %.2f ms (%llu starts), overhead %.2f ms (%llu gaps)\n",
                 when, costs.latency * 1e3, static_cast<unsigned long long>(costs.idle_starts),
                 costs.overhead * 1e3, static_cast<unsigned long long>(costs.gaps));
}

/// The prediction is for a machine as it was when the costs were measured.
void warn_if_changed(const MeasuredCosts& before, const MeasuredCosts& now) {
    const auto rose = [](double from, double to) { return to > 2 * from + 1e-3; };
    if (!rose(before.latency, now.latency) && !rose(before.overhead, now.overhead)) return;
    std::fprintf(stderr,
                 "  the machine or its disk was busier in the run than before it: what was "
                 "predicted is for another machine\n");
}

double sum_of(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}

/// The ratio of the sums with its 95 % interval: the windows' deviations from it as those of
/// independent observations (the usual estimate for a ratio of means).
sim::Interval ratio_of(const Compared& compared) {
    const double predicted = sum_of(compared.wait_predicted);
    const double ratio = sum_of(compared.wait_measured) / predicted;
    double squares = 0;
    for (std::size_t i = 0; i < compared.wait_predicted.size(); ++i) {
        const double off = compared.wait_measured[i] - ratio * compared.wait_predicted[i];
        squares += off * off;
    }
    const auto windows = static_cast<double>(compared.wait_predicted.size());
    const double deviation = std::sqrt(windows / (windows - 1) * squares) / predicted;
    return {.mean = ratio, .half_width = sim::student_t(0.95, windows - 1) * deviation};
}

bool is_close(double ratio) { return std::abs(ratio - 1) <= off_max; }

bool print_row(const sim::Scenario& scenario, std::size_t i, const Compared& compared) {
    const sim::Interval wait = ratio_of(compared);
    const double throughput = compared.throughput_measured / compared.throughput_predicted;
    const bool is_good = is_close(wait.mean) && is_close(throughput) && compared.unstarted == 0;
    const double to_ms = 1e3 / static_cast<double>(compared.arrived);
    std::printf(
        "| %s | %s | %llu | %.1f ms | %.1f ms | %.1f ms | %.3f (%.3f to %.3f) | %.2f/s | %.2f/s | "
        "%.3f |%s\n",
        scenario.name.c_str(), scenario.traffic[i].name.c_str(),
        static_cast<unsigned long long>(compared.arrived), compared.wait_ideal * to_ms,
        sum_of(compared.wait_predicted) * to_ms, sum_of(compared.wait_measured) * to_ms, wait.mean,
        wait.low(), wait.high(), compared.throughput_predicted, compared.throughput_measured,
        throughput, is_good ? "" : " <- OFF");
    std::fflush(stdout);
    return is_good;
}

/// One replication of one kind of jobs, window by window; windows that begin in the warm-up are
/// left out.
void add(Compared& to, const sim::Scenario& scenario, const PlannedTraffic& plan,
         const sim::TrafficResult& predicted, const MeasuredTraffic& measured) {
    const std::size_t windows = predicted.wait_mean.size();
    const auto bins = static_cast<std::int64_t>(windows_of(scenario));
    const Duration length = (scenario.duration + Duration{bins - 1}) / bins;
    const Duration warmup = scenario.warmup.value_or(Duration{0});
    std::vector<double> counts(windows, 0);
    std::vector<double> waits(windows, 0);
    for (std::size_t number = 0; number < plan.jobs.size(); ++number) {
        const auto window = static_cast<std::size_t>(plan.jobs[number].at / length);
        if (window >= windows || measured.waits[number] < 0) continue;
        counts[window] += 1;
        waits[window] += measured.waits[number];
    }
    for (std::size_t window = 0; window < windows; ++window) {
        if (length * static_cast<std::int64_t>(window) < warmup || counts[window] == 0) continue;
        to.wait_predicted.push_back(predicted.wait_mean[window] * counts[window]);
        to.wait_measured.push_back(waits[window]);
        to.arrived += static_cast<std::uint64_t>(counts[window]);
    }
    to.unstarted += measured.unstarted;
}

Result<bool> compare(const std::string& path, const Options& options) {
    SLUICE_TRY(sim::Scenario scenario, sim::load_scenario(path));
    scenario.duration = sim::from_seconds(to_seconds(scenario.duration) * options.shorten);
    SLUICE_TRY(const MeasuredCosts costs, calibrate(scenario, options));
    const sim::Scenario priced = with_costs(scenario, costs);
    std::fprintf(stderr, "%s\n", scenario.name.c_str());
    print_costs("measured before", costs);
    std::vector<Compared> compared(scenario.traffic.size());
    for (std::uint64_t replication = 0; replication < options.replications; ++replication) {
        const Plan plan(scenario, scenario.seed, replication);
        const sim::WorldResult ideal = predict(scenario, replication);
        const sim::WorldResult predicted = predict(priced, replication);
        SLUICE_TRY(const MeasuredRun run, measure(scenario, replication, options));
        print_costs("in the run", run.costs);
        warn_if_changed(costs, run.costs);
        std::fprintf(stderr, "  the server used %.1f %% of a core\n", run.server_cpu_share * 100);
        const auto share = 1 / static_cast<double>(options.replications);
        for (std::size_t i = 0; i < compared.size(); ++i) {
            Compared& one = compared[i];
            add(one, scenario, plan.traffic()[i], predicted.traffic[i], run.traffic[i]);
            one.wait_ideal += to_seconds(ideal.traffic[i].wait.sum());
            one.throughput_predicted += predicted.traffic[i].throughput * share;
            one.throughput_measured += run.traffic[i].throughput * share;
        }
    }
    bool is_good = true;
    for (std::size_t i = 0; i < compared.size(); ++i)
        is_good = print_row(scenario, i, compared[i]) && is_good;
    return is_good;
}

[[noreturn]] void usage() {
    std::fprintf(
        stderr,
        "bench_reality [--sluice PROGRAM] [--short FACTOR] [--replications N] [SCENARIO.toml…]\n"
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
    options.folder = (std::filesystem::temp_directory_path() / "sluice-reality-XXXXXX").string();
    if (::mkdtemp(options.folder.data()) == nullptr) {
        std::perror("bench: mkdtemp");
        return 1;
    }
    std::printf(
        "| Scenario | Jobs | Counted | Wait without costs | predicted | measured | ratio (95 %% "
        "interval) | Throughput predicted | measured | ratio |\n"
        "|---|---|---|---|---|---|---|---|---|---|\n");
    bool is_good = true;
    for (const std::string& path : options.scenarios) {
        const Result<bool> good = compare(path, options);
        if (!good)
            std::fprintf(stderr, "bench: %s: %s\n", path.c_str(), good.error().message.c_str());
        is_good = is_good && good && *good;
    }
    std::filesystem::remove_all(options.folder);
    return is_good ? 0 : 1;
}

}  // namespace

}  // namespace sluice::bench

int main(int argc, char** argv) {
    return sluice::bench::run(sluice::bench::read_options(argc, argv));
}
