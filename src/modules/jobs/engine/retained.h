// SPDX-License-Identifier: Apache-2.0
// Retained: which final jobs are still kept, in the order in which their time is up. Ids only; the
// records are on disk.
#pragma once

#include "kernel/base/check.h"
#include "modules/jobs/engine/read.h"

#include <map>
#include <optional>
#include <string>

namespace sluice::jobs {

class Retained {
public:
    struct Entry {
        std::string jid;
        JobState state = JobState::succeeded;
        bool superseded = false;  ///< a later job owns the jid
    };

    void add(const DueKey& until, Entry entry) {
        kept_.try_emplace(kept_.end(), until, std::move(entry));
    }
    /// A kept job came back to life.
    void remove(const DueKey& until) {
        const auto erased = kept_.erase(until);
        SLUICE_CHECK(erased == 1);
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
        auto node = kept_.extract(kept_.begin());
        return std::pair{node.key(), std::move(node.mapped())};
    }
    [[nodiscard]] std::optional<WallTime> next_deadline() const {
        if (kept_.empty()) return std::nullopt;
        return kept_.begin()->first.at;
    }
    [[nodiscard]] std::size_t size() const { return kept_.size(); }
    void clear() { kept_.clear(); }

private:
    std::map<DueKey, Entry> kept_;
};

}  // namespace sluice::jobs
