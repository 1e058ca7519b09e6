// SPDX-License-Identifier: Apache-2.0
// The events of a simulated history, in the order of their virtual time; equal times in the order
// in which they were made, so that a seed repeats exactly.
#pragma once

#include "kernel/base/time.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::jobs::sim {

enum class EventKind : std::uint8_t {
    request,     ///< a message reaches the server; what = its place in the pool
    letter,      ///< a reply reaches a client; what = its place in the pool
    closed,      ///< a client learns that its connection is gone; what = the connection
    timer,       ///< a client's own; what = its tag
    disconnect,  ///< the server learns that a connection is gone; what = the connection
    drain,       ///< the server takes its next turn; what = generation
    sync_done,   ///< what = the run of the server
    release,     ///< replies may go out; what = the run of the server
    crash,
    restart,
    clock_jump,
};

struct Event {
    Duration at{};
    std::uint64_t order = 0;
    std::uint64_t what = 0;
    std::uint32_t who = 0;
    EventKind kind = EventKind::timer;

    [[nodiscard]] bool before(const Event& other) const {
        return at != other.at ? at < other.at : order < other.order;
    }
};

/// A 4-ary heap.
class EventQueue {
public:
    void push(Duration at, EventKind kind, std::uint32_t who, std::uint64_t what) {
        heap_.push_back(Event{at, next_order_++, what, who, kind});
        std::size_t place = heap_.size() - 1;
        const Event moving = heap_[place];
        while (place > 0) {
            const std::size_t parent = (place - 1) / fan;
            if (!moving.before(heap_[parent])) break;
            heap_[place] = heap_[parent];
            place = parent;
        }
        heap_[place] = moving;
    }
    [[nodiscard]] bool empty() const { return heap_.empty(); }
    Event pop() {
        const Event first = heap_.front();
        const Event last = heap_.back();
        heap_.pop_back();
        if (!heap_.empty()) sink(last);
        return first;
    }

private:
    static constexpr std::size_t fan = 4;

    void sink(const Event& moving) {
        std::size_t place = 0;
        for (;;) {
            const std::size_t first = place * fan + 1;
            if (first >= heap_.size()) break;
            const std::size_t end = std::min(first + fan, heap_.size());
            std::size_t best = first;
            for (std::size_t i = first + 1; i < end; ++i) {
                if (heap_[i].before(heap_[best])) best = i;
            }
            if (!heap_[best].before(moving)) break;
            heap_[place] = heap_[best];
            place = best;
        }
        heap_[place] = moving;
    }

    std::vector<Event> heap_;
    std::uint64_t next_order_ = 0;
};

}  // namespace sluice::jobs::sim
