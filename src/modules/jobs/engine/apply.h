// SPDX-License-Identifier: Apache-2.0
// One function for each kind of command. Each reads and changes the state and adds to state.out at
// state.now.
#pragma once

#include "modules/jobs/engine/state.h"

#include <functional>
#include <string_view>

namespace sluice::jobs {

void apply_push(EngineState& state, const Push& push);
void apply_fetch(EngineState& state, const Fetch& fetch);
void apply_ack(EngineState& state, const Ack& ack);
void apply_fail(EngineState& state, const Fail& fail);
void apply_release(EngineState& state, const Release& release);
void apply_extend(EngineState& state, const Extend& extend);
void apply_hello(EngineState& state, const Hello& hello);
void apply_beat(EngineState& state, const Beat& beat);
void apply_disconnect(EngineState& state, const Disconnect& disconnect);
void apply_signal(EngineState& state, const SignalWorker& signal);
void apply_change_queue(EngineState& state, const ChangeQueue& change);
void apply_sweep(EngineState& state, const Sweep& sweep);
void apply_flush(EngineState& state, const Flush& flush);
void apply_info(EngineState& state, const Info& info);
void apply_get_job(EngineState& state, const GetJob& get);
void apply_list_jobs(EngineState& state, const ListJobs& list);
void apply_read(EngineState& state, const ReadDone& done);

/// Everything that is due at state.now, up to a bounded number of steps.
void apply_time(EngineState& state);

/// Gives ready jobs of the queue to the fetches that wait on it.
void serve(EngineState& state, Queue& queue);
/// Asks for the next jobs of the list if it runs low.
void refill_ready(EngineState& state, Queue& queue, std::uint8_t priority);
void refill_due(EngineState& state);
/// Answers a waiting fetch with nothing, because its time is up.
void expire_fetch(EngineState& state, TicketId ticket);
void drop_fetch(EngineState& state, TicketId ticket);
/// The worker has been silent for too long.
void check_silence(EngineState& state, std::uint64_t worker_number);
/// The lease has run out: a failed attempt.
void expire_lease(EngineState& state, Slot* slot);
/// The holder is gone: gives the job back without counting a failure, or ends it as poison.
void lose_lease(EngineState& state, Slot* slot);
/// Gives the job back as if it had not been delivered.
void give_back(EngineState& state, Slot* slot, Duration delay);
/// The running job that the reference and the caller name together; null when there is none.
Slot* find_held(const EngineState& state, const JobRef& ref, const Caller& caller);
/// Discards jobs of removed queues, up to a page of them.
void clear_removed(EngineState& state);
/// Why the job is where it is, in words.
std::vector<std::string> explain(const EngineState& state, const JobRecord& job);

}  // namespace sluice::jobs
