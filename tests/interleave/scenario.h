// SPDX-License-Identifier: Apache-2.0
// Scenarios: small programs whose every schedule is to be right (or, for planted bugs, is not), and
// the ways to run them.
#pragma once

#include "model.h"

#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::interleave {

/// A scenario; its body runs as thread 0, makes the things, starts threads, joins them and checks.
struct Scenario {
    std::string name;
    void (*body)() = nullptr;
    Limits limits{};
    /// Empty: no schedule may fail. Else: some schedule must, and this is part of what is said.
    std::string fails_with{};
    /// The file under test, whose operations `mutate` weakens one by one; empty for none.
    std::string subject{};
};

/// All scenarios, in the order of their files.
const std::vector<Scenario>& scenarios();
/// The one with the name, or null.
const Scenario* find_scenario(std::string_view name);

std::vector<Scenario> litmus_scenarios();
std::vector<Scenario> primitive_scenarios();
std::vector<Scenario> ring_scenarios();
std::vector<Scenario> sync_scenarios();
std::vector<Scenario> toolbox_scenarios();
std::vector<Scenario> worker_scenarios();
std::vector<Scenario> planted_scenarios();
std::vector<Scenario> planted_worker_scenarios();

/// When to stop.
struct Effort {
    std::uint64_t executions = 2'000'000;
    std::chrono::milliseconds time{2'000};
};

/// What came of it.
struct Outcome {
    std::uint64_t executions = 0;
    bool complete = false;  ///< Exhaustive: the tree was walked to its end.
    bool failed = false;
    std::string what;                ///< What went wrong.
    std::string choices;             ///< The path to it, for replay().
    std::vector<std::string> trace;  ///< Step by step.
};

/// Walks the tree of choices depth first, until it ends, fails, or the effort is spent.
Outcome explore(const Scenario& scenario, const Limits& limits, const Effort& effort);
/// Walks random paths with wide limits.
Outcome explore_randomly(const Scenario& scenario, const Limits& limits, std::uint64_t seed,
                         const Effort& effort);
/// Walks one path again, with a trace.
Outcome replay(const Scenario& scenario, const Limits& limits, std::string_view choices);
/// The limits of random mode, or of an exhaustive walk one step deeper.
Limits wide(const Limits& limits);
Limits deeper(const Limits& limits);

/// Every weakening of an operation in the scenario's subject that the scenario comes upon.
std::set<Mutation> mutations_of(const Scenario& scenario);

/// The text for people: what failed, how to see it again, the trace.
std::string report(const Scenario& scenario, const Outcome& outcome, std::string_view mode);

}  // namespace sluice::interleave
