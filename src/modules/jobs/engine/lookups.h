// SPDX-License-Identifier: Apache-2.0
// What is known of jobs that are not in memory: the answers to the lookups that a drain made before
// it began, and, over them, what the drain itself has put on disk since.
#pragma once

#include "modules/jobs/model/job.h"

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <cstdint>
#include <string_view>
#include <utility>

namespace sluice::jobs {

/// A stored job that a command names.
struct Sought {
    std::string_view jid;
    Seq seq;  ///< where it is, if the job there has this jid; none or another: its jid row says it
};

/// The stored job of each jid that was asked for and found; keys point into the bodies.
class Lookups {
public:
    void add(JobRecord job) {
        const std::string_view jid = job.body->jid();
        found_.try_emplace(jid, std::move(job));
    }
    [[nodiscard]] const JobRecord* find(std::string_view jid) const {
        const auto it = found_.find(jid);
        return it == found_.end() ? nullptr : &it->second;
    }
    void clear() {
        if (!found_.empty()) found_.clear();
    }

private:
    boost::unordered_flat_map<std::string_view, JobRecord> found_;
};

/// The same shape, filled by the engine.
class Overlay {
public:
    /// The job is now on disk only. An older job never hides a newer one of the same jid.
    void add(const JobRecord& job) {
        const JobRecord* known = find(job.body->jid());
        if (known != nullptr && job.head.seq < known->head.seq) return;
        const auto it = jobs_.find(job.body->jid());
        if (it != jobs_.end()) jobs_.erase(it);  // the key must point into the body that is kept
        jobs_.emplace(job.body->jid(), job);
    }
    /// The job left its window for the disk: pages that were read before do not know of its index
    /// row.
    void add_evicted(const JobRecord& job) {
        add(job);
        evicted_.insert_or_assign(job.head.seq.value(), job);
    }
    [[nodiscard]] const JobRecord* find_evicted(Seq seq) const {
        if (evicted_.empty()) return nullptr;
        const auto it = evicted_.find(seq.value());
        return it == evicted_.end() ? nullptr : &it->second;
    }
    [[nodiscard]] const JobRecord* find(std::string_view jid) const {
        const auto it = jobs_.find(jid);
        return it == jobs_.end() ? nullptr : &it->second;
    }
    /// The job is not even on disk any more.
    void erase(Seq seq) { erased_.insert(seq.value()); }
    [[nodiscard]] bool erased(Seq seq) const {
        return !erased_.empty() && erased_.contains(seq.value());
    }
    /// Nothing that was looked up before is there any more.
    void erase_all() {
        clear();
        all_erased_ = true;
    }
    [[nodiscard]] bool all_erased() const { return all_erased_; }
    void clear() {
        if (!jobs_.empty()) jobs_.clear();
        if (!erased_.empty()) erased_.clear();
        if (!evicted_.empty()) evicted_.clear();
        all_erased_ = false;
    }

private:
    boost::unordered_flat_map<std::string_view, JobRecord> jobs_;
    boost::unordered_flat_map<std::uint64_t, JobRecord> evicted_;
    boost::unordered_flat_set<std::uint64_t> erased_;
    bool all_erased_ = false;
};

}  // namespace sluice::jobs
