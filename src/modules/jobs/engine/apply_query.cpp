// SPDX-License-Identifier: Apache-2.0
// Questions: INFO, JOB GET and why a job waits. They change nothing.
#include "modules/jobs/engine/apply.h"
#include "modules/jobs/engine/places.h"

#include <algorithm>

namespace sluice::jobs {

namespace {

constexpr Duration listening_window = 60s;

WallTime oldest_of(const Queue& queue) {
    WallTime oldest{};
    for (const auto& list : queue.lists) {
        const Slot* head = list.front();
        if (head == nullptr) continue;
        const WallTime at = head->job.head.enqueued_at;
        if (oldest == WallTime{} || at < oldest) oldest = at;
    }
    return oldest;
}

QueueInfo describe(const Queue& queue) {
    return {.name = queue.row.name,
            .paused = queue.row.paused,
            .durable = queue.row.durable,
            .enqueued = queue.ready(),
            .running = queue.running,
            .waiting_fetches = queue.waiting.size(),
            .arrived = queue.arrived,
            .delivered = queue.delivered,
            .oldest = oldest_of(queue)};
}

WorkerInfo describe(const Worker& worker) {
    return {.wid = *worker.wid,
            .hostname = worker.hostname,
            .pid = worker.pid,
            .labels = worker.labels,
            .state = worker.state,
            .started_at = worker.started_at,
            .beat_at = worker.beat_at,
            .rss_kb = worker.rss_kb,
            .connections = static_cast<std::uint32_t>(worker.connections.size()),
            .running = worker.running.size()};
}

/// How many jobs are served before this one, as far as memory knows; for a job on disk, at least so
/// many.
std::string behind(Queue& queue, const JobHead& head, bool resident) {
    std::uint64_t ahead = 0;
    for (int priority = priority_max; priority > head.priority; --priority) {
        ahead += queue.list(static_cast<std::uint8_t>(priority)).size();
    }
    Window<Order>& list = queue.list(head.priority);
    ahead += resident ? list.position(head.order) : list.resident();
    return "behind(" + std::string(resident ? "" : "at least ") + std::to_string(ahead) + ")";
}

}  // namespace

std::vector<std::string> explain(const EngineState& state, const JobRecord& job) {
    std::vector<std::string> why;
    const JobHead& head = job.head;
    if (head.state == JobState::scheduled || head.state == JobState::retrying) {
        why.push_back("scheduled_until(" + format_rfc3339(head.due_at) + ")");
        return why;
    }
    if (head.state == JobState::running) {
        why.push_back("running_on(" + std::string(head.lease.holder()) + ")");
        return why;
    }
    if (head.state != JobState::enqueued) return why;
    Queue* queue = state.queues.find(head.queue);
    if (queue == nullptr) return why;
    if (queue->row.paused) why.emplace_back("queue_paused");
    const bool listened =
        !queue->waiting.empty() ||
        (queue->fetched_at != WallTime{} && state.now - queue->fetched_at < listening_window);
    if (!listened) why.push_back("no_worker_listens(" + queue->row.name + ")");
    why.push_back(behind(*queue, head, state.jobs.find(head.seq) != nullptr));
    return why;
}

void apply_get_job(EngineState& state, const GetJob& get) {
    JobReply reply;
    if (const Latest latest = find_latest(state, get.jid)) {
        reply.found = true;
        reply.job = latest.job();
        reply.why = explain(state, reply.job);
    }
    state.reply(get.ticket, std::move(reply));
}

void apply_info(EngineState& state, const Info& info) {
    InfoReply reply;
    reply.totals = state.totals;
    reply.scheduled = state.count(JobState::scheduled);
    reply.retrying = state.count(JobState::retrying);
    reply.running = state.count(JobState::running);
    reply.dead = state.count(JobState::dead);
    reply.finished_kept = state.finished.size();
    reply.waiting_fetches = state.waiters.size();
    reply.disk_full = state.disk_full;
    for (const Queue* queue : state.queues.named()) {
        if (!queue->row.id || !queue->row.listed) continue;
        reply.queues.push_back(describe(*queue));
        reply.enqueued += queue->ready();
    }
    state.workers.each([&](const Worker& worker) {
        if (!worker.connections.empty()) reply.workers.push_back(describe(worker));
    });
    std::sort(reply.workers.begin(), reply.workers.end(),
              [](const WorkerInfo& a, const WorkerInfo& b) { return a.wid < b.wid; });
    state.reply(info.ticket, std::move(reply));
}

}  // namespace sluice::jobs
