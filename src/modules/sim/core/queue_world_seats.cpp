// SPDX-License-Identifier: Apache-2.0
// Seats ask for jobs: parked in the engine where there are no limits; held back here, in front of
// the gates, where there are.
#include "modules/sim/core/queue_world_state.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace sluice::sim {

namespace {

/// Longer than any scenario: a parked fetch never runs out.
constexpr Duration wait_forever = 24h * 3660;
constexpr std::size_t turns_max = 64;

std::string type_of(const Traffic& traffic) {
    return traffic.type.empty() ? traffic.name : traffic.type;
}

bool applies(const Limit& limit, const Traffic& traffic) {
    return (limit.queue.empty() || limit.queue == traffic.queue) &&
           (limit.tenant.empty() || limit.tenant == traffic.tenant) &&
           (limit.type.empty() || limit.type == type_of(traffic));
}

/// Time between two starts of a rate limit.
Duration interval_of(const Limit& limit) {
    return std::max(Duration{1}, from_seconds(1 / limit.per_second));
}
Duration tolerance_of(const Limit& limit) { return interval_of(limit) * (limit.burst - 1); }

}  // namespace

std::uint32_t QueueWorld::lane_of(const Traffic& traffic) {
    const bool types_matter = std::any_of(scenario_.limits.begin(), scenario_.limits.end(),
                                          [](const Limit& l) { return !l.type.empty(); });
    std::string name = traffic.queue;
    if (!traffic.tenant.empty()) name += "|tenant " + traffic.tenant;
    if (types_matter) name += "|type " + type_of(traffic);
    for (const std::string& need : traffic.needs) name += "|needs " + need;
    for (const ResourceAmount& use : traffic.uses)
        name += "|uses " + std::to_string(use.amount) + " " + use.name;
    const auto known = std::find_if(lanes_.begin(), lanes_.end(),
                                    [&](const Lane& lane) { return lane.name == name; });
    if (known != lanes_.end()) return static_cast<std::uint32_t>(known - lanes_.begin());
    Lane lane{std::move(name), traffic.queue, traffic.needs, traffic.uses, {}, 0};
    for (std::uint32_t i = 0; i < limits_.size(); ++i) {
        if (applies(limits_[i].spec, traffic)) lane.limits.push_back(i);
    }
    lanes_.push_back(std::move(lane));
    return static_cast<std::uint32_t>(lanes_.size() - 1);
}

void QueueWorld::make_lanes() {
    for (TrafficState& traffic : traffic_) traffic.lane = lane_of(traffic.spec);
    for (PoolState& pool : pools_) {
        list_uses(pool);
        make_turns(pool);
    }
}

void QueueWorld::list_uses(PoolState& pool) {
    for (const Lane& lane : lanes_) {
        std::vector<std::uint64_t>& takes = pool.takes.emplace_back();
        for (const ResourceAmount& has : pool.spec.resources) {
            const auto use = std::find_if(lane.uses.begin(), lane.uses.end(),
                                          [&](const auto& u) { return u.name == has.name; });
            takes.push_back(use == lane.uses.end() ? 0 : use->amount);
        }
    }
}

bool QueueWorld::may_take(const PoolState& pool, std::uint32_t worker, std::uint32_t lane) const {
    if (lanes_[lane].ready == 0 || !is_open(lanes_[lane])) return false;
    const std::vector<std::uint64_t>& takes = pool.takes[lane];
    const std::vector<std::uint64_t>& used = workers_[worker].used;
    for (std::size_t i = 0; i < takes.size(); ++i) {
        if (used[i] + takes[i] > pool.spec.resources[i].amount) return false;
    }
    return true;
}

void QueueWorld::take_resources(const Seat& seat, bool give_back) {
    WorldWorker& worker = workers_[seat.worker];
    PoolState& pool = pools_[worker.pool];
    const std::uint32_t lane = traffic_[host_.jobs()[seat.job].traffic].lane;
    const std::vector<std::uint64_t>& takes = pool.takes[lane];
    for (std::size_t i = 0; i < takes.size(); ++i) {
        if (takes[i] == 0) continue;
        const auto amount = static_cast<std::int64_t>(takes[i]);
        worker.used[i] += give_back ? 0 - takes[i] : takes[i];
        SLUICE_CHECK(worker.used[i] <= pool.spec.resources[i].amount);
        pool.most_used[i] = std::max(pool.most_used[i], worker.used[i]);
        pool.used[i].add(give_back ? -amount : amount, now_);
    }
    if (give_back) wake_gated_ = true;
}

void QueueWorld::make_turns(PoolState& pool) {
    std::vector<std::string> queues = pool.spec.queues;
    if (queues.empty()) {
        for (const Lane& lane : lanes_) {
            if (std::find(queues.begin(), queues.end(), lane.queue) == queues.end())
                queues.push_back(lane.queue);
        }
    }
    const auto capable = [&](const Lane& lane) {
        return std::all_of(lane.needs.begin(), lane.needs.end(),
                           [&](const std::string& need) {
                               const auto& has = pool.spec.capabilities;
                               return std::find(has.begin(), has.end(), need) != has.end();
                           }) &&
               std::all_of(lane.uses.begin(), lane.uses.end(), [&](const ResourceAmount& use) {
                   return std::any_of(
                       pool.spec.resources.begin(), pool.spec.resources.end(),
                       [&](const auto& r) { return r.name == use.name && r.amount >= use.amount; });
               });
    };
    std::vector<std::vector<std::uint32_t>> groups;
    std::size_t count = pool.spec.rotate ? queues.size() : 1;
    for (const std::string& queue : queues) {
        std::vector<std::uint32_t> group;
        for (std::uint32_t i = 0; i < lanes_.size(); ++i) {
            if (lanes_[i].queue == queue && capable(lanes_[i])) group.push_back(i);
        }
        if (!group.empty()) count = std::lcm(count, group.size());
        groups.push_back(std::move(group));
    }
    for (std::size_t turn = 0; turn < std::min(count, turns_max); ++turn) {
        std::vector<std::uint32_t> order;
        for (std::size_t g = 0; g < groups.size(); ++g) {
            const auto& group = groups[pool.spec.rotate ? (g + turn) % groups.size() : g];
            for (std::size_t i = 0; i < group.size(); ++i)
                order.push_back(group[(i + turn) % group.size()]);
        }
        jobs::Fetch fetch;
        fetch.wait = wait_forever;
        fetch.mode = pool.spec.extended ? jobs::LeaseMode::beat : jobs::LeaseMode::fixed;
        for (const std::uint32_t lane : order) fetch.queues.push_back(lanes_[lane].name);
        pool.gated_fetch = fetch;
        pool.gated_fetch.wait = Duration{0};
        pool.fetches.push_back(std::move(fetch));
        pool.turns.push_back(std::move(order));
    }
}

void QueueWorld::ask(std::uint32_t number) {
    Seat& seat = seats_[number];
    PoolState& pool = pools_[worker_of(seat).pool];
    seat.event = 0;
    if (gated_) {
        seat.phase = SeatPhase::idle;
        seat.idle_since = now_;
        if (!seat.queued) pool.idle.push_back(number);
        seat.queued = true;
        wake_gated_ = true;
        return;
    }
    seat.phase = SeatPhase::asking;
    jobs::Fetch& fetch = pool.fetches[pool.turn];
    pool.turn = (pool.turn + 1) % pool.fetches.size();
    fetch.caller = seat.caller;
    host_.fetch(number, fetch, now_);
}

void QueueWorld::on_nothing(std::uint32_t number) {
    Seat& seat = seats_[number];
    if (seat.phase == SeatPhase::asking) seat.phase = SeatPhase::idle;
}

bool QueueWorld::is_open(const Lane& lane) const {
    return std::all_of(lane.limits.begin(), lane.limits.end(),
                       [this](std::uint32_t limit) { return limits_[limit].is_open; });
}

bool QueueWorld::has_work(const PoolState& pool) const {
    const auto& lanes = pool.turns.front();
    return std::any_of(lanes.begin(), lanes.end(), [this](std::uint32_t lane) {
        return lanes_[lane].ready > 0 && is_open(lanes_[lane]);
    });
}

/// The place in the idle list of the first seat that may have a job now; its size: none. Without
/// resources every seat may have what the first one may.
std::size_t QueueWorld::first_served(const PoolState& pool) const {
    if (pool.idle.empty() || !has_work(pool)) return pool.idle.size();
    if (!uses_resources_) return 0;
    const auto& lanes = pool.turns.front();
    for (std::size_t i = 0; i < pool.idle.size(); ++i) {
        const Seat& seat = seats_[pool.idle[i]];
        if (seat.phase != SeatPhase::idle) continue;
        const auto fits = [&](std::uint32_t lane) { return may_take(pool, seat.worker, lane); };
        if (std::any_of(lanes.begin(), lanes.end(), fits)) return i;
    }
    return pool.idle.size();
}

void QueueWorld::serve_gated() {
    for (;;) {
        PoolState* best = nullptr;
        std::size_t best_place = 0;
        Duration since = Duration::max();
        for (PoolState& pool : pools_) {
            while (!pool.idle.empty() && seats_[pool.idle.front()].phase != SeatPhase::idle) {
                seats_[pool.idle.front()].queued = false;
                pool.idle.pop_front();
            }
            const std::size_t place = first_served(pool);
            if (place == pool.idle.size()) continue;
            if (seats_[pool.idle[place]].idle_since < since) {
                best = &pool;
                best_place = place;
                since = seats_[pool.idle[place]].idle_since;
            }
        }
        if (best == nullptr || !fetch_gated(*best, best_place)) break;
    }
    wake_gated_ = false;
}

bool QueueWorld::fetch_gated(PoolState& pool, std::size_t place) {
    const auto at = pool.idle.begin() + static_cast<std::ptrdiff_t>(place);
    const std::uint32_t number = *at;
    pool.idle.erase(at);
    Seat& seat = seats_[number];
    seat.queued = false;
    seat.phase = SeatPhase::asking;
    jobs::Fetch& fetch = pool.gated_fetch;
    fetch.queues.clear();
    for (const std::uint32_t lane : pool.turns[pool.turn]) {
        if (may_take(pool, seat.worker, lane)) fetch.queues.push_back(lanes_[lane].name);
    }
    pool.turn = (pool.turn + 1) % pool.turns.size();
    fetch.caller = seat.caller;
    host_.fetch(number, fetch, now_);
    if (seat.phase == SeatPhase::busy) return true;
    pool.idle.push_front(number);
    seat.queued = true;
    return false;
}

void QueueWorld::take_limits(const Lane& lane) {
    for (const std::uint32_t number : lane.limits) {
        LimitState& limit = limits_[number];
        ++limit.running;
        if (limit.spec.kind == LimitKind::rate)
            limit.next = std::max(limit.next, now_) + interval_of(limit.spec);
        judge(limit, number);
    }
}

void QueueWorld::give_limits(const Lane& lane) {
    for (const std::uint32_t number : lane.limits) {
        --limits_[number].running;
        judge(limits_[number], number);
    }
}

void QueueWorld::judge(LimitState& limit, std::uint32_t number) {
    bool open = limit.running < limit.spec.at_once;
    if (limit.spec.kind == LimitKind::rate) {
        const Duration opens_at = limit.next - tolerance_of(limit.spec);
        open = opens_at <= now_;
        if (!open && limit.is_open) at(opens_at, Happening::gate, number);
    }
    if (open == limit.is_open) return;
    limit.is_open = open;
    limit.closed.add(open ? -1 : 1, now_);
    if (open) wake_gated_ = true;
}

}  // namespace sluice::sim
