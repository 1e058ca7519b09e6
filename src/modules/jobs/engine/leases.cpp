// SPDX-License-Identifier: Apache-2.0
// Leases: delivery, the end of a lease, and what a failed attempt leads to.
#include "modules/jobs/engine/places.h"
#include "modules/jobs/engine/retry.h"

#include <algorithm>

namespace sluice::jobs {

namespace {

Duration lease_length(const EngineState& state, const JobPolicy& policy, LeaseMode mode) {
    if (mode == LeaseMode::beat) return state.config.beat_lease;
    const Duration wanted =
        policy.reserve_for > Duration{0} ? policy.reserve_for : state.config.reserve_default;
    return std::clamp(wanted, state.config.reserve_min, state.config.reserve_max);
}

/// The worker's record. One that was dropped for its silence while its fetch was on the way gets a
/// new one, so that what it is given now comes back when it stays silent.
Worker& holder(EngineState& state, const Caller& caller) {
    if (Worker* known = state.workers.find(*caller.wid); known != nullptr) return *known;
    Worker& worker = state.workers.add(caller.wid);
    worker.started_at = state.now;
    worker.beat_at = state.now;
    worker.silence_timer = state.timers.push(state.now + state.config.worker_silence,
                                             {TimerKind::worker, worker.number});
    return worker;
}

}  // namespace

void lease_to(EngineState& state, Slot* slot, const Caller& caller, LeaseMode mode) {
    JobHead& head = slot->job.head;
    leave(state, slot);
    ++state.count(JobState::running);
    head.state = JobState::running;
    head.changed_at = state.now;
    ++head.attempt;
    const std::uint64_t epoch = planted(state.config, Fault::token_reused) ? 0 : state.epoch;
    head.lease =
        Lease{.token = LeaseToken(epoch << 40 | state.next_token++),
              .expires_at = state.now + lease_length(state, slot->job.body->policy(), mode),
              .mode = mode,
              .lapse = Lapse::none,
              .wid = caller.wid};
    if (!planted(state.config, Fault::lease_timer_forgotten)) {
        slot->lease_timer =
            state.timers.push(head.lease.expires_at, {TimerKind::lease, head.seq.value()});
    }
    Queue* queue = state.queues.find(head.queue);
    ++queue->running;
    ++queue->delivered;
    slot->worker = caller.wid ? &holder(state, caller) : nullptr;
    if (slot->worker != nullptr) slot->worker->running.insert(slot);
    put(state, slot->job);
}

void end_lease(EngineState& state, Slot* slot) {
    state.timers.remove(slot->lease_timer);
    slot->lease_timer = {};
    slot->job.head.progress.reset();
    if (Worker* worker = slot->worker; worker != nullptr) {
        slot->worker = nullptr;
        worker->running.erase(slot);
        drop_if_gone(state, *worker);
    }
    if (Queue* queue = state.queues.find(slot->job.head.queue); queue != nullptr) {
        --queue->running;
        drop_if_gone(state, *queue);
    }
}

void fail_attempt(EngineState& state, Slot* slot, const FailedAttempt& failed) {
    JobHead& head = slot->job.head;
    const JobPolicy& policy = slot->job.body->policy();
    auto failure = std::make_shared<JobFailure>();
    const bool again = head.failure != nullptr;
    failure->retry_count = again ? head.failure->retry_count + 1 : 0;
    failure->remaining = std::max(again ? head.failure->remaining - 1 : policy.retry, 0);
    if (planted(state.config, Fault::retry_without_count)) failure->retry_count = 0;
    failure->failed_at = again ? head.failure->failed_at : state.now;
    failure->errtype = failed.errtype;
    failure->message = failed.message;
    failure->backtrace = failed.backtrace;
    ++state.totals.processed;
    ++state.totals.failures;
    state.totals_changed = true;

    const std::int32_t count = failure->retry_count;
    if (head.cancel_requested) {
        head.failure = std::move(failure);
        place_final(state, slot, JobState::cancelled);
        return;
    }
    if (!failed.final && policy.retry != 0 && count < policy.retry) {
        const Duration delay = failed.retry_in
                                   ? *failed.retry_in
                                   : retry_delay(policy.backoff, count, state.random.next());
        failure->next_at = state.now + delay;
        head.failure = std::move(failure);
        if (delay <= Duration{0}) {
            place_ready(state, slot, {});
        } else {
            place_due(state, slot, state.now + delay, JobState::retrying);
        }
        return;
    }
    head.failure = std::move(failure);
    place_final(state, slot,
                policy.retry == 0 && !failed.final ? JobState::discarded : JobState::dead);
}

}  // namespace sluice::jobs
