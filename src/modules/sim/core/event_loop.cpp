// SPDX-License-Identifier: Apache-2.0
// The part of the event loop behind its heap; used only with many events pending.
#include "modules/sim/core/event_loop.h"

#include <algorithm>
#include <bit>

namespace sluice::sim {

void EventLoop::store(Node node) {
    const auto time = static_cast<std::uint64_t>(node >> 64);
    if (time < rung_end_) {
        buckets_[(time - rung_start_) >> shift_].push_back(node);
    } else {
        far_.push_back(node);
    }
    ++stored_;
}

/// Empties the heap into far_ and begins with a rung. Only without an open root.
void EventLoop::spread() {
    far_.reserve(end_ - root);
    for (std::size_t place = root; place < end_; ++place) {
        far_.push_back(node_at(place));
        node_at(place) = infinite;
    }
    stored_ += end_ - root;
    end_ = root;
    build_rung();
}

/// Makes the next bucket that has events the heap. Only with an empty heap and stored events.
void EventLoop::advance() {
    for (;;) {
        while (next_bucket_ < bucket_count_) {
            std::vector<Node>& bucket = buckets_[next_bucket_++];
            near_end_ = rung_start_ + (static_cast<std::uint64_t>(next_bucket_) << shift_);
            if (bucket.empty()) continue;
            make_heap(bucket);
            bucket.clear();
            return;
        }
        if (far_.size() <= heap_max / 2) {
            make_heap(far_);
            far_.clear();
            near_end_ = no_end;
            rung_end_ = 0;
            return;
        }
        build_rung();
    }
}

/// From the first far event to twice the median distance from it (of a sample): about three
/// quarters of them, or more, whatever the distribution; at least the first.
void EventLoop::build_rung() {
    const auto time = [](Node node) { return static_cast<std::uint64_t>(node >> 64); };
    rung_start_ = time(*std::min_element(far_.begin(), far_.end()));
    std::vector<std::uint64_t> sample;
    for (std::size_t i = 0; i < far_.size(); i += far_.size() / 64 + 1)
        sample.push_back(time(far_[i]) - rung_start_);
    const auto middle = sample.begin() + static_cast<std::ptrdiff_t>(sample.size() / 2);
    std::nth_element(sample.begin(), middle, sample.end());
    constexpr std::uint64_t time_end = std::uint64_t{1} << 63;
    const std::uint64_t range = std::min(2 * *middle + 1, time_end - rung_start_);
    const std::size_t buckets =
        std::clamp<std::size_t>(far_.size() / bucket_target, 1, buckets_max);
    shift_ = static_cast<unsigned>(std::bit_width(range / buckets));
    bucket_count_ = static_cast<std::size_t>(range >> shift_) + 1;
    rung_end_ = rung_start_ + (static_cast<std::uint64_t>(bucket_count_) << shift_);
    near_end_ = rung_start_;
    next_bucket_ = 0;
    if (buckets_.size() < bucket_count_) buckets_.resize(bucket_count_);
    std::size_t kept = 0;
    for (const Node node : far_) {
        if (time(node) < rung_end_) {
            buckets_[(time(node) - rung_start_) >> shift_].push_back(node);
        } else {
            far_[kept++] = node;
        }
    }
    far_.resize(kept);
}

/// Only with an empty heap; `nodes` are of the stored ones.
void EventLoop::make_heap(const std::vector<Node>& nodes) {
    stored_ -= nodes.size();
    end_ = root + nodes.size();
    if (const std::size_t lines = end_ / line_nodes + 1; lines > lines_.size())
        lines_.resize(lines);
    for (std::size_t i = 0; i < nodes.size(); ++i) node_at(root + i) = nodes[i];
    if (nodes.size() < 2) return;
    for (std::size_t place = (end_ - 1) / line_nodes + 2 + 1; place-- > root;)
        sink(place, node_at(place));
}

}  // namespace sluice::sim
