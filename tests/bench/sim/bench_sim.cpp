// SPDX-License-Identifier: Apache-2.0
// bench_sim: how fast the simulator is, and whether it is right.
//   bench_sim [PART]       all of it, or one part: simpy (M/M/3 against it), models, loop,
//                          replications (on all processors), engine
//   bench_sim --validate   every model of the validation table, as a Markdown table
#include "modules/sim/core/event_loop.h"
#include "modules/sim/core/models.h"
#include "modules/sim/core/queue_world.h"
#include "modules/sim/shell/replications.h"
#include "validation.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::bench {
namespace {

using namespace sluice::sim;

constexpr int rounds = 5;
constexpr std::uint64_t customers = 4'000'000;
constexpr std::uint64_t simpy_customers = 100'000;

double seconds_since(std::chrono::steady_clock::time_point began) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

QueueModel mm3() {
    return QueueModel::of(ArrivalProcess::poisson(2.4).value(),
                          Distribution::exponential(1s).value(), 3);
}

struct Speed {
    double customers = 0;  ///< A second.
    double events = 0;     ///< A second.
    double wait = 0;       ///< Mean, in service times.
};

Speed ours(std::uint64_t seed) {
    const auto began = std::chrono::steady_clock::now();
    const ModelResult made = run_model(mm3(), {.seed = seed, .customers = customers}).value();
    const double took = seconds_since(began);
    return {static_cast<double>(customers) / took, static_cast<double>(made.events) / took,
            made.all.wait};
}

/// All zero when SimPy is not installed.
Speed simpy(std::uint64_t seed) {
    const std::string command = "/usr/bin/python3 " SLUICE_BENCH_SIM_DIR "/simpy_mm3.py " +
                                std::to_string(simpy_customers) + " " + std::to_string(seed);
    Speed made;
    FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return made;
    if (std::fscanf(pipe, "%lf %lf", &made.customers, &made.wait) != 2) made = {};
    pclose(pipe);
    return made;
}

void compare_with_simpy() {
    std::vector<double> our_customers;
    std::vector<double> our_events;
    std::vector<double> their_customers;
    Speed us;
    Speed them;
    for (int round = 0; round < rounds; ++round) {
        const auto seed = static_cast<std::uint64_t>(round + 1);
        us = ours(seed);
        them = simpy(seed);
        our_customers.push_back(us.customers);
        our_events.push_back(us.events);
        their_customers.push_back(them.customers);
    }
    std::printf("M/M/3, load 0.8, one thread, median of %d rounds, side by side:\n", rounds);
    std::printf("  ours   %10.2f M customers/s  %6.2f M events/s  (mean wait %.3f)\n",
                median(our_customers) / 1e6, median(our_events) / 1e6, us.wait);
    if (them.customers == 0) {
        std::printf("  SimPy  is not installed (Debian: python3-simpy)\n");
        return;
    }
    std::printf("  SimPy  %10.4f M customers/s                     (mean wait %.3f)\n",
                median(their_customers) / 1e6, them.wait);
    std::printf("  ratio  %10.0f  (goal 100)\n", median(our_customers) / median(their_customers));
}

void other_models() {
    struct Row {
        const char* name;
        QueueModel model;
    };
    const auto poisson = [](double rate) { return ArrivalProcess::poisson(rate).value(); };
    const auto service = [] { return Distribution::exponential(1s).value(); };
    QueueModel classes;
    classes.servers = 3;
    classes.classes = {{"urgent", poisson(.8), service()}, {"plain", poisson(1.6), service()}};
    QueueModel priority = classes;
    priority.discipline = Discipline::priority;
    QueueModel preemptive = classes;
    preemptive.discipline = Discipline::preemptive;
    const Row rows[] = {
        {"M/M/1, load 0.9", QueueModel::of(poisson(.9), service(), 1)},
        {"M/M/100, load 0.95", QueueModel::of(poisson(95), service(), 100)},
        {"M/lognormal/1, cv 2, load 0.8",
         QueueModel::of(poisson(.8), Distribution::lognormal(1s, 2).value(), 1)},
        {"M/M/3, 2 priorities", priority},
        {"M/M/3, 2 preemptive priorities", preemptive},
    };
    std::printf("Other models, one thread, median of %d:\n", rounds);
    for (const Row& row : rows) {
        std::vector<double> speeds;
        for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
            const auto began = std::chrono::steady_clock::now();
            const auto made = run_model(row.model, {.seed = seed, .customers = customers / 4});
            speeds.push_back(static_cast<double>(made->events) / seconds_since(began));
        }
        std::printf("  %-32s %6.2f M events/s\n", row.name, median(speeds) / 1e6);
    }
}

/// The hold model: take the first event, schedule one an exponential time later.
double holds_per_second(std::size_t pending) {
    constexpr std::uint64_t holds = 4'000'000;
    Stream stream(1, 0, pending);
    const Distribution gap = Distribution::exponential(1s).value();
    EventLoop loop;
    for (std::size_t i = 0; i < pending; ++i) loop.at(gap.sample(stream), 0);
    const auto hold = [&] {
        const Event event = loop.take();
        loop.at(event.time + gap.sample(stream), event.payload);
    };
    for (std::size_t i = 0; i < pending; ++i) hold();
    const auto began = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; i < holds; ++i) hold();
    return static_cast<double>(holds) / seconds_since(began);
}

void hold_model() {
    std::printf("Event loop alone, hold model (exponential, draws included), median of %d:\n",
                rounds);
    for (const std::size_t pending :
         {std::size_t{1'000}, std::size_t{100'000}, std::size_t{1'000'000}}) {
        std::vector<double> speeds;
        for (int round = 0; round < rounds; ++round) speeds.push_back(holds_per_second(pending));
        std::printf("  %8zu pending  %6.2f M holds/s\n", pending, median(speeds) / 1e6);
    }
}

/// The real dispatch engine in virtual time: one queue, Poisson arrivals, load 0.8.
void real_engine() {
    std::printf("The real engine in virtual time, one thread, median of %d:\n", rounds);
    std::printf(
        "  (a decision is one command that the engine decided: a push, a fetch, an answer to\n"
        "  a delivery, a heartbeat; a delivery is a job handed to a worker, and its whole life\n"
        "  is within it: arrival, push, fetch, delivery, answer, statistics)\n");
    for (const std::uint32_t slots : {3U, 100U}) {
        Traffic traffic;
        traffic.name = traffic.type = "job";
        traffic.arrivals = ArrivalProcess::poisson(.8 * slots).value();
        traffic.service = Distribution::exponential(1s).value();
        Pool pool;
        pool.name = "workers";
        pool.workers = slots;
        Scenario scenario;
        scenario.traffic = {traffic};
        scenario.pools = {pool};
        scenario.duration = from_seconds(400'000.0 / traffic.arrivals.mean_rate());
        std::vector<double> decisions;
        std::vector<double> deliveries;
        for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
            const auto began = std::chrono::steady_clock::now();
            const WorldResult made = run_world(scenario, {.seed = seed});
            const double took = seconds_since(began);
            decisions.push_back(static_cast<double>(made.decisions) / took);
            deliveries.push_back(static_cast<double>(made.deliveries) / took);
        }
        std::printf("  %3u workers  %5.2f M decisions/s (goal 1)  %5.2f M deliveries/s\n", slots,
                    median(decisions) / 1e6, median(deliveries) / 1e6);
    }
}

void replications() {
    std::printf("Replications of M/M/3 (16 of 500,000 customers):\n");
    double waits[2] = {};
    for (const std::size_t threads : {std::size_t{1}, std::size_t{0}}) {
        const auto began = std::chrono::steady_clock::now();
        const auto made =
            run_replications({.count = 16, .threads = threads}, [](std::uint64_t replication) {
                return run_model(mm3(), {.replication = replication, .customers = 500'000});
            });
        const double took = seconds_since(began);
        std::uint64_t events = 0;
        for (const ModelResult& one : *made) {
            events += one.events;
            waits[threads == 1 ? 0 : 1] += one.all.wait;
        }
        const std::size_t used = threads_of({.count = 16, .threads = threads});
        std::printf("  %zu thread%s  %6.2f M events/s\n", used, used == 1 ? " " : "s",
                    static_cast<double>(events) / took / 1e6);
    }
    std::printf("  results %s\n", waits[0] == waits[1] ? "bit-identical" : "DIFFER");
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
    using namespace sluice::bench;
    if (argc > 1 && std::string_view(argv[1]) == "--validate") {
        const ValidationReport report = validate({.seed = argc > 2 ? std::stoull(argv[2]) : 1});
        std::fputs(report.markdown().c_str(), stdout);
        return report.is_good() ? 0 : 1;
    }
    struct Part {
        std::string_view name;
        void (*run)();
    };
    constexpr Part parts[] = {{"simpy", compare_with_simpy},
                              {"models", other_models},
                              {"loop", hold_model},
                              {"replications", replications},
                              {"engine", real_engine}};
    const std::string_view wanted = argc > 1 ? argv[1] : "";
    bool known = false;
    for (const Part& part : parts) {
        if (!wanted.empty() && wanted != part.name) continue;
        part.run();
        known = true;
    }
    if (!known) {
        std::fprintf(stderr,
                     "usage: bench_sim [simpy|models|loop|replications|engine] | "
                     "--validate [SEED]\n");
        return 2;
    }
    return 0;
}
