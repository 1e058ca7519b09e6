// SPDX-License-Identifier: Apache-2.0
// What the engine decided: writes to keep, replies to release once they are kept, reads it needs,
// and effects. A decision is data; it prints itself for tests.
#pragma once

#include "modules/jobs/engine/command.h"
#include "modules/jobs/engine/write.h"

#include <cstdint>
#include <iosfwd>
#include <string>
#include <variant>
#include <vector>

namespace sluice::jobs {

/// "+OK". For a push, also how many jobs were repeats of a waiting job.
struct OkReply {
    std::uint32_t duplicates = 0;
};
/// A refusal of the domain. `word` is the coded word for extended clients; plain clients see ERR.
struct RefusedReply {
    std::string word;
    std::string message;
};
/// FETCH/FETCHB: the delivered jobs, each with its lease; empty after the wait.
struct JobsReply {
    std::vector<JobRecord> jobs;
    Instant send_by = Instant::max();  ///< the first of the leases ends; by the shard's clock
};
/// What the reply gave away.
std::vector<HandedOut> handed_out(const JobsReply& reply);
enum class Verdict : std::uint8_t {
    done,
    not_found,  ///< no such lease for this caller and the job is unknown or not its own
    stale,      ///< the token is not the current one
};
/// ACK/FAIL and their batches: one verdict an item, in order.
struct VerdictReply {
    std::vector<Verdict> verdicts;
};
struct BeatReply {
    bool known = true;  ///< false: "Unknown worker"
    WorkerState state = WorkerState::running;
    std::vector<std::string> cancel;  ///< jids whose cancellation was requested
    std::vector<LeaseToken> lost;     ///< leases it listed but no longer holds
};
/// CANCEL, MUTATE and other sweeps: how many jobs were changed.
struct CountReply {
    std::uint64_t count = 0;
};
struct QueueInfo {
    std::string name;
    bool paused = false;
    bool durable = true;
    std::uint64_t enqueued = 0;
    std::uint64_t running = 0;
    std::uint64_t waiting_fetches = 0;
    std::uint64_t arrived = 0;    ///< jobs that became ready in it since the start
    std::uint64_t delivered = 0;  ///< jobs given to workers since the start
    WallTime oldest{};            ///< enqueued_at of the head; epoch: empty
};
struct WorkerInfo {
    std::string wid;
    std::string hostname;
    std::int64_t pid = 0;
    std::vector<std::string> labels;
    WorkerState state = WorkerState::running;
    WallTime started_at{};
    WallTime beat_at{};
    std::int64_t rss_kb = 0;
    std::uint32_t connections = 0;
    std::uint64_t running = 0;
};
struct InfoReply {
    Totals totals;
    std::uint64_t enqueued = 0;
    std::uint64_t scheduled = 0;
    std::uint64_t retrying = 0;
    std::uint64_t running = 0;
    std::uint64_t dead = 0;
    std::uint64_t finished_kept = 0;
    std::uint64_t waiting_fetches = 0;
    bool disk_full = false;
    std::vector<QueueInfo> queues;
    std::vector<WorkerInfo> workers;
};
/// JOB GET. `why` says in words why a waiting job waits (EXPLAIN reasons).
struct JobReply {
    bool found = false;
    JobRecord job;
    std::vector<std::string> why;
};
/// WAIT: where the latest job of each jid stands, in the order asked; none for an unknown jid.
struct WaitReply {
    std::vector<std::optional<JobHead>> jobs;
    bool complete = false;  ///< all final (or unknown)
};
struct ListReply {
    std::vector<JobRecord> jobs;
    Seq next;  ///< go on after this one; none: at the end
};

using ReplyBody = std::variant<OkReply, RefusedReply, JobsReply, VerdictReply, BeatReply,
                               CountReply, InfoReply, JobReply, WaitReply, ListReply>;
struct Reply {
    TicketId ticket;
    ReplyBody body;
};

/// Worth a line in the log.
struct Note {
    std::string event;  ///< constant word, such as "worker_lost"
    std::string detail;
};

/// Everything that one drain decided. The shell writes, syncs if `needs_sync`, and only then
/// releases the replies.
struct Decision {
    std::vector<Write> writes;
    std::vector<Reply> replies;
    std::vector<WantedRead> reads;
    std::vector<ConnectionId> closes;  ///< connections to close once the replies are out
    std::vector<Note> notes;
    bool needs_sync = false;

    void clear();
};

std::ostream& operator<<(std::ostream& out, const Reply& reply);
std::ostream& operator<<(std::ostream& out, const WantedRead& read);
std::ostream& operator<<(std::ostream& out, const Decision& decision);

}  // namespace sluice::jobs
