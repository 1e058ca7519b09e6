// SPDX-License-Identifier: Apache-2.0
// Places: the only code that moves a job from one state to another. A job is in exactly one place:
// a list of ready jobs, the list of due jobs, a lease, or a set of kept final jobs (invariant J1);
// each move is one write (promise 2).
#pragma once

#include "modules/jobs/engine/state.h"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::jobs {

/// The latest job of a jid: in memory, or as it is stored. Both null: unknown.
struct Latest {
    Slot* resident = nullptr;
    const JobRecord* stored = nullptr;
    explicit operator bool() const { return resident != nullptr || stored != nullptr; }
    [[nodiscard]] const JobRecord& job() const {
        return resident != nullptr ? resident->job : *stored;
    }
};
Latest find_latest(const EngineState& state, std::string_view jid);
/// A slot for the job, wherever it is; to be moved to a place at once.
Slot* materialise(EngineState& state, const Latest& latest);

/// Asks for the record to be stored.
void put(EngineState& state, const JobRecord& job, bool fresh = false);

/// How a waiting job goes to where it is on disk only.
struct OnDisk {
    bool fresh = false;
    bool index = true;
};
/// Asks for the record to be stored with the rows by which it is found there: in its list, and by
/// its jid.
void put_on_disk(EngineState& state, JobRecord& job, OnDisk how = {});
/// The jid gets a row that leads to this job, unless it has one or a later job owns it. The caller
/// stores the record.
void name(EngineState& state, JobRecord& job);
/// The same for a final job, if the sets of kept ones could not find it. Before retain().
void name_final(EngineState& state, JobRecord& job);
/// A final job joins the set in which it is kept.
void retain(EngineState& state, const JobRecord& job);
/// Asks for a job that left that set to be erased.
void forget(EngineState& state, Seq seq, Retained::Entry entry);

/// How a job enters a list.
struct Entering {
    bool fresh = false;  ///< first time: a push
    bool front = false;  ///< before all others (released, given back)
};
/// To `enqueued`. The slot has left its former place. May end the slot's life (when the job goes to
/// disk only).
void place_ready(EngineState& state, Slot* slot, Entering entering);
/// To `scheduled` or `retrying` until `at`. As above.
void place_due(EngineState& state, Slot* slot, WallTime at, JobState waiting);
void place_due_fresh(EngineState& state, Slot* slot, WallTime at);
/// To a final state. Ends the slot's life.
void place_final(EngineState& state, Slot* slot, JobState final);
/// Out of its present place; the caller puts it into the next one in the same decision.
void leave(EngineState& state, Slot* slot);
/// Moves the oldest jobs of an overfull window to the disk.
void trim_ready(EngineState& state, Window<Order>& list);
void trim_due(EngineState& state);

/// Ends the slot's life and remembers the job as being on disk.
void to_disk(EngineState& state, Slot* slot);

/// From `enqueued` (the front of its list) to `running`.
void lease_to(EngineState& state, Slot* slot, const Caller& caller, LeaseMode mode);
/// Takes the lease's bookkeeping away; the lease itself stays in the record as the last one.
void end_lease(EngineState& state, Slot* slot);

/// Until when a final job is kept.
WallTime kept_until(const EngineState& state, const JobRecord& job);
/// What a worker or the engine says of a failed attempt.
struct FailedAttempt {
    std::string_view errtype;
    std::string_view message;
    std::string_view backtrace;
    std::optional<Duration> retry_in;
    bool final = false;
};
/// From `running` to retrying, dead or discarded. The lease has ended.
void fail_attempt(EngineState& state, Slot* slot, const FailedAttempt& failed);

/// The queue of that name, with a number and listed; emits its row when that is new. Null at the
/// limit of queues.
Queue* listed_queue(EngineState& state, std::string_view name);
/// Lets go of a removed queue once nothing is left of it.
void drop_if_gone(EngineState& state, Queue& queue);
/// Lets go of a worker's record once it has neither connection nor lease.
void drop_if_gone(EngineState& state, Worker& worker);

}  // namespace sluice::jobs
