// SPDX-License-Identifier: Apache-2.0
// Scenario: a workload, the workers that serve it, and what happens to them; the description that
// the simulation in virtual time plays. A plain value: it can be copied, changed in one place and
// compared. Read from TOML by shell/scenario_file.h; docs/simulator.md has the reference.
#pragma once

#include "kernel/base/time.h"
#include "modules/sim/core/dist.h"
#include "modules/sim/core/dist_arrivals.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::sim {

/// How the wait before the next attempt grows; the engine's own rules.
enum class BackoffShape : std::uint8_t { faktory, constant, exponential, none };

/// What happens after a failed attempt.
struct RetryPolicy {
    std::int32_t limit = 25;  ///< Further attempts; 0: discarded on failure.
    BackoffShape backoff = BackoffShape::faktory;
    Duration base = 15s;
    Duration max = 24h;
    std::uint8_t jitter_percent = 0;  ///< 0 … 100, added at random.
};

/// How attempts end badly. Chances are per attempt; together at most 1.
struct FailurePolicy {
    double rate = 0;        ///< Fails, and is retried by the policy.
    double final_rate = 0;  ///< Fails for good (dead at once).
    double crash_rate = 0;  ///< Takes its whole worker process with it.
    double work_share = 1;  ///< How much of the service time passes before it fails: 0 … 1.
};

/// So much of something that a worker has or that a job takes while it runs: memory, a GPU.
struct ResourceAmount {
    static constexpr std::size_t count_max = 16;  ///< Of one table.
    static constexpr std::uint64_t amount_max = std::uint64_t{1} << 50U;

    std::string name;
    std::uint64_t amount = 0;
    std::string text;  ///< As it was written: "4GiB".
};

/// One kind of job that arrives: a producer's view.
struct Traffic {
    std::string name;  ///< Unique; for the report.
    std::string queue = "default";
    std::string tenant;  ///< Empty: none. Tenants of one queue are served in turn.
    std::string type;    ///< Empty: the name.
    int priority = 5;    ///< 1 … 9, as in the engine.
    ArrivalProcess arrivals;
    Distribution service;       ///< On a worker of speed 1.
    std::uint64_t backlog = 0;  ///< Jobs that wait already when the run begins.
    RetryPolicy retry;
    FailurePolicy failures;
    Duration lease = 1800s;  ///< reserve_for of a fixed lease: 60 s … 1 day.
    /// From a job's arrival until an idle worker could have begun it: the producer's push, the
    /// network, the server with its disk. 0 … 10 minutes; counts as wait. None for a backlog.
    Duration latency = 0s;
    std::vector<std::string> needs;  ///< Capabilities that a worker must have.
    /// What one attempt takes of its worker's resources until it ends.
    std::vector<ResourceAmount> uses;
};

enum class ScaleMetric : std::uint8_t {
    waiting_per_worker,  ///< Jobs ready on the pool's queues, by running workers.
    oldest_wait,         ///< Seconds the oldest ready job has waited.
    utilisation,         ///< Busy slots over slots, 0 … 1, over the last interval.
};

/// Adds and removes workers of a pool while it runs.
struct Autoscale {
    ScaleMetric metric = ScaleMetric::waiting_per_worker;
    /// Target tracking: as many workers as bring the metric to this; 0: by the two levels instead.
    double target = 0;
    /// With a target: a metric off it by no more than this share changes nothing.
    double tolerance = 0.1;
    double up_above = 0;    ///< One step more above this level,
    double down_below = 0;  ///< one fewer below that.
    std::uint32_t step = 1;
    std::uint32_t min = 1;
    std::uint32_t max = 1;
    Duration every = 30s;    ///< Between two looks.
    Duration delay = 60s;    ///< From the decision until a new worker works.
    Duration cooldown = 0s;  ///< No decision for so long after one.
    /// Workers go only when every look for so long would have had fewer, and then only as many.
    Duration scale_in_delay = 0s;
};

/// Equal worker processes.
struct Pool {
    std::string name;
    std::uint32_t workers = 1;
    std::uint32_t slots = 1;  ///< Jobs that one worker runs at once.
    /// Fetched in this order; a name stands for the queues of all its tenants. Empty: all queues.
    std::vector<std::string> queues;
    /// True: each fetch begins one queue further on, so that no queue starves another.
    bool rotate = false;
    std::vector<std::string> capabilities;
    std::vector<ResourceAmount> resources;  ///< Of each worker; of all others it has none.
    double speed = 1;                       ///< Service times are divided by it.
    Duration overhead = 0s;                 ///< A slot's own time between two jobs.
    bool extended = true;         ///< FWP+ worker: leases renewed by heartbeats, lost after 15 s
                                  ///< of silence. False: fixed leases, lost after 60 s.
    double crashes_per_hour = 0;  ///< Of one worker, at random.
    Duration restart = 30s;       ///< Until a crashed worker is back.
    std::optional<Autoscale> autoscale;
};

enum class LimitKind : std::uint8_t { concurrency, rate };

/// At most so many at once, or so often. All members that are set must fit for it to apply.
///
/// The engine has no limits yet: this one is a gate in front of the workers' fetch, which leaves
/// out the queues that are at their limit. It will move into the engine with the same meaning.
struct Limit {
    std::string name;
    LimitKind kind = LimitKind::concurrency;
    std::string queue;
    std::string tenant;
    std::string type;
    std::uint32_t at_once = 1;  ///< concurrency
    double per_second = 1;      ///< rate
    std::uint32_t burst = 1;    ///< rate: starts that may come together
};

/// A part of a pool is gone, without a word, and comes back.
struct WorkersLost {
    std::string pool;
    double share = 1;        ///< Of its workers, rounded up: above 0 … 1.
    Duration length = 5min;  ///< 0: they do not come back.
};
/// All workers of a pool are replaced: each finishes what it runs, stops, and starts again.
struct Deploy {
    std::string pool;
    std::uint32_t batch = 0;  ///< Workers replaced together; 0: all.
    Duration restart = 20s;   ///< From the stop of a worker until its successor works.
    Duration drain = 25s;     ///< Jobs still running then are given back to the queue.
};
/// Attempts fail more often for a time: something that the jobs need is down.
struct Trouble {
    std::string traffic;  ///< Name; empty: all.
    double rate = 1;      ///< Chance to fail while it lasts.
    Duration length = 5min;
};

/// The server, its disk or the network is slow for a time: a job takes more beside its work.
struct Slowness {
    Duration latency{0};   ///< Added to each traffic's: 0 … 10 minutes.
    Duration overhead{0};  ///< Added to each pool's, the same.
    Duration length = 5min;
};

enum class EventKind : std::uint8_t { workers_lost, deploy, trouble, slow };

/// Something that happens at a time.
struct ScenarioEvent {
    Duration at{0};
    EventKind kind = EventKind::workers_lost;
    WorkersLost lost;  ///< The member of its kind counts.
    Deploy deploy;
    Trouble trouble;
    Slowness slow;
    Duration every{0};  ///< Repeats after so long; 0: once.
};

/// Everything that is simulated. Checked by check_scenario().
struct Scenario {
    static constexpr std::size_t traffic_max = 200;
    static constexpr std::size_t pools_max = 100;
    static constexpr std::size_t limits_max = 100;
    static constexpr std::size_t events_max = 1'000;
    static constexpr std::uint32_t slots_max = 200'000;  ///< Of all pools, autoscaling included.
    static constexpr std::uint64_t backlog_max = 20'000'000;
    static constexpr std::uint32_t replications_max = 2'000;

    std::string name = "scenario";
    std::string description;
    Duration duration = 1h;
    /// Jobs that arrive earlier are played but not counted. Empty: found by the run itself where
    /// the scenario is in a steady state, otherwise nothing is left out.
    std::optional<Duration> warmup;
    std::uint32_t replications = 20;
    std::uint64_t seed = 1;
    Duration starts_at{0};  ///< Time of day at the start, for the axes and for events "12:00".
    bool stop_when_drained = false;  ///< The run ends as soon as no job is left.
    std::vector<Traffic> traffic;
    std::vector<Pool> pools;
    std::vector<Limit> limits;
    std::vector<ScenarioEvent> events;
};

/// The first thing that makes no sense, in words that name it. Errors: invalid.
Status check_scenario(const Scenario& scenario);

/// True if nothing in it changes with time, so that a warm-up can be found and left out.
bool is_steady(const Scenario& scenario);

// What can be varied, by name: "workers.POOL", "slots.POOL", "speed.POOL", "rate.TRAFFIC" (a factor
// on its arrivals), "service.TRAFFIC" (a factor on its service times), "failures.TRAFFIC" (the
// rate), "backlog.TRAFFIC", "limit.NAME" (at once, or per second).

/// The value a parameter has now (1 for factors). Errors: not_found, naming what there is.
Result<double> parameter(const Scenario& scenario, std::string_view name);
/// The scenario with one parameter changed. Errors: not_found, invalid.
Result<Scenario> with_parameter(Scenario scenario, std::string_view name, double value);
/// All parameters that the scenario has.
std::vector<std::string> parameter_names(const Scenario& scenario);

}  // namespace sluice::sim
