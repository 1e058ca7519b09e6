// SPDX-License-Identifier: Apache-2.0
// JobTable: the jobs that are in memory (resident): heads of lists and everything that runs. Found
// by seq and jid.
#pragma once

#include "modules/jobs/engine/timers.h"
#include "modules/jobs/model/job.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace sluice::jobs {

struct Worker;

/// A job in memory, and its threads through the other tables.
struct Slot {
    JobRecord job;
    Slot* older = nullptr;     ///< next resident job of the same jid, pushed earlier
    TimerHandle lease_timer;   ///< while running
    Worker* worker = nullptr;  ///< while running under a known wid
    bool resident = false;     ///< can be found in the table

    [[nodiscard]] std::size_t bytes() const { return memory_bytes(job); }
};

class JobTable {
public:
    JobTable() = default;
    JobTable(const JobTable&) = delete;
    JobTable& operator=(const JobTable&) = delete;
    ~JobTable();

    /// A slot that nobody can find yet: give it to insert() or to release().
    Slot* make(JobRecord job);
    void insert(Slot* slot);
    /// Takes the slot out of the table, if it is in, and ends its life.
    void release(Slot* slot);
    /// The same, and gives its record away.
    JobRecord take(Slot* slot);
    void clear();
    /// Lets go of the memory that is kept for further jobs.
    void give_back();

    [[nodiscard]] Slot* find(Seq seq) const;
    /// The resident job of that jid that was pushed last; follow `older` for the others.
    [[nodiscard]] Slot* newest(std::string_view jid) const;
    [[nodiscard]] std::size_t size() const { return by_seq_.size(); }

    template <class Visit>
    void each(Visit&& visit) const {
        for (const auto& [seq, slot] : by_seq_) visit(*slot);
    }

private:
    void remove(Slot* slot);
    void forget_loose(Slot* slot);

    boost::unordered_flat_map<std::uint64_t, Slot*> by_seq_;
    boost::unordered_flat_map<std::string_view, Slot*> by_jid_;  ///< keys point into the bodies
    std::vector<Slot*> loose_;  ///< made, and neither inserted nor released: one or two at a time
    std::vector<Slot*> free_;   ///< at most free_max slots for reuse
};

}  // namespace sluice::jobs
