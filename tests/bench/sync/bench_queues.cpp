// SPDX-License-Identifier: Apache-2.0
// Throughput: items through each queue, from 1 producer and 1 consumer to 4 and 4.
#include "queues.h"
#include "report.h"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace sluice::bench {
namespace {

struct Shape {
    unsigned producers;
    unsigned consumers;
    [[nodiscard]] std::string name() const {
        return std::to_string(producers) + "P" + std::to_string(consumers) + "C";
    }
};
constexpr Shape shapes[] = {{1, 1}, {1, 2}, {2, 1}, {2, 2}, {4, 4}};

/// Million items a second. Stops the program if an item was lost.
template <class Queue>
double throughput(Shape shape, std::uint64_t items) {
    Queue queue;
    const std::uint64_t each = items / shape.producers;
    std::atomic<Item> sum{0};
    std::atomic<unsigned> ready{0};
    std::atomic<bool> go{false};
    const auto start = [&] {
        ++ready;
        while (!go) std::this_thread::yield();
    };
    std::vector<std::thread> producers;
    std::vector<std::thread> consumers;
    for (unsigned i = 0; i < shape.consumers; ++i) {
        consumers.emplace_back([&] {
            typename Queue::Consumer consumer(queue);
            start();
            Item mine = 0;
            while (consumer.take(mine) > 0) {
            }
            sum += mine;
        });
    }
    for (unsigned i = 0; i < shape.producers; ++i) {
        producers.emplace_back([&] {
            typename Queue::Producer producer(queue);
            start();
            for (Item item = 0; item < each; ++item) producer.put(item);
            producer.finish();
        });
    }
    while (ready < shape.producers + shape.consumers) std::this_thread::yield();
    const double begun = seconds_now();
    go = true;
    for (std::thread& thread : producers) thread.join();
    queue.close();
    for (std::thread& thread : consumers) thread.join();
    const double seconds = seconds_now() - begun;
    if (sum != shape.producers * (each * (each - 1) / 2)) {
        std::fprintf(stderr, "bench_sync: a queue lost items\n");
        std::abort();
    }
    return static_cast<double>(each * shape.producers) / seconds / 1e6;
}

template <class Queue>
void row(const Options& options, Report& report, const char* name) {
    const std::string full = std::string(name) + (Queue::sleeps ? "" : " (spins)");
    for (const Shape shape : shapes)
        report.add({"queues", full, shape.name()}, throughput<Queue>(shape, options.items));
}

template <class Queue>
void spsc_row(const Options& options, Report& report, const char* name) {
    report.add({"queues", std::string(name) + " (spins)", shapes[0].name()},
               throughput<Queue>(shapes[0], options.items));
}

}  // namespace

void bench_queues(const Options& options, Report& report) {
    report.describe("queues", "million items/s");
    row<StdRing<false>>(options, report, "std::mutex + cv ring");
    row<StdRing<true>>(options, report, "std::mutex + cv ring, drained");
    row<Ours<How::single>>(options, report, "Channel");
    row<Ours<How::drain>>(options, report, "Channel, drained");
    row<Ours<How::batches>>(options, report, "Channel, batches of 64, drained");
    row<Ours<How::single, StandardLocks>>(options, report, "Channel on std::mutex + cv");
    row<Ours<How::drain, StandardLocks>>(options, report, "Channel on std::mutex + cv, drained");
    row<Moody<false>>(options, report, "moodycamel blocking");
    row<Moody<true>>(options, report, "moodycamel blocking, tokens");
    row<BoostMpmc>(options, report, "boost::lockfree::queue");
    row<OurMpmc>(options, report, "MpmcRing");
    spsc_row<BoostSpsc>(options, report, "boost::lockfree::spsc_queue");
    spsc_row<OurSpsc>(options, report, "SpscRing");
}

}  // namespace sluice::bench
