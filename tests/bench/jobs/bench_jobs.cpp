// SPDX-License-Identifier: Apache-2.0
// `./dev bench jobs`: rates and latencies of the real server over TCP, load generator on the same
// machine, beside the disk's own sync rate and the peers that are installed (beanstalkd and Redis,
// both told to sync every write), all in one run. Every figure is the median of the rounds.
#include "end_to_end.h"
#include "line_server.h"
#include "options.h"
#include "rates.h"
#include "waits.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace sluice::bench {

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}

double quantile(std::vector<double>& values, double q) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[std::min(values.size() - 1,
                           static_cast<std::size_t>(q * static_cast<double>(values.size())))];
}

namespace {

void run(const Options& options) {
    const auto wants = [&](std::string_view name) {
        return options.only.empty() || options.only == name;
    };
    if (wants("disk")) bench_disk(options);
    if (wants("push") || wants("batched")) bench_push(options);
    if (wants("drain")) bench_drain(options);
    if (wants("e2e") || wants("plain")) bench_end_to_end(options);
    if (wants("latency")) bench_latency(options);
    if (wants("waiting")) bench_waiting(options);
    if (wants("restart")) bench_restart(options);
    if (wants("memory")) bench_memory(options);
    if (wants("peers")) bench_peers(options);
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
    using namespace sluice::bench;
    Options options;
    if (argc % 2 == 0) {
        std::fprintf(stderr, "bench_jobs: options are --name value; see docs/performance.md\n");
        return 2;
    }
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        const char* value = argv[i + 1];
        if (name == "--program")
            options.program = value;
        else if (name == "--seconds")
            options.seconds = std::atof(value);
        else if (name == "--rounds")
            options.rounds = std::atoi(value);
        else if (name == "--backlog")
            options.backlog = std::strtoull(value, nullptr, 10);
        else if (name == "--memory-backlog")
            options.memory_backlog = std::strtoull(value, nullptr, 10);
        else if (name == "--waiting")
            options.waiting_workers = static_cast<std::uint32_t>(std::atoi(value));
        else if (name == "--workers")
            options.workers = std::clamp(std::atoi(value), 1, 19);
        else if (name == "--only")
            options.only = value;
        else if (name == "--serve-lines")  // how this program starts itself as the loopback row
            serve_lines(static_cast<std::uint16_t>(std::atoi(value)));
        else if (name == "--folder")
            options.folder = value;
        else
            std::fprintf(stderr, "bench_jobs: unknown option %s\n", argv[i]), std::exit(2);
    }
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    ::signal(SIGPIPE, SIG_IGN);
    if (options.program.empty()) {
        options.program = (std::filesystem::path(argv[0]).parent_path() / "sluice").string();
    }
    const bool own_folder = options.folder.empty();
    if (own_folder) {
        char name[] = "/var/tmp/sluice-bench-XXXXXX";  // not /tmp, which may be in memory
        options.folder = ::mkdtemp(name);
    }
    std::printf(
        "machine: %ld cores; %d rounds of %.1f s, medians; sync durability; load generator on the "
        "same cores\n",
        ::sysconf(_SC_NPROCESSORS_ONLN), options.rounds, options.seconds);
    run(options);
    if (own_folder) std::filesystem::remove_all(options.folder);
    return 0;
}
