// SPDX-License-Identifier: Apache-2.0
#include "kernel/base/bytes.h"
#include "kernel/base/random.h"
#include "kernel/base/result.h"
#include "kernel/base/text.h"
#include "kernel/base/time.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>

namespace sluice {
namespace {

Result<std::unique_ptr<int>> half(int n) {
    if (n % 2 != 0) return fail(Code::invalid, "odd");
    return std::make_unique<int>(n / 2);
}
Result<int> quarter(int n) {
    SLUICE_TRY(auto once, half(n));
    SLUICE_TRY(const auto twice, half(*once));
    return *twice;
}

TEST(Result, TryPassesValuesAndErrorsOn) {
    EXPECT_EQ(quarter(8).value(), 2);
    EXPECT_EQ(quarter(6).error().code, Code::invalid);
    EXPECT_EQ(quarter(6).error().text(), "invalid: odd");
}

TEST(Result, ErrorSaysWhereItHappened) {
    EXPECT_EQ(fail(Code::io, "disk full").in("writing a.txt").text(),
              "io: writing a.txt: disk full");
}

TEST(Rfc3339, FormatsWithoutTrailingZeros) {
    EXPECT_EQ(format_rfc3339(wall_from_ns(0)), "1970-01-01T00:00:00Z");
    EXPECT_EQ(format_rfc3339(wall_from_ns(1'700'000'000'120'000'000)), "2023-11-14T22:13:20.12Z");
}

TEST(Rfc3339, ReadsWhatItWrites) {
    Random random(7);
    for (int i = 0; i < 1000; ++i) {
        const auto time =
            wall_from_ns(static_cast<std::int64_t>(random.below(9'000'000'000'000'000'000)));
        EXPECT_EQ(parse_rfc3339(format_rfc3339(time)).value(), time);
    }
}

TEST(Rfc3339, ReadsOffsetsAndRefusesNonsense) {
    EXPECT_EQ(format_rfc3339(parse_rfc3339("2026-03-01T00:30:00+01:00").value()),
              "2026-02-28T23:30:00Z");
    EXPECT_EQ(format_rfc3339(parse_rfc3339("2024-02-29T12:00:00.5-00:30").value()),
              "2024-02-29T12:30:00.5Z");
    for (const char* bad :
         {"", "2026", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00",
          "2026-01-01T00:00:00.Z", "9999-01-01T00:00:00Z", "2026-01-01T00:00:00Zjunk",
          "2026-13-01T00:00:00Z", "2026-01-01X00:00:00Z"}) {
        EXPECT_FALSE(parse_rfc3339(bad).has_value()) << bad;
    }
}

TEST(DurationText, RoundTrips) {
    EXPECT_EQ(parse_duration("1h30m").value(), Duration(90min));
    EXPECT_EQ(parse_duration("250ms").value(), Duration(250ms));
    EXPECT_EQ(format_duration(36h + 5ms), "1d12h5ms");
    for (const char* bad : {"", "5", "5 parsecs", "-1s", "9999999999999d", "999999999999d"})
        EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(DisciplinedClock, NeverGoesBackAndBoundsForwardSteps) {
    DisciplinedClock clock(Instant{0s}, WallTime{1000s}, 60s);
    EXPECT_EQ(clock.advance(Instant{1s}, WallTime{1001s}), WallTime{1001s});
    EXPECT_EQ(clock.advance(Instant{2s}, WallTime{100s}), WallTime{1002s});  // back: ignored
    EXPECT_EQ(clock.advance(Instant{3s}, WallTime{9000s}),
              WallTime{1063s});  // forward: at most 60 s
    EXPECT_EQ(clock.advance(Instant{4s}, WallTime{9001s}), WallTime{1064s});   // allowance spent
    EXPECT_EQ(clock.advance(Instant{63s}, WallTime{9060s}), WallTime{1183s});  // a new allowance
}

TEST(ByteReader, ReadsWhatWasPut) {
    std::string bytes;
    for (const std::uint64_t n : {0ULL, 1ULL, 127ULL, 128ULL, 300ULL, ~0ULL}) put_varint(bytes, n);
    put_big_endian(bytes, 0x0102030405060708ULL);
    put_string(bytes, "hello");
    ByteReader reader(bytes);
    for (const std::uint64_t n : {0ULL, 1ULL, 127ULL, 128ULL, 300ULL, ~0ULL})
        EXPECT_EQ(reader.varint(), n);
    EXPECT_EQ(reader.big_endian(), 0x0102030405060708ULL);
    EXPECT_EQ(reader.string(), "hello");
    EXPECT_TRUE(reader.ok() && reader.at_end());
    reader.varint();
    EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, TruncationNeverReadsPastTheEnd) {
    std::string bytes;
    put_string(bytes, std::string(300, 'x'));
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
        ByteReader reader(std::string_view(bytes).substr(0, cut));
        EXPECT_TRUE(reader.string().empty());
        EXPECT_FALSE(reader.ok());
    }
}

TEST(Text, NearestSuggestsOnlyLikelyWords) {
    const std::array<std::string_view, 3> words{"listen", "data_dir", "priority"};
    EXPECT_EQ(nearest("listne", words), "listen");
    EXPECT_EQ(nearest("data-dir", words), "data_dir");
    EXPECT_FALSE(nearest("zebra", words).has_value());
}

TEST(Text, SizesAndNumbers) {
    EXPECT_EQ(parse_size("64 MiB").value(), 64ULL << 20);
    EXPECT_FALSE(parse_size("-1"));
    EXPECT_FALSE(parse_size("99999999TiB"));
    EXPECT_EQ(parse_int("-12").value(), -12);
    EXPECT_FALSE(parse_int("12x"));
    EXPECT_EQ(truncate_utf8("a\xc3\xa9", 2), "a");
    EXPECT_EQ(to_hex(std::string_view("\x00\xff", 2)), "00ff");
}

TEST(Glob, MatchesAsRedisDoes) {
    EXPECT_TRUE(glob_match("*\"args\":\\[\"fizz\"\\]*", R"({"jid":"x","args":["fizz"]})"));
    EXPECT_TRUE(glob_match("h?llo", "hello"));
    EXPECT_TRUE(glob_match("h[a-e]llo", "hello"));
    EXPECT_FALSE(glob_match("h[^e]llo", "hello"));
    EXPECT_TRUE(glob_match("*", ""));
    EXPECT_FALSE(glob_match("a", ""));
    EXPECT_TRUE(glob_match("a*b*c", "axxbyyc"));
    EXPECT_FALSE(glob_match("[", "x"));
}

TEST(Glob, HostilePatternEndsWithinItsBudget) {
    EXPECT_FALSE(glob_match("a*a*a*a*a*a*a*a*b", std::string(5000, 'a'), 200'000));
}

TEST(Random, SameSeedSameNumbers) {
    Random a(42);
    Random b(42);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next(), b.next());
    for (int i = 0; i < 1000; ++i) EXPECT_LT(a.below(30), 30U);
    EXPECT_EQ(a.below(0), 0U);
}

}  // namespace
}  // namespace sluice
