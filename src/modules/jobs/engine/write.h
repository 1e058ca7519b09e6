// SPDX-License-Identifier: Apache-2.0
// What the engine wants to be kept, as data. A decision's writes are applied by the ledger in
// order, all or nothing.
#pragma once

#include "modules/jobs/model/job.h"

#include <cstdint>
#include <iosfwd>
#include <string>
#include <variant>
#include <vector>

namespace sluice::jobs {

/// Stores the record under its seq. `fresh` is the first time: the body is new.
struct PutJob {
    JobRecord job;
    bool fresh = false;
};
/// The jid leads to this job from now on, and to no other.
struct PutJid {
    Seq seq;
    std::string jid;
};
/// Forgets the job for ever, and where `jid` leads to, if it is not empty.
struct EraseJob {
    Seq seq;
    std::string jid{};
};
/// Index rows, like PutJid; see "lazily spilled indexes" in docs/architecture.md.
struct PutReady {
    QueueId queue;
    std::uint8_t priority = 0;
    Order order = 0;
    Seq seq;
};
struct EraseReady {
    QueueId queue;
    std::uint8_t priority = 0;
    Order order = 0;
};
struct PutDue {
    WallTime at{};
    Seq seq;
};
struct EraseDue {
    WallTime at{};
    Seq seq;
};
struct PutQueue {
    QueueRow row;
};
struct EraseQueue {
    QueueId id;
};
struct PutTotals {
    Totals totals;
};
/// Everything but the format, the epoch and the totals. Later writes of the same decision are kept.
struct EraseEverything {};

using Write = std::variant<PutJob, PutJid, EraseJob, PutReady, EraseReady, PutDue, EraseDue,
                           PutQueue, EraseQueue, PutTotals, EraseEverything>;

std::ostream& operator<<(std::ostream& out, const Write& write);

}  // namespace sluice::jobs
