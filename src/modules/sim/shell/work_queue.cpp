// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/shell/work_queue.h"

#include <algorithm>

namespace sluice::sim {

WorkQueue::WorkQueue(std::size_t capacity, std::uint32_t lanes) : places_(capacity) {
    for (std::uint32_t i = 0; i < std::max(lanes, 1U); ++i)
        lanes_.push_back(std::make_unique<Lane>(capacity));
}

ChannelStatus WorkQueue::push(WorkItem item, Duration& blocked) {
    const ChannelStatus at_once = try_push(item);
    if (at_once != ChannelStatus::full) return at_once;
    const Instant began = monotonic_now();
    ChannelStatus status = has_lanes() ? places_.push(Place{}) : ChannelStatus::ok;
    // Whoever holds a place has room in the lane, too: then this does not wait.
    if (status == ChannelStatus::ok) status = lanes_[item.lane]->push(std::move(item));
    blocked += monotonic_now() - began;
    return status;
}

ChannelStatus WorkQueue::try_push(WorkItem item) {
    if (has_lanes()) {
        const ChannelStatus status = places_.try_push(Place{});
        if (status != ChannelStatus::ok) return status;
    }
    return lanes_[item.lane]->try_push(std::move(item));
}

void WorkQueue::close() {
    places_.close();
    for (const auto& lane : lanes_) lane->close();
}

std::size_t WorkQueue::depth_peak() const {
    return (has_lanes() ? places_.counters() : lanes_.front()->counters()).depth_peak;
}

std::size_t WorkQueue::depth() const {
    std::size_t sum = 0;
    for (const auto& lane : lanes_) sum += lane->counters().depth;
    return sum;
}

WorkQueue::Popper::Popper(WorkQueue& queue) : queue_(queue) {
    if (!queue.has_lanes()) return;
    std::vector<Selectable*> sources;
    for (const auto& lane : queue.lanes_) sources.push_back(lane.get());
    selector_.emplace(std::move(sources));
}

ChannelStatus WorkQueue::Popper::try_pop(WorkItem& out) {
    if (!selector_) return queue_.lanes_.front()->try_pop(out);
    bool is_closed = true;
    for (const auto& lane : queue_.lanes_) {
        const ChannelStatus status = lane->try_pop(out);
        if (status == ChannelStatus::ok) {
            // Its place is there: a push takes the place before it fills the lane.
            Place place;
            queue_.places_.try_pop(place);
            return status;
        }
        is_closed = is_closed && status == ChannelStatus::closed;
    }
    return is_closed ? ChannelStatus::closed : ChannelStatus::empty;
}

ChannelStatus WorkQueue::Popper::wait_and_pop(WorkItem& out, Instant deadline) {
    if (!selector_) return queue_.lanes_.front()->pop_until(out, deadline);
    while (true) {
        if (selector_->wait_until(deadline).outcome == SelectOutcome::timeout)
            return ChannelStatus::timeout;
        // Another popper may have been quicker: then the wait goes on.
        const ChannelStatus status = try_pop(out);
        if (status != ChannelStatus::empty) return status;
    }
}

ChannelStatus WorkQueue::Popper::pop_until(WorkItem& out, Instant deadline, Duration& blocked) {
    const ChannelStatus at_once = try_pop(out);
    if (at_once != ChannelStatus::empty) return at_once;
    const Instant began = monotonic_now();
    const ChannelStatus status = wait_and_pop(out, deadline);
    blocked += monotonic_now() - began;
    return status;
}

}  // namespace sluice::sim
