// SPDX-License-Identifier: Apache-2.0
// EventLoop: the pending events of a simulation in the order (time, sequence): a 4-ary heap of
// 16-byte nodes, and behind it, when there are many, buckets of later times. It knows no model;
// what an event means stands in its 24-bit payload.
#pragma once

#include "kernel/base/check.h"
#include "kernel/base/time.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::sim {

/// One event as it comes out of the loop.
struct Event {
    Duration time{0};            ///< Since the start of the run.
    std::uint64_t sequence = 0;  ///< As at() returned it; unique within the loop.
    std::uint32_t payload = 0;   ///< As given to at(); below EventLoop::payload_end.
};

/// Pending events in virtual time. Events of one time come in the order in which they were
/// scheduled, always. Nothing is allocated per event. There is no cancel: remember the sequence
/// of the event that counts, and pass over the others when they come. Single owner.
class EventLoop {
public:
    static constexpr std::uint32_t payload_end = 1U << 24;
    /// Events over the life of the loop: 1.1e12. One more stops the process.
    static constexpr std::uint64_t events_max = std::uint64_t{1} << 40;

    EventLoop() : lines_(2) {}

    /// The time of the event taken last; 0 before the first.
    [[nodiscard]] Duration now() const { return now_; }
    [[nodiscard]] std::size_t pending() const { return stored_ + end_ - root - (hole_ ? 1 : 0); }
    [[nodiscard]] bool empty() const { return pending() == 0; }
    /// Events taken so far.
    [[nodiscard]] std::uint64_t taken() const { return taken_; }

    /// Schedules an event; `time` not before now(), `payload` below payload_end. Returns its
    /// sequence.
    std::uint64_t at(Duration time, std::uint32_t payload) {
        SLUICE_CHECK(time >= now_ && payload < payload_end && sequence_ < events_max);
        const std::uint64_t sequence = sequence_++;
        const Node node = make(time, sequence, payload);
        if (static_cast<std::uint64_t>(time.count()) >= near_end_) {
            store(node);
        } else if (hole_) {
            hole_ = false;
            sink(root, node);
        } else {
            grow();
            rise(end_ - 1, node);
            if (end_ > heap_max && near_end_ == no_end) spread();
        }
        return sequence;
    }

    /// Takes the first event and makes its time now(). The loop must not be empty.
    ///
    /// The root stays open until the next call: what is scheduled first thereafter, most often the
    /// successor of this event, goes straight into it, and one of two walks through the heap is
    /// saved.
    Event take() {
        const bool some = settle();
        SLUICE_CHECK(some);
        const Node first = node_at(root);
        hole_ = true;
        ++taken_;
        now_ = time_of(first);
        const auto tail = static_cast<std::uint64_t>(first);
        return {now_, tail >> payload_bits, static_cast<std::uint32_t>(tail & (payload_end - 1))};
    }

    /// The time of the first event; Duration::max() when there is none.
    Duration next_time() { return settle() ? time_of(node_at(root)) : Duration::max(); }

    /// Takes events and calls `handle(const Event&)`, which may schedule more, until none is left
    /// or the next one lies after `end`; now() stays that of the last event.
    template <class Handler>
    void run(Handler&& handle, Duration end = Duration::max()) {
        while (settle() && time_of(node_at(root)) <= end) handle(take());
    }

private:
    // A node is one number, time | sequence | payload from the top, so that one comparison orders
    // by time, then sequence.
    __extension__ using Node = unsigned __int128;
    static constexpr unsigned payload_bits = 24;
    static constexpr std::size_t line_nodes = 4;
    static constexpr Node infinite = ~Node{0};
    // Four sisters fill one cache line. The root lies at place 3, its children at 4 … 7, those of
    // place p at 4p - 8 … 4p - 5. Places at and after the end hold `infinite`, so that four
    // children can be compared without asking how many there are.
    static constexpr std::size_t root = 3;
    struct alignas(64) Line {
        Node nodes[line_nodes] = {infinite, infinite, infinite, infinite};
    };

    static Node make(Duration time, std::uint64_t sequence, std::uint32_t payload) {
        return static_cast<Node>(static_cast<std::uint64_t>(time.count())) << 64 |
               sequence << payload_bits | payload;
    }
    static Duration time_of(Node node) {
        return Duration{static_cast<std::int64_t>(static_cast<std::uint64_t>(node >> 64))};
    }
    Node& node_at(std::size_t place) {
        return lines_[place / line_nodes].nodes[place % line_nodes];
    }

    /// Makes the root the first event of all; false when there is none.
    bool settle() {
        close();
        if (end_ == root && stored_ > 0) advance();
        return end_ > root;
    }
    void grow() {
        ++end_;
        if (end_ > lines_.size() * line_nodes) lines_.emplace_back();
    }
    /// Fills the open root with the last node.
    void close() {
        if (!hole_) return;
        hole_ = false;
        --end_;
        const Node last = node_at(end_);
        node_at(end_) = infinite;
        if (end_ > root) sink(root, last);
    }
    void rise(std::size_t place, Node node) {
        while (place > root) {
            const std::size_t parent = place / line_nodes + 2;
            if (node_at(parent) <= node) break;
            node_at(place) = node_at(parent);
            place = parent;
        }
        node_at(place) = node;
    }
    void sink(std::size_t place, Node node) {
        for (;;) {
            const std::size_t line = place - 2;  // the children of place p fill line p - 2
            if (line * line_nodes >= end_) break;
            const Node* child = lines_[line].nodes;
            const std::size_t left = child[1] < child[0] ? 1 : 0;
            const std::size_t right = child[3] < child[2] ? 3 : 2;
            const std::size_t least = child[right] < child[left] ? right : left;
            if (node <= child[least]) break;
            node_at(place) = child[least];
            place = line * line_nodes + least;
        }
        node_at(place) = node;
    }

    // A heap beyond the caches costs a miss for each level. So with more than heap_max pending, the
    // heap keeps only what comes before near_end_, and the rest waits unsorted (a ladder queue with
    // one rung): up to rung_end_ in buckets of 2^shift_ ns, one of which at a time becomes the
    // heap, and later still in far_, which becomes the next rung. Each event is moved a few times,
    // always in sequence through memory. Which part an event passed through does not change when
    // it comes: every part ends where the next one begins, and the heap sorts.
    static constexpr std::size_t heap_max = 8'192;
    static constexpr std::size_t bucket_target = 512;  ///< Events in a bucket, about.
    static constexpr std::size_t buckets_max = 8'192;
    static constexpr std::uint64_t no_end = ~std::uint64_t{0};

    void store(Node node);
    void spread();
    void advance();
    void build_rung();
    void make_heap(const std::vector<Node>& nodes);

    std::vector<Line> lines_;
    std::size_t end_ = root;  ///< One past the last place in use.
    bool hole_ = false;       ///< The root has been taken and not yet replaced.
    Duration now_{0};
    std::uint64_t sequence_ = 0;
    std::uint64_t taken_ = 0;
    std::uint64_t near_end_ = no_end;  ///< The heap has all events before; no_end: all there are.
    std::size_t stored_ = 0;           ///< Events in buckets_ and far_.
    std::vector<std::vector<Node>> buckets_;
    std::size_t next_bucket_ = 0;
    std::size_t bucket_count_ = 0;  ///< Of the present rung; buckets_ may hold more, all empty.
    std::uint64_t rung_start_ = 0;
    std::uint64_t rung_end_ = 0;
    unsigned shift_ = 0;
    std::vector<Node> far_;
};

}  // namespace sluice::sim
