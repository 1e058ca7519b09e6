// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/shell/scenario_file.h"

#include <gtest/gtest.h>
#include <support/scratch_folder.h>

#include <algorithm>
#include <cstdio>

namespace sluice::sim {
namespace {

constexpr std::string_view minimal = R"(
[[traffic]]
name = "mail"
arrivals = { kind = "poisson", rate = "120/min" }
service = "200ms"
[[pool]]
name = "workers"
)";

Result<Scenario> parse(const std::string& text) { return parse_scenario(text, "s.toml", "."); }

std::string mistakes(const std::string& text) {
    const auto scenario = parse(text);
    EXPECT_FALSE(scenario) << text;
    return scenario ? std::string() : scenario.error().message;
}

TEST(ScenarioFile, EverythingCanBeSaid) {
    const auto scenario = parse(R"(
name = "all"
starts_at = "08:00"
duration = "4h"
warmup = "10m"
replications = 7
seed = 3
[[traffic]]
name = "mail"
queue = "post"
tenant = "acme"
type = "welcome"
priority = 8
arrivals = { kind = "bursts", states = [{ rate = 1, stay = "1m" }, { rate = "600/min", stay = 5 }] }
service = { kind = "lognormal", mean = 0.2, cv = 1.5 }
backlog = 12
retry = { limit = 3, backoff = "exponential", base = "1s", max = "1m", jitter = 10 }
failures = { rate = 0.1, final_rate = 0.01, crash_rate = 0.001, work_share = 0.5 }
lease = "5m"
latency = "2ms"
needs = ["gpu"]
uses = { memory = "1GiB", gpu = 2 }
[[pool]]
name = "workers"
workers = 3
slots = 2
queues = ["post"]
rotate = true
capabilities = ["gpu"]
resources = { memory = "4GiB", gpu = 2 }
speed = 1.5
overhead = "1ms"
extended = false
crashes_per_hour = 0.5
restart = "9s"
autoscale = { metric = "oldest_wait", up_above = "30s", down_below = 1, max = 9, step = 2 }
[[limit]]
name = "cap"
tenant = "acme"
rate = "10/s"
burst = 3
[[event]]
at = "12:00"
kind = "workers_lost"
share = 0.5
for = "10m"
[[event]]
at = "1h"
kind = "deploy"
batch = 1
every = "2h"
[[event]]
at = "2h"
kind = "slow"
latency = "20ms"
overhead = "30ms"
for = "1m"
)");
    ASSERT_TRUE(scenario) << scenario.error().message;
    const Traffic& mail = scenario->traffic[0];
    EXPECT_EQ(mail.arrivals.name(), "bursts");
    EXPECT_EQ(mail.service.mean(), 200ms);
    EXPECT_EQ(mail.latency, 2ms);
    EXPECT_EQ(mail.retry.backoff, BackoffShape::exponential);
    EXPECT_EQ(mail.failures.crash_rate, 0.001);
    EXPECT_EQ(scenario->warmup, std::optional<Duration>(10min));
    ASSERT_EQ(mail.uses.size(), 2U);
    const auto by_name = [](const auto& list, std::string_view name) {
        return std::find_if(list.begin(), list.end(), [&](const auto& r) { return r.name == name; })
            ->amount;
    };
    EXPECT_EQ(by_name(mail.uses, "memory"), 1U << 30U);
    EXPECT_EQ(by_name(mail.uses, "gpu"), 2U);
    const Pool& pool = scenario->pools[0];
    EXPECT_EQ(by_name(pool.resources, "memory"), std::uint64_t{4} << 30U);
    EXPECT_NEAR(pool.autoscale->up_above, 30, 1e-9);
    EXPECT_EQ(pool.restart, 9s);
    EXPECT_EQ(scenario->limits[0].kind, LimitKind::rate);
    EXPECT_EQ(scenario->limits[0].burst, 3U);
    EXPECT_EQ(scenario->events[0].at, 4h);  // 12:00 is four hours after 08:00
    EXPECT_EQ(scenario->events[0].lost.pool, "workers");
    EXPECT_EQ(scenario->events[1].every, 2h);
    EXPECT_EQ(scenario->events[2].kind, EventKind::slow);
    EXPECT_EQ(scenario->events[2].slow.latency, 20ms);
    EXPECT_EQ(scenario->events[2].slow.overhead, 30ms);
    EXPECT_EQ(scenario->events[2].slow.length, 1min);
}

TEST(ScenarioFile, MistakesHaveLineMemberAndWhatIsAllowed) {
    struct Case {
        std::string text;
        std::string message;
    };
    const std::string traffic = "[[traffic]]\nname = \"m\"\n";
    const std::vector<Case> cases = {
        {"duration = \"soon\"", "s.toml:1: duration takes a duration"},
        {"durations = \"1h\"", "s.toml:1: \"durations\" is unknown; did you mean \"duration\"?"},
        {"name = 3", "s.toml:1: name takes a text, not a whole number"},
        {"seed = -1", "s.toml:1: seed takes a whole number, 0 or more"},
        {"starts_at = \"25:00\"", "s.toml:1: starts_at takes a time of day"},
        {"traffic = 3", "s.toml:1: traffic takes tables: write [[traffic]]"},
        {traffic + "priority = 10", "s.toml:3: traffic: priority takes a whole number, 1 to 9"},
        {traffic + "service = \"1s\"", "s.toml:1: traffic: arrivals is missing"},
        {traffic + "service = { kind = \"expo\" }",
         "s.toml:3: traffic \"m\": service: kind is one "
         "of constant, exponential"},
        {traffic + "service = { kind = \"lognormal\", mean = \"1s\" }", "cv is missing"},
        {traffic + "arrivals = { kind = \"poisson\", rate = \"2/year\" }",
         "s.toml:3: traffic \"m\": arrivals: rate takes a number a second, or a text"},
        {traffic + "arrivals = \"often\"", "s.toml:3: traffic \"m\": arrivals takes a table"},
        {traffic + "arrivals = { kind = \"trace\", file = \"/no/such.csv\" }",
         "arrivals: file cannot be read: /no/such.csv"},
        {traffic + "failures = 2", "s.toml:3: traffic \"m\": failures takes a chance, 0 to 1"},
        {"[[pool]]\nname = \"w\"\nslots = 0", "s.toml:3: pool: slots takes a whole number, 1 to"},
        {"[[limit]]\nname = \"l\"\n", "s.toml:1: limit: at_once or rate: exactly one"},
        {"[[event]]\nkind = \"workers_last\"\nat = 3", "did you mean \"workers_lost\"?"},
        {"a = [", "s.toml:1"},
    };
    for (const Case& one : cases) {
        const std::string found = mistakes(one.text);
        EXPECT_NE(found.find(one.message), std::string::npos)
            << one.text << "\nexpected: " << one.message << "\nfound: " << found;
    }
}

TEST(ScenarioFile, AllMistakesAreReportedAtOnce) {
    const std::string found = mistakes(std::string(minimal) + "slot = 3\nworkers = \"two\"\n");
    EXPECT_NE(found.find("s.toml:8: pool: \"slot\" is unknown; did you mean \"slots\"?"),
              std::string::npos)
        << found;
    EXPECT_NE(found.find("s.toml:9: pool: workers takes a whole number"), std::string::npos);
}

TEST(ScenarioFile, ADailyCurveIsTurnedToTheStartOfTheRun) {
    const std::string text = R"(
starts_at = "08:00"
[[traffic]]
name = "mail"
arrivals = { kind = "curve", shape = "SHAPE", points = [
  { at = "06:00", rate = 10 }, { at = "12:00", rate = 40 }, { at = "20:00", rate = 0 } ] }
service = "1ms"
[[pool]]
name = "workers"
)";
    std::string steps = text;
    steps.replace(steps.find("SHAPE"), 5, "steps");
    const auto stepped = parse(steps);
    ASSERT_TRUE(stepped) << stepped.error().message;
    const ArrivalProcess& curve = stepped->traffic[0].arrivals;
    EXPECT_NEAR(curve.rate_at(0s), 10, 1e-9);
    EXPECT_NEAR(curve.rate_at(4h), 40, 1e-9);
    EXPECT_NEAR(curve.rate_at(13h), 0, 1e-9);
    EXPECT_NEAR(curve.rate_at(22h + 1min), 10, 1e-9);
    std::string linear = text;
    linear.replace(linear.find("SHAPE"), 5, "linear");
    const auto sloped = parse(linear);
    ASSERT_TRUE(sloped) << sloped.error().message;
    EXPECT_NEAR(sloped->traffic[0].arrivals.rate_at(0s), 20, 1e-6);  // 08:00, between 10 and 40
    EXPECT_NEAR(sloped->traffic[0].arrivals.rate_at(8h), 20, 1e-6);  // 16:00, between 40 and 0
    EXPECT_NEAR(sloped->traffic[0].arrivals.rate_at(17h), 5, 1e-6);  // 01:00, between 0 and 10
}

TEST(ScenarioFile, TracesLieBesideTheFile) {
    const ScratchFolder folder;
    folder.put("t.csv", "at,queue,service\n1,a,10ms\n2,b,20ms\n4,a,30ms\n");
    folder.put("s.toml", R"(
[[traffic]]
name = "mail"
arrivals = { kind = "trace", file = "t.csv", queue = "a" }
service = { kind = "empirical", file = "t.csv", queue = "a" }
[[pool]]
name = "workers"
)");
    const auto scenario = load_scenario(folder / "s.toml");
    ASSERT_TRUE(scenario) << scenario.error().message;
    EXPECT_EQ(scenario->traffic[0].service.mean(), 20ms);
    Arrivals arrivals(scenario->traffic[0].arrivals, Stream(1, 0, 0));
    EXPECT_EQ(arrivals.next(), std::optional<Duration>(1s));
    EXPECT_EQ(arrivals.next(), std::optional<Duration>(4s));
    EXPECT_EQ(arrivals.next(), std::nullopt);
    EXPECT_EQ(load_scenario(folder / "none.toml").error().code, Code::io);
}

TEST(ScenarioFile, ResourcesAndTargetsAreChecked) {
    const std::string text(minimal);
    EXPECT_NE(mistakes(text + "resources = { memory = \"much\" }\n").find("resources.memory"),
              std::string::npos);
    EXPECT_NE(mistakes(text + "resources = { gpu = 0 }\n").find("resources.gpu"),
              std::string::npos);
    const auto scaled = [&](const std::string& rule) {
        return text + "autoscale = { max = 9, " + rule + " }\n";
    };
    const auto tracked = parse(scaled("metric = \"utilisation\", target = 0.7"));
    ASSERT_TRUE(tracked) << tracked.error().message;
    EXPECT_EQ(tracked->pools[0].autoscale->scale_in_delay, 5min);
    EXPECT_EQ(tracked->pools[0].autoscale->target, 0.7);
    EXPECT_NE(mistakes(scaled("metric = \"oldest_wait\", target = 5")).find("target"),
              std::string::npos);
    EXPECT_NE(mistakes(scaled("metric = \"utilisation\", target = 1.5")).find("target"),
              std::string::npos);
    EXPECT_NE(mistakes(scaled("target = 5, step = 2")).find("step"), std::string::npos);
}

}  // namespace
}  // namespace sluice::sim
