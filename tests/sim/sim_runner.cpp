// SPDX-License-Identifier: Apache-2.0
// sim_runner: plays seeds for as long as asked, or one seed with a readable trace.
#include "kernel/base/text.h"
#include "modules/jobs/engine/faults.h"
#include "world.h"

#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>

namespace {

using namespace sluice::jobs;
using sim::Outcome;
using sim::RunOptions;

struct Options {
    std::uint64_t from = 1;
    std::uint64_t seeds = 0;  ///< 0: as many as fit into the time
    sluice::Duration time = std::chrono::seconds(0);
    std::uint64_t faults = 0;
    bool replay = false;
    bool twice = false;
};

void usage() {
    std::fputs(
        "sim_runner [--from N] [--seeds K] [--for 30s] [--fault NAME] [--twice] [--replay N]\n"
        "  --from N      first seed (1)\n"
        "  --seeds K     so many seeds; with neither this nor --for: 500\n"
        "  --for TIME    as many seeds as fit into the time\n"
        "  --fault NAME  plant a fault; the run ends at the first seed that catches it\n"
        "  --twice       play every seed twice and compare the histories (J22)\n"
        "  --replay N    one seed with every event of the server\n",
        stderr);
}

bool find_fault(std::string_view name, std::uint64_t& faults) {
    for (std::size_t i = 0; i < fault_count; ++i) {
        if (to_string(static_cast<Fault>(i)) != name) continue;
        faults = fault_bit(static_cast<Fault>(i));
        return true;
    }
    std::fputs("no such fault; there are:", stderr);
    for (std::size_t i = 0; i < fault_count; ++i)
        std::fprintf(stderr, " %s", std::string(to_string(static_cast<Fault>(i))).c_str());
    std::fputs("\n", stderr);
    return false;
}

bool parse(int argc, char** argv, Options& options) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--twice") {
            options.twice = true;
            continue;
        }
        if (i + 1 >= argc) return false;
        const std::string_view value = argv[++i];
        const auto number = sluice::parse_int(value);
        if (word == "--fault") {
            if (!find_fault(value, options.faults)) return false;
        } else if (word == "--for") {
            const auto time = sluice::parse_duration(value);
            if (!time) return false;
            options.time = *time;
        } else if (number && *number >= 0 && (word == "--from" || word == "--replay")) {
            options.from = static_cast<std::uint64_t>(*number);
            options.replay = options.replay || word == "--replay";
        } else if (number && *number >= 0 && word == "--seeds") {
            options.seeds = static_cast<std::uint64_t>(*number);
        } else {
            return false;
        }
    }
    if (options.seeds == 0 && options.time.count() == 0) options.seeds = 500;
    return true;
}

double cpu_seconds() {
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

void print_trace(const Outcome& outcome) {
    for (const std::string& line : outcome.trace) std::printf("%s\n", line.c_str());
}

int report(const Options& options, std::uint64_t seed, const Outcome& outcome) {
    RunOptions again{.seed = seed, .faults = options.faults, .trace = true};
    print_trace(sim::run_seed(again));
    std::printf("\nseed %llu breaks %s: %s\n", static_cast<unsigned long long>(seed),
                outcome.violation->number.c_str(), outcome.violation->what.c_str());
    std::string again_with = "./dev sim " + std::to_string(seed) + " 1s";
    for (std::size_t i = 0; i < fault_count; ++i) {
        const auto fault = static_cast<Fault>(i);
        if ((options.faults & fault_bit(fault)) != 0)
            again_with += " --fault " + std::string(to_string(fault));
    }
    std::printf("replay it with: %s\n", again_with.c_str());
    return 1;
}

int replay(const Options& options) {
    const RunOptions run{
        .seed = options.from, .faults = options.faults, .trace = true, .trace_lines = 0};
    const Outcome outcome = sim::run_seed(run);
    print_trace(outcome);
    std::printf("seed %llu: %llu events, hash %016llx, %s %s\n",
                static_cast<unsigned long long>(options.from),
                static_cast<unsigned long long>(outcome.events),
                static_cast<unsigned long long>(outcome.hash),
                outcome.violation ? outcome.violation->number.c_str() : "clean",
                outcome.violation ? outcome.violation->what.c_str() : "");
    return outcome.violation ? 1 : 0;
}

struct Sum {
    std::uint64_t seeds = 0, events = 0, crashes = 0, restarts = 0, pushed = 0, deliveries = 0;
    double virtual_hours = 0;

    void add(const Outcome& outcome) {
        ++seeds;
        events += outcome.events;
        crashes += outcome.crashes;
        restarts += outcome.restarts;
        pushed += outcome.pushed;
        deliveries += outcome.deliveries;
        virtual_hours += static_cast<double>(outcome.virtual_time.count()) / 3.6e12;
    }
    void print(const char* end) const {
        const double cpu = cpu_seconds();
        std::printf(
            "%llu seeds, %llu events, %.0f events/s of CPU, %llu crashes, %llu restarts, %llu "
            "jobs, "
            "%llu deliveries, %.1f virtual hours%s",
            static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(events),
            static_cast<double>(events) / cpu, static_cast<unsigned long long>(crashes),
            static_cast<unsigned long long>(restarts), static_cast<unsigned long long>(pushed),
            static_cast<unsigned long long>(deliveries), virtual_hours, end);
        std::fflush(stdout);
    }
};

int play(const Options& options) {
    const auto began = std::chrono::steady_clock::now();
    auto printed = began;
    Sum sum;
    for (std::uint64_t seed = options.from;; ++seed) {
        const auto now = std::chrono::steady_clock::now();
        if (options.seeds != 0 && sum.seeds >= options.seeds) break;
        if (options.seeds == 0 && now - began >= options.time) break;
        if (now - printed >= std::chrono::seconds(2)) {
            printed = now;
            sum.print("\n");
        }
        const RunOptions run{.seed = seed, .faults = options.faults};
        const Outcome outcome = sim::run_seed(run);
        sum.add(outcome);
        if (outcome.violation) return report(options, seed, outcome);
        if (options.twice && sim::run_seed(run).hash != outcome.hash) {
            std::printf("seed %llu breaks J22: its second run differs\n",
                        static_cast<unsigned long long>(seed));
            return 1;
        }
    }
    sum.print("\nclean\n");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    if (!parse(argc, argv, options)) {
        usage();
        return 2;
    }
    return options.replay ? replay(options) : play(options);
}
