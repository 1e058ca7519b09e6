// SPDX-License-Identifier: Apache-2.0
#include "kernel/observe/metrics.h"

#include "kernel/sync/thread.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Metrics, RendersTheTextFormat) {
    Registry registry;
    registry.counter({"b_total", "Back\\slash and\nline."}, {{"q", "a\"b\\c\nd"}}).add(3);
    registry.gauge({"a_now", "Now."}).set(-2);
    static constexpr double bounds[] = {0.5, 2};
    auto& histogram = registry.histogram({"c_seconds", "Time."}, {{"op", "x"}}, bounds);
    histogram.observe(0.5);
    histogram.observe(1500ms);
    histogram.observe(9);
    EXPECT_EQ(registry.render_prometheus(),
              "# HELP a_now Now.\n# TYPE a_now gauge\na_now -2\n"
              "# HELP b_total Back\\\\slash and\\nline.\n# TYPE b_total counter\n"
              "b_total{q=\"a\\\"b\\\\c\\nd\"} 3\n"
              "# HELP c_seconds Time.\n# TYPE c_seconds histogram\n"
              "c_seconds_bucket{op=\"x\",le=\"0.5\"} 1\n"
              "c_seconds_bucket{op=\"x\",le=\"2\"} 2\n"
              "c_seconds_bucket{op=\"x\",le=\"+Inf\"} 3\n"
              "c_seconds_sum{op=\"x\"} 11\n"
              "c_seconds_count{op=\"x\"} 3\n");
}

TEST(Metrics, SameNameAndLabelsAreTheSameMetric) {
    Registry registry;
    auto& first = registry.counter({"n_total", ""}, {{"a", "1"}});
    for (int i = 0; i < 100; ++i) registry.gauge({"g" + std::to_string(i), ""});
    EXPECT_EQ(&first, &registry.counter({"n_total", ""}, {{"a", "1"}}));
    EXPECT_NE(&first, &registry.counter({"n_total", ""}, {{"a", "2"}}));
}

TEST(Metrics, LabelSetsPastTheLimitShareOne) {
    Registry registry(2);
    for (int i = 0; i < 50; ++i) {
        registry.counter({"n_total", "N."}, {{"queue", std::to_string(i)}}).add();
    }
    EXPECT_EQ(registry.render_prometheus(),
              "# HELP n_total N.\n# TYPE n_total counter\nn_total{queue=\"0\"} 1\n"
              "n_total{queue=\"1\"} 1\nn_total{queue=\"other\"} 48\n");
}

TEST(Metrics, CountsFromManyThreadsAddUp) {
    Registry registry;
    auto& counter = registry.counter({"n_total", ""});
    auto& histogram = registry.histogram({"h", ""});
    {
        std::vector<Thread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back("metrics-test", [&] {
                for (int i = 0; i < 5000; ++i) {
                    counter.add();
                    histogram.observe(0.25);
                    if (i % 1000 == 0) (void)registry.render_prometheus();
                }
            });
        }
    }
    EXPECT_EQ(counter.value(), 20'000U);
    EXPECT_EQ(histogram.count(), 20'000U);
    EXPECT_DOUBLE_EQ(histogram.sum(), 5'000.0);
}

}  // namespace
}  // namespace sluice
