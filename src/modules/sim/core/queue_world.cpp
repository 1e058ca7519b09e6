// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/queue_world.h"

#include "modules/sim/core/queue_world_state.h"

#include <algorithm>
#include <utility>

namespace sluice::sim {

using jobs::JobState;

namespace {

constexpr unsigned number_bits = 20;
constexpr std::uint32_t number_mask = (1U << number_bits) - 1;

jobs::EngineConfig engine_config(const WorldOptions& options) {
    jobs::EngineConfig config;
    config.seed = Stream(options.seed, options.replication, purpose_of("engine")).next();
    config.ready_window_jobs = options.ready_window;
    config.ready_window_bytes = std::size_t{1} << 40U;
    config.due_window_jobs = options.due_window;
    config.due_window_bytes = std::size_t{1} << 40U;
    // The world counts what ends; the engine may forget it at once.
    config.finished_keep = Duration{0};
    config.dead_keep = Duration{0};
    config.waiting_fetches_max = EngineHost::seats_max;
    config.workers_max = EngineHost::seats_max;
    return config;
}

Stream stream_of(const WorldOptions& options, std::string_view purpose, const std::string& name) {
    return {options.seed, options.replication, purpose_of(std::string(purpose) + " of " + name)};
}

}  // namespace

TrafficState::TrafficState(const Traffic& traffic, const WorldOptions& options, const Frame& frame)
    : spec(traffic),
      arrivals(traffic.arrivals, stream_of(options, "arrivals", traffic.name)),
      service(stream_of(options, "service", traffic.name)),
      luck(stream_of(options, "luck", traffic.name)),
      further_attempts(further_attempts_of(traffic.name)),
      waiting(frame),
      wait_mean(frame) {}

PoolState::PoolState(const Pool& pool, const WorldOptions& options, const Frame& frame)
    : spec(pool),
      crashes(stream_of(options, "crashes", pool.name)),
      busy(frame),
      slots(frame),
      workers(frame),
      used(pool.resources.size(), Level(frame)),
      most_used(pool.resources.size(), 0) {}

QueueWorld::QueueWorld(const Scenario& scenario, const WorldOptions& options)
    : scenario_(scenario), options_(options), host_(engine_config(options), *this) {
    frame_.begin = options.warmup;
    frame_.end = scenario.duration;
    frame_.bins = std::max<std::size_t>(options.bins, 1);
    const auto bins = static_cast<std::int64_t>(frame_.bins);
    frame_.bin = std::max(Duration{1}, (scenario.duration + Duration{bins - 1}) / bins);
    uses_resources_ = std::any_of(scenario.traffic.begin(), scenario.traffic.end(),
                                  [](const Traffic& t) { return !t.uses.empty(); });
    gated_ = !scenario.limits.empty() || uses_resources_;
    for (const Traffic& traffic : scenario.traffic)
        traffic_.emplace_back(traffic, options_, frame_);
    for (const Pool& pool : scenario.pools) pools_.emplace_back(pool, options_, frame_);
    for (const Limit& limit : scenario.limits) limits_.emplace_back(limit, frame_);
    for (const Traffic& traffic : scenario.traffic)
        latency_max_ = std::max(latency_max_, traffic.latency);
    Duration slowest{0};
    for (const ScenarioEvent& event : scenario.events) {
        if (event.kind != EventKind::slow) continue;
        slow_.push_back(&event);
        slowest = std::max(slowest, event.slow.latency);
    }
    latency_max_ += slowest;
    troubles_.resize(scenario.events.size(), 0);
    make_lanes();
    make_workers();
}

std::uint64_t QueueWorld::at(Duration time, Happening what, std::uint32_t number) {
    return loop_.at(time, static_cast<std::uint32_t>(what) << number_bits | number) + 1;
}

void QueueWorld::begin() {
    for (std::uint32_t i = 0; i < traffic_.size(); ++i) {
        for (std::uint64_t n = 0; n < traffic_[i].spec.backlog; ++n) arrive(i, true);
        plan_arrival(i);
    }
    had_backlog_ = backlog_left_ > 0;
    for (std::uint32_t i = 0; i < pools_.size(); ++i) {
        PoolState& pool = pools_[i];
        for (std::uint32_t w = 0; w < pool.spec.workers; ++w) start_worker(pool.first_worker + w);
        if (pool.spec.autoscale) at(pool.spec.autoscale->every, Happening::scale, i);
    }
    for (std::uint32_t i = 0; i < scenario_.events.size(); ++i)
        at(scenario_.events[i].at, Happening::scenario_event, i);
    if (wake_gated_) serve_gated();
    plan_tick();
}

bool QueueWorld::is_over(Duration next) const {
    if (had_backlog_ && backlog_left_ == 0 && scenario_.stop_when_drained) return true;
    if (next <= scenario_.duration + latency_max_) return false;
    return unstarted_ == 0 || next > scenario_.duration + scenario_.duration / 4;
}

WorldResult QueueWorld::run() {
    constexpr std::uint64_t events_between = 8'192;  // a few milliseconds
    begin();
    while (!loop_.empty() && !is_over(loop_.next_time())) {
        if (options_.give_up && loop_.taken() % events_between == 0 && options_.give_up()) {
            WorldResult unfinished;
            unfinished.is_complete = false;
            return unfinished;
        }
        const Event event = loop_.take();
        now_ = event.time;
        handle(event);
        if (wake_gated_) serve_gated();
        plan_tick();
    }
    const bool cut_short = had_backlog_ && backlog_left_ == 0 && scenario_.stop_when_drained;
    if (!cut_short) now_ = std::max(now_, scenario_.duration);
    return collect();
}

void QueueWorld::handle(const Event& event) {
    const auto what = static_cast<Happening>(event.payload >> number_bits);
    const std::uint32_t number = event.payload & number_mask;
    switch (what) {
        case Happening::arrival:
            arrive(number, false);
            plan_arrival(number);
            break;
        case Happening::job_done:
            if (seats_[number].event == event.sequence + 1) finish_job(number);
            break;
        case Happening::rest_over:
            if (seats_[number].event == event.sequence + 1) ask(number);
            break;
        case Happening::beat:
        case Happening::worker_up:
        case Happening::worker_crash:
        case Happening::drain_over: handle_worker(what, number, event.sequence + 1); break;
        case Happening::scale: scale(number); break;
        case Happening::scenario_event: scenario_event(number); break;
        case Happening::trouble_over: end_trouble(number); break;
        case Happening::gate: judge(limits_[number], number); break;
        case Happening::tick:
            tick_at_ = Duration::max();
            if (const auto due = host_.next_deadline(); due && *due <= now_) host_.tick(now_);
            break;
    }
}

void QueueWorld::handle_worker(Happening what, std::uint32_t number, std::uint64_t sequence) {
    WorldWorker& worker = workers_[number];
    if (what == Happening::beat && worker.beat_event == sequence) beat(number);
    if (what == Happening::worker_up && worker.up_event == sequence) start_worker(number);
    if (what == Happening::worker_crash && worker.crash_event == sequence)
        crash_worker(number, pools_[worker.pool].spec.restart);
    if (what == Happening::drain_over && worker.drain_event == sequence) stop_now(number);
}

void QueueWorld::plan_arrival(std::uint32_t traffic) {
    TrafficState& state = traffic_[traffic];
    const auto next = state.arrivals.next();
    if (!next) return;
    state.next_arrival = *next;
    const Duration latency = state.spec.latency + slowness_at(*next).latency;
    // Jobs of one producer do not overtake each other, though the way may take less time by then.
    at(std::max(*next + latency, now_), Happening::arrival, traffic);
}

void QueueWorld::arrive(std::uint32_t traffic, bool of_backlog) {
    TrafficState& state = traffic_[traffic];
    std::uint32_t number = 0;
    if (state.free.empty()) {
        number = host_.make_job(state.spec, lanes_[state.lane].name);
    } else {
        number = state.free.back();
        state.free.pop_back();
    }
    WorldJob& job = host_.jobs()[number];
    job.arrived = of_backlog ? now_ : state.next_arrival;
    job.service = state.spec.service.sample(state.service);
    job.luck = state.luck.unit();
    job.number = state.next_number++;
    job.traffic = traffic;
    job.attempts = 0;
    job.started = false;
    job.of_backlog = of_backlog;
    job.counted = job.arrived >= frame_.begin && job.arrived <= frame_.end;
    if (job.counted) {
        ++state.result.arrived;
        ++unstarted_;
    }
    if (of_backlog) ++backlog_left_;
    host_.push(number, now_);
}

void QueueWorld::on_moved(std::uint32_t number, std::optional<JobState> from, JobState to) {
    WorldJob& job = host_.jobs()[number];
    TrafficState& traffic = traffic_[job.traffic];
    Lane& lane = lanes_[traffic.lane];
    if (from == JobState::enqueued) {
        traffic.waiting.add(-1, now_);
        --lane.ready;
    }
    if (to == JobState::enqueued) {
        traffic.waiting.add(1, now_);
        ++lane.ready;
        wake_gated_ = gated_;
    }
    if (to == JobState::running && gated_) take_limits(lane);
    if (from == JobState::running) {
        if (gated_) give_limits(lane);
        const bool lost = number != answering_;
        if (lost && job.counted) ++traffic.result.lost_attempts;
    }
    if (jobs::is_final(to)) count_final(job, to);
}

void QueueWorld::count_final(WorldJob& job, JobState to) {
    TrafficState& traffic = traffic_[job.traffic];
    if (job.of_backlog && --backlog_left_ == 0) drained_at_ = now_;
    if (to == JobState::succeeded && now_ >= frame_.begin && now_ <= frame_.end)
        ++traffic.done_in_window;
    if (!job.counted) return;
    if (!job.started) {
        job.started = true;
        --unstarted_;
    }
    if (to == JobState::succeeded) {
        ++traffic.result.succeeded;
        traffic.result.response.record(now_ - job.arrived);
    } else if (to == JobState::dead) {
        ++traffic.result.dead;
    } else {
        ++traffic.result.discarded;
    }
}

void QueueWorld::on_forgotten(std::uint32_t number) {
    WorldJob& job = host_.jobs()[number];
    traffic_[job.traffic].free.push_back(number);
}

void QueueWorld::on_delivered(std::uint32_t seat_number, std::uint32_t number) {
    Seat& seat = seats_[seat_number];
    WorldWorker& worker = worker_of(seat);
    PoolState& pool = pools_[worker.pool];
    WorldJob& job = host_.jobs()[number];
    TrafficState& traffic = traffic_[job.traffic];
    ++job.attempts;
    if (!job.started) {
        job.started = true;
        if (job.counted) {
            --unstarted_;
            traffic.result.wait.record(now_ - job.arrived);
        }
        traffic.wait_mean.add(job.arrived, to_seconds(now_ - job.arrived));
    }
    seat.phase = SeatPhase::busy;
    seat.job = number;
    seat.ref.jid = job.body->jid();
    seat.ref.token = job.lease;
    Duration service = job.service;
    double luck = job.luck;
    if (job.attempts > 1) {
        Stream draws =
            further_attempt(options_, traffic.further_attempts, job.number, job.attempts);
        service = traffic.spec.service.sample(draws);
        luck = draws.unit();
    }
    seat.ending = ending_of(traffic, luck);
    double factor = 1 / pool.spec.speed;
    if (seat.ending != Ending::success) factor *= traffic.spec.failures.work_share;
    if (factor != 1)
        service =
            Duration(static_cast<std::int64_t>(static_cast<double>(service.count()) * factor));
    seat.event = at(now_ + service, Happening::job_done, seat_number);
    if (uses_resources_) take_resources(seat, false);
    ++worker.busy;
    pool.busy.add(1, now_);
    if (worker.load) worker.load->add(1, now_);
    mix(static_cast<std::uint64_t>(now_.count()));
    mix(std::uint64_t{seat_number} << 32U | job.traffic);
}

Ending QueueWorld::ending_of(const TrafficState& traffic, double luck) {
    const FailurePolicy& failures = traffic.spec.failures;
    double edge = failures.crash_rate;
    if (luck < edge) return Ending::crash;
    edge += failures.final_rate;
    if (luck < edge) return Ending::final_failure;
    edge += std::max(failures.rate, traffic.trouble);
    return luck < edge ? Ending::failure : Ending::success;
}

void QueueWorld::finish_job(std::uint32_t number) {
    Seat& seat = seats_[number];
    WorldWorker& worker = worker_of(seat);
    if (seat.ending == Ending::crash) {
        crash_worker(seat.worker, pools_[worker.pool].spec.restart);
        return;
    }
    const std::uint32_t job = seat.job;
    free_seat(number);
    answering_ = job;
    if (seat.ending == Ending::success) {
        host_.ack(job, seat.ref, seat.caller, now_);
    } else {
        const WorldJob& failed = host_.jobs()[job];
        if (failed.counted) ++traffic_[failed.traffic].result.failed_attempts;
        host_.fail(job, seat.ref, seat.caller, seat.ending == Ending::final_failure, now_);
    }
    answering_ = UINT32_MAX;
    if (worker.phase == WorkerPhase::draining) {
        close_seat(number);
        if (worker.busy == 0) stop_worker(seat.worker);
        return;
    }
    const Duration overhead = pools_[worker.pool].spec.overhead + slowness_at(now_).overhead;
    if (overhead > Duration{0}) {
        seat.phase = SeatPhase::resting;
        seat.event = at(now_ + overhead, Happening::rest_over, number);
    } else {
        ask(number);
    }
}

void QueueWorld::plan_tick() {
    const auto due = host_.next_deadline();
    if (!due || *due >= tick_at_) return;
    tick_at_ = std::max(*due, now_);
    at(tick_at_, Happening::tick, 0);
}

void QueueWorld::mix(std::uint64_t value) {
    hash_ = (hash_ ^ value) * 0x9e3779b97f4a7c15ULL;
    hash_ ^= hash_ >> 32U;
}

Stream further_attempt(const WorldOptions& options, std::uint64_t purpose, std::uint64_t job,
                       std::uint32_t attempt) {
    return {options.seed, options.replication, purpose + (job << 20U) + attempt};
}

std::string_view to_string(WorkerPhase phase) {
    switch (phase) {
        case WorkerPhase::absent: return "absent";
        case WorkerPhase::starting: return "starting";
        case WorkerPhase::working: return "working";
        case WorkerPhase::draining: return "draining";
    }
    return "";
}

WorldResult run_world(const Scenario& scenario, const WorldOptions& options) {
    return std::make_unique<QueueWorld>(scenario, options)->run();
}

}  // namespace sluice::sim
