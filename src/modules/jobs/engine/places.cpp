// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/engine/places.h"

#include "modules/jobs/engine/waits.h"

#include <algorithm>

namespace sluice::jobs {

namespace {

Retained& retained(EngineState& state, JobState final) {
    return final == JobState::dead ? state.dead : state.finished;
}

DueKey due_key(const JobHead& head) { return {head.due_at, head.seq}; }

void change_state(EngineState& state, JobHead& head, JobState next) {
    head.state = next;
    head.changed_at = state.now;
    ++state.count(next);
}

void spill_ready(EngineState& state, Slot* slot, bool fresh) {
    const bool index = !planted(state.config, Fault::spill_without_index);
    put_on_disk(state, slot->job, {.fresh = fresh, .index = index});
    to_disk(state, slot);
}

void spill_due(EngineState& state, Slot* slot, bool fresh) {
    put_on_disk(state, slot->job, {.fresh = fresh});
    to_disk(state, slot);
}

void enter_due(EngineState& state, Slot* slot, WallTime at, bool fresh) {
    JobHead& head = slot->job.head;
    head.due_at = at;
    if (!state.due.takes(due_key(head), state.due_limits())) {
        state.due.spill();
        spill_due(state, slot, fresh);
        return;
    }
    if (!slot->resident) state.jobs.insert(slot);
    state.due.add(due_key(head), slot);
    put(state, slot->job, fresh);
    trim_due(state);
}

}  // namespace

Latest find_latest(const EngineState& state, std::string_view jid) {
    Slot* newest = state.jobs.newest(jid);
    if (newest != nullptr && !newest->job.head.superseded) return {newest, nullptr};
    const JobRecord* stored = state.overlay.find(jid);
    if (state.lookups != nullptr && !state.overlay.all_erased()) {
        const JobRecord* looked_up = state.lookups->find(jid);
        const bool known = looked_up != nullptr && !state.overlay.erased(looked_up->head.seq) &&
                           state.jobs.find(looked_up->head.seq) == nullptr;
        if (known && (stored == nullptr || stored->head.seq < looked_up->head.seq))
            stored = looked_up;
    }
    if (stored != nullptr && state.overlay.erased(stored->head.seq)) stored = nullptr;
    return {nullptr, stored};
}

Slot* materialise(EngineState& state, const Latest& latest) {
    return latest.resident != nullptr ? latest.resident : state.jobs.make(*latest.stored);
}

void put(EngineState& state, const JobRecord& job, bool fresh) {
    state.out->writes.push_back(PutJob{job, fresh});
}

void name(EngineState& state, JobRecord& job) {
    if (job.head.named || job.head.superseded) return;
    job.head.named = true;
    ++state.named;
    if (planted(state.config, Fault::spill_without_jid)) return;
    state.out->writes.push_back(PutJid{job.head.seq, std::string(job.body->jid())});
}

void name_final(EngineState& state, JobRecord& job) {
    if (job.head.named || job.head.superseded) return;
    const std::string_view jid = job.body->jid();
    if (!state.finished.has_place_for(jid) || !state.dead.has_place_for(jid)) name(state, job);
}

void put_on_disk(EngineState& state, JobRecord& job, OnDisk how) {
    JobHead& head = job.head;
    head.indexed = true;
    if (how.index && head.state == JobState::enqueued) {
        state.out->writes.push_back(PutReady{head.queue, head.priority, head.order, head.seq});
    } else if (how.index) {
        state.out->writes.push_back(PutDue{head.due_at, head.seq});
    }
    name(state, job);
    put(state, job, how.fresh);
}

void to_disk(EngineState& state, Slot* slot) {
    state.overlay.add(slot->job);
    state.jobs.release(slot);
}

void place_ready(EngineState& state, Slot* slot, Entering entering) {
    JobHead& head = slot->job.head;
    Queue* queue = listed_queue(state, slot->job.body->queue());
    SLUICE_CHECK(queue != nullptr);
    change_state(state, head, JobState::enqueued);
    head.queue = queue->row.id;
    ++queue->arrived;
    head.enqueued_at = state.now;
    head.due_at = WallTime{};
    head.order = entering.front ? state.front_order-- : state.next_order++;
    Window<Order>& list = queue->list(head.priority);
    if (!list.takes(head.order, state.ready_limits())) {
        list.spill();
        spill_ready(state, slot, entering.fresh);
        return;
    }
    if (!slot->resident) state.jobs.insert(slot);
    list.add(head.order, slot);
    put(state, slot->job, entering.fresh);
    trim_ready(state, list);
    if (!queue->waiting.empty() && !queue->row.paused) state.to_serve.push_back(queue);
}

void place_due(EngineState& state, Slot* slot, WallTime at, JobState waiting) {
    change_state(state, slot->job.head, waiting);
    enter_due(state, slot, at, false);
}

void place_due_fresh(EngineState& state, Slot* slot, WallTime at) {
    change_state(state, slot->job.head, JobState::scheduled);
    enter_due(state, slot, at, true);
}

void place_final(EngineState& state, Slot* slot, JobState final) {
    JobRecord& job = slot->job;
    change_state(state, job.head, final);
    job.head.due_at = WallTime{};
    // Once somebody can have seen that it is final it stays so (J16).
    const Queue* queue = state.queues.find(job.head.queue);
    if (queue == nullptr || queue->row.durable) state.out->needs_sync = true;
    switch (final) {
        case JobState::succeeded: ++state.totals.succeeded; break;
        case JobState::cancelled: ++state.totals.cancelled; break;
        case JobState::discarded: ++state.totals.discarded; break;
        default: break;
    }
    state.totals_changed = true;
    if (!state.waits_by_jid.empty()) notify_waits(state, job);
    if (planted(state.config, Fault::drop_finished_ids) && final != JobState::dead) {
        --state.count(final);
        forget(state, job.head.seq,
               {std::string(job.body->jid()), final, job.head.superseded, job.head.named});
        state.jobs.release(slot);
        return;
    }
    name_final(state, job);
    retain(state, job);
    state.overlay.add(job);
    state.out->writes.push_back(PutJob{state.jobs.take(slot), false});
}

void retain(EngineState& state, const JobRecord& job) {
    const JobHead& head = job.head;
    retained(state, head.state)
        .add({kept_until(state, job), head.seq},
             {std::string(job.body->jid()), head.state, head.superseded, head.named});
}

void forget(EngineState& state, Seq seq, Retained::Entry entry) {
    const bool owns_row =
        entry.named && (!entry.superseded || planted(state.config, Fault::purge_takes_new_jid));
    if (entry.named) --state.named;
    state.out->writes.push_back(EraseJob{seq, owns_row ? std::move(entry.jid) : std::string()});
}

void leave(EngineState& state, Slot* slot) {
    JobHead& head = slot->job.head;
    --state.count(head.state);
    switch (head.state) {
        case JobState::enqueued: {
            Queue* queue = state.queues.find(head.queue);
            SLUICE_CHECK(queue != nullptr);
            Window<Order>& list = queue->list(head.priority);
            if (slot->resident) {
                list.remove(head.order);
            } else {
                list.unspill();
            }
            if (head.indexed)
                state.out->writes.push_back(EraseReady{head.queue, head.priority, head.order});
            break;
        }
        case JobState::scheduled:
        case JobState::retrying:
            if (slot->resident) {
                state.due.remove(due_key(head));
            } else {
                state.due.unspill();
            }
            if (head.indexed) state.out->writes.push_back(EraseDue{head.due_at, head.seq});
            break;
        case JobState::running: end_lease(state, slot); break;
        case JobState::succeeded:
        case JobState::dead:
        case JobState::cancelled:
        case JobState::discarded:
            retained(state, head.state).remove({kept_until(state, slot->job), head.seq});
            break;
    }
    head.indexed = false;
}

void trim_ready(EngineState& state, Window<Order>& list) {
    while (Slot* slot = list.evict(state.ready_limits())) {
        if (!slot->job.head.indexed) {
            const bool index = !planted(state.config, Fault::evict_without_index);
            put_on_disk(state, slot->job, {.index = index});
        }
        state.overlay.add_evicted(slot->job);
        state.jobs.release(slot);
    }
}

void trim_due(EngineState& state) {
    while (Slot* slot = state.due.evict(state.due_limits())) {
        if (!slot->job.head.indexed) put_on_disk(state, slot->job);
        state.overlay.add_evicted(slot->job);
        state.jobs.release(slot);
    }
}

WallTime kept_until(const EngineState& state, const JobRecord& job) {
    if (job.head.state == JobState::dead) return job.head.changed_at + state.config.dead_keep;
    const Duration keep = job.body->policy().keep;
    return job.head.changed_at + (keep < Duration{0} ? state.config.finished_keep : keep);
}

Queue* listed_queue(EngineState& state, std::string_view name) {
    Queue* known = state.queues.find(name);
    if (known != nullptr && known->row.id && known->row.listed) return known;
    Queue& queue = state.queues.get(name);
    if (!queue.row.id) state.queues.number(queue);
    queue.row.listed = true;
    state.out->writes.push_back(PutQueue{queue.row});
    return &queue;
}

void drop_if_gone(EngineState& state, Queue& queue) {
    if (!queue.row.removed || queue.running > 0 || queue.ready() > 0) return;
    state.out->writes.push_back(EraseQueue{queue.row.id});
    state.queues.drop(queue);
}

}  // namespace sluice::jobs
