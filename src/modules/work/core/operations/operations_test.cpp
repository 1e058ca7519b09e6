// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/operations/health_state.h"
#include "modules/work/core/operations/system_sample.h"

#include <gtest/gtest.h>

namespace sluice::work {
namespace {

ProcTexts texts(const std::string& cpu, const std::string& disk, const std::string& net) {
    return {.stat = "cpu  " + cpu + "\ncpu0 1 1 1 1\n",
            .meminfo = "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:   250 kB\n",
            .diskstats = "   8 0 sda 1 0 " + disk + " 0 1 0 " + disk +
                         " 0 0 0 0\n   8 1 sda1 1 0 9999 0 1 0 9999 0 0 0 0\n 253 0 dm-0 1 0 999 "
                         "0 1 0 999 0\n",
            .net_dev =
                "Inter-| Receive\n face |bytes\n    lo: 5000 1 0 0 0 0 0 0 5000 1\n  eth0: " + net +
                " 1 0 0 0 0 0 0 " + net + " 1 0\n",
            .loadavg = "0.75 0.5 0.2 1/100 1234\n"};
}

TEST(SystemSample, RatesAreBetweenTwoReadings) {
    const auto before = read_counters(texts("100 0 100 800 0 0 0 0", "100", "1000")).value();
    const auto after = read_counters(texts("150 0 150 850 50 0 0 0", "300", "5000")).value();
    const SystemSample sample = sample_between(before, after, 2s);
    EXPECT_DOUBLE_EQ(sample[0], 50);          // 100 of 200 ticks
    EXPECT_DOUBLE_EQ(sample[1], 75);          // a quarter is available
    EXPECT_DOUBLE_EQ(sample[2], 750 * 1024);  // bytes
    EXPECT_DOUBLE_EQ(sample[3], 200 * 512 / 2.0);
    EXPECT_DOUBLE_EQ(sample[5], 2000);
    EXPECT_DOUBLE_EQ(sample[7], 0.75);
    // A device that was taken away.
    EXPECT_DOUBLE_EQ(sample_between(after, before, 2s)[3], 0);
    EXPECT_DOUBLE_EQ(sample_between(after, after, 0s)[0], 0);
}

TEST(SystemSample, WhatIsNotProcIsRefused) {
    EXPECT_EQ(read_counters({}).error().code, Code::corrupt);
    ProcTexts broken = texts("1 2 3 4", "1", "1");
    broken.meminfo = "MemTotal: nothing";
    EXPECT_EQ(read_counters(broken).error().code, Code::corrupt);
}

TEST(SystemSample, SummariesUseTheNearestRank) {
    const SeriesSummary one = summarise({7});
    EXPECT_DOUBLE_EQ(one.p50, 7);
    std::vector<double> hundred;
    for (int i = 100; i >= 1; --i) hundred.push_back(i);
    const SeriesSummary many = summarise(hundred);
    EXPECT_DOUBLE_EQ(many.min, 1);
    EXPECT_DOUBLE_EQ(many.mean, 50.5);
    EXPECT_DOUBLE_EQ(many.max, 100);
    EXPECT_DOUBLE_EQ(many.p50, 50);
    EXPECT_DOUBLE_EQ(many.p99, 99);
}

const FlowStep alert{.type = "mail.send",
                     .args = R"([{"subject":"{name} is {state}, was {previous}: {message}"}])",
                     .queue = {}};
constexpr WallTime now = WallTime{} + 1'000h;

TEST(HealthState, OnlyChangesMakeAlerts) {
    HealthState state;
    EXPECT_EQ(state.take({{"web", true, ""}, {"db", false, "refused"}}, 1, &alert, now).value(),
              1U);
    ASSERT_EQ(state.alerts().size(), 1U);
    EXPECT_EQ(state.alerts()[0].args, R"([{"subject":"db is down, was unknown: refused"}])");
    state.alerts_were_pushed();
    EXPECT_EQ(state.take({{"web", true, ""}, {"db", false, "x"}}, 1, &alert, now).value(), 0U);
    EXPECT_TRUE(state.alerts().empty());
    EXPECT_EQ(state.take({{"web", false, "500"}, {"db", true, "ok"}}, 1, &alert, now).value(), 2U);
    ASSERT_EQ(state.alerts().size(), 2U);
    EXPECT_NE(state.alerts()[0].part, state.alerts()[1].part);
    EXPECT_EQ(state.state_of("web"), "down");
    EXPECT_EQ(state.state_of("other"), "unknown");
}

TEST(HealthState, AThingIsDownOnlyAfterSoManyFailures) {
    HealthState state;
    for (const bool ok : {true, false, false, true, false, false, false}) {
        ASSERT_TRUE(state.take({{"web", ok, ""}}, 3, &alert, now));
        EXPECT_EQ(state.state_of("web"), state.alerts().empty() ? "up" : "down");
    }
    EXPECT_EQ(state.alerts().size(), 1U);
}

TEST(HealthState, IsReadAsItWasWritten) {
    HealthState state;
    ASSERT_TRUE(state.take({{"web", true, ""}, {"d\"b", false, "m"}}, 1, &alert, now));
    const std::string text = state.format();
    EXPECT_EQ(HealthState::parse(text).value().format(), text);
    EXPECT_EQ(HealthState::parse("{}").error().code, Code::corrupt);
    EXPECT_EQ(HealthState::parse(text.substr(0, 30)).error().code, Code::corrupt);
}

TEST(HealthState, TemplatesAreJudgedBeforeTheyAreNeeded) {
    EXPECT_TRUE(check_alert_template(alert));
    EXPECT_EQ(check_alert_template({.type = "x", .args = R"(["{nam}"])", .queue = {}}).error().code,
              Code::invalid);
}

}  // namespace
}  // namespace sluice::work
