// SPDX-License-Identifier: Apache-2.0
// WorkerPool, its handles, and WaitGroup.
#include "kernel/sync/worker_pool.h"

#include "kernel/sync/wait_group.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice {
namespace {

TEST(WorkerPool, HandsBackValuesErrorsAndExceptions) {
    WorkerPool pool({.name = "test", .threads = 2});
    auto owned = std::make_unique<int>(20);
    auto sum = pool.submit([owned = std::move(owned)] { return *owned + 1; }).value();
    auto refused = pool.submit([]() -> Result<int> { return fail(Code::denied, "no"); }).value();
    auto thrown = pool.submit([]() -> int { throw std::runtime_error("boom"); }).value();
    auto odd = pool.submit([] { throw 3; }).value();
    auto nothing =
        pool.submit([](const CancelToken& token) { EXPECT_FALSE(token.is_cancelled()); });
    EXPECT_EQ(std::move(sum).wait().value(), 21);
    EXPECT_EQ(std::move(refused).wait().error().code, Code::denied);
    EXPECT_EQ(std::move(thrown).wait().error().message, "the task threw: boom");
    EXPECT_EQ(std::move(odd).wait().error().code, Code::internal);
    EXPECT_TRUE(std::move(*nothing).wait());
}

TEST(WorkerPool, ThreadsAreNumbered) {
    WorkerPool pool({.name = "hash"});
    auto name = pool.submit([] {
        char text[16] = {};
        pthread_getname_np(pthread_self(), text, sizeof text);
        return std::string(text);
    });
    EXPECT_EQ(std::move(name.value()).wait().value(), "hash-0");
}

TEST(WorkerPool, DrainRunsWhatWaitsAndTakesNothingNew) {
    WorkerPool pool({.threads = 2, .queue_max = 100});
    std::atomic<int> ran{0};
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(pool.submit([&] { ++ran; }));
    pool.drain();
    pool.drain();
    EXPECT_EQ(ran.load(), 50);
    EXPECT_EQ(pool.submit([] {}).error().code, Code::cancelled);
    EXPECT_EQ(pool.try_submit([] {}).error().code, Code::cancelled);
}

TEST(WorkerPool, FullQueueRefusesAndCancelAnswersEveryTask) {
    const CancelSource parent;
    WorkerPool pool({.threads = 1, .queue_max = 1}, parent.token());
    Channel<int> started(1);
    auto running = pool.submit([&](const CancelToken& token) {
                           started.push(1);
                           Channel<int> never(1);
                           return select(no_deadline, token, never).outcome;
                       })
                       .value();
    int out = 0;
    started.pop(out);
    auto waiting = pool.submit([] { return 1; }).value();
    EXPECT_EQ(pool.try_submit([] {}).error().code, Code::busy);
    EXPECT_EQ(pool.submit([] {}, monotonic_now()).error().code, Code::timeout);
    EXPECT_FALSE(waiting.is_done());
    parent.cancel(Error{Code::cancelled, "enough"});
    EXPECT_EQ(std::move(running).wait().value(), SelectOutcome::cancelled);
    EXPECT_TRUE(waiting.wait_until(no_deadline));
    EXPECT_EQ(std::move(waiting).wait().error().message, "enough");
}

TEST(WorkerPool, DrainUntilCancelsWhatIsLeftAtTheDeadline) {
    WorkerPool quick({.threads = 2});
    auto done = quick.submit([] { return 1; }).value();
    EXPECT_TRUE(quick.drain_until(no_deadline));
    EXPECT_EQ(std::move(done).wait().value(), 1);
    WorkerPool slow({.threads = 1});
    auto running = slow.submit([](const CancelToken& token) {
        Channel<int> never(1);
        static_cast<void>(select(no_deadline, token, never));
        return token.check();
    });
    auto waiting = slow.submit([] { return 2; });
    EXPECT_FALSE(slow.drain_until(monotonic_now() + 1ms));
    EXPECT_EQ(std::move(running).value().wait().error().code, Code::timeout);
    EXPECT_EQ(std::move(waiting).value().wait().error().code, Code::timeout);
    EXPECT_EQ(slow.submit([] {}).error().code, Code::cancelled);
}

TEST(WorkerPool, ManySubmittersAllHear) {
    WorkerPool pool({.threads = 3, .queue_max = 8});
    std::vector<Thread> submitters;
    std::atomic<int> sum{0};
    for (int s = 0; s < 3; ++s) {
        submitters.emplace_back("submitter", [&] {
            for (int i = 0; i < 300; ++i) {
                sum += std::move(pool.submit([i] { return i; }).value()).wait().value();
            }
        });
    }
    submitters.clear();
    EXPECT_EQ(sum.load(), 3 * 300 * 299 / 2);
}

TEST(WaitGroup, WaitsForEveryDone) {
    WaitGroup group;
    EXPECT_TRUE(group.wait_until(monotonic_now()));
    group.add(2);
    EXPECT_FALSE(group.wait_until(monotonic_now() + 1ms));
    Thread one("one", [&] { group.done(); });
    Thread two("two", [&] { group.done(); });
    group.wait();
    EXPECT_EQ(group.open(), 0u);
}

}  // namespace
}  // namespace sluice
