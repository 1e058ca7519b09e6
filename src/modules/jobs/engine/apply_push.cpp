// SPDX-License-Identifier: Apache-2.0
// PUSH and PUSHB: a new job, or the repeat of one that is known.
#include "modules/jobs/engine/apply.h"
#include "modules/jobs/engine/places.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace sluice::jobs {

namespace {

bool same_content(const JobBody& a, const JobBody& b) {
    return a.queue() == b.queue() && a.type() == b.type() && a.args() == b.args();
}

/// A later push takes over the jid of an earlier job, which goes on under its own sequence. True:
/// the jid has a row on disk, which must lead to the later one.
bool supersede(EngineState& state, const Latest& earlier) {
    JobRecord job = earlier.job();
    job.head.superseded = true;
    if (earlier.resident != nullptr) earlier.resident->job.head.superseded = true;
    if (is_final(job.head.state)) {
        Retained& kept = job.head.state == JobState::dead ? state.dead : state.finished;
        kept.supersede({kept_until(state, job), job.head.seq});
    }
    put(state, job);
    return job.head.named && !planted(state.config, Fault::jid_row_not_taken_over);
}

/// True when this push repeats a job that is already there (job-semantics 4.3).
bool is_repeat(const EngineState& state, const JobRecord& earlier, const JobBody& body, bool once) {
    if (planted(state.config, Fault::duplicate_makes_second_job)) return false;
    if (earlier.head.state == JobState::enqueued) {
        const Queue* queue = state.queues.find(earlier.head.queue);
        if (queue != nullptr && queue->row.removed) return false;  // it is about to be discarded
    }
    return (once || is_waiting(earlier.head.state)) && same_content(*earlier.body, body);
}

/// The queue of a job that is not due yet is listed once the job is ready; its name counts from the
/// push on, so that jobs that become due never pass the limit of queues.
void reserve_queue(EngineState& state, std::string_view name) {
    Queue& queue = state.queues.get(name);
    if (queue.row.id) return;
    state.queues.number(queue);
    queue.row.listed = false;
    state.out->writes.push_back(PutQueue{queue.row});
}

void push_one(EngineState& state, const std::shared_ptr<const JobBody>& body, bool named) {
    const JobPolicy& policy = body->policy();
    JobRecord job;
    job.body = body;
    job.head.seq = Seq(state.next_seq++);
    job.head.priority = policy.priority;
    if (named) name(state, job);
    Slot* slot = state.jobs.make(std::move(job));
    ++state.totals.pushed;
    const WallTime early = planted(state.config, Fault::due_early) ? policy.at - 1s : policy.at;
    if (early > state.now) {
        reserve_queue(state, body->queue());
        place_due_fresh(state, slot, early);
    } else {
        place_ready(state, slot, {.fresh = true, .front = false});
    }
}

}  // namespace

void apply_push(EngineState& state, const Push& push) {
    if (state.disk_full) {
        state.reply(
            push.ticket,
            RefusedReply{"FULL", "the server's disk is nearly full; free space or add more"});
        return;
    }
    // Refuse before anything is kept: a bulk push is all or nothing (J3).
    std::vector<std::string_view> added;
    for (const auto& body : push.jobs) {
        const Queue* known = state.queues.find(body->queue());
        if (known != nullptr && known->row.id) continue;
        if (std::find(added.begin(), added.end(), body->queue()) == added.end())
            added.push_back(body->queue());
        if (state.queues.size() + added.size() <= state.config.queues_max) continue;
        state.reply(
            push.ticket,
            RefusedReply{"LIMITED", "too many queues; remove some or raise jobs.queues_max"});
        return;
    }
    std::uint32_t duplicates = 0;
    for (const auto& body : push.jobs) {
        const Queue* queue = state.queues.find(body->queue());
        if ((queue == nullptr || queue->row.durable) &&
            !planted(state.config, Fault::sync_skipped)) {
            state.out->needs_sync = true;
        }
        bool named = false;
        if (const Latest earlier = find_latest(state, body->jid())) {
            if (is_repeat(state, earlier.job(), *body, push.once)) {
                ++duplicates;
                continue;
            }
            named = supersede(state, earlier);
        }
        push_one(state, body, named);
    }
    state.totals.duplicates += duplicates;
    state.totals_changed = true;
    state.reply(push.ticket, OkReply{duplicates});
}

}  // namespace sluice::jobs
