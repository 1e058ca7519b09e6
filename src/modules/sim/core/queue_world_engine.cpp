// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/queue_world_engine.h"

#include "kernel/base/check.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice::sim {

namespace {

using jobs::JobState;

/// Where virtual time 0 lies; any point after 1970 does.
constexpr std::int64_t epoch_ns = 1'700'000'000'000'000'000;

WallTime wall(Duration time) { return wall_from_ns(epoch_ns) + time; }
Duration virtual_time(WallTime time) { return time - wall_from_ns(epoch_ns); }

/// A job's jid is its number as four bytes: found again without a table.
std::uint32_t job_number(std::string_view jid) {
    std::uint32_t number = 0;
    SLUICE_CHECK(jid.size() == sizeof number);
    std::memcpy(&number, jid.data(), sizeof number);
    return number;
}

jobs::Backoff backoff_of(const RetryPolicy& retry) {
    jobs::Backoff backoff;
    switch (retry.backoff) {
        case BackoffShape::faktory: backoff.kind = jobs::BackoffKind::faktory; break;
        case BackoffShape::constant: backoff.kind = jobs::BackoffKind::constant; break;
        case BackoffShape::exponential: backoff.kind = jobs::BackoffKind::exponential; break;
        case BackoffShape::none: backoff.kind = jobs::BackoffKind::none; break;
    }
    backoff.base = retry.base;
    backoff.max = retry.max;
    backoff.jitter_percent = retry.jitter_percent;
    return backoff;
}

constexpr unsigned seat_bits = 20;

}  // namespace

EngineHost::EngineHost(const jobs::EngineConfig& config, EngineListener& listener)
    : listener_(listener), engine_(config) {
    engine_.begin_restore(wall(Duration{0}));
    const Status restored = engine_.finish_restore({.epoch = 1, .queues = {}, .totals = {}}, out_);
    SLUICE_CHECK(restored.has_value());
    out_.clear();
}

std::uint32_t EngineHost::make_job(const Traffic& traffic, const std::string& queue) {
    const auto number = static_cast<std::uint32_t>(jobs_.size());
    char jid[sizeof number];
    std::memcpy(jid, &number, sizeof number);
    jobs::JobBody::Texts texts;
    texts.jid = {jid, sizeof number};
    texts.type = traffic.type;
    texts.queue = queue;
    texts.args = "[]";
    jobs::JobPolicy policy;
    policy.retry = traffic.retry.limit;
    policy.priority = static_cast<std::uint8_t>(traffic.priority);
    policy.reserve_for = traffic.lease;
    policy.keep = Duration{0};
    policy.backoff = backoff_of(traffic.retry);
    jobs_.emplace_back().body = std::make_shared<const jobs::JobBody>(texts, policy);
    return number;
}

void EngineHost::push(std::uint32_t job, Duration now) {
    auto& push = std::get<jobs::Push>(push_);
    push.ticket = jobs::TicketId(next_ticket_++ << seat_bits);
    push.jobs.assign(1, jobs_[job].body);
    drain(push_, now);
}

void EngineHost::fetch(std::uint32_t seat, jobs::Fetch& fetch, Duration now) {
    fetch.ticket = jobs::TicketId(next_ticket_++ << seat_bits | seat);
    // The command borrows the fetch for the call: its list of queues is not copied.
    auto& mine = std::get<jobs::Fetch>(fetch_);
    std::swap(mine, fetch);
    drain(fetch_, now);
    std::swap(mine, fetch);
}

void EngineHost::ack(std::uint32_t job, const jobs::JobRef& ref, const jobs::Caller& caller,
                     Duration now) {
    auto& ack = std::get<jobs::Ack>(ack_);
    ack.ticket = jobs::TicketId(next_ticket_++ << seat_bits);
    ack.caller = caller;
    ack.jobs.resize(1);
    ack.jobs[0].job = ref;
    drain_completion(job, ack_, now);
}

void EngineHost::fail(std::uint32_t job, const jobs::JobRef& ref, const jobs::Caller& caller,
                      bool final, Duration now) {
    auto& report = std::get<jobs::Fail>(fail_);
    report.ticket = jobs::TicketId(next_ticket_++ << seat_bits);
    report.caller = caller;
    report.jobs.resize(1);
    report.jobs[0].job = ref;
    report.jobs[0].final = final;
    drain_completion(job, fail_, now);
}

void EngineHost::release(const jobs::JobRef& ref, const jobs::Caller& caller, Duration now) {
    jobs::Release release;
    release.ticket = jobs::TicketId(next_ticket_++ << seat_bits);
    release.caller = caller;
    release.job = ref;
    drain(release, now);
}

void EngineHost::hello(const jobs::Caller& caller, bool extended, Duration now) {
    jobs::Hello hello;
    hello.caller = caller;
    hello.extended = extended;
    drain(hello, now);
}

void EngineHost::beat(const jobs::Caller& caller, const std::vector<jobs::LeaseToken>& leases,
                      Duration now) {
    jobs::Beat beat;
    beat.ticket = jobs::TicketId(next_ticket_++ << seat_bits);
    beat.caller = caller;
    beat.wid = *caller.wid;
    beat.leases = leases;
    drain(beat, now);
}

void EngineHost::disconnect(const jobs::Caller& caller, Duration now) {
    jobs::Disconnect disconnect;
    disconnect.caller = caller;
    drain(disconnect, now);
}

void EngineHost::tick(Duration now) { drain(jobs::Tick{}, now); }

Duration EngineHost::oldest_wait(const std::vector<std::string>& queues, Duration now) {
    jobs::Info info;
    info.ticket = jobs::TicketId(next_ticket_++ << seat_bits);
    drain(info, now);
    Duration oldest{0};
    for (const jobs::QueueInfo& queue : info_.queues) {
        const bool meant = std::find(queues.begin(), queues.end(), queue.name) != queues.end();
        if (meant && queue.enqueued > 0) oldest = std::max(oldest, wall(now) - queue.oldest);
    }
    return oldest;
}

std::optional<Duration> EngineHost::next_deadline() const {
    if (!deadline_) return std::nullopt;
    return virtual_time(*deadline_);
}

void EngineHost::drain(const jobs::Command& command, Duration now) {
    engine_.begin_drain(nothing_);
    engine_.apply(command, wall(now), out_);
    ++decisions_;
    settle(wall(now));
}

void EngineHost::drain_completion(std::uint32_t job, const jobs::Command& command, Duration now) {
    const WorldJob& entry = jobs_[job];
    // Only a completion that comes too late asks for a job that may be on disk.
    if (entry.state == JobState::running) {
        drain(command, now);
        return;
    }
    jobs::Lookups found;
    if (entry.stored.body && entry.state) found.add(entry.stored);
    engine_.begin_drain(found);
    engine_.apply(command, wall(now), out_);
    ++decisions_;
    settle(wall(now));
}

void EngineHost::settle(WallTime now) {
    // What is over by now is forgotten in the same drain, as a shard's next turn would.
    for (deadline_ = engine_.next_deadline(); deadline_ && *deadline_ <= now;
         deadline_ = engine_.next_deadline())
        engine_.apply(jobs::Tick{}, now, out_);
    engine_.end_drain(out_);
    apply_writes();
    answer_reads(now);
    release_replies();
}

void EngineHost::answer_reads(WallTime now) {
    while (!out_.reads.empty()) {
        const std::vector<jobs::WantedRead> wanted = std::exchange(out_.reads, {});
        for (const jobs::WantedRead& one : wanted) {
            ++refills_;
            engine_.begin_drain(nothing_);
            engine_.apply(jobs::ReadDone{read(one)}, now, out_);
            engine_.end_drain(out_);
            apply_writes();
        }
        deadline_ = engine_.next_deadline();
    }
}

bool EngineHost::take(std::uint64_t seq, JobState a, JobState b, jobs::ReadResult& out) const {
    const auto at = on_disk_.find(seq);
    SLUICE_CHECK(at != on_disk_.end());
    const WorldJob& entry = jobs_[at->second];
    if (entry.state != a && entry.state != b) return true;
    if (out.jobs.size() >= out.request.limit) return false;
    out.jobs.push_back(entry.stored);
    return true;
}

jobs::ReadResult EngineHost::read(const jobs::WantedRead& wanted) const {
    jobs::ReadResult out;
    out.request = wanted;
    if (wanted.kind == jobs::ReadKind::ready) {
        const ReadyKey start{wanted.queue.value(), wanted.priority,
                             wanted.from_start ? 0 : wanted.order};
        auto at = wanted.from_start ? ready_.lower_bound(start) : ready_.upper_bound(start);
        for (; at != ready_.end(); ++at) {
            if (at->first.queue != start.queue || at->first.priority != start.priority) break;
            if (!take(at->second, JobState::enqueued, JobState::enqueued, out)) return out;
        }
    } else {
        SLUICE_CHECK(wanted.kind == jobs::ReadKind::due);
        auto at = wanted.from_start ? due_.begin() : due_.upper_bound(wanted.due);
        for (; at != due_.end(); ++at) {
            if (!take(at->second, JobState::scheduled, JobState::retrying, out)) return out;
        }
    }
    out.at_end = true;
    return out;
}

void EngineHost::apply_writes() {
    for (jobs::Write& write : out_.writes) {
        if (auto* put = std::get_if<jobs::PutJob>(&write)) {
            apply(*put);
        } else if (const auto* erase = std::get_if<jobs::EraseJob>(&write)) {
            apply(*erase);
        } else if (const auto* ready = std::get_if<jobs::PutReady>(&write)) {
            ready_[{ready->queue.value(), ready->priority, ready->order}] = ready->seq.value();
        } else if (const auto* gone = std::get_if<jobs::EraseReady>(&write)) {
            ready_.erase({gone->queue.value(), gone->priority, gone->order});
        } else if (const auto* due = std::get_if<jobs::PutDue>(&write)) {
            due_[{due->at, due->seq}] = due->seq.value();
        } else if (const auto* over = std::get_if<jobs::EraseDue>(&write)) {
            due_.erase({over->at, over->seq});
        }
    }
    out_.writes.clear();
}

void EngineHost::apply(jobs::PutJob& put) {
    const std::uint32_t number = job_number(put.job.body->jid());
    WorldJob& entry = jobs_[number];
    const JobState to = put.job.head.state;
    if ((put.job.head.indexed || jobs::is_final(to)) && !entry.on_disk) {
        entry.on_disk = true;
        on_disk_.emplace(put.job.head.seq.value(), number);
    }
    if (to == JobState::running) {
        entry.lease = put.job.head.lease.token;
    } else {
        entry.stored = std::move(put.job);
    }
    const auto from = entry.state;
    if (from == to) return;
    entry.state = to;
    listener_.on_moved(number, from, to);
}

void EngineHost::apply(const jobs::EraseJob& erase) {
    const auto at = on_disk_.find(erase.seq.value());
    SLUICE_CHECK(at != on_disk_.end());
    const std::uint32_t number = at->second;
    on_disk_.erase(at);
    WorldJob& entry = jobs_[number];
    entry.on_disk = false;
    entry.state.reset();
    entry.stored.body.reset();
    listener_.on_forgotten(number);
}

void EngineHost::release_replies() {
    for (jobs::Reply& reply : out_.replies) {
        const auto seat = static_cast<std::uint32_t>(reply.ticket.value() & (seats_max - 1));
        if (const auto* jobs = std::get_if<jobs::JobsReply>(&reply.body)) {
            if (jobs->jobs.empty()) {
                listener_.on_nothing(seat);
            } else {
                ++deliveries_;
                listener_.on_delivered(seat, job_number(jobs->jobs[0].body->jid()));
            }
        } else if (const auto* verdict = std::get_if<jobs::VerdictReply>(&reply.body)) {
            if (verdict->verdicts[0] != jobs::Verdict::done) listener_.on_stale();
        } else if (auto* info = std::get_if<jobs::InfoReply>(&reply.body)) {
            info_ = std::move(*info);
        }
    }
    out_.clear();
}

}  // namespace sluice::sim
