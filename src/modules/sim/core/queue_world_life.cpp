// SPDX-License-Identifier: Apache-2.0
// Workers come and go: start, heartbeat, drain, crash, deploys, autoscaling, and what the scenario
// lets happen to them.
#include "modules/sim/core/queue_world_state.h"

#include <algorithm>
#include <cmath>

namespace sluice::sim {

namespace {

Duration beat_period(const Pool& pool) { return pool.extended ? Duration(5s) : Duration(15s); }

struct WorkerCount {
    std::uint32_t present = 0;  ///< Those that are starting included.
    std::uint32_t working = 0;
};

/// How many workers the rule wants now, before any delay.
std::uint32_t wanted_workers(const Autoscale& rule, double metric, WorkerCount count) {
    const std::uint32_t present = count.present;
    if (rule.target > 0) {
        // Those that are starting have no load yet.
        const bool of_load = rule.metric == ScaleMetric::utilisation;
        const std::uint32_t measured = std::max(1U, of_load ? count.working : present);
        const double ratio = metric / rule.target;
        if (std::fabs(ratio - 1) <= rule.tolerance) return present;
        const double wanted = std::min(std::ceil(measured * ratio - 1e-9), 1e6);
        return std::clamp(static_cast<std::uint32_t>(wanted), rule.min, rule.max);
    }
    if (metric > rule.up_above) return std::max(present, std::min(present + rule.step, rule.max));
    if (metric < rule.down_below && present > rule.min)
        return std::max(rule.min, present - std::min(rule.step, present));
    return present;
}

}  // namespace

void QueueWorld::make_workers() {
    for (std::uint32_t p = 0; p < pools_.size(); ++p) {
        PoolState& pool = pools_[p];
        pool.first_worker = static_cast<std::uint32_t>(workers_.size());
        const std::uint32_t most = pool.spec.autoscale ? pool.spec.autoscale->max : 0;
        pool.worker_count = std::max(pool.spec.workers, most);
        for (std::uint32_t n = 0; n < pool.worker_count; ++n) {
            WorldWorker worker;
            worker.pool = p;
            worker.number = n;
            worker.first_seat = static_cast<std::uint32_t>(seats_.size());
            worker.used.resize(pool.spec.resources.size(), 0);
            for (std::uint32_t s = 0; s < pool.spec.slots; ++s)
                seats_.emplace_back().worker = static_cast<std::uint32_t>(workers_.size());
            if (options_.record_workers && workers_.size() < WorldResult::workers_max)
                worker.load = std::make_unique<Level>(frame_);
            workers_.push_back(std::move(worker));
        }
    }
}

void QueueWorld::set_phase(WorldWorker& worker, WorkerPhase phase) {
    PoolState& pool = pools_[worker.pool];
    const auto present = [](WorkerPhase p) {
        return p == WorkerPhase::working || p == WorkerPhase::draining;
    };
    const int change = static_cast<int>(present(phase)) - static_cast<int>(present(worker.phase));
    if (change != 0) {
        pool.workers.add(change, now_);
        pool.slots.add(change * static_cast<std::int64_t>(pool.spec.slots), now_);
    }
    worker.phase = phase;
    if (worker.load) worker.phases.emplace_back(now_, phase);
}

void QueueWorld::start_worker(std::uint32_t number) {
    WorldWorker& worker = workers_[number];
    PoolState& pool = pools_[worker.pool];
    worker.up_event = 0;
    worker.leaving = false;
    worker.wid =
        std::make_shared<const std::string>(pool.spec.name + "-" + std::to_string(worker.number) +
                                            "-" + std::to_string(worker.generation++));
    set_phase(worker, WorkerPhase::working);
    if (worker.deploying) left_batch(worker);
    worker.beat_event = at(now_ + beat_period(pool.spec), Happening::beat, number);
    if (pool.spec.crashes_per_hour > 0) {
        const double hours = pool.crashes.exponential() / pool.spec.crashes_per_hour;
        worker.crash_event = at(now_ + from_seconds(hours * 3600), Happening::worker_crash, number);
    }
    for (std::uint32_t s = 0; s < pool.spec.slots; ++s) {
        Seat& seat = seats_[worker.first_seat + s];
        seat.caller = {jobs::ConnectionId(next_connection_++), worker.wid};
        host_.hello(seat.caller, pool.spec.extended, now_);
        ask(worker.first_seat + s);
    }
}

void QueueWorld::bring_up(std::uint32_t number, Duration delay) {
    set_phase(workers_[number], WorkerPhase::starting);
    workers_[number].up_event = at(now_ + delay, Happening::worker_up, number);
}

void QueueWorld::beat(std::uint32_t number) {
    WorldWorker& worker = workers_[number];
    const PoolState& pool = pools_[worker.pool];
    worker.beat_event = at(now_ + beat_period(pool.spec), Happening::beat, number);
    std::vector<jobs::LeaseToken> leases;
    for (std::uint32_t s = 0; pool.spec.extended && s < pool.spec.slots; ++s) {
        const Seat& seat = seats_[worker.first_seat + s];
        if (seat.phase == SeatPhase::busy) leases.push_back(seat.ref.token);
    }
    host_.beat({{}, worker.wid}, leases, now_);
}

void QueueWorld::free_seat(std::uint32_t number) {
    Seat& seat = seats_[number];
    WorldWorker& worker = worker_of(seat);
    seat.event = 0;
    seat.phase = SeatPhase::closed;
    if (uses_resources_) take_resources(seat, true);
    --worker.busy;
    pools_[worker.pool].busy.add(-1, now_);
    if (worker.load) worker.load->add(-1, now_);
}

void QueueWorld::close_seat(std::uint32_t number) {
    Seat& seat = seats_[number];
    if (seat.phase == SeatPhase::busy) free_seat(number);
    seat.phase = SeatPhase::closed;
    seat.event = 0;
    host_.disconnect(seat.caller, now_);
}

void QueueWorld::stop_worker(std::uint32_t number) {
    WorldWorker& worker = workers_[number];
    worker.beat_event = worker.crash_event = worker.drain_event = 0;
    set_phase(worker, WorkerPhase::absent);
    if (worker.deploying) bring_up(number, pools_[worker.pool].deploy.spec.restart);
}

void QueueWorld::drain_worker(std::uint32_t number, std::optional<Duration> limit) {
    WorldWorker& worker = workers_[number];
    const PoolState& pool = pools_[worker.pool];
    set_phase(worker, WorkerPhase::draining);
    for (std::uint32_t s = 0; s < pool.spec.slots; ++s) {
        if (seats_[worker.first_seat + s].phase != SeatPhase::busy)
            close_seat(worker.first_seat + s);
    }
    if (worker.busy == 0) {
        stop_worker(number);
    } else if (limit) {
        worker.drain_event = at(now_ + *limit, Happening::drain_over, number);
    }
}

void QueueWorld::stop_now(std::uint32_t number) {
    WorldWorker& worker = workers_[number];
    PoolState& pool = pools_[worker.pool];
    for (std::uint32_t s = 0; s < pool.spec.slots; ++s) {
        const std::uint32_t seat = worker.first_seat + s;
        if (seats_[seat].phase != SeatPhase::busy) continue;
        ++pool.result.returned;
        answering_ = seats_[seat].job;
        host_.release(seats_[seat].ref, seats_[seat].caller, now_);
        answering_ = UINT32_MAX;
        close_seat(seat);
    }
    stop_worker(number);
}

void QueueWorld::crash_worker(std::uint32_t number, std::optional<Duration> back_after) {
    WorldWorker& worker = workers_[number];
    PoolState& pool = pools_[worker.pool];
    ++pool.result.crashes;
    worker.beat_event = worker.crash_event = worker.drain_event = 0;
    for (std::uint32_t s = 0; s < pool.spec.slots; ++s) {
        if (seats_[worker.first_seat + s].phase != SeatPhase::closed)
            close_seat(worker.first_seat + s);
    }
    set_phase(worker, WorkerPhase::absent);
    if (back_after && !worker.leaving) {
        bring_up(number, *back_after);
    } else if (worker.deploying) {
        left_batch(worker);
    }
}

std::uint32_t QueueWorld::pool_named(const std::string& name) const {
    for (std::uint32_t i = 0; i < pools_.size(); ++i) {
        if (pools_[i].spec.name == name) return i;
    }
    SLUICE_CHECK(false);  // check_scenario() has seen to it
    return 0;
}

void QueueWorld::scenario_event(std::uint32_t number) {
    const ScenarioEvent& event = scenario_.events[number];
    if (event.every > Duration{0}) at(now_ + event.every, Happening::scenario_event, number);
    switch (event.kind) {
        case EventKind::workers_lost: lose_workers(event.lost); break;
        case EventKind::deploy: start_deploy(event.deploy); break;
        case EventKind::trouble: start_trouble(number); break;
        case EventKind::slow: break;  // asked for with each job: slowness_at()
    }
}

void QueueWorld::lose_workers(const WorkersLost& lost) {
    const PoolState& pool = pools_[pool_named(lost.pool)];
    std::vector<std::uint32_t> present;
    for (std::uint32_t w = 0; w < pool.worker_count; ++w) {
        const WorkerPhase phase = workers_[pool.first_worker + w].phase;
        if (phase == WorkerPhase::working || phase == WorkerPhase::draining)
            present.push_back(pool.first_worker + w);
    }
    const auto count =
        static_cast<std::size_t>(std::ceil(static_cast<double>(present.size()) * lost.share));
    std::optional<Duration> back;
    if (lost.length > Duration{0}) back = lost.length;
    for (std::size_t i = 0; i < count; ++i) crash_worker(present[i], back);
}

void QueueWorld::start_trouble(std::uint32_t number) {
    ++troubles_[number];
    at(now_ + scenario_.events[number].trouble.length, Happening::trouble_over, number);
    set_trouble();
}

void QueueWorld::end_trouble(std::uint32_t number) {
    --troubles_[number];
    set_trouble();
}

void QueueWorld::set_trouble() {
    for (TrafficState& traffic : traffic_) {
        traffic.trouble = 0;
        for (std::size_t i = 0; i < troubles_.size(); ++i) {
            const Trouble& trouble = scenario_.events[i].trouble;
            const bool meant = trouble.traffic.empty() || trouble.traffic == traffic.spec.name;
            if (troubles_[i] > 0 && meant)
                traffic.trouble = std::max(traffic.trouble, trouble.rate);
        }
    }
}

Slowness QueueWorld::slowness_at(Duration time) const {
    Slowness most{.length = Duration{0}};
    for (const ScenarioEvent* event : slow_) {
        if (time < event->at) continue;
        const Duration since = time - event->at;
        const Slowness& slow = event->slow;
        if ((event->every > Duration{0} ? since % event->every : since) >= slow.length) continue;
        most.latency = std::max(most.latency, slow.latency);
        most.overhead = std::max(most.overhead, slow.overhead);
    }
    return most;
}

void QueueWorld::start_deploy(const Deploy& deploy) {
    const std::uint32_t number = pool_named(deploy.pool);
    DeployState& state = pools_[number].deploy;
    if (state.active) return;  // one after the other: a second one finds nothing to replace
    state = {true, deploy, 0, 0};
    step_deploy(number);
}

void QueueWorld::step_deploy(std::uint32_t number) {
    PoolState& pool = pools_[number];
    DeployState& state = pool.deploy;
    const std::uint32_t batch = state.spec.batch == 0 ? pool.worker_count : state.spec.batch;
    while (state.in_batch < batch && state.next < pool.worker_count) {
        const std::uint32_t worker = pool.first_worker + state.next++;
        if (workers_[worker].phase != WorkerPhase::working) continue;
        workers_[worker].deploying = true;
        ++state.in_batch;
        drain_worker(worker, state.spec.drain);
    }
    if (state.in_batch == 0) state.active = false;
}

void QueueWorld::left_batch(WorldWorker& worker) {
    worker.deploying = false;
    if (--pools_[worker.pool].deploy.in_batch == 0) step_deploy(worker.pool);
}

double QueueWorld::scale_metric(PoolState& pool, std::uint32_t present) {
    const Autoscale& rule = *pool.spec.autoscale;
    switch (rule.metric) {
        case ScaleMetric::waiting_per_worker: {
            std::int64_t ready = 0;
            for (const std::uint32_t lane : pool.turns.front()) ready += lanes_[lane].ready;
            return static_cast<double>(ready) / std::max(1U, present);
        }
        case ScaleMetric::oldest_wait: {
            std::vector<std::string> names;
            for (const std::uint32_t lane : pool.turns.front()) names.push_back(lanes_[lane].name);
            return to_seconds(host_.oldest_wait(names, now_));
        }
        case ScaleMetric::utilisation: {
            pool.busy.advance(now_);
            pool.slots.advance(now_);
            const double busy = pool.busy.area() - pool.busy_before;
            const double slots = pool.slots.area() - pool.slots_before;
            pool.busy_before = pool.busy.area();
            pool.slots_before = pool.slots.area();
            return slots > 0 ? busy / slots : 0;
        }
    }
    return 0;
}

void QueueWorld::scale(std::uint32_t number) {
    PoolState& pool = pools_[number];
    const Autoscale& rule = *pool.spec.autoscale;
    at(now_ + rule.every, Happening::scale, number);
    std::uint32_t present = 0;
    std::uint32_t working = 0;
    for (std::uint32_t w = 0; w < pool.worker_count; ++w) {
        const WorldWorker& worker = workers_[pool.first_worker + w];
        if (worker.phase == WorkerPhase::absent || worker.leaving) continue;
        ++present;
        if (worker.phase == WorkerPhase::working) ++working;
    }
    const double metric = scale_metric(pool, present);
    const std::uint64_t before = pool.result.scaled_up + pool.result.scaled_down;
    const std::uint32_t steady =
        steadied(pool, wanted_workers(rule, metric, {present, working}), present);
    if (now_ < pool.scale_not_before || steady == present) return;
    if (steady > present) {
        add_workers(pool, steady - present);
    } else {
        remove_workers(pool, present - steady);
    }
    if (pool.result.scaled_up + pool.result.scaled_down > before)
        pool.scale_not_before = now_ + rule.cooldown;
}

/// Of the looks within the delay the one that wanted most decides how few may stay.
std::uint32_t QueueWorld::steadied(PoolState& pool, std::uint32_t wanted,
                                   std::uint32_t present) const {
    const Duration delay = pool.spec.autoscale->scale_in_delay;
    while (!pool.wanted.empty() && pool.wanted.front().first < now_ - delay)
        pool.wanted.pop_front();
    pool.wanted.emplace_back(now_, wanted);
    if (wanted >= present) return wanted;
    std::uint32_t most = wanted;
    for (const auto& [at, count] : pool.wanted) most = std::max(most, count);
    // Before the first delay is over nobody knows what the looks before it would have wanted.
    return now_ < delay ? present : std::min(most, present);
}

void QueueWorld::add_workers(PoolState& pool, std::uint32_t count) {
    for (std::uint32_t w = 0; w < pool.worker_count && count > 0; ++w) {
        WorldWorker& worker = workers_[pool.first_worker + w];
        if (worker.phase != WorkerPhase::absent) continue;
        worker.leaving = false;
        bring_up(pool.first_worker + w, pool.spec.autoscale->delay);
        ++pool.result.scaled_up;
        --count;
    }
}

void QueueWorld::remove_workers(PoolState& pool, std::uint32_t count) {
    for (std::uint32_t w = pool.worker_count; w-- > 0 && count > 0;) {
        WorldWorker& worker = workers_[pool.first_worker + w];
        if (worker.phase != WorkerPhase::working || worker.leaving) continue;
        worker.leaving = true;
        drain_worker(pool.first_worker + w, std::nullopt);
        ++pool.result.scaled_down;
        --count;
    }
}

}  // namespace sluice::sim
