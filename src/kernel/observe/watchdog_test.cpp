// SPDX-License-Identifier: Apache-2.0
// A thread that really hangs, and what the log says of it.
#include "kernel/observe/watchdog.h"

#include "kernel/observe/hang_testing.h"
#include "kernel/observe/log.h"
#include "kernel/sync/channel.h"
#include "kernel/sync/clock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

namespace sluice {
namespace {

/// The log goes into a pipe while this exists.
class LogPipe {
public:
    LogPipe() {
        EXPECT_EQ(::pipe(ends_.data()), 0);
        log_start({.level = LogLevel::info, .format = LogFormat::human, .descriptor = ends_[1]});
    }
    ~LogPipe() {
        log_start({});
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    LogPipe(const LogPipe&) = delete;
    LogPipe& operator=(const LogPipe&) = delete;

    /// All lines so far, up to one with these words, which is waited for.
    std::string read_until(std::string_view words) {
        for (;;) {
            const std::size_t at = unread_.find(words);
            const std::size_t end = at == std::string::npos ? at : unread_.find('\n', at);
            if (end != std::string::npos) {
                std::string lines = unread_.substr(0, end + 1);
                unread_.erase(0, end + 1);
                return lines;
            }
            std::array<char, 4096> bytes{};
            const ssize_t count = ::read(ends_[0], bytes.data(), bytes.size());
            if (count <= 0) return {};
            unread_.append(bytes.data(), static_cast<std::size_t>(count));
        }
    }

private:
    std::array<int, 2> ends_{};
    std::string unread_;
};

/// A thread in a turn that lasts until end().
class Hanging {
public:
    Hanging() {
        int item = 0;
        inside_.pop(item);
    }
    void end() {
        place_.let_go();
        thread_.join();
    }

private:
    Pulse pulse_{"test.turn"};
    Channel<int> inside_{1};
    HangingPlace place_;
    Thread thread_{"slow-owner", [this] { be_slow(); }};

    [[gnu::noinline]] void be_slow() {
        const Pulse::Turn turn(pulse_);
        inside_.push(1);
        place_.hang();
    }
};

TEST(StallReporter, LogsTheThreadAndItsStackOnceAndThatItCameBack) {
    LogPipe log;
    Registry metrics;
    const Counter& stalls = metrics.counter({"sluice_stalls_total", ""});
    const Gauge& now = metrics.gauge({"sluice_stalled_threads", ""});
    StallReporter reporter(metrics);
    const Instant before = monotonic_now();
    Hanging hanging;
    reporter.look(before);  // not long enough yet
    log_info("first look");
    EXPECT_EQ(now.value(), 0);
    for (int i = 0; i < 3; ++i) reporter.look(monotonic_now() + 1h);
    log_info("looked again");
    EXPECT_EQ(now.value(), 1);
    EXPECT_EQ(stalls.value(), 1U);
    EXPECT_EQ(log.read_until("first look").find("come back"), std::string::npos);
    const std::string lines = log.read_until("looked again");
    const std::size_t told =
        lines.find("ERROR a thread does not come back thread=slow-owner in=test.turn seconds=3");
    EXPECT_NE(told, std::string::npos) << lines;
    EXPECT_EQ(lines.find("does not come back", told + 20), std::string::npos) << lines;
    const std::size_t stack = lines.find("ERROR its stack thread=slow-owner frame=0 function=");
    EXPECT_NE(stack, std::string::npos) << lines;
    EXPECT_NE(lines.find("be_slow()", stack), std::string::npos) << lines;
    hanging.end();
    reporter.look(monotonic_now() + 1h);
    EXPECT_EQ(now.value(), 0);
    EXPECT_NE(log.read_until("came back").find("a thread came back thread=slow-owner in=test.turn"),
              std::string::npos);
}

TEST(Watchdog, SeesAStallByItselfAndItsEnd) {
    LogPipe log;
    Registry metrics;
    const Watchdog watchdog(metrics, {.limit = 1ms, .every = 1ms});
    Hanging hanging;
    EXPECT_NE(log.read_until("does not come back").find("slow-owner"), std::string::npos);
    hanging.end();
    EXPECT_NE(log.read_until("came back").find("slow-owner"), std::string::npos);
}

}  // namespace
}  // namespace sluice
