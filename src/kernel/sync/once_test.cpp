// SPDX-License-Identifier: Apache-2.0
// Once: one success, retries after failures, and many callers at once.
#include "kernel/sync/once.h"

#include "kernel/sync/channel.h"
#include "kernel/sync/thread.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace sluice {
namespace {

TEST(Once, RunsOnceAfterItsSuccess) {
    Once once;
    int runs = 0;
    const auto attempt = [&]() -> Status { return ++runs, Status{}; };
    EXPECT_FALSE(once.is_done());
    EXPECT_TRUE(once.call(attempt));
    EXPECT_TRUE(once.call(attempt));
    EXPECT_EQ(runs, 1);
    EXPECT_TRUE(once.is_done());
}

TEST(Once, AFailedAttemptIsTriedAgainByTheNext) {
    Once once;
    EXPECT_EQ(once.call([] { return Status(fail(Code::io, "no disk")); }).error().code, Code::io);
    EXPECT_EQ(once.call([]() -> Status { throw std::runtime_error("boom"); }).error().message,
              "the attempt threw: boom");
    EXPECT_FALSE(once.is_done());
    EXPECT_TRUE(once.call([] { return Status{}; }));
}

TEST(Once, WaitersHearOfTheSuccessOrTryThemselves) {
    for (const bool first_fails : {false, true}) {
        Once once;
        Channel<int> inside(1);
        Channel<int> go(1);
        int runs = 0;
        int written = 0;
        Thread first("first", [&] {
            const Status status = once.call([&]() -> Status {
                ++runs;
                inside.push(1);
                int out = 0;
                go.pop(out);
                if (first_fails) return fail(Code::io, "first");
                written = 7;
                return {};
            });
            EXPECT_EQ(bool(status), !first_fails);
        });
        int out = 0;
        inside.pop(out);
        EXPECT_EQ(once.call([] { return Status{}; }, monotonic_now()).error().code, Code::timeout);
        Thread second("second", [&] {
            EXPECT_TRUE(once.call([&]() -> Status {
                ++runs;
                written = 7;
                return {};
            }));
            EXPECT_EQ(written, 7);
        });
        go.push(1);
        first.join();
        second.join();
        EXPECT_EQ(runs, first_fails ? 2 : 1);
    }
}

TEST(Once, ManyCallersOneRun) {
    Once once;
    int runs = 0;
    std::vector<Thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back("caller", [&] {
            EXPECT_TRUE(once.call([&]() -> Status { return ++runs, Status{}; }));
            EXPECT_EQ(runs, 1);
        });
    }
}

}  // namespace
}  // namespace sluice
