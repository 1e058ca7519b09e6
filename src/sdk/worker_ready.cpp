// SPDX-License-Identifier: Apache-2.0
// ReadyTarget, and what WorkerOwner does by it: fetching, and giving back what waits behind long
// jobs.
#include "sdk/worker_ready.h"

#include "kernel/sync/clock.h"
#include "sdk/worker_owner.h"

#include <algorithm>
#include <utility>

namespace sluice::sdk {

namespace {

constexpr int job_weight = 16;
constexpr int round_trip_weight = 8;
constexpr int arrival_weight = 16;
/// Jobs that come faster than this one by one are waited for a little. A chain of jobs, each pushed
/// when the last has ended, is slower: it has a sync of the server's in every link.
constexpr Duration arrival_fast = 250us;
constexpr Duration fetch_pause_time = 2ms;
/// A server that has nothing keeps a fetch waiting. One that says so at once, as it stops or was
/// not asked to wait, is not asked again sooner than this.
constexpr Duration empty_fetch_time = 50ms;
/// A server that hangs is no reason to hold more.
constexpr Duration round_trip_max = 500ms;

Duration moved(Duration average, Duration sample, int weight) {
    return average + (sample - average) / weight;
}

}  // namespace

void ReadyTarget::job_took(Duration took) {
    took = std::max(took, Duration{1});
    job_ = job_ ? moved(*job_, took, job_weight) : took;
}

void ReadyTarget::round_trip_took(Duration took) {
    round_trip_ = moved(round_trip_, std::min(took, round_trip_max), round_trip_weight);
}

void ReadyTarget::fetched(std::size_t jobs, Instant now) {
    if (jobs == 0) return;
    const Duration each = (now - last_fetched_) / static_cast<std::int64_t>(jobs);
    last_fetched_ = now;
    arrival_ = moved(arrival_, std::min(each, arrival_max), arrival_weight);
}

Duration ReadyTarget::fetch_pause() const {
    return is_fixed() || arrival_ >= arrival_fast ? Duration{0} : fetch_pause_time;
}

std::uint32_t ReadyTarget::count_for(Duration job) const {
    const double work = to_seconds(options_.time + round_trip_) * options_.slots;
    const double count = work / std::max(to_seconds(job), 1e-9) + 0.5;
    return count >= options_.most ? options_.most : static_cast<std::uint32_t>(count);
}

std::uint32_t ReadyTarget::target() const {
    if (is_fixed()) return options_.most;
    return job_ ? count_for(*job_) : std::min(options_.slots, options_.most);
}

std::uint32_t ReadyTarget::worth_keeping(Duration nothing_ended_for) const {
    if (is_fixed()) return options_.most;
    return 2 * count_for(std::max(job_.value_or(Duration{0}), nothing_ended_for));
}

// ---------------------------------------------------------------------------- WorkerOwner

void WorkerOwner::order_fetch() {
    if (next_fetch_ != Instant::max()) {
        if (monotonic_now() < next_fetch_) return;
        next_fetch_ = Instant::max();
    }
    if (is_fetching_ || phase_ != Phase::running || pressure_ ||
        unanswered_ > channels_.answers_max)
        return;
    const std::size_t ready = std::min(ready_.target(), ready_limit_);
    const std::size_t wanted = std::min(options_.concurrency + ready, channels_.held_max);
    const std::size_t room = wanted - std::min(wanted, held_.size());
    // A round trip for one job while half the store is full would be waste.
    if (room < std::max<std::size_t>(ready / 2, 1)) return;
    fetch_max_ = static_cast<std::uint32_t>(std::min<std::size_t>(room, fetch_jobs_max));
    fetch_ordered_ = monotonic_now();
    is_fetching_ = channels_.fetches.try_push(FetchOrder{fetch_max_}) == ChannelStatus::ok;
}

void WorkerOwner::note_fetched(std::size_t jobs) {
    const Instant now = monotonic_now();
    ready_.fetched(jobs, now);
    const Duration pause = ready_.fetch_pause();
    if (jobs == 0) {
        next_fetch_ = fetch_ordered_ + empty_fetch_time;
    } else if (pause > Duration{0} && jobs < fetch_max_) {
        next_fetch_ = now + pause;
    }
}

/// From now on it is watched whether what waits gets its turn.
void WorkerOwner::watch_ready() {
    if (ready_.is_fixed() || next_review_ != Instant::max()) return;
    last_end_ = monotonic_now();
    next_review_ = last_end_ + options_.ready_patience;
}

void WorkerOwner::review_ready(Instant now) {
    next_review_ = Instant::max();
    std::vector<Task> waiting;
    channels_.tasks.try_pop_all(waiting, channels_.tasks.capacity());
    if (waiting.empty()) return;
    // Nor are others fetched in their place, until a job ends.
    ready_limit_ = ready_.worth_keeping(now - last_end_);
    std::size_t keep = ready_limit_;
    std::vector<Task> kept;
    std::size_t released = 0;
    for (Task& task : waiting) {
        const auto job = held_.find(task.job.lease);
        if (job == held_.end()) continue;
        // What is to end anyhow is for a handler to say.
        if (keep > 0 || job->second.why != Why::none) {
            keep -= keep > 0 ? 1 : 0;
            kept.push_back(std::move(task));
            continue;
        }
        release(job->second.delivery.jid, job->first);
        forget(job);
        ++released;
    }
    if (released > 0) {
        say(std::to_string(released) + " jobs that wait behind long ones go back to the server");
    }
    // Before those of this turn, which are younger.
    std::move(new_tasks_.begin(), new_tasks_.end(), std::back_inserter(kept));
    new_tasks_ = std::move(kept);
    if (!new_tasks_.empty()) next_review_ = now + options_.ready_patience;
}

}  // namespace sluice::sdk
