// SPDX-License-Identifier: Apache-2.0
// Queues: the names, and for each queue its nine lists of ready jobs and the fetches that wait on
// it.
#pragma once

#include "modules/jobs/engine/command.h"
#include "modules/jobs/engine/window.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::jobs {

struct Queue {
    QueueRow row;  ///< without an id: only fetches wait here, nothing is stored
    std::array<Window<Order>, priority_max> lists;  ///< by priority - 1
    std::list<TicketId> waiting;                    ///< fetches, longest first
    std::uint64_t running = 0;
    std::uint64_t arrived = 0;    ///< jobs that became ready, those given back included; not stored
    std::uint64_t delivered = 0;  ///< jobs given to workers; not stored
    WallTime fetched_at{};        ///< when a worker last asked for jobs of this queue
    /// A page was read for one of the lists: fetches that were held up by it look at their other
    /// queues, too.
    bool page_came = false;

    [[nodiscard]] Window<Order>& list(std::uint8_t priority) { return lists[priority - 1U]; }
    [[nodiscard]] std::uint64_t ready() const {
        std::uint64_t total = 0;
        for (const auto& list : lists) total += list.size();
        return total;
    }
};

/// Hashes names without making strings of them.
struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
        return std::hash<std::string_view>{}(name);
    }
};

class Queues {
public:
    /// The queue of that name; null when there is none, not even with a waiting fetch.
    [[nodiscard]] Queue* find(std::string_view name) const;
    /// The queue of that number, also when it is being removed; null when it is gone.
    [[nodiscard]] Queue* find(QueueId id) const;
    /// The queue of that name, made without a row if there is none.
    Queue& get(std::string_view name);
    /// Gives the queue a number. The caller stores the row.
    void number(Queue& queue);
    /// While restoring: the queue of that number, whose row is not known yet.
    Queue& restore(QueueId id);
    /// Gives a restored queue its row.
    void restore(const QueueRow& row);
    /// A restored number that got no row; none when all is well.
    [[nodiscard]] QueueId without_row() const;
    /// Takes the name away from the queue; its jobs stay under its number until drop().
    void detach(Queue& queue);
    /// Ends a detached queue, or one without a row that nothing waits on.
    void drop(Queue& queue);
    void clear();

    /// Queues with a name and a number: those that are stored, not those that only fetches wait on.
    [[nodiscard]] std::size_t size() const { return by_id_.size() - detached_.size(); }
    /// Queues without a row: those that only fetches wait on.
    [[nodiscard]] std::size_t rowless() const { return by_name_.size() - size(); }
    /// Queues with a name, in the order of their names.
    [[nodiscard]] std::vector<Queue*> named() const;
    using Detached = std::map<std::uint64_t, std::unique_ptr<Queue>>;
    [[nodiscard]] const Detached& detached() const { return detached_; }

private:
    std::unordered_map<std::string, std::unique_ptr<Queue>, NameHash, std::equal_to<>> by_name_;
    boost::unordered_flat_map<std::uint64_t, Queue*> by_id_;
    Detached detached_;                                                   ///< by number
    std::unordered_map<std::uint64_t, std::unique_ptr<Queue>> restored_;  ///< without a row so far
    std::uint64_t next_id_ = 1;
};

}  // namespace sluice::jobs
