// SPDX-License-Identifier: Apache-2.0
// Channel or ring: both carry items in order between threads. A channel sleeps when there is
// nothing to do, may be closed and selected on; a ring never waits, so its users must have
// something else to do, or spin.
#include "kernel/sync/channel.h"
#include "kernel/sync/spsc_ring.h"
#include "kernel/sync/thread.h"

#include <cstdint>
#include <cstdio>
#include <thread>
#include <vector>

namespace {

constexpr std::uint64_t items = 200'000;

std::uint64_t through_a_channel() {
    sluice::Channel<std::uint64_t> channel(1024, "numbers");
    sluice::Thread producer("producer", [&] {
        for (std::uint64_t i = 1; i <= items; ++i) channel.push(std::uint64_t{i});
        channel.close();  // the consumer hears the end
    });
    std::uint64_t sum = 0;
    std::vector<std::uint64_t> batch;
    while (channel.pop_all(batch, 1024, sluice::no_deadline) == sluice::ChannelStatus::ok) {
        for (const std::uint64_t item : batch) sum += item;
        batch.clear();
    }
    return sum;
}

std::uint64_t through_a_ring() {
    sluice::SpscRing<std::uint64_t> ring(1024);  // one producer, one consumer, no more
    sluice::Thread producer("producer", [&] {
        for (std::uint64_t i = 1; i <= items; ++i) {
            while (!ring.try_push(std::uint64_t{i})) std::this_thread::yield();
        }
    });
    std::uint64_t sum = 0;
    std::uint64_t got = 0;
    std::uint64_t item = 0;
    while (got < items) {  // a ring has no end: the number of items says it
        if (!ring.try_pop(item)) {
            std::this_thread::yield();
            continue;
        }
        sum += item;
        ++got;
    }
    return sum;
}

}  // namespace

int main() {
    const std::uint64_t expected = items * (items + 1) / 2;
    std::printf("channel: %s\n",
                through_a_channel() == expected ? "all items, once each" : "wrong");
    std::printf("ring:    %s\n", through_a_ring() == expected ? "all items, once each" : "wrong");
    return 0;
}
