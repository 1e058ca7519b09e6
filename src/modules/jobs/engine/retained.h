// SPDX-License-Identifier: Apache-2.0
// Retained: which final jobs are still kept, in the order in which their time is up, and where
// those are whose jid has no row on disk. The records are on disk. They lie in a pool of their own:
// they stay for hours, and among the memory of passing jobs each of them would keep a page from
// being given back.
#pragma once

#include "kernel/base/check.h"
#include "modules/jobs/engine/read.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <functional>
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
        std::string jid;  ///< from pop(): only of a named one
        JobState state = JobState::succeeded;
        bool superseded = false;  ///< a later job owns the jid
        bool named = false;       ///< the jid has a row on disk
    };

    /// What it needs comes from `heap`.
    explicit Retained(std::pmr::memory_resource* heap = std::pmr::get_default_resource())
        : pool_(heap) {}
    Retained(const Retained&) = delete;
    Retained& operator=(const Retained&) = delete;
    ~Retained() = default;

    /// One that is neither named nor superseded: has_place_for(its jid) must be true.
    void add(const DueKey& until, const Entry& entry) {
        const std::size_t before = kept_.size();
        const auto at = kept_.try_emplace(kept_.end(), until, Kept{});
        if (kept_.size() == before) return;  // it is kept already
        at->second = keep(entry);
        if (!at->second.is_found()) return;
        const bool placed = found_.try_emplace(at->second.hash, until.seq).second;
        SLUICE_CHECK(placed);
    }
    /// False: another kept job has a jid of the same hash, so that find() cannot tell them apart.
    [[nodiscard]] bool has_place_for(std::string_view jid) const {
        return !found_.contains(hash_of(jid));
    }
    /// Where the kept job of that jid is, if there is one that is neither named nor superseded;
    /// else nothing, or with a probability of 2^-64 for each kept job another one.
    [[nodiscard]] Seq find(std::string_view jid) const {
        if (found_.empty()) return Seq{};
        const auto at = found_.find(hash_of(jid));
        return at == found_.end() ? Seq{} : at->second;
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
        if (it->second.is_found()) found_.erase(it->second.hash);
        it->second.superseded = true;
    }
    /// The next one to forget: its time is up, or there are too many.
    std::optional<std::pair<DueKey, Entry>> pop(WallTime now, std::size_t max) {
        if (kept_.empty() || (kept_.size() <= max && kept_.begin()->first.at > now))
            return std::nullopt;
        const auto first = kept_.begin();
        const Kept& kept = first->second;
        std::pair popped{first->first,
                         Entry{std::string(kept.jid()), kept.state, kept.superseded, kept.named}};
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
        found_ = {};
    }

private:
    /// Sixteen bytes, so that one with its place in the map is a block of 64.
    struct Kept {
        union {
            std::uint64_t hash = 0;  ///< of the jid, unless named
            char* text;              ///< the jid, in the pool, if named
        };
        std::uint32_t length = 0;  ///< of the text
        JobState state = JobState::succeeded;
        bool superseded = false;
        bool named = false;

        [[nodiscard]] std::string_view jid() const {
            return named ? std::string_view(text, length) : std::string_view();
        }
        [[nodiscard]] bool is_found() const { return !named && !superseded; }
    };
    static_assert(sizeof(Kept) == 16);
    using Map = std::pmr::map<DueKey, Kept>;

    static std::uint64_t hash_of(std::string_view jid) {
#ifdef SLUICE_PLANTED_FAULTS
        return std::hash<std::string_view>{}(jid) % 512;  // so that the simulator meets equal ones
#else
        return std::hash<std::string_view>{}(jid);
#endif
    }
    Kept keep(const Entry& entry) {
        Kept kept;
        kept.state = entry.state;
        kept.superseded = entry.superseded;
        kept.named = entry.named;
        if (!entry.named) {
            kept.hash = hash_of(entry.jid);
            return kept;
        }
        kept.length = static_cast<std::uint32_t>(entry.jid.size());
        kept.text = static_cast<char*>(pool_.allocate(kept.length, 1));
        entry.jid.copy(kept.text, kept.length);
        return kept;
    }
    void erase(Map::iterator at) {
        const Kept& kept = at->second;
        if (kept.named) pool_.deallocate(kept.text, kept.length, 1);
        if (kept.is_found()) found_.erase(kept.hash);
        kept_.erase(at);
    }

    std::pmr::unsynchronized_pool_resource pool_;
    Map kept_{&pool_};
    boost::unordered_flat_map<std::uint64_t, Seq> found_;  ///< by the hash of the jid
};

}  // namespace sluice::jobs
