// SPDX-License-Identifier: Apache-2.0
#include "measure.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>

namespace sluice::bench {

namespace {

double own_cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

void print_rate(const std::string& name, const std::vector<Rate>& rounds, const char* unit) {
    std::vector<double> rates;
    std::vector<double> costs;
    std::vector<double> load_costs;
    for (const Rate& rate : rounds) {
        rates.push_back(rate.per_second);
        costs.push_back(rate.server_cpu_us);
        load_costs.push_back(rate.load_cpu_us);
    }
    std::sort(rates.begin(), rates.end());
    std::printf(
        "%-46s %10.0f %s  (%.0f to %.0f)   server CPU %.1f us each, load generator %.1f us\n",
        name.c_str(), median(rates), unit, rates.front(), rates.back(), median(costs),
        median(load_costs));
    std::fflush(stdout);
}

Rate measure(const Options& options, Load& load, const ServerProcess& process,
             const std::uint64_t& value) {
    const auto never = [] { return false; };
    load.run(options.seconds / 4, never);
    const std::uint64_t before = value;
    const double cpu = process.cpu_seconds();
    const double own_cpu = own_cpu_seconds();
    const std::uint64_t begun = now_ns();
    load.run(options.seconds, never);
    const double seconds = static_cast<double>(now_ns() - begun) / 1e9;
    const auto count = static_cast<double>(value - before);
    const double each_us = 1e6 / std::max(count, 1.0);
    return {count / seconds, (process.cpu_seconds() - cpu) * each_us,
            (own_cpu_seconds() - own_cpu) * each_us};
}

Syncs::Syncs(const Sluice& server)
    : count(server.metric("sluice_jobs_sync_seconds_count")),
      seconds(server.metric("sluice_jobs_sync_seconds_sum")),
      commands(server.metric("sluice_jobs_commands_total")),
      drains(server.metric("sluice_jobs_drains_total")) {}

void print_details(const Options& options, const Counts& counts, const Syncs& before,
                   const Syncs& after) {
    const auto each_us = [](const Waits& waits) {
        return static_cast<double>(waits.total_ns) / 1e3 /
               std::max(1.0, static_cast<double>(waits.count));
    };
    const double syncs = std::max(1.0, after.count - before.count);
    std::printf(
        "    last round: %.0f syncs/s of %.0f us (%.0f %% of the time), %.1f commands a "
        "sync, %.1f a drain",
        syncs / (options.seconds * 1.25), (after.seconds - before.seconds) / syncs * 1e6,
        (after.seconds - before.seconds) / (options.seconds * 1.25) * 100,
        (after.commands - before.commands) / syncs,
        (after.commands - before.commands) / std::max(1.0, after.drains - before.drains));
    if (counts.acks.count > 0) {
        std::printf("; PUSH takes %.0f us, FETCH %.0f us, ACK %.0f us", each_us(counts.pushes),
                    each_us(counts.fetches), each_us(counts.acks));
    }
    std::printf("\n");
    std::fflush(stdout);
}

}  // namespace sluice::bench
