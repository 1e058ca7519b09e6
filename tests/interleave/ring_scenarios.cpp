// SPDX-License-Identifier: Apache-2.0
// The lock-free rings under the model.
#include "recorder.h"
#include "scenario.h"
#include "specs.h"

#include "kernel/sync/mpmc_ring.h"
#include "kernel/sync/spsc_ring.h"

#include <array>

namespace sluice::interleave {
namespace {

using Item = Var<int>;
using Spsc = SpscRing<Item, ModelPlatform>;
using Mpmc = MpmcRing<Item, ModelPlatform>;

template <class Ring>
void push(Ring& ring, int value) {
    Item item(value);
    Item&& given = std::move(item);  // stays ours as long as the ring is full
    while (!ring.try_push(static_cast<Item&&>(given))) ModelPlatform::pause();
}

template <class Ring>
int pop(Ring& ring) {
    Item item;
    while (!ring.try_pop(item)) ModelPlatform::pause();
    return item.get();
}

/// More items than places, so that places are used again.
template <int capacity, int count>
void spsc_in_order() {
    Spsc ring(capacity);
    together(
        [&] {
            for (int i = 1; i <= count; ++i) push(ring, i);
        },
        [&] {
            for (int i = 1; i <= count; ++i) MODEL_CHECK(pop(ring) == i);
        });
}

void spsc_batches() {
    Spsc ring(2);
    together(
        [&] {
            std::array<Item, 3> items{Item(1), Item(2), Item(3)};
            std::span<Item> left(items);
            while (!left.empty()) {
                left = left.subspan(ring.try_push_many(left));
                if (!left.empty()) ModelPlatform::pause();
            }
        },
        [&] {
            std::array<Item, 2> items{Item(0), Item(0)};
            int next = 1;
            while (next <= 3) {
                const std::size_t count = ring.try_pop_many(items);
                for (std::size_t i = 0; i < count; ++i) MODEL_CHECK(items[i].get() == next++);
                if (count == 0) ModelPlatform::pause();
            }
        });
}

/// What is left is destroyed with the ring (else the model says that items were lost).
void spsc_leaves_some() {
    Spsc ring(4);
    together(
        [&] {
            Item item(1), other(2);
            MODEL_CHECK(ring.try_push(std::move(item)));
            MODEL_CHECK(ring.try_push(std::move(other)));
            MODEL_CHECK(ring.depth() <= 2);
        },
        [&] {
            Item item;
            if (ring.try_pop(item)) MODEL_CHECK(item.get() == 1);
        });
    MODEL_CHECK(ring.depth() <= 2);
}

template <class Ring>
void record_push(Recorder<QueueSpec>& history, Ring& ring, int value) {
    history.record({QueueSpec::Verb::push, {value}, {}}, [&](QueueSpec::Call& call) {
        Item item(value);
        call.status = ring.try_push(std::move(item)) ? ChannelStatus::ok : ChannelStatus::full;
    });
}

template <class Ring>
void record_pop(Recorder<QueueSpec>& history, Ring& ring) {
    history.record({QueueSpec::Verb::pop, {}, {}}, [&](QueueSpec::Call& call) {
        Item item;
        call.status = ring.try_pop(item) ? ChannelStatus::ok : ChannelStatus::empty;
        if (call.status == ChannelStatus::ok) call.values = {item.get()};
    });
}

/// Exact, refusals included: each side's answer may be old, but never wrong.
void spsc_linearizable() {
    Spsc ring(1);
    Recorder<QueueSpec> history(Precedence::causal);
    together(
        [&] {
            record_push(history, ring, 1);
            record_push(history, ring, 2);
            record_push(history, ring, 3);
        },
        [&] {
            record_pop(history, ring);
            record_pop(history, ring);
            record_pop(history, ring);
        });
    history.check({{}, 1, false, false});
}

void mpmc_two_producers() {
    Mpmc ring(2);
    together([&] { push(ring, 1); }, [&] { push(ring, 2); },
             [&] { MODEL_CHECK(pop(ring) + pop(ring) == 3); });
}

void mpmc_two_consumers() {
    Mpmc ring(2);
    Atomic<int> sum(0);
    const auto take = [&] { sum.fetch_add(pop(ring), Order::relaxed); };
    together(
        [&] {
            push(ring, 1);
            push(ring, 2);
        },
        take, take);
    MODEL_CHECK(sum.load(Order::relaxed) == 3);
}

/// More items than cells, from both sides.
void mpmc_next_lap() {
    Mpmc ring(2);
    Atomic<int> sum(0);
    together(
        [&] {
            for (int i = 1; i <= 3; ++i) push(ring, i);
        },
        [&] {
            int last = 0;
            for (int i = 0; i < 3; ++i) {
                const int value = pop(ring);
                MODEL_CHECK(value > last);
                last = value;
            }
        });
}

/// One that pushes and pops, against another that does.
void mpmc_both_ways() {
    Mpmc ring(2);
    Atomic<int> sum(0);
    const auto work = [&](int value) {
        push(ring, value);
        sum.fetch_add(pop(ring), Order::relaxed);
    };
    together([&] { work(1); }, [&] { work(2); });
    MODEL_CHECK(sum.load(Order::relaxed) == 3);
    Item item;
    MODEL_CHECK(!ring.try_pop(item));
}

void mpmc_linearizable() {
    Mpmc ring(2);
    Recorder<QueueSpec> history(Precedence::causal);
    together(
        [&] {
            record_push(history, ring, 1);
            record_push(history, ring, 2);
        },
        [&] {
            record_push(history, ring, 3);
            record_pop(history, ring);
        },
        [&] {
            record_pop(history, ring);
            record_pop(history, ring);
        });
    history.check({{}, 2, false, true});
}

/// "Full" and "empty" are exact when nobody else is under way; else this is not linearizable, as
/// the class says: the pop may find the cell of a push that has not finished, with a finished one
/// behind.
void mpmc_linearizable_strictly() {
    Mpmc ring(2);
    Recorder<QueueSpec> history(Precedence::execution);
    together([&] { record_push(history, ring, 1); },
             [&] {
                 record_push(history, ring, 2);
                 record_pop(history, ring);
             });
    history.check({{}, 2, false, false});
}

/// With 8 bits the position comes round after 256 items, while one consumer has looked and not yet
/// claimed; it then takes what is not there.
template <class Position>
void mpmc_wraps() {
    MpmcRing<int, ModelPlatform, Position> ring(2);
    std::array<int, 512> times{};
    const auto push = [&](int value) { return ring.try_push(std::move(value)); };
    const auto pop = [&] {
        int value = 0;
        if (!ring.try_pop(value)) return false;
        MODEL_CHECK(++times[static_cast<std::size_t>(value)] == 1);
        return true;
    };
    push(0);
    together([&] { pop(); },
             [&] {
                 int next = 1;
                 for (int popped = 0; popped < 256; ++popped) {
                     if (!pop()) return;
                     if (next < 256) push(next++);
                 }
             });
    while (pop()) {
    }
}

}  // namespace

std::vector<Scenario> ring_scenarios() {
    const std::string spsc = "sync/spsc_ring.h", mpmc = "sync/mpmc_ring.h";
    const Limits wrap{.preemptions = 1, .stale = 0, .timeouts = 0, .spurious = 0, .steps = 10'000};
    return {
        {"spsc.one_place", spsc_in_order<1, 3>, {}, "", spsc},
        {"spsc.two_places", spsc_in_order<2, 4>, {}, "", spsc},
        {"spsc.batches", spsc_batches, {}, "", spsc},
        {"spsc.leaves_some", spsc_leaves_some, {}, "", spsc},
        {"spsc.linearizable", spsc_linearizable, {}, "", spsc},
        {"mpmc.two_producers", mpmc_two_producers, {}, "", mpmc},
        {"mpmc.two_consumers", mpmc_two_consumers, {}, "", mpmc},
        {"mpmc.next_lap", mpmc_next_lap, {}, "", mpmc},
        {"mpmc.both_ways", mpmc_both_ways, {}, "", mpmc},
        {"mpmc.linearizable", mpmc_linearizable, {}, "", mpmc},
        {"mpmc.linearizable_strictly", mpmc_linearizable_strictly, {}, "not linearizable"},
        {"mpmc.wide_position", mpmc_wraps<std::uint64_t>, wrap},
        {"planted.mpmc_position_wraps", mpmc_wraps<std::uint8_t>, wrap, "check failed"},
    };
}

}  // namespace sluice::interleave
