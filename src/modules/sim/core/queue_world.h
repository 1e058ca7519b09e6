// SPDX-License-Identifier: Apache-2.0
// The queue in virtual time: plays a scenario once, with the real dispatch engine deciding every
// push, delivery, answer, retry and lost lease. Pure and deterministic: the same scenario, seed and
// replication give the same result, whatever runs beside it.
//
// Three things that the engine does not know yet are modelled in front of it: a tenant is a queue
// of its own (the workers take the tenants of one queue in turn); a limit is a gate in front of the
// workers' fetch, which leaves out queues that are at their limit; and so are resources: jobs that
// use the same lie in a queue of their own, left out where the worker has too little of them free.
#pragma once

#include "kernel/algo/histogram.h"
#include "modules/sim/core/scenario.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::sim {

/// How one replication is played.
struct WorldOptions {
    std::uint64_t seed = 1;
    std::uint64_t replication = 0;  ///< Enters every random stream beside the seed.
    Duration warmup{0};             ///< Jobs that arrive earlier are not counted.
    std::size_t bins = 240;         ///< Of the series over the scenario's duration.
    bool record_workers = false;    ///< Fill WorldResult::workers.
    /// Asked now and then: true gives the run up, see WorldResult::is_complete.
    std::function<bool()> give_up;
    // The engine's windows: what exceeds them is spilled and read back. No result depends on them.
    std::size_t ready_window = 65'536;
    std::size_t due_window = 65'536;
};

/// One number for each bin of the scenario's duration; bins after the end of the run are missing.
using Series = std::vector<double>;

/// What became of one kind of jobs. Counts and times are of jobs that arrived in the measured
/// window (after the warm-up, within the duration); series are of all.
struct TrafficResult {
    std::uint64_t arrived = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t failed_attempts = 0;
    std::uint64_t lost_attempts = 0;  ///< The worker was lost, or the lease ran out.
    std::uint64_t dead = 0;
    std::uint64_t discarded = 0;
    std::uint64_t unstarted = 0;  ///< Still waiting for their first delivery when the run ended.
    Histogram wait;               ///< Arrival to first delivery; of the unstarted, so far.
    Histogram response;           ///< Arrival to success.
    double waiting_mean = 0;      ///< Ready jobs on average over the measured window.
    double throughput = 0;        ///< Successes a second in the measured window, of all jobs.
    Series waiting;               ///< Ready jobs, mean of each bin.
    Series wait_mean;  ///< Mean wait in seconds by bin of the arrival; NaN: none arrived.
};

/// How much of a resource the jobs took, of a pool's workers together.
struct ResourceResult {
    double used_share = 0;   ///< Of what the present workers had, in the measured window.
    std::uint64_t most = 0;  ///< At once on one worker, in the whole run.
    Series used;             ///< Share, mean of each bin.
};

/// What the workers of one pool did.
struct PoolResult {
    double busy_share = 0;    ///< Busy slots over present slots, in the measured window.
    double workers_mean = 0;  ///< Present workers on average, in the measured window.
    std::uint64_t crashes = 0;
    std::uint64_t scaled_up = 0;
    std::uint64_t scaled_down = 0;
    std::uint64_t returned = 0;             ///< Jobs given back by workers that had to stop.
    Series busy;                            ///< Busy slots, mean of each bin.
    Series slots;                           ///< Present slots, mean of each bin.
    std::vector<ResourceResult> resources;  ///< As in the scenario.
};

enum class WorkerPhase : std::uint8_t { absent, starting, working, draining };
std::string_view to_string(WorkerPhase phase);

/// A piece of a worker's life, of one phase and about one load.
struct WorkerSpan {
    Duration from{0};
    Duration to{0};
    WorkerPhase phase = WorkerPhase::absent;
    double busy = 0;  ///< Share of its slots, 0 … 1.
};
struct WorkerLife {
    std::uint32_t pool = 0;
    std::uint32_t number = 0;  ///< Within its pool, from 0.
    std::vector<WorkerSpan> spans;
};

/// What a limit did.
struct LimitResult {
    double closed_share = 0;  ///< Of the measured window in which it let nothing through.
};

/// One replication.
struct WorldResult {
    static constexpr std::size_t workers_max = 200;

    std::vector<TrafficResult> traffic;  ///< As in the scenario.
    std::vector<PoolResult> pools;
    std::vector<LimitResult> limits;
    std::vector<WorkerLife> workers;     ///< At most workers_max; empty unless asked for.
    std::optional<Duration> drained_at;  ///< When the last job of the backlog was done.
    Duration end{0};                     ///< Virtual time played.
    std::uint64_t events = 0;            ///< Of the world.
    std::uint64_t decisions = 0;         ///< Commands that the engine decided.
    std::uint64_t deliveries = 0;        ///< Jobs that the engine handed to workers.
    std::uint64_t refills = 0;           ///< Pages of spilled jobs that it read back.
    bool is_complete = true;             ///< False: given up, the rest means nothing.
    std::uint64_t hash = 0;              ///< Of every delivery and its time: two runs are the same
                                         ///< if this is.
};

/// The random numbers of an attempt after a job's first: its service time, then how it ends.
/// `purpose` is further_attempts_of(traffic), `job` counts the arrivals of that traffic from 0. By
/// job and attempt, not in the order in which they happen, so that compared runs stay in step.
constexpr std::uint64_t further_attempts_of(std::string_view traffic) {
    return purpose_of(traffic) ^ purpose_of("further attempts of ");
}
Stream further_attempt(const WorldOptions& options, std::uint64_t purpose, std::uint64_t job,
                       std::uint32_t attempt);

/// Plays one replication. The scenario must have passed check_scenario(). Runs up to a quarter
/// longer than its duration, until every counted job has been delivered once.
WorldResult run_world(const Scenario& scenario, const WorldOptions& options);

}  // namespace sluice::sim
