// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/politeness/gates.h"

#include "kernel/base/check.h"
#include "modules/crawl/core/politeness/faults.h"

#include <algorithm>

namespace sluice::crawl {
namespace {

constexpr Fault charge_fault(GateKind kind) {
    if (kind == GateKind::address) return Fault::address_not_charged;
    return kind == GateKind::domain ? Fault::domain_not_charged : Fault::crawl_not_charged;
}

}  // namespace

std::string_view to_string(GateKind kind) {
    switch (kind) {
        case GateKind::crawl: return "crawl";
        case GateKind::domain: return "domain";
        case GateKind::address: return "address";
    }
    return "";
}

Gates::Gates(const GateConfig& config) : config_(config) { gates_.emplace_back(); }

GateId Gates::address(std::string_view text) { return intern(GateKind::address, text); }
GateId Gates::domain(std::string_view name) { return intern(GateKind::domain, name); }

GateId Gates::intern(GateKind kind, std::string_view name) {
    std::string key(kind == GateKind::address ? "a" : "d");
    key += name;
    const auto known = names_.find(key);
    if (known != names_.end()) {
        ++gates_[known->second].users;
        return known->second;
    }
    if (names_.size() >= forget_at_) forget_unused();
    GateId id = 0;
    if (free_.empty()) {
        id = static_cast<GateId>(gates_.size());
        gates_.emplace_back();
    } else {
        id = free_.back();
        free_.pop_back();
        gates_[id] = Gate{};
    }
    Gate& gate = gates_[id];
    gate.kind = kind;
    gate.name = key;
    gate.users = 1;
    if (const auto& rate = limit_of(gate).rate; rate && spent_at_)
        gate.full_at = *spent_at_ + Gcra(*rate).filling_time();
    names_.emplace(std::move(key), id);
    return id;
}

void Gates::let_go(GateId gate) {
    SLUICE_CHECK(gates_[gate].users > 0);
    --gates_[gate].users;
}

// A gate may be forgotten when nobody uses it and its bucket is full, so that a new one is the
// same. "Full" is judged by the newest start, because no time is passed in here.
void Gates::forget_unused() {
    for (auto it = names_.begin(); it != names_.end();) {
        Gate& gate = gates_[it->second];
        if (gate.users == 0 && gate.running == 0 && gate.full_at <= newest_start_) {
            free_.push_back(it->second);
            it = names_.erase(it);
        } else {
            ++it;
        }
    }
    forget_at_ = std::max<std::size_t>(1024, names_.size() * 2);
}

const GateLimit& Gates::limit_of(const Gate& gate) const {
    switch (gate.kind) {
        case GateKind::crawl: return config_.crawl;
        case GateKind::domain: return config_.domain;
        case GateKind::address: return config_.address;
    }
    return config_.crawl;
}

std::optional<WallTime> Gates::opens_at(const Gate& gate, HostId host, WallTime now) const {
    const GateLimit& limit = limit_of(gate);
    if (gate.holder && gate.holder != host) return std::nullopt;
    if (limit.running_max != 0 && gate.running >= limit.running_max) return std::nullopt;
    if (!limit.rate) return now;
    WallTime full_at = gate.full_at;
    return now + Gcra(*limit.rate).take(full_at, now, 1).retry_after;
}

void Gates::charge(Gate& gate, WallTime now) {
    ++gate.running;
    gate.holder = {};
    newest_start_ = std::max(newest_start_, now);
    const auto& rate = limit_of(gate).rate;
    if (!rate) return;
    if (planted(config_.faults, charge_fault(gate.kind))) return;
    const bool there = Gcra(*rate).take(gate.full_at, now, 1).allowed;
    SLUICE_CHECK(there);
}

bool Gates::start(HostId host, Route route, WallTime now) {
    const auto gates = in_order(route);
    const auto it = waits_.find(host);
    const bool came_back = it != waits_.end();
    if (came_back) take_turn(host, it->second, route, now);
    const bool patient = came_back && it->second.lost >= config_.patience;
    std::optional<GateId> shut;
    WallTime latest = now;
    for (const GateId id : gates) {
        const auto opens = opens_at(gates_[id], host, now);
        if (opens && *opens <= now) continue;
        // A patient host goes through the gates in their order; others wait at the last to open.
        if (patient || !opens) {
            shut = id;
            break;
        }
        if (!shut || *opens > latest) {
            shut = id;
            latest = *opens;
        }
    }
    if (shut) {
        Wait& wait = waits_[host];
        if (came_back) ++wait.lost;
        wait.route = route;
        if (patient) hold_before(host, wait, *shut, now);
        queue_up(host, wait, *shut, now);
        return false;
    }
    waits_.erase(host);
    for (const GateId id : gates) {
        charge(gates_[id], now);
        rearm(id, now);
    }
    return true;
}

// A host that moved to another address keeps its rank, not what it holds on the old way.
void Gates::take_turn(HostId host, Wait& wait, Route route, WallTime now) {
    SLUICE_CHECK(!wait.in_line);
    if (route == wait.route) return;
    release_holds(host, wait, now);
    wait.holds = false;
}

// Holding in one order (address, domain, crawl) is what keeps two patient hosts from waiting for
// each other.
void Gates::hold_before(HostId host, Wait& wait, GateId blocked, WallTime now) {
    for (const GateId id : in_order(wait.route)) {
        if (id == blocked) break;
        gates_[id].holder = host;
        wait.holds = true;
        rearm(id, now);
    }
}

void Gates::release_holds(HostId host, const Wait& wait, WallTime now) {
    if (!wait.holds) return;
    for (const GateId id : in_order(wait.route)) {
        if (gates_[id].holder != host) continue;
        gates_[id].holder = {};
        rearm(id, now);
    }
}

void Gates::queue_up(HostId host, Wait& wait, GateId gate, WallTime now) {
    wait.gate = gate;
    wait.stamp = next_stamp_++;
    wait.in_line = true;
    Gate& there = gates_[gate];
    ++there.waiting;
    auto& line = wait.lost >= config_.patience ? there.patient_line : there.line;
    line.push_back({host, wait.stamp});
    rearm(gate, now);
}

void Gates::finished(Route route, WallTime now) {
    for (const GateId id : in_order(route)) {
        Gate& gate = gates_[id];
        SLUICE_CHECK(gate.running > 0);
        if (!planted(config_.faults, Fault::running_not_given_back)) --gate.running;
        rearm(id, now);
    }
}

void Gates::withdraw(HostId host, WallTime now) {
    const auto it = waits_.find(host);
    if (it == waits_.end()) return;
    const Wait wait = it->second;
    waits_.erase(it);
    release_holds(host, wait, now);
    if (!wait.in_line) return;
    --gates_[wait.gate].waiting;
    rearm(wait.gate, now);
}

// The first in line that has not left meanwhile; its turn has come.
std::optional<HostId> Gates::take_first(Gate& gate) {
    for (auto* line : {&gate.patient_line, &gate.line}) {
        while (!line->empty()) {
            const InLine first = line->front();
            line->pop_front();
            const auto it = waits_.find(first.host);
            if (it == waits_.end() || it->second.stamp != first.stamp) continue;
            it->second.in_line = false;
            --gate.waiting;
            return first.host;
        }
    }
    return std::nullopt;
}

std::optional<HostId> Gates::next_ready(WallTime now) {
    while (const GateId* due = timers_.front()) {
        if (*timers_.next_deadline() > now) return std::nullopt;
        const GateId id = *due;
        const auto host = take_first(gates_[id]);
        if (planted(config_.faults, Fault::gate_forgets_waiter) && gates_[id].waiting > 2)
            waits_.erase(*take_first(gates_[id]));
        rearm(id, now);
        if (host) return host;
    }
    return std::nullopt;
}

// The timer of a gate runs exactly while somebody waits who could pass by time alone. Who holds the
// gate waits in the line of another.
void Gates::rearm(GateId id, WallTime now) {
    Gate& gate = gates_[id];
    if (gate.waiting == 0) {
        gate.patient_line.clear();
        gate.line.clear();
    }
    const auto opens = gate.waiting == 0 ? std::nullopt : opens_at(gate, HostId{}, now);
    if (!opens) {
        timers_.remove(gate.timer);
    } else if (!timers_.contains(gate.timer)) {
        gate.timer = timers_.push(*opens, id);
    } else if (timers_.deadline_of(gate.timer) != *opens) {
        timers_.reschedule(gate.timer, *opens);
    }
}

void Gates::assume_spent(WallTime now) {
    spent_at_ = now;
    for (GateId id = 0; id < gates_.size(); ++id) {
        Gate& gate = gates_[id];
        const auto& rate = limit_of(gate).rate;
        if (!rate) continue;
        gate.full_at = std::max(gate.full_at, now + Gcra(*rate).filling_time());
        rearm(id, now);
    }
}

void Gates::set_limits(const GateConfig& config, WallTime now) {
    config_ = config;
    for (GateId id = 0; id < gates_.size(); ++id) rearm(id, now);
}

std::optional<GateKind> Gates::waits_at(HostId host) const {
    const auto it = waits_.find(host);
    if (it == waits_.end() || !it->second.in_line) return std::nullopt;
    return gates_[it->second.gate].kind;
}

}  // namespace sluice::crawl
