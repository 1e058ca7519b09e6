// SPDX-License-Identifier: Apache-2.0
// The memory ledger's table of jobs. Not an index by anything but seq.
#pragma once

#include "modules/jobs/model/job.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace sluice::jobs {

/// Jobs by seq, in pages of 32 neighbours: nearly as fast as a hash map, and ordered.
class SeqTable {
public:
    [[nodiscard]] const JobRecord* find(Seq seq) const {
        const Page* page = page_of(seq);
        if (page == nullptr) return nullptr;
        return (page->used & bit_of(seq)) != 0 ? &page->slots[slot_of(seq)] : nullptr;
    }
    /// Stores the job and gives back what was there.
    std::optional<JobRecord> put(const JobRecord& job) {
        Page& page = pages_[job.head.seq.value() / page_size];
        JobRecord& slot = page.slots[slot_of(job.head.seq)];
        std::optional<JobRecord> before;
        if ((page.used & bit_of(job.head.seq)) != 0) {
            before.emplace(std::move(slot));
        } else {
            ++count_;
        }
        page.used |= bit_of(job.head.seq);
        slot = job;
        return before;
    }
    std::optional<JobRecord> erase(Seq seq) {
        const auto at = pages_.find(seq.value() / page_size);
        if (at == pages_.end() || (at->second.used & bit_of(seq)) == 0) return std::nullopt;
        Page& page = at->second;
        std::optional<JobRecord> before(std::move(page.slots[slot_of(seq)]));
        page.slots[slot_of(seq)] = JobRecord{};
        page.used &= ~bit_of(seq);
        --count_;
        if (page.used == 0) pages_.erase(at);
        return before;
    }
    /// The first job with a seq above `after`, or null.
    [[nodiscard]] const JobRecord* next(Seq after) const {
        const std::uint64_t from = after.value() + 1;
        for (auto at = pages_.lower_bound(from / page_size); at != pages_.end(); ++at) {
            std::uint32_t used = at->second.used;
            if (at->first == from / page_size) used &= ~0U << (from % page_size);
            if (used != 0) return &at->second.slots[static_cast<unsigned>(std::countr_zero(used))];
        }
        return nullptr;
    }
    [[nodiscard]] std::size_t size() const { return count_; }

private:
    static constexpr std::uint64_t page_size = 32;
    struct Page {
        std::uint32_t used = 0;
        std::array<JobRecord, page_size> slots;
    };
    static std::uint32_t bit_of(Seq seq) { return 1U << (seq.value() % page_size); }
    static std::size_t slot_of(Seq seq) { return seq.value() % page_size; }
    [[nodiscard]] const Page* page_of(Seq seq) const {
        const auto at = pages_.find(seq.value() / page_size);
        return at == pages_.end() ? nullptr : &at->second;
    }

    std::map<std::uint64_t, Page> pages_;
    std::size_t count_ = 0;
};

}  // namespace sluice::jobs
