// SPDX-License-Identifier: Apache-2.0
#include "kernel/observe/log.h"

#include "kernel/sync/thread.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <vector>

namespace sluice {
namespace {

std::string line(LogFormat format, LogFields fields) {
    return format_log_line(
        format, {LogLevel::info, "listening", fields, wall_from_ns(1'000'000'000'000'000'000)});
}

TEST(Log, JsonLineHasTypedFields) {
    EXPECT_EQ(line(LogFormat::json, {{"addr", "127.0.0.1:7419"},
                                     {"port", 7419},
                                     {"tls", false},
                                     {"took", 1500ms},
                                     {"bytes", std::size_t{3}}}),
              R"({"time":"2001-09-09T01:46:40Z","level":"info","message":"listening",)"
              R"("addr":"127.0.0.1:7419","port":7419,"tls":false,"took":1.5,"bytes":3})");
}

TEST(Log, HumanLineQuotesOnlyWhatNeedsIt) {
    EXPECT_EQ(line(LogFormat::human, {{"addr", std::string("::1")}, {"why", "no such file"}}),
              "2001-09-09T01:46:40Z INFO  listening addr=::1 why=\"no such file\"");
}

TEST(Log, NoControlByteOrTerminalTrickReachesTheLine) {
    std::string hostile = "a\r\nb\x1b[31m\x7f\"\\ \xff \xc2\x9b \xe2\x80\xae ü";
    hostile += '\0';
    for (auto format : {LogFormat::human, LogFormat::json}) {
        const std::string out = line(format, {{"x", hostile}});
        for (const char c : out) {
            EXPECT_GE(static_cast<unsigned char>(c), 0x20) << out;
            EXPECT_NE(c, 0x7f) << out;
        }
        EXPECT_NE(out.find(R"("a\r\nb\u001b[31m\u007f\"\\ \ufffd \ufffd \ufffd ü\u0000")"),
                  std::string::npos)
            << out;
    }
}

TEST(Log, LongValuesAndLinesAreCut) {
    const std::string big(100'000, 'x');
    const std::string out =
        line(LogFormat::json, {{"a", big}, {"b", big}, {"c", big}, {"d", big}, {"e", 1}});
    EXPECT_LT(out.size(), 4'100U);
    EXPECT_NE(out.find("\"e\":1,\"fields_left_out\":1}"), std::string::npos) << out.substr(3000);
}

TEST(Log, WritesOneLinePerEventAboveTheLevel) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    log_start({.level = LogLevel::info, .format = LogFormat::json, .descriptor = pipe_ends[1]});
    log_debug("hidden");
    log_info("shown", {{"n", 1}});
    LogLimiter limiter(1s);
    for (int i = 0; i < 5; ++i) log_warning_limited(limiter, Instant{}, "often", {{"i", i}});
    log_warning_limited(limiter, Instant{2s}, "often", {{"i", 5}});
    log_start({});
    ::close(pipe_ends[1]);
    std::string all(4096, '\0');
    const ssize_t count = ::read(pipe_ends[0], all.data(), all.size());
    ::close(pipe_ends[0]);
    ASSERT_GT(count, 0);
    all.resize(static_cast<std::size_t>(count));
    EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 3) << all;
    EXPECT_EQ(all.find("hidden"), std::string::npos);
    EXPECT_NE(all.find("\"i\":0,\"suppressed\":0}"), std::string::npos) << all;
    EXPECT_NE(all.find("\"i\":5,\"suppressed\":4}"), std::string::npos) << all;
}

TEST(LogLimiter, AdmitsOneOfManyThreadsInEachInterval) {
    LogLimiter limiter(1s);
    for (int second = 1; second <= 50; ++second) {
        std::atomic<int> admitted{0};
        std::vector<Thread> threads;
        for (int t = 0; t < 3; ++t) {
            threads.emplace_back("logger", [&] {
                for (int i = 0; i < 5; ++i) {
                    if (limiter.admit(Instant{second * 1s}) >= 0) ++admitted;
                }
            });
        }
        threads.clear();
        ASSERT_EQ(admitted.load(), 1);
    }
}

TEST(Log, ParsesLevelsAndFormats) {
    EXPECT_EQ(parse_log_level("warning").value(), LogLevel::warning);
    EXPECT_EQ(parse_log_level("loud").error().code, Code::invalid);
    EXPECT_EQ(parse_log_format("json").value(), LogFormat::json);
    EXPECT_FALSE(parse_log_format("xml"));
}

}  // namespace
}  // namespace sluice
