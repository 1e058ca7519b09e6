// SPDX-License-Identifier: Apache-2.0
// The classes of kernel/sync that take a Sync policy, under the model: Channel, select, WaitGroup.
#include "futex_sync.h"
#include "recorder.h"
#include "scenario.h"
#include "specs.h"

#include "kernel/sync/channel.h"
#include "kernel/sync/once.h"
#include "kernel/sync/select.h"
#include "kernel/sync/semaphore.h"
#include "kernel/sync/snapshot.h"
#include "kernel/sync/wait_group.h"

namespace sluice::interleave {
namespace {

using Item = Var<int>;
using Queue = BasicChannel<Item, ModelSync>;
using FutexQueue = BasicChannel<Item, FutexSync>;

template <class Channel>
void push_all_of(Channel& channel, std::initializer_list<int> values) {
    for (const int value : values) MODEL_CHECK(channel.push(Item(value)) == ChannelStatus::ok);
}

template <class Channel>
int pop_one(Channel& channel) {
    Item item;
    MODEL_CHECK(channel.pop(item) == ChannelStatus::ok);
    return item.get();
}

/// Fewer places than items: both sides sleep.
template <class Channel>
void channel_in_order() {
    Channel channel(1);
    together([&] { push_all_of(channel, {1, 2, 3}); },
             [&] {
                 for (int i = 1; i <= 3; ++i) MODEL_CHECK(pop_one(channel) == i);
             });
}

template <class Channel>
void channel_two_and_two() {
    Channel channel(1);
    int sum = 0;
    together([&] { push_all_of(channel, {1}); }, [&] { push_all_of(channel, {2}); },
             [&] { sum += pop_one(channel); }, [&] { sum += pop_one(channel); });
    MODEL_CHECK(sum == 3);
}

/// Every popper hears the close, and what was pushed before is not lost.
template <class Channel>
void channel_close() {
    Channel channel(2);
    int got = 0;
    const auto drain = [&] {
        Item item;
        while (channel.pop(item) == ChannelStatus::ok) ++got;
    };
    together(drain, drain, [&] {
        push_all_of(channel, {1});
        channel.close();
    });
    MODEL_CHECK(got == 1);
}

/// Every pusher that waits for room hears it too.
void channel_close_wakes_pushers() {
    Queue channel(1);
    push_all_of(channel, {1});
    const auto push = [&] {
        Item item(2);
        Item&& given = std::move(item);  // stays ours if the channel is closed
        MODEL_CHECK(channel.push(static_cast<Item&&>(given)) == ChannelStatus::closed);
        MODEL_CHECK(given.get() == 2);
    };
    together(push, push, [&] { channel.close(); });
}

/// A drain makes room for several.
void channel_drain_wakes_pushers() {
    Queue channel(2);
    push_all_of(channel, {1, 2});
    std::vector<Item> out;
    together([&] { push_all_of(channel, {3}); }, [&] { push_all_of(channel, {4}); },
             [&] {
                 int got = 0;
                 while (got < 4) {
                     out.clear();
                     MODEL_CHECK(channel.pop_all(out, 10) == ChannelStatus::ok);
                     got += static_cast<int>(out.size());
                 }
                 out.clear();
             });
}

/// A batch wakes several.
void channel_batch_wakes_poppers() {
    Queue channel(2);
    int sum = 0;
    together(
        [&] {
            std::vector<Item> items;
            items.push_back(Item(1));
            items.push_back(Item(2));
            MODEL_CHECK(channel.push_all(items) == ChannelStatus::ok);
        },
        [&] { sum += pop_one(channel); }, [&] { sum += pop_one(channel); });
    MODEL_CHECK(sum == 3);
}

/// A popper whose deadline passes must not take a wake-up with it that another needs.
void channel_deadline() {
    Queue channel(1);
    int got = 0;
    together(
        [&] {
            Item item;
            const Instant until = soon();
            const ChannelStatus status = channel.pop_until(item, until);
            MODEL_CHECK(status != ChannelStatus::timeout || engine().now() >= until);
            if (status == ChannelStatus::ok) ++got;
        },
        [&] {
            got += pop_one(channel) != 0;
            channel.close();
        },
        [&] {
            push_all_of(channel, {1});
            // Closed by the other: whoever has not got the first may get this one.
            Item item(2);
            static_cast<void>(channel.push(std::move(item)));
        });
    Item rest;
    if (channel.try_pop(rest) == ChannelStatus::ok) ++got;
    MODEL_CHECK(got >= 1 && got <= 2);
}

void record_push(Recorder<QueueSpec>& history, Queue& channel, int value, Instant deadline) {
    history.record({QueueSpec::Verb::push, {value}, {}}, [&](QueueSpec::Call& call) {
        Item item(value);
        call.status = channel.push_until(std::move(item), deadline);
    });
}

void record_pop(Recorder<QueueSpec>& history, Queue& channel, Instant deadline) {
    history.record({QueueSpec::Verb::pop, {}, {}}, [&](QueueSpec::Call& call) {
        Item item;
        call.status = channel.pop_until(item, deadline);
        if (call.status == ChannelStatus::ok) call.values = {item.get()};
    });
}

void record_pop_all(Recorder<QueueSpec>& history, Queue& channel) {
    history.record({QueueSpec::Verb::pop_all, {}, {}}, [&](QueueSpec::Call& call) {
        std::vector<Item> items;
        call.status = channel.try_pop_all(items, 10);
        for (const Item& item : items) call.values.push_back(item.get());
    });
}

void channel_linearizable() {
    Queue channel(1);
    Recorder<QueueSpec> history(Precedence::execution);
    together(
        [&] {
            record_push(history, channel, 1, no_deadline);
            record_push(history, channel, 2, no_deadline);
        },
        [&] {
            record_pop(history, channel, no_deadline);
            history.record({QueueSpec::Verb::close, {}, {}},
                           [&](QueueSpec::Call&) { channel.close(); });
        },
        [&] { record_pop(history, channel, soon()); });
    record_pop_all(history, channel);
    history.check({{}, 1, false, false});
}

void channel_linearizable_deadlines() {
    Queue channel(1);
    Recorder<QueueSpec> history(Precedence::execution);
    together(
        [&] {
            record_push(history, channel, 1, soon());
            record_push(history, channel, 2, soon());
        },
        [&] { record_pop(history, channel, soon()); },
        [&] { record_pop(history, channel, soon()); });
    record_pop_all(history, channel);
    history.check({{}, 1, false, false});
}

void channel_linearizable_drains() {
    Queue channel(2);
    Recorder<QueueSpec> history(Precedence::execution);
    together(
        [&] {
            record_push(history, channel, 1, no_deadline);
            record_push(history, channel, 2, no_deadline);
        },
        [&] { record_push(history, channel, 3, no_deadline); },
        [&] {
            record_pop_all(history, channel);
            record_pop(history, channel, no_deadline);
        });
    record_pop_all(history, channel);
    history.check({{}, 2, false, false});
}

/// A selector over two channels sleeps through no push.
void select_two() {
    Queue first(1), second(1);
    int got = 0;
    together([&] { push_all_of(first, {1}); }, [&] { push_all_of(second, {2}); },
             [&] {
                 BasicSelector<ModelSync> selector({&first, &second});
                 Item item;
                 while (got != 3) {
                     const Selected ready = selector.wait_until(no_deadline);
                     MODEL_CHECK(ready.outcome == SelectOutcome::ready);
                     Queue& source = ready.index == 0 ? first : second;
                     if (source.try_pop(item) == ChannelStatus::ok) got += item.get();
                 }
             });
}

/// Nor a close; and a deadline that passes is not mistaken for readiness.
void select_close() {
    Queue first(1), second(1);
    together([&] { second.close(); },
             [&] {
                 BasicSelector<ModelSync> selector({&first, &second});
                 const Instant until = soon();
                 Selected ready = selector.wait_until(until);
                 if (ready.outcome == SelectOutcome::timeout) {
                     MODEL_CHECK(engine().now() >= until);
                     ready = selector.wait_until(no_deadline);
                 }
                 Item item;
                 MODEL_CHECK(ready.outcome == SelectOutcome::ready && ready.index == 1);
                 MODEL_CHECK(second.try_pop(item) == ChannelStatus::closed);
             });
}

using FairSemaphore = BasicSemaphore<ModelSync>;

void permits_limit() {
    FairSemaphore permits(1);
    Var<int> used(0);
    const auto use = [&] {
        MODEL_CHECK(permits.acquire().has_value());
        used.set(used.get() + 1);
        permits.release();
    };
    together(use, use, use);
    MODEL_CHECK(used.get() == 3 && permits.counters().available == 1);
}

/// What is left over by a release to the line is taken without it, and as well published.
void permits_left_over() {
    FairSemaphore permits(0);
    Var<int> data(0);
    const auto take = [&] {
        MODEL_CHECK(permits.acquire().has_value());
        MODEL_CHECK(data.get() == 1);
    };
    together(take, take, [&] {
        data.set(1);
        permits.release(2);
    });
    MODEL_CHECK(permits.counters().available == 0 && permits.counters().waiting == 0);
}

/// Several give back while one wants all: each gives to the word or to the line, and none is lost.
void permits_gathered() {
    FairSemaphore permits(0);
    Var<int> first(0), second(0);
    together(
        [&] {
            MODEL_CHECK(permits.acquire(2).has_value());
            MODEL_CHECK(first.get() + second.get() == 2);
        },
        [&] {
            first.set(1);
            permits.release();
        },
        [&] {
            second.set(1);
            permits.release();
        });
}

/// The large request in front gives up; the small one behind it must be served then.
void permits_gave_up() {
    FairSemaphore permits(1);
    together([&] { static_cast<void>(permits.acquire(2, soon())); },
             [&] {
                 MODEL_CHECK(permits.acquire().has_value());
                 permits.release();
             });
    MODEL_CHECK(permits.counters().available >= 1 || permits.counters().waiting == 0);
}

void permits_closed() {
    FairSemaphore permits(0);
    const auto wait = [&] {
        const Status status = permits.acquire();
        MODEL_CHECK(!status.has_value());
    };
    together(wait, wait, [&] { permits.close(); });
}

void permits_linearizable() {
    FairSemaphore permits(1);
    Recorder<PermitSpec> history(Precedence::execution);
    const auto take = [&](int count, Instant until) {
        history.record({PermitSpec::Verb::acquire, count, true}, [&](PermitSpec::Call& call) {
            call.ok = permits.acquire(static_cast<std::size_t>(count), until).has_value();
        });
    };
    together([&] { take(2, soon()); }, [&] { take(1, Instant::max()); },
             [&] {
                 history.record({PermitSpec::Verb::release, 2, true},
                                [&](PermitSpec::Call&) { permits.release(2); });
             });
    history.check(1);
}

/// Made once, and seen whole by everybody; a failed attempt is made again.
void once_fails_first() {
    BasicOnce<ModelSync> made;
    Var<int> thing(0);
    int attempts = 0;
    const auto use = [&] {
        while (true) {
            const Status status = made.call([&]() -> Status {
                if (++attempts == 1) return fail(Code::io, "the first attempt");
                thing.set(thing.get() + 1);
                return {};
            });
            if (status.has_value()) break;
        }
        MODEL_CHECK(thing.get() == 1);
    };
    together(use, use);
    MODEL_CHECK(attempts == 2 && made.is_done());
}

/// Several wait for the attempt of one; and is_done() is as good as a call.
void once_waited_for() {
    BasicOnce<ModelSync> made;
    Var<int> thing(0);
    const auto use = [&] {
        const Status status = made.call([&]() -> Status {
            thing.set(7);
            // A place to be preempted while the others come.
            engine().step();
            return {};
        });
        MODEL_CHECK(status.has_value() && thing.get() == 7);
    };
    together(use, use, use, [&] {
        if (made.is_done()) MODEL_CHECK(thing.get() == 7);
    });
}

using Cell = BasicSnapshot<Var<int>, ModelSync>;

/// No version is destroyed while it is read, and none is lost.
void snapshot_one_reader() {
    Cell cell(Var<int>(1), 2);
    together([&] { cell.store(Var<int>(2)); },
             [&] {
                 const auto first = cell.read();
                 const int value = first->get();
                 MODEL_CHECK(value == 1 || value == 2);
                 const auto second = cell.read();
                 MODEL_CHECK(second->get() >= value);
             });
    MODEL_CHECK(cell.read()->get() == 2);
}

void snapshot_two_stores() {
    Cell cell(Var<int>(1), 2);
    const auto look = [&] {
        const auto reading = cell.read();
        const int value = reading->get();
        MODEL_CHECK(value >= 1 && value <= 3);
    };
    together(
        [&] {
            cell.store(Var<int>(2));
            cell.store(Var<int>(3));
        },
        look);
    MODEL_CHECK(cell.read()->get() == 3);
}

void snapshot_two_readers() {
    Cell cell(Var<int>(1), 2);
    const auto look = [&] { MODEL_CHECK(cell.read()->get() >= 1); };
    together([&] { cell.store(Var<int>(2)); }, look, look);
}

/// The one who waited destroys it.
void wait_group_destroyed_by_the_waiter() {
    auto* const group = new BasicWaitGroup<ModelSync>;
    Var<int> a(0), b(0);
    group->add(2);
    Thread first([&] {
        a.set(1);
        group->done();
    });
    Thread second([&] {
        b.set(1);
        group->done();
    });
    group->wait();
    MODEL_CHECK(a.get() + b.get() == 2);
    delete group;
    first.join();
    second.join();
}

void wait_group_two_waiters() {
    BasicWaitGroup<ModelSync> group;
    group.add();
    together([&] { group.wait(); }, [&] { group.wait(); }, [&] { group.done(); });
}

}  // namespace

std::vector<Scenario> sync_scenarios() {
    const std::string channel = "sync/sleepers.h", select = "sync/select.h",
                      group = "sync/wait_group.h", permits = "sync/semaphore.h",
                      snapshot = "sync/snapshot.h";
    Limits fewer;
    fewer.preemptions = 1;
    fewer.stale = 1;
    return {
        {"channel.in_order", channel_in_order<Queue>, {}, "", channel},
        {"channel.two_and_two", channel_two_and_two<Queue>, {}, "", channel},
        {"channel.close", channel_close<Queue>, {}, "", channel},
        {"channel.close_wakes_pushers", channel_close_wakes_pushers, {}, "", channel},
        {"channel.drain_wakes_pushers", channel_drain_wakes_pushers, {}, "", channel},
        {"channel.batch_wakes_poppers", channel_batch_wakes_poppers, {}, "", channel},
        {"channel.deadline", channel_deadline, {}, "", channel},
        {"channel.linearizable", channel_linearizable, {}, "", channel},
        {"channel.linearizable_deadlines", channel_linearizable_deadlines, {}, "", channel},
        {"channel.linearizable_drains", channel_linearizable_drains, {}, "", channel},
        {"channel.in_order_on_futex", channel_in_order<FutexQueue>, fewer},
        {"channel.close_on_futex", channel_close<FutexQueue>, fewer},
        {"select.two", select_two, {}, "", select},
        {"select.close", select_close, {}, "", select},
        {"permits.limit", permits_limit, {}, "", permits},
        {"permits.left_over", permits_left_over, {}, "", permits},
        {"permits.gathered", permits_gathered, {}, "", permits},
        {"permits.gave_up", permits_gave_up, {}, "", permits},
        {"permits.closed", permits_closed, {}, "", permits},
        {"permits.linearizable", permits_linearizable, {}, "", permits},
        {"once.fails_first", once_fails_first, {}, "", "sync/once.h"},
        {"once.waited_for", once_waited_for, {}, "", "sync/once.h"},
        {"snapshot.one_reader", snapshot_one_reader, {}, "", snapshot},
        {"snapshot.two_stores", snapshot_two_stores, {}, "", snapshot},
        {"snapshot.two_readers", snapshot_two_readers, {}, "", snapshot},
        {"wait_group.destroyed", wait_group_destroyed_by_the_waiter, {}, "", group},
        {"wait_group.two_waiters", wait_group_two_waiters, {}, "", group},
    };
}

}  // namespace sluice::interleave
