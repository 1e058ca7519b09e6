// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/queue_world.h"

#include "modules/sim/core/stats.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sluice::sim {
namespace {

Traffic poisson(const std::string& name, double rate, Duration mean) {
    Traffic traffic;
    traffic.name = name;
    traffic.type = name;
    traffic.arrivals = ArrivalProcess::poisson(rate).value();
    traffic.service = Distribution::exponential(mean).value();
    return traffic;
}

Traffic backlog(const std::string& name, std::uint64_t jobs, Duration service) {
    Traffic traffic;
    traffic.name = name;
    traffic.type = name;
    traffic.backlog = jobs;
    traffic.service = Distribution::constant(service).value();
    return traffic;
}

Pool pool_of(std::uint32_t workers, std::uint32_t slots = 1) {
    Pool pool;
    pool.name = "workers";
    pool.workers = workers;
    pool.slots = slots;
    return pool;
}

Scenario scenario_of(std::vector<Traffic> traffic, Pool pool, Duration duration) {
    Scenario scenario;
    scenario.traffic = std::move(traffic);
    scenario.pools = {std::move(pool)};
    scenario.duration = duration;
    return scenario;
}

WorldResult play(const Scenario& scenario, WorldOptions options = {}) {
    const Status checked = check_scenario(scenario);
    EXPECT_TRUE(checked) << (checked ? "" : checked.error().message);
    return run_world(scenario, options);
}

TEST(QueueWorld, MM3AgreesWithTheoryThroughTheRealEngine) {
    const Scenario scenario = scenario_of({poisson("job", 2.4, 1s)}, pool_of(3), 800s);
    std::vector<double> waits;
    std::vector<double> lengths;
    std::vector<double> busy;
    for (std::uint64_t r = 0; r < 30; ++r) {
        const WorldResult result =
            play(scenario, {.seed = 7, .replication = r, .warmup = 200s, .bins = 10});
        waits.push_back(to_seconds(result.traffic[0].wait.mean()));
        lengths.push_back(result.traffic[0].waiting_mean);
        busy.push_back(result.pools[0].busy_share);
    }
    EXPECT_TRUE(interval_of(waits, 0.999).contains(1.07865)) << interval_of(waits).mean;
    EXPECT_TRUE(interval_of(lengths, 0.999).contains(2.58876)) << interval_of(lengths).mean;
    EXPECT_TRUE(interval_of(busy, 0.999).contains(0.8)) << interval_of(busy).mean;
}

TEST(QueueWorld, PriorityIsTheEnginesOwn) {
    Traffic urgent = poisson("urgent", 0.3, 1s);
    urgent.priority = 9;
    Traffic slow = poisson("slow", 0.5, 1s);
    slow.priority = 1;
    const Scenario scenario = scenario_of({urgent, slow}, pool_of(1), 2000s);
    std::vector<double> first;
    std::vector<double> second;
    for (std::uint64_t r = 0; r < 30; ++r) {
        const WorldResult result =
            play(scenario, {.seed = 3, .replication = r, .warmup = 200s, .bins = 10});
        first.push_back(to_seconds(result.traffic[0].wait.mean()));
        second.push_back(to_seconds(result.traffic[1].wait.mean()));
    }
    EXPECT_TRUE(interval_of(first, 0.999).contains(1.142857)) << interval_of(first).mean;
    EXPECT_TRUE(interval_of(second, 0.999).contains(5.714286)) << interval_of(second).mean;
}

TEST(QueueWorld, SameSeedGivesTheSameHistoryAndAnotherReplicationAnother) {
    const Scenario scenario = scenario_of({poisson("job", 20, 100ms)}, pool_of(3), 60s);
    const WorldResult a = play(scenario, {.seed = 1, .replication = 4});
    const WorldResult b = play(scenario, {.seed = 1, .replication = 4});
    const WorldResult c = play(scenario, {.seed = 1, .replication = 5});
    EXPECT_EQ(a.hash, b.hash);
    EXPECT_EQ(a.decisions, b.decisions);
    EXPECT_NE(a.hash, c.hash);
}

TEST(QueueWorld, SpilledJobsComeBackAndChangeNothing) {
    Traffic mixed = poisson("job", 50, 100ms);
    mixed.backlog = 3000;
    mixed.failures.rate = 0.3;
    mixed.retry = {3, BackoffShape::exponential, 5s, 60s, 20};
    const Scenario scenario = scenario_of({mixed}, pool_of(4), 120s);
    const WorldResult whole = play(scenario);
    const WorldResult spilled = play(scenario, {.ready_window = 16, .due_window = 8});
    EXPECT_EQ(whole.refills, 0U);
    EXPECT_GT(spilled.refills, 100U);
    EXPECT_EQ(whole.hash, spilled.hash);
}

TEST(QueueWorld, EveryJobEndsOnceWhateverHappensToTheWorkers) {
    Traffic job = poisson("job", 5, 500ms);
    job.failures = {0.1, 0.01, 0.005, 0.5};
    job.retry = {50, BackoffShape::constant, 1s, 1s, 0};
    Pool pool = pool_of(4, 2);
    pool.crashes_per_hour = 20;
    Scenario scenario = scenario_of({job}, pool, 600s);
    scenario.traffic[0].arrivals = ArrivalProcess::poisson(5).value();
    ScenarioEvent lost{.at = 100s, .lost = {"workers", 0.5, 60s}, .every = 200s};
    ScenarioEvent deploy{.at = 50s, .kind = EventKind::deploy, .every = 150s};
    deploy.deploy = {"workers", 1, 5s, 100ms};
    ScenarioEvent trouble{.at = 300s, .kind = EventKind::trouble};
    trouble.trouble = {"", 0.9, 30s};
    scenario.events = {lost, deploy, trouble};
    const WorldResult result = play(scenario);
    const TrafficResult& t = result.traffic[0];
    EXPECT_GT(t.lost_attempts, 10U);
    EXPECT_GT(result.pools[0].crashes, 10U);
    EXPECT_GT(result.pools[0].returned, 0U);
    EXPECT_GT(t.failed_attempts, 300U);
    EXPECT_EQ(t.unstarted, 0U);
    EXPECT_LE(t.succeeded + t.dead + t.discarded, t.arrived);
    EXPECT_GT(static_cast<double>(t.succeeded), 0.9 * static_cast<double>(t.arrived));
}

TEST(QueueWorld, ConcurrencyLimitHoldsAndDrainTimeIsExact) {
    Scenario scenario = scenario_of({backlog("job", 100, 1s)}, pool_of(10), 10min);
    scenario.stop_when_drained = true;
    EXPECT_EQ(play(scenario).drained_at, std::optional<Duration>(10s));
    Limit limit;
    limit.name = "one";
    limit.queue = "default";
    limit.at_once = 1;
    scenario.limits = {limit};
    const WorldResult result = play(scenario);
    EXPECT_EQ(result.drained_at, std::optional<Duration>(100s));
    EXPECT_NEAR(result.limits[0].closed_share, 1.0, 1e-9);
}

TEST(QueueWorld, RateLimitSpacesTheStarts) {
    Scenario scenario = scenario_of({backlog("job", 51, 100ms)}, pool_of(10), 10min);
    scenario.stop_when_drained = true;
    Limit limit;
    limit.name = "five a second";
    limit.type = "job";
    limit.kind = LimitKind::rate;
    limit.per_second = 5;
    limit.burst = 1;
    scenario.limits = {limit};
    EXPECT_EQ(play(scenario).drained_at, std::optional<Duration>(10s + 100ms));
    scenario.limits[0].burst = 11;  // ten of them need not wait
    EXPECT_EQ(play(scenario).drained_at, std::optional<Duration>(8s + 100ms));
}

TEST(QueueWorld, TenantsOfOneQueueAreServedInTurn) {
    Traffic big = backlog("big", 1000, 1s);
    big.tenant = "big";
    Traffic small = backlog("small", 100, 1s);
    small.tenant = "small";
    const WorldResult result = play(scenario_of({big, small}, pool_of(10), 5min));
    EXPECT_LE(result.traffic[1].wait.max(), 21s);
    EXPECT_GE(result.traffic[0].wait.max(), 105s);
    for (Traffic* traffic : {&big, &small}) traffic->tenant.clear();
    const WorldResult together = play(scenario_of({big, small}, pool_of(10), 5min));
    EXPECT_GE(together.traffic[1].wait.max(), 105s);
}

TEST(QueueWorld, AWorkerWithoutTheCapabilityLeavesTheJob) {
    Traffic plain = backlog("plain", 10, 1s);
    Traffic special = backlog("special", 10, 1s);
    special.needs = {"gpu"};
    Scenario scenario = scenario_of({plain, special}, pool_of(10), 5min);
    EXPECT_FALSE(check_scenario(scenario));
    Pool gpu = pool_of(1);
    gpu.name = "gpu";
    gpu.capabilities = {"gpu", "big"};
    scenario.pools.push_back(gpu);
    const WorldResult result = play(scenario);
    EXPECT_EQ(result.traffic[1].response.max(), 10s + 0s);
}

TEST(QueueWorld, LostWorkersGiveTheirJobsBackAfterTheirSilence) {
    Scenario scenario = scenario_of({backlog("job", 1, 100s)}, pool_of(1), 10min);
    ScenarioEvent lost{.at = 50s, .lost = {"workers", 1, 5s}};
    scenario.events = {lost};
    scenario.stop_when_drained = true;
    // The last beat was at 50 s (or 45 s); an extended worker is lost 15 s later.
    const WorldResult extended = play(scenario);
    EXPECT_GE(*extended.drained_at, 160s);
    EXPECT_LE(*extended.drained_at, 165s);
    EXPECT_EQ(extended.traffic[0].lost_attempts, 1U);
    scenario.pools[0].extended = false;  // a plain one after 60 s
    const WorldResult plain = play(scenario);
    EXPECT_GE(*plain.drained_at, 200s);
    EXPECT_LE(*plain.drained_at, 210s);
}

TEST(QueueWorld, AJobLongerThanItsFixedLeaseRunsTwice) {
    Traffic job = backlog("job", 1, 90s);
    job.lease = 60s;
    job.retry = {3, BackoffShape::constant, 1s, 1s, 0};
    Pool pool = pool_of(2);
    pool.extended = false;
    Scenario scenario = scenario_of({job}, pool, 10min);
    const WorldResult result = play(scenario);
    // Expired after 60 s, given to the second worker at 61 s; then to the first again, and so on:
    // no run ends within its lease.
    EXPECT_EQ(result.traffic[0].lost_attempts, 4U);
    EXPECT_EQ(result.traffic[0].dead, 1U);
    scenario.pools[0].extended = true;  // heartbeats renew
    EXPECT_EQ(play(scenario).traffic[0].succeeded, 1U);
}

TEST(QueueWorld, AutoscalingFollowsTheLoad) {
    for (const ScaleMetric metric :
         {ScaleMetric::waiting_per_worker, ScaleMetric::oldest_wait, ScaleMetric::utilisation}) {
        Traffic job = poisson("job", 8, 500ms);
        job.backlog = 500;
        Pool pool = pool_of(1);
        pool.autoscale = Autoscale{.metric = metric,
                                   .up_above = metric == ScaleMetric::utilisation ? 0.9 : 5,
                                   .down_below = metric == ScaleMetric::utilisation ? 0.5 : 0.1,
                                   .step = 2,
                                   .min = 1,
                                   .max = 12,
                                   .every = 10s,
                                   .delay = 20s};
        const WorldResult result = play(scenario_of({job}, pool, 10min), {.record_workers = true});
        EXPECT_GT(result.pools[0].scaled_up, 4U);
        EXPECT_GT(result.pools[0].scaled_down, 0U);
        EXPECT_LE(result.pools[0].workers_mean, 12.0);
        EXPECT_LT(to_seconds(result.traffic[0].wait.quantile(0.5)), 200);
        ASSERT_EQ(result.workers.size(), 12U);
        EXPECT_EQ(result.workers[0].spans.back().to, 10min);
        EXPECT_EQ(result.workers[0].spans.front().phase, WorkerPhase::working);
    }
}

/// What a job takes of a worker's memory and GPUs.
Traffic taking(Traffic traffic, std::uint64_t memory, std::uint64_t gpus = 0) {
    traffic.uses.push_back({"memory", memory, {}});
    if (gpus > 0) traffic.uses.push_back({"gpu", gpus, {}});
    return traffic;
}

TEST(QueueWorld, JobsStartOnlyWhereTheirNeedsFit) {
    Pool pool = pool_of(2, 8);
    pool.resources = {{"memory", 4, "4GiB"}, {"gpu", 1, "1"}};
    // Two at once on each worker, though it has eight slots: 40 jobs in ten rounds.
    Scenario scenario = scenario_of({taking(backlog("large", 40, 1s), 2)}, pool, 10min);
    scenario.stop_when_drained = true;
    WorldResult result = play(scenario);
    EXPECT_EQ(result.drained_at, std::optional<Duration>(10s));
    ASSERT_EQ(result.pools[0].resources.size(), 2U);
    EXPECT_EQ(result.pools[0].resources[0].most, 4U);
    EXPECT_EQ(result.pools[0].resources[1].most, 0U);
    // The GPU is what holds these back: one at once on each worker.
    scenario.traffic = {taking(backlog("rendering", 10, 1s), 1, 1)};
    result = play(scenario);
    EXPECT_EQ(result.drained_at, std::optional<Duration>(5s));
    EXPECT_EQ(result.pools[0].resources[0].most, 1U);
    EXPECT_EQ(result.pools[0].resources[1].most, 1U);
}

TEST(QueueWorld, SmallJobsPassLargeOnesThatDoNotFit) {
    Pool pool = pool_of(1, 4);
    pool.resources = {{"memory", 4, {}}};
    Scenario scenario = scenario_of(
        {taking(backlog("large", 4, 10s), 3), taking(backlog("small", 4, 1s), 1)}, pool, 10min);
    const WorldResult result = play(scenario);
    EXPECT_EQ(result.traffic[1].response.max(), 4s);   // one beside the first large one
    EXPECT_EQ(result.traffic[0].response.max(), 40s);  // one after the other
    EXPECT_LE(result.pools[0].resources[0].most, 4U);
}

TEST(QueueWorld, ResourcesAreSharedOutExactlyWhateverHappensToTheWorkers) {
    Traffic large = taking(poisson("large", 1, 2s), 3, 1);
    Traffic small = taking(poisson("small", 4, 500ms), 1);
    for (Traffic* traffic : {&large, &small}) {
        traffic->failures = {0.1, 0.01, 0.01, 0.5};
        traffic->retry = {50, BackoffShape::constant, 1s, 1s, 0};
    }
    Pool pool = pool_of(4, 4);
    pool.resources = {{"memory", 4, {}}, {"gpu", 1, {}}};
    pool.overhead = 10ms;
    pool.crashes_per_hour = 20;
    Scenario scenario = scenario_of({large, small}, pool, 600s);
    ScenarioEvent lost{.at = 100s, .lost = {"workers", 0.5, 60s}, .every = 200s};
    ScenarioEvent deploy{.at = 50s, .kind = EventKind::deploy, .every = 150s};
    deploy.deploy = {"workers", 1, 5s, 100ms};
    scenario.events = {lost, deploy};
    const WorldResult result = play(scenario);
    const auto& resources = result.pools[0].resources;
    EXPECT_EQ(resources[0].most, 4U);  // beyond it the world stops the process
    EXPECT_EQ(resources[1].most, 1U);
    EXPECT_GT(resources[0].used_share, 0.4);
    EXPECT_LT(resources[0].used_share, 1.0);
    EXPECT_EQ(result.traffic[0].unstarted + result.traffic[1].unstarted, 0U);
    for (const double share : resources[0].used) EXPECT_LE(share, 1.0);
}

TEST(QueueWorld, UtilisationOfAResourceIsTheLoadItCarries) {
    // M/G/∞ in effect: enough slots and memory, so that what is used is rate × time × amount.
    Pool pool = pool_of(10, 10);
    pool.resources = {{"memory", 1000, {}}};
    const Scenario scenario = scenario_of({taking(poisson("job", 10, 2s), 50)}, pool, 3000s);
    const WorldResult result = play(scenario, {.warmup = 100s});
    EXPECT_NEAR(result.pools[0].resources[0].used_share, 10 * 2 * 50 / 10'000.0, 0.005);
}

TEST(QueueWorld, JobsThatNoWorkerIsLargeEnoughForAreRefused) {
    Pool pool = pool_of(1);
    pool.resources = {{"memory", 4, {}}};
    EXPECT_FALSE(check_scenario(scenario_of({taking(backlog("job", 1, 1s), 5)}, pool, 1min)));
    EXPECT_FALSE(check_scenario(scenario_of({taking(backlog("job", 1, 1s), 4, 1)}, pool, 1min)));
    EXPECT_TRUE(check_scenario(scenario_of({taking(backlog("job", 1, 1s), 4)}, pool, 1min)));
}

std::uint64_t moves_of(const Autoscale& rule) {
    Pool pool = pool_of(4, 4);
    pool.autoscale = rule;
    const WorldResult result = play(scenario_of({poisson("job", 4, 6s)}, pool, 70min));
    EXPECT_EQ(result.traffic[0].unstarted, 0U);
    EXPECT_LT(to_seconds(result.traffic[0].wait.quantile(0.99)), 120);
    return result.pools[0].scaled_up + result.pools[0].scaled_down;
}

TEST(QueueWorld, ADelayBeforeScalingInCalmsAutoscaling) {
    Autoscale rule{.up_above = 6, .down_below = 1, .step = 2, .min = 2, .max = 12};
    rule.every = 30s;
    rule.delay = 2min;
    rule.cooldown = 1min;
    const std::uint64_t nervous = moves_of(rule);
    rule.scale_in_delay = 30min;
    const std::uint64_t calm = moves_of(rule);
    EXPECT_GT(nervous, 25U);
    EXPECT_LT(calm, nervous / 4);
}

TEST(QueueWorld, TargetTrackingFindsTheNumberOfWorkersAndStaysThere) {
    Autoscale rule{.metric = ScaleMetric::utilisation, .target = 0.75, .min = 1, .max = 40};
    rule.every = 1min;
    rule.scale_in_delay = 15min;
    // 24 Erlang on workers of 4 slots at 75 %: 8 workers, and the few more that the busiest look of
    // each quarter of an hour wanted.
    Pool pool = pool_of(1, 4);
    pool.autoscale = rule;
    const WorldResult result =
        play(scenario_of({poisson("job", 1.5, 16s)}, pool, 10h), {.warmup = 30min});
    EXPECT_GE(result.pools[0].workers_mean, 7.5);
    EXPECT_LE(result.pools[0].workers_mean, 10);
    EXPECT_NEAR(result.pools[0].busy_share * result.pools[0].workers_mean * 4, 24, 1);
    EXPECT_LT(result.pools[0].scaled_up + result.pools[0].scaled_down, 60U);  // in 600 looks
}

TEST(QueueWorld, LatencyIsTheLeastWaitAndOverheadThePaceOfAQueue) {
    Traffic rare = poisson("rare", 1, 1ms);
    rare.arrivals = ArrivalProcess::constant(1s).value();
    rare.service = Distribution::constant(10ms).value();
    rare.latency = 300ms;
    const WorldResult idle = play(scenario_of({rare}, pool_of(1), 100s));
    EXPECT_EQ(idle.traffic[0].arrived, 100U) << "the one that is on its way at the end, too";
    EXPECT_EQ(idle.traffic[0].wait.min(), 300ms);
    EXPECT_EQ(idle.traffic[0].wait.max(), 300ms);

    Traffic queued = backlog("queued", 100, 10ms);
    queued.latency = 300ms;
    Pool slow = pool_of(1);
    slow.overhead = 2ms;
    const WorldResult drained = play(scenario_of({queued}, slow, 100s));
    EXPECT_EQ(drained.drained_at, std::optional<Duration>(100 * 10ms + 99 * 2ms));
}

TEST(QueueWorld, ASlowServerAddsToLatencyAndOverheadWhileItIsSlow) {
    Traffic rare = poisson("rare", 1, 1ms);
    rare.arrivals = ArrivalProcess::constant(1s).value();
    rare.service = Distribution::constant(10ms).value();
    rare.latency = 1ms;
    Scenario scenario = scenario_of({rare}, pool_of(1), 20s);
    // At 3, 8, 13 and 18 s, for the jobs of two seconds each; of two at once the slower counts.
    const Slowness slow{.latency = 400ms, .length = 1500ms};
    scenario.events = {
        {.at = 3s, .kind = EventKind::slow, .slow = slow, .every = 5s},
        {.at = 3s, .kind = EventKind::slow, .slow = {.latency = 300ms, .length = 1500ms}}};
    const Histogram waits = play(scenario).traffic[0].wait;
    EXPECT_EQ(waits.count(), 20U);
    EXPECT_EQ(waits.max(), 401ms);
    EXPECT_EQ(waits.sum(), 8 * 401ms + 12 * 1ms);

    Scenario queue = scenario_of({backlog("queued", 100, 10ms)}, pool_of(1), 100s);
    queue.events = {
        {.at = 500ms, .kind = EventKind::slow, .slow = {.overhead = 90ms, .length = 100ms}}};
    // The 50th job ends at 500 ms, the 51st at 600 ms: only the first of them is followed by more.
    EXPECT_EQ(play(queue).drained_at, std::optional<Duration>(100 * 10ms + 90ms));
}

TEST(QueueWorld, JobsOfAProducerDoNotOvertakeEachOther) {
    Traffic steady = poisson("steady", 1, 1ms);
    steady.arrivals = ArrivalProcess::constant(100ms).value();
    steady.service = Distribution::constant(1ms).value();
    Scenario scenario = scenario_of({steady}, pool_of(1), 1s);
    // The second one is on its way for 300 ms; the third and fourth wait for it.
    scenario.events = {
        {.at = 200ms, .kind = EventKind::slow, .slow = {.latency = 300ms, .length = 50ms}}};
    const Histogram waits = play(scenario).traffic[0].wait;
    EXPECT_EQ(waits.max(), 300ms);
    EXPECT_EQ(waits.sum(), 300ms + 201ms + 102ms + 3ms);
}

TEST(QueueWorld, ARunCanBeGivenUp) {
    WorldOptions options;
    int asked = 0;
    options.give_up = [&asked] { return ++asked > 3; };
    const WorldResult result =
        play(scenario_of({poisson("job", 100, 10ms)}, pool_of(3), 24h), options);
    EXPECT_FALSE(result.is_complete);
    EXPECT_EQ(asked, 4);
}

TEST(QueueWorld, OverloadEndsAndCountsWhatNobodyTook) {
    const WorldResult result = play(scenario_of({poisson("job", 10, 1s)}, pool_of(1), 100s));
    EXPECT_EQ(result.traffic[0].wait.count(), result.traffic[0].arrived);
    EXPECT_GT(result.traffic[0].unstarted, 500U);
    EXPECT_LE(result.end, 125s);
}

}  // namespace
}  // namespace sluice::sim
