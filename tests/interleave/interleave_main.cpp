// SPDX-License-Identifier: Apache-2.0
// interleave: runs scenarios by hand. ./dev interleave builds and starts it.
#include "mutants.h"

#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>

namespace {

using namespace sluice::interleave;

constexpr const char* usage =
    "interleave [WORD …]\n"
    "  long [SECONDS]                everything: each scenario one step deeper, then at random,\n"
    "                                SECONDS (20) for each; then every weakening\n"
    "  list                          the scenarios\n"
    "  run NAME [SECONDS [SEED]]     one scenario: exhaustively, then at random from SEED\n"
    "  replay NAME MODE CHOICES      one path again, step by step; MODE: plain, deeper, wide\n"
    "  mutate [FILE]                 weakens each operation of the code under test, one by one;\n"
    "                                FILE: as primitives/mutex.h\n";

std::uint64_t number(const char* text, std::uint64_t otherwise) {
    std::uint64_t value = otherwise;
    if (text != nullptr) std::from_chars(text, text + std::strlen(text), value);
    return value;
}

/// True if the outcome is what the scenario expects.
bool judge(const Scenario& scenario, const Outcome& outcome, const char* mode) {
    const bool expected =
        scenario.fails_with.empty()
            ? !outcome.failed
            : outcome.failed && outcome.what.find(scenario.fails_with) != std::string::npos;
    std::printf("%-6s %-40s %-7s %10llu schedules%s%s\n", expected ? "ok" : "WRONG",
                scenario.name.c_str(), mode, static_cast<unsigned long long>(outcome.executions),
                outcome.complete ? ", all there are" : "",
                outcome.failed && expected ? ", caught" : "");
    if (!expected) {
        std::fputs(outcome.failed ? report(scenario, outcome, mode).c_str()
                                  : "       the planted fault was not found\n",
                   stdout);
    }
    std::fflush(stdout);
    return expected;
}

/// Exhaustively one step deeper, then at random.
bool run_long(const Scenario& scenario, const Effort& effort, std::uint64_t seed,
              std::uint64_t& schedules) {
    Outcome outcome = explore(scenario, scenario.limits, effort);
    schedules += outcome.executions;
    bool good = judge(scenario, outcome, "plain");
    if (!scenario.fails_with.empty() || !good) return good;
    const Limits limits = deeper(scenario.limits);
    outcome = explore(scenario, limits, effort);
    schedules += outcome.executions;
    good = judge(scenario, outcome, "deeper");
    outcome = explore_randomly(scenario, wide(scenario.limits), seed, effort);
    schedules += outcome.executions;
    return judge(scenario, outcome, "wide") && good;
}

bool mutate(std::string_view subject) {
    int caught = 0, left = 0, missed = 0;
    for (const auto& [mutation, catcher] : try_mutations(subject)) {
        const char* const reason = why_left(mutation);
        std::string verdict = "caught by " + catcher;
        if (!catcher.empty()) {
            ++caught;
        } else if (reason != nullptr) {
            ++left;
            verdict = reason;
        } else {
            ++missed;
            verdict = "NOT CAUGHT";
        }
        std::printf("%-44s %s\n", mutation.to_string().c_str(), verdict.c_str());
    }
    std::printf("%d weakenings caught, %d not needed, %d missed\n", caught, left, missed);
    return missed == 0;
}

int word_replay(int argc, char** argv) {
    const Scenario* const scenario = argc > 4 ? find_scenario(argv[2]) : nullptr;
    if (scenario == nullptr) return std::fputs(usage, stderr), 2;
    const std::string mode = argv[3];
    const Limits limits = mode == "deeper" ? deeper(scenario->limits)
                          : mode == "wide" ? wide(scenario->limits)
                                           : scenario->limits;
    const Outcome outcome = replay(*scenario, limits, argv[4]);
    for (const std::string& line : outcome.trace) std::puts(line.c_str());
    std::puts(outcome.failed ? outcome.what.c_str() : "nothing went wrong");
    return outcome.failed ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string word = argc > 1 ? argv[1] : "long";
    std::uint64_t schedules = 0;
    bool good = true;
    if (word == "list") {
        for (const Scenario& scenario : scenarios()) std::puts(scenario.name.c_str());
    } else if (word == "run" && argc > 2) {
        const Scenario* const scenario = find_scenario(argv[2]);
        if (scenario == nullptr) return std::fputs("no such scenario\n", stderr), 2;
        const Effort effort{~std::uint64_t{0},
                            std::chrono::seconds(number(argc > 3 ? argv[3] : nullptr, 20))};
        good = run_long(*scenario, effort, number(argc > 4 ? argv[4] : nullptr, 1), schedules);
    } else if (word == "replay") {
        return word_replay(argc, argv);
    } else if (word == "mutate") {
        good = mutate(argc > 2 ? argv[2] : "");
    } else if (word == "long") {
        const Effort effort{~std::uint64_t{0},
                            std::chrono::seconds(number(argc > 2 ? argv[2] : nullptr, 20))};
        for (const Scenario& scenario : scenarios())
            good = run_long(scenario, effort, 1, schedules) && good;
        std::printf("%llu schedules\n", static_cast<unsigned long long>(schedules));
        good = mutate("") && good;
    } else {
        return std::fputs(usage, word == "help" ? stdout : stderr), word == "help" ? 0 : 2;
    }
    return good ? 0 : 1;
}
