// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/shell/threaded_run.h"

#include "kernel/sync/clock.h"
#include "kernel/sync/select.h"
#include "kernel/sync/thread.h"
#include "kernel/wire/json_reader.h"
#include "modules/sim/shell/dist_text.h"
#include "modules/sim/shell/threaded_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

namespace sluice::sim {
namespace {

Distribution distribution(std::string_view text) { return *parse_distribution(text); }

ThreadedConfig quick(std::uint64_t items) {
    ThreadedConfig config;
    config.items = items;
    config.service = distribution("exponential:200us");
    config.sample = items;
    return config;
}

ThreadedReport run(const ThreadedConfig& config) {
    ThreadedControl control;
    auto report = run_threaded(config, control);
    EXPECT_TRUE(report) << report.error().message;
    return std::move(report).value();
}

void expect_accounted(const ThreadedStats& stats) {
    EXPECT_EQ(stats.produced, stats.consumed + stats.failed + stats.left);
    std::uint64_t produced = 0;
    for (const ProducerStats& one : stats.producers) produced += one.produced;
    EXPECT_EQ(produced, stats.produced);
    std::uint64_t consumed = 0;
    std::uint64_t failed = 0;
    for (const ConsumerStats& one : stats.consumers) {
        consumed += one.consumed;
        failed += one.failed;
    }
    EXPECT_EQ(consumed, stats.consumed);
    EXPECT_EQ(failed, stats.failed);
}

/// How many threads of this process carry a name of the simulator.
std::size_t simulator_threads() {
    std::size_t count = 0;
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task", gone)) {
        std::string name;
        std::getline(std::ifstream(entry.path() / "comm"), name);
        if (name.starts_with("sim-")) ++count;
    }
    return count;
}

/// The kernel lists a thread for a moment after it has been joined.
bool no_simulator_thread_is_left() {
    Selector pause({});
    for (int i = 0; i < 60'000 && simulator_threads() > 0; ++i)
        pause.wait_until(deadline_after(1ms));
    return simulator_threads() == 0;
}

/// What the seed decides: end and attempts of each item.
std::map<std::uint64_t, std::pair<ItemEnd, std::uint32_t>> ends(const ThreadedReport& report) {
    std::map<std::uint64_t, std::pair<ItemEnd, std::uint32_t>> map;
    for (const ItemResult& one : report.sample) map[one.item] = {one.end, one.attempts};
    return map;
}

TEST(ThreadedRun, EveryItemIsAccountedForAndEveryThreadEnds) {
    for (const ShutdownStyle style : {ShutdownStyle::close, ShutdownStyle::sentinel}) {
        for (const std::uint32_t priorities : {1U, 3U}) {
            for (const std::uint64_t capacity : {std::uint64_t{1}, std::uint64_t{7}}) {
                ThreadedConfig config = quick(120);
                config.producers = 3;
                config.consumers = 4;
                config.capacity = capacity;
                config.failure_rate = 0.3;
                config.retries = 2;
                config.priorities = priorities;
                config.shutdown = style;
                const ThreadedReport report = run(config);
                EXPECT_EQ(report.stats.end, RunEnd::complete);
                EXPECT_EQ(report.stats.produced, 120U);
                EXPECT_EQ(report.stats.left, 0U);
                EXPECT_EQ(report.sample.size(), 120U);
                EXPECT_LE(report.stats.queue_depth_max, capacity);
                // A consumer may look at the clock long after it has taken its item, when the next
                // is in the queue already.
                EXPECT_LE(report.stats.queue_depth_mean,
                          static_cast<double>(capacity + config.consumers));
                expect_accounted(report.stats);
                EXPECT_TRUE(no_simulator_thread_is_left());
            }
        }
    }
}

TEST(ThreadedRun, TheSeedDecidesWhatHappensToEachItemWhateverTheThreadsDo) {
    ThreadedConfig config = quick(200);
    config.failure_rate = 0.4;
    config.retries = 1;
    const auto one = ends(run(config));
    config.consumers = 8;
    config.producers = 4;
    config.capacity = 2;
    config.priorities = 5;
    EXPECT_EQ(ends(run(config)), one);
    config.seed = 2;
    EXPECT_NE(ends(run(config)), one);
}

TEST(ThreadedRun, FailuresHappenAtTheConfiguredRate) {
    ThreadedConfig config = quick(4000);
    config.service = {};
    config.capacity = 64;
    config.failure_rate = 0.25;
    const ThreadedStats once = run(config).stats;
    EXPECT_NEAR(static_cast<double>(once.failed), 1000, 120);
    EXPECT_EQ(once.retried, 0U);
    config.retries = 1;
    const ThreadedStats twice = run(config).stats;
    EXPECT_EQ(twice.retried, once.failed);
    EXPECT_NEAR(static_cast<double>(twice.failed), 250, 65);
    config.failure_rate = 1;
    config.retries = 3;
    const ThreadedStats never = run(config).stats;
    EXPECT_EQ(never.failed, 4000U);
    EXPECT_EQ(never.retried, 12'000U);
    config.failure_rate = 0;
    EXPECT_EQ(run(config).stats.consumed, 4000U);
}

/// One consumer that never gets done with the first item, and a queue of two: after three items the
/// producer waits. Cancelled when the queue has been full for `held` and for nine times as long as
/// it took to fill.
ThreadedStats run_with_full_queue(Duration held) {
    ThreadedConfig config = quick(30);
    config.service = distribution("1h");
    config.consumers = 1;
    config.capacity = 2;
    ThreadedControl control;
    std::optional<ThreadedReport> report;
    const Instant began = monotonic_now();
    Thread runner("runner", [&] { report = run_threaded(config, control).value(); });
    Selector pause({});
    while (control.produced.load() < 3) pause.wait_until(deadline_after(1ms));
    const Instant full = monotonic_now();
    pause.wait_until(full + std::max(held, (full - began) * 9));
    control.cancel();
    runner.join();
    return report->stats;
}

TEST(ThreadedRun, AFullQueueHoldsProducersBack) {
    // The producer may be kept from its fourth item for longer than the queue is held full, so that
    // it never waits; but not however long it is held.
    Duration held = 50ms;
    ThreadedStats stats;
    do {
        stats = run_with_full_queue(held);
        EXPECT_EQ(stats.produced, 3U);
        EXPECT_EQ(stats.left, 3U);
        EXPECT_EQ(stats.queue_depth_max, 2U);
        EXPECT_GT(stats.queue_depth_mean, 1.5);
        EXPECT_LE(stats.blocked_on_full, stats.elapsed);
        held *= 2;
    } while (stats.blocked_on_full <= held / 4 && held < 30s);
    EXPECT_GT(stats.blocked_on_full, held / 4);
}

TEST(ThreadedRun, AnEmptyQueueHoldsConsumersBack) {
    // Consumers that are slow to begin find the items there and never wait; but not however long
    // the run is.
    ThreadedStats stats;
    std::uint64_t items = 30;
    Duration least{0};
    do {
        ThreadedConfig config = quick(items);
        config.service = {};
        config.capacity = items;
        config.arrival = *parse_arrivals("2ms");
        config.timeout = 500us;
        stats = run(config).stats;
        least = 2ms * items;
        EXPECT_EQ(stats.consumed, items);
        EXPECT_EQ(stats.blocked_on_full, Duration{0});
        EXPECT_GE(stats.elapsed, least);
        items *= 2;
    } while ((stats.blocked_on_empty <= least || stats.timeouts <= 20) && items < 10'000);
    EXPECT_GT(stats.blocked_on_empty, least);
    EXPECT_GT(stats.timeouts, 20U);
}

TEST(ThreadedRun, TheMeanDepthIsThroughputTimesMeanWait) {
    ThreadedConfig config = quick(300);
    config.consumers = 2;
    config.capacity = 20;
    config.service = distribution("1ms");
    const ThreadedStats stats = run(config).stats;
    // Little's law; the wait also counts the time in which the producer held an item out, and it
    // holds out one at a time.
    const double little = stats.throughput * to_seconds(stats.wait.mean());
    EXPECT_GT(little, 0);
    EXPECT_GE(little, stats.queue_depth_mean - 0.01);
    EXPECT_LE(little, stats.queue_depth_mean + 1.01);
}

/// One consumer, and room for all items. How many of them were taken when the last was offered, as
/// seen by who watched it, and the report.
std::pair<std::uint64_t, ThreadedReport> run_with_priorities() {
    ThreadedConfig config = quick(90);
    config.service = distribution("2ms");
    config.consumers = 1;
    config.capacity = 90;
    config.priorities = 3;
    ThreadedControl control;
    std::optional<ThreadedReport> report;
    Thread runner("runner", [&] { report = run_threaded(config, control).value(); });
    Selector pause({});
    while (control.produced.load() < 90) pause.wait_until(deadline_after(1ms));
    const std::uint64_t taken = std::min<std::uint64_t>(control.ended.load() + 1, 90);
    runner.join();
    return {taken, std::move(*report)};
}

TEST(ThreadedRun, HigherPrioritiesAreTakenFirst) {
    // Of the items that wait when the last is offered, the higher are taken first; how many those
    // are is up to the threads.
    auto [taken, report] = run_with_priorities();
    for (int i = 0; i < 100 && taken > 10; ++i) std::tie(taken, report) = run_with_priorities();
    ASSERT_LE(taken, 10U);
    std::map<std::uint32_t, std::uint64_t> lanes;
    std::uint64_t overtaken = 0;
    std::uint64_t waited_longer = 0;
    for (const ItemResult& low : report.sample) {
        ++lanes[low.priority];
        // What was offered later and waited no less was taken later.
        const auto is_later = [&](const ItemResult& high) {
            return high.item > low.item && high.priority > low.priority;
        };
        const auto is_taken_later = [&](const ItemResult& high) {
            return is_later(high) && high.waited >= low.waited;
        };
        if (std::ranges::any_of(report.sample, is_taken_later)) ++waited_longer;
        if (std::ranges::any_of(report.sample, is_later)) ++overtaken;
    }
    EXPECT_EQ(lanes.size(), 3U);
    EXPECT_GT(overtaken, 50U);
    EXPECT_LE(waited_longer, taken);
}

TEST(ThreadedRun, StopDrainsTheQueue) {
    ThreadedConfig config = quick(threaded_items_max);
    config.sample = 5;
    config.arrival = *parse_arrivals("1ms");
    ThreadedControl control;
    std::optional<ThreadedReport> report;
    Thread runner("runner", [&] { report = run_threaded(config, control).value(); });
    Selector pause({});
    while (control.ended.load() < 5) pause.wait_until(deadline_after(1ms));
    EXPECT_GT(simulator_threads(), 0U);
    control.stop();
    runner.join();
    EXPECT_TRUE(no_simulator_thread_is_left());
    EXPECT_EQ(report->stats.end, RunEnd::stopped);
    EXPECT_GE(report->stats.consumed, 5U);
    EXPECT_EQ(report->stats.left, 0U);
    expect_accounted(report->stats);
}

TEST(ThreadedRun, CancelEndsAtOnceAndCountsWhatIsLeft) {
    for (const std::uint32_t priorities : {1U, 2U}) {
        for (const ShutdownStyle style : {ShutdownStyle::close, ShutdownStyle::sentinel}) {
            ThreadedConfig config = quick(1000);
            config.consumers = 2;
            config.capacity = 6;
            config.priorities = priorities;
            config.shutdown = style;
            config.service = distribution("1h");
            ThreadedControl control;
            std::optional<ThreadedReport> report;
            Thread runner("runner", [&] { report = run_threaded(config, control).value(); });
            Selector pause({});
            while (control.produced.load() < 8) pause.wait_until(deadline_after(1ms));
            control.stop();
            control.cancel();
            runner.join();
            EXPECT_TRUE(no_simulator_thread_is_left());
            EXPECT_EQ(report->stats.end, RunEnd::cancelled);
            EXPECT_EQ(report->stats.consumed, 0U);
            EXPECT_EQ(report->stats.left, report->stats.produced);
            EXPECT_GE(report->stats.left, 8U);
            expect_accounted(report->stats);
        }
    }
}

TEST(ThreadedRun, CancelledBeforeItBeginsDoesNothing) {
    ThreadedControl control;
    control.cancel();
    const auto report = run_threaded(quick(100), control);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->stats.produced, report->stats.left + report->stats.consumed);
    EXPECT_EQ(report->stats.end, RunEnd::cancelled);
}

TEST(ThreadedRun, RandomConfigurationsKeepTheAccount) {
    Stream random(7, 0, 0);
    for (int round = 0; round < 25; ++round) {
        ThreadedConfig config = quick(random.below(60));
        config.seed = random.next();
        config.producers = 1 + static_cast<std::uint32_t>(random.below(5));
        config.consumers = 1 + static_cast<std::uint32_t>(random.below(6));
        config.capacity = 1 + random.below(8);
        config.failure_rate = random.unit();
        config.retries = static_cast<std::uint32_t>(random.below(4));
        config.priorities = 1 + static_cast<std::uint32_t>(random.below(9));
        config.timeout = Duration{static_cast<std::int64_t>(random.below(2)) * 100'000};
        config.shutdown = random.chance(0.5) ? ShutdownStyle::close : ShutdownStyle::sentinel;
        if (random.chance(0.3)) config.arrival = *parse_arrivals("exponential:100us");
        const ThreadedReport report = run(config);
        EXPECT_EQ(report.stats.produced, config.items) << round;
        EXPECT_EQ(report.stats.left, 0U) << round;
        expect_accounted(report.stats);
    }
}

TEST(ThreadedRun, BadConfigurationsNameTheFlagAndTheRange) {
    const auto message = [](auto change) {
        ThreadedConfig config;
        change(config);
        const Status status = config.check();
        return status ? std::string("accepted") : status.error().message;
    };
    EXPECT_EQ(message([](ThreadedConfig& c) { c.consumers = 0; }),
              "--consumers must be 1 to 1024, not 0");
    EXPECT_EQ(message([](ThreadedConfig& c) { c.capacity = 0; }),
              "--capacity must be 1 to 1000000, not 0");
    EXPECT_EQ(message([](ThreadedConfig& c) { c.producers = 1000; }),
              "--producers must be 1 to 256, not 1000");
    EXPECT_EQ(message([](ThreadedConfig& c) { c.failure_rate = 1.5; }),
              "--failure-rate must be a share from 0 to 1, not 1.5");
    EXPECT_EQ(message([](ThreadedConfig& c) { c.failure_rate = -0.25; }),
              "--failure-rate must be a share from 0 to 1, not -0.25");
    EXPECT_EQ(message([](ThreadedConfig& c) { c.priorities = 10; }),
              "--priority must be 1 to 9, not 10");
    EXPECT_EQ(message([](ThreadedConfig& c) { c.retries = 101; }),
              "--retry must be 0 to 100, not 101");
    EXPECT_EQ(message([](ThreadedConfig&) {}), "accepted");
}

TEST(ThreadedReport, TheJsonHasConfigStatsAndASample) {
    ThreadedConfig config = quick(20);
    config.failure_rate = 0.1;
    config.sample = 10;
    const ThreadedReport report = run(config);
    const auto document = JsonDocument::parse(threaded_json(report));
    ASSERT_TRUE(document);
    const JsonView root = document->root();
    EXPECT_EQ(*root.find("config")->find("capacity")->as_uint(), 10U);
    EXPECT_EQ(*root.find("stats")->find("produced")->as_uint(), 20U);
    for (const char* name :
         {"consumed", "failed", "retried", "timeouts", "throughput", "queue_depth_max",
          "queue_depth_mean", "blocked_on_full_s", "blocked_on_empty_s"})
        EXPECT_TRUE(root.find("stats")->find(name)) << name;
    std::uint64_t item = 0;
    for (const JsonView one : root.find("results_sample")->elements())
        EXPECT_EQ(*one.find("item")->as_uint(), item++);
    EXPECT_EQ(item, 10U);
    EXPECT_NE(threaded_text(report).find("20 produced = "), std::string::npos);
}

TEST(DistText, EveryFormIsReadAndNonsenseRefused) {
    struct Case {
        const char* text;
        const char* said;
    };
    for (const Case& one : std::vector<Case>{
             {"20ms", "constant 20ms"},
             {"0.5", "constant 500ms"},
             {"constant:1s", "constant 1s"},
             {"exp:20ms", "exponential, mean 20ms"},
             {"exponential:0.02", "exponential, mean 20ms"},
             {"uniform:10ms,30ms", "uniform, mean 20ms, cv 0.289"},
             {"lognormal:20ms,2", "lognormal, mean 20ms, cv 2"},
             {"gamma:20ms,0.5", "gamma, mean 20ms, cv 0.5"},
             {"erlang:20ms,4", "erlang, mean 20ms, cv 0.5"},
             {"hyper:20ms,3", "hyperexponential, mean 20ms, cv 3"},
         }) {
        const auto read = parse_distribution(one.text);
        ASSERT_TRUE(read) << one.text;
        EXPECT_EQ(read->text(), one.said);
    }
    for (const char* text :
         {"", "soon", "exp", "exp:", "exp:-1s", "exp:0s", "exp:1s,2", "uniform:2s,1s", "uniform:1s",
          "erlang:1s,0.5", "erlang:1s,1e9", "lognormal:1s,x", "pareto:1s,2", "-1"})
        EXPECT_FALSE(parse_distribution(text)) << text;

    EXPECT_FALSE(*parse_arrivals("asap"));
    EXPECT_FALSE(*parse_arrivals("0"));
    EXPECT_EQ((*parse_arrivals("poisson:120/min"))->mean_rate(), 2);
    EXPECT_EQ((*parse_arrivals("poisson:50"))->name(), "poisson");
    EXPECT_EQ((*parse_arrivals("20ms"))->name(), "constant");
    EXPECT_EQ((*parse_arrivals("lognormal:20ms,2"))->name(), "renewal");
    EXPECT_EQ((*parse_arrivals("bursts:100@2s,5@10s"))->name(), "bursts");
    for (const char* text : {"", "poisson", "poisson:", "poisson:-1", "poisson:1/day", "bursts:1",
                             "bursts:1@", "bursts:@1s", "often"})
        EXPECT_FALSE(parse_arrivals(text)) << text;
    std::string states = "bursts:1@1s";
    for (int i = 1; i < 100; ++i) states += ",1@1s";
    EXPECT_TRUE(parse_arrivals(states));
    EXPECT_FALSE(parse_arrivals(states + ",1@1s"));
}

}  // namespace
}  // namespace sluice::sim
