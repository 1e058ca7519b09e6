// SPDX-License-Identifier: Apache-2.0
// Retained: which final jobs are still kept, in the order in which their time is up. Ids only; the
// records are on disk. They lie in a pool of their own: they stay for hours, and among the memory
// of passing jobs each of them would keep a page from being given back.
#pragma once

#include "kernel/base/check.h"
#include "modules/jobs/engine/read.h"

#include <cstdint>
#include <map>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::jobs {

class Retained {
public:
    struct Entry {
        std::string jid;
        JobState state = JobState::succeeded;
        bool superseded = false;  ///< a later job owns the jid
    };

    /// What it needs comes from `heap`.
    explicit Retained(std::pmr::memory_resource* heap = std::pmr::get_default_resource())
        : pool_(heap) {}
    Retained(const Retained&) = delete;
    Retained& operator=(const Retained&) = delete;
    ~Retained() = default;

    void add(const DueKey& until, const Entry& entry) {
        const std::size_t before = kept_.size();
        const auto at = kept_.try_emplace(kept_.end(), until, Kept{});
        if (kept_.size() == before) return;  // it is kept already
        at->second = keep(entry);
    }
    /// A kept job came back to life.
    void remove(const DueKey& until) {
        const auto it = kept_.find(until);
        SLUICE_CHECK(it != kept_.end());
        erase(it);
    }
    void supersede(const DueKey& until) {
        const auto it = kept_.find(until);
        SLUICE_CHECK(it != kept_.end());
        it->second.superseded = true;
    }
    /// The next one to forget: its time is up, or there are too many.
    std::optional<std::pair<DueKey, Entry>> pop(WallTime now, std::size_t max) {
        if (kept_.empty() || (kept_.size() <= max && kept_.begin()->first.at > now))
            return std::nullopt;
        const auto first = kept_.begin();
        const Kept& kept = first->second;
        std::pair popped{first->first, Entry{std::string(kept.jid()), kept.state, kept.superseded}};
        erase(first);
        return popped;
    }
    [[nodiscard]] std::optional<WallTime> next_deadline() const {
        if (kept_.empty()) return std::nullopt;
        return kept_.begin()->first.at;
    }
    [[nodiscard]] std::size_t size() const { return kept_.size(); }
    void clear() {
        kept_.clear();
        pool_.release();
    }

private:
    /// Sixteen bytes, so that one with its place in the map is a block of 64.
    struct Kept {
        char* text = nullptr;  ///< in the pool
        std::uint32_t length = 0;
        JobState state = JobState::succeeded;
        bool superseded = false;

        [[nodiscard]] std::string_view jid() const { return {text, length}; }
    };
    static_assert(sizeof(Kept) == 16);
    using Map = std::pmr::map<DueKey, Kept>;

    Kept keep(const Entry& entry) {
        Kept kept{.length = static_cast<std::uint32_t>(entry.jid.size()),
                  .state = entry.state,
                  .superseded = entry.superseded};
        if (entry.jid.empty()) return kept;
        kept.text = static_cast<char*>(pool_.allocate(kept.length, 1));
        entry.jid.copy(kept.text, kept.length);
        return kept;
    }
    void erase(Map::iterator at) {
        const Kept& kept = at->second;
        if (kept.text != nullptr) pool_.deallocate(kept.text, kept.length, 1);
        kept_.erase(at);
    }

    std::pmr::unsynchronized_pool_resource pool_;
    Map kept_{&pool_};
};

}  // namespace sluice::jobs
