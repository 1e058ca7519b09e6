// SPDX-License-Identifier: Apache-2.0
// Restoring the engine from what is stored, and checking that its tables agree.
#include "modules/jobs/engine/apply.h"
#include "modules/jobs/engine/engine.h"
#include "modules/jobs/engine/places.h"

#include <algorithm>
#include <string>

namespace sluice::jobs {

namespace {

/// Puts a stored waiting job where its key belongs: into the window, or counted as on disk.
/// Jobs come in push order, so the window may have to give up a later key for an earlier one.
void restore_ready(EngineState& state, Slot* slot) {
    const JobHead& head = slot->job.head;
    Queue& queue = state.queues.restore(head.queue);
    Window<Order>& list = queue.list(head.priority);
    if (list.takes(head.order, state.ready_limits())) {
        state.jobs.insert(slot);
        list.add(head.order, slot);
        trim_ready(state, list);
        return;
    }
    list.spill();
    // Not yet: it was in the window before and does not fit now.
    if (!head.indexed) put_on_disk(state, slot->job);
    state.jobs.release(slot);
}

void restore_due(EngineState& state, Slot* slot) {
    const JobHead& head = slot->job.head;
    const DueKey key{head.due_at, head.seq};
    if (state.due.takes(key, state.due_limits())) {
        state.jobs.insert(slot);
        state.due.add(key, slot);
        trim_due(state);
        return;
    }
    state.due.spill();
    if (!head.indexed) put_on_disk(state, slot->job);
    state.jobs.release(slot);
}

/// Leases survive with their deadlines, but none expires before the workers had time to come back.
void restore_running(EngineState& state, Slot* slot) {
    JobHead& head = slot->job.head;
    head.progress.reset();
    state.jobs.insert(slot);
    const WallTime grace = state.now + state.config.restart_grace;
    head.lease.expires_at = std::max(head.lease.expires_at, grace);
    slot->lease_timer =
        state.timers.push(head.lease.expires_at, {TimerKind::lease, head.seq.value()});
    ++state.queues.restore(head.queue).running;
    if (!head.lease.wid) return;
    Worker* worker = state.workers.find(*head.lease.wid);
    if (worker == nullptr) {
        worker = &state.workers.add(head.lease.wid);
        worker->silence_timer = state.timers.push(grace, {TimerKind::worker, worker->number});
    }
    slot->worker = worker;
    worker->running.insert(slot);
}

void restore_final(EngineState& state, Slot* slot) {
    const bool was_named = slot->job.head.named;
    name_final(state, slot->job);
    if (slot->job.head.named != was_named) put(state, slot->job);
    retain(state, slot->job);
    state.jobs.release(slot);
}

}  // namespace

void Engine::begin_restore(WallTime now) { state_->now = now; }

void Engine::restore_job(JobRecord job) {
    EngineState& state = *state_;
    Decision repairs;
    state.out = &repairs;
    const JobState job_state = job.head.state;
    ++state.count(job_state);
    if (job.head.named) ++state.named;
    Slot* slot = state.jobs.make(std::move(job));
    const JobHead& head = slot->job.head;
    state.next_seq = std::max(state.next_seq, head.seq.value() + 1);
    if (job_state == JobState::enqueued) {
        state.next_order = std::max(state.next_order, head.order + 1);
        state.front_order = std::min(state.front_order, head.order - 1);
    }
    switch (job_state) {
        case JobState::enqueued: restore_ready(state, slot); break;
        case JobState::scheduled:
        case JobState::retrying: restore_due(state, slot); break;
        case JobState::running:
            if (planted(state.config, Fault::forget_lease_on_restart))
                state.jobs.release(slot);
            else
                restore_running(state, slot);
            break;
        case JobState::succeeded:
        case JobState::dead:
        case JobState::cancelled:
        case JobState::discarded: restore_final(state, slot); break;
    }
    state.out = nullptr;
    state.overlay.clear();
    for (Write& write : repairs.writes) repairs_.push_back(std::move(write));
}

Status Engine::finish_restore(const StoredState& stored, Decision& out) {
    EngineState& state = *state_;
    for (const QueueRow& row : stored.queues) state.queues.restore(row);
    if (const QueueId lost = state.queues.without_row()) {
        return fail(Code::corrupt, "jobs name queue number " + std::to_string(lost.value()) +
                                       ", which has no row; restore the store from a backup");
    }
    state.epoch = stored.epoch;
    state.totals = stored.totals;
    // Sequences and orders of this run are above those of all earlier runs, also after everything
    // was deleted.
    state.next_seq = std::max(state.next_seq, (stored.epoch << 40) | 1);
    state.next_order = std::max(state.next_order, EngineState::order_middle + (stored.epoch << 36));
    for (Write& write : repairs_) out.writes.push_back(std::move(write));
    repairs_.clear();
    repairs_.shrink_to_fit();
    state.overlay.clear();
    state.out = &out;
    for (const auto& [id, queue] : state.queues.detached()) state.clearing.emplace_back(id);
    state.out = nullptr;
    return {};
}

std::optional<std::string> Engine::inconsistency() const {
    const EngineState& state = *state_;
    std::uint64_t enqueued = 0;
    std::uint64_t running = 0;
    std::size_t listed = 0;
    std::string trouble;
    const auto check_bytes = [&](const auto& window, const WindowLimits& limits) {
        std::size_t bytes = 0;
        window.each([&](const auto&, const Slot& slot) { bytes += slot.bytes(); });
        if (bytes != window.bytes()) trouble = "a window does not know its bytes";
        if (!window.within(limits)) trouble = "a window holds more bytes than it may";
    };
    const auto check_queue = [&](const Queue& queue) {
        enqueued += queue.ready();
        running += queue.running;
        for (const auto& list : queue.lists) {
            listed += list.resident();
            check_bytes(list, state.ready_limits());
            list.each([&](Order order, const Slot& slot) {
                const JobHead& head = slot.job.head;
                if (head.state != JobState::enqueued || head.order != order ||
                    head.queue != queue.row.id) {
                    trouble =
                        "a list of queue " + queue.row.name + " holds a job that is not in it";
                }
            });
        }
    };
    for (const Queue* queue : state.queues.named()) check_queue(*queue);
    for (const auto& [id, queue] : state.queues.detached()) check_queue(*queue);
    check_bytes(state.due, state.due_limits());
    state.due.each([&](const DueKey& key, const Slot& slot) {
        ++listed;
        const JobHead& head = slot.job.head;
        const bool waits = head.state == JobState::scheduled || head.state == JobState::retrying;
        if (!waits || key != DueKey{head.due_at, head.seq})
            trouble = "the due list holds a job that is not due";
    });
    std::uint64_t leased = 0;
    state.jobs.each([&](const Slot& slot) {
        if (slot.job.head.state == JobState::running)
            ++leased;
        else if (slot.job.head.progress)
            trouble = "a job that does not run has progress";
    });
    if (!trouble.empty()) return trouble;
    const auto counted = [&](JobState job_state) {
        return state.counts[static_cast<std::size_t>(job_state)];
    };
    if (enqueued != counted(JobState::enqueued))
        return "the queues' lists do not add up to the enqueued jobs";
    if (running != counted(JobState::running) || leased != running)
        return "leases do not add up to the running jobs";
    if (state.due.size() != counted(JobState::scheduled) + counted(JobState::retrying)) {
        return "the due list does not add up to the scheduled and retrying jobs";
    }
    if (state.dead.size() != counted(JobState::dead)) return "the dead set does not add up";
    if (listed + leased != state.jobs.size()) return "a job in memory is in no place or in two";
    return std::nullopt;
}

}  // namespace sluice::jobs
