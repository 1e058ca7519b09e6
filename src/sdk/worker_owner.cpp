// SPDX-License-Identifier: Apache-2.0
#include "sdk/worker_owner.h"

#include "kernel/algo/backoff.h"
#include "kernel/sync/clock.h"

#include <algorithm>
#include <utility>

namespace sluice::sdk {

namespace {

void add(std::atomic<std::uint64_t>& counter, std::uint64_t count = 1) {
    counter.fetch_add(count, std::memory_order_relaxed);
}

constexpr std::size_t events_min = 4096;
constexpr std::size_t spare_orders = 64;

}  // namespace

WorkerCounters SharedCounters::read() const {
    return {.fetched = fetched,
            .succeeded = succeeded,
            .failed = failed,
            .timed_out = timed_out,
            .cancelled = cancelled,
            .released = released,
            .lost = lost,
            .stale = stale,
            .unsent = unsent,
            .reconnects = reconnects,
            .beats = beats,
            .crashed = crashed,
            .spooled = spooled,
            .recovered = recovered,
            .pressures = pressures,
            .under_pressure = under_pressure,
            .running = running,
            .held = held,
            .parked = parked};
}

WorkerChannels::WorkerChannels(const WorkerOptions& options)
    : held_max(std::size_t{options.concurrency} + options.prefetch),
      answers_max(4 * held_max + 1000),
      events(std::max(events_min, 8 * held_max), "worker.events"),
      tasks(held_max, "worker.tasks"),
      fetches(1, "worker.fetches"),
      sends(answers_max + 2 * held_max + spare_orders, "worker.sends"),
      asks(2 * std::size_t{options.concurrency}, "worker.asks"),
      slots(options.concurrency) {}

WorkerOwner::WorkerOwner(const WorkerOptions& options, const HandlerTable& handlers,
                         WorkerChannels& channels, SharedCounters& counters)
    : options_(options),
      channels_(channels),
      counters_(counters),
      admission_(options.capacity),
      ready_({.slots = options.concurrency, .most = options.prefetch, .time = options.ready_time}),
      random_(static_cast<std::uint64_t>(monotonic_now().time_since_epoch().count())) {
    for (const auto& [name, entry] : handlers) {
        if (!entry.terms.are_none()) {
            admission_types_.emplace(name, admission_.add_type(entry.terms));
        }
    }
}

Status WorkerOwner::run() {
    next_beat_ = deadline_after(options_.beat_interval);
    std::vector<WorkerEvent> batch;
    while (!has_ended_) {
        order_fetch();
        publish();
        batch.clear();
        channels_.events.pop_all(batch, channels_.events.capacity(), next_deadline());
        for (WorkerEvent& event : batch) {
            std::visit([this](auto& one) { on(one); }, event);
        }
        pass_time(monotonic_now());
        start_admitted();
        hand_over_tasks();
        send_answers();
        part_if_done();
    }
    publish();
    return verdict_;
}

// ---------------------------------------------------------------------------- events

void WorkerOwner::on(Fetched& fetched) {
    is_fetching_ = false;
    add(counters_.fetched, fetched.jobs.size());
    note_fetched(fetched.jobs.size());
    for (HeldJob& job : fetched.jobs) {
        // Delivered while we were leaving, or more than was asked for: back with it.
        if (phase_ != Phase::running || pressure_ || held_.size() >= channels_.held_max) {
            release(job.delivery.jid, job.lease);
            continue;
        }
        Held held;
        held.delivery.jid = job.delivery.jid;
        held.delivery.type = job.delivery.type;
        const CancelToken token = held.source.token();
        const auto [place, is_new] = held_.emplace(job.lease, std::move(held));
        if (is_new) take_in(place, Task{.job = std::move(job), .token = token});
    }
}

std::optional<Admission::Type> WorkerOwner::admission_type(std::string_view type) const {
    // Most workers have no such types, and then the name is not looked up.
    if (admission_types_.empty()) return std::nullopt;
    const auto found = admission_types_.find(type);
    return found == admission_types_.end() ? std::nullopt : std::optional(found->second);
}

/// To the handlers, or to wait for what it needs.
void WorkerOwner::take_in(HeldJobs::iterator job, Task task) {
    const auto type = admission_type(job->second.delivery.type);
    if (!type) return hand_over(std::move(task));
    if (const auto misfit = admission_.misfit(*type)) {
        return settle(
            job, Failure{.errtype = "NeedsTooMuch", .message = "a job of this type " + *misfit});
    }
    job->second.type = type;
    job->second.parked = std::move(task);
    admission_.wait(*type, job->first);
}

/// At the end of the turn, with all others: one lock and one wake-up for them.
void WorkerOwner::hand_over(Task task) { new_tasks_.push_back(std::move(task)); }

void WorkerOwner::hand_over_tasks() {
    if (new_tasks_.empty()) return;
    watch_ready();
    const auto status = channels_.tasks.try_push_all(new_tasks_);
    SLUICE_CHECK(status == ChannelStatus::ok);
}

void WorkerOwner::start_admitted() {
    while (const auto lease = admission_.next()) {
        const auto job = held_.find(*lease);
        SLUICE_CHECK(job != held_.end() && job->second.parked.has_value());
        hand_over(*std::exchange(job->second.parked, std::nullopt));
    }
    // Before the tasks are handed over: who sees one begin sees what still waits.
    counters_.parked.store(static_cast<std::uint32_t>(admission_.waiting()),
                           std::memory_order_relaxed);
}

/// Its token is cancelled: a handler thread tells so at once, without what the job needs.
void WorkerOwner::unpark(HeldJobs::iterator job) {
    Held& held = job->second;
    if (!held.parked) return;
    admission_.withdraw(*std::exchange(held.type, std::nullopt), job->first);
    hand_over(*std::exchange(held.parked, std::nullopt));
}

WorkerOwner::HeldJobs::iterator WorkerOwner::forget(HeldJobs::iterator job) {
    const Held& held = job->second;
    if (held.type && held.parked) admission_.withdraw(*held.type, job->first);
    if (held.type && !held.parked) admission_.finish(*held.type);
    return held_.erase(job);
}

void WorkerOwner::on(const Started& started) {
    const auto job = held_.find(started.lease);
    if (job == held_.end()) return;
    job->second.deadline = started.deadline;
    next_timeout_ = std::min(next_timeout_, started.deadline);
}

void WorkerOwner::on(Finished& finished) {
    ready_.job_took(finished.took);
    ready_limit_ = UINT32_MAX;
    if (next_review_ != Instant::max()) last_end_ = monotonic_now();
    const auto job = held_.find(finished.lease);
    if (job != held_.end()) settle(job, std::move(finished.outcome));
}

void WorkerOwner::on(Progressed& progressed) {
    const auto job = held_.find(progressed.lease);
    if (job == held_.end()) return;
    job->second.progress = std::move(progressed);
    job->second.has_news = true;
}

void WorkerOwner::on(const Delivered& delivered) {
    is_away_ = false;
    unanswered_ -= std::min(unanswered_, delivered.count);
    add(counters_.stale, delivered.stale);
    ready_.round_trip_took(delivered.took);
}

void WorkerOwner::on(const BeatAnswered& answered) {
    add(counters_.beats);
    for (const std::uint64_t lease : answered.answer.lost) {
        // A lease that is answered by now is no loss.
        const auto job = held_.find(lease);
        if (job == held_.end() || job->second.why == Why::lost) continue;
        add(counters_.lost);
        say("lost the lease of " + job->second.delivery.jid);
        stop_job(job, Why::lost, fail(Code::conflict, "the lease was lost"));
    }
    for (const std::string& jid : answered.answer.cancel) {
        for (auto job = held_.begin(); job != held_.end(); ++job) {
            if (job->second.delivery.jid != jid || job->second.why != Why::none) continue;
            say("asked to cancel " + jid);
            stop_job(job, Why::cancel_requested, fail(Code::cancelled, "cancelled on request"));
        }
    }
    if (answered.answer.state == WorkerWord::quiet) on(Wish::quiet);
    if (answered.answer.state == WorkerWord::terminate) on(Wish::stop);
}

void WorkerOwner::on(const Trouble& trouble) {
    say(trouble.error.text());
    is_away_ = true;
    if (!trouble.fatal || phase_ == Phase::parting) return;
    if (verdict_) verdict_ = trouble.error;
    // The thread that says so has ended.
    is_fetching_ = false;
    leave_queue(Phase::cancelling);
    start_cancel();
}

void WorkerOwner::on(const Reconnected&) {
    add(counters_.reconnects);
    say("connected again");
}

void WorkerOwner::on(const SenderEnded& ended) {
    const std::size_t lost = ended.unsent - std::min(ended.unsent, ended.spooled);
    add(counters_.unsent, lost);
    if (lost > 0) say(std::to_string(lost) + " answers could not be delivered");
    if (ended.spooled > 0) {
        say(std::to_string(ended.spooled) + " answers wait in the spool for the next worker");
    }
    has_ended_ = true;
}

void WorkerOwner::on(const Recovered& recovered) {
    add(counters_.recovered, recovered.count);
    unanswered_ += recovered.count;
    say(std::to_string(recovered.count) + " answers were in the spool");
}

void WorkerOwner::on(const Spooled& spooled) {
    add(counters_.spooled, spooled.count);
    if (!spooled.status) return say(spooled.status.error().text());
    if (!is_away_) say("the server does not answer: what has ended waits in the spool");
    is_away_ = true;
}

void WorkerOwner::on(const Pressed& pressed) {
    pressure_ = pressed.is_pressed ? std::optional(pressed.reason) : std::nullopt;
    counters_.under_pressure.store(pressed.is_pressed, std::memory_order_relaxed);
    if (pressed.is_pressed) add(counters_.pressures);
    say((pressed.is_pressed ? "fetching no more: " : "fetching again: ") + pressed.reason);
}

void WorkerOwner::on(const Wish& wish) {
    switch (wish) {
        case Wish::quiet:
            if (phase_ != Phase::running) return;
            say("quiet: fetching no more");
            leave_queue(Phase::quiet);
            return;
        case Wish::stop:
            if (phase_ >= Phase::draining) return;
            say("stopping: " + std::to_string(held_.size()) + " jobs held");
            leave_queue(Phase::draining);
            start_drain();
            return;
        case Wish::stop_now:
            if (phase_ >= Phase::cancelling) return;
            say("stopping now: " + std::to_string(held_.size()) + " jobs held");
            leave_queue(Phase::cancelling);
            start_cancel();
            return;
    }
}

// ---------------------------------------------------------------------------- phases

void WorkerOwner::leave_queue(Phase phase) {
    const bool was_running = phase_ == Phase::running;
    phase_ = std::max(phase_, phase);
    if (was_running) {
        channels_.fetches.close();
        channels_.leave.notify();
    }
    beat(monotonic_now());
}

void WorkerOwner::start_drain() {
    phase_deadline_ = deadline_after(options_.grace);
    hand_over_tasks();
    std::vector<Task> unstarted;
    channels_.tasks.try_pop_all(unstarted, channels_.tasks.capacity());
    for (const Task& task : unstarted) {
        const auto job = held_.find(task.job.lease);
        if (job == held_.end()) continue;
        if (job->second.why != Why::lost) release(job->second.delivery.jid, job->first);
        forget(job);
    }
    for (auto job = held_.begin(); job != held_.end();) {
        if (!job->second.parked) {
            ++job;
            continue;
        }
        release(job->second.delivery.jid, job->first);
        job = forget(job);
    }
}

void WorkerOwner::start_cancel() {
    start_drain();
    phase_ = std::max(phase_, Phase::cancelling);
    phase_deadline_ = deadline_after(options_.cancel_grace);
    for (auto job = held_.begin(); job != held_.end(); ++job) {
        if (job->second.why == Why::none) {
            stop_job(job, Why::stopping, fail(Code::cancelled, "the worker stops"));
        }
    }
}

void WorkerOwner::part_if_done() {
    if (phase_ < Phase::draining || phase_ == Phase::parting) return;
    if (!held_.empty() || is_fetching_) return;
    phase_ = Phase::parting;
    phase_deadline_ = no_deadline;
    channels_.tasks.close();
    const auto status = channels_.sends.try_push(LastOrder{deadline_after(options_.reply_timeout)});
    SLUICE_CHECK(status == ChannelStatus::ok);
    channels_.hurry.notify();
}

void WorkerOwner::stop_overdue(Instant now) {
    next_timeout_ = no_deadline;
    for (auto job = held_.begin(); job != held_.end(); ++job) {
        Held& held = job->second;
        if (now < held.deadline) {
            next_timeout_ = std::min(next_timeout_, held.deadline);
            continue;
        }
        held.deadline = no_deadline;
        if (held.why != Why::none) continue;
        stop_job(job, Why::timed_out, fail(Code::timeout, "the job ran longer than it may"));
    }
}

void WorkerOwner::pass_time(Instant now) {
    if (now >= next_timeout_) stop_overdue(now);
    if (now >= next_review_) review_ready(now);
    if (now >= next_beat_) beat(now);
    if (now < phase_deadline_) return;
    if (phase_ == Phase::draining) {
        say("the grace is over: cancelling " + std::to_string(held_.size()) + " jobs");
        start_cancel();
    } else if (phase_ == Phase::cancelling) {
        phase_deadline_ = no_deadline;
        // These handlers do not listen. Others shall have the jobs; what they bring is dropped.
        for (const auto& [lease, held] : held_) {
            if (held.why != Why::lost) release(held.delivery.jid, lease);
            say("the handler of " + held.delivery.jid + " does not stop");
        }
        held_.clear();
    }
}

Instant WorkerOwner::next_deadline() const {
    return std::min({next_beat_, phase_deadline_, next_timeout_, next_review_, next_fetch_});
}

// ---------------------------------------------------------------------------- orders

void WorkerOwner::beat(Instant now) {
    next_beat_ = now + options_.beat_interval;
    if (phase_ == Phase::parting) return;
    // First, as it does not list what they have ended.
    send_answers();
    BeatOrder order;
    order.state = phase_ == Phase::running ? WorkerWord::running
                  : phase_ == Phase::quiet ? WorkerWord::quiet
                                           : WorkerWord::terminate;
    for (auto& [lease, held] : held_) {
        if (held.why == Why::lost) continue;
        order.leases.push_back(lease);
        if (held.has_news) order.progress.push_back(held.progress);
        held.has_news = false;
    }
    // With no room for it the sender is far behind, and the next beat will do as well.
    channels_.sends.try_push(std::move(order));
}

void WorkerOwner::stop_job(HeldJobs::iterator job, Why why, Error reason) {
    job->second.why = why;
    job->second.source.cancel(std::move(reason));
    unpark(job);
}

void WorkerOwner::settle(HeldJobs::iterator job, Outcome&& outcome) {
    Held& held = job->second;
    Answer out{.jid = held.delivery.jid, .lease = job->first, .result = {}, .failure = {}};
    // The handler may have seen its deadline pass before we did.
    const bool is_late = held.why == Why::none && monotonic_now() >= held.deadline;
    const Why why = is_late ? Why::timed_out : held.why;
    if (const auto* failure = std::get_if<Failure>(&outcome)) remember(held, *failure);
    const auto pause = pause_of(held, outcome);
    forget(job);
    if (why == Why::lost) return;
    if (auto* result = std::get_if<std::string>(&outcome)) {
        add(counters_.succeeded);
        out.kind = Answer::Kind::ack;
        out.result = std::move(*result);
        answer(std::move(out));
        return;
    }
    out.failure = std::move(std::get<Failure>(outcome));
    out.kind = Answer::Kind::fail;
    if (why == Why::stopping || (why == Why::none && out.failure.give_back)) {
        release(out.jid, out.lease, why == Why::none ? pause : std::nullopt);
        return;
    }
    add(counters_.failed);
    if (why == Why::cancel_requested) {
        // The word by which the server tells a confirmed cancel from a failure.
        out.failure.errtype = "Cancelled";
        add(counters_.cancelled);
    } else if (why == Why::timed_out) {
        out.failure.message = "ran longer than it may: " + out.failure.message;
        out.failure.errtype = "Timeout";
        add(counters_.timed_out);
    }
    answer(std::move(out));
}

/// Until a job that its handler gives back is delivered again. The server would do that at once,
/// and with no other worker there the job would go round as fast as a handler can refuse it.
std::optional<Duration> WorkerOwner::pause_of(const Held& held, const Outcome& outcome) {
    const auto* failure = std::get_if<Failure>(&outcome);
    if (failure == nullptr || !failure->give_back) {
        if (!given_back_.empty()) given_back_.erase(held.delivery.type);
        return std::nullopt;
    }
    std::uint32_t& in_a_row = given_back_[held.delivery.type];
    const std::uint32_t before = std::exchange(in_a_row, std::min(in_a_row + 1, 64U));
    if (failure->retry_in) return failure->retry_in;
    return exponential_delay(options_.backoff_base, options_.backoff_max, before, random_.next());
}

void WorkerOwner::release(const std::string& jid, std::uint64_t lease,
                          std::optional<Duration> pause) {
    add(counters_.released);
    Answer back{
        .kind = Answer::Kind::requeue, .jid = jid, .lease = lease, .result = {}, .failure = {}};
    back.failure.retry_in = pause;
    answer(std::move(back));
}

void WorkerOwner::answer(Answer answer) {
    ++unanswered_;
    new_answers_.push_back(std::move(answer));
}

void WorkerOwner::send_answers() {
    if (new_answers_.empty()) return;
    // There is room: no more is fetched than answers_max leaves for.
    const auto status = channels_.sends.try_push_all(new_answers_);
    SLUICE_CHECK(status == ChannelStatus::ok || has_ended_);
    new_answers_.clear();
    // Into the spool with it at once, not after the pause before the next try.
    if (is_away_ && !options_.spool_folder.empty()) channels_.hurry.notify();
}

void WorkerOwner::say(const std::string& line) const {
    if (options_.log) options_.log(line);
}

void WorkerOwner::publish() {
    const std::size_t waiting = channels_.tasks.counters().depth + admission_.waiting();
    const std::size_t held = held_.size();
    counters_.held.store(static_cast<std::uint32_t>(held), std::memory_order_relaxed);
    counters_.running.store(static_cast<std::uint32_t>(held - std::min(held, waiting)),
                            std::memory_order_relaxed);
}

}  // namespace sluice::sdk
