// SPDX-License-Identifier: Apache-2.0
// The checker's own examination: what the memory model of C++20 allows must be seen, what it
// forbids must not; and races, deadlocks and lost wake-ups must be noticed.
#include "scenario.h"

namespace sluice::interleave {
namespace {

constexpr Order relaxed = Order::relaxed, acquire = Order::acquire, release = Order::release,
                seq_cst = Order::seq_cst;

/// Message passing: data, then flag.
template <Order of_store, Order of_load>
void message_passing() {
    Atomic<int> data(0), flag(0);
    together(
        [&] {
            data.store(1, relaxed);
            flag.store(1, of_store);
        },
        [&] {
            if (flag.load(of_load) == 1) MODEL_CHECK(data.load(relaxed) == 1);
        });
}

/// The same with plain data: a race unless ordered.
template <Order of_store, Order of_load>
void plain_message_passing() {
    Var<int> data(0);
    Atomic<int> flag(0);
    together(
        [&] {
            data.set(1);
            flag.store(1, of_store);
        },
        [&] {
            if (flag.load(of_load) == 1) MODEL_CHECK(data.get() == 1);
        });
}

void message_passing_by_fences() {
    Atomic<int> flag(0);
    Var<int> data(0);
    together(
        [&] {
            data.set(1);
            engine().fence(release);
            flag.store(1, relaxed);
        },
        [&] {
            if (flag.load(relaxed) != 1) return;
            engine().fence(acquire);
            MODEL_CHECK(data.get() == 1);
        });
}

/// Store buffering: both may read 0 unless everything is seq_cst.
template <Order of_both>
void store_buffering() {
    Atomic<int> x(0), y(0), saw(0);
    constexpr Order store_order = of_both == seq_cst ? seq_cst : release;
    constexpr Order load_order = of_both == seq_cst ? seq_cst : acquire;
    int first = 1, second = 1;
    together(
        [&] {
            x.store(1, store_order);
            first = y.load(load_order);
        },
        [&] {
            y.store(1, store_order);
            second = x.load(load_order);
        });
    MODEL_CHECK(first == 1 || second == 1);
}

template <Order of_fence>
void store_buffering_by_fences() {
    Atomic<int> x(0), y(0);
    int first = 1, second = 1;
    together(
        [&] {
            x.store(1, relaxed);
            engine().fence(of_fence);
            first = y.load(relaxed);
        },
        [&] {
            y.store(1, relaxed);
            engine().fence(of_fence);
            second = x.load(relaxed);
        });
    MODEL_CHECK(first == 1 || second == 1);
}

/// Two readers may disagree about the order of two independent stores, unless all are seq_cst.
template <Order of_stores, Order of_loads>
void independent_reads() {
    Atomic<int> x(0), y(0);
    int a = 0, b = 0, c = 0, d = 0;
    together([&] { x.store(1, of_stores); }, [&] { y.store(1, of_stores); },
             [&] {
                 a = x.load(of_loads);
                 b = y.load(of_loads);
             },
             [&] {
                 c = y.load(of_loads);
                 d = x.load(of_loads);
             });
    MODEL_CHECK(!(a == 1 && b == 0 && c == 1 && d == 0));
}

/// Even relaxed, one thread never reads an older value after a newer one.
void coherence() {
    Atomic<int> x(0);
    together(
        [&] {
            x.store(1, relaxed);
            x.store(2, relaxed);
        },
        [&] {
            const int first = x.load(relaxed);
            MODEL_CHECK(x.load(relaxed) >= first);
        });
}

/// A read-modify-write reads the newest value, so no step is lost.
void counting() {
    Atomic<int> x(0);
    together([&] { x.fetch_add(1, relaxed); }, [&] { x.fetch_add(1, relaxed); },
             [&] {
                 int seen = x.load(relaxed);
                 while (!x.compare_exchange_weak(seen, seen + 1, relaxed, relaxed)) {
                 }
             });
    MODEL_CHECK(x.load(relaxed) == 3);
}

/// Adding by load and store loses steps.
void counting_badly() {
    Atomic<int> x(0);
    const auto add = [&] { x.store(x.load() + 1); };
    together(add, add);
    MODEL_CHECK(x.load() == 2);
}

/// A relaxed read-modify-write carries the release on; a relaxed store does not.
template <bool modify>
void release_sequence() {
    Atomic<int> flag(0);
    Var<int> data(0);
    together(
        [&] {
            data.set(1);
            flag.store(1, release);
        },
        [&] {
            if (flag.load(relaxed) != 1) return;
            if constexpr (modify) {
                flag.fetch_add(1, relaxed);
            } else {
                flag.store(2, relaxed);
            }
        },
        [&] {
            if (flag.load(acquire) == 2) MODEL_CHECK(data.get() == 1);
        });
}

void racing() {
    Var<int> data(0);
    together([&] { data.set(1); }, [&] { (void)data.get(); });
}

void locked() {
    Var<int> data(0);
    Mutex mutex;
    const auto add = [&] {
        const MutexLock lock(mutex);
        data.set(data.get() + 1);
    };
    together(add, add, add);
    MODEL_CHECK(data.get() == 3);
}

void locks_in_both_orders() {
    Mutex a, b;
    together(
        [&] {
            const MutexLock first(a);
            const MutexLock second(b);
        },
        [&] {
            const MutexLock first(b);
            const MutexLock second(a);
        });
}

/// The condition is changed outside the lock.
void check_outside_lock() {
    Mutex mutex;
    CondVar changed;
    Atomic<bool> ready(false);
    together(
        [&] {
            MutexLock lock(mutex);
            while (!ready.load()) changed.wait(mutex);
        },
        [&] {
            ready.store(true);
            changed.notify_one();
        });
}

void check_inside_lock() {
    Mutex mutex;
    CondVar changed;
    bool ready = false;
    together(
        [&] {
            MutexLock lock(mutex);
            while (!ready) changed.wait(mutex);
        },
        [&] {
            {
                const MutexLock lock(mutex);
                ready = true;
            }
            changed.notify_one();
        });
}

/// `if` instead of `while` around the wait.
void wait_without_loop() {
    Mutex mutex;
    CondVar changed;
    bool ready = false;
    together(
        [&] {
            MutexLock lock(mutex);
            if (!ready) changed.wait(mutex);
            MODEL_CHECK(ready);
        },
        [&] {
            const MutexLock lock(mutex);
            ready = true;
            changed.notify_one();
        });
}

void deadline_passes() {
    Mutex mutex;
    CondVar never;
    const MutexLock lock(mutex);
    const Instant until = soon();
    while (never.wait_until(mutex, until)) MODEL_CHECK(engine().now() < until);
    MODEL_CHECK(engine().now() >= until);
}

void waits_awake_for_ever() {
    Atomic<bool> never(false);
    while (!never.load(relaxed)) ModelPlatform::pause();
}

/// The flag says done before the last use of what it lets the other destroy.
void used_after_its_life() {
    auto* const flag = new Atomic<int>(0);
    together(
        [&] {
            flag->store(1, release);
            flag->store(2, release);
        },
        [&] {
            if (flag->load(acquire) >= 1) delete flag;
        });
}

void lost_item() {
    alignas(Var<int>) std::byte raw[sizeof(Var<int>)];
    new (raw) Var<int>(1);
}

}  // namespace

std::vector<Scenario> litmus_scenarios() {
    const std::string weak = "check failed", race = "data race", stuck = "everybody waits";
    return {
        {"litmus.mp_release_acquire", message_passing<release, acquire>},
        {"litmus.mp_relaxed_store", message_passing<relaxed, acquire>, {}, weak},
        {"litmus.mp_relaxed_load", message_passing<release, relaxed>, {}, weak},
        {"litmus.plain_release_acquire", plain_message_passing<release, acquire>},
        {"litmus.plain_relaxed_store", plain_message_passing<relaxed, acquire>, {}, race},
        {"litmus.plain_relaxed_load", plain_message_passing<release, relaxed>, {}, race},
        {"litmus.fences", message_passing_by_fences},
        {"litmus.sb_seq_cst", store_buffering<seq_cst>},
        {"litmus.sb_release_acquire", store_buffering<release>, {}, weak},
        {"litmus.sb_seq_cst_fences", store_buffering_by_fences<seq_cst>},
        {"litmus.sb_weaker_fences", store_buffering_by_fences<Order::acq_rel>, {}, weak},
        {"litmus.iriw_seq_cst", independent_reads<seq_cst, seq_cst>},
        {"litmus.iriw_acquire", independent_reads<release, acquire>, {}, weak},
        {"litmus.coherence", coherence},
        {"litmus.counting", counting},
        {"litmus.counting_badly", counting_badly, {}, weak},
        {"litmus.release_sequence", release_sequence<true>},
        {"litmus.release_sequence_cut", release_sequence<false>, {}, race},
        {"litmus.race", racing, {}, race},
        {"litmus.locked", locked},
        {"litmus.lock_order", locks_in_both_orders, {}, stuck},
        {"litmus.check_inside_lock", check_inside_lock},
        {"litmus.check_outside_lock", check_outside_lock, {}, stuck},
        {"litmus.wait_without_loop", wait_without_loop, {}, weak},
        {"litmus.deadline", deadline_passes},
        {"litmus.endless", waits_awake_for_ever, {}, "no end after"},
        {"litmus.after_life", used_after_its_life, {}, "life"},
        {"litmus.lost_item", lost_item, {}, "never destroyed"},
    };
}

}  // namespace sluice::interleave
