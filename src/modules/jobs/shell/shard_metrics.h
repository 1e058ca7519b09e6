// SPDX-License-Identifier: Apache-2.0
// The shard's figures for operators.
#pragma once

#include "kernel/observe/metrics.h"
#include "modules/jobs/engine/engine.h"

#include <array>

namespace sluice::jobs {

struct ShardMetrics {
    explicit ShardMetrics(Registry& registry)
        : drains(registry.counter(
              {"sluice_jobs_drains_total", "Batches decided by the queue's owner thread"})),
          commands(
              registry.counter({"sluice_jobs_commands_total", "Commands decided by the queue"})),
          storage_failures(
              registry.counter({"sluice_jobs_storage_failures_total",
                                "Times the queue stopped and reloaded after a storage failure"})),
          drain_seconds(registry.histogram(
              {"sluice_jobs_drain_seconds", "Time to decide and write one batch"})),
          sync_seconds(
              registry.histogram({"sluice_jobs_sync_seconds", "Time of one sync of the store"})),
          commit_seconds(
              registry.histogram({"sluice_jobs_commit_seconds",
                                  "Time from deciding a batch until its replies are released"})),
          resident(registry.gauge(
              {"sluice_jobs_in_memory", "Jobs held in memory: heads of lists and leases"})),
          waiting(registry.gauge({"sluice_jobs_waiting_fetches", "Fetches waiting for a job"})) {
        for (std::size_t i = 0; i < job_state_count; ++i) {
            states[i] = &registry.gauge({"sluice_jobs", "Jobs kept, by state"},
                                        {{"state", to_string(static_cast<JobState>(i))}});
        }
    }

    void drained(std::size_t count, Duration took, const Engine& engine) {
        drains.add();
        commands.add(count);
        drain_seconds.observe(took);
        resident.set(static_cast<std::int64_t>(engine.resident()));
        waiting.set(static_cast<std::int64_t>(engine.waiting()));
        for (std::size_t i = 0; i < job_state_count; ++i) {
            states[i]->set(static_cast<std::int64_t>(engine.counts()[i]));
        }
    }

    Counter& drains;
    Counter& commands;
    Counter& storage_failures;
    HistogramMetric& drain_seconds;
    HistogramMetric& sync_seconds;
    HistogramMetric& commit_seconds;
    Gauge& resident;
    Gauge& waiting;
    std::array<Gauge*, job_state_count> states{};
};

}  // namespace sluice::jobs
