// SPDX-License-Identifier: Apache-2.0
// Scene: an engine with a store of a few lines under it, for tests of the form "apply, expect the
// decision". Not the memory ledger: that stands a storey higher and knows of crashes.
#pragma once

#include "modules/jobs/engine/engine.h"

#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::jobs::scene {

inline constexpr WallTime scene_start = wall_from_ns(1'700'000'000'000'000'000);

/// What was written, and the reads over it.
class Store {
public:
    void write(const std::vector<Write>& writes) {
        for (const Write& one : writes) std::visit(*this, one);
    }
    void operator()(const PutJob& w) { jobs[w.job.head.seq] = w.job; }
    void operator()(const PutJid& w) { jids[w.jid] = w.seq; }
    void operator()(const EraseJob& w) {
        jobs.erase(w.seq);
        if (!w.jid.empty()) jids.erase(w.jid);
    }
    void operator()(const PutReady&) { ++index_rows; }
    void operator()(const EraseReady&) { --index_rows; }
    void operator()(const PutDue&) { ++index_rows; }
    void operator()(const EraseDue&) { --index_rows; }
    void operator()(const PutQueue& w) { queues[w.row.id] = w.row; }
    void operator()(const EraseQueue& w) { queues.erase(w.id); }
    void operator()(const PutTotals& w) { totals = w.totals; }
    void operator()(const EraseEverything&) {
        jobs.clear();
        jids.clear();
        queues.clear();
        index_rows = 0;
    }

    /// As a ledger finds it; null: it does not.
    [[nodiscard]] const JobRecord* find(const Sought& sought) const {
        const auto there = jobs.find(sought.seq);
        if (there != jobs.end() && there->second.body->jid() == sought.jid) return &there->second;
        const auto row = jids.find(std::string(sought.jid));
        return row == jids.end() ? nullptr : &jobs.at(row->second);
    }
    [[nodiscard]] ReadResult read(const WantedRead& wanted) const {
        ++reads;
        std::map<std::pair<std::int64_t, std::uint64_t>, const JobRecord*> found;
        for (const auto& [seq, job] : jobs) {
            const JobHead& head = job.head;
            const DueKey due{head.due_at, seq};
            const bool waits =
                head.state == JobState::scheduled || head.state == JobState::retrying;
            const auto order = static_cast<std::int64_t>(head.order);
            if (wanted.kind == ReadKind::ready && head.state == JobState::enqueued &&
                head.indexed && head.queue == wanted.queue && head.priority == wanted.priority &&
                (wanted.from_start || head.order > wanted.order))
                found[{order, 0}] = &job;
            if (wanted.kind == ReadKind::due && waits && head.indexed &&
                (wanted.from_start || due > wanted.due))
                found[{to_ns(head.due_at), seq.value()}] = &job;
            const bool state_fits = wanted.states == 0 ||
                                    (wanted.states & 1U << static_cast<unsigned>(head.state)) != 0;
            if (wanted.kind == ReadKind::jobs && seq > wanted.seq && seq < wanted.until &&
                state_fits)
                found[{0, seq.value()}] = &job;
        }
        ReadResult result;
        result.request = wanted;
        for (const auto& [key, job] : found) {
            if (result.is_full()) return result;
            result.add(*job);
            result.scanned_to = job->head.seq;
        }
        result.at_end = true;
        return result;
    }

    std::map<Seq, JobRecord> jobs;
    std::map<std::string, Seq> jids;
    std::map<QueueId, QueueRow> queues;
    Totals totals;
    int index_rows = 0;
    mutable int reads = 0;  ///< how many pages were asked for
};

/// What a push may say besides its jid.
struct Spec {
    std::string queue = "default";
    std::string args = "[]";
    JobPolicy policy;
    bool once = false;
};

inline std::shared_ptr<const JobBody> make_body(std::string_view jid, const Spec& spec = {}) {
    JobBody::Texts texts;
    texts.jid = jid;
    texts.type = "work";
    texts.queue = spec.queue;
    texts.args = spec.args;
    return std::make_shared<const JobBody>(texts, spec.policy);
}

class Scene {
public:
    explicit Scene(const EngineConfig& settings = {}) : config(settings) { restart(); }

    /// A new engine over what is stored.
    void restart() {
        engine = std::make_unique<Engine>(config);
        engine->begin_restore(now);
        for (const auto& [seq, job] : store.jobs) engine->restore_job(job);
        StoredState stored;
        stored.epoch = ++epoch;
        stored.totals = store.totals;
        for (const auto& [id, row] : store.queues) stored.queues.push_back(row);
        last.clear();
        restored = engine->finish_restore(stored, last).has_value();
        settle();
    }

    /// Applies the command in a drain of its own, and the reads it wants. The reply in words;
    /// replies to earlier requests follow, each with its ticket.
    std::string apply(Command command) {
        const TicketId ticket(++tickets);
        std::visit(
            [&](auto& c) {
                if constexpr (requires { c.ticket; }) c.ticket = ticket;
            },
            command);
        last.clear();
        drain(command);
        settle();
        std::string text;
        for (const Reply& reply : last.replies) {
            std::ostringstream out;
            out << reply;
            std::string words = out.str();
            if (reply.ticket == ticket) words.erase(0, words.find(' ') + 1);
            text += (text.empty() ? "" : "; ") + words;
        }
        if (const auto trouble = engine->inconsistency()) text += " INCONSISTENT " + *trouble;
        return text;
    }
    std::string push(std::string_view jid, const Spec& spec = {}) {
        Push push;
        push.jobs.push_back(make_body(jid, spec));
        push.once = spec.once;
        return apply(std::move(push));
    }
    /// Without a wait unless told otherwise.
    std::string fetch(const Caller& caller, std::vector<std::string> queues = {"default"},
                      std::uint32_t max = 1, Duration wait = Duration{0}) {
        Fetch fetch;
        fetch.caller = caller;
        fetch.queues = std::move(queues);
        fetch.max = max;
        fetch.wait = wait;
        return apply(std::move(fetch));
    }
    std::string ack(const Caller& caller, std::string jid, LeaseToken token = {}) {
        Ack ack;
        ack.caller = caller;
        ack.jobs.push_back({{std::move(jid), token}, nullptr});
        return apply(std::move(ack));
    }
    std::string fail(const Caller& caller, std::string jid,
                     std::optional<Duration> retry_in = std::nullopt, bool final = false) {
        Fail fail;
        fail.caller = caller;
        FailureReport report;
        report.job.jid = std::move(jid);
        report.errtype = "Broken";
        report.retry_in = retry_in;
        report.final = final;
        fail.jobs.push_back(std::move(report));
        return apply(std::move(fail));
    }
    std::string release(const Caller& caller, std::string jid, Duration delay = Duration{0}) {
        return apply(Release{{}, caller, {std::move(jid), {}}, delay});
    }
    std::string sweep(SweepAction action, std::vector<std::string> jids) {
        Sweep sweep;
        sweep.action = action;
        sweep.filter.jids = std::move(jids);
        return apply(std::move(sweep));
    }
    std::string queue(QueueAction action, std::string name) {
        return apply(ChangeQueue{{}, action, false, {std::move(name)}});
    }
    /// A worker that said HELLO.
    Caller worker(std::string_view wid, bool extended = false) {
        Caller caller{ConnectionId(++connections), std::make_shared<const std::string>(wid)};
        Hello hello;
        hello.caller = caller;
        hello.extended = extended;
        apply(std::move(hello));
        return caller;
    }
    /// Time passes; whatever becomes due is done, at its time. What was answered meanwhile.
    std::string pass(Duration time) {
        const WallTime end = now + time;
        std::string text;
        for (int steps = 0; steps < 10'000; ++steps) {
            const auto deadline = engine->next_deadline();
            if (!deadline || *deadline > end) break;
            now = std::max(now, *deadline);
            const std::string words = apply(Tick{});
            if (!words.empty()) text += (text.empty() ? "" : "; ") + words;
        }
        now = end;
        return text;
    }

    /// The latest job of the jid as it is stored; one without a body: there is none.
    [[nodiscard]] JobRecord job(const std::string& jid) const {
        JobRecord latest;
        for (const auto& [seq, job] : store.jobs) {
            if (job.body->jid() == jid && !job.head.superseded) latest = job;
        }
        return latest;
    }
    /// Its state in words, "gone" when it is not stored.
    [[nodiscard]] std::string state(const std::string& jid) const {
        const JobRecord known = job(jid);
        return known.body ? std::string(to_string(known.head.state)) : "gone";
    }
    [[nodiscard]] HandedOut handed_out(const std::string& jid) const {
        return {job(jid).head.seq, token(jid)};
    }
    [[nodiscard]] LeaseToken token(const std::string& jid) const {
        return job(jid).head.lease.token;
    }

    EngineConfig config;
    Store store;
    std::unique_ptr<Engine> engine;
    WallTime now = scene_start;
    Decision last;  ///< without its writes and reads, which are done
    bool restored = false;
    std::uint64_t epoch = 0;
    std::uint64_t tickets = 0;
    std::uint64_t connections = 0;

private:
    void drain(const Command& command) {
        std::vector<Sought> sought;
        engine->lookups(command, sought);
        Lookups found;
        for (const Sought& one : sought) {
            if (const JobRecord* job = store.find(one); job != nullptr) found.add(*job);
        }
        engine->begin_drain(found);
        engine->apply(command, now, last);
        engine->end_drain(last);
        store.write(last.writes);
        last.writes.clear();
    }
    void settle() {
        store.write(last.writes);
        last.writes.clear();
        while (!last.reads.empty()) {
            const std::vector<WantedRead> reads = std::exchange(last.reads, {});
            for (const WantedRead& read : reads) drain(ReadDone{store.read(read)});
        }
    }
};

}  // namespace sluice::jobs::scene
