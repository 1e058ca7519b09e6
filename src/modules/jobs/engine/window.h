// SPDX-License-Identifier: Apache-2.0
// Window: the part of one ordered list of jobs that is in memory. The list's first jobs are
// resident; the rest is "spilled": only on disk, under index rows. Pure bookkeeping; who owns the
// slots and writes the rows is elsewhere.
#pragma once

#include "kernel/base/check.h"
#include "modules/jobs/engine/job_table.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>

namespace sluice::jobs {

struct WindowLimits {
    std::size_t jobs = 0;
    std::size_t bytes = 0;
};

/// Invariant: every resident key ≤ horizon < every spilled key, whenever anything is spilled.
template <class Key>
class Window {
public:
    /// A job with this key belongs in memory; otherwise the caller spills it.
    [[nodiscard]] bool takes(const Key& key, const WindowLimits& limits) const {
        if (spilled_ > 0) return !(*horizon_ < key);
        if (resident_.empty()) return true;
        return (resident_.size() < limits.jobs && bytes_ < limits.bytes) ||
               key < resident_.rbegin()->first;
    }

    void add(const Key& key, Slot* slot) {
        const std::size_t before = resident_.size();
        resident_.try_emplace(resident_.end(), key, slot);
        SLUICE_CHECK(resident_.size() == before + 1);
        bytes_ += slot->bytes();
        if (spilled_ > 0 && *horizon_ < key) horizon_ = key;
    }

    /// Counts a job that is only on disk.
    void spill() {
        if (spilled_ == 0) horizon_ = resident_.rbegin()->first;
        ++spilled_;
    }
    /// A spilled job left the list (cancelled, killed).
    void unspill() {
        SLUICE_CHECK(spilled_ > 0);
        --spilled_;
    }

    /// Takes the last resident job out, to be spilled; null while the window is within its limits.
    Slot* evict(const WindowLimits& limits) {
        if (resident_.size() < 2) return nullptr;
        if (resident_.size() <= limits.jobs + limits.jobs / 4 && bytes_ <= limits.bytes * 2)
            return nullptr;
        const auto last = std::prev(resident_.end());
        Slot* slot = last->second;
        bytes_ -= slot->bytes();
        resident_.erase(last);
        horizon_ = resident_.rbegin()->first;
        ++spilled_;
        return slot;
    }

    void remove(const Key& key) {
        const auto it = resident_.find(key);
        SLUICE_CHECK(it != resident_.end());
        bytes_ -= it->second->bytes();
        resident_.erase(it);
    }

    [[nodiscard]] Slot* front() const {
        return resident_.empty() ? nullptr : resident_.begin()->second;
    }
    [[nodiscard]] const Key& front_key() const { return resident_.begin()->first; }
    /// How many resident jobs are served before this key.
    [[nodiscard]] std::size_t position(const Key& key) const {
        return static_cast<std::size_t>(
            std::distance(resident_.begin(), resident_.lower_bound(key)));
    }

    [[nodiscard]] std::size_t resident() const { return resident_.size(); }
    [[nodiscard]] std::uint64_t spilled() const { return spilled_; }
    [[nodiscard]] std::uint64_t size() const { return resident_.size() + spilled_; }
    /// Jobs wait on disk that must be read before anything behind them may be served.
    [[nodiscard]] bool starved() const { return resident_.empty() && spilled_ > 0; }

    /// The position after which to read, if a refill is due and none is under way; marks it as
    /// under way.
    std::optional<Key> begin_refill(const WindowLimits& limits) {
        const bool low = resident_.size() <= limits.jobs / 2 && bytes_ <= limits.bytes / 2;
        if (spilled_ == 0 || reading_ || !low) return std::nullopt;
        reading_ = true;
        return horizon_;
    }
    /// How many bytes of jobs a refill may bring. The page ends with the job that reaches it.
    [[nodiscard]] std::size_t room(const WindowLimits& limits) const {
        return limits.bytes > bytes_ ? limits.bytes - bytes_ : 1;
    }
    /// Room for one job more of a refill; the rest of the page stays on disk.
    [[nodiscard]] bool has_room(const WindowLimits& limits) const {
        return resident_.empty() || bytes_ < limits.bytes;
    }
    /// Not more bytes than the window may hold: twice its limit before its last job came.
    [[nodiscard]] bool within(const WindowLimits& limits) const {
        return resident_.size() < 2 ||
               bytes_ - resident_.rbegin()->second->bytes() <= limits.bytes * 2;
    }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    /// The read came back. False: the window moved meanwhile, and the answer must be thrown away.
    bool end_refill(const Key& after) {
        reading_ = false;
        return spilled_ > 0 && horizon_ && *horizon_ == after;
    }
    /// Adds the next job of a refill; it was spilled until now.
    void refill(const Key& key, Slot* slot) {
        unspill();
        const std::size_t before = resident_.size();
        resident_.try_emplace(resident_.end(), key, slot);
        SLUICE_CHECK(resident_.size() == before + 1);
        bytes_ += slot->bytes();
        horizon_ = key;
    }

    template <class Visit>
    void each(Visit&& visit) const {
        for (const auto& [key, slot] : resident_) visit(key, *slot);
    }

private:
    std::map<Key, Slot*> resident_;
    std::size_t bytes_ = 0;
    std::uint64_t spilled_ = 0;
    std::optional<Key> horizon_;
    bool reading_ = false;
};

}  // namespace sluice::jobs
