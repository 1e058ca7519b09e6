// SPDX-License-Identifier: Apache-2.0
#include "kernel/net/poller.h"

#include "kernel/net/runtime.h"
#include "kernel/sync/channel.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/thread.h"

#include <gtest/gtest.h>

#include <sys/socket.h>

#include <array>
#include <vector>

namespace sluice {
namespace {

class Counting final : public Watcher {
public:
    void on_ready(std::uint32_t events) override {
        ++calls;
        seen |= events;
    }
    int calls = 0;
    std::uint32_t seen = 0;
};

/// Two connected ends.
struct Pair {
    Pair() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        near = OwnedFd(ends[0]);
        far = OwnedFd(ends[1]);
    }
    void say() const { EXPECT_EQ(::send(far.get(), "x", 1, 0), 1); }
    OwnedFd near;
    OwnedFd far;
};

/// As an I/O thread does it; how many events there were.
std::size_t look(Poller& poller, Instant until = Instant::min()) {
    const auto ready = poller.wait(until);
    for (const epoll_event& event : ready) {
        if (event.data.ptr != nullptr)
            static_cast<Watcher*>(event.data.ptr)->on_ready(event.events);
    }
    return ready.size();
}

TEST(Poller, TellsOfEachArrivalOnceUntilItIsRemoved) {
    Poller poller;
    Pair pair;
    Counting watcher;
    ASSERT_TRUE(poller.add(pair.near.get(), EPOLLIN | EPOLLRDHUP | EPOLLET, watcher));
    EXPECT_EQ(look(poller), 0U);
    pair.say();
    EXPECT_EQ(look(poller, deadline_after(20s)), 1U);
    EXPECT_EQ(look(poller), 0U);  // unread, but told
    pair.say();
    EXPECT_EQ(look(poller), 1U);
    ::shutdown(pair.far.get(), SHUT_WR);
    EXPECT_EQ(look(poller), 1U);
    EXPECT_NE(watcher.seen & EPOLLRDHUP, 0U);
    poller.remove(pair.near.get());
    pair.far.reset();
    EXPECT_EQ(look(poller), 0U);
    EXPECT_EQ(watcher.calls, 3);
}

TEST(Poller, WaitsNoLongerThanAskedAndNotLess) {
    Poller poller;
    const Instant until = deadline_after(5ms);
    EXPECT_EQ(look(poller, until), 0U);
    EXPECT_GE(monotonic_now(), until);
}

TEST(Poller, AWakeUpEndsTheWaitUnderWayOrTheNextOne) {
    Poller poller;
    poller.wake();
    EXPECT_EQ(look(poller, no_deadline), 1U);
    Thread waker("waker", [&] { poller.wake(); });
    EXPECT_EQ(look(poller, no_deadline), 1U);
}

TEST(Poller, RefusesWhatCannotBeWatched) {
    Poller poller;
    Counting watcher;
    EXPECT_FALSE(poller.add(-1, EPOLLIN, watcher));
}

TEST(IoThread, CallsInTimeAndInTheirOrderAndRunsWhatWasPosted) {
    auto runtime = Runtime::start({}).value();
    Channel<int> order(10);
    Instant second_at{};
    IoThread& thread = runtime->thread(0);
    thread.post([&] {
        second_at = thread.now() + 10ms;
        thread.call_at(second_at, [&] { order.push(2); });
        thread.call_at(thread.now() + 5ms, [&] { order.push(1); });
        thread.post([&] { order.push(0); });
    });
    std::vector<int> seen(3, -1);
    for (int& one : seen) ASSERT_EQ(order.pop_until(one, deadline_after(20s)), ChannelStatus::ok);
    EXPECT_EQ(seen, (std::vector<int>{0, 1, 2}));
    EXPECT_GE(monotonic_now(), second_at);
    runtime->stop(deadline_after(5s));
    EXPECT_FALSE(thread.post([] {}));
}

}  // namespace
}  // namespace sluice
