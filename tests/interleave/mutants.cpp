// SPDX-License-Identifier: Apache-2.0
// Trying weakenings.
#include "mutants.h"

namespace sluice::interleave {
namespace {

struct Left {
    std::string_view file;
    std::string_view function;
    Weakening weakening;
    const char* reason;
};

constexpr Left left[] = {
    {"sync/snapshot.h", "~BasicSnapshot", Weakening::relaxed,
     "stronger than needed: who destroys the cell has synchronised with its readers"},
};

}  // namespace

const char* why_left(const Mutation& mutation) {
    for (const Left& entry : left) {
        if (entry.file == mutation.file && entry.weakening == mutation.weakening &&
            mutation.function.find(entry.function) != std::string::npos)
            return entry.reason;
    }
    return nullptr;
}

std::map<Mutation, std::string> try_mutations(std::string_view subject) {
    std::map<Mutation, std::string> result;
    for (const Scenario& scenario : scenarios()) {
        if (scenario.subject.empty() || (!subject.empty() && scenario.subject != subject)) continue;
        for (const Mutation& mutation : mutations_of(scenario)) {
            std::string& catcher = result[mutation];
            if (!catcher.empty()) continue;
            engine().mutation = mutation;
            const Outcome outcome =
                explore(scenario, scenario.limits,
                        {.executions = 200'000, .time = std::chrono::seconds(30)});
            engine().mutation.reset();
            if (outcome.failed) catcher = scenario.name;
        }
    }
    return result;
}

}  // namespace sluice::interleave
