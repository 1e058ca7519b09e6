// SPDX-License-Identifier: Apache-2.0
// What holders say of their jobs: ACK, FAIL, REQUEUE and EXTEND. Every answer is fenced by the
// lease (J4).
#include "modules/jobs/engine/apply.h"
#include "modules/jobs/engine/places.h"

#include "kernel/base/text.h"

namespace sluice::jobs {

namespace {

constexpr std::size_t errtype_bytes_max = 100;
constexpr std::size_t message_bytes_max = 1000;

/// The word a worker uses in FAIL to confirm that it stopped because of a cancellation.
constexpr std::string_view cancelled_errtype = "Cancelled";

bool holds(const EngineState& state, const Lease& lease, const JobRef& ref, const Caller& caller) {
    if (planted(state.config, Fault::forget_holder_check)) return true;
    if (ref.token) {
        return lease.token == ref.token || planted(state.config, Fault::stale_token_accepted);
    }
    return lease.holder() == caller.name();
}

Verdict refusal(const JobRef& ref) { return ref.token ? Verdict::stale : Verdict::not_found; }

void need_sync(EngineState& state, const JobHead& head) {
    const Queue* queue = state.queues.find(head.queue);
    if (queue == nullptr || queue->row.durable) state.out->needs_sync = true;
}

void succeed(EngineState& state, Slot* slot, std::shared_ptr<const std::string> result) {
    need_sync(state, slot->job.head);
    slot->job.head.result = std::move(result);
    ++state.totals.processed;
    place_final(state, slot, JobState::succeeded);
}

/// The holder was too late, but nobody has the job since: its answer still counts
/// (job-semantics 4.2, late ack).
bool late_ack(EngineState& state, const Completion& done, const Caller& caller) {
    const Latest latest = find_latest(state, done.job.jid);
    if (!latest) return false;
    const JobHead& head = latest.job().head;
    const bool waits = head.state == JobState::retrying || head.state == JobState::enqueued;
    const bool lapsed = waits && head.lease.lapse != Lapse::none;
    const bool sloppy =
        planted(state.config, Fault::late_ack_after_redelivery) && head.state == JobState::running;
    if (!sloppy && (!lapsed || !holds(state, head.lease, done.job, caller))) return false;
    Slot* slot = materialise(state, latest);
    leave(state, slot);
    succeed(state, slot, done.result);
    return true;
}

Verdict ack_one(EngineState& state, const Completion& done, const Caller& caller) {
    Slot* slot = find_held(state, done.job, caller);
    if (slot == nullptr) return late_ack(state, done, caller) ? Verdict::done : refusal(done.job);
    if (planted(state.config, Fault::lease_survives_ack)) {
        // The record says succeeded, the lease's bookkeeping stays.
        slot->job.head.result = done.result;
        JobRecord copy = slot->job;
        copy.head.state = JobState::succeeded;
        put(state, copy);
        return Verdict::done;
    }
    leave(state, slot);
    succeed(state, slot, done.result);
    return Verdict::done;
}

Verdict fail_one(EngineState& state, const FailureReport& report, const Caller& caller) {
    Slot* slot = find_held(state, report.job, caller);
    if (slot == nullptr) return refusal(report.job);
    need_sync(state, slot->job.head);
    leave(state, slot);
    if (slot->job.head.cancel_requested && report.errtype == cancelled_errtype) {
        place_final(state, slot, JobState::cancelled);
        return Verdict::done;
    }
    const auto or_unknown = [](std::string_view text, std::size_t bytes_max) {
        return text.empty() ? std::string_view("unknown") : truncate_utf8(text, bytes_max);
    };
    fail_attempt(state, slot,
                 {.errtype = or_unknown(report.errtype, errtype_bytes_max),
                  .message = or_unknown(report.message, message_bytes_max),
                  .backtrace = report.backtrace,
                  .retry_in = report.retry_in,
                  .final = report.final});
    return Verdict::done;
}

}  // namespace

Slot* find_held(const EngineState& state, const JobRef& ref, const Caller& caller) {
    for (Slot* slot = state.jobs.newest(ref.jid); slot != nullptr; slot = slot->older) {
        const JobHead& head = slot->job.head;
        if (head.state == JobState::running && holds(state, head.lease, ref, caller)) return slot;
    }
    return nullptr;
}

void apply_ack(EngineState& state, const Ack& ack) {
    VerdictReply reply;
    reply.verdicts.reserve(ack.jobs.size());
    for (const Completion& done : ack.jobs)
        reply.verdicts.push_back(ack_one(state, done, ack.caller));
    state.reply(ack.ticket, std::move(reply));
}

void apply_fail(EngineState& state, const Fail& fail) {
    VerdictReply reply;
    reply.verdicts.reserve(fail.jobs.size());
    for (const FailureReport& report : fail.jobs) {
        reply.verdicts.push_back(fail_one(state, report, fail.caller));
    }
    state.reply(fail.ticket, std::move(reply));
}

void give_back(EngineState& state, Slot* slot, Duration delay) {
    leave(state, slot);
    JobHead& head = slot->job.head;
    --head.attempt;
    head.lease.lapse = Lapse::none;
    if (head.cancel_requested) {  // never delivered again (J18)
        place_final(state, slot, JobState::cancelled);
    } else if (delay > Duration{0}) {
        place_due(state, slot, state.now + delay, JobState::scheduled);
    } else {
        place_ready(state, slot, {.fresh = false, .front = true});
    }
}

void apply_release(EngineState& state, const Release& release) {
    VerdictReply reply;
    if (Slot* slot = find_held(state, release.job, release.caller); slot != nullptr) {
        need_sync(state, slot->job.head);
        give_back(state, slot, release.delay);
        reply.verdicts.push_back(Verdict::done);
    } else {
        reply.verdicts.push_back(refusal(release.job));
    }
    state.reply(release.ticket, std::move(reply));
}

void apply_extend(EngineState& state, const Extend& extend) {
    VerdictReply reply;
    if (Slot* slot = find_held(state, extend.job, extend.caller); slot != nullptr) {
        Lease& lease = slot->job.head.lease;
        lease.expires_at = std::max(lease.expires_at,
                                    state.now + std::min(extend.length, state.config.reserve_max));
        state.timers.reschedule(slot->lease_timer, lease.expires_at);
        put(state, slot->job);
        reply.verdicts.push_back(Verdict::done);
    } else {
        reply.verdicts.push_back(refusal(extend.job));
    }
    state.reply(extend.ticket, std::move(reply));
}

void expire_lease(EngineState& state, Slot* slot) {
    leave(state, slot);
    slot->job.head.lease.lapse = Lapse::expired;
    state.out->notes.push_back({"lease_expired", std::string(slot->job.body->jid())});
    fail_attempt(state, slot,
                 {.errtype = "ReservationExpired",
                  .message = "Faktory job reservation expired",
                  .backtrace = {},
                  .retry_in = std::nullopt,
                  .final = false});
}

void lose_lease(EngineState& state, Slot* slot) {
    leave(state, slot);
    JobHead& head = slot->job.head;
    head.lease.lapse = Lapse::worker_lost;
    if (head.losses == 0 || state.now - head.first_loss_at > state.config.losses_window) {
        head.losses = 0;
        head.first_loss_at = state.now;
    }
    ++head.losses;
    if (planted(state.config, Fault::worker_lost_drops_job)) {
        state.out->writes.push_back(
            EraseJob{head.seq, head.named ? std::string(slot->job.body->jid()) : std::string()});
        state.jobs.release(slot);
        return;
    }
    if (head.cancel_requested) {
        place_final(state, slot, JobState::cancelled);
        return;
    }
    if (head.losses >= state.config.losses_max) {
        auto failure = std::make_shared<JobFailure>();
        if (head.failure)
            *failure = *head.failure;
        else
            failure->failed_at = state.now;
        failure->errtype = "WorkerLost";
        failure->message =
            "its workers were lost " + std::to_string(head.losses) + " times while they ran it";
        head.failure = std::move(failure);
        state.out->notes.push_back({"job_poisonous", std::string(slot->job.body->jid())});
        place_final(state, slot, JobState::dead);
        return;
    }
    place_ready(state, slot, {.fresh = false, .front = true});
}

}  // namespace sluice::jobs
