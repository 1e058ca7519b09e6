// SPDX-License-Identifier: Apache-2.0
// Wake-up latency: from the push until a consumer that was asleep has the item.
#include "queues.h"
#include "report.h"

#include "kernel/sync/primitives/semaphore.h"
#include "kernel/sync/semaphore.h"

#include <algorithm>
#include <semaphore>

namespace sluice::bench {
namespace {

constexpr int wakes = 1000;
/// Between two pushes, so that the consumer has gone to sleep.
void let_it_sleep() {
    Channel<int> never(1);
    int nothing = 0;
    never.pop_until(nothing, monotonic_now() + 200us);
}

Item now_ns() { return static_cast<Item>(monotonic_now().time_since_epoch().count()); }

/// A semaphore as a queue of one item.
template <class Semaphore>
struct Signal {
    struct Producer {
        explicit Producer(Signal& signal) : signal_(signal) {}
        void put(Item item) {
            signal_.item_ = item;
            signal_.semaphore_.release();
        }
        void finish() {}
        Signal& signal_;
    };
    struct Consumer {
        explicit Consumer(Signal& signal) : signal_(signal) {}
        std::size_t take(Item& sum) {
            static_cast<void>(signal_.semaphore_.acquire());
            sum += signal_.item_;
            return signal_.item_ == 0 ? 0 : 1;
        }
        Signal& signal_;
    };
    void close() {
        item_ = 0;
        semaphore_.release();
    }
    Semaphore semaphore_{0};
    Item item_ = 0;
};

template <class Queue>
void row(Report& report, const char* name) {
    Queue queue;
    std::vector<double> delays;
    delays.reserve(wakes);
    std::thread consumer([&] {
        typename Queue::Consumer end(queue);
        for (Item sent = 0; end.take(sent) > 0; sent = 0)
            delays.push_back(static_cast<double>(now_ns() - sent) / 1e3);
    });
    {
        typename Queue::Producer end(queue);
        for (int i = 0; i < wakes; ++i) {
            let_it_sleep();
            end.put(now_ns());
        }
    }
    let_it_sleep();
    queue.close();
    consumer.join();
    std::sort(delays.begin(), delays.end());
    report.add({"wake-up", name, "p50"}, delays[delays.size() / 2]);
    report.add({"wake-up", name, "p99"}, delays[delays.size() * 99 / 100]);
}

struct Row {
    void (*run)(Report&, const char*);
    const char* name;
};
constexpr Row rows[] = {
    {row<StdRing<false>>, "std::mutex + cv ring"},
    {row<Ours<How::single>>, "Channel"},
    {row<Ours<How::drain>>, "Channel, drained"},
    {row<Ours<How::single, StandardLocks>>, "Channel on std::mutex + cv"},
    {row<Moody<true>>, "moodycamel blocking, tokens"},
    {row<Signal<std::counting_semaphore<>>>, "std::counting_semaphore"},
    {row<Signal<Semaphore>>, "Semaphore"},
    {row<Signal<primitives::Semaphore<>>>, "primitives::Semaphore"},
};

}  // namespace

void bench_wake(const Options& options, Report& report) {
    static_cast<void>(options);
    report.describe("wake-up", "microseconds from push to pop, consumer asleep");
    // Once for nothing: after a loaded second the processor sleeps less deeply for a while, and the
    // first row would look better than it is.
    Report unused;
    rows[0].run(unused, rows[0].name);
    for (const Row& each : rows) each.run(report, each.name);
}

}  // namespace sluice::bench
