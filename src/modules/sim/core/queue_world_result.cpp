// SPDX-License-Identifier: Apache-2.0
// What is left of a replication: counts, means, series and the workers' lives.
#include "modules/sim/core/queue_world_state.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sluice::sim {

namespace {

/// Loads are told in tenths, so that a worker's life is a few dozen pieces.
double in_tenths(double share) { return std::round(share * 10) / 10; }

}  // namespace

WorkerLife QueueWorld::life_of(WorldWorker& worker) const {
    WorkerLife life;
    life.pool = worker.pool;
    life.number = worker.number;
    worker.load->advance(now_);
    const Duration end = std::min(now_, frame_.end);
    const std::vector<double> load = worker.load->series(end);
    const double slots = pools_[worker.pool].spec.slots;
    std::size_t next_phase = 0;
    WorkerPhase phase = WorkerPhase::absent;
    Duration at{0};
    while (at < end) {
        while (next_phase < worker.phases.size() && worker.phases[next_phase].first <= at)
            phase = worker.phases[next_phase++].second;
        const auto bin = static_cast<std::size_t>(at / frame_.bin);
        Duration to = std::min(end, frame_.bin * static_cast<std::int64_t>(bin + 1));
        if (next_phase < worker.phases.size()) to = std::min(to, worker.phases[next_phase].first);
        const bool present = phase == WorkerPhase::working || phase == WorkerPhase::draining;
        const double busy = present ? in_tenths(std::min(1.0, load[bin] / slots)) : 0.0;
        if (!life.spans.empty() && life.spans.back().phase == phase &&
            life.spans.back().busy == busy) {
            life.spans.back().to = to;
        } else {
            life.spans.push_back({at, to, phase, busy});
        }
        at = to;
    }
    return life;
}

WorldResult QueueWorld::collect() {
    WorldResult out;
    out.end = now_;
    const Duration end = std::min(now_, frame_.end);
    // Jobs that nobody took are counted with the wait they have had, which is too short.
    for (const WorldJob& job : host_.jobs()) {
        if (!job.state || !job.counted || job.started) continue;
        TrafficResult& result = traffic_[job.traffic].result;
        ++result.unstarted;
        result.wait.record(now_ - job.arrived);
    }
    const double window = to_seconds(end - frame_.begin);
    for (TrafficState& traffic : traffic_) {
        traffic.waiting.advance(now_);
        traffic.result.waiting_mean = traffic.waiting.mean(end);
        traffic.result.waiting = traffic.waiting.series(end);
        traffic.result.wait_mean = traffic.wait_mean.series();
        if (window > 0)
            traffic.result.throughput = static_cast<double>(traffic.done_in_window) / window;
        out.traffic.push_back(std::move(traffic.result));
    }
    for (PoolState& pool : pools_) {
        pool.busy.advance(now_);
        pool.slots.advance(now_);
        pool.workers.advance(now_);
        const double slots = pool.slots.mean(end);
        pool.result.busy_share = slots > 0 ? pool.busy.mean(end) / slots : 0;
        pool.result.workers_mean = pool.workers.mean(end);
        pool.result.busy = pool.busy.series(end);
        pool.result.slots = pool.slots.series(end);
        for (std::size_t i = 0; i < pool.used.size(); ++i) {
            pool.used[i].advance(now_);
            const auto each = static_cast<double>(pool.spec.resources[i].amount);
            const double had = pool.workers.mean(end) * each;
            ResourceResult one{.used_share = had > 0 ? pool.used[i].mean(end) / had : 0,
                               .most = pool.most_used[i],
                               .used = pool.used[i].series(end)};
            for (std::size_t bin = 0; bin < one.used.size(); ++bin) {
                const double workers = pool.result.slots[bin] / pool.spec.slots;
                one.used[bin] = workers > 0 ? std::min(1.0, one.used[bin] / (workers * each)) : 0;
            }
            pool.result.resources.push_back(std::move(one));
        }
        out.pools.push_back(std::move(pool.result));
    }
    for (LimitState& limit : limits_) {
        limit.closed.advance(now_);
        out.limits.push_back({limit.closed.mean(end)});
    }
    for (WorldWorker& worker : workers_) {
        if (worker.load) out.workers.push_back(life_of(worker));
    }
    if (had_backlog_) out.drained_at = drained_at_;
    out.events = loop_.taken();
    out.decisions = host_.decisions();
    out.deliveries = host_.deliveries();
    out.refills = host_.refills();
    out.hash = hash_;
    return out;
}

}  // namespace sluice::sim
