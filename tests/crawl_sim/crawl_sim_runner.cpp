// SPDX-License-Identifier: Apache-2.0
// crawl_sim_runner: plays seeds of the crawler's simulator for as long as asked; the first that
// breaks an invariant is played again with a readable trace.
#include "kernel/base/text.h"
#include "modules/crawl/core/politeness/faults.h"
#include "world.h"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <string>

namespace {

using namespace sluice::crawl;

struct Options {
    std::uint64_t from = 1;
    std::uint64_t seeds = 0;
    std::string time = "0s";
    std::string fault;
    bool trace = false;
};

std::uint64_t bits_of(const std::string& name) {
    for (std::size_t i = 0; i < fault_count; ++i) {
        if (to_string(static_cast<Fault>(i)) == name) return fault_bit(static_cast<Fault>(i));
    }
    return 0;
}

std::string fault_names() {
    std::string all;
    for (std::size_t i = 0; i < fault_count; ++i)
        all += (i == 0 ? "" : ", ") + std::string(to_string(static_cast<Fault>(i)));
    return all;
}

void print_trace(std::uint64_t seed, std::uint64_t faults) {
    const sim::Outcome outcome = sim::run_seed({seed, faults, true});
    for (const std::string& line : outcome.trace) std::printf("%s\n", line.c_str());
    std::printf(
        "seed %llu: %llu events, %s\n", static_cast<unsigned long long>(seed),
        static_cast<unsigned long long>(outcome.events),
        outcome.violation
            ? ("breaks " + outcome.violation->number + ": " + outcome.violation->what).c_str()
            : "clean");
}

int play(const Options& options, sluice::Duration time) {
    const std::uint64_t faults = bits_of(options.fault);
    const auto began = std::chrono::steady_clock::now();
    std::uint64_t seeds = 0, events = 0, crashes = 0, fetched = 0;
    const auto more = [&] {
        if (options.seeds != 0) return seeds < options.seeds;
        return std::chrono::steady_clock::now() - began < time;
    };
    for (std::uint64_t seed = options.from; more(); ++seed, ++seeds) {
        const sim::Outcome outcome = sim::run_seed({seed, faults, false});
        events += outcome.events;
        crashes += outcome.crashes;
        fetched += outcome.totals.fetched;
        if (!outcome.violation) continue;
        print_trace(seed, faults);
        std::printf("replay it with: ./dev crawl-sim %llu 1s%s\n",
                    static_cast<unsigned long long>(seed),
                    options.fault.empty() ? "" : (" --fault " + options.fault).c_str());
        return 1;
    }
    std::printf("%llu seeds, %llu events, %llu crashes, %llu pages, clean\n",
                static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(events),
                static_cast<unsigned long long>(crashes), static_cast<unsigned long long>(fetched));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("Plays simulated crawls. Faults that can be planted: " + fault_names());
    app.add_option("--from", options.from, "First seed (1)");
    app.add_option("--seeds", options.seeds, "So many seeds");
    app.add_option("--for", options.time, "As many seeds as fit into the time");
    app.add_option("--fault", options.fault, "Plant a fault; ends at the first seed that sees it");
    app.add_flag("--trace", options.trace, "Show the first seed with every event, and no other");
    CLI11_PARSE(app, argc, argv);
    const auto time = sluice::parse_duration(options.time);
    if (!time || (!options.fault.empty() && bits_of(options.fault) == 0)) {
        std::fprintf(stderr, "not a time, or no such fault; there are: %s\n",
                     fault_names().c_str());
        return 2;
    }
    if (options.trace) return print_trace(options.from, bits_of(options.fault)), 0;
    if (options.seeds == 0 && time->count() == 0) options.seeds = 500;
    return play(options, *time);
}
