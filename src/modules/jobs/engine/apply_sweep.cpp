// SPDX-License-Identifier: Apache-2.0
// Sweeps: MUTATE and CANCEL; and listings. Jobs named by jid are done at once; a filter is worked
// through in push order, a page of records at a time, so that a large sweep never holds up the
// queue.
#include "modules/jobs/engine/apply.h"
#include "modules/jobs/engine/places.h"

#include <algorithm>
#include <utility>

namespace sluice::jobs {

namespace {

bool has(const std::vector<JobState>& states, JobState state) {
    return std::find(states.begin(), states.end(), state) != states.end();
}

bool matches(const JobFilter& filter, const JobRecord& job) {
    if (!filter.states.empty() && !has(filter.states, job.head.state)) return false;
    if (!filter.queue.empty() && job.body->queue() != filter.queue) return false;
    if (!filter.jids.empty()) return true;
    if (!filter.type.empty() && job.body->type() != filter.type) return false;
    return filter.matcher == nullptr || filter.matcher->matches(job);
}

bool applies_to(SweepAction action, JobState job_state) {
    switch (action) {
        case SweepAction::kill: return is_waiting(job_state);
        case SweepAction::discard: return is_waiting(job_state) || job_state == JobState::dead;
        case SweepAction::requeue:
            return job_state == JobState::scheduled || job_state == JobState::retrying ||
                   job_state == JobState::dead;
        case SweepAction::cancel: return is_waiting(job_state) || job_state == JobState::running;
    }
    return false;
}

void request_cancel(EngineState& state, Slot* slot) {
    slot->job.head.cancel_requested = true;
    put(state, slot->job);
}

/// The job changes as the action says. True if it did.
bool act(EngineState& state, SweepAction action, const Latest& target) {
    const JobState from = target.job().head.state;
    if (!applies_to(action, from)) return false;
    if (from == JobState::running) {
        if (target.resident == nullptr || target.resident->job.head.cancel_requested) return false;
        request_cancel(state, target.resident);
        return true;
    }
    if (action == SweepAction::cancel && from == JobState::enqueued && target.resident != nullptr &&
        planted(state.config, Fault::cancelled_still_delivered)) {
        return true;
    }
    Slot* slot = materialise(state, target);
    leave(state, slot);
    switch (action) {
        case SweepAction::kill: place_final(state, slot, JobState::dead); break;
        case SweepAction::discard: place_final(state, slot, JobState::discarded); break;
        case SweepAction::cancel: place_final(state, slot, JobState::cancelled); break;
        case SweepAction::requeue:
            slot->job.head.cancel_requested = false;
            place_ready(state, slot, {});
            break;
    }
    return true;
}

void want_page(EngineState& state, std::uint64_t id, const PendingSweep& sweep, Seq after) {
    WantedRead read;
    read.kind = ReadKind::jobs;
    read.seq = after;
    read.until = sweep.until;
    for (const JobState job_state : sweep.filter.states) {
        read.states =
            static_cast<std::uint16_t>(read.states | 1U << static_cast<unsigned>(job_state));
    }
    read.limit = state.config.sweep_page;
    read.bytes = state.config.sweep_page_bytes;
    read.sweep = id;
    state.out->reads.push_back(read);
}

void start(EngineState& state, PendingSweep sweep, Seq after = {}) {
    sweep.until = Seq(state.next_seq);
    const std::uint64_t id = state.next_sweep++;
    want_page(state, id, sweep, after);
    state.sweeps.emplace(id, std::move(sweep));
}

void finish(EngineState& state, std::uint64_t id) {
    const PendingSweep sweep = std::move(state.sweeps.extract(id).mapped());
    state.out->needs_sync = true;
    state.reply(sweep.ticket, CountReply{sweep.count});
}

void finish_listing(EngineState& state, std::uint64_t id, Seq next) {
    PendingSweep listing = std::move(state.sweeps.extract(id).mapped());
    state.reply(listing.ticket, ListReply{std::move(listing.listed), next});
}

void sweep_page(EngineState& state, const ReadResult& page) {
    const auto it = state.sweeps.find(page.request.sweep);
    if (it == state.sweeps.end()) return;  // flushed meanwhile
    PendingSweep& sweep = it->second;
    for (const JobRecord& stored : page.jobs) {
        Slot* slot = state.jobs.find(stored.head.seq);
        const JobRecord* evicted = state.overlay.find_evicted(stored.head.seq);
        const Latest target{slot,
                            slot != nullptr ? nullptr : (evicted != nullptr ? evicted : &stored)};
        if (!matches(sweep.filter, target.job())) continue;
        if (sweep.action) {
            if (act(state, *sweep.action, target)) ++sweep.count;
            continue;
        }
        sweep.listed.push_back(target.job());
        sweep.listed_bytes += memory_bytes(target.job());
        if (sweep.listed.size() < sweep.limit && sweep.listed_bytes < state.config.list_bytes)
            continue;
        finish_listing(state, page.request.sweep, stored.head.seq);
        return;
    }
    if (page.at_end && !sweep.action) {
        finish_listing(state, page.request.sweep, Seq{});
    } else if (page.at_end) {
        finish(state, page.request.sweep);
    } else {
        want_page(state, page.request.sweep, sweep, page.scanned_to);
    }
}

/// A page of ready jobs has been read. Keys after the window's horizon only, so nothing is taken
/// twice.
void refill_page(EngineState& state, const ReadResult& page) {
    Queue* queue = state.queues.find(page.request.queue);
    if (queue == nullptr) return;
    Window<Order>& list = queue->list(page.request.priority);
    queue->page_came = true;
    state.to_serve.push_back(queue);
    if (queue->row.removed) state.clearing_awaits_page = false;
    if (!list.end_refill(page.request.order)) {
        refill_ready(state, *queue, page.request.priority);
        return;
    }
    bool skip = planted(state.config, Fault::refill_skips_one) && page.jobs.size() > 1;
    for (const JobRecord& job : page.jobs) {
        if (!list.has_room(state.ready_limits()) &&
            !planted(state.config, Fault::window_bytes_ignored)) {
            break;  // it grew meanwhile
        }
        if (std::exchange(skip, false)) continue;
        Slot* slot = state.jobs.make(job);
        state.jobs.insert(slot);
        list.refill(job.head.order, slot);
    }
    refill_ready(state, *queue, page.request.priority);
}

void due_page(EngineState& state, const ReadResult& page) {
    if (!state.due.end_refill(page.request.due)) {
        refill_due(state);
        return;
    }
    for (const JobRecord& job : page.jobs) {
        if (!state.due.has_room(state.due_limits()) &&
            !planted(state.config, Fault::window_bytes_ignored)) {
            break;
        }
        Slot* slot = state.jobs.make(job);
        state.jobs.insert(slot);
        state.due.refill({job.head.due_at, job.head.seq}, slot);
    }
    refill_due(state);
}

}  // namespace

void apply_sweep(EngineState& state, const Sweep& sweep) {
    if (sweep.filter.jids.empty()) {
        if (state.sweeps.size() >= state.config.sweeps_max) {
            state.reply(sweep.ticket,
                        RefusedReply{"FULL", "too many sweeps at once; try again later"});
            return;
        }
        PendingSweep pending;
        pending.action = sweep.action;
        pending.filter = sweep.filter;
        pending.ticket = sweep.ticket;
        start(state, std::move(pending));
        return;
    }
    CountReply reply;
    for (const std::string& jid : sweep.filter.jids) {
        const Latest target = find_latest(state, jid);
        if (target && matches(sweep.filter, target.job()) && act(state, sweep.action, target))
            ++reply.count;
    }
    state.out->needs_sync = true;
    state.reply(sweep.ticket, reply);
}

void apply_list_jobs(EngineState& state, const ListJobs& list) {
    if (state.sweeps.size() >= state.config.sweeps_max) {
        state.reply(list.ticket,
                    RefusedReply{"FULL", "too many listings at once; try again later"});
        return;
    }
    PendingSweep pending;
    pending.filter = list.filter;
    pending.ticket = list.ticket;
    pending.limit = std::max(list.limit, 1U);
    start(state, std::move(pending), list.after);
}

void apply_read(EngineState& state, const ReadDone& done) {
    switch (done.result.request.kind) {
        case ReadKind::ready: refill_page(state, done.result); break;
        case ReadKind::due: due_page(state, done.result); break;
        case ReadKind::jobs: sweep_page(state, done.result); break;
    }
}

}  // namespace sluice::jobs
