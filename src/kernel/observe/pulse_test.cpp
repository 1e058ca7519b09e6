// SPDX-License-Identifier: Apache-2.0
// Signs of life, and the stack of a thread that gives none.
#include "kernel/observe/pulse.h"

#include "kernel/observe/hang_testing.h"
#include "kernel/observe/process.h"
#include "kernel/observe/thread_stack.h"
#include "kernel/sync/channel.h"
#include "kernel/sync/thread.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <thread>

namespace sluice {
namespace {

TEST(Pulse, TurnThatDoesNotEndIsAStallAndRestIsNot) {
    Pulse pulse("test.turn");
    const auto in_an_hour = [] { return monotonic_now() + 1h; };
    EXPECT_TRUE(stalls(stall_limit, in_an_hour()).empty());
    {
        const Pulse::Turn turn(pulse);
        EXPECT_TRUE(stalls(1h).empty());
        const auto found = stalls(stall_limit, in_an_hour());
        ASSERT_EQ(found.size(), 1U);
        EXPECT_EQ(found[0].site, "test.turn");
        EXPECT_EQ(found[0].id, gettid());
        EXPECT_EQ(found[0].thread, thread_name(gettid()));
        EXPECT_GE(found[0].lasts, 1h - 1min);
        pulse.beat();  // it has got somewhere: the time counts from here
        EXPECT_GT(stalls(stall_limit, in_an_hour()).at(0).since, found[0].since);
    }
    EXPECT_TRUE(stalls(stall_limit, in_an_hour()).empty());
}

TEST(Pulse, StallIsToldInWords) {
    const Stall stall{
        .site = "jobs.sync", .thread = "jobs-sync", .id = 7, .since = {}, .lasts = 3210ms};
    EXPECT_EQ(stall.text(), "thread jobs-sync has been in jobs.sync for 3.2 s");
}

TEST(Process, KnowsThreadsByTheirNumber) {
    Channel<int> inside(1);
    Channel<int> end(1);
    Thread thread("test (odd) name", [&] {
        inside.push(gettid());
        int item = 0;
        end.pop(item);
    });
    int id = 0;
    inside.pop(id);
    EXPECT_EQ(thread_name(id), "test (odd) name");
    EXPECT_NE(std::string("RSD").find(thread_state(id).front()), std::string::npos)
        << thread_state(id);
    end.close();
    thread.join();
    EXPECT_EQ(thread_name(-1), "?");
    EXPECT_EQ(thread_state(-1), "gone");
}

[[gnu::noinline]] void hang_in_here(Channel<int>& inside, HangingPlace& place) {
    inside.push(gettid());
    place.hang();
    asm volatile("");  // no tail call: this function stays on the stack
}

TEST(ThreadStack, ShowsWhereAnotherThreadHangs) {
    Channel<int> inside(1);
    HangingPlace place;
    Thread thread("hanging", [&] { hang_in_here(inside, place); });
    int id = 0;
    inside.pop(id);
    for (int round = 0; round < 3; ++round) {
        const auto stack = stack_of_thread(id, 10s);
        ASSERT_TRUE(stack) << stack.error().text();
        EXPECT_NE(stack->text().find("hang_in_here("), std::string::npos) << stack->text();
    }
    place.let_go();
    thread.join();
    // The kernel knows a thread for a moment after it has been joined.
    while (thread_state(id) != "gone") std::this_thread::yield();
    const auto gone = stack_of_thread(id);
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, Code::not_found);
}

TEST(ThreadStack, ThreadThatBlocksSignalsIsGivenUpAndAskedAgainLater) {
    Channel<int> inside(1);
    Channel<int> go_on(1);
    HangingPlace place;
    Thread thread("deaf", [&] {
        sigset_t all;
        sigset_t before;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, &before);
        inside.push(gettid());
        int item = 0;
        go_on.pop(item);
        pthread_sigmask(SIG_SETMASK, &before, nullptr);  // the late signal arrives here
        hang_in_here(inside, place);
    });
    int id = 0;
    inside.pop(id);
    const auto deaf = stack_of_thread(id, 20ms);
    ASSERT_FALSE(deaf);
    EXPECT_EQ(deaf.error().code, Code::timeout);
    go_on.push(1);
    inside.pop(id);
    const auto stack = stack_of_thread(id, 10s);
    ASSERT_TRUE(stack) << stack.error().text();
    EXPECT_NE(stack->text().find("hang_in_here("), std::string::npos) << stack->text();
    place.let_go();
}

}  // namespace
}  // namespace sluice
