// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/engine/waits.h"

#include "modules/jobs/engine/parked.h"
#include "modules/jobs/engine/places.h"

#include <algorithm>

namespace sluice::jobs {

namespace {

/// Ends the wait and hands it out; the indexes that lead to it are cleaned.
PendingWait take(EngineState& state, TicketId ticket) {
    auto node = state.waits.extract(ticket);
    PendingWait pending = std::move(node.mapped());
    state.timers.remove(pending.timer);
    state.waited_jids -= pending.wait.jids.size();
    unpark(state, pending.wait.caller.connection, ticket);
    for (const std::string& jid : pending.wait.jids) {
        const auto it = state.waits_by_jid.find(jid);
        if (it == state.waits_by_jid.end()) continue;
        std::erase_if(it->second, [&](const Awaited& one) { return one.ticket == ticket; });
        if (it->second.empty()) state.waits_by_jid.erase(it);
    }
    return pending;
}

}  // namespace

void apply_wait(EngineState& state, const Wait& wait) {
    PendingWait pending{.wait = wait,
                        .heads = std::vector<std::optional<JobHead>>(wait.jids.size()),
                        .open = 0,
                        .timer = {}};
    for (std::size_t i = 0; i < wait.jids.size(); ++i) {
        const Latest latest = find_latest(state, wait.jids[i]);
        if (!latest) continue;  // an unknown jid is not waited for
        pending.heads[i] = latest.job().head;
        if (!is_final(latest.job().head.state)) ++pending.open;
    }
    if (pending.open == 0 || wait.timeout <= Duration{0}) {
        const bool complete = pending.open == 0;
        state.reply(wait.ticket, WaitReply{std::move(pending.heads), complete});
        return;
    }
    if (state.waits.size() >= state.config.waits_max ||
        state.waited_jids + wait.jids.size() > state.config.waited_jids_max) {
        state.reply(wait.ticket,
                    RefusedReply{"FULL", "too many clients wait for jobs; try again later"});
        return;
    }
    pending.timer =
        state.timers.push(state.now + wait.timeout, {TimerKind::wait, wait.ticket.value()});
    for (std::size_t i = 0; i < wait.jids.size(); ++i) {
        const std::optional<JobHead>& head = pending.heads[i];
        if (head && !is_final(head->state)) {
            state.waits_by_jid[wait.jids[i]].push_back({wait.ticket, i});
        }
    }
    state.waited_jids += wait.jids.size();
    park(state, wait.caller.connection, wait.ticket);
    state.waits.emplace(wait.ticket, std::move(pending));
}

void notify_waits(EngineState& state, const JobRecord& job) {
    const auto it = state.waits_by_jid.find(std::string(job.body->jid()));
    if (it == state.waits_by_jid.end()) return;
    const std::vector<Awaited> awaited = it->second;
    for (const Awaited& one : awaited) {
        const auto found = state.waits.find(one.ticket);
        if (found == state.waits.end()) continue;
        PendingWait& pending = found->second;
        std::optional<JobHead>& known = pending.heads[one.place];
        if (known->seq != job.head.seq || is_final(known->state)) continue;
        known = job.head;
        if (--pending.open > 0) continue;
        PendingWait done = take(state, one.ticket);
        state.reply(one.ticket, WaitReply{std::move(done.heads), true});
    }
}

void expire_wait(EngineState& state, TicketId ticket) {
    PendingWait pending = take(state, ticket);
    // The states of those still open as they are now, not as they were when the wait began.
    for (std::optional<JobHead>& known : pending.heads) {
        if (!known || is_final(known->state)) continue;
        if (const Slot* slot = state.jobs.find(known->seq)) known = slot->job.head;
    }
    state.reply(ticket, WaitReply{std::move(pending.heads), false});
}

void drop_wait(EngineState& state, TicketId ticket) { take(state, ticket); }

}  // namespace sluice::jobs
