// SPDX-License-Identifier: Apache-2.0
// Everything the engine remembers between decisions. One owner; the parts that change it are in the
// other files of this folder, each for one kind of command.
#pragma once

#include "kernel/base/random.h"
#include "modules/jobs/engine/config.h"
#include "modules/jobs/engine/decision.h"
#include "modules/jobs/engine/faults.h"
#include "modules/jobs/engine/job_table.h"
#include "modules/jobs/engine/lookups.h"
#include "modules/jobs/engine/queues.h"
#include "modules/jobs/engine/retained.h"
#include "modules/jobs/engine/timers.h"
#include "modules/jobs/engine/workers.h"

#include <array>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice::jobs {

/// A fetch without an answer yet.
struct Waiter {
    Fetch fetch;
    std::vector<std::pair<Queue*, std::list<TicketId>::iterator>> places;
    TimerHandle timer;
};

using Waiters = std::unordered_map<TicketId, Waiter>;
/// Waiters and waits of a connection.
using Parked = std::unordered_map<ConnectionId, std::vector<TicketId>>;

/// What ended waits leave, so that the next ones need no new memory: a worker with nothing to do
/// asks, waits and is served for every job. At most spare_max of each.
struct SpareWaits {
    static constexpr std::size_t spare_max = 256;
    static constexpr std::size_t names_max = 64;  ///< of queues, in a waiter that is kept
    std::vector<Waiters::node_type> waiters;
    std::vector<Parked::node_type> parked;
    std::list<TicketId> places;
};

/// A WAIT without an answer yet.
struct PendingWait {
    Wait wait;
    std::vector<std::optional<JobHead>> heads;  ///< by position in wait.jids; none: unknown jid
    std::size_t open = 0;
    TimerHandle timer;
};

/// Where a jid stands in a WAIT.
struct Awaited {
    TicketId ticket;
    std::size_t place = 0;  ///< in wait.jids
};

/// A sweep or a listing between two of its pages.
struct PendingSweep {
    std::optional<SweepAction> action;  ///< none: a listing
    JobFilter filter;
    TicketId ticket;
    Seq until;
    std::uint64_t count = 0;
    std::uint32_t limit = 0;        ///< listing: how many jobs it may hold
    std::vector<JobRecord> listed;  ///< listing: found so far
    std::size_t listed_bytes = 0;   ///< of `listed`
};

struct EngineState {
    explicit EngineState(const EngineConfig& settings) : config(settings), random(settings.seed) {}

    EngineConfig config;
    Random random;
    std::uint64_t epoch = 0;

    JobTable jobs;
    Queues queues;
    Window<DueKey> due;
    Workers workers;
    Timers timers;
    Retained finished;
    Retained dead;
    std::uint64_t named = 0;  ///< jobs kept that are named: while 0, no jid leads to the disk
    Waiters waiters;
    std::unordered_map<TicketId, PendingWait> waits;
    std::unordered_map<std::string, std::vector<Awaited>> waits_by_jid;
    std::size_t waited_jids = 0;   ///< of all waits together
    std::size_t waited_names = 0;  ///< of queues, of all waiters together
    Parked parked;
    SpareWaits spare;
    std::unordered_map<std::uint64_t, PendingSweep> sweeps;
    std::uint64_t next_sweep = 1;
    std::deque<QueueId> clearing;       ///< removed queues with jobs left; one after the other
    bool clearing_awaits_page = false;  ///< the first of them goes on once its jobs are read

    std::array<std::uint64_t, job_state_count> counts{};  ///< jobs kept, by state
    Totals totals;
    bool totals_changed = false;
    bool disk_full = false;

    std::uint64_t next_seq = 1;
    std::uint64_t next_token = 1;
    Order next_order = order_middle;
    Order front_order = order_middle - 1;
    static constexpr Order order_middle = 1ULL << 62;

    /// Jobs that this drain left on disk only, so that the reads done before it are not believed
    /// over them.
    Overlay overlay;
    const Lookups* lookups = nullptr;

    // The decision under way.
    std::vector<Queue*> to_serve;  ///< queues that got a job while fetches wait on them
    WallTime now{};
    Decision* out = nullptr;

    /// Jobs of removed queues can be discarded now.
    [[nodiscard]] bool is_clearing() const { return !clearing.empty() && !clearing_awaits_page; }
    [[nodiscard]] std::uint64_t& count(JobState job_state) {
        return counts[static_cast<std::size_t>(job_state)];
    }
    [[nodiscard]] WindowLimits ready_limits() const {
        return {config.ready_window_jobs, config.ready_window_bytes};
    }
    [[nodiscard]] WindowLimits due_limits() const {
        return {config.due_window_jobs, config.due_window_bytes};
    }
    void reply(TicketId ticket, ReplyBody body) {
        out->replies.push_back(Reply{ticket, std::move(body)});
    }
};

}  // namespace sluice::jobs
