// SPDX-License-Identifier: Apache-2.0
// Behaviour of the models that a person can follow by hand; the long comparison with the exact
// formulas is tests/bench/sim/validation.cpp.
#include "modules/sim/core/models.h"

#include "modules/sim/core/models_exact.h"
#include "modules/sim/core/models_study.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sluice::sim {
namespace {

Distribution constant(Duration value) { return Distribution::constant(value).value(); }
Distribution exponential(Duration mean) { return Distribution::exponential(mean).value(); }
ArrivalProcess poisson(double rate) { return ArrivalProcess::poisson(rate).value(); }
ArrivalProcess at(std::vector<Duration> times) {
    return ArrivalProcess::trace(std::move(times)).value();
}

ModelResult run(const QueueModel& model, const RunPlan& plan = {}) {
    auto made = run_model(model, plan);
    EXPECT_TRUE(made) << made.error().text();
    return std::move(made).value();
}

/// Without the last arrivals the run would end before everybody has left: they ask for no service.
QueueModel traced(std::vector<Duration> times, Duration service, std::uint32_t servers) {
    return QueueModel::of(at(std::move(times)), constant(service), servers);
}

TEST(QueueModel, ServesInOrderOfArrival) {
    const ModelResult made = run(traced({1s, 2s, 3s}, 5s, 1));
    EXPECT_EQ(made.all.arrivals, 3U);
    EXPECT_EQ(made.all.finished, 3U);
    EXPECT_EQ(made.all.had_to_wait, 2U);
    EXPECT_DOUBLE_EQ(made.all.wait, (0 + 4 + 8) / 3.0);
    EXPECT_DOUBLE_EQ(made.all.sojourn, (5 + 9 + 13) / 3.0);
    EXPECT_DOUBLE_EQ(made.seconds, 16);
    EXPECT_DOUBLE_EQ(made.utilisation, 15.0 / 16);
    EXPECT_DOUBLE_EQ(made.all.in_queue, 12.0 / 16);
    EXPECT_DOUBLE_EQ(made.all.in_system, 27.0 / 16);
    EXPECT_DOUBLE_EQ(made.little(), 1);
    EXPECT_EQ(made.all.waits.max(), 8s);
}

TEST(QueueModel, UsesAllServers) {
    const ModelResult made = run(traced({1s, 1s, 1s, 1s}, 5s, 3));
    EXPECT_EQ(made.all.had_to_wait, 1U);
    EXPECT_DOUBLE_EQ(made.all.wait, 5 / 4.0);
}

TEST(QueueModel, TurnsAwayWhoFindsItFull) {
    QueueModel model = traced({1s, 2s, 3s, 4s, 12s}, 5s, 1);
    model.capacity = 2;
    const ModelResult made = run(model);
    EXPECT_EQ(made.all.arrivals, 5U);
    EXPECT_EQ(made.all.lost, 2U);
    EXPECT_EQ(made.all.finished, 3U);
    EXPECT_DOUBLE_EQ(made.all.p_lost(), 0.4);
}

QueueModel two_classes(Discipline discipline) {
    QueueModel model;
    model.classes.push_back({"urgent", at({3s}), constant(2s)});
    model.classes.push_back({"plain", at({1s, 2s}), constant(4s)});
    model.discipline = discipline;
    return model;
}

TEST(QueueModel, DisciplinesDifferAsTheyShould) {
    const ModelResult fifo = run(two_classes(Discipline::fifo));
    EXPECT_DOUBLE_EQ(fifo.classes[0].wait, 6);
    EXPECT_DOUBLE_EQ(fifo.classes[1].wait, 1.5);
    const ModelResult priority = run(two_classes(Discipline::priority));
    EXPECT_DOUBLE_EQ(priority.classes[0].wait, 2);
    EXPECT_DOUBLE_EQ(priority.classes[1].wait, 2.5);
    // At 3 s the urgent one displaces the first, which has 2 s left and goes on at 5 s.
    const ModelResult preemptive = run(two_classes(Discipline::preemptive));
    EXPECT_DOUBLE_EQ(preemptive.classes[0].wait, 0);
    EXPECT_DOUBLE_EQ(preemptive.classes[1].wait, (2 + 5) / 2.0);
    EXPECT_DOUBLE_EQ(preemptive.classes[1].sojourn, (6 + 9) / 2.0);
    for (const ModelResult& one : {fifo, priority, preemptive}) {
        EXPECT_DOUBLE_EQ(one.utilisation, 10.0 / 11);
        EXPECT_DOUBLE_EQ(one.little(), 1);
    }
}

TEST(QueueModel, TriesAgainUpToItsLastAttempt) {
    QueueModel model = traced({1s}, 2s, 1);
    model.retry = {.failure = 1, .attempts_max = 3, .delay = constant(10s)};
    const ModelResult made = run(model);
    EXPECT_EQ(made.all.finished, 1U);
    EXPECT_EQ(made.all.failed, 1U);
    EXPECT_EQ(made.all.services, 3U);
    EXPECT_DOUBLE_EQ(made.all.sojourn, 26);
    EXPECT_DOUBLE_EQ(made.all.wait, 0);
    EXPECT_DOUBLE_EQ(made.all.load_factor(), 3);
    model.retry.delay = {};
    EXPECT_DOUBLE_EQ(run(model).all.sojourn, 6);
    EXPECT_DOUBLE_EQ(model.offered_load(), 3 * 2.0);
}

TEST(QueueModel, CountsOnlyAfterTheWarmUp) {
    const QueueModel model = traced({1s, 2s, 3s, 20s, 21s}, 5s, 1);
    const ModelResult made = run(model, {.warmup = 3});
    EXPECT_EQ(made.all.arrivals, 2U);
    EXPECT_EQ(made.all.finished, 2U);
    EXPECT_DOUBLE_EQ(made.all.wait, 2);
    EXPECT_DOUBLE_EQ(made.seconds, 10);
    EXPECT_DOUBLE_EQ(made.all.in_system, (5 + 9) / 10.0);
}

TEST(QueueModel, KeepsTheWaitsInOrderWhenAsked) {
    const ModelResult made = run(traced({1s, 2s, 3s}, 5s, 1), {.series_max = 2});
    EXPECT_EQ(made.series, (std::vector<float>{0, 4}));
}

TEST(QueueModel, SamePlanSameResultOtherReplicationAnother) {
    const QueueModel model = QueueModel::of(poisson(2.4), exponential(1s), 3);
    const RunPlan plan{.seed = 9, .customers = 5'000, .warmup = 100};
    RunPlan other = plan;
    other.replication = 1;
    EXPECT_EQ(run(model, plan).all.wait, run(model, plan).all.wait);
    EXPECT_NE(run(model, plan).all.wait, run(model, other).all.wait);
}

TEST(QueueModel, SharesRandomNumbersBetweenVariants) {
    const RunPlan plan{.customers = 2'000};
    const QueueModel three = QueueModel::of(poisson(2.4), exponential(1s), 3);
    QueueModel four = three;
    four.servers = 4;
    const ModelResult a = run(three, plan);
    const ModelResult b = run(four, plan);
    EXPECT_EQ(a.seconds, b.seconds) << "the same arrivals";
    EXPECT_GE(a.all.wait, b.all.wait);
}

TEST(QueueModel, StopsWhenTheQueueGrowsWithoutEnd) {
    QueueModel model = QueueModel::of(poisson(10), exponential(1s), 1);
    model.waiting_max = 1'000;
    const auto made = run_model(model, {});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Code::exhausted);
}

TEST(QueueModel, RefusesWhatHasNoMeaning) {
    const auto refused = [](auto change) {
        QueueModel model = QueueModel::of(poisson(1), exponential(1s), 1);
        change(model);
        const auto made = run_model(model, {});
        return !made && made.error().code == Code::invalid;
    };
    EXPECT_TRUE(refused([](QueueModel& m) { m.servers = 0; }));
    EXPECT_TRUE(refused([](QueueModel& m) { m.classes.clear(); }));
    EXPECT_TRUE(refused([](QueueModel& m) { m.classes.resize(65); }));
    EXPECT_TRUE(refused([](QueueModel& m) { m.capacity = 0; }));
    EXPECT_TRUE(refused([](QueueModel& m) { m.retry.failure = 1.1; }));
    EXPECT_TRUE(refused([](QueueModel& m) { m.retry.failure = NAN; }));
    EXPECT_TRUE(refused([](QueueModel& m) { m.retry.attempts_max = 0; }));
}

// Every feature at once, with few customers and many: the run checks flow and Little's law itself.
TEST(QueueModel, LawsHoldInAnyMixture) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        Stream stream(seed, 0, 0);
        QueueModel model;
        model.discipline = static_cast<Discipline>(stream.below(3));
        model.servers = static_cast<std::uint32_t>(1 + stream.below(5));
        if (stream.chance(0.5)) model.capacity = 1 + stream.below(20);
        const std::uint64_t classes = 1 + stream.below(4);
        for (std::uint64_t i = 0; i < classes; ++i)
            model.classes.push_back({"c", poisson(stream.unit() * 2),
                                     Distribution::gamma(1s, 0.2 + stream.unit()).value()});
        if (stream.chance(0.6))
            model.retry = {.failure = 0.3,
                           .attempts_max = 3,
                           .delay = stream.chance(0.5) ? constant(0s) : exponential(3s)};
        const ModelResult made =
            run(model, {.seed = seed, .customers = 1 + stream.below(2'000), .warmup = 50});
        EXPECT_LE(made.utilisation, 1 + 1e-12);
        EXPECT_LE(made.all.in_queue, made.all.in_system);
    }
}

TEST(Study, AgreesWithErlangC) {
    const QueueModel model = QueueModel::of(poisson(2.4), exponential(1s), 3);
    std::vector<ModelResult> results;
    for (std::uint64_t i = 0; i < 10; ++i)
        results.push_back(
            run(model, {.seed = 3, .replication = i, .customers = 10'000, .warmup = 1'000}));
    const Study study = study_of(model, results, 0.999);
    const exact::Steady truth = exact::mmc({2.4, 1}, 3);
    EXPECT_TRUE(study.all.wait.contains(truth.wait));
    EXPECT_TRUE(study.all.p_wait.contains(truth.p_wait));
    EXPECT_TRUE(study.all.in_queue.contains(truth.in_queue));
    EXPECT_TRUE(study.utilisation.contains(0.8));
    EXPECT_EQ(study.classes.size(), 1U);
    EXPECT_EQ(study.replications, 10U);
    EXPECT_LT(study.all.wait_p50.mean, study.all.wait_p95.mean);
    EXPECT_LT(study.all.wait_p95.mean, study.all.wait_p99.mean);
}

TEST(Study, FewestServersIsFoundFromAnyStart) {
    for (const std::uint32_t truth : {1U, 2U, 3U, 17U, 64U, 100U}) {
        for (const std::uint32_t from : {1U, 2U}) {
            if (from > truth) continue;
            const auto found = fewest_servers({.from = from, .most = 100, .goal = 0.5},
                                              [truth](std::uint32_t c) -> Result<double> {
                                                  if (c + 3 < truth)
                                                      return fail(Code::exhausted, "unstable");
                                                  return c < truth ? 1.0 : 0.25;
                                              });
            ASSERT_TRUE(found);
            EXPECT_EQ(found->servers, truth);
            EXPECT_LE(found->tried.size(), 15U);
        }
    }
    const auto none = fewest_servers({.from = 1, .most = 9, .goal = 0.5},
                                     [](std::uint32_t) -> Result<double> { return 1.0; });
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, Code::not_found);
}

}  // namespace
}  // namespace sluice::sim
