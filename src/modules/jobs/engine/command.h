// SPDX-License-Identifier: Apache-2.0
// What can be asked of the engine. Every command has been validated by the front: sizes, names and
// types are right.
#pragma once

#include "modules/jobs/engine/read.h"
#include "modules/jobs/model/job.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace sluice::jobs {

/// Names a request until it is answered; given by the shell, never reused in one run.
using TicketId = Id<struct TicketTag>;
/// One client connection in one run of the server.
using ConnectionId = Id<struct ConnectionTag>;

/// Who asks: the connection, and the worker id given in its HELLO (null for producers).
struct Caller {
    ConnectionId connection;
    std::shared_ptr<const std::string> wid;
    [[nodiscard]] std::string_view name() const {
        return wid ? std::string_view(*wid) : std::string_view();
    }
};

/// PUSH and PUSHB. All jobs of one command become durable together or not at all (J3).
struct Push {
    TicketId ticket;
    std::vector<std::shared_ptr<const JobBody>> jobs;
    /// Extended clients: a repeat is recognised as long as the first job is kept, not only while it
    /// waits.
    bool once = false;
};

/// FETCH and FETCHB: up to `max` jobs from the first queue that has any, then from the next.
struct Fetch {
    TicketId ticket;
    Caller caller;
    std::vector<std::string> queues;
    std::uint32_t max = 1;
    Duration wait{2s};  ///< how long to wait for a first job
    LeaseMode mode = LeaseMode::fixed;
};

/// One job named by a worker: by token (extended clients, a definite answer) or by jid alone (plain
/// clients).
struct JobRef {
    std::string jid;
    LeaseToken token;  ///< none: plain
};

struct Completion {
    JobRef job;
    std::shared_ptr<const std::string> result;  ///< JSON text; null: none
};
/// ACK and ACKB.
struct Ack {
    TicketId ticket;
    Caller caller;
    std::vector<Completion> jobs;
};

struct FailureReport {
    JobRef job;
    std::string errtype;
    std::string message;
    std::string backtrace;             ///< JSON array text or empty
    std::optional<Duration> retry_in;  ///< overrides the back-off
    bool final = false;                ///< no further attempt
};
/// FAIL and FAILB.
struct Fail {
    TicketId ticket;
    Caller caller;
    std::vector<FailureReport> jobs;
};

/// REQUEUE: gives a running job back without counting the attempt.
struct Release {
    TicketId ticket;
    Caller caller;
    JobRef job;
    Duration delay{0};
};

/// EXTEND: lengthens a lease to `length` from now.
struct Extend {
    TicketId ticket;
    Caller caller;
    JobRef job;
    Duration length{0};
};

enum class WorkerState : std::uint8_t { running, quiet, terminate };
std::string_view to_string(WorkerState state);

/// HELLO with a wid. The first one's host, pid and labels win.
struct Hello {
    Caller caller;
    std::string hostname;
    std::int64_t pid = 0;
    std::vector<std::string> labels;
    bool extended = false;
};

/// One line of a BEAT about a running job.
struct ProgressReport {
    LeaseToken lease;
    std::int32_t percent = 0;
    std::string note;
};

/// BEAT.
struct Beat {
    TicketId ticket;
    Caller caller;
    std::string wid;
    std::optional<WorkerState> state;  ///< what the worker says of itself
    std::int64_t rss_kb = 0;
    std::vector<LeaseToken> leases;        ///< extended: leases it still works on
    std::vector<ProgressReport> progress;  ///< later ones of the same lease count
};

/// A job that a reply gave to a worker, under this lease.
struct HandedOut {
    Seq seq;
    LeaseToken token;
    friend bool operator==(const HandedOut&, const HandedOut&) = default;
};

/// A connection ended. Its waiting fetch, if any, is dropped unanswered.
struct Disconnect {
    Caller caller;
    /// Known not to have been received (kernel's word); given back without counting.
    std::vector<HandedOut> undelivered = {};
    /// Received, but the connection was reset and nothing was asked since: the worker's program
    /// hardly ever read them. Given back likewise if the worker has no other connection.
    std::vector<HandedOut> unread = {};
};

/// Tells a worker to become quiet or to terminate, as an operator asked. An empty wid means all.
struct SignalWorker {
    TicketId ticket;
    std::string wid;
    WorkerState state = WorkerState::quiet;
};

enum class QueueAction : std::uint8_t { pause, resume, remove, make_sync, make_async };
/// QUEUE PAUSE / RESUME / REMOVE and durability. `all` stands for `*`.
struct ChangeQueue {
    TicketId ticket;
    QueueAction action = QueueAction::pause;
    bool all = false;
    std::vector<std::string> names;
};

/// A test on a job that needs its rendering on the wire (a glob over its JSON); pure, made by the
/// front.
class JobMatcher {
public:
    JobMatcher() = default;
    JobMatcher(const JobMatcher&) = delete;
    JobMatcher& operator=(const JobMatcher&) = delete;
    virtual ~JobMatcher() = default;
    [[nodiscard]] virtual bool matches(const JobRecord& job) const = 0;
};

/// Which jobs a sweep means. Empty members match everything; `jids` given: `type` and `matcher` are
/// ignored.
struct JobFilter {
    std::vector<JobState> states;
    std::vector<std::string> jids;
    std::string type;
    std::string queue;
    std::shared_ptr<const JobMatcher> matcher;
};
enum class SweepAction : std::uint8_t { kill, discard, requeue, cancel };
/// MUTATE, CANCEL and the admin commands: applies the action to every job that matches, a page at a
/// time.
struct Sweep {
    TicketId ticket;
    SweepAction action = SweepAction::discard;
    JobFilter filter;
};

/// FLUSH: deletes everything.
struct Flush {
    TicketId ticket;
};

/// INFO: counters, queues and workers at this moment.
struct Info {
    TicketId ticket;
};

/// JOB GET: the latest job with that jid and why it waits.
struct GetJob {
    TicketId ticket;
    std::string jid;
};

/// WAIT: answered when every jid is final, or at the deadline with the states as they are.
struct Wait {
    TicketId ticket;
    Caller caller;
    std::vector<std::string> jids;
    Duration timeout{0};
};

/// JOB LIST: one page in push order.
struct ListJobs {
    TicketId ticket;
    JobFilter filter;
    Seq after;
    std::uint32_t limit = 100;
};

/// Disk nearly full: pushes are refused, everything that frees space goes on (J19).
struct GuardDisk {
    bool full = false;
};

/// The answer to a WantedRead.
struct ReadDone {
    ReadResult result;
};

/// Nothing but the passing of time.
struct Tick {};

using Command = std::variant<Tick, Push, Fetch, Ack, Fail, Release, Extend, Hello, Beat, Disconnect,
                             SignalWorker, ChangeQueue, Sweep, Flush, Info, GetJob, Wait, ListJobs,
                             GuardDisk, ReadDone>;

}  // namespace sluice::jobs
