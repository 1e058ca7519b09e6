// SPDX-License-Identifier: Apache-2.0
// QueueWorld: everything that one replication remembers. Its parts are in the files
// queue_world*.cpp, each for one concern: jobs, seats and gates, workers' lives, results.
#pragma once

#include "modules/sim/core/event_loop.h"
#include "modules/sim/core/queue_world.h"
#include "modules/sim/core/queue_world_engine.h"
#include "modules/sim/core/queue_world_measure.h"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace sluice::sim {

/// What an event of the loop is about; the number it carries is named in brackets.
enum class Happening : std::uint32_t {
    arrival,         ///< (traffic)
    job_done,        ///< (seat)
    rest_over,       ///< (seat) its overhead between two jobs is over
    beat,            ///< (worker)
    worker_up,       ///< (worker)
    worker_crash,    ///< (worker) at random
    drain_over,      ///< (worker) it must stop now
    scale,           ///< (pool) a look at the metric
    scenario_event,  ///< (event)
    trouble_over,    ///< (event)
    gate,            ///< (limit) a rate has a token again
    tick,            ///< the engine has something due
};

enum class SeatPhase : std::uint8_t { closed, idle, asking, busy, resting };
enum class Ending : std::uint8_t { success, failure, final_failure, crash };

/// One slot of a worker; it has a connection of its own, as a worker's threads have.
struct Seat {
    std::uint32_t worker = 0;
    SeatPhase phase = SeatPhase::closed;
    Ending ending = Ending::success;
    bool queued = false;  ///< Stands in its pool's list of idle seats.
    std::uint32_t job = 0;
    std::uint64_t event = 0;  ///< Sequence + 1 of the event that counts; 0: none.
    Duration idle_since{0};
    jobs::JobRef ref;
    jobs::Caller caller;
};

struct WorldWorker {
    std::uint32_t pool = 0;
    std::uint32_t number = 0;
    std::uint32_t first_seat = 0;
    std::uint32_t busy = 0;
    std::uint32_t generation = 0;
    WorkerPhase phase = WorkerPhase::absent;
    bool leaving = false;             ///< Scaled down: does not come back.
    bool deploying = false;           ///< Part of the deploy's present batch.
    std::vector<std::uint64_t> used;  ///< Of each resource of its pool.
    std::uint64_t beat_event = 0;
    std::uint64_t up_event = 0;
    std::uint64_t crash_event = 0;
    std::uint64_t drain_event = 0;
    std::shared_ptr<const std::string> wid;
    /// Only where lives are recorded.
    std::unique_ptr<Level> load;
    std::vector<std::pair<Duration, WorkerPhase>> phases;
};

/// A queue of the engine: one for each queue, tenant, set of needs and uses and, where limits name
/// types, type of the scenario.
struct Lane {
    std::string name;
    std::string queue;
    std::vector<std::string> needs;
    std::vector<ResourceAmount> uses;
    std::vector<std::uint32_t> limits;
    std::int64_t ready = 0;
};

struct TrafficState {
    TrafficState(const Traffic& traffic, const WorldOptions& options, const Frame& frame);

    const Traffic& spec;
    std::uint32_t lane = 0;
    Arrivals arrivals;
    Stream service;  ///< One draw an arrival, so that compared scenarios stay in step.
    Stream luck;     ///< The same.
    std::uint64_t further_attempts;
    std::uint64_t next_number = 0;
    Duration next_arrival{0};
    double trouble = 0;
    std::vector<std::uint32_t> free;  ///< Jobs whose entries can be used again.
    Level waiting;
    BinnedMean wait_mean;
    std::uint64_t done_in_window = 0;
    TrafficResult result;
};

struct DeployState {
    bool active = false;
    Deploy spec;
    std::uint32_t next = 0;
    std::uint32_t in_batch = 0;
};

struct PoolState {
    PoolState(const Pool& pool, const WorldOptions& options, const Frame& frame);

    const Pool& spec;
    std::uint32_t first_worker = 0;
    std::uint32_t worker_count = 0;                 ///< That may ever be present.
    std::vector<std::vector<std::uint32_t>> turns;  ///< Lanes in the order of each fetch in turn.
    std::vector<jobs::Fetch> fetches;               ///< The same as requests, without limits.
    jobs::Fetch gated_fetch;
    std::size_t turn = 0;
    std::deque<std::uint32_t> idle;  ///< Seats, longest first; those that left are passed over.
    Stream crashes;
    Level busy;
    Level slots;
    Level workers;
    std::vector<Level> used;                        ///< Of each resource, over all workers.
    std::vector<std::uint64_t> most_used;           ///< On one worker.
    std::vector<std::vector<std::uint64_t>> takes;  ///< By lane: of each resource of the pool.
    double busy_before = 0;                         ///< At the last look of autoscaling.
    double slots_before = 0;
    Duration scale_not_before{0};
    std::deque<std::pair<Duration, std::uint32_t>> wanted;  ///< Looks within scale_in_delay.
    DeployState deploy;
    PoolResult result;
};

struct LimitState {
    LimitState(const Limit& limit, const Frame& frame) : spec(limit), closed(frame) {}

    const Limit& spec;
    std::uint32_t running = 0;
    Duration next{0};  ///< GCRA: when the next start would be on time.
    bool is_open = true;
    Level closed;
};

class QueueWorld final : public EngineListener {
public:
    QueueWorld(const Scenario& scenario, const WorldOptions& options);
    WorldResult run();

    void on_moved(std::uint32_t job, std::optional<jobs::JobState> from,
                  jobs::JobState to) override;
    void on_delivered(std::uint32_t seat, std::uint32_t job) override;
    void on_nothing(std::uint32_t seat) override;
    void on_forgotten(std::uint32_t job) override;
    void on_stale() override { ++stale_; }

private:
    // queue_world.cpp: time and jobs.
    void begin();
    void handle(const Event& event);
    void handle_worker(Happening what, std::uint32_t number, std::uint64_t sequence);
    [[nodiscard]] bool is_over(Duration next) const;
    std::uint64_t at(Duration time, Happening what, std::uint32_t number);
    void arrive(std::uint32_t traffic, bool of_backlog);
    void plan_arrival(std::uint32_t traffic);
    void finish_job(std::uint32_t seat);
    void plan_tick();
    void count_final(WorldJob& job, jobs::JobState to);
    void mix(std::uint64_t value);

    // queue_world_seats.cpp: who may fetch what.
    void make_lanes();
    std::uint32_t lane_of(const Traffic& traffic);
    void make_turns(PoolState& pool);
    void ask(std::uint32_t seat);
    void serve_gated();
    bool fetch_gated(PoolState& pool, std::size_t place);
    void list_uses(PoolState& pool);
    [[nodiscard]] bool may_take(const PoolState& pool, std::uint32_t worker,
                                std::uint32_t lane) const;
    [[nodiscard]] std::size_t first_served(const PoolState& pool) const;
    void take_resources(const Seat& seat, bool give_back);
    [[nodiscard]] bool has_work(const PoolState& pool) const;
    [[nodiscard]] bool is_open(const Lane& lane) const;
    void take_limits(const Lane& lane);
    void give_limits(const Lane& lane);
    void judge(LimitState& limit, std::uint32_t number);
    static Ending ending_of(const TrafficState& traffic, double luck);

    // queue_world_life.cpp: workers come and go.
    void make_workers();
    void start_worker(std::uint32_t worker);
    void bring_up(std::uint32_t worker, Duration delay);
    void drain_worker(std::uint32_t worker, std::optional<Duration> limit);
    void stop_worker(std::uint32_t worker);
    void stop_now(std::uint32_t worker);
    void crash_worker(std::uint32_t worker, std::optional<Duration> back_after);
    void close_seat(std::uint32_t seat);
    void free_seat(std::uint32_t seat);
    void beat(std::uint32_t worker);
    void set_phase(WorldWorker& worker, WorkerPhase phase);
    void scenario_event(std::uint32_t number);
    void lose_workers(const WorkersLost& lost);
    void start_trouble(std::uint32_t number);
    void end_trouble(std::uint32_t number);
    void set_trouble();
    [[nodiscard]] Slowness slowness_at(Duration time) const;
    void start_deploy(const Deploy& deploy);
    void step_deploy(std::uint32_t pool);
    void left_batch(WorldWorker& worker);
    void scale(std::uint32_t pool);
    [[nodiscard]] double scale_metric(PoolState& pool, std::uint32_t present);
    [[nodiscard]] std::uint32_t steadied(PoolState& pool, std::uint32_t wanted,
                                         std::uint32_t present) const;
    void add_workers(PoolState& pool, std::uint32_t count);
    void remove_workers(PoolState& pool, std::uint32_t count);
    [[nodiscard]] std::uint32_t pool_named(const std::string& name) const;
    [[nodiscard]] WorldWorker& worker_of(const Seat& seat) { return workers_[seat.worker]; }

    // queue_world_result.cpp
    WorldResult collect();
    WorkerLife life_of(WorldWorker& worker) const;

    const Scenario& scenario_;
    const WorldOptions options_;
    Frame frame_;
    EventLoop loop_;
    Duration now_{0};
    Duration latency_max_{0};
    EngineHost host_;
    std::vector<Lane> lanes_;
    std::deque<TrafficState> traffic_;
    std::deque<PoolState> pools_;
    std::deque<LimitState> limits_;
    std::vector<WorldWorker> workers_;
    std::vector<Seat> seats_;
    std::vector<const ScenarioEvent*> slow_;  ///< The events of that kind.
    std::vector<std::uint32_t> troubles_;     ///< By event: how many of it are under way.
    bool gated_ = false;  ///< Limits or resources: seats wait here, not in the engine.
    bool uses_resources_ = false;
    bool wake_gated_ = false;
    std::uint32_t answering_ = UINT32_MAX;  ///< The job whose holder speaks.
    Duration tick_at_ = Duration::max();
    std::uint64_t next_connection_ = 1;
    std::uint64_t unstarted_ = 0;
    std::uint64_t backlog_left_ = 0;
    bool had_backlog_ = false;
    std::optional<Duration> drained_at_;
    std::uint64_t stale_ = 0;
    std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace sluice::sim
