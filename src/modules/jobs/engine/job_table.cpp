// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/engine/job_table.h"

#include "kernel/base/check.h"

#include <algorithm>
#include <utility>

namespace sluice::jobs {

namespace {
constexpr std::size_t free_max = 4096;
}

JobTable::~JobTable() {
    clear();
    give_back();
}

void JobTable::give_back() {
    for (Slot* slot : free_) delete slot;
    free_ = std::vector<Slot*>();
    by_seq_.rehash(0);
    by_jid_.rehash(0);
}

Slot* JobTable::make(JobRecord job) {
    Slot* slot = nullptr;
    if (free_.empty()) {
        slot = new Slot;
    } else {
        slot = free_.back();
        free_.pop_back();
    }
    loose_.push_back(slot);
    slot->job = std::move(job);
    return slot;
}

void JobTable::forget_loose(Slot* slot) {
    const auto place = std::find(loose_.rbegin(), loose_.rend(), slot);
    if (place != loose_.rend()) loose_.erase(std::next(place).base());
}

void JobTable::insert(Slot* slot) {
    SLUICE_CHECK(!slot->resident);
    slot->resident = true;
    const bool added = by_seq_.try_emplace(slot->job.head.seq.value(), slot).second;
    SLUICE_CHECK(added);
    forget_loose(slot);
    const auto [it, first] = by_jid_.try_emplace(slot->job.body->jid(), slot);
    if (first) return;
    // Same jid already here: keep the chain in descending order of seq.
    Slot* head = it->second;
    if (head->job.head.seq < slot->job.head.seq) {
        slot->older = head;
        by_jid_.erase(it);
        by_jid_.emplace(slot->job.body->jid(), slot);
        return;
    }
    while (head->older != nullptr && slot->job.head.seq < head->older->job.head.seq)
        head = head->older;
    slot->older = head->older;
    head->older = slot;
}

void JobTable::remove(Slot* slot) {
    const auto it = by_jid_.find(slot->job.body->jid());
    SLUICE_CHECK(it != by_jid_.end());
    by_seq_.erase(slot->job.head.seq.value());
    if (it->second == slot) {
        Slot* older = slot->older;
        by_jid_.erase(it);
        if (older != nullptr) by_jid_.emplace(older->job.body->jid(), older);
    } else {
        Slot* newer = it->second;
        while (newer->older != slot) newer = newer->older;
        newer->older = slot->older;
    }
}

void JobTable::release(Slot* slot) { (void)take(slot); }

JobRecord JobTable::take(Slot* slot) {
    if (slot->resident)
        remove(slot);
    else
        forget_loose(slot);
    JobRecord job = std::move(slot->job);
    if (free_.size() >= free_max) {
        delete slot;
        return job;
    }
    *slot = Slot{};
    free_.push_back(slot);
    return job;
}

void JobTable::clear() {
    for (const auto& [seq, slot] : by_seq_) delete slot;
    for (Slot* slot : loose_) delete slot;
    loose_.clear();
    by_seq_.clear();
    by_jid_.clear();
}

Slot* JobTable::find(Seq seq) const {
    const auto it = by_seq_.find(seq.value());
    return it == by_seq_.end() ? nullptr : it->second;
}

Slot* JobTable::newest(std::string_view jid) const {
    const auto it = by_jid_.find(jid);
    return it == by_jid_.end() ? nullptr : it->second;
}

}  // namespace sluice::jobs
