// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/logs/log_line.h"
#include "modules/work/core/logs/log_summary.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::work {
namespace {

LogRecord read(LogReader& reader, std::string_view line) {
    LogRecord record;
    EXPECT_TRUE(reader.read(line, record)) << line;
    return record;
}

TEST(LogLine, ReadsTheCombinedFormatAndWhatIsNearIt) {
    LogReader reader(LogFormat::combined);
    const auto full = read(
        reader,
        R"(203.0.113.2 - ann [15/Jul/2026:00:03:01 +0200] "POST /api?x=1 HTTP/1.1" 502 208 "https://a/" "Mozilla \"5\"" 0.250)");
    EXPECT_EQ(full.client, "203.0.113.2");
    EXPECT_EQ(full.method, "POST");
    EXPECT_EQ(full.path, "/api");
    EXPECT_EQ(full.status, 502);
    EXPECT_EQ(full.bytes, 208u);
    EXPECT_EQ(full.referrer, "https://a/");
    EXPECT_EQ(full.agent, R"(Mozilla \"5\")");
    EXPECT_DOUBLE_EQ(full.seconds.value(), 0.25);
    EXPECT_EQ(format_rfc3339(*full.time), "2026-07-14T22:03:01Z");
    const auto common =
        read(reader, R"(::1 - - [01/Jan/1970:00:00:00 +0000] "GET / HTTP/1.0" 304 -)");
    EXPECT_FALSE(common.bytes);
    EXPECT_EQ(common.agent, "");
    const auto odd = read(reader, R"(1.2.3.4 - - [01/Jan/2026:00:00:00 +0000] "\x16\x03" 400 0)");
    EXPECT_EQ(odd.method, "");
    EXPECT_EQ(odd.path, R"(\x16\x03)");
    EXPECT_DOUBLE_EQ(
        *read(reader, R"(a - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.0" 200 1 "-" "-" 1500)")
             .seconds,
        0.0015);
    LogRecord record;
    for (const char* line :
         {"", "x", "[", "a - - [01/Jan/2026:00:00:00 +0000] \"GET / HTTP/1.0\" abc 1",
          "a - - [01/Jan/9999:00:00:00 +0000] \"GET / HTTP/1.0\" 200 1",
          "a - - [32/Foo/2026:00:00:00 +0000] \"GET / HTTP/1.0\" 200 1",
          "a - - [01/Jan/2026:00:00:00 +0000] \"GET / HTTP/1.0 200 1", "a ] - [ \"x\" 200 1"}) {
        EXPECT_FALSE(reader.read(line, record)) << line;
    }
}

TEST(LogLine, ReadsJsonLinesByKnownAndByGivenNames) {
    LogReader reader(LogFormat::json);
    const auto known = read(
        reader,
        R"({"ts":1768435200.5,"level":"error","msg":"a\nb","status":"503","duration_ms":12,"url":"/x?y","size":7,"in":{"level":"info"}})");
    EXPECT_EQ(format_rfc3339(*known.time), "2026-01-15T00:00:00.5Z");
    EXPECT_EQ(known.level, "error");
    EXPECT_EQ(known.message, "a\nb");
    EXPECT_EQ(known.status, 503);
    EXPECT_DOUBLE_EQ(known.seconds.value(), 0.012);
    EXPECT_EQ(known.path, "/x");
    EXPECT_EQ(known.bytes, 7u);
    LogNames names;
    names.names[static_cast<std::size_t>(LogMember::latency)] = "t";
    LogReader other(LogFormat::json, names);
    EXPECT_DOUBLE_EQ(*read(other, R"({"t":"1.5s","latency":9})").seconds, 1.5);
    LogRecord record;
    for (const char* line : {"", "[]", "{\"a\":}", "{\"a\":1}{", "{\"\xff\":1}"}) {
        EXPECT_FALSE(reader.read(line, record)) << line;
    }
    EXPECT_FALSE(read(reader, R"({"time":"soon","status":99999,"latency":-1})").time);
}

TEST(LogLine, ReadsLogfmt) {
    LogReader reader(LogFormat::logfmt);
    const auto got =
        read(reader,
             R"(ts=2026-07-15T00:00:00Z level=warn msg="say \"hi\"" debug path=/a took=15ms n=)");
    EXPECT_EQ(got.message, "say \"hi\"");
    EXPECT_EQ(got.path, "/a");
    EXPECT_DOUBLE_EQ(got.seconds.value(), 0.015);
    LogRecord record;
    for (const char* line : {"", "just words here", "a=b", "a=b c=d", "msg=\"open", "=x level=a"}) {
        EXPECT_FALSE(reader.read(line, record)) << line;
    }
}

TEST(LogLine, ReadsSyslog) {
    LogReader reader(LogFormat::syslog);
    const auto got =
        read(reader,
             "<11>1 2026-07-15T10:00:00.003Z web1 nginx 42 ID7 [a@1 k=\"v \\\"]\\\"\"][b x=\"y\"] "
             "\xEF\xBB\xBFupstream gone");
    EXPECT_EQ(got.level, "error");
    EXPECT_EQ(got.client, "web1");
    EXPECT_EQ(got.source, "nginx");
    EXPECT_EQ(got.message, "upstream gone");
    EXPECT_TRUE(got.time);
    EXPECT_EQ(read(reader, "<0>1 - - - - - -").level, "emergency");
    LogRecord record;
    for (const char* line : {"", "<11>", "<999>1 - - - - - -", "<11>2 - - - - - -",
                             "<11>1 never h a p m -", "<11>1 - h a p m [x y=\"z\"",
                             "<11>1 - h a p m", "<11>1 - h a p m -x", "<>1 - - - - - -"}) {
        EXPECT_FALSE(reader.read(line, record)) << line;
    }
}

LogSummary summary_of(std::string_view text, LogRequest request = {}, LogLimits limits = {},
                      std::size_t piece = 7) {
    LogSummary summary(std::move(request), limits);
    for (std::size_t at = 0; at < text.size(); at += piece) summary.feed(text.substr(at, piece));
    summary.finish();
    return summary;
}

std::string access_line(int minute, int status, std::string_view path) {
    char line[200];
    std::snprintf(line, sizeof line,
                  "10.0.0.%d - - [15/Jul/2026:%02d:%02d:00 +0000] \"GET %.*s HTTP/1.1\" %d 100 "
                  "\"-\" \"agent\" 0.%03d\n",
                  minute % 3, minute / 60, minute % 60, static_cast<int>(path.size()), path.data(),
                  status, minute);
    return line;
}

TEST(LogSummary, CountsWhatThereIs) {
    std::string text = "\n";
    for (int i = 0; i < 90; ++i)
        text += access_line(i, i % 10 == 0 ? 503 : 200, i % 2 ? "/a" : "/b");
    text += "no log line\r\n";
    const auto got = summary_of(text);
    EXPECT_EQ(got.format(), LogFormat::combined);
    EXPECT_EQ(got.lines, 91u);
    EXPECT_EQ(got.counted, 90u);
    EXPECT_EQ(got.unparsed, 1u);
    ASSERT_EQ(got.examples.size(), 1u);
    EXPECT_EQ(got.examples[0].line, 92u);
    EXPECT_EQ(got.examples[0].text, "no log line");
    EXPECT_EQ(got.errors, 9u);
    EXPECT_EQ(got.classes[2], 81u);
    EXPECT_EQ(got.classes[5], 9u);
    EXPECT_EQ(got.bytes, 9000u);
    EXPECT_EQ(got.paths.top(1)[0].count, 45u);
    EXPECT_EQ(got.kinds.top(1)[0].text, "HTTP 503");
    EXPECT_EQ(got.series().size(), 90u);
    EXPECT_EQ(got.step_seconds(), 60);
    EXPECT_EQ(got.slowest().size(), 10u);
    EXPECT_DOUBLE_EQ(got.slowest()[0].seconds, 0.089);
    EXPECT_NEAR(got.latency.quantiles({0.5})[0], 0.0445, 1e-9);
    EXPECT_EQ(format_rfc3339(*got.first), "2026-07-15T00:00:00Z");
}

TEST(LogSummary, KeepsToTheTimesAsked) {
    std::string text;
    for (int i = 0; i < 90; ++i) text += access_line(i, 200, "/a");
    LogRequest request;
    request.from = parse_log_time("2026-07-15T00:10:00Z");
    request.until = parse_log_time("2026-07-15T01:00:00Z");
    const auto got = summary_of(text, request);
    EXPECT_EQ(got.counted, 50u);
    EXPECT_EQ(got.left_out, 40u);
}

TEST(LogSummary, MakesTheSeriesCoarserInsteadOfLonger) {
    std::string text;
    for (int year = 1970; year < 2262; ++year) {
        text += R"({"time":")" + std::to_string(year) + R"(-03-01","level":"info"})" + "\n";
        text += R"({"time":")" + std::to_string(year) + R"(-09-01","level":"info"})" + "\n";
    }
    const auto got = summary_of(text, {}, {.points_max = 300});
    EXPECT_EQ(got.step_seconds(), 31'536'000);
    EXPECT_LE(got.series().size(), 300u);
    std::uint64_t sum = 0;
    for (const auto& [second, point] : got.series()) sum += point.lines;
    EXPECT_EQ(sum, got.counted);
}

TEST(LogSummary, LongLinesNulsAndWrongBytesAreCountedNotKept) {
    std::string text = std::string(50'000, 'x') + "\n" + access_line(1, 200, "/a");
    text += std::string("a\0b\xff\n", 5);
    text += access_line(2, 200, std::string("/\xff\xfe"));
    text += std::string(30'000, '[');
    const auto got = summary_of(text, {}, {.line_bytes_max = 1000}, 333);
    EXPECT_EQ(got.lines, 5u);
    EXPECT_EQ(got.counted, 2u);
    EXPECT_EQ(got.too_long, 2u);
    EXPECT_EQ(got.unparsed, 3u);
    for (const auto& example : got.examples) EXPECT_LE(example.text.size(), 200u);
    EXPECT_EQ(got.examples[0].text, std::string(200, 'x'));
}

TEST(LogSummary, NumbersInMessagesAreOneKind) {
    std::string text;
    for (int i = 0; i < 20; ++i) {
        text += "level=error msg=\"disk " + std::to_string(i) + " full after " +
                std::to_string(i * 100) + " s\"\n";
    }
    const auto got = summary_of(text);
    EXPECT_EQ(got.format(), LogFormat::logfmt);
    ASSERT_EQ(got.kinds.top(5).size(), 1u);
    EXPECT_EQ(got.kinds.top(5)[0].text, "error: disk # full after # s");
    EXPECT_EQ(got.kinds.top(5)[0].count, 20u);
}

TEST(LogSummary, ATextThatIsNoLogHasNoFormat) {
    const auto got = summary_of("once upon a time\nthere was\n");
    EXPECT_FALSE(got.format());
    EXPECT_EQ(got.unparsed, 2u);
    EXPECT_EQ(summary_of("").lines, 0u);
}

}  // namespace
}  // namespace sluice::work
