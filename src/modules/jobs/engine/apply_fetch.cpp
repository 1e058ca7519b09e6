// SPDX-License-Identifier: Apache-2.0
// FETCH and FETCHB: deliver at once, or wait; and the refills that keep the heads of the lists in
// memory.
#include "modules/jobs/engine/apply.h"
#include "modules/jobs/engine/parked.h"
#include "modules/jobs/engine/places.h"

#include <algorithm>
#include <iterator>
#include <list>
#include <utility>

namespace sluice::jobs {

namespace {

/// What became of looking through queues for jobs.
enum class Taken : std::uint8_t {
    all,      ///< as many as wanted, or the queues are empty
    starved,  ///< stopped: the next jobs must be read from disk first
};

struct Found {
    std::vector<JobRecord> jobs;
    std::size_t bytes = 0;           ///< memory_bytes() of the jobs
    const Queue* starved = nullptr;  ///< where the looking stopped
};

/// As many as were asked for, or as much as one reply may hold.
bool is_full(const EngineState& state, const Fetch& fetch, const Found& found) {
    return found.jobs.size() >= fetch.max || found.bytes >= state.config.fetch_bytes;
}

Taken take_from_list(EngineState& state, Queue& queue, std::uint8_t priority, const Fetch& fetch,
                     Found& found) {
    Window<Order>& list = queue.list(priority);
    while (!is_full(state, fetch, found)) {
        Slot* slot = list.front();
        if (slot == nullptr) break;
        lease_to(state, slot, fetch.caller, fetch.mode);
        found.jobs.push_back(slot->job);
        found.bytes += memory_bytes(slot->job);
    }
    refill_ready(state, queue, priority);
    return list.starved() && !is_full(state, fetch, found) ? Taken::starved : Taken::all;
}

Taken take_from_queue(EngineState& state, Queue& queue, const Fetch& fetch, Found& found) {
    if (queue.row.paused && !planted(state.config, Fault::paused_queue_served)) return Taken::all;
    for (int i = priority_max; i >= priority_min && !is_full(state, fetch, found); --i) {
        const int priority =
            planted(state.config, Fault::priority_ignored) ? priority_max + priority_min - i : i;
        const Taken taken =
            take_from_list(state, queue, static_cast<std::uint8_t>(priority), fetch, found);
        if (taken == Taken::starved) return taken;
    }
    return Taken::all;
}

/// The fetch takes what it may have now.
Found take_jobs(EngineState& state, const Fetch& fetch) {
    Found found;
    for (const std::string& name : fetch.queues) {
        if (is_full(state, fetch, found)) break;
        Queue* queue = state.queues.find(name);
        if (queue == nullptr) continue;
        queue->fetched_at = state.now;
        if (take_from_queue(state, *queue, fetch, found) == Taken::starved) {
            found.starved = queue;
            break;
        }
    }
    return found;
}

bool may_work(const EngineState& state, const Caller& caller) {
    if (!caller.wid) return true;
    const Worker* worker = state.workers.find(*caller.wid);
    return worker == nullptr || worker->state == WorkerState::running;
}

void leave_queues(EngineState& state, Waiter& waiter) {
    for (const auto& [queue, place] : waiter.places) {
        std::list<TicketId>& spare = state.spare.places;
        if (spare.size() < SpareWaits::spare_max)
            spare.splice(spare.end(), queue->waiting, place);
        else
            queue->waiting.erase(place);
        if (!queue->row.id && queue->waiting.empty()) state.queues.drop(*queue);
    }
    waiter.places.clear();
}

void end_waiter(EngineState& state, TicketId ticket) {
    Waiters::node_type node = state.waiters.extract(ticket);
    Waiter& waiter = node.mapped();
    leave_queues(state, waiter);
    state.timers.remove(waiter.timer);
    state.waited_names -= waiter.fetch.queues.size();
    unpark(state, waiter.fetch.caller.connection, ticket);
    waiter.fetch.caller = {};
    if (waiter.fetch.queues.size() > SpareWaits::names_max) return;
    if (state.spare.waiters.size() < SpareWaits::spare_max)
        state.spare.waiters.push_back(std::move(node));
}

Waiter& new_waiter(EngineState& state, const Fetch& fetch) {
    std::vector<Waiters::node_type>& spare = state.spare.waiters;
    if (!spare.empty()) {
        spare.back().key() = fetch.ticket;
        state.waiters.insert(std::move(spare.back()));
        spare.pop_back();
    }
    Waiter& waiter = state.waiters[fetch.ticket];
    waiter.fetch = fetch;
    return waiter;
}

std::list<TicketId>::iterator line_up(EngineState& state, Queue& queue, TicketId ticket) {
    std::list<TicketId>& spare = state.spare.places;
    if (spare.empty()) return queue.waiting.insert(queue.waiting.end(), ticket);
    queue.waiting.splice(queue.waiting.end(), spare, spare.begin());
    queue.waiting.back() = ticket;
    return std::prev(queue.waiting.end());
}

/// Fetches that wait take memory for each of their queues, and more for those that do not exist.
bool may_wait_on(const EngineState& state, const std::vector<std::string>& names) {
    if (state.waited_names + names.size() > state.config.waiting_names_max) return false;
    std::size_t rowless = state.queues.rowless();
    for (const std::string& name : names) {
        if (state.queues.find(name) == nullptr && ++rowless > state.config.queues_max) return false;
    }
    return true;
}

void wait_for_jobs(EngineState& state, const Fetch& fetch, bool may_get_jobs) {
    if (state.waiters.size() >= state.config.waiting_fetches_max) {
        state.reply(fetch.ticket, JobsReply{});
        return;
    }
    if (!may_wait_on(state, fetch.queues)) {
        state.reply(fetch.ticket,
                    RefusedReply{"LIMITED", "fetches wait on too many queues; name fewer"});
        return;
    }
    state.waited_names += fetch.queues.size();
    Waiter& waiter = new_waiter(state, fetch);
    waiter.timer =
        state.timers.push(state.now + fetch.wait, {TimerKind::fetch, fetch.ticket.value()});
    if (may_get_jobs) {
        for (const std::string& name : fetch.queues) {
            Queue& queue = state.queues.get(name);
            if (!queue.waiting.empty() && queue.waiting.back() == fetch.ticket) {
                continue;  // named twice
            }
            queue.fetched_at = state.now;
            waiter.places.emplace_back(&queue, line_up(state, queue, fetch.ticket));
        }
    }
    park(state, fetch.caller.connection, fetch.ticket);
}

}  // namespace

void apply_fetch(EngineState& state, const Fetch& fetch) {
    const bool may_get_jobs = may_work(state, fetch.caller);
    if (may_get_jobs) {
        Found found = take_jobs(state, fetch);
        if (!found.jobs.empty()) {
            state.reply(fetch.ticket, JobsReply{std::move(found.jobs)});
            return;
        }
    }
    if (fetch.wait <= Duration{0}) {
        state.reply(fetch.ticket, JobsReply{});
        return;
    }
    wait_for_jobs(state, fetch, may_get_jobs);
}

void serve(EngineState& state, Queue& queue) {
    const bool look_elsewhere = std::exchange(queue.page_came, false);
    for (auto at = queue.waiting.begin(); at != queue.waiting.end();) {
        if (queue.ready() == 0 && !look_elsewhere) return;
        const TicketId ticket = *at++;
        Waiter& waiter = state.waiters.at(ticket);
        if (!may_work(state, waiter.fetch.caller)) {
            leave_queues(state, waiter);  // it became quiet; it only waits for its deadline now
            continue;
        }
        Found found = take_jobs(state, waiter.fetch);
        if (!found.jobs.empty()) {
            end_waiter(state, ticket);
            state.reply(ticket, JobsReply{std::move(found.jobs)});
        } else if (found.starved == &queue || (queue.row.paused && !look_elsewhere)) {
            return;
        }
        // Otherwise this one waits for another queue's page, and the next one may have the job.
    }
}

void expire_fetch(EngineState& state, TicketId ticket) {
    end_waiter(state, ticket);
    if (!planted(state.config, Fault::waiter_forgotten)) state.reply(ticket, JobsReply{});
}

void drop_fetch(EngineState& state, TicketId ticket) { end_waiter(state, ticket); }

void refill_ready(EngineState& state, Queue& queue, std::uint8_t priority) {
    Window<Order>& list = queue.list(priority);
    const auto after = list.begin_refill(state.ready_limits());
    if (!after) return;
    WantedRead read;
    read.kind = ReadKind::ready;
    read.queue = queue.row.id;
    read.priority = priority;
    read.from_start = planted(state.config, Fault::refill_from_wrong_key);
    read.order = *after;
    read.limit = static_cast<std::uint32_t>(state.config.ready_window_jobs);
    if (!planted(state.config, Fault::window_bytes_ignored))
        read.bytes = list.room(state.ready_limits());
    state.out->reads.push_back(read);
}

void refill_due(EngineState& state) {
    const auto after = state.due.begin_refill(state.due_limits());
    if (!after) return;
    WantedRead read;
    read.kind = ReadKind::due;
    read.from_start = false;
    read.due = *after;
    read.limit = static_cast<std::uint32_t>(state.config.due_window_jobs);
    if (!planted(state.config, Fault::window_bytes_ignored))
        read.bytes = state.due.room(state.due_limits());
    state.out->reads.push_back(read);
}

}  // namespace sluice::jobs
