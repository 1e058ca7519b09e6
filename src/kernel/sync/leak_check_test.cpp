// SPDX-License-Identifier: Apache-2.0
// The list of what lives. That a test which leaves something behind fails is shown in
// tests/support.
#include "kernel/sync/leak_check.h"

#include "kernel/sync/channel.h"
#include "kernel/sync/stack_trace.h"
#include "kernel/sync/thread.h"
#include "kernel/sync/worker_pool.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

[[gnu::noinline]] StackTrace trace_from_here() { return StackTrace::capture(); }

TEST(StackTrace, NamesTheFunctionsThatStandOnTheStack) {
    const StackTrace trace = trace_from_here();
    ASSERT_GE(trace.size(), 2U);
    const std::string text = trace.text();
    EXPECT_NE(text.find("#0 sluice::(anonymous namespace)::trace_from_here()"), std::string::npos)
        << text;
    EXPECT_NE(text.find("StackTrace_NamesTheFunctionsThatStandOnTheStack_Test::TestBody()"),
              std::string::npos)
        << text;
}

TEST(StackTrace, AddressOfNobodyIsPrintedAsNumber) {
    EXPECT_EQ(function_at(reinterpret_cast<const void*>(16)), "0x10");
}

TEST(LeakCheck, ThreadIsListedWhileItRuns) {
    const std::uint64_t number = leak_check::number_now();
    Channel<int> end(1);
    Thread thread("listed", [&] {
        int item = 0;
        end.pop(item);
    });
    const auto left = leak_check::left_since(number);
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].kind, leak_check::Kind::thread);
    EXPECT_EQ(left[0].name, "listed");
    EXPECT_NE(left[0].made.find("LeakCheck_ThreadIsListedWhileItRuns_Test"), std::string::npos)
        << left[0].made;
    end.close();
    thread.join();
    EXPECT_TRUE(leak_check::left_since(number).empty());
}

TEST(LeakCheck, EndedThreadThatNobodyJoinedIsNotListed) {
    const std::uint64_t number = leak_check::number_now();
    const Thread thread("ended", [] {});
    while (!leak_check::left_since(number).empty()) {
    }
    EXPECT_TRUE(thread.joinable());
}

TEST(LeakCheck, PoolAndItsWaitingTasksAreListed) {
    const std::uint64_t number = leak_check::number_now();
    Channel<int> end(1);
    {
        WorkerPool pool({.name = "listed-pool"});
        const auto wait = [&] {
            int item = 0;
            end.pop(item);
        };
        const auto first = pool.submit(wait);
        const auto second = pool.submit(wait);
        std::size_t tasks = 0;
        std::size_t pools = 0;
        for (const auto& left : leak_check::left_since(number)) {
            tasks += left.kind == leak_check::Kind::task ? 1 : 0;
            pools += left.kind == leak_check::Kind::pool ? 1 : 0;
        }
        EXPECT_EQ(pools, 1U);
        EXPECT_EQ(tasks, SLUICE_SYNC_CHECKS ? 2U : 0U);
        end.close();
    }
    EXPECT_TRUE(leak_check::left_since(number).empty());
}

}  // namespace
}  // namespace sluice
