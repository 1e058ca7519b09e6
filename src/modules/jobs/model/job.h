// SPDX-License-Identifier: Apache-2.0
// The job: JobBody is what the producer gave and never changes; JobHead is where the job stands
// now; JobRecord is both. Pure data; the rules are in engine/.
#pragma once

#include "kernel/base/id.h"
#include "kernel/base/time.h"

#include <array>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::jobs {

/// Internal key of a job: a sequence given at push, never reused. `jid` is the producer's name for
/// it.
using Seq = Id<struct SeqTag>;
/// A queue's number; names are mapped to numbers once and for ever.
using QueueId = Id<struct QueueTag>;
/// Names one delivery for ever: boot epoch in the upper 24 bits, a counter in the lower 40.
using LeaseToken = Id<struct LeaseTag>;
/// Position in a list: lower is served earlier. Pushes count up, releases to the front count down.
using Order = std::uint64_t;

inline constexpr int priority_min = 1;
inline constexpr int priority_max = 9;
inline constexpr int priority_default = 5;

/// Where a job stands (job-semantics table "Job states").
enum class JobState : std::uint8_t {
    scheduled,
    enqueued,
    running,
    retrying,
    succeeded,
    dead,
    cancelled,
    discarded,
};
inline constexpr std::size_t job_state_count = 8;

/// The state as the word on the wire, in metrics and in the docs.
std::string_view to_string(JobState state);
/// The state of that name; empty for an unknown name.
std::optional<JobState> job_state_from(std::string_view name);
/// Waiting for its time or for a worker.
constexpr bool is_waiting(JobState state) {
    return state == JobState::scheduled || state == JobState::enqueued ||
           state == JobState::retrying;
}
/// Will never run again by itself. Dead jobs can be brought back by a person.
constexpr bool is_final(JobState state) { return !is_waiting(state) && state != JobState::running; }

/// How the wait before the next attempt grows.
enum class BackoffKind : std::uint8_t {
    faktory,      ///< count⁴ + 15 s + R × (count + 1), R in 0..29
    constant,     ///< base
    exponential,  ///< base × 2^count, at most `max`
    none,         ///< at once
};

struct Backoff {
    BackoffKind kind = BackoffKind::faktory;
    Duration base = 15s;
    Duration max = 24h;
    /// Share of the delay that is drawn at random and added: 0..100 percent. Not used by `faktory`.
    std::uint8_t jitter_percent = 0;
    friend bool operator==(const Backoff&, const Backoff&) = default;
};

/// What the producer asked for, as numbers.
struct JobPolicy {
    std::int32_t retry =
        25;  ///< retries after the first attempt; 0: discard on failure, -1: dead on failure
    std::uint8_t priority = priority_default;
    bool wait_when_worker_lost =
        false;  ///< on_worker_lost:"wait": only the lease's own expiry gives the job back
    Duration reserve_for{0};  ///< lease length; 0: the default
    Duration timeout{0};      ///< time limit for a run, enforced by the worker; 0: none
    Duration keep{-1};        ///< retention once finished; -1: the default
    WallTime at{};            ///< not before; epoch: at once
    WallTime created_at{};
    Backoff backoff;
    friend bool operator==(const JobPolicy&, const JobPolicy&) = default;
};

/// What the producer gave. Immutable, shared between the engine, the ledger and the replies.
class JobBody {
public:
    /// JSON parts are exact source text: `args` an array, `custom` an object or empty, `extra` the
    /// members that the protocol does not know, as `"k":v,"k2":v2` without braces, or empty.
    struct Texts {
        std::string_view jid;
        std::string_view type;
        std::string_view queue;
        std::string_view args;
        std::string_view custom;
        std::string_view extra;
    };

    JobBody(const Texts& texts, const JobPolicy& policy);
    /// From `bytes()` and the six end offsets; the caller (the record codec) has checked that they
    /// ascend.
    JobBody(std::string bytes, const std::array<std::uint32_t, 6>& ends, const JobPolicy& policy)
        : bytes_(std::move(bytes)), ends_(ends), policy_(policy) {}

    [[nodiscard]] std::string_view jid() const { return part(0); }
    [[nodiscard]] std::string_view type() const { return part(1); }
    [[nodiscard]] std::string_view queue() const { return part(2); }
    [[nodiscard]] std::string_view args() const { return part(3); }
    [[nodiscard]] std::string_view custom() const { return part(4); }
    [[nodiscard]] std::string_view extra() const { return part(5); }
    [[nodiscard]] const JobPolicy& policy() const { return policy_; }

    [[nodiscard]] const std::string& bytes() const { return bytes_; }
    [[nodiscard]] const std::array<std::uint32_t, 6>& ends() const { return ends_; }

private:
    [[nodiscard]] std::string_view part(std::size_t index) const {
        const std::uint32_t begin = index == 0 ? 0 : ends_[index - 1];
        return std::string_view(bytes_).substr(begin, ends_[index] - begin);
    }

    std::string bytes_;
    std::array<std::uint32_t, 6> ends_{};
    JobPolicy policy_;
};

/// The failure member of a job, as workers and the dashboard see it.
struct JobFailure {
    std::int32_t retry_count = 0;  ///< failures before this one
    std::int32_t remaining = 0;
    WallTime failed_at{};   ///< of the first failure
    WallTime next_at{};     ///< epoch: none
    std::string errtype;    ///< at most 100 bytes
    std::string message;    ///< at most 1,000 bytes
    std::string backtrace;  ///< JSON array of strings, at most 50 lines; empty: none
    friend bool operator==(const JobFailure&, const JobFailure&) = default;
};

/// Who holds a lease renewed how.
enum class LeaseMode : std::uint8_t {
    fixed,  ///< reserve_for from delivery (plain clients)
    beat,   ///< renewed by every BEAT that lists it (extended clients)
};

/// How the last lease ended without an answer of its holder; a late ack is still accepted then.
enum class Lapse : std::uint8_t { none, expired, worker_lost };

/// The current lease of a running job, or the last one of a waiting job.
struct Lease {
    LeaseToken token;
    WallTime expires_at{};
    LeaseMode mode = LeaseMode::fixed;
    Lapse lapse = Lapse::none;
    std::shared_ptr<const std::string> wid;  ///< null: a client without a wid
    [[nodiscard]] std::string_view holder() const {
        return wid ? std::string_view(*wid) : std::string_view();
    }
};

/// How far a running job is, as its worker says. Not durable: forgotten at the end of the run and
/// by a restart.
struct JobProgress {
    std::int32_t percent = 0;  ///< 0 to 100
    std::string note;          ///< for people, at most 200 bytes
    WallTime at{};             ///< when the server heard of it
};

/// Where a job stands. Copied on every transition, so it is small; the rare long parts are shared.
struct JobHead {
    Seq seq;
    QueueId queue;
    JobState state = JobState::enqueued;
    std::uint8_t priority = priority_default;
    bool indexed = false;     ///< has an index row (ready or due) on disk
    bool named = false;       ///< has, or had, a jid row on disk
    bool superseded = false;  ///< a later push took over its jid
    bool cancel_requested = false;
    std::uint8_t losses = 0;   ///< worker-lost events since first_loss_at
    std::int32_t attempt = 0;  ///< deliveries that were not given back
    Order order = 0;           ///< while enqueued
    WallTime due_at{};         ///< while scheduled or retrying
    WallTime enqueued_at{};
    WallTime first_loss_at{};
    WallTime changed_at{};  ///< last transition; for a final state, when it finished
    Lease lease;
    std::shared_ptr<const JobFailure> failure;
    std::shared_ptr<const std::string> result;    ///< JSON text
    std::shared_ptr<const JobProgress> progress;  ///< while running; no ledger keeps it
};

struct JobRecord {
    JobHead head;
    std::shared_ptr<const JobBody> body;
};

/// Bytes that the record and its texts take in memory: what windows and pages are limited by. The
/// same for a job all the time that it waits.
inline std::size_t memory_bytes(const JobRecord& job) {
    std::size_t bytes = sizeof(JobRecord) + (job.body ? job.body->bytes().size() : 0);
    if (const JobFailure* failure = job.head.failure.get(); failure != nullptr)
        bytes += failure->errtype.size() + failure->message.size() + failure->backtrace.size();
    if (job.head.result) bytes += job.head.result->size();
    return bytes;
}

/// One line with every field that is set, for logs and test output.
std::ostream& operator<<(std::ostream& out, const JobRecord& job);

/// A queue as it is kept: the name never changes its number.
struct QueueRow {
    QueueId id;
    std::string name;
    bool paused = false;
    bool removed =
        false;  ///< its waiting jobs are being dropped; the name may have a new number already
    bool listed = true;   ///< false: only its pause is remembered, no job was ever pushed
    bool durable = true;  ///< durability = sync (true) or async (false)
    friend bool operator==(const QueueRow&, const QueueRow&) = default;
};

/// Counts since the store was made; kept in the same write as the transitions they count.
struct Totals {
    std::uint64_t pushed = 0;     ///< jobs accepted (invariant J17: pushed = Σ final + live)
    std::uint64_t processed = 0;  ///< successes and failures
    std::uint64_t failures = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t cancelled = 0;
    std::uint64_t discarded = 0;
    std::uint64_t purged_dead = 0;  ///< dead jobs dropped by retention
    std::uint64_t duplicates = 0;   ///< repeated pushes that made no second job
    friend bool operator==(const Totals&, const Totals&) = default;
};

}  // namespace sluice::jobs
