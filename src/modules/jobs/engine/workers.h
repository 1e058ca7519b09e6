// SPDX-License-Identifier: Apache-2.0
// Workers: who is connected under which wid, what each holds, and since when it is silent.
#pragma once

#include "modules/jobs/engine/command.h"
#include "modules/jobs/engine/job_table.h"

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::jobs {

struct Worker {
    std::uint64_t number = 0;  ///< names it in timers
    std::shared_ptr<const std::string> wid;
    std::string hostname;
    std::int64_t pid = 0;
    std::vector<std::string> labels;
    bool extended = false;
    WorkerState state = WorkerState::running;
    WallTime started_at{};
    WallTime beat_at{};
    std::int64_t rss_kb = 0;
    std::vector<ConnectionId> connections;
    boost::unordered_flat_set<Slot*> running;
    TimerHandle silence_timer;
};

class Workers {
public:
    [[nodiscard]] Worker* find(std::string_view wid) const {
        const auto it = by_wid_.find(wid);
        return it == by_wid_.end() ? nullptr : it->second.get();
    }
    [[nodiscard]] Worker* find(std::uint64_t number) const {
        const auto it = by_number_.find(number);
        return it == by_number_.end() ? nullptr : it->second;
    }
    Worker& add(std::shared_ptr<const std::string> wid) {
        auto worker = std::make_unique<Worker>();
        worker->number = next_number_++;
        worker->wid = std::move(wid);
        Worker& added = *worker;
        by_number_[added.number] = &added;
        by_wid_.try_emplace(*added.wid, std::move(worker));
        return added;
    }
    void remove(const Worker& worker) {
        by_number_.erase(worker.number);
        by_wid_.erase(by_wid_.find(*worker.wid));
    }
    [[nodiscard]] std::size_t size() const { return by_wid_.size(); }
    template <class Visit>
    void each(Visit&& visit) const {
        for (const auto& [wid, worker] : by_wid_) visit(*worker);
    }

private:
    /// Keys point into the workers.
    boost::unordered_flat_map<std::string_view, std::unique_ptr<Worker>> by_wid_;
    boost::unordered_flat_map<std::uint64_t, Worker*> by_number_;
    std::uint64_t next_number_ = 1;
};

}  // namespace sluice::jobs
