// SPDX-License-Identifier: Apache-2.0
// WorkQueue: the bounded queue of a threaded run. One Channel; with priorities one Channel for each
// of them, and one more whose items are the free places, so that the bound counts all of them
// together. Nothing of it is a lock of its own.
#pragma once

#include "kernel/base/time.h"
#include "kernel/sync/channel.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace sluice::sim {

/// One piece of work on its way.
struct WorkItem {
    std::uint64_t number = 0;
    std::uint32_t producer = 0;
    std::uint32_t lane = 0;  ///< 0 is taken first.
    std::uint32_t attempt = 1;
    bool is_sentinel = false;  ///< Not work: its taker ends.
    Instant offered{};         ///< When its producer (or its failed attempt) held it out.
};

/// Bounded, closeable; any number of threads push, each popping thread has a Popper of its own.
class WorkQueue {
public:
    /// `capacity` items wait at most (1 or more), in `lanes` lanes (1 or more).
    WorkQueue(std::size_t capacity, std::uint32_t lanes);

    /// Waits for room. ok or closed; `blocked` grows by the time spent waiting.
    ChannelStatus push(WorkItem item, Duration& blocked);
    /// ok, full or closed, at once.
    ChannelStatus try_push(WorkItem item);
    /// Refuses further items; what is there can still be taken.
    void close();

    /// The most items that ever waited.
    [[nodiscard]] std::size_t depth_peak() const;
    /// Items waiting now.
    [[nodiscard]] std::size_t depth() const;

    /// The taking end of one thread: the first lane first, in order of arrival within one.
    class Popper {
    public:
        explicit Popper(WorkQueue& queue);
        /// Waits for an item. ok, timeout or closed; `blocked` grows by the time spent waiting.
        ChannelStatus pop_until(WorkItem& out, Instant deadline, Duration& blocked);
        /// ok, empty or closed, at once.
        ChannelStatus try_pop(WorkItem& out);

    private:
        ChannelStatus wait_and_pop(WorkItem& out, Instant deadline);

        WorkQueue& queue_;
        std::optional<Selector> selector_;  ///< Over the lanes, where there are several.
    };

private:
    struct Place {};
    using Lane = Channel<WorkItem>;

    [[nodiscard]] bool has_lanes() const { return lanes_.size() > 1; }

    /// Taken places: pushing to it waits for room. Where there is one lane, the lane does that.
    Channel<Place> places_;
    std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace sluice::sim
