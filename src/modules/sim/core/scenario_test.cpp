// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/scenario.h"

#include "modules/sim/core/scenario_trace.h"

#include <gtest/gtest.h>

#include <functional>

namespace sluice::sim {
namespace {

Scenario valid() {
    Scenario scenario;
    Traffic mail;
    mail.name = "mail";
    mail.tenant = "acme";
    mail.arrivals = ArrivalProcess::poisson(10).value();
    mail.service = Distribution::exponential(100ms).value();
    Pool pool;
    pool.name = "workers";
    pool.workers = 2;
    Limit limit;
    limit.name = "cap";
    limit.tenant = "acme";
    limit.at_once = 3;
    scenario.traffic = {mail};
    scenario.pools = {pool};
    scenario.limits = {limit};
    return scenario;
}

TEST(Scenario, WhatMakesNoSenseIsNamed) {
    struct Case {
        std::function<void(Scenario&)> change;
        std::string_view word;
    };
    const std::vector<Case> cases = {
        {[](Scenario& s) { s.traffic.clear(); }, "[[traffic]]"},
        {[](Scenario& s) { s.pools.clear(); }, "[[pool]]"},
        {[](Scenario& s) { s.duration = 0s; }, "duration"},
        {[](Scenario& s) { s.warmup = 2h; }, "warmup"},
        {[](Scenario& s) { s.replications = 0; }, "replications"},
        {[](Scenario& s) { s.traffic.push_back(s.traffic[0]); }, "two traffic"},
        {[](Scenario& s) { s.traffic[0].name = "a\x1b[1m"; }, "control characters"},
        {[](Scenario& s) { s.traffic[0].priority = 10; }, "priority"},
        {[](Scenario& s) { s.traffic[0].failures = {0.6, 0.5, 0, 1}; }, "together at most 1"},
        {[](Scenario& s) { s.traffic[0].lease = 1s; }, "lease"},
        {[](Scenario& s) { s.traffic[0].latency = 11min; }, "latency"},
        {[](Scenario& s) { s.traffic[0].needs = {"gpu"}; }, "no pool serves"},
        {[](Scenario& s) { s.pools[0].queues = {"other"}; }, "\"other\""},
        {[](Scenario& s) { s.pools[0].slots = 0; }, "slots"},
        {[](Scenario& s) { s.pools[0].workers = 300'000; }, "slots"},
        {[](Scenario& s) { s.pools[0].autoscale = Autoscale{}; }, "up_above"},
        {[](Scenario& s) { s.limits[0].tenant = "nobody"; }, "applies to no traffic"},
        {[](Scenario& s) { s.events = {{.at = 1s}}; }, "no pool"},
        {[](Scenario& s) { s.events = {{.at = 1s, .kind = EventKind::slow}}; },
         "slow needs a latency or an overhead"},
        {[](Scenario& s) { s.events = {{.kind = EventKind::slow, .slow = {.latency = 11min}}}; },
         "0 to 10 minutes"},
        {[](Scenario& s) {
             s.events = {{.kind = EventKind::slow, .slow = {.overhead = 1ms, .length = 0s}}};
         },
         "for is above 0"},
    };
    EXPECT_TRUE(check_scenario(valid()));
    for (const Case& one : cases) {
        Scenario scenario = valid();
        one.change(scenario);
        const Status status = check_scenario(scenario);
        ASSERT_FALSE(status) << one.word;
        EXPECT_EQ(status.error().code, Code::invalid);
        EXPECT_NE(status.error().message.find(one.word), std::string::npos)
            << status.error().message;
    }
}

TEST(Scenario, ParametersCanBeReadAndChanged) {
    const Scenario scenario = valid();
    EXPECT_EQ(parameter(scenario, "workers.workers").value(), 2);
    EXPECT_EQ(parameter(scenario, "limit.cap").value(), 3);
    EXPECT_EQ(with_parameter(scenario, "workers.workers", 5).value().pools[0].workers, 5U);
    EXPECT_EQ(with_parameter(scenario, "slots.workers", 7).value().pools[0].slots, 7U);
    EXPECT_EQ(with_parameter(scenario, "limit.cap", 9).value().limits[0].at_once, 9U);
    EXPECT_EQ(with_parameter(scenario, "backlog.mail", 9).value().traffic[0].backlog, 9U);
    EXPECT_NEAR(with_parameter(scenario, "rate.mail", 2).value().traffic[0].arrivals.mean_rate(),
                20, 1e-9);
    EXPECT_EQ(with_parameter(scenario, "service.mail", 3).value().traffic[0].service.mean(), 300ms);
    EXPECT_EQ(with_parameter(scenario, "workers.workers", 1.5).error().code, Code::invalid);
    EXPECT_EQ(with_parameter(scenario, "failures.mail", 2).error().code, Code::invalid);
    const auto unknown = parameter(scenario, "worker.workers");
    ASSERT_FALSE(unknown);
    EXPECT_NE(unknown.error().message.find("did you mean \"workers.workers\""), std::string::npos);
}

TEST(Scenario, OnlyWhatDoesNotChangeIsSteady) {
    Scenario scenario = valid();
    EXPECT_TRUE(is_steady(scenario));
    scenario.traffic[0].backlog = 1;
    EXPECT_FALSE(is_steady(scenario));
    scenario = valid();
    scenario.events = {{.at = 1s}};
    EXPECT_FALSE(is_steady(scenario));
}

TEST(Trace, CsvWithSecondsDurationsAndQuotes) {
    const auto rows = parse_trace_csv(
        "queue,at,service,note\r\n"
        "mail,2.5,250ms,\"a, \"\"b\"\"\nc\"\r\n"
        "\"me,dia\",1m,,x\n"
        "mail,0,1.5,y\n\n");
    ASSERT_TRUE(rows) << rows.error().message;
    ASSERT_EQ(rows->size(), 3U);
    EXPECT_EQ((*rows)[0].at, 0s);
    EXPECT_EQ((*rows)[1].at, 2500ms);
    EXPECT_EQ((*rows)[1].service, std::optional<Duration>(250ms));
    EXPECT_EQ((*rows)[2].queue, "me,dia");
    EXPECT_FALSE((*rows)[2].service);
    EXPECT_EQ(trace_times(*rows, {"mail", "", ""}), (std::vector<Duration>{0s, 2500ms}));
    EXPECT_EQ(trace_services(*rows, {}), (std::vector<Duration>{1500ms, 250ms}));
}

TEST(Trace, CalendarTimesCountFromTheFirst) {
    const auto rows = parse_trace_csv("at\n2026-11-21T08:00:30Z\n2026-11-21T09:00:00+01:00\n");
    ASSERT_TRUE(rows) << rows.error().message;
    EXPECT_EQ(trace_times(*rows, {}), (std::vector<Duration>{0s, 30s}));
}

TEST(Trace, MistakesHaveTheirLine) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"", "line 1"},
        {"queue,type\nmail,x\n", "line 1: no column is called \"at\""},
        {"at,at\n1,2\n", "line 1: two columns"},
        {"at,queue\n1\n", "line 2: has 1 fields"},
        {"at\n1\nsoon\n", "line 3: at takes"},
        {"at\n-1\n", "line 2: at takes"},
        {"at,service\n1,never\n", "line 2: service takes"},
        {"at\n1\n2026-11-21T08:00:30Z\n", "line 3: at mixes"},
        {"at\n\"1", "line 2: a quoted field does not end"},
        {"at\n\"1\"x\n", "line 2: text follows"},
        {"at,queue\n1," + std::string(70'000, 'q') + "\n", "line 2: longer than"},
    };
    for (const auto& [text, message] : cases) {
        const auto rows = parse_trace_csv(text);
        ASSERT_FALSE(rows) << message;
        EXPECT_TRUE(rows.error().message.starts_with(message)) << rows.error().message;
    }
}

TEST(Trace, ListingOfALiveServer) {
    const auto rows = parse_trace_jobs(
        R"([{"jid":"a","jobtype":"x","queue":"mail","created_at":"2026-11-21T08:00:02Z",)"
        R"("custom":{"sluice":{"tenant":"acme"}}},)"
        R"({"jid":"b","jobtype":"y","queue":"mail","created_at":"2026-11-21T08:00:00.5Z"}])");
    ASSERT_TRUE(rows) << rows.error().message;
    ASSERT_EQ(rows->size(), 2U);
    EXPECT_EQ((*rows)[0].type, "y");
    EXPECT_EQ((*rows)[1].at, 1500ms);
    EXPECT_EQ((*rows)[1].tenant, "acme");
    EXPECT_FALSE(parse_trace_jobs("{}"));
    EXPECT_FALSE(parse_trace_jobs(R"([{"jid":"a"}])"));
}

}  // namespace
}  // namespace sluice::sim
