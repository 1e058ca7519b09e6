// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/shell/virtual_run.h"

#include "modules/sim/core/report_render.h"
#include "modules/sim/shell/scenario_file.h"

#include <gtest/gtest.h>

namespace sluice::sim {
namespace {

Scenario small() {
    return parse_scenario(R"(
duration = "90s"
replications = 6
[[traffic]]
name = "mail"
tenant = "acme"
arrivals = { kind = "bursts", states = [{ rate = 2, stay = "20s" }, { rate = 12, stay = "5s" }] }
service = { kind = "exponential", mean = "500ms" }
failures = { rate = 0.05, crash_rate = 0.005 }
retry = { limit = 5, backoff = "constant", base = "3s" }
[[traffic]]
name = "import"
tenant = "globex"
arrivals = { kind = "poisson", rate = 1 }
service = { kind = "lognormal", mean = "700ms", cv = 2 }
[[pool]]
name = "workers"
workers = 3
slots = 2
crashes_per_hour = 6
[[limit]]
name = "cap"
tenant = "acme"
at_once = 4
[[event]]
at = "30s"
kind = "deploy"
batch = 1
restart = "2s"
drain = "1s"
)",
                          "small.toml", ".")
        .value();
}

TEST(VirtualRun, TheNumberOfThreadsChangesNothing) {
    Scenario scenario = small();
    scenario.duration = 45s;
    scenario.replications = 5;
    std::string first;
    for (const std::uint32_t threads : {1U, 2U, 5U}) {
        VirtualOptions options;
        options.threads = threads;
        for (const char* text : {"cost of limit cap", "1 more workers", "effect of events"})
            options.questions.push_back(parse_question(text, scenario).value());
        const auto report = run_virtual(scenario, options);
        ASSERT_TRUE(report) << report.error().message;
        EXPECT_EQ(report->answers.size(), 3U);
        const std::string json = report_json(*report);
        if (first.empty()) first = json;
        EXPECT_EQ(json, first) << threads << " threads";
    }
    Scenario other = scenario;
    other.seed = 99;
    EXPECT_NE(report_json(run_virtual(other, {}).value()), first);
}

TEST(VirtualRun, AWarmupIsFoundInASteadyScenario) {
    Scenario scenario = small();
    scenario.events.clear();
    scenario.duration = 10min;
    scenario.replications = 3;
    std::uint64_t last = 0;
    VirtualOptions options;
    options.progress = [&](std::uint64_t done, std::uint64_t planned) {
        EXPECT_EQ(done, ++last);
        EXPECT_LE(done, planned);
        EXPECT_EQ(planned, 6U) << "from the beginning";
    };
    const auto report = run_virtual(scenario, options);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->warmup_found);
    EXPECT_LE(report->warmup, 5min);
    EXPECT_EQ(last, 6U);  // three pilot runs, three real ones
    scenario.warmup = 30s;
    EXPECT_EQ(run_virtual(scenario, {})->warmup, 30s);
}

TEST(VirtualRun, CanBeCancelledAndRefusesNonsense) {
    Scenario scenario = small();
    CancelSource source;
    VirtualOptions options;
    options.cancel = source.token();
    source.cancel();
    const auto report = run_virtual(scenario, options);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, Code::cancelled);
    scenario.pools.clear();
    EXPECT_EQ(run_virtual(scenario, {}).error().code, Code::invalid);
}

TEST(VirtualRun, ReportsWhatHadFinishedWhenItWasInterrupted) {
    Scenario scenario = small();
    scenario.warmup = Duration{0};  // no pilot runs
    scenario.replications = 500;
    CancelSource source;
    VirtualOptions options;
    options.cancel = source.token();
    options.progress = [&](std::uint64_t, std::uint64_t) { source.cancel(); };
    options.questions = {parse_question("effect of events", scenario).value()};
    const auto report = run_virtual(scenario, options);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_TRUE(report->is_partial);
    EXPECT_GE(report->replications, 1U);
    EXPECT_LT(report->replications, 500U);
    EXPECT_EQ(report->replications_planned, 500U);
    EXPECT_TRUE(report->answers.empty());
    ASSERT_FALSE(report->notes.empty());
    EXPECT_NE(report->notes[0].find("Partial"), std::string::npos) << report->notes[0];
    EXPECT_NE(report->notes[0].find("effect of events"), std::string::npos) << report->notes[0];
}

}  // namespace
}  // namespace sluice::sim
