// SPDX-License-Identifier: Apache-2.0
// The checks on single commands: was it answered, and did what the answer says happen, and only
// that.
#include "checker.h"

#include <algorithm>
#include <vector>

namespace sluice::jobs::sim {

namespace {

bool holds(const Truth& truth, const JobRef& ref, const Caller& caller) {
    return ref.token ? truth.token == ref.token : truth.holder() == caller.name();
}

}  // namespace

/// Looks at one command and its reply.
struct Checker::Judge {
    Checker& c;

    void operator()(const Push& push) const {
        const Reply* reply = c.reply_to(push.ticket);
        if (reply == nullptr) return c.fail("J9", "a push was not answered");
        const auto* ok = std::get_if<OkReply>(&reply->body);
        if (ok == nullptr) return;  // a job that it left nevertheless stays unexplained
        for (const auto& body : push.jobs) {
            const Shadow::Index job = c.shadow_.latest(body->jid());
            if (job == Shadow::none) {
                c.fail("J1", "an answered push made no job: " + std::string(body->jid()));
                return;
            }
            const QueueRow* row = c.shadow_.row(body->queue());
            if (row != nullptr && !row->durable) continue;
            c.promises_->push_back({Promise::Kind::pushed, job, {}});
        }
        const std::size_t repeats = push.jobs.size() - explain_made(push, *ok);
        if (ok->duplicates != repeats)
            c.fail("J3", "a bulk push was kept in part: " + std::to_string(push.jobs.size()) +
                             " jobs, " + std::to_string(ok->duplicates) + " repeats, but " +
                             std::to_string(repeats) + " without a new job");
    }
    /// The jobs that the push made in this drain: as many as it says, which are the first of its
    /// bodies. A repeat of it later in the drain may have made others of the same bodies, which
    /// stay for the repeat to explain. How many there were.
    std::size_t explain_made(const Push& push, const OkReply& ok) const {
        std::vector<Move*> made;
        for (const auto& body : push.jobs) {
            for (Move& move : c.shadow_.moves) {
                if (move.before.exists || move.explained) continue;
                if (c.shadow_.facts(move.job).body != body) continue;
                if (std::find(made.begin(), made.end(), &move) != made.end()) continue;
                made.push_back(&move);
                break;
            }
        }
        std::sort(made.begin(), made.end(), [this](const Move* a, const Move* b) {
            return c.shadow_.facts(a->job).seq < c.shadow_.facts(b->job).seq;
        });
        made.resize(std::min<std::size_t>(made.size(), push.jobs.size() - ok.duplicates));
        for (Move* move : made) move->explained = true;
        return made.size();
    }
    void operator()(const Fetch& fetch) const {
        if (const Reply* reply = c.reply_to(fetch.ticket)) {
            c.judge_jobs(std::get<JobsReply>(reply->body), fetch);
            return;
        }
        Ask ask;
        ask.deadline = c.now_ + fetch.wait;
        ask.fetch = fetch;
        ask.connection = fetch.caller.connection;
        c.asks_.emplace_back(fetch.ticket, std::move(ask));
    }
    void operator()(const Ack& ack) const {
        const Reply* reply = c.reply_to(ack.ticket);
        if (reply == nullptr) return c.fail("J9", "an ack was not answered");
        const auto& verdicts = std::get<VerdictReply>(reply->body).verdicts;
        for (std::size_t i = 0; i < ack.jobs.size(); ++i) {
            const JobRef& ref = ack.jobs[i].job;
            if (verdicts[i] != Verdict::done) {
                refused(ref, ack.caller);
                continue;
            }
            Move* move = answered(ref, ack.caller, true);
            if (move != nullptr && move->after.state != JobState::succeeded)
                c.fail("J4", "an ack did not finish " + c.describe(move->job));
        }
    }
    void operator()(const Fail& report) const {
        const Reply* reply = c.reply_to(report.ticket);
        if (reply == nullptr) return c.fail("J9", "a fail was not answered");
        const auto& verdicts = std::get<VerdictReply>(reply->body).verdicts;
        for (std::size_t i = 0; i < report.jobs.size(); ++i) {
            const JobRef& ref = report.jobs[i].job;
            if (verdicts[i] != Verdict::done) {
                refused(ref, report.caller);
                continue;
            }
            Move* move = answered(ref, report.caller, false);
            if (move == nullptr) continue;
            ++c.shadow_.facts(move->job).causes;
            c.check_failed(*move, &report.jobs[i]);
        }
    }
    void operator()(const Release& release) const {
        const Reply* reply = c.reply_to(release.ticket);
        if (reply == nullptr) return c.fail("J9", "a release was not answered");
        if (std::get<VerdictReply>(reply->body).verdicts.at(0) != Verdict::done)
            return refused(release.job, release.caller);
        Move* move = answered(release.job, release.caller, false);
        if (move == nullptr) return;
        check_given_back(*move);
        if (move->after.state == JobState::scheduled &&
            move->after.due_at != c.now_ + release.delay)
            c.fail("J8", "released for another time: " + c.describe(move->job));
    }
    void check_given_back(Move& move) const {
        ++c.shadow_.facts(move.job).causes;
        if (move.after.attempt != move.before.attempt - 1 ||
            move.after.failures != move.before.failures)
            c.fail("J7", "giving back was counted: " + c.describe(move.job));
        const bool expected = move.before.cancel_requested ? move.after.state == JobState::cancelled
                                                           : is_waiting(move.after.state);
        if (!expected) c.fail("J7", "given back to the wrong place: " + c.describe(move.job));
    }
    void operator()(const Extend& extend) const {
        const Reply* reply = c.reply_to(extend.ticket);
        if (reply == nullptr) return c.fail("J9", "an extend was not answered");
        if (std::get<VerdictReply>(reply->body).verdicts.at(0) != Verdict::done)
            refused(extend.job, extend.caller);
    }
    void operator()(const Hello& hello) const {
        if (!hello.caller.wid) return;
        WorkerView& view = c.worker(hello.caller.wid.get());
        if (view.connections.empty()) {
            view.extended = hello.extended;
            c.refresh(view);
        }
        view.connections.push_back(hello.caller.connection);
    }
    void operator()(const Beat& beat) const {
        const Reply* reply = c.reply_to(beat.ticket);
        if (reply == nullptr) return c.fail("J9", "a beat was not answered");
        const auto& known = std::get<BeatReply>(reply->body);
        if (!known.known || !beat.caller.wid) return;
        WorkerView& view = c.worker(beat.caller.wid.get());
        c.refresh(view);
        if (known.state != WorkerState::running) c.signalled_.push_back(beat.wid);
        for (const LeaseToken token : beat.leases) renewed(token, known, beat);
    }
    void renewed(LeaseToken token, const BeatReply& reply, const Beat& beat) const {
        const Shadow::Index job = c.shadow_.by_token(token);
        const bool lost =
            std::find(reply.lost.begin(), reply.lost.end(), token) != reply.lost.end();
        if (job == Shadow::none || lost || c.moved(job)) return;
        const Truth& truth = c.shadow_.truth(job);
        if (!truth.running() || truth.token != token || truth.holder() != beat.wid)
            return c.fail("J4", "a beat kept a lease that is over: " + c.describe(job));
        const bool told = std::find(reply.cancel.begin(), reply.cancel.end(), c.shadow_.jid(job)) !=
                          reply.cancel.end();
        if (truth.cancel_requested && c.shadow_.facts(job).cancelled_in != c.drains_ && !told)
            c.fail("J18", "a beat was not told of a cancellation: " + c.describe(job));
        if (truth.mode != LeaseMode::beat) return;
        Facts& facts = c.shadow_.facts(job);
        if (facts.renewed != token) facts.renewed_until = truth.expires_at;
        facts.renewed = token;
        facts.renewed_until = std::max(facts.renewed_until, c.now_ + c.config_.beat_lease);
    }
    void operator()(const Disconnect& gone) const {
        // Without one it only gives back what an answer brought too late.
        if (gone.caller.connection) c.gone_.push_back(gone.caller.connection);
        std::vector<HandedOut> named = gone.undelivered;
        if (gone.caller.wid) {
            auto& connections = c.worker(gone.caller.wid.get()).connections;
            std::erase(connections, gone.caller.connection);
            if (connections.empty())
                named.insert(named.end(), gone.unread.begin(), gone.unread.end());
        }
        for (Move& move : c.shadow_.moves) {
            if (move.explained || !move.before.running()) continue;
            const bool is_named =
                std::any_of(named.begin(), named.end(),
                            [&](const HandedOut& job) { return job.token == move.before.token; });
            if (!is_named || move.after.attempt != move.before.attempt - 1) continue;
            move.explained = true;
            check_given_back(move);
        }
    }
    void operator()(const SignalWorker& signal) const {
        if (c.reply_to(signal.ticket) == nullptr) c.fail("J9", "a signal was not answered");
        c.signalled_.push_back(signal.wid);
    }
    void operator()(const ChangeQueue& change) const {
        if (c.reply_to(change.ticket) == nullptr) c.fail("J9", "a change was not answered");
    }
    void operator()(const Sweep& sweep) const {
        const Reply* reply = c.reply_to(sweep.ticket);
        if (reply != nullptr && std::holds_alternative<RefusedReply>(reply->body)) return;
        c.ended_sweeps_.push_back(sweep);
        if (reply == nullptr) {
            Ask ask;
            ask.kind = Ask::Kind::sweep;
            ask.sweep = sweep;
            ask.deadline = WallTime::max();
            c.asks_.emplace_back(sweep.ticket, std::move(ask));
            return;
        }
        if (sweep.action != SweepAction::cancel || sweep.filter.jids.size() != 1) return;
        if (std::get<CountReply>(reply->body).count != 1) return;
        const Shadow::Index job = c.shadow_.latest(sweep.filter.jids.front());
        if (job == Shadow::none || c.moved(job)) return;
        const Truth& truth = c.shadow_.truth(job);
        if (!is_final(truth.state) && !truth.cancel_requested)
            c.fail("J18", "cancelled, but it goes on: " + c.describe(job));
    }
    void operator()(const Flush& flush) const {
        if (c.reply_to(flush.ticket) == nullptr) c.fail("J9", "a flush was not answered");
    }
    void operator()(const Info& info) const {
        const Reply* reply = c.reply_to(info.ticket);
        if (reply == nullptr) return c.fail("J9", "an info was not answered");
    }
    void operator()(const GetJob& get) const {
        const Reply* reply = c.reply_to(get.ticket);
        if (reply == nullptr) return c.fail("J9", "a get was not answered");
        const auto& answer = std::get<JobReply>(reply->body);
        if (answer.found) return c.see(answer.job);
        const Shadow::Index job = c.shadow_.latest(get.jid);
        if (job != Shadow::none && !c.moved(job))
            c.fail("J1", "a stored job is unknown: " + c.describe(job));
    }
    void operator()(const Wait& wait) const {
        if (const Reply* reply = c.reply_to(wait.ticket)) {
            Ask ask;
            ask.kind = Ask::Kind::wait;
            c.judge_ask(*reply, ask);
            return;
        }
        Ask ask;
        ask.kind = Ask::Kind::wait;
        ask.deadline = c.now_ + wait.timeout;
        ask.connection = wait.caller.connection;
        c.asks_.emplace_back(wait.ticket, std::move(ask));
    }
    void operator()(const ListJobs& list) const {
        if (const Reply* reply = c.reply_to(list.ticket); reply != nullptr) return;
        Ask ask;
        ask.kind = Ask::Kind::list;
        ask.deadline = WallTime::max();
        c.asks_.emplace_back(list.ticket, std::move(ask));
    }
    void operator()(const GuardDisk&) const {}
    void operator()(const ReadDone&) const {}
    void operator()(const Tick&) const {}

    /// The change that a confirmed answer made; every confirmed answer made one of its own (J4).
    Move* answered(const JobRef& ref, const Caller& caller, bool late_too) const {
        for (Move& move : c.shadow_.moves) {
            if (move.explained || !move.before.exists || c.shadow_.jid(move.job) != ref.jid)
                continue;
            const bool lapsed = late_too && is_waiting(move.before.state) &&
                                move.before.lapse != Lapse::none &&
                                move.after.state == JobState::succeeded;
            if (!lapsed && (!move.before.running() || move.after.lapse != Lapse::none)) continue;
            if (!holds(move.before, ref, caller)) continue;
            move.explained = true;
            if (c.shadow_.durable(move.before.queue))
                c.promises_->push_back({Promise::Kind::answered, move.job, move.before.token});
            return &move;
        }
        c.fail("J4", "an answer was confirmed that its sender could not give, or twice: " +
                         ref.jid + " by \"" + std::string(caller.name()) + "\" with lease " +
                         std::to_string(ref.token.value()));
        return nullptr;
    }
    void refused(const JobRef& ref, const Caller& caller) const {
        const Shadow::Index job = c.shadow_.latest(ref.jid);
        if (job == Shadow::none || c.moved(job)) return;
        const Truth& truth = c.shadow_.truth(job);
        if (truth.running() && holds(truth, ref, caller))
            c.fail("J4", "the holder was refused: " + c.describe(job));
    }
};

void Checker::judge(std::span<const Command> commands) {
    const Judge judge_one{*this};
    for (const Command& command : commands) {
        if (!violation_) std::visit(judge_one, command);
    }
}

}  // namespace sluice::jobs::sim
