// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/engine/decision.h"

#include <ostream>

namespace sluice::jobs {

std::string_view to_string(WorkerState state) {
    switch (state) {
        case WorkerState::running: return "running";
        case WorkerState::quiet: return "quiet";
        case WorkerState::terminate: return "terminate";
    }
    return "running";
}

std::vector<HandedOut> handed_out(const JobsReply& reply) {
    std::vector<HandedOut> jobs;
    jobs.reserve(reply.jobs.size());
    for (const JobRecord& job : reply.jobs) jobs.push_back({job.head.seq, job.head.lease.token});
    return jobs;
}

void Decision::clear() {
    writes.clear();
    replies.clear();
    reads.clear();
    closes.clear();
    notes.clear();
    needs_sync = false;
}

namespace {

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::done: return "done";
        case Verdict::not_found: return "not_found";
        case Verdict::stale: return "stale";
    }
    return "stale";
}

struct ReplyPrinter {
    std::ostream& out;
    void operator()(const OkReply& r) const {
        out << "ok";
        if (r.duplicates > 0) out << " duplicates=" << r.duplicates;
    }
    void operator()(const RefusedReply& r) const {
        out << "refused " << r.word << ": " << r.message;
    }
    void operator()(const JobsReply& r) const {
        out << "jobs";
        for (const JobRecord& job : r.jobs)
            out << ' ' << job.body->jid() << '#' << job.head.attempt;
    }
    void operator()(const VerdictReply& r) const {
        out << "verdicts";
        for (const Verdict verdict : r.verdicts) out << ' ' << to_string(verdict);
    }
    void operator()(const BeatReply& r) const {
        out << "beat " << (r.known ? jobs::to_string(r.state) : std::string_view("unknown"));
        for (const std::string& jid : r.cancel) out << " cancel=" << jid;
        for (const LeaseToken token : r.lost) out << " lost=" << token.value();
    }
    void operator()(const CountReply& r) const { out << "count " << r.count; }
    void operator()(const InfoReply& r) const {
        out << "info enqueued=" << r.enqueued << " scheduled=" << r.scheduled
            << " retrying=" << r.retrying << " running=" << r.running << " dead=" << r.dead
            << " queues=" << r.queues.size();
    }
    void operator()(const JobReply& r) const {
        if (!r.found) {
            out << "job unknown";
            return;
        }
        out << r.job;
        for (const std::string& reason : r.why) out << ' ' << reason;
    }
    void operator()(const WaitReply& r) const {
        out << "wait " << (r.complete ? "complete" : "open");
        for (const std::optional<JobHead>& head : r.jobs) {
            out << ' ' << (head ? jobs::to_string(head->state) : std::string_view("unknown"));
        }
    }
    void operator()(const ListReply& r) const {
        out << "list of " << r.jobs.size() << " next=" << r.next.value();
    }
};

}  // namespace

std::ostream& operator<<(std::ostream& out, const Reply& reply) {
    out << '#' << reply.ticket.value() << ' ';
    std::visit(ReplyPrinter{out}, reply.body);
    return out;
}

std::ostream& operator<<(std::ostream& out, const WantedRead& read) {
    switch (read.kind) {
        case ReadKind::ready:
            out << "ready " << read.queue.value() << '/' << int{read.priority};
            if (!read.from_start) out << " after " << read.order;
            break;
        case ReadKind::due:
            out << "due";
            if (!read.from_start)
                out << " after " << format_rfc3339(read.due.at) << '/' << read.due.seq.value();
            break;
        case ReadKind::jobs:
            out << "jobs after " << read.seq.value() << " until " << read.until.value();
            break;
    }
    return out << " limit " << read.limit;
}

std::ostream& operator<<(std::ostream& out, const Decision& decision) {
    for (const Write& write : decision.writes) out << "write " << write << '\n';
    for (const Reply& reply : decision.replies) out << "reply " << reply << '\n';
    for (const WantedRead& read : decision.reads) out << "read " << read << '\n';
    for (const ConnectionId connection : decision.closes)
        out << "close " << connection.value() << '\n';
    for (const Note& note : decision.notes)
        out << "note " << note.event << ' ' << note.detail << '\n';
    if (decision.needs_sync) out << "sync\n";
    return out;
}

}  // namespace sluice::jobs
