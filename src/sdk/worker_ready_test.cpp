// SPDX-License-Identifier: Apache-2.0
// How many jobs a worker holds ready, and what becomes of those that wait behind long ones.
#include "sdk/worker_ready.h"

#include "sdk/fake_queue_testing.h"

#include <gtest/gtest.h>

namespace sluice::sdk {
namespace {

TEST(ReadyTarget, HoldsWorkForAShortTime) {
    const struct {
        Duration job;
        std::uint32_t ready;
    } rows[] = {{1us, 200}, {100us, 200}, {1ms, 40}, {10ms, 4}, {40ms, 1}, {100ms, 0}, {10min, 0}};
    for (const auto& row : rows) {
        ReadyTarget target({.slots = 2, .most = 200, .time = 20ms});
        EXPECT_EQ(target.target(), 2U) << "before anything is known";
        target.job_took(row.job);
        EXPECT_EQ(target.target(), row.ready) << to_seconds(row.job);
    }
}

TEST(ReadyTarget, HoldsMoreWhereTheServerIsFar) {
    ReadyTarget target({.slots = 2, .most = 200, .time = 20ms});
    target.job_took(100ms);
    EXPECT_EQ(target.target(), 0U);
    for (int i = 0; i < 100; ++i) target.round_trip_took(130ms);
    EXPECT_EQ(target.target(), 3U);
    for (int i = 0; i < 100; ++i) target.round_trip_took(24h);
    EXPECT_EQ(target.target(), 10U) << "no more than for half a second";
}

TEST(ReadyTarget, ForgetsARareLongJob) {
    ReadyTarget target({.slots = 1, .most = 200, .time = 20ms});
    target.job_took(20us);
    target.job_took(60s);
    EXPECT_EQ(target.target(), 0U);
    for (int i = 0; i < 200; ++i) target.job_took(20us);
    EXPECT_EQ(target.target(), 200U);
}

TEST(ReadyTarget, KeepsLittleWhileNothingEnds) {
    ReadyTarget target({.slots = 2, .most = 200, .time = 20ms});
    EXPECT_EQ(target.worth_keeping(1s), 0U);
    target.job_took(1ms);
    EXPECT_EQ(target.worth_keeping(0ms), 80U);
    EXPECT_EQ(target.worth_keeping(20ms), 4U);
    EXPECT_EQ(target.worth_keeping(1s), 0U);
}

TEST(ReadyTarget, ANumberIsANumberWithoutATime) {
    ReadyTarget target({.slots = 2, .most = 7, .time = Duration{0}});
    target.job_took(10min);
    EXPECT_EQ(target.target(), 7U);
    EXPECT_EQ(target.worth_keeping(24h), 7U);
}

TEST(ReadyTarget, WaitsALittleForJobsThatComeFast) {
    const struct {
        Duration each;
        std::size_t jobs;
        Duration pause;
    } rows[] = {{100us, 1, 2ms}, {100us, 10, 2ms}, {200us, 1, 2ms}, {300us, 1, 0ms}, {1s, 1, 0ms}};
    for (const auto& row : rows) {
        ReadyTarget target({.slots = 2, .most = 200, .time = 20ms});
        ReadyTarget fixed({.slots = 2, .most = 200, .time = Duration{0}});
        EXPECT_EQ(target.fetch_pause(), 0ms);
        Instant now{10h};
        for (int i = 0; i < 200; ++i) {
            now += row.each * static_cast<std::int64_t>(row.jobs);
            target.fetched(row.jobs, now);
            target.fetched(0, now);
            fixed.fetched(row.jobs, now);
        }
        EXPECT_EQ(target.fetch_pause(), row.pause) << to_seconds(row.each);
        EXPECT_EQ(fixed.fetch_pause(), 0ms);
        // After a pause of the producers the first job is not waited for.
        target.fetched(1, now + 10s);
        EXPECT_EQ(target.fetch_pause(), 0ms);
    }
}

TEST(WorkerReady, WhatWaitsBehindALongJobGoesBack) {
    FakeQueue queue;
    Gate gate;
    Running running(queue);
    running.options.concurrency = 1;
    running.options.prefetch = 10;
    running.options.ready_time = 20ms;
    running.options.ready_patience = 10ms;
    running.add("gate", gate.handler());
    running.add("echo", echo());
    queue.push("gate");
    queue.push("echo");
    running.start();
    EXPECT_EQ(gate.await_begin(), "job-1");
    EXPECT_NE(queue.await("REQUEUE").find("job-2"), std::string::npos);
    gate.let_go(1);
    EXPECT_NE(queue.await("ACKB").find("job-1"), std::string::npos);
    queue.push("echo");
    EXPECT_NE(queue.await("ACKB").find("job-3"), std::string::npos) << "and it goes on";
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    EXPECT_EQ(running.worker->counters().released, 1U);
    EXPECT_EQ(running.worker->counters().succeeded, 2U);
}

}  // namespace
}  // namespace sluice::sdk
