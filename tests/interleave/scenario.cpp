// SPDX-License-Identifier: Apache-2.0
// Running scenarios: exhaustively, at random, again, and with one operation weakened.
#include "scenario.h"

#include "kernel/sync/clock.h"

#include <algorithm>
#include <iterator>

namespace sluice::interleave {

const std::vector<Scenario>& scenarios() {
    static const std::vector<Scenario> all = [] {
        std::vector<Scenario> list;
        for (auto part : {litmus_scenarios(), primitive_scenarios(), ring_scenarios(),
                          sync_scenarios(), toolbox_scenarios(), worker_scenarios(),
                          planted_scenarios(), planted_worker_scenarios()})
            std::move(part.begin(), part.end(), std::back_inserter(list));
        return list;
    }();
    return all;
}

const Scenario* find_scenario(std::string_view name) {
    for (const Scenario& scenario : scenarios()) {
        if (scenario.name == name) return &scenario;
    }
    return nullptr;
}

namespace {

/// Runs on until `next` says that there is no further path.
template <class Next>
Outcome walk(const Scenario& scenario, const Limits& limits, const Effort& effort, Next next) {
    Engine& model = engine();
    model.trace = nullptr;
    Outcome outcome;
    const Instant until = monotonic_now() + effort.time;
    while (true) {
        ++outcome.executions;
        if (const auto failure = model.run(scenario.body, limits)) {
            outcome.failed = true;
            outcome.what = *failure;
            outcome.choices = model.choices.to_string();
            break;
        }
        if (!next()) {
            outcome.complete = true;
            break;
        }
        if (outcome.executions >= effort.executions) break;
        if (outcome.executions % 256 == 0 && monotonic_now() > until) break;
    }
    if (outcome.failed) outcome.trace = replay(scenario, limits, outcome.choices).trace;
    return outcome;
}

}  // namespace

Outcome explore(const Scenario& scenario, const Limits& limits, const Effort& effort) {
    Choices& choices = engine().choices;
    choices.begin(Choices::Mode::exhaustive);
    return walk(scenario, limits, effort, [&choices] { return choices.advance(); });
}

Outcome explore_randomly(const Scenario& scenario, const Limits& limits, std::uint64_t seed,
                         const Effort& effort) {
    Choices& choices = engine().choices;
    choices.begin(Choices::Mode::random, seed);
    Outcome outcome = walk(scenario, limits, effort, [&choices, &seed] {
        choices.begin(Choices::Mode::random, ++seed);
        return true;
    });
    return outcome;
}

Outcome replay(const Scenario& scenario, const Limits& limits, std::string_view choices) {
    Engine& model = engine();
    Outcome outcome;
    outcome.choices = choices;
    if (!model.choices.begin_replay(choices)) {
        outcome.failed = true;
        outcome.what = "not a list of choices";
        return outcome;
    }
    model.trace = &outcome.trace;
    const auto failure = model.run(scenario.body, limits);
    model.trace = nullptr;
    outcome.executions = 1;
    outcome.failed = failure.has_value();
    outcome.what = failure.value_or("");
    return outcome;
}

Limits wide(const Limits& limits) {
    Limits more = limits;
    more.preemptions = 1'000;
    more.stale = 1'000;
    more.timeouts += 2;
    more.spurious += 2;
    more.steps *= 3;
    return more;
}

Limits deeper(const Limits& limits) {
    Limits more = limits;
    ++more.preemptions;
    ++more.stale;
    return more;
}

std::set<Mutation> mutations_of(const Scenario& scenario) {
    std::set<Mutation> found;
    engine().sites = &found;
    explore(scenario, scenario.limits, {.executions = 2'000, .time = std::chrono::seconds(2)});
    engine().sites = nullptr;
    std::erase_if(found, [&scenario](const Mutation& m) { return m.file != scenario.subject; });
    return found;
}

std::string report(const Scenario& scenario, const Outcome& outcome, std::string_view mode) {
    std::string text = scenario.name + ": " + outcome.what + "\n";
    constexpr std::size_t lines_max = 80;
    const std::size_t count = outcome.trace.size();
    if (count > lines_max) text += "    (the last steps; replay shows all)\n";
    for (std::size_t i = count > lines_max ? count - lines_max : 0; i < count; ++i)
        text += "    " + outcome.trace[i] + "\n";
    text += "again: ./dev interleave replay " + scenario.name + ' ' + std::string(mode) + ' ' +
            outcome.choices + "\n";
    return text;
}

}  // namespace sluice::interleave
