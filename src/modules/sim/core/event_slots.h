// SPDX-License-Identifier: Apache-2.0
// EventSlots: the pending events of a simulation in which each thing that can happen has a slot of
// its own and at most one next time (a server's departure, a class's next arrival). A winner tree
// without a branch that depends on times. Where events have no such slots, see event_loop.h.
#pragma once

#include "kernel/base/check.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace sluice::sim {

/// At most one pending event for each of a fixed number of slots, in the order (time, slot).
/// Setting a slot again replaces its event, so nothing has to be passed over. Each change costs one
/// comparison for each level of the tree. Single owner.
class EventSlots {
public:
    static constexpr std::size_t slots_max = std::size_t{1} << 21U;
    /// The time of a slot without an event, in nanoseconds; all others lie before it.
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max() - 1;

    /// `slots` from 1 to slots_max; all without an event.
    explicit EventSlots(std::size_t slots) : leaves_(std::bit_ceil(slots)), nodes_(2 * leaves_) {
        SLUICE_CHECK(slots >= 1 && slots <= slots_max);
    }

    [[nodiscard]] bool empty() const { return nodes_[1].time == never; }
    /// Time of the first event; `never` when there is none.
    [[nodiscard]] std::int64_t time() const { return nodes_[1].time; }
    /// The slot of the first event; there must be one.
    [[nodiscard]] std::uint32_t slot() const { return nodes_[1].slot; }

    /// Gives `slot` an event at `time` instead of the one it had; `never`: none.
    ///
    /// The way from a leaf to the root is known beforehand, so are all the sisters on it, and the
    /// lesser of two is chosen without a jump: there is nothing for the processor to guess wrong.
    void set(std::uint32_t slot, std::int64_t time) {
        SLUICE_CHECK(slot < leaves_ && time <= never);
        Node* const nodes = nodes_.data();
        std::size_t place = leaves_ + slot;
        nodes[place] = {time, slot};
        while (place > 1) {
            const Node sister = nodes[place ^ 1U];
            // Of equal times the left one, which has the lower slots, comes first.
            const bool first = sister.time < time + static_cast<std::int64_t>(place & 1U);
            time = first ? sister.time : time;
            slot = first ? sister.slot : slot;
            place /= 2;
            nodes[place].time = time;
            nodes[place].slot = slot;
        }
    }

private:
    struct Node {
        std::int64_t time = never;
        std::uint32_t slot = 0;
    };

    std::size_t leaves_;
    std::vector<Node> nodes_;  ///< The root is 1, the children of p are 2p and 2p + 1.
};

}  // namespace sluice::sim
