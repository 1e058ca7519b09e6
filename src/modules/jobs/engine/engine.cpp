// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/engine/engine.h"

#include "modules/jobs/engine/apply.h"
#include "modules/jobs/engine/places.h"
#include "modules/jobs/engine/waits.h"

#include <algorithm>

namespace sluice::jobs {

namespace {

struct Applier {
    EngineState& state;
    void operator()(const Tick&) const { apply_time(state); }
    void operator()(const Push& c) const { apply_push(state, c); }
    void operator()(const Fetch& c) const { apply_fetch(state, c); }
    void operator()(const Ack& c) const { apply_ack(state, c); }
    void operator()(const Fail& c) const { apply_fail(state, c); }
    void operator()(const Release& c) const { apply_release(state, c); }
    void operator()(const Extend& c) const { apply_extend(state, c); }
    void operator()(const Hello& c) const { apply_hello(state, c); }
    void operator()(const Beat& c) const { apply_beat(state, c); }
    void operator()(const Disconnect& c) const { apply_disconnect(state, c); }
    void operator()(const SignalWorker& c) const { apply_signal(state, c); }
    void operator()(const ChangeQueue& c) const { apply_change_queue(state, c); }
    void operator()(const Sweep& c) const { apply_sweep(state, c); }
    void operator()(const Flush& c) const { apply_flush(state, c); }
    void operator()(const Info& c) const { apply_info(state, c); }
    void operator()(const GetJob& c) const { apply_get_job(state, c); }
    void operator()(const Wait& c) const { apply_wait(state, c); }
    void operator()(const ListJobs& c) const { apply_list_jobs(state, c); }
    void operator()(const GuardDisk& c) const { state.disk_full = c.full; }
    void operator()(const ReadDone& c) const { apply_read(state, c); }
};

/// Which stored jobs a command names, as far as memory does not know them.
struct LookupCollector {
    const EngineState& state;
    std::vector<Sought>& sought;

    void latest(std::string_view jid) const {
        const Slot* newest = state.jobs.newest(jid);
        if (newest != nullptr && !newest->job.head.superseded) return;
        Seq seq = state.finished.find(jid);
        if (!seq) seq = state.dead.find(jid);
        if (planted(state.config, Fault::final_not_found)) seq = Seq{};
        if (seq || state.named > 0) sought.push_back({jid, seq});
    }
    void unless_held(const JobRef& ref, const Caller& caller) const {
        if (find_held(state, ref, caller) == nullptr) latest(ref.jid);
    }
    void operator()(const Push& c) const {
        for (const auto& body : c.jobs) latest(body->jid());
    }
    void operator()(const Ack& c) const {
        for (const auto& done : c.jobs) unless_held(done.job, c.caller);
    }
    void operator()(const Sweep& c) const {
        for (const auto& jid : c.filter.jids) latest(jid);
    }
    void operator()(const GetJob& c) const { latest(c.jid); }
    void operator()(const Wait& c) const {
        for (const auto& jid : c.jids) latest(jid);
    }
    template <class Other>
    void operator()(const Other&) const {}
};

}  // namespace

Engine::Engine(const EngineConfig& config) : state_(std::make_unique<EngineState>(config)) {}
Engine::~Engine() = default;

void Engine::lookups(const Command& command, std::vector<Sought>& sought) const {
    std::visit(LookupCollector{*state_, sought}, command);
}

void Engine::begin_drain(const Lookups& found) {
    state_->lookups = &found;
    state_->overlay.clear();
}

void Engine::apply(const Command& command, WallTime now, Decision& out) {
    EngineState& state = *state_;
    state.now = std::max(state.now, now);
    state.out = &out;
    std::visit(Applier{state}, command);
    for (std::size_t i = 0; i < state.to_serve.size(); ++i) serve(state, *state.to_serve[i]);
    state.to_serve.clear();
    if (state.due.starved()) refill_due(state);  // no deadline would lead to those on disk
    state.out = nullptr;
}

void Engine::end_drain(Decision& out) {
    EngineState& state = *state_;
    if (state.totals_changed && !planted(state.config, Fault::totals_not_written)) {
        out.writes.push_back(PutTotals{state.totals});
    }
    state.totals_changed = false;
    state.lookups = nullptr;
}

void Engine::give_back() {
    state_->jobs.give_back();
    state_->spare = {};
}

std::optional<WallTime> Engine::next_deadline() const {
    const EngineState& state = *state_;
    constexpr WallTime never = WallTime::max();
    WallTime next = state.timers.next_deadline().value_or(never);
    if (state.due.front() != nullptr) next = std::min(next, state.due.front_key().at);
    const auto forget = [&](const Retained& kept, std::size_t max) {
        return kept.size() > max ? state.now : kept.next_deadline().value_or(never);
    };
    if (state.is_clearing()) next = std::min(next, state.now);
    next = std::min(next, forget(state.finished, state.config.finished_max));
    next = std::min(next, forget(state.dead, state.config.dead_max));
    if (next == never) return std::nullopt;
    return next;
}

const std::array<std::uint64_t, job_state_count>& Engine::counts() const { return state_->counts; }
const Totals& Engine::totals() const { return state_->totals; }
std::size_t Engine::resident() const { return state_->jobs.size(); }
std::size_t Engine::waiting() const { return state_->waiters.size(); }

}  // namespace sluice::jobs
