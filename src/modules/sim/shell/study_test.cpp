// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/shell/study.h"

#include "modules/sim/core/models_exact.h"
#include "modules/sim/shell/replications.h"

#include <gtest/gtest.h>

namespace sluice::sim {
namespace {

QueueModel mmc(double rate, std::uint32_t servers) {
    return QueueModel::of(ArrivalProcess::poisson(rate).value(),
                          Distribution::exponential(1s).value(), servers);
}

TEST(Replications, ComeInOrderFromAnyNumberOfThreads) {
    for (const std::size_t threads : {1U, 2U, 5U}) {
        const auto made = run_replications({.count = 100, .first = 7, .threads = threads},
                                           [](std::uint64_t number) { return number * number; });
        ASSERT_TRUE(made);
        ASSERT_EQ(made->size(), 100U);
        for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ((*made)[i], (i + 7) * (i + 7));
    }
}

TEST(Replications, ReportTheFirstFailureByNumber) {
    for (const std::size_t threads : {1U, 3U}) {
        const auto made = run_replications(
            {.count = 50, .threads = threads}, [](std::uint64_t number) -> Result<int> {
                if (number >= 20) return fail(Code::invalid, std::to_string(number));
                return 1;
            });
        ASSERT_FALSE(made);
        EXPECT_EQ(made.error().message, "20");
    }
}

TEST(Replications, StopWhenCancelled) {
    for (const std::size_t threads : {1U, 2U}) {
        CancelSource source;
        const auto made = run_replications(
            {.count = 1'000'000, .threads = threads},
            [&source](std::uint64_t number) {
                if (number == 10) source.cancel(Error{Code::cancelled, "enough"});
                return 0;
            },
            source.token());
        ASSERT_FALSE(made);
        EXPECT_EQ(made.error().code, Code::cancelled);
    }
}

TEST(Replications, NoneIsAnEmptyList) {
    const auto made = run_replications({.count = 0}, [](std::uint64_t) { return 1; });
    ASSERT_TRUE(made);
    EXPECT_TRUE(made->empty());
}

TEST(Study, IsBitIdenticalForAnyNumberOfThreads) {
    StudyPlan plan{.seed = 4, .replications = 8, .customers = 3'000};
    plan.threads = 1;
    const auto one = study_model(mmc(2.4, 3), plan);
    ASSERT_TRUE(one);
    for (const std::size_t threads : {2U, 3U, 8U}) {
        plan.threads = threads;
        const auto other = study_model(mmc(2.4, 3), plan);
        ASSERT_TRUE(other);
        EXPECT_EQ(one->all.wait.mean, other->all.wait.mean);
        EXPECT_EQ(one->all.wait.half_width, other->all.wait.half_width);
        EXPECT_EQ(one->all.in_queue.mean, other->all.in_queue.mean);
        EXPECT_EQ(one->utilisation.mean, other->utilisation.mean);
        EXPECT_EQ(one->all.wait_p99.mean, other->all.wait_p99.mean);
        EXPECT_EQ(one->warmup, other->warmup);
        EXPECT_EQ(one->events, other->events);
    }
}

TEST(Study, ComparesUnderCommonRandomNumbers) {
    const auto wait = [](const ModelResult& one) { return one.all.wait; };
    const StudyPlan plan{.replications = 10, .customers = 4'000, .warmup = 500};
    const auto made = compare_models(mmc(2.4, 3), mmc(2.4, 4), plan, wait);
    ASSERT_TRUE(made);
    EXPECT_TRUE(made->is_significant());
    EXPECT_LT(made->change.mean, 0);
    EXPECT_NEAR(made->change.mean, made->after.mean - made->before.mean, 1e-12);
    const auto same = compare_models(mmc(2.4, 3), mmc(2.4, 3), plan, wait);
    ASSERT_TRUE(same);
    EXPECT_EQ(same->change.half_width, 0);
}

TEST(Study, FindsTheStaffingOfErlangC) {
    StudyPlan plan{.replications = 10, .customers = 10'000, .warmup = 500};
    const auto found = find_servers(
        mmc(5, 1), plan,
        {.measure = [](const ModelResult& one) { return one.all.p_wait(); }, .at_most = 0.3});
    ASSERT_TRUE(found) << found.error().text();
    EXPECT_EQ(found->servers, exact::servers_for(5, 0.3));
    const auto none = find_servers(
        mmc(5, 1), plan,
        {.measure = [](const ModelResult&) { return 1.0; }, .at_most = 0.3, .servers_max = 4});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, Code::not_found);
}

TEST(Study, SaysThatAModelIsNotStable) {
    QueueModel model = mmc(10, 1);
    model.waiting_max = 100;
    const auto made = study_model(model, {.replications = 4, .customers = 10'000});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Code::exhausted);
}

}  // namespace
}  // namespace sluice::sim
