// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/questions.h"

#include "modules/sim/core/report_words.h"

#include <gtest/gtest.h>

namespace sluice::sim {
namespace {

Scenario base() {
    Scenario scenario;
    Traffic mail;
    mail.name = "mail";
    mail.queue = "post";
    mail.arrivals = ArrivalProcess::poisson(4).value();
    mail.service = Distribution::exponential(500ms).value();
    Pool pool;
    pool.name = "workers";
    pool.workers = 3;
    scenario.traffic = {mail};
    scenario.pools = {pool};
    scenario.duration = 400s;
    scenario.replications = 6;
    return scenario;
}

Result<std::vector<RunDigest>> play(const Scenario& scenario, std::uint32_t count,
                                    Duration warmup) {
    std::vector<RunDigest> runs;
    for (std::uint32_t r = 0; r < count; ++r) {
        WorldOptions options;
        options.seed = scenario.seed;
        options.replication = r;
        options.warmup = warmup;
        runs.push_back(digest_of(scenario, run_world(scenario, options)));
    }
    return runs;
}

Answer ask(const Scenario& scenario, const std::string& text) {
    const auto question = parse_question(text, scenario);
    EXPECT_TRUE(question) << (question ? "" : question.error().message);
    const auto runs = play(scenario, scenario.replications, 20s).value();
    return answer(*question, {scenario, runs, 20s}, play).value();
}

TEST(Questions, AreRead) {
    Scenario scenario = base();
    const auto workers = parse_question("workers for p95 wait < 2m of post in workers", scenario);
    ASSERT_TRUE(workers) << workers.error().message;
    EXPECT_EQ(workers->kind, QuestionKind::workers_for_wait);
    EXPECT_EQ(workers->measure, Measure::wait_p95);
    EXPECT_EQ(workers->wait, 2min);
    EXPECT_EQ(workers->group, "post");
    EXPECT_EQ(workers->parameter, "workers.workers");
    const auto sweep = parse_question("sweep workers.workers 2..8 step 3", scenario);
    ASSERT_TRUE(sweep) << sweep.error().message;
    EXPECT_EQ(sweep->values, (std::vector<double>{2, 5, 8}));
    const auto list = parse_question("sweep failures.mail 0.5, 0.1", scenario);
    ASSERT_TRUE(list) << list.error().message;
    EXPECT_EQ(list->values, (std::vector<double>{0.1, 0.5}));
    const auto fewer = parse_question("2 fewer workers", scenario);
    ASSERT_TRUE(fewer) << fewer.error().message;
    EXPECT_EQ(fewer->values, (std::vector<double>{1}));
    const auto change = parse_question("change slots.workers to 4", scenario);
    ASSERT_TRUE(change) << change.error().message;
    EXPECT_EQ(change->parameter, "slots.workers");
}

TEST(Questions, UnclearOnesSayWhatCanBeAsked) {
    Scenario scenario = base();
    for (const std::string text :
         {"", "why", "workers for p99 wait", "workers for p98 wait < 3s",
          "workers for p99 wait < 0s", "workers for p99 wait < 3s of nobody",
          "workers for p99 wait < 3s in nothing", "drain time", "effect of events",
          "cost of limit cap", "sweep workers.workers", "sweep nothing 1..2",
          "sweep workers.workers 5..1", "sweep workers.workers 1..1000",
          "sweep workers.workers 1.5", "change workers.workers", "3 fewer workers",
          "0 more workers", "1 more slots"}) {
        const auto question = parse_question(text, scenario);
        ASSERT_FALSE(question) << text;
        EXPECT_FALSE(question.error().message.empty());
    }
    scenario.pools.push_back(scenario.pools[0]);
    scenario.pools[1].name = "others";
    EXPECT_FALSE(parse_question("1 more workers", scenario));
    EXPECT_TRUE(parse_question("1 more workers in others", scenario));
}

TEST(Questions, WorkersForAWaitAreFoundFromBelowAndFromAbove) {
    Scenario scenario = base();
    scenario.duration = 150s;
    for (const std::uint32_t start : {1U, 3U, 9U}) {
        scenario.pools[0].workers = start;
        const Answer found = ask(scenario, "workers for mean wait < 90ms");
        // M/M/c with 2 Erlang: mean wait 0.222 s with 3, 0.0435 s with 4, 0.0099 s with 5.
        EXPECT_TRUE(found.sentence.starts_with("4 workers") ||
                    found.sentence.starts_with("5 workers"))
            << found.sentence;
        EXPECT_GE(found.points.size(), 2U);
        EXPECT_TRUE(found.target);
    }
}

TEST(Questions, MoreWorkersAreComparedPairwise) {
    Scenario scenario = base();
    scenario.pools[0].workers = 2;
    const Answer found = ask(scenario, "2 more workers");
    EXPECT_TRUE(found.sentence.starts_with("With 2 more workers p99 wait falls from "))
        << found.sentence;
    EXPECT_NE(found.sentence.find("95 % interval"), std::string::npos);
    EXPECT_EQ(found.curves.size(), 2U);
    const Answer same = ask(scenario, "change service.mail to 1");
    EXPECT_NE(same.sentence.find("does not change for certain"), std::string::npos)
        << same.sentence;
}

TEST(Questions, AnOutageIsToldWithItsRecovery) {
    Scenario scenario = base();
    scenario.duration = 40min;
    scenario.replications = 2;
    ScenarioEvent lost{.at = 10min, .lost = {"workers", 1, 5min}};
    scenario.events = {lost};
    const Answer found = ask(scenario, "effect of events");
    EXPECT_NE(found.sentence.find("p99 wait rises from"), std::string::npos) << found.sentence;
    EXPECT_NE(found.sentence.find("10 min 100 % of workers lost: up to 1,"), std::string::npos)
        << found.sentence;
    EXPECT_NE(found.sentence.find("back to normal within"), std::string::npos) << found.sentence;
}

TEST(Questions, ALimitCostsTheOneAndSparesTheOther) {
    Scenario scenario = base();
    scenario.replications = 16;
    scenario.duration = 300s;
    scenario.traffic.push_back(scenario.traffic[0]);
    scenario.traffic[0].tenant = "big";
    scenario.traffic[1].name = "small";
    scenario.traffic[1].tenant = "small";
    scenario.traffic[1].arrivals = ArrivalProcess::poisson(0.5).value();
    Limit cap;
    cap.name = "cap";
    cap.tenant = "big";
    cap.at_once = 2;
    scenario.limits = {cap};
    const Answer found = ask(scenario, "cost of limit cap");
    EXPECT_NE(found.sentence.find("p95 wait of big rises"), std::string::npos) << found.sentence;
    EXPECT_NE(found.sentence.find("p95 wait of small falls"), std::string::npos) << found.sentence;
}

TEST(Questions, DrainTimeAndSweep) {
    Scenario scenario = base();
    scenario.traffic[0].backlog = 300;
    scenario.stop_when_drained = true;
    scenario.duration = 1h;
    const Answer drained = ask(scenario, "drain time");
    EXPECT_TRUE(drained.sentence.starts_with("The backlog of 300 jobs is gone after "))
        << drained.sentence;
    scenario.duration = 10s;
    EXPECT_NE(ask(scenario, "drain time").sentence.find("is not gone"), std::string::npos);
    const Answer swept = ask(base(), "sweep workers.workers 3, 4, 6");
    ASSERT_EQ(swept.points.size(), 3U);
    EXPECT_GT(swept.points[0].y.mean, swept.points[2].y.mean);
    EXPECT_EQ(swept.rows.size(), 3U);
}

TEST(Questions, TwoScenariosAreCompared) {
    const Scenario scenario = base();
    Scenario other = base();
    other.name = "faster";
    other.pools[0].speed = 2;
    const auto runs = play(scenario, 6, 20s).value();
    const auto found = answer(compare_with(other), {scenario, runs, 20s}, play);
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->sentence.starts_with("As in faster, p99 wait falls from "))
        << found->sentence;
}

TEST(Words, TimesAndNumbersAsPeopleSayThem) {
    EXPECT_EQ(say_time(0), "0 s");
    EXPECT_EQ(say_time(0.25), "250 ms");
    EXPECT_EQ(say_time(6.2), "6.2 s");
    EXPECT_EQ(say_time(41), "41 s");
    EXPECT_EQ(say_time(27 * 60), "27 min");
    EXPECT_EQ(say_time(2 * 3600 + 12 * 60), "2 h 12 min");
    EXPECT_EQ(say_time(-2), "−2.0 s");
    EXPECT_EQ(say_number(3600), "3,600");
    EXPECT_EQ(say_number(1234567), "1,234,567");
    EXPECT_EQ(say_number(0.25), "0.25");
    EXPECT_EQ(say_share(0.87), "87 %");
    EXPECT_EQ(say_interval({6, 5.8, 6.3}), "5.8 … 6.3 s");
    EXPECT_EQ(say_moment(5400, 8h), "09:30");
    EXPECT_EQ(say_moment(17 * 3600, 8h), "day 2 01:00");
    EXPECT_EQ(say_moment(5400, 0h), "90 min");
}

}  // namespace
}  // namespace sluice::sim
