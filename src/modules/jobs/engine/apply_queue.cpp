// SPDX-License-Identifier: Apache-2.0
// QUEUE PAUSE, RESUME, REMOVE and durability; FLUSH.
#include "modules/jobs/engine/apply.h"
#include "modules/jobs/engine/places.h"

#include <algorithm>

namespace sluice::jobs {

namespace {

/// Fetches that wait on a queue whose name gets a new number wait on under the new one.
void move_waiters(EngineState& state, Queue& from, Queue& to) {
    for (const TicketId ticket : std::vector<TicketId>(from.waiting.begin(), from.waiting.end())) {
        for (auto& [queue, place] : state.waiters.at(ticket).places) {
            if (queue != &from) continue;
            queue = &to;
            place = to.waiting.insert(to.waiting.end(), ticket);
        }
    }
    from.waiting.clear();
}

/// Takes constant time whatever the queue holds: the name is free at once, the jobs are cleared up
/// later, some at a time.
void remove_queue(EngineState& state, Queue& queue) {
    if (!queue.row.id) return;
    const std::string name = queue.row.name;
    queue.row.removed = true;
    state.out->writes.push_back(PutQueue{queue.row});
    state.queues.detach(queue);
    if (!queue.waiting.empty()) move_waiters(state, queue, state.queues.get(name));
    state.clearing.push_back(queue.row.id);
}

void change_queue(EngineState& state, Queue& queue, QueueAction action) {
    if (action == QueueAction::remove) {
        remove_queue(state, queue);
        return;
    }
    QueueRow row = queue.row;
    switch (action) {
        case QueueAction::pause: row.paused = true; break;
        case QueueAction::resume: row.paused = false; break;
        case QueueAction::make_sync: row.durable = true; break;
        case QueueAction::make_async: row.durable = false; break;
        case QueueAction::remove: break;
    }
    if (row == queue.row) return;
    if (!queue.row.id) {  // remembered for a queue that does not exist yet
        state.queues.number(queue);
        row.id = queue.row.id;
        row.listed = false;
    }
    queue.row = row;
    state.out->writes.push_back(PutQueue{row});
    if (!row.paused && !queue.waiting.empty()) state.to_serve.push_back(&queue);
}

/// Discards what the lists hold. False: it goes on later, as `budget` is used up or the next jobs
/// must be read first.
bool clear_lists(EngineState& state, Queue& queue, std::uint32_t& budget) {
    for (std::uint8_t priority = priority_max; priority >= priority_min; --priority) {
        Window<Order>& list = queue.list(priority);
        while (Slot* slot = list.front()) {
            if (budget == 0) return false;
            --budget;
            leave(state, slot);
            place_final(state, slot, JobState::discarded);
        }
        if (list.spilled() == 0) continue;
        refill_ready(state, queue, priority);
        state.clearing_awaits_page = true;
        return false;
    }
    return true;
}

}  // namespace

/// By the queue's own lists: what else the store holds is not looked at, however many queues are
/// removed together.
void clear_removed(EngineState& state) {
    std::uint32_t budget = state.config.sweep_page;
    while (state.is_clearing() && budget > 0) {
        Queue* queue = state.queues.find(state.clearing.front());
        if (queue != nullptr) {
            if (!clear_lists(state, *queue, budget)) return;
            drop_if_gone(state, *queue);
        }
        state.clearing.pop_front();
        if (budget > 0) --budget;  // an empty one costs a write, too
    }
}

void apply_change_queue(EngineState& state, const ChangeQueue& change) {
    state.out->needs_sync = true;
    if (change.all) {
        for (Queue* queue : state.queues.named()) change_queue(state, *queue, change.action);
    } else {
        const bool creates =
            change.action != QueueAction::remove && change.action != QueueAction::resume;
        for (const std::string& name : change.names) {
            Queue* queue = state.queues.find(name);
            if (queue == nullptr && creates && state.queues.size() < state.config.queues_max) {
                queue = &state.queues.get(name);
            }
            if (queue != nullptr) change_queue(state, *queue, change.action);
        }
    }
    state.reply(change.ticket, OkReply{});
}

namespace {

/// What sweeps and listings found so far is all they will find.
void answer_sweeps(EngineState& state) {
    std::vector<std::uint64_t> ids;
    for (const auto& [id, sweep] : state.sweeps) ids.push_back(id);
    std::sort(ids.begin(), ids.end());
    for (const std::uint64_t id : ids) {
        PendingSweep& sweep = state.sweeps.at(id);
        if (sweep.action)
            state.reply(sweep.ticket, CountReply{sweep.count});
        else
            state.reply(sweep.ticket, ListReply{std::move(sweep.listed), Seq{}});
    }
    state.sweeps.clear();
    state.clearing.clear();
    state.clearing_awaits_page = false;
}

/// Fetches wait on names: they wait on when the queues go.
void requeue_waiters(EngineState& state) {
    std::vector<TicketId> tickets;
    for (const auto& [ticket, waiter] : state.waiters) tickets.push_back(ticket);
    std::sort(tickets.begin(), tickets.end());  // tickets count up: the longest wait first
    for (const TicketId ticket : tickets) {
        Waiter& waiter = state.waiters.at(ticket);
        std::vector<std::pair<Queue*, std::list<TicketId>::iterator>> places;
        for (const std::string& name : waiter.fetch.queues) {
            if (waiter.places.empty()) break;  // it does not work any more
            Queue& queue = state.queues.get(name);
            if (!queue.waiting.empty() && queue.waiting.back() == ticket) continue;  // named twice
            places.emplace_back(&queue, queue.waiting.insert(queue.waiting.end(), ticket));
        }
        waiter.places = std::move(places);
    }
}

}  // namespace

void apply_flush(EngineState& state, const Flush& flush) {
    std::vector<Slot*> running;
    state.jobs.each([&](Slot& slot) {
        if (slot.job.head.state == JobState::running) running.push_back(&slot);
    });
    for (Slot* slot : running) {
        state.timers.remove(slot->lease_timer);
        if (slot->worker != nullptr) slot->worker->running.erase(slot);
    }
    state.jobs.clear();
    state.due = {};
    state.finished.clear();
    state.dead.clear();
    state.named = 0;
    answer_sweeps(state);
    state.counts = {};
    state.totals = {};
    state.totals_changed = true;
    state.overlay.erase_all();
    state.out->reads.clear();
    state.to_serve.clear();
    state.queues.clear();
    requeue_waiters(state);
    state.out->writes.push_back(EraseEverything{});
    state.out->needs_sync = true;
    state.reply(flush.ticket, OkReply{});
}

}  // namespace sluice::jobs
