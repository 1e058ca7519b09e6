// SPDX-License-Identifier: Apache-2.0
// The passing of time: leases, fetches, waits and workers whose deadline is past, jobs that are
// due, jobs of removed queues, and kept jobs whose retention is over. Bounded per call; what is
// left is still due at the next.
#include "modules/jobs/engine/apply.h"
#include "modules/jobs/engine/places.h"
#include "modules/jobs/engine/waits.h"

namespace sluice::jobs {

namespace {

void run_timer(EngineState& state, const Timer& timer) {
    switch (timer.kind) {
        case TimerKind::lease: {
            Slot* slot = state.jobs.find(Seq(timer.id));
            SLUICE_CHECK(slot != nullptr);
            expire_lease(state, slot);
            break;
        }
        case TimerKind::fetch: expire_fetch(state, TicketId(timer.id)); break;
        case TimerKind::worker: check_silence(state, timer.id); break;
        case TimerKind::wait: expire_wait(state, TicketId(timer.id)); break;
    }
}

void release_due(EngineState& state) {
    for (std::uint32_t i = 0; i < state.config.timers_per_tick; ++i) {
        Slot* slot = state.due.front();
        if (slot == nullptr || state.due.front_key().at > state.now) break;
        leave(state, slot);
        place_ready(state, slot, {});
    }
    refill_due(state);
}

/// Too many are made fewer in one go: rows that are erased together lie together in the ledger.
void forget_kept(EngineState& state, Retained& kept, std::size_t max) {
    const std::size_t enough = kept.size() > max ? max - forgotten_at_once(max) : max;
    for (std::uint32_t i = 0; i < state.config.timers_per_tick; ++i) {
        auto next = kept.pop(state.now, enough);
        if (!next) return;
        auto& [until, entry] = *next;
        state.overlay.erase(until.seq);
        --state.count(entry.state);
        if (entry.state == JobState::dead) {
            ++state.totals.purged_dead;
            state.totals_changed = true;
        }
        forget(state, until.seq, std::move(entry));
    }
}

}  // namespace

void apply_time(EngineState& state) {
    for (std::uint32_t i = 0; i < state.config.timers_per_tick; ++i) {
        const auto due = state.timers.pop_due(state.now);
        if (!due) break;
        run_timer(state, due->value);
    }
    release_due(state);
    clear_removed(state);
    forget_kept(state, state.finished, state.config.finished_max);
    forget_kept(state, state.dead, state.config.dead_max);
}

}  // namespace sluice::jobs
