// SPDX-License-Identifier: Apache-2.0
// Workers come, beat, fall silent and go.
#include "modules/jobs/engine/apply.h"
#include "modules/jobs/engine/places.h"
#include "modules/jobs/engine/waits.h"

#include <algorithm>

namespace sluice::jobs {

namespace {

Duration silence_allowed(const EngineState& state, const Worker& worker) {
    return worker.extended ? state.config.extended_silence : state.config.worker_silence;
}

/// Gives back everything that the worker holds, except jobs that asked to wait for their lease.
void lose_worker(EngineState& state, Worker& worker) {
    std::vector<Seq> held;
    for (const Slot* slot : worker.running) held.push_back(slot->job.head.seq);
    std::sort(held.begin(), held.end());
    state.out->notes.push_back({"worker_lost", *worker.wid});
    const std::uint64_t number = worker.number;  // the record may go with its last lease
    for (const Seq seq : held) {
        Slot* slot = state.jobs.find(seq);
        if (!slot->job.body->policy().wait_when_worker_lost) lose_lease(state, slot);
    }
    if (Worker* rest = state.workers.find(number); rest != nullptr) {
        for (Slot* slot : rest->running)
            slot->worker = nullptr;  // these wait for their lease, without a holder
        rest->running.clear();
        drop_if_gone(state, *rest);
    }
}

/// The connection has ended: nothing that it asked for is answered.
void drop_parked(EngineState& state, ConnectionId connection) {
    const auto it = state.parked.find(connection);
    if (it == state.parked.end()) return;
    const std::vector<TicketId> tickets = it->second;
    for (const TicketId ticket : tickets) {
        if (state.waiters.contains(ticket))
            drop_fetch(state, ticket);
        else if (state.waits.contains(ticket))
            drop_wait(state, ticket);
    }
    state.parked.erase(connection);
}

void advance_state(Worker& worker, WorkerState wanted) {
    worker.state = std::max(worker.state, wanted);
}

}  // namespace

void drop_if_gone(EngineState& state, Worker& worker) {
    if (!worker.connections.empty() || !worker.running.empty()) return;
    state.timers.remove(worker.silence_timer);
    state.workers.remove(worker);
}

void apply_hello(EngineState& state, const Hello& hello) {
    if (!hello.caller.wid) return;
    Worker* worker = state.workers.find(*hello.caller.wid);
    if (worker == nullptr && state.workers.size() >= state.config.workers_max) {
        state.out->closes.push_back(hello.caller.connection);
        state.out->notes.push_back({"too_many_workers", *hello.caller.wid});
        return;
    }
    if (worker == nullptr) worker = &state.workers.add(hello.caller.wid);
    if (worker->connections.empty()) {  // the first HELLO's particulars win
        worker->hostname = hello.hostname;
        worker->pid = hello.pid;
        worker->labels = hello.labels;
        worker->extended = hello.extended;
        worker->started_at = state.now;
        worker->beat_at = state.now;
        state.timers.remove(worker->silence_timer);
        worker->silence_timer = state.timers.push(state.now + silence_allowed(state, *worker),
                                                  {TimerKind::worker, worker->number});
    }
    worker->connections.push_back(hello.caller.connection);
}

namespace {

/// Reports about jobs that the worker does not hold are passed over.
void note_progress(EngineState& state, const std::vector<Slot*>& running, const Beat& beat) {
    for (const ProgressReport& report : beat.progress) {
        const auto at = std::lower_bound(
            running.begin(), running.end(), report.lease,
            [](const Slot* slot, LeaseToken token) { return slot->job.head.lease.token < token; });
        if (at == running.end() || (*at)->job.head.lease.token != report.lease) continue;
        (*at)->job.head.progress = std::make_shared<const JobProgress>(
            JobProgress{.percent = report.percent, .note = report.note, .at = state.now});
    }
}

}  // namespace

void apply_beat(EngineState& state, const Beat& beat) {
    BeatReply reply;
    Worker* worker = state.workers.find(beat.wid);
    if (worker == nullptr || worker->connections.empty()) {
        reply.known = false;
        state.reply(beat.ticket, std::move(reply));
        return;
    }
    worker->beat_at = state.now;
    worker->rss_kb = beat.rss_kb;
    if (beat.state) advance_state(*worker, *beat.state);
    state.timers.reschedule(worker->silence_timer, state.now + silence_allowed(state, *worker));
    std::vector<LeaseToken> listed = beat.leases;
    std::sort(listed.begin(), listed.end());
    // A doubled delivery makes a worker list the same lease twice.
    listed.erase(std::unique(listed.begin(), listed.end()), listed.end());
    std::vector<LeaseToken> held;
    // In the order of their tokens: the set's own order differs from run to run (J22).
    std::vector<Slot*> running(worker->running.begin(), worker->running.end());
    std::sort(running.begin(), running.end(), [](const Slot* a, const Slot* b) {
        return a->job.head.lease.token < b->job.head.lease.token;
    });
    for (Slot* slot : running) {
        Lease& lease = slot->job.head.lease;
        held.push_back(lease.token);
        if (slot->job.head.cancel_requested) reply.cancel.emplace_back(slot->job.body->jid());
        const bool renewed = lease.mode == LeaseMode::beat &&
                             std::binary_search(listed.begin(), listed.end(), lease.token);
        if (!renewed) continue;
        // Renewals are not written: after a restart every lease has the grace time anyway.
        // A beat never shortens what EXTEND or a restart's grace gave.
        lease.expires_at = std::max(lease.expires_at, state.now + state.config.beat_lease);
        state.timers.reschedule(slot->lease_timer, lease.expires_at);
    }
    note_progress(state, running, beat);
    std::sort(reply.cancel.begin(), reply.cancel.end());
    std::set_difference(listed.begin(), listed.end(), held.begin(), held.end(),
                        std::back_inserter(reply.lost));
    reply.state = worker->state;
    state.reply(beat.ticket, std::move(reply));
}

namespace {

void take_back(EngineState& state, const std::vector<HandedOut>& jobs) {
    // The last one first: each goes to the front of its queue.
    for (auto job = jobs.rbegin(); job != jobs.rend(); ++job) {
        Slot* slot = state.jobs.find(job->seq);
        if (slot == nullptr || slot->job.head.state != JobState::running) continue;
        if (slot->job.head.lease.token == job->token) give_back(state, slot, Duration{0});
    }
}

}  // namespace

void apply_disconnect(EngineState& state, const Disconnect& disconnect) {
    const ConnectionId connection = disconnect.caller.connection;
    drop_parked(state, connection);
    take_back(state, disconnect.undelivered);
    if (!disconnect.caller.wid) return;
    Worker* worker = state.workers.find(*disconnect.caller.wid);
    if (worker == nullptr) return;
    std::erase(worker->connections, connection);
    if (!worker->connections.empty()) return;
    const std::uint64_t number = worker->number;  // the record may go with its last lease
    take_back(state, disconnect.unread);
    if (Worker* rest = state.workers.find(number); rest != nullptr) drop_if_gone(state, *rest);
}

void apply_signal(EngineState& state, const SignalWorker& signal) {
    CountReply reply;
    state.workers.each([&](Worker& worker) {
        if (!signal.wid.empty() && *worker.wid != signal.wid) return;
        advance_state(worker, signal.state);
        ++reply.count;
    });
    state.reply(signal.ticket, reply);
}

void check_silence(EngineState& state, std::uint64_t worker_number) {
    Worker* worker = state.workers.find(worker_number);
    SLUICE_CHECK(worker != nullptr);
    const bool leaving = worker->state == WorkerState::terminate && !worker->connections.empty();
    if (leaving) {
        // Some clients stop beating while they finish their last jobs; that is not a crash.
        worker->silence_timer = state.timers.push(state.now + silence_allowed(state, *worker),
                                                  {TimerKind::worker, worker_number});
        return;
    }
    worker->silence_timer = {};
    for (const ConnectionId connection : worker->connections) {
        state.out->closes.push_back(connection);
        drop_parked(state, connection);
    }
    worker->connections.clear();
    lose_worker(state, *worker);
}

}  // namespace sluice::jobs
