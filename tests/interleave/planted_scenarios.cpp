// SPDX-License-Identifier: Apache-2.0
// Planted bugs: twins of our classes with one mistake each, of kinds that people really made. Every
// one must be caught. (Weakened memory orders and dropped wake-ups of the real classes are planted
// by place, see mutation.h.)
#include "recorder.h"
#include "scenario.h"
#include "specs.h"

#include "kernel/sync/channel.h"
#include "kernel/sync/primitives/cond_var.h"
#include "kernel/sync/primitives/mutex.h"
#include "kernel/sync/spsc_ring.h"
#include "kernel/sync/wait_group.h"

#include <array>

namespace sluice::interleave {
namespace {

using Word = Atomic<std::uint32_t>;
constexpr Order relaxed = Order::relaxed, acquire = Order::acquire, release = Order::release,
                seq_cst = Order::seq_cst;

/// The woken thread takes the lock as `locked`, not `contended`: the third is forgotten.
class ForgetfulMutex {
public:
    void lock() {
        std::uint32_t seen = 0;
        if (state_.compare_exchange_strong(seen, 1, acquire, relaxed)) return;
        while (true) {
            if (state_.exchange(2, acquire) == 0) return;
            ModelPlatform::futex_wait(state_, 2);
            seen = 0;
            if (state_.compare_exchange_strong(seen, 1, acquire, relaxed)) return;
        }
    }
    void unlock() {
        if (state_.exchange(0, release) == 2) ModelPlatform::futex_wake(state_, 1);
    }

private:
    Word state_{0};
};

/// Unlocks by two steps: looks whether anybody sleeps, then frees the lock.
class HastyMutex {
public:
    void lock() {
        std::uint32_t seen = 0;
        if (state_.compare_exchange_strong(seen, 1, acquire, relaxed)) return;
        while (state_.exchange(2, acquire) != 0) ModelPlatform::futex_wait(state_, 2);
    }
    void unlock() {
        const bool contended = state_.load(relaxed) == 2;
        state_.store(0, release);
        if (contended) ModelPlatform::futex_wake(state_, 1);
    }

private:
    Word state_{0};
};

template <class Lock>
void three_lock() {
    Lock mutex;
    Var<int> count(0);
    const auto add = [&] {
        mutex.lock();
        count.set(count.get() + 1);
        mutex.unlock();
    };
    together(add, add, add);
    MODEL_CHECK(count.get() == 3);
}

/// Reads the sequence after the unlock: the notification in between is lost.
struct LateSequence {
    using Mutex = primitives::Mutex<ModelPlatform>;
    void wait(Mutex& mutex) SLUICE_REQUIRES(mutex) {
        mutex.unlock();
        const std::uint32_t seen = sequence.load(acquire);
        ModelPlatform::futex_wait(sequence, seen);
        mutex.lock();
    }
    void notify_one() {
        sequence.fetch_add(1, release);
        ModelPlatform::futex_wake(sequence, 1);
    }
    Word sequence{0};
};

/// Counts itself as a waiter only after the unlock: the notifier sees nobody.
struct LateCount {
    using Mutex = primitives::Mutex<ModelPlatform>;
    void wait(Mutex& mutex) SLUICE_REQUIRES(mutex) {
        const std::uint32_t seen = sequence.load(relaxed);
        mutex.unlock();
        waiters.fetch_add(1, relaxed);
        ModelPlatform::futex_wait(sequence, seen);
        mutex.lock();
        waiters.fetch_sub(1, relaxed);
    }
    void notify_one() {
        if (waiters.load(relaxed) == 0) return;
        sequence.fetch_add(1, relaxed);
        ModelPlatform::futex_wake(sequence, 1);
    }
    Word sequence{0}, waiters{0};
};

template <class Condition>
void wait_and_notify() {
    primitives::Mutex<ModelPlatform> mutex;
    Condition changed;
    Var<bool> ready(false);
    together(
        [&] {
            const primitives::LockGuard guard(mutex);
            while (!ready.get()) changed.wait(mutex);
        },
        [&] {
            {
                const primitives::LockGuard guard(mutex);
                ready.set(true);
            }
            changed.notify_one();
        });
}

/// Gives a permit back by load and store.
struct LossySemaphore {
    void acquire_one() {
        while (true) {
            std::uint32_t seen = permits.load(relaxed);
            while (seen != 0) {
                if (permits.compare_exchange_weak(seen, seen - 1, acquire, relaxed)) return;
            }
            ModelPlatform::futex_wait(permits, 0);
        }
    }
    void release_one() {
        permits.store(permits.load(relaxed) + 1, release);
        ModelPlatform::futex_wake(permits, 1);
    }
    Word permits{0};
};

/// Permits and sleepers in two words: each side may miss the other unless all is seq_cst.
template <Order of_both>
struct TwoWordSemaphore {
    void acquire_one() {
        while (true) {
            std::uint32_t seen = permits.load(relaxed);
            while (seen != 0) {
                if (permits.compare_exchange_weak(seen, seen - 1, acquire, relaxed)) return;
            }
            sleepers.fetch_add(1, of_both);
            ModelPlatform::futex_wait(permits, 0);
            sleepers.fetch_sub(1, relaxed);
        }
    }
    void release_one() {
        permits.fetch_add(1, of_both == seq_cst ? seq_cst : release);
        if (sleepers.load(of_both == seq_cst ? seq_cst : acquire) != 0)
            ModelPlatform::futex_wake(permits, 1);
    }
    Word permits{0}, sleepers{0};
};

template <class Semaphore>
void two_permits() {
    Semaphore semaphore;
    together([&] { semaphore.release_one(); }, [&] { semaphore.release_one(); },
             [&] {
                 semaphore.acquire_one();
                 semaphore.acquire_one();
             });
}

/// glibc's sem_post until 2.21: reads the second word when the waiter may have destroyed it.
template <class Semaphore>
void semaphore_destroyed() {
    auto* const done = new Semaphore;
    together([done] { done->release_one(); },
             [done] {
                 done->acquire_one();
                 delete done;
             });
}

/// A woken thread that looks at its deadline first takes the wake-up with it.
struct SwallowingSemaphore {
    bool acquire_until(Instant deadline) {
        while (true) {
            std::uint64_t seen = word.load(relaxed);
            while (static_cast<std::uint32_t>(seen) != 0) {
                if (word.compare_exchange_weak(seen, seen - 1, acquire, relaxed)) return true;
            }
            word.fetch_add(sleeper, relaxed);
            ModelPlatform::futex_wait_low(word, 0, deadline);
            word.fetch_sub(sleeper, relaxed);
            if (engine().now() >= deadline) return false;
        }
    }
    void release_one() {
        if (word.fetch_add(1, release) >> 32 != 0) ModelPlatform::futex_wake_low(word, 1);
    }
    static constexpr std::uint64_t sleeper = std::uint64_t{1} << 32;
    Atomic<std::uint64_t> word{0};
};

void wake_up_swallowed() {
    SwallowingSemaphore semaphore;
    const Instant until = soon();
    together([&] { semaphore.acquire_until(until); }, [&] { semaphore.acquire_until(until); },
             // A third with a deadline that is not met, so that time has passed for all.
             [&] {
                 Mutex mutex;
                 CondVar never;
                 const MutexLock lock(mutex);
                 while (never.wait_until(mutex, until)) {
                 }
             },
             [&] { semaphore.release_one(); },
             [&] {
                 semaphore.acquire_until(Instant::max());
                 semaphore.release_one();
             });
}

/// A stack of free places by index (Treiber); without a tag it falls for ABA.
template <bool tagged>
class FreeList {
public:
    FreeList() {
        for (std::uint32_t i = 0; i < places; ++i) next_[i].store(i + 1, relaxed);
    }
    std::uint32_t take() {
        std::uint32_t head = head_.load(acquire);
        while (true) {
            const std::uint32_t place = head & 0xFF;
            if (place == places) return places;
            const std::uint32_t after = next_[place].load(relaxed);
            if (head_.compare_exchange_weak(head, tag(head) | after, acquire, acquire))
                return place;
        }
    }
    void give(std::uint32_t place) {
        std::uint32_t head = head_.load(relaxed);
        do {
            next_[place].store(head & 0xFF, relaxed);
        } while (!head_.compare_exchange_weak(head, tag(head) | place, release, relaxed));
    }
    static constexpr std::uint32_t places = 3;

private:
    static std::uint32_t tag(std::uint32_t head) {
        return tagged ? (head & ~std::uint32_t{0xFF}) + 0x100 : 0;
    }
    std::array<Word, places> next_;
    Word head_{0};
};

template <bool tagged>
void free_list() {
    FreeList<tagged> list;
    std::array<Var<int>, 3> used{Var<int>(0), Var<int>(0), Var<int>(0)};
    const auto take = [&] {
        const std::uint32_t place = list.take();
        if (place < 3) used[place].set(used[place].get() + 1);
        if (place < 3) MODEL_CHECK(used[place].get() == 1);
        return place;
    };
    const auto give = [&](std::uint32_t place) {
        if (place == 3) return;
        used[place].set(0);
        list.give(place);
    };
    together([&] { take(); },
             [&] {
                 const std::uint32_t first = take();
                 take();
                 give(first);
                 take();
                 take();
             });
}

/// Publishes the index before the item is written.
void publishes_too_early() {
    std::array<Var<int>, 2> slots{Var<int>(0), Var<int>(0)};
    Atomic<std::uint64_t> tail(0);
    together(
        [&] {
            tail.store(1, release);
            slots[0].set(7);
        },
        [&] {
            if (tail.load(acquire) == 1) MODEL_CHECK(slots[0].get() == 7);
        });
}

/// Two producers on a ring for one.
void two_producers_on_spsc() {
    SpscRing<Var<int>, ModelPlatform> ring(4);
    const auto push = [&] {
        Var<int> item(1);
        ring.try_push(std::move(item));
    };
    together(push, push);
    Var<int> out;
    MODEL_CHECK(ring.try_pop(out) && ring.try_pop(out));
}

/// A Sync policy whose notify_all wakes one, or whose notify_one wakes nobody.
template <bool all>
struct BrokenSync : ModelSync {
    struct CondVar : interleave::CondVar {
        void notify_one() noexcept {
            if constexpr (all) interleave::CondVar::notify_one();
        }
        void notify_all() noexcept {
            if constexpr (all) {
                interleave::CondVar::notify_one();
            } else {
                interleave::CondVar::notify_all();
            }
        }
    };
};

void close_wakes_one() {
    BasicChannel<Var<int>, BrokenSync<true>> channel(1);
    const auto pop = [&] {
        Var<int> item;
        MODEL_CHECK(channel.pop(item) == ChannelStatus::closed);
    };
    together(pop, pop, [&] { channel.close(); });
}

void push_wakes_nobody() {
    BasicChannel<Var<int>, BrokenSync<false>> channel(1);
    together(
        [&] {
            Var<int> item;
            MODEL_CHECK(channel.pop(item) == ChannelStatus::ok);
        },
        [&] {
            Var<int> item(1);
            MODEL_CHECK(channel.push(std::move(item)) == ChannelStatus::ok);
        });
}

/// Notifies after the unlock: the waiter has seen the count and destroyed the object.
void notified_after_its_life() {
    struct Group {
        Mutex mutex;
        CondVar done;
        Atomic<int> notified{0};
        int open = 1;
    };
    auto* const group = new Group;
    together(
        [group] {
            {
                const MutexLock lock(group->mutex);
                --group->open;
            }
            group->notified.fetch_add(1);
            group->done.notify_all();
        },
        [group] {
            {
                MutexLock lock(group->mutex);
                while (group->open > 0) group->done.wait(group->mutex);
            }
            delete group;
        });
}

/// Counts a wake-up as sent for ever if the sleeper came back by its deadline (cf. sleepers.h).
class ForgetfulSleepers {
public:
    bool wait_until(Mutex& mutex, Instant deadline) SLUICE_REQUIRES(mutex) {
        ++asleep_;
        const bool in_time = condition_.wait_until(mutex, deadline);
        --asleep_;
        if (in_time && woken_ > 0) --woken_;
        return in_time;
    }
    void wake_one() {
        if (asleep_ <= woken_) return;
        ++woken_;
        condition_.notify_one();
    }

private:
    CondVar condition_;
    int asleep_ = 0, woken_ = 0;
};

void sleepers_forget() {
    Mutex mutex;
    ForgetfulSleepers sleepers;
    int items = 0;
    const auto take = [&](Instant until) {
        MutexLock lock(mutex);
        while (items == 0) {
            if (!sleepers.wait_until(mutex, until)) break;
        }
        if (items > 0) --items;
    };
    together([&] { take(soon()); },
             [&] {
                 for (int i = 0; i < 2; ++i) {
                     const MutexLock lock(mutex);
                     ++items;
                     sleepers.wake_one();
                 }
             },
             [&] { take(Instant::max()); });
}

/// Double-checked making of something, with a relaxed flag.
template <Order of_store, Order of_load>
void made_once() {
    Mutex mutex;
    Atomic<bool> made(false);
    Var<int> thing(0);
    const auto use = [&] {
        if (!made.load(of_load)) {
            const MutexLock lock(mutex);
            if (!made.load(relaxed)) {
                thing.set(7);
                made.store(true, of_store);
            }
        }
        MODEL_CHECK(thing.get() == 7);
    };
    together(use, use);
}

/// A sequence lock without the fences that it needs.
template <bool fences>
void sequence_lock() {
    Atomic<int> sequence(0), a(0), b(0);
    together(
        [&] {
            sequence.store(1, relaxed);
            if constexpr (fences) engine().fence(release);
            a.store(1, relaxed);
            b.store(1, relaxed);
            sequence.store(2, fences ? release : relaxed);
        },
        [&] {
            const int before = sequence.load(fences ? acquire : relaxed);
            const int x = a.load(relaxed), y = b.load(relaxed);
            if constexpr (fences) engine().fence(acquire);
            const int after = sequence.load(relaxed);
            if (before == after && before % 2 == 0) MODEL_CHECK(x == y);
        });
}

/// A bucket that looks and takes in two steps: two callers get the last token.
void bucket_by_two_steps() {
    Atomic<int> tokens(1);
    Recorder<PermitSpec> history(Precedence::execution);
    const auto take = [&] {
        history.record({PermitSpec::Verb::acquire}, [&](PermitSpec::Call& call) {
            const int left = tokens.load();
            call.ok = left > 0;
            if (call.ok) tokens.store(left - 1);
        });
    };
    together(take, take);
    history.check(1);
}

/// A queue that tells "empty" from a count which is changed after the item is taken.
void queue_out_of_order() {
    Mutex mutex;
    std::vector<int> items;
    Recorder<QueueSpec> history(Precedence::execution);
    const auto push = [&](int value) {
        history.record({QueueSpec::Verb::push, {value}, {}}, [&](QueueSpec::Call&) {
            const MutexLock lock(mutex);
            items.push_back(value);
        });
    };
    together(
        [&] {
            push(1);
            push(2);
        },
        [&] {
            history.record({QueueSpec::Verb::pop, {}, {}}, [&](QueueSpec::Call& call) {
                const MutexLock lock(mutex);
                call.status = items.empty() ? ChannelStatus::empty : ChannelStatus::ok;
                if (items.empty()) return;
                // From the wrong end.
                call.values = {items.back()};
                items.pop_back();
            });
        });
    history.check({{}, 9, false, false});
}

}  // namespace

std::vector<Scenario> planted_scenarios() {
    const std::string stuck = "everybody waits", race = "data race", check = "check failed",
                      history = "not linearizable";
    Limits deeper;
    deeper.preemptions = 3;
    return {
        {"planted.mutex_forgets_the_third", three_lock<ForgetfulMutex>, {}, stuck},
        {"planted.mutex_unlocks_in_two_steps", three_lock<HastyMutex>, {}, stuck},
        {"planted.sequence_read_after_unlock", wait_and_notify<LateSequence>, {}, stuck},
        {"planted.waiter_counted_after_unlock", wait_and_notify<LateCount>, {}, stuck},
        {"planted.semaphore_loses_a_permit", two_permits<LossySemaphore>, {}, stuck},
        {"planted.semaphore_in_two_words",
         two_permits<TwoWordSemaphore<Order::acq_rel>>,
         {},
         stuck},
        {"twin.semaphore_in_two_words_seq_cst", two_permits<TwoWordSemaphore<seq_cst>>},
        {"planted.semaphore_used_after_its_life",
         semaphore_destroyed<TwoWordSemaphore<seq_cst>>,
         {},
         "life"},
        {"planted.deadline_swallows_wake_up", wake_up_swallowed, {}, stuck},
        {"planted.free_list_aba", free_list<false>, deeper, check},
        {"twin.free_list_tagged", free_list<true>},
        {"planted.published_too_early", publishes_too_early, {}, race},
        {"planted.two_producers_on_spsc", two_producers_on_spsc, {}, race},
        {"planted.close_wakes_one", close_wakes_one, {}, stuck},
        {"planted.push_wakes_nobody", push_wakes_nobody, {}, stuck},
        {"planted.notified_after_its_life", notified_after_its_life, {}, "life"},
        {"planted.sleepers_forget", sleepers_forget, {}, stuck},
        {"planted.made_once_relaxed_store", made_once<relaxed, acquire>, {}, race},
        {"planted.made_once_relaxed_load", made_once<release, relaxed>, {}, race},
        {"twin.made_once", made_once<release, acquire>},
        {"planted.sequence_lock_without_fences", sequence_lock<false>, {}, check},
        {"twin.sequence_lock", sequence_lock<true>},
        {"planted.bucket_by_two_steps", bucket_by_two_steps, {}, history},
        {"planted.queue_out_of_order", queue_out_of_order, {}, history},
    };
}

}  // namespace sluice::interleave
