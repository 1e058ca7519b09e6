// SPDX-License-Identifier: Apache-2.0
// The checks on single changes of state: what may follow what, and why it happened.
#include "checker.h"

#include <algorithm>

namespace sluice::jobs::sim {

namespace {

/// The transitions of job-semantics 4.2, as bits of the states that may follow.
constexpr unsigned bit(JobState state) { return 1U << static_cast<unsigned>(state); }
unsigned followers(JobState state) {
    constexpr unsigned ends =
        bit(JobState::dead) | bit(JobState::discarded) | bit(JobState::cancelled);
    switch (state) {
        case JobState::scheduled: return bit(JobState::enqueued) | ends;
        case JobState::enqueued: return bit(JobState::running) | bit(JobState::succeeded) | ends;
        case JobState::running:
            return bit(JobState::succeeded) | bit(JobState::retrying) | bit(JobState::enqueued) |
                   bit(JobState::scheduled) | ends;
        case JobState::retrying: return bit(JobState::enqueued) | bit(JobState::succeeded) | ends;
        case JobState::dead: return bit(JobState::enqueued) | bit(JobState::discarded);
        case JobState::succeeded:
        case JobState::cancelled:
        case JobState::discarded: return 0;
    }
    return 0;
}

bool same_content(const JobBody& a, const JobBody& b) {
    return a.queue() == b.queue() && a.type() == b.type() && a.args() == b.args();
}

bool is_due_state(JobState state) {
    return state == JobState::scheduled || state == JobState::retrying;
}

}  // namespace

void Checker::check_put(const PutJob& put, const Truth& before, Shadow::Index job) {
    const Truth after = truth_of(put.job);
    if (put.job.body.get() != shadow_.facts(job).body.get() &&
        put.job.body->bytes() != shadow_.facts(job).body->bytes())
        fail("J2", "another payload was stored for " + describe(job));
    if (!before.exists) {
        if (!put.fresh) fail("J1", "a job that is gone was stored again: " + describe(job));
        if (after.state == JobState::enqueued) check_enqueued(before, after, job);
        if (after.state == JobState::scheduled && after.due_at != put.job.body->policy().at)
            fail("J8", "scheduled for another time than asked: " + describe(job));
        return;
    }
    if (put.fresh) fail("J1", "stored as new although it was there: " + describe(job));
    if (after.cancel_requested && !before.cancel_requested)
        shadow_.facts(job).cancelled_in = drains_;
    if (before.state == after.state) {
        if (before.attempt != after.attempt || before.token != after.token ||
            before.failures != after.failures || before.due_at != after.due_at)
            fail("J4", "changed without changing its state: " + describe(job));
        return;
    }
    if (restoring_) fail("J20", "a restart changed the state of " + describe(job));
    if ((followers(before.state) & bit(after.state)) == 0) {
        fail(is_final(before.state) ? "J16" : "J4", "no such transition: " + describe(job) +
                                                        ", it was " +
                                                        std::string(to_string(before.state)));
    }
    if (after.state == JobState::running) check_delivery(before, after, job);
    if (after.state == JobState::enqueued) check_enqueued(before, after, job);
    if (after.state == JobState::retrying || after.state == JobState::scheduled) {
        if (after.due_at <= now_) fail("J7", "put back for a time that is past: " + describe(job));
    }
}

void Checker::check_delivery(const Truth& before, const Truth& after, Shadow::Index job) {
    ++deliveries_;
    Facts& facts = shadow_.facts(job);
    ++facts.deliveries;
    if (after.attempt != before.attempt + 1)
        fail("J7", "a delivery that is not the next attempt: " + describe(job));
    if (after.token.value() <= token_max_)
        fail("J4", "a lease token was used before: " + describe(job));
    token_max_ = std::max(token_max_, after.token.value());
    if (!shadow_.is_first(before))
        fail("J10", "delivered before others of its queue: " + describe(job));
    const QueueRow* row = shadow_.row(before.queue);
    if (row == nullptr || row->paused || row->removed)
        fail("J10", "delivered from a paused or removed queue: " + describe(job));
    if (before.cancel_requested) fail("J18", "delivered after its cancellation: " + describe(job));
}

void Checker::check_enqueued(const Truth& before, const Truth& after, Shadow::Index job) {
    const QueueRow* row = shadow_.row(after.queue);
    if (row == nullptr || row->removed || row->name != shadow_.facts(job).body->queue())
        fail("J1", "enqueued in a queue that is not there: " + describe(job));
    if (after.order > order_max_) {
        order_max_ = after.order;
        return;
    }
    const bool given_back = before.exists && before.state == JobState::running;
    if (!given_back) fail("J10", "enqueued before earlier pushes: " + describe(job));
}

void Checker::check_fresh(const PutJob& put) {
    const JobBody& body = *put.job.body;
    if (body.policy().at > now_ && put.job.head.state != JobState::scheduled)
        fail("J8", "pushed for later but ready now: " + std::string(body.jid()));
    const Shadow::Index earlier = shadow_.latest(body.jid());
    if (earlier == Shadow::none) return;
    const Truth& truth = shadow_.truth(earlier);
    if (!truth.exists) return;
    if (!truth.superseded) fail("J1", "two jobs own one jid: " + describe(earlier));
    const QueueRow* row = shadow_.row(truth.queue);
    const bool clearing = truth.state == JobState::enqueued && (row == nullptr || row->removed);
    if (is_waiting(truth.state) && !clearing && same_content(*shadow_.facts(earlier).body, body))
        fail("J11", "a repeated push made a second job: " + describe(earlier));
}

/// The latest job of a jid is found by it: a row leads to it, or there is none and memory knows it.
void Checker::check_jid_row(const PutJob& put) {
    const JobHead& head = put.job.head;
    if (head.superseded) return;
    const std::string jid(put.job.body->jid());
    const Seq row = shadow_.jid_row(jid);
    if (head.named && row != head.seq) fail("J1", "the row of its jid is missing: " + jid);
    if (!head.named && row) fail("J1", "the row of its jid leads to another job: " + jid);
    if (head.indexed && !head.named) fail("J1", "on disk only, and not found by its jid: " + jid);
}

void Checker::check_erase(const EraseJob& erase) {
    const Shadow::Index job = shadow_.find(erase.seq);
    if (job == Shadow::none || !shadow_.truth(job).exists) {
        fail("J1", "a job was erased that is not there: " + erase.jid);
        return;
    }
    const Truth& truth = shadow_.truth(job);
    if (!is_final(truth.state)) {
        fail("J1", "a live job was erased: " + describe(job));
        return;
    }
    const bool dead = truth.state == JobState::dead;
    const Duration asked = shadow_.facts(job).body->policy().keep;
    const Duration keep =
        dead ? config_.dead_keep : (asked < Duration{0} ? config_.finished_keep : asked);
    const std::uint64_t kept =
        dead ? shadow_.counts()[static_cast<std::size_t>(JobState::dead)] : shadow_.kept_finished();
    const std::size_t most = dead ? config_.dead_max : config_.finished_max;
    if (truth.changed_at + keep > now_ && kept <= most - forgotten_at_once(most))
        fail("J1", "forgotten before its retention was over: " + describe(job));
    if (!erase.jid.empty() && truth.superseded)
        fail("J1", "the jid of a newer job was erased with " + describe(job));
}

void Checker::explain_rest() {
    for (Move& move : shadow_.moves) {
        if (move.explained || violation_) continue;
        if (!move.after.exists) continue;  // checked when it was erased
        if (explain_by_time(move)) continue;
        const bool by_sweep = std::any_of(sweeps_.begin(), sweeps_.end(), [&](const Sweep* sweep) {
            return explain_sweep(move, sweep->action, sweep->filter);
        });
        if (by_sweep) continue;
        const bool left_running = move.before.running();
        fail(left_running ? "J4" : (move.before.exists ? "J6" : "J3"),
             "nothing explains that " + describe(move.job) + " left the state " +
                 std::string(move.before.exists ? to_string(move.before.state) : "none"));
    }
}

bool Checker::explain_by_time(Move& move) {
    if (is_due_state(move.before.state) && move.after.state == JobState::enqueued &&
        move.before.due_at <= now_) {
        return true;
    }
    if (move.before.running() && move.after.lapse == Lapse::expired) return explain_expiry(move);
    if (move.before.running() && move.after.lapse == Lapse::worker_lost) return explain_loss(move);
    const QueueRow* row = shadow_.row(move.before.queue);
    return move.before.state == JobState::enqueued && move.after.state == JobState::discarded &&
           (row == nullptr || row->removed);
}

bool Checker::explain_expiry(Move& move) {
    Facts& facts = shadow_.facts(move.job);
    WallTime until = move.before.expires_at;
    if (facts.renewed == move.before.token) until = std::max(until, facts.renewed_until);
    if (now_ < until) {
        fail("J4", "a lease ended before its time: " + describe(move.job));
        return false;
    }
    ++facts.causes;
    check_failed(move, nullptr);
    return true;
}

bool Checker::explain_loss(Move& move) {
    ++shadow_.facts(move.job).causes;
    WallTime earliest{};
    for (const WorkerView& view : workers_) {
        if (view.wid != nullptr && *view.wid == move.before.holder())
            earliest = view.changed_in == drains_ ? view.earlier : view.lost_not_before;
    }
    if (move.before.wid == nullptr || now_ < earliest) {
        fail("J4", "a worker was lost that was not silent: " + describe(move.job));
        return false;
    }
    const bool again = move.before.losses > 0 && move.after.losses == move.before.losses + 1;
    if (!again && move.after.losses != 1)
        fail("J7", "a loss was not counted: " + describe(move.job));
    const JobState expected = move.before.cancel_requested              ? JobState::cancelled
                              : move.after.losses >= config_.losses_max ? JobState::dead
                                                                        : JobState::enqueued;
    if (move.after.state != expected)
        fail("J7", "a lost job went to the wrong place: " + describe(move.job));
    return true;
}

bool Checker::explain_sweep(Move& move, SweepAction action, const JobFilter& filter) {
    if (!move.before.exists || move.before.running()) return false;
    const JobBody& body = *shadow_.facts(move.job).body;
    const auto has = [](const auto& list, const auto& value) {
        return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
    };
    if (!has(filter.states, move.before.state) || !has(filter.jids, body.jid())) return false;
    if (!filter.queue.empty() && filter.queue != body.queue()) return false;
    if (filter.jids.empty() && !filter.type.empty() && filter.type != body.type()) return false;
    switch (action) {
        case SweepAction::kill: return move.after.state == JobState::dead;
        case SweepAction::discard: return move.after.state == JobState::discarded;
        case SweepAction::cancel: return move.after.state == JobState::cancelled;
        case SweepAction::requeue: break;
    }
    if (move.after.state != JobState::enqueued || move.before.state == JobState::enqueued)
        return false;
    Facts& facts = shadow_.facts(move.job);
    ++facts.causes;
    facts.final_seen = false;
    return true;
}

void Checker::check_failed(const Move& move, const FailureReport* report) {
    const JobPolicy& policy = shadow_.facts(move.job).body->policy();
    const Truth& after = move.after;
    const auto expect = [&](JobState state) {
        if (after.state != state)
            fail("J7", "a failed job went to the wrong place: " + describe(move.job) +
                           ", expected " + std::string(to_string(state)));
    };
    if (move.before.cancel_requested) {
        expect(JobState::cancelled);
        return;
    }
    if (after.failures != move.before.failures + 1)
        fail("J7", "a failure was not counted: " + describe(move.job));
    const bool final = report != nullptr && report->final;
    if (final || (policy.retry != 0 && move.before.failures >= policy.retry)) {
        expect(JobState::dead);
    } else if (policy.retry == 0) {
        expect(JobState::discarded);
    } else {
        check_delay(move, report != nullptr ? report->retry_in : std::nullopt);
    }
}

void Checker::check_delay(const Move& move, std::optional<Duration> retry_in) {
    const Backoff& backoff = shadow_.facts(move.job).body->policy().backoff;
    const std::int64_t count = move.before.failures;
    Duration low{0};
    Duration high{0};
    const Duration jitter_of = backoff.base;
    switch (backoff.kind) {
        case BackoffKind::faktory:
            low = std::chrono::seconds(count * count * count * count + 15);
            high = low + std::chrono::seconds(29 * (count + 1));
            break;
        case BackoffKind::constant: low = std::min(jitter_of, backoff.max); break;
        case BackoffKind::exponential:
            low = backoff.base;
            for (std::int64_t i = 0; i < count && low < backoff.max; ++i) low *= 2;
            low = std::min(low, backoff.max);
            break;
        case BackoffKind::none: break;
    }
    if (backoff.kind != BackoffKind::faktory) high = low + low * backoff.jitter_percent / 100;
    if (retry_in) low = high = *retry_in;
    const Truth& after = move.after;
    if (high == Duration{0}) {
        if (after.state != JobState::enqueued)
            fail("J7", "not retried at once: " + describe(move.job));
        return;
    }
    const Duration delay = after.due_at - now_;
    if (after.state != JobState::retrying || delay < low || delay > high)
        fail("J7", "the wait before the next attempt is out of bounds: " + describe(move.job));
}

}  // namespace sluice::jobs::sim
