// SPDX-License-Identifier: Apache-2.0
// `sluice simulate` with real threads: flags to a run, a run to its report.
#include "app/exit_code.h"
#include "app/interrupts.h"
#include "app/json_page.h"
#include "app/progress.h"
#include "app/simulate.h"
#include "app/terminal.h"
#include "modules/sim/module.h"

#include <cstdio>

namespace sluice::app {

namespace {

using sim::ThreadedConfig;

Result<sim::ShutdownStyle> read_shutdown(const std::string& text) {
    if (text == "close") return sim::ShutdownStyle::close;
    if (text == "sentinel") return sim::ShutdownStyle::sentinel;
    return fail(Code::invalid, "--shutdown must be close or sentinel, not '" + text + "'");
}

/// A whole number for a field of the configuration, within the range of its flag.
Status read_into(std::uint32_t& field, const CountFlag& flag) {
    SLUICE_TRY(const std::uint64_t count, read_count(flag));
    field = static_cast<std::uint32_t>(count);
    return {};
}

Status read_counts(const SimulateArguments& typed, ThreadedConfig& config) {
    SLUICE_TRY(config.items, read_count({"--items", typed.items, 0, sim::threaded_items_max}));
    SLUICE_TRY(config.capacity,
               read_count({"--capacity", typed.capacity, 1, sim::threaded_capacity_max}));
    SLUICE_TRY(config.seed, read_count({"--seed", typed.seed, 0, UINT64_MAX}));
    SLUICE_TRY(config.sample, read_count({"--sample", typed.sample, 0, sim::threaded_sample_max}));
    SLUICE_TRY_STATUS(read_into(config.producers,
                                {"--producers", typed.producers, 1, sim::threaded_producers_max}));
    SLUICE_TRY_STATUS(read_into(config.consumers,
                                {"--consumers", typed.consumers, 1, sim::threaded_consumers_max}));
    SLUICE_TRY_STATUS(
        read_into(config.retries, {"--retry", typed.retry, 0, sim::threaded_retries_max}));
    return read_into(config.priorities,
                     {"--priority", typed.priority, 1, sim::threaded_priorities_max});
}

Result<ThreadedConfig> read_config(const SimulateArguments& typed) {
    ThreadedConfig config;
    SLUICE_TRY_STATUS(read_counts(typed, config));
    SLUICE_TRY(config.failure_rate, read_share("--failure-rate", typed.failure_rate));
    SLUICE_TRY(config.shutdown, read_shutdown(typed.shutdown));
    auto timeout = sim::parse_seconds(typed.timeout);
    if (!timeout) return std::move(timeout).error().in("--timeout");
    config.timeout = *timeout;
    auto arrival = sim::parse_arrivals(typed.arrival);
    if (!arrival) return std::move(arrival).error().in("--arrival");
    config.arrival = *arrival;
    auto service = sim::parse_distribution(typed.service);
    if (!service) return std::move(service).error().in("--service");
    config.service = *service;
    SLUICE_TRY_STATUS(config.check());
    return config;
}

void say_interrupted(unsigned count) {
    if (count == 1)
        std::fputs("sluice simulate: no more items; the queue is drained (again: end now)\n",
                   stderr);
}

}  // namespace

Result<int> simulate_threads(const SimulateArguments& arguments) {
    SLUICE_TRY(const ThreadedConfig config, read_config(arguments));
    sim::ThreadedControl control;
    Result<sim::ThreadedReport> report = fail(Code::internal, "not run");
    {
        Progress progress(is_terminal(2));
        const Interrupts interrupts(
            [&](unsigned count) {
                progress.clear();
                say_interrupted(count);
                count == 1 ? control.stop() : control.cancel();
            },
            [&] {
                progress.show({.done = control.ended.load(std::memory_order_relaxed),
                               .bytes_done = control.ended.load(std::memory_order_relaxed),
                               .bytes_total = config.items,
                               .noun = "items"});
            },
            is_terminal(2) ? Duration{100ms} : Duration{0});
        report = run_threaded(config, control);
    }
    if (!report) return std::move(report).error();
    if (arguments.text)
        std::fputs(threaded_text(*report).c_str(), stdout);
    else if (arguments.json)
        std::printf("%s\n", threaded_json(*report).c_str());
    else
        std::printf("%s\n", json_page(threaded_json(*report)).c_str());
    return report->stats.end == sim::RunEnd::cancelled ? exit_failed : exit_ok;
}

}  // namespace sluice::app
