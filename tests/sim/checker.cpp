// SPDX-License-Identifier: Apache-2.0
#include "checker.h"

#include <algorithm>
#include <sstream>

namespace sluice::jobs::sim {

namespace {

constexpr std::uint64_t drains_per_recount = 64;

}  // namespace

/// Looks at the writes of one batch, in order.
struct Checker::BatchReader {
    Checker& checker;
    Shadow& shadow;

    void operator()(const PutJob& w) const {
        const Shadow::Index known = shadow.find(w.job.head.seq);
        const Truth before = known == Shadow::none ? Truth{} : shadow.truth(known);
        if (w.fresh) checker.check_fresh(w);
        checker.check_jid_row(w);
        if (known == Shadow::none) {
            const Shadow::Index job = shadow.put(w.job, w.fresh);
            checker.check_put(w, before, job);
            return;
        }
        checker.check_put(w, before, known);
        shadow.put(w.job, w.fresh);
    }
    void operator()(const PutJid& w) const { shadow.put_jid(w.jid, w.seq); }
    void operator()(const EraseJob& w) const {
        checker.check_erase(w);
        Shadow::Index job = Shadow::none;
        if (!shadow.erase(w, job))
            checker.fail("J1", "a jid row was erased or left that should not be: " + w.jid);
    }
    void operator()(const PutReady&) const { shadow.count_rows(1); }
    void operator()(const EraseReady&) const { shadow.count_rows(-1); }
    void operator()(const PutDue&) const { shadow.count_rows(1); }
    void operator()(const EraseDue&) const { shadow.count_rows(-1); }
    void operator()(const PutQueue& w) const { shadow.put_row(w.row); }
    void operator()(const EraseQueue& w) const { shadow.erase_row(w.id); }
    void operator()(const PutTotals& w) const { shadow.put_totals(w.totals); }
    void operator()(const EraseEverything&) const { shadow.erase_everything(); }
};

void Checker::fail(std::string_view number, const std::string& what) {
    if (!violation_) violation_ = Violation{std::string(number), what};
}

std::string Checker::describe(Shadow::Index job) const {
    const Truth& truth = shadow_.truth(job);
    std::ostringstream out;
    out << "job " << shadow_.facts(job).seq.value() << ' ' << shadow_.jid(job) << " (now "
        << (truth.exists ? to_string(truth.state) : "gone") << ", attempt " << truth.attempt
        << ", failures " << truth.failures << ", lease " << truth.token.value() << '/'
        << truth.holder() << ')';
    return out.str();
}

void Checker::begin_drain(WallTime now) {
    if (now < now_ && !restoring_) fail("J8", "the server's time went back");
    now_ = now;
    judged_ = false;
    shadow_.moves.clear();
    shadow_.erased_everything = false;
}

void Checker::batch(std::span<const Write> writes) {
    shadow_.begin_batch();
    const BatchReader reader{*this, shadow_};
    for (const Write& write : writes) {
        if (!violation_) std::visit(reader, write);
    }
}

bool Checker::moved(Shadow::Index job) const {
    return std::any_of(shadow_.moves.begin(), shadow_.moves.end(),
                       [&](const Move& move) { return move.job == job; });
}

Checker::WorkerView& Checker::worker(const std::string* wid) {
    for (WorkerView& view : workers_) {
        if (view.wid == wid || *view.wid == *wid) return view;
    }
    workers_.push_back(WorkerView{.wid = wid});
    return workers_.back();
}

void Checker::refresh(WorkerView& view) {
    if (view.changed_in != drains_) view.earlier = view.lost_not_before;
    view.changed_in = drains_;
    view.lost_not_before =
        now_ + (view.extended ? config_.extended_silence : config_.worker_silence);
}

const Reply* Checker::reply_to(TicketId ticket) {
    const std::vector<Reply>& replies = out_->replies;
    for (std::size_t i = 0; i < replies.size(); ++i) {
        const std::size_t at = hint_ + i < replies.size() ? hint_ + i : hint_ + i - replies.size();
        if (replies[at].ticket != ticket || answered_[at]) continue;
        hint_ = at + 1 < replies.size() ? at + 1 : 0;
        answered_[at] = true;
        return &replies[at];
    }
    return nullptr;
}

void Checker::judge_jobs(const JobsReply& reply, const Fetch& fetch) {
    if (reply.jobs.size() > fetch.max) fail("J19", "a fetch got more jobs than it asked for");
    if (fetch.caller.wid && !reply.jobs.empty()) {
        // A worker that was forgotten since the restart is known again from its new lease on,
        // without the grace.
        WorkerView& view = worker(fetch.caller.wid.get());
        view.lost_not_before = std::min(view.lost_not_before, now_ + config_.worker_silence);
    }
    for (const JobRecord& job : reply.jobs) {
        const LeaseToken token = job.head.lease.token;
        const auto at =
            std::find_if(shadow_.moves.begin(), shadow_.moves.end(), [&](const Move& move) {
                return move.after.running() && move.after.token == token && !move.explained;
            });
        if (at == shadow_.moves.end()) {
            if (shadow_.erased_everything) continue;  // delivered, then flushed in the same turn
            fail("J4", "a job was delivered without a lease: " + std::string(job.body->jid()));
            return;
        }
        at->explained = true;
        if (shadow_.facts(at->job).seq != job.head.seq ||
            shadow_.facts(at->job).body->bytes() != job.body->bytes())
            fail("J2", "delivered with another payload: " + describe(at->job));
        if (at->after.holder() != fetch.caller.name())
            fail("J4", "leased to somebody else: " + describe(at->job));
        if (std::find(fetch.queues.begin(), fetch.queues.end(), job.body->queue()) ==
            fetch.queues.end())
            fail("J10", "delivered from a queue that was not asked for: " + describe(at->job));
    }
}

void Checker::see(const JobRecord& job) {
    const Shadow::Index known = shadow_.find(job.head.seq);
    if (known == Shadow::none) return fail("J2", "a job was reported that never was");
    if (is_final(job.head.state) && shadow_.durable(job.head.queue))
        promises_->push_back({Promise::Kind::final_seen, known, {}});
    if (moved(known)) return;
    const Truth& truth = shadow_.truth(known);
    if (truth.exists && truth.state != job.head.state)
        fail("J16", "reported in a state it is not in: " + describe(known) + ", reported " +
                        std::string(to_string(job.head.state)));
}

void Checker::judge_ask(const Reply& reply, const Ask& ask) {
    if (std::holds_alternative<RefusedReply>(reply.body)) return;
    switch (ask.kind) {
        case Ask::Kind::fetch: judge_jobs(std::get<JobsReply>(reply.body), ask.fetch); break;
        case Ask::Kind::wait:
            for (const std::optional<JobHead>& head : std::get<WaitReply>(reply.body).jobs) {
                if (!head) continue;
                const bool final = is_final(head->state);
                if (std::get<WaitReply>(reply.body).complete && !final)
                    fail("J16", "a wait is complete but a job is not final");
                const Shadow::Index known = shadow_.find(head->seq);
                if (final && known != Shadow::none && shadow_.durable(head->queue) &&
                    (shadow_.truth(known).state == head->state || moved(known)))
                    promises_->push_back({Promise::Kind::final_seen, known, {}});
            }
            break;
        case Ask::Kind::sweep: break;
        case Ask::Kind::list:
            for (const JobRecord& job : std::get<ListReply>(reply.body).jobs) {
                if (shadow_.find(job.head.seq) == Shadow::none)
                    fail("J2", "a job was listed that never was");
            }
            break;
    }
}

void Checker::check_replies(const Decision& out) {
    for (std::size_t i = 0; i < out.replies.size(); ++i) {
        if (answered_[i]) continue;
        const Reply& reply = out.replies[i];
        const auto at = std::find_if(asks_.begin(), asks_.end(),
                                     [&](const auto& ask) { return ask.first == reply.ticket; });
        if (at == asks_.end()) {
            fail("J9", "a reply to nobody, or a second one");
            return;
        }
        if (at->second.kind == Ask::Kind::sweep) ended_sweeps_.push_back(at->second.sweep);
        judge_ask(reply, at->second);
        asks_.erase(at);
    }
}

void Checker::end_drain(std::span<const Command> commands, const Decision& out,
                        const Engine& engine, bool has_reads, std::vector<Promise>& promises) {
    judged_ = true;
    out_ = &out;
    hint_ = 0;
    answered_.assign(out.replies.size(), false);
    promises_ = &promises;
    ended_sweeps_.clear();
    gone_.clear();
    judge(commands);
    for (const ConnectionId closing : out.closes) {
        for (auto& [ticket, ask] : asks_) ask.closing = ask.closing || ask.connection == closing;
        for (WorkerView& view : workers_) std::erase(view.connections, closing);
    }
    if (violation_) return;
    check_replies(out);
    // A request may be answered and its connection end in one drain.
    for (const ConnectionId connection : gone_)
        std::erase_if(asks_, [&](const auto& ask) { return ask.second.connection == connection; });
    sweeps_.clear();
    for (const Sweep& sweep : ended_sweeps_) sweeps_.push_back(&sweep);
    for (const auto& [ticket, ask] : asks_) {
        if (ask.kind == Ask::Kind::sweep) sweeps_.push_back(&ask.sweep);
    }
    explain_rest();
    check_redelivery();
    check_books(engine);
    // With timers left for the next turn nothing can be called late.
    const auto deadline = engine.next_deadline();
    if (!has_reads && (!deadline || *deadline > now_)) settled_ = now_;
    if (++drains_ % drains_per_recount == 0) recount(engine, has_reads);
}

void Checker::check_redelivery() {
    for (const Move& move : shadow_.moves) {
        if (!move.after.running()) continue;
        const Facts& facts = shadow_.facts(move.job);
        if (facts.deliveries > 1 + facts.causes)
            fail("J6", "delivered again without a recorded cause: " + describe(move.job));
    }
}

void Checker::check_books(const Engine& engine) {
    const Totals& mine = shadow_.computed();
    const auto differ = [&](const Totals& other) {
        return other.pushed != mine.pushed || other.succeeded != mine.succeeded ||
               other.cancelled != mine.cancelled || other.discarded != mine.discarded ||
               other.purged_dead != mine.purged_dead;
    };
    if (differ(engine.totals())) fail("J17", "the counters do not say what happened");
    if (differ(shadow_.stored())) fail("J17", "the stored counters do not say what happened");
    const std::uint64_t dead = shadow_.counts()[static_cast<std::size_t>(JobState::dead)];
    if (mine.pushed !=
        mine.succeeded + mine.cancelled + mine.discarded + mine.purged_dead + dead + shadow_.live())
        fail("J17", "the books do not balance");
    if (engine.counts() != shadow_.counts()) fail("J17", "the counts by state differ");
    const std::size_t lists = shadow_.rows().size() * priority_max;
    const std::size_t window = config_.ready_window_jobs + config_.ready_window_jobs / 2 + 1;
    const std::size_t due = config_.due_window_jobs + config_.due_window_jobs / 2 + 1;
    const std::uint64_t running = shadow_.counts()[static_cast<std::size_t>(JobState::running)];
    if (engine.resident() > running + lists * window + due)
        fail("J19", "more jobs are in memory than the windows allow");
}

void Checker::recount(const Engine& engine, bool has_reads) {
    if (violation_) return;
    if (const auto trouble = engine.inconsistency()) fail("J20", *trouble);
    std::array<std::uint64_t, job_state_count> counted{};
    for (Shadow::Index job = 0; job < shadow_.size(); ++job) {
        const Truth& truth = shadow_.truth(job);
        if (truth.exists) ++counted[static_cast<std::size_t>(truth.state)];
    }
    if (counted != shadow_.counts()) fail("J1", "a job is in no state or in two");
    if (shadow_.index_rows() != shadow_.indexed_jobs())
        fail("J19", "index rows and indexed jobs differ: " + std::to_string(shadow_.index_rows()) +
                        " and " + std::to_string(shadow_.indexed_jobs()));
    check_leases();
    check_waiting(has_reads);
}

void Checker::check_leases() {
    for (Shadow::Index job = 0; job < shadow_.size(); ++job) {
        const Truth& truth = shadow_.truth(job);
        if (!truth.exists || is_final(truth.state) || truth.state == JobState::enqueued) continue;
        WallTime until = truth.running() ? truth.expires_at : truth.due_at;
        const Facts& facts = shadow_.facts(job);
        if (truth.running() && facts.renewed == truth.token)
            until = std::max(until, facts.renewed_until);
        if (until <= settled_)
            fail("J9", "nothing happened although its time is up: " + describe(job));
    }
}

void Checker::check_waiting(bool has_reads) {
    for (const auto& [ticket, ask] : asks_) {
        if (ask.closing) continue;
        if (ask.deadline <= settled_)
            fail("J9",
                 "request " + std::to_string(ticket.value()) + " was not answered by its deadline");
        if (ask.kind != Ask::Kind::fetch || has_reads) continue;
        const auto& wid = ask.fetch.caller.wid;
        // Whoever was told to be quiet, or everybody, gets nothing new.
        const bool quiet =
            wid && std::any_of(signalled_.begin(), signalled_.end(),
                               [&](auto& told) { return told.empty() || told == *wid; });
        if (quiet) continue;
        for (const std::string& name : ask.fetch.queues) {
            const QueueRow* row = shadow_.row(std::string_view(name));
            if (row != nullptr && !row->paused && shadow_.has_ready(row->id))
                fail("J9", "fetch " + std::to_string(ticket.value()) + " waits although queue " +
                               name + " has a job for it");
        }
    }
}

void Checker::released(std::span<const Promise> promises) {
    for (const Promise& promise : promises) {
        Facts& facts = shadow_.facts(promise.job);
        switch (promise.kind) {
            case Promise::Kind::pushed: facts.promised = true; break;
            case Promise::Kind::answered: facts.answered = promise.token; break;
            case Promise::Kind::final_seen:
                if (is_final(shadow_.truth(promise.job).state)) facts.final_seen = true;
                break;
        }
    }
}

void Checker::crashed(std::size_t keep) {
    // What a failed drain wrote nevertheless is never judged.
    for (const Move& move : shadow_.moves) {
        if (judged_ || !move.before.exists || !is_waiting(move.after.state)) continue;
        ++shadow_.facts(move.job).causes;
        shadow_.facts(move.job).final_seen = false;
    }
    touched_.clear();
    shadow_.roll_back(keep, touched_);
    asks_.clear();
    workers_.clear();
    signalled_.clear();
    loaded_ = 0;
    restoring_ = true;
    for (const Shadow::Index job : touched_) {
        const Truth& truth = shadow_.truth(job);
        const Facts& facts = shadow_.facts(job);
        if (facts.promised && !truth.exists)
            fail("J1", "an answered push is lost: " + describe(job));
        if (facts.answered && truth.running() && truth.token == facts.answered)
            fail("J5", "a confirmed answer is lost: " + describe(job));
        if (facts.final_seen && truth.exists && !is_final(truth.state))
            fail("J16", "it was final for a client and is not any more: " + describe(job));
    }
}

void Checker::loaded(const JobRecord& job) {
    ++loaded_;
    const Shadow::Index known = shadow_.find(job.head.seq);
    if (known == Shadow::none || !shadow_.truth(known).exists)
        return fail("J1", "a restart found a job that was not there");
    if (truth_of(job) != shadow_.truth(known))
        fail("J1", "a restart found another state of " + describe(known));
    if (job.body->bytes() != shadow_.facts(known).body->bytes())
        fail("J2", "a restart found another payload of " + describe(known));
}

void Checker::restored(const Engine& engine, WallTime now) {
    now_ = now;
    settled_ = WallTime{};
    restoring_ = false;
    std::uint64_t stored = 0;
    for (const std::uint64_t count : shadow_.counts()) stored += count;
    if (stored != loaded_) fail("J1", "a restart did not find every job");
    if (const auto trouble = engine.inconsistency()) fail("J20", "after a restart: " + *trouble);
    check_books(engine);
    for (Shadow::Index job = 0; job < shadow_.size(); ++job) {
        const Truth& truth = shadow_.truth(job);
        if (!truth.running()) continue;
        Facts& facts = shadow_.facts(job);
        facts.renewed = truth.token;
        facts.renewed_until = now + config_.restart_grace;
        if (truth.wid == nullptr) continue;
        worker(truth.wid).lost_not_before = now + config_.restart_grace;
    }
}

void Checker::finished(const Engine& engine) {
    recount(engine, false);
    if (shadow_.live() != 0) fail("J9", "jobs are left that never end");
    for (Shadow::Index job = 0; job < shadow_.size(); ++job) {
        const Truth& truth = shadow_.truth(job);
        if (truth.exists && !is_final(truth.state)) fail("J9", "it never ends: " + describe(job));
    }
}

WallTime Checker::horizon() const {
    WallTime last = now_;
    for (Shadow::Index job = 0; job < shadow_.size(); ++job) {
        const Truth& truth = shadow_.truth(job);
        if (!truth.exists || is_final(truth.state)) continue;
        if (truth.running()) last = std::max(last, truth.expires_at);
        if (truth.state != JobState::enqueued) last = std::max(last, truth.due_at);
    }
    return last;
}

}  // namespace sluice::jobs::sim
