// SPDX-License-Identifier: Apache-2.0
// `./dev bench reality`: does the simulation say what really happens? Each scenario is played twice
// with the same arrivals and service times: in virtual time, and by producers, a real server and
// real workers. Prints predicted and measured waits and throughputs; exit code 1 where one is off
// by more than 15 %.
#include "modules/sim/core/queue_world.h"
#include "modules/sim/shell/scenario_file.h"
#include "plan.h"
#include "real_run.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace sluice::bench {

namespace {

constexpr double off_max = 0.15;

struct Options {
    std::string program;
    std::string folder;
    double shorten = 1;  ///< Factor on durations.
    std::vector<std::string> scenarios;
};

/// The waits that other seeds would have given: how much of a wait is luck.
struct Spread {
    double mean = 0;
    double low = 0;   ///< 5 %
    double high = 0;  ///< 95 %
};

/// The same scenario with so many seconds between two jobs of a slot.
sim::Scenario with_overhead(sim::Scenario scenario, double seconds) {
    for (sim::Pool& pool : scenario.pools) pool.overhead += sim::from_seconds(seconds);
    return scenario;
}

sim::WorldResult predict(const sim::Scenario& scenario, std::uint64_t replication) {
    sim::WorldOptions options;
    options.seed = scenario.seed;
    options.replication = replication;
    options.warmup = scenario.warmup.value_or(Duration{0});
    return sim::run_world(scenario, options);
}

std::vector<Spread> spread_of(const sim::Scenario& scenario) {
    std::vector<std::vector<double>> waits(scenario.traffic.size());
    for (std::uint32_t replication = 1; replication <= scenario.replications; ++replication) {
        const sim::WorldResult result = predict(scenario, replication);
        for (std::size_t i = 0; i < waits.size(); ++i)
            waits[i].push_back(to_seconds(result.traffic[i].wait.mean()));
    }
    std::vector<Spread> spreads;
    for (std::vector<double>& sorted : waits) {
        std::sort(sorted.begin(), sorted.end());
        Spread spread;
        for (const double wait : sorted) spread.mean += wait / static_cast<double>(sorted.size());
        spread.low = sorted[sorted.size() / 20];
        spread.high = sorted[sorted.size() - 1 - sorted.size() / 20];
        spreads.push_back(spread);
    }
    return spreads;
}

bool is_close(double predicted, double measured) {
    return predicted > 0 && std::abs(measured / predicted - 1) <= off_max;
}

bool print_row(const sim::Scenario& scenario, std::size_t i, const sim::TrafficResult& predicted,
               const MeasuredTraffic& measured, const Spread& spread) {
    const double wait = to_seconds(predicted.wait.mean());
    const bool is_good = is_close(wait, measured.wait_mean) &&
                         is_close(predicted.throughput, measured.throughput) &&
                         measured.unstarted == 0;
    std::printf(
        "| %s | %s | %llu | %.1f ms | %.1f ms | %.3f | %.2f/s | %.2f/s | %.3f | "
        "%.1f ms (%.1f to %.1f) |%s\n",
        scenario.name.c_str(), scenario.traffic[i].name.c_str(),
        static_cast<unsigned long long>(measured.arrived), wait * 1e3, measured.wait_mean * 1e3,
        measured.wait_mean / wait, predicted.throughput, measured.throughput,
        measured.throughput / predicted.throughput, spread.mean * 1e3, spread.low * 1e3,
        spread.high * 1e3, is_good ? "" : " <- OFF");
    std::fflush(stdout);
    return is_good;
}

Result<bool> compare(const std::string& path, const Options& options) {
    SLUICE_TRY(sim::Scenario scenario, sim::load_scenario(path));
    scenario.duration = sim::from_seconds(to_seconds(scenario.duration) * options.shorten);
    const Plan plan(scenario, scenario.seed, 0);
    const sim::WorldResult predicted = predict(scenario, 0);
    const std::vector<Spread> spreads = spread_of(scenario);
    SLUICE_TRY(
        const MeasuredRun measured,
        run_real(scenario, plan,
                 {.program = options.program, .folder = options.folder + "/" + scenario.name}));
    bool is_good = true;
    for (std::size_t i = 0; i < scenario.traffic.size(); ++i) {
        is_good = print_row(scenario, i, predicted.traffic[i], measured.traffic[i], spreads[i]) &&
                  is_good;
    }
    std::fprintf(stderr,
                 "%s: the server used %.1f %% of a core; from the end of a job to the begin of the "
                 "next on a slot: %.2f ms\n",
                 scenario.name.c_str(), measured.server_cpu_share * 100, measured.overhead * 1e3);
    // How much of the difference that alone explains; the table is without it.
    const sim::WorldResult slower = predict(with_overhead(scenario, measured.overhead), 0);
    for (std::size_t i = 0; i < scenario.traffic.size(); ++i) {
        const double wait = to_seconds(slower.traffic[i].wait.mean());
        std::fprintf(stderr, "  %s: with that predicted %.1f ms, ratio %.3f\n",
                     scenario.traffic[i].name.c_str(), wait * 1e3,
                     measured.traffic[i].wait_mean / wait);
    }
    return is_good;
}

[[noreturn]] void usage() {
    std::fprintf(
        stderr,
        "bench_reality [--sluice PROGRAM] [--short FACTOR] [SCENARIO.toml…]\n"
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
        else if (word.starts_with("-"))
            usage();
        else
            options.scenarios.push_back(word);
    }
    if (!(options.shorten > 0 && options.shorten <= 1)) usage();
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
        "| Scenario | Jobs | Counted | Wait predicted | measured | ratio | Throughput "
        "predicted | measured | ratio | Wait with other seeds, mean (5 %% to 95 %%) |\n"
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
