// SPDX-License-Identifier: Apache-2.0
// Histories of real threads: short rounds of calls, each stamped before and after, must have an
// explanation as if they had happened one after another.
#include "linearize.h"
#include "specs.h"

#include "kernel/sync/channel.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/mpmc_ring.h"
#include "kernel/sync/primitives/semaphore.h"
#include "kernel/sync/semaphore.h"
#include "kernel/sync/spsc_ring.h"
#include "kernel/sync/thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>

namespace sluice::interleave {
namespace {

/// What one thread does in a round, with the stamps of its calls.
template <class Spec>
class Caller {
public:
    using Call = typename Spec::Call;

    template <class Perform>
    void record(Call call, Perform perform) {
        const Instant begun = monotonic_now();
        perform(call);
        stamped_.push_back({std::move(call), begun, monotonic_now()});
    }

private:
    template <class S>
    friend class Round;
    struct Stamped {
        Call call;
        Instant begun, ended;
    };
    std::vector<Stamped> stamped_;
};

/// Threads that begin together, and the history of what they did.
template <class Spec>
class Round {
public:
    using Body = std::function<void(Caller<Spec>&)>;

    static History<typename Spec::Call> run(const std::vector<Body>& bodies) {
        std::vector<Caller<Spec>> callers(bodies.size());
        std::atomic<std::size_t> ready{0};
        {
            std::vector<Thread> threads;
            for (std::size_t i = 0; i < bodies.size(); ++i) {
                threads.emplace_back("caller", [&, i] {
                    ready.fetch_add(1);
                    while (ready.load() < bodies.size()) std::this_thread::yield();
                    bodies[i](callers[i]);
                });
            }
        }
        History<typename Spec::Call> history;
        std::vector<typename Caller<Spec>::Stamped> all;
        for (auto& caller : callers)
            for (auto& stamped : caller.stamped_) all.push_back(std::move(stamped));
        for (const auto& later : all) {
            std::uint64_t after = 0;
            for (std::size_t i = 0; i < all.size(); ++i) {
                if (all[i].ended < later.begun) after |= std::uint64_t{1} << i;
            }
            history.calls.push_back(later.call);
            history.after.push_back(after);
        }
        return history;
    }
};

template <class Spec>
std::string text_of(const History<typename Spec::Call>& history) {
    std::string text;
    for (const auto& call : history.calls) text += Spec::to_string(call) + "\n";
    return text;
}

constexpr int rounds = 100;

TEST(RealHistory, ChannelIsAQueue) {
    using Queues = Caller<QueueSpec>;
    using Call = QueueSpec::Call;
    for (int round = 0; round < rounds; ++round) {
        Channel<int> channel(2);
        const auto push = [&](Queues& caller, int value) {
            caller.record({QueueSpec::Verb::push, {value}, {}}, [&](Call& call) {
                int item = value;
                call.status = channel.push_until(std::move(item), monotonic_now() + 1ms);
            });
        };
        const auto pop = [&](Queues& caller) {
            caller.record({QueueSpec::Verb::pop, {}, {}}, [&](Call& call) {
                int item = 0;
                call.status = channel.pop_until(item, monotonic_now() + 1ms);
                if (call.status == ChannelStatus::ok) call.values = {item};
            });
        };
        const auto history = Round<QueueSpec>::run({
            [&](Queues& caller) {
                for (int i = 0; i < 4; ++i) push(caller, i);
            },
            [&](Queues& caller) {
                for (int i = 10; i < 14; ++i) push(caller, i);
            },
            [&](Queues& caller) {
                for (int i = 0; i < 3; ++i) pop(caller);
                caller.record({QueueSpec::Verb::pop_all, {}, {}}, [&](Call& call) {
                    call.status = channel.try_pop_all(call.values, 10);
                });
                caller.record({QueueSpec::Verb::close, {}, {}}, [&](Call&) { channel.close(); });
                pop(caller);
            },
            [&](Queues& caller) {
                for (int i = 0; i < 4; ++i) pop(caller);
            },
        });
        ASSERT_TRUE(is_linearizable<QueueSpec>(history, {{}, 2, false, false}))
            << text_of<QueueSpec>(history);
    }
}

template <class Ring>
void check_ring(int producers, bool may_refuse) {
    using Queues = Caller<QueueSpec>;
    using Call = QueueSpec::Call;
    for (int round = 0; round < rounds; ++round) {
        Ring ring(2);
        std::vector<Round<QueueSpec>::Body> bodies;
        for (int producer = 0; producer < producers; ++producer) {
            bodies.emplace_back([&ring, producer](Queues& caller) {
                for (int i = 0; i < 5; ++i) {
                    const int value = producer * 10 + i;
                    caller.record({QueueSpec::Verb::push, {value}, {}}, [&](Call& call) {
                        int item = value;
                        call.status = ring.try_push(std::move(item)) ? ChannelStatus::ok
                                                                     : ChannelStatus::full;
                    });
                }
            });
            bodies.emplace_back([&ring](Queues& caller) {
                for (int i = 0; i < 5; ++i) {
                    caller.record({QueueSpec::Verb::pop, {}, {}}, [&](Call& call) {
                        int item = 0;
                        call.status = ring.try_pop(item) ? ChannelStatus::ok : ChannelStatus::empty;
                        if (call.status == ChannelStatus::ok) call.values = {item};
                    });
                }
            });
        }
        const auto history = Round<QueueSpec>::run(bodies);
        ASSERT_TRUE(is_linearizable<QueueSpec>(history, {{}, 2, false, may_refuse}))
            << text_of<QueueSpec>(history);
    }
}

// A store may still be on its way to the other processor when its call has ended, so a refusal may
// be late by the clock on the wall, for the one ring as for the other.
TEST(RealHistory, SpscRingIsAQueue) { check_ring<SpscRing<int>>(1, true); }
TEST(RealHistory, MpmcRingIsAQueue) { check_ring<MpmcRing<int>>(2, true); }

template <class Acquire, class Release>
void check_permits(Acquire acquire, Release release, int free) {
    using Permits = Caller<PermitSpec>;
    const auto body = [&](Permits& caller) {
        for (int i = 0; i < 4; ++i) {
            bool ok = false;
            caller.record({PermitSpec::Verb::acquire},
                          [&](PermitSpec::Call& call) { ok = call.ok = acquire(); });
            if (ok)
                caller.record({PermitSpec::Verb::release}, [&](PermitSpec::Call&) { release(); });
        }
    };
    const auto history = Round<PermitSpec>::run({body, body, body, body});
    ASSERT_TRUE(is_linearizable<PermitSpec>(history, free)) << text_of<PermitSpec>(history);
}

TEST(RealHistory, SemaphoreCountsPermits) {
    for (int round = 0; round < rounds; ++round) {
        Semaphore permits(2);
        check_permits([&] { return permits.acquire(1, monotonic_now() + 1ms).has_value(); },
                      [&] { permits.release(); }, 2);
    }
}

TEST(RealHistory, FutexSemaphoreCountsPermits) {
    for (int round = 0; round < rounds; ++round) {
        primitives::Semaphore<> permits(1);
        check_permits([&] { return permits.acquire_until(monotonic_now() + 1ms); },
                      [&] { permits.release(); }, 1);
    }
}

}  // namespace
}  // namespace sluice::interleave
