// SPDX-License-Identifier: Apache-2.0
// Tests that leave something behind, one of each kind. leak_listener_test.py runs them and expects
// them to fail; ctest never runs this program by itself.
#include "kernel/sync/channel.h"
#include "kernel/sync/thread.h"
#include "kernel/sync/worker_pool.h"

#include <gtest/gtest.h>

#include <pthread.h>

namespace sluice {
namespace {

// What is left behind must stay reachable: this is no test of the leak sanitizer.
Channel<int>* const never_filled = new Channel<int>(1);
Thread* left_thread = nullptr;
WorkerPool* left_pool = nullptr;
detail::Task<StdSync>* left_task = nullptr;

void wait_for_ever() {
    int item = 0;
    never_filled->pop(item);
}

[[gnu::noinline]] void start_and_forget_a_thread() {
    left_thread = new Thread("forgotten", &wait_for_ever);
}

TEST(Leaky, LeavesNothing) {
    Thread thread("short", [] {});
    thread.join();
    WorkerPool pool({.name = "tidy"});
    auto handle = pool.submit([] { return 1; });
    ASSERT_TRUE(handle);
    EXPECT_EQ(std::move(*handle).wait().value(), 1);
}

TEST(Leaky, LeavesThread) { start_and_forget_a_thread(); }

TEST(Leaky, LeavesPool) { left_pool = new WorkerPool({.name = "abandoned"}); }

TEST(Leaky, LeavesTask) {
    const auto work = [] { return 1; };
    left_task = new detail::FunctionTask<decltype(work), StdSync>(
        work, std::make_shared<detail::TaskState<int, StdSync>>());
}

TEST(Leaky, LeavesStranger) {
    pthread_t thread{};
    const auto entry = [](void*) -> void* {
        wait_for_ever();
        return nullptr;
    };
    ASSERT_EQ(pthread_create(&thread, nullptr, entry, nullptr), 0);
    pthread_setname_np(thread, "stranger");
    pthread_detach(thread);
}

class LeakySuite : public ::testing::Test {
protected:
    static void SetUpTestSuite() { left_thread = new Thread("of-the-suite", &wait_for_ever); }
};

TEST_F(LeakySuite, MayUseThreadsOfItsSuite) { EXPECT_TRUE(left_thread->joinable()); }

}  // namespace
}  // namespace sluice
