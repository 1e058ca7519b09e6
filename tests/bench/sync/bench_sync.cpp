// SPDX-License-Identifier: Apache-2.0
// `./dev bench sync`: the queues, locks and counters of kernel/sync beside those of the standard
// library, Boost and moodycamel, all in one run and taking turns, so that a busy moment of the
// machine meets all of them.
#include "report.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace {

[[noreturn]] void usage(const char* wrong) {
    std::fprintf(stderr,
                 "bench_sync: %s\nusage: bench_sync [--rounds N] [--items N] "
                 "[--only queues|wake|locks] [--json]\n",
                 wrong);
    std::exit(2);
}

sluice::bench::Options parse(int argc, char** argv) {
    sluice::bench::Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--json") {
            options.json = true;
            continue;
        }
        if (i + 1 == argc) usage("an option without a value, or an unknown one");
        const char* const value = argv[++i];
        if (name == "--rounds") {
            options.rounds = std::atoi(value);
        } else if (name == "--items") {
            options.items = std::strtoull(value, nullptr, 10);
        } else if (name == "--only") {
            options.only = value;
        } else {
            usage("an unknown option");
        }
    }
    if (options.rounds < 1 || options.items < 1000) usage("at least 1 round and 1000 items");
    return options;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace sluice::bench;
    const Options options = parse(argc, argv);
    Report report;
    const auto wants = [&](std::string_view name) {
        return options.only.empty() || options.only == name;
    };
    if (!options.json) {
        std::printf("machine: %u cores; medians of %d rounds; %llu items of 8 bytes a round\n",
                    std::thread::hardware_concurrency(), options.rounds,
                    static_cast<unsigned long long>(options.items));
        std::fflush(stdout);
    }
    for (int round = 0; round < options.rounds; ++round) {
        if (wants("queues")) bench_queues(options, report);
        if (wants("wake")) bench_wake(options, report);
        if (wants("locks")) bench_locks(options, report);
    }
    options.json ? report.print_json() : report.print_tables();
    return 0;
}
