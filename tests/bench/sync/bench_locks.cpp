// SPDX-License-Identifier: Apache-2.0
// Locks, semaphores, counters and read-mostly cells: operations a second by 1, 2 and 4 threads on
// one object; turns between two threads that sleep; the price of one counted wait.
#include "report.h"

#include "kernel/algo/shared_buckets.h"
#include "kernel/algo/token_bucket.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/primitives/cond_var.h"
#include "kernel/sync/primitives/mutex.h"
#include "kernel/sync/primitives/rw_mutex.h"
#include "kernel/sync/primitives/semaphore.h"
#include "kernel/sync/semaphore.h"
#include "kernel/sync/sharded_counter.h"
#include "kernel/sync/snapshot.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <thread>

namespace sluice::bench {
namespace {

constexpr unsigned thread_counts[] = {1, 2, 4};

/// Million calls of `act(thread)` a second, by `threads` threads that do nothing else.
template <class Act>
double rate(unsigned threads, std::uint64_t calls, const Act& act) {
    std::atomic<unsigned> ready{0};
    std::atomic<bool> go{false};
    std::vector<std::thread> all;
    for (unsigned t = 0; t < threads; ++t) {
        all.emplace_back([&, t] {
            ++ready;
            while (!go) std::this_thread::yield();
            for (std::uint64_t i = 0; i < calls / threads; ++i) act(i);
            static_cast<void>(t);
        });
    }
    while (ready < threads) std::this_thread::yield();
    const double begun = seconds_now();
    go = true;
    for (std::thread& thread : all) thread.join();
    return static_cast<double>(calls) / (seconds_now() - begun) / 1e6;
}

struct Group {
    const Options& options;
    Report& report;
    const char* name;

    template <class Act>
    void row(const char* row, const Act& act) const {
        for (const unsigned threads : thread_counts) {
            const std::string column =
                std::to_string(threads) + (threads == 1 ? " thread" : " threads");
            report.add({name, row, column}, rate(threads, options.items, act));
        }
    }
};

/// What the critical sections touch: one cache line beside the lock's.
struct Shared {
    std::array<std::uint64_t, 8> words{};
    void write() {
        for (auto& word : words) ++word;
    }
    [[nodiscard]] std::uint64_t read() const {
        std::uint64_t sum = 0;
        for (const auto word : words) sum += word;
        return sum;
    }
};

std::atomic<std::uint64_t> sink{0};
void keep(std::uint64_t value) {
    if (value == UINT64_MAX) sink = value;
}

template <class Lock>
void lock_row(const Group& group, const char* name) {
    alignas(64) Lock lock;
    alignas(64) Shared shared;
    group.row(name, [&](std::uint64_t) SLUICE_NO_THREAD_SAFETY_ANALYSIS {
        lock.lock();
        shared.write();
        lock.unlock();
    });
}

template <class Lock>
void rw_row(const Group& group, const char* name) {
    alignas(64) Lock lock;
    alignas(64) Shared shared;
    group.row(name, [&](std::uint64_t i) SLUICE_NO_THREAD_SAFETY_ANALYSIS {
        if (i % 100 == 0) {
            lock.lock();
            shared.write();
            lock.unlock();
        } else {
            lock.lock_shared();
            keep(shared.read());
            lock.unlock_shared();
        }
    });
}

void bench_mutexes(const Options& options, Report& report) {
    report.describe("mutex", "million lock + unlock/s");
    const Group group{options, report, "mutex"};
    lock_row<std::mutex>(group, "std::mutex");
    lock_row<Mutex>(group, "Mutex");
    lock_row<primitives::Mutex<>>(group, "primitives::Mutex");
}

/// The standard lock and condition variable with the face of ours.
struct StandardPair {
    struct Mutex : std::mutex {};
    class CondVar {
    public:
        void notify_one() { condition_.notify_one(); }
        void wait(Mutex& mutex) {
            std::unique_lock<std::mutex> lock(mutex, std::adopt_lock);
            condition_.wait(lock);
            lock.release();
        }

    private:
        std::condition_variable condition_;
    };
};
struct OurPair {
    using Mutex = sluice::Mutex;
    using CondVar = sluice::CondVar;
};
struct PrimitivePair {
    using Mutex = primitives::Mutex<>;
    using CondVar = primitives::CondVar<>;
};

/// Thousand turns a second that two threads give each other; each sleeps until it has the turn.
template <class Pair>
double turns(std::uint64_t count) SLUICE_NO_THREAD_SAFETY_ANALYSIS {
    struct Table {
        typename Pair::Mutex mutex;
        typename Pair::CondVar changed[2];
        unsigned turn = 0;
    } table;
    const auto play = [&](unsigned me) SLUICE_NO_THREAD_SAFETY_ANALYSIS {
        for (std::uint64_t i = 0; i < count / 2; ++i) {
            table.mutex.lock();
            while (table.turn != me) table.changed[me].wait(table.mutex);
            table.turn = 1 - me;
            table.changed[1 - me].notify_one();
            table.mutex.unlock();
        }
    };
    const double begun = seconds_now();
    std::thread other([&] { play(1); });
    play(0);
    other.join();
    return static_cast<double>(count) / (seconds_now() - begun) / 1e3;
}

void bench_turns(const Options& options, Report& report) {
    report.describe("turns", "thousand turns/s that two threads give each other");
    const std::uint64_t count = options.items / 50;
    report.add({"turns", "std::mutex + condition_variable", "2 threads"},
               turns<StandardPair>(count));
    report.add({"turns", "Mutex + CondVar", "2 threads"}, turns<OurPair>(count));
    report.add({"turns", "primitives::Mutex + CondVar", "2 threads"}, turns<PrimitivePair>(count));
}

void bench_read_mostly(const Options& options, Report& report) {
    report.describe("read-mostly", "million accesses/s, 1 % writes");
    const Group group{options, report, "read-mostly"};
    rw_row<std::shared_mutex>(group, "std::shared_mutex");
    rw_row<primitives::RwMutex<>>(group, "primitives::RwMutex");
    Snapshot<Shared> cell(Shared{});
    group.row("Snapshot", [&](std::uint64_t i) {
        if (i % 100 == 0) {
            Shared next;
            next.words[0] = i;
            cell.store(next);
        } else {
            keep(cell.read()->read());
        }
    });
}

void bench_semaphores(const Options& options, Report& report) {
    report.describe("semaphore", "million acquire + release/s, 4 permits");
    const Group group{options, report, "semaphore"};
    std::counting_semaphore<> standard(4);
    group.row("std::counting_semaphore", [&](std::uint64_t) {
        standard.acquire();
        standard.release();
    });
    Semaphore fair(4);
    group.row("Semaphore", [&](std::uint64_t) {
        static_cast<void>(fair.acquire());
        fair.release();
    });
    primitives::Semaphore<> primitive(4);
    group.row("primitives::Semaphore", [&](std::uint64_t) {
        primitive.acquire();
        primitive.release();
    });
}

void bench_buckets(const Options& options, Report& report) {
    report.describe("token bucket", "million takes/s, nearly all refused");
    const Group group{options, report, "token bucket"};
    const TokenBucketLimit limit{.tokens = 1000, .per = 1s, .burst = 10};
    struct Locked {
        Mutex mutex;
        TokenBucket<> bucket;
    } locked{.mutex = Mutex(), .bucket = TokenBucket<>(limit)};
    group.row("TokenBucket in a Mutex", [&](std::uint64_t i) {
        MutexLock lock(locked.mutex);
        keep(locked.bucket.take(Instant{Duration{i}}).left);
    });
    SharedTokenBucket<> shared(limit);
    group.row("SharedTokenBucket",
              [&](std::uint64_t i) { keep(shared.take(Instant{Duration{i}}).left); });
}

/// What wait accounting adds to a wait, by one thread and by several that share a site.
void bench_accounting(const Options& options, Report& report) {
    report.describe("wait accounting", "nanoseconds for each counted wait");
    for (const unsigned threads : thread_counts) {
        const double per_wait = 1e3 * threads / rate(threads, options.items, [](std::uint64_t) {
                                    const ScopedWait counted(WaitSite{"bench", WaitKind::lock});
                                });
        report.add({"wait accounting", "ScopedWait",
                    std::to_string(threads) + (threads == 1 ? " thread" : " threads")},
                   per_wait);
    }
}

void bench_counters(const Options& options, Report& report) {
    report.describe("counter", "million additions/s");
    const Group group{options, report, "counter"};
    alignas(64) std::atomic<std::uint64_t> one{0};
    group.row("std::atomic", [&](std::uint64_t) { one.fetch_add(1, std::memory_order_relaxed); });
    ShardedCounter sharded;
    group.row("ShardedCounter", [&](std::uint64_t) { sharded.add(); });
}

}  // namespace

void bench_locks(const Options& options, Report& report) {
    bench_mutexes(options, report);
    bench_turns(options, report);
    bench_read_mostly(options, report);
    bench_semaphores(options, report);
    bench_counters(options, report);
    bench_buckets(options, report);
    bench_accounting(options, report);
}

}  // namespace sluice::bench
