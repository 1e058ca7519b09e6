// SPDX-License-Identifier: Apache-2.0
#include "app/simulate_scenario.h"

#include <algorithm>
#include <cmath>

namespace sluice::app {

namespace {

constexpr std::uint32_t producers_max = 20;  // each is one kind of traffic for each priority

/// The flags that describe a load, read.
struct Load {
    std::uint64_t items = 0;
    std::uint64_t producers = 1;
    std::uint64_t consumers = 1;
    std::uint64_t priorities = 1;
    double failure_rate = 0;
    std::uint64_t retries = 0;
    std::optional<sim::ArrivalProcess> arrival;
    sim::Distribution service;
};

Result<Load> read_load(const SimulateArguments& typed) {
    Load load;
    SLUICE_TRY(load.items, read_count({"--items", typed.items, 1, sim::Scenario::backlog_max}));
    SLUICE_TRY(load.producers, read_count({"--producers", typed.producers, 1, producers_max}));
    SLUICE_TRY(load.consumers,
               read_count({"--consumers", typed.consumers, 1, sim::Scenario::slots_max}));
    SLUICE_TRY(load.priorities,
               read_count({"--priority", typed.priority, 1, sim::threaded_priorities_max}));
    SLUICE_TRY(load.retries, read_count({"--retry", typed.retry, 0, sim::threaded_retries_max}));
    SLUICE_TRY(load.failure_rate, read_share("--failure-rate", typed.failure_rate));
    auto arrival = sim::parse_arrivals(typed.arrival);
    if (!arrival) return std::move(arrival).error().in("--arrival");
    load.arrival = *arrival;
    auto service = sim::parse_distribution(typed.service);
    if (!service) return std::move(service).error().in("--service");
    load.service = *service;
    return load;
}

sim::Traffic make_traffic(const Load& load, std::uint64_t producer, std::uint64_t level) {
    sim::Traffic traffic;
    traffic.name = "items";
    if (load.producers > 1) traffic.name += " of producer " + std::to_string(producer);
    if (load.priorities > 1) traffic.name += ", priority " + std::to_string(level + 1);
    traffic.type = "item";
    traffic.priority = static_cast<int>(9 - load.priorities + level + 1);
    traffic.service = load.service;
    traffic.failures.rate = load.failure_rate;
    // As in the threaded run: a failed item goes to the end of the queue at once.
    traffic.retry.limit = static_cast<std::int32_t>(load.retries);
    traffic.retry.backoff = sim::BackoffShape::none;
    const std::uint64_t kinds = load.producers * load.priorities;
    const std::uint64_t index = producer * load.priorities + level;
    if (load.arrival)
        traffic.arrivals = load.arrival->scaled(1.0 / static_cast<double>(load.priorities));
    else
        traffic.backlog = load.items / kinds + (index < load.items % kinds ? 1 : 0);
    return traffic;
}

/// Long enough for so many arrivals; for a backlog, more than it takes but by very bad luck.
Duration length_of(const Load& load) {
    const auto items = static_cast<double>(load.items);
    double rate = 0;
    if (load.arrival) {
        rate = load.arrival->mean_rate() * static_cast<double>(load.producers);
        return sim::from_seconds(rate > 0 ? items / rate : 0);
    }
    double attempts = 1;
    for (std::uint64_t i = 1; i <= load.retries; ++i)
        attempts += std::pow(load.failure_rate, static_cast<double>(i));
    const double service = to_seconds(load.service.mean());
    const double work = items * attempts * service / static_cast<double>(load.consumers);
    const double luck = 100 * service * std::max(1.0, load.service.cv());
    return sim::from_seconds(2 * work + luck) + 1ms;
}

Result<sim::Scenario> scenario_of_flags(const SimulateArguments& typed) {
    SLUICE_TRY(const Load load, read_load(typed));
    sim::Scenario scenario;
    scenario.name = "flags";
    scenario.description = std::to_string(load.items) + " items, " +
                           (load.arrival ? load.arrival->text() : "all there at the start") +
                           "; service " + load.service.text();
    scenario.duration = length_of(load);
    scenario.stop_when_drained = !load.arrival;
    for (std::uint64_t producer = 0; producer < load.producers; ++producer) {
        for (std::uint64_t level = 0; level < load.priorities; ++level)
            scenario.traffic.push_back(make_traffic(load, producer, level));
    }
    sim::Pool pool;
    pool.name = "consumers";
    pool.workers = static_cast<std::uint32_t>(load.consumers);
    scenario.pools.push_back(std::move(pool));
    return scenario;
}

Status override_duration(Duration& target, const std::string& flag, const std::string& text) {
    auto duration = sim::parse_seconds(text);
    if (!duration) return std::move(duration).error().in(flag);
    target = *duration;
    return {};
}

}  // namespace

Result<sim::Scenario> read_scenario(const SimulateArguments& arguments) {
    auto scenario = arguments.scenario.empty() ? scenario_of_flags(arguments)
                                               : sim::load_scenario(arguments.scenario);
    if (!scenario) return fail(Code::invalid, scenario.error().message);
    if (arguments.given.contains("--seed")) {
        SLUICE_TRY(scenario->seed, read_count({"--seed", arguments.seed, 0, UINT64_MAX}));
    }
    if (!arguments.replications.empty()) {
        SLUICE_TRY(const std::uint64_t count, read_count({"--replications", arguments.replications,
                                                          1, sim::Scenario::replications_max}));
        scenario->replications = static_cast<std::uint32_t>(count);
    }
    if (!arguments.duration.empty()) {
        SLUICE_TRY_STATUS(override_duration(scenario->duration, "--duration", arguments.duration));
    }
    if (!arguments.warmup.empty()) {
        Duration warmup{0};
        SLUICE_TRY_STATUS(override_duration(warmup, "--warmup", arguments.warmup));
        scenario->warmup = warmup;
    }
    if (const Status sound = sim::check_scenario(*scenario); !sound)
        return fail(Code::invalid, sound.error().message);
    return scenario;
}

}  // namespace sluice::app
