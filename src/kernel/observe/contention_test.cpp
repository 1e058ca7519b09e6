// SPDX-License-Identifier: Apache-2.0
#include "kernel/observe/contention.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

namespace sluice {
namespace {

std::vector<WaitTotal> some_totals() {
    return {{"jobs.commands", WaitKind::pop, "jobs-owner", 10, 90s, 20s},
            {"jobs.sync", WaitKind::lock, "jobs-owner", 4, 2ms, 1500us},
            {"jobs.sync", WaitKind::lock, "jobs-sync", 1, 500us, 500us}};
}

TEST(Contention, TextShowsContentionBeforeIdleness) {
    const std::vector<ThreadNow> threads = {
        {"io-0", 12, "", WaitKind::condition, {}},
        {"jobs-owner", 13, "jobs.commands", WaitKind::pop, 1200ms}};
    const std::string text = contention_text(some_totals(), threads);
    const auto lock = text.find("contention: waits for a lock");
    const auto pop = text.find("idleness:");
    ASSERT_NE(lock, std::string::npos) << text;
    ASSERT_NE(pop, std::string::npos) << text;
    EXPECT_LT(lock, pop);
    for (const char* line :
         {"      2.0 ms            4   500.0 us     1.5 ms  jobs-owner       jobs.sync\n",
          "     90.00 s           10     9.00 s    20.00 s  jobs-owner       jobs.commands\n",
          "  io-0                   12  -\n",
          "  jobs-owner             13  jobs.commands (pop) for 1.20 s\n"}) {
        EXPECT_NE(text.find(line), std::string::npos) << line << text;
    }
    EXPECT_EQ(text.find("back-pressure"), std::string::npos);
}

TEST(Contention, TextAsksTheKernelAboutThreadsThatWaitElsewhere) {
    const std::vector<ThreadNow> threads = {{"me", gettid(), "", WaitKind::condition, {}}};
    const std::string text = contention_text({}, threads);
    EXPECT_NE(text.find("  runs\n"), std::string::npos) << text;
}

TEST(Contention, TextOfNothingSaysSo) {
    EXPECT_NE(contention_text({}, {}).find("no thread has waited yet"), std::string::npos);
}

TEST(Contention, MetricsSumOverThreadsAndEscapeNames) {
    auto totals = some_totals();
    totals.push_back({"a\"b\\c", WaitKind::push, "x", 1, 1s, 1s});
    const std::string text = contention_metrics(totals);
    for (const char* line :
         {"sluice_wait_seconds_total{site=\"jobs.sync\",kind=\"lock\"} 0.002500000\n",
          "sluice_waits_total{site=\"jobs.sync\",kind=\"lock\"} 5\n",
          "sluice_waits_total{site=\"a\\\"b\\\\c\",kind=\"push\"} 1\n"}) {
        EXPECT_NE(text.find(line), std::string::npos) << line << text;
    }
}

}  // namespace
}  // namespace sluice
