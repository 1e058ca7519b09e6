// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/csv_parser.h"
#include "modules/work/core/csv_stats.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::work {
namespace {

using namespace std::string_literals;
using Records = std::vector<std::vector<std::string>>;

/// Parses the text cut in two at `cut`; quoted fields come back in brackets.
Result<Records> parse(std::string_view text, std::size_t cut, CsvLimits limits = {}) {
    Records records;
    const auto take = [&records](std::span<const CsvField> fields) {
        auto& record = records.emplace_back();
        for (const auto& field : fields) {
            record.push_back(field.quoted ? "[" + std::string(field.text) + "]"
                                          : std::string(field.text));
        }
    };
    CsvParser parser(',', limits);
    SLUICE_TRY_STATUS(parser.feed(text.substr(0, cut), take));
    SLUICE_TRY_STATUS(parser.feed(text.substr(cut), take));
    SLUICE_TRY_STATUS(parser.finish(take));
    EXPECT_EQ(parser.records(), records.size());
    return records;
}

TEST(CsvParser, ReadsWhatRfc4180DescribesInAnyPieces) {
    const struct {
        std::string text;
        Records records;
    } rows[] = {
        {"", {}},
        {"a", {{"a"}}},
        {"a,b\r\nc,d\r\n", {{"a", "b"}, {"c", "d"}}},
        {"a,b\nc,d", {{"a", "b"}, {"c", "d"}}},
        {"a\rb\r", {{"a"}, {"b"}}},
        {",\n", {{"", ""}}},
        {"\"\"\n", {{"[]"}}},
        {"\"a,b\",\"c\r\nd\",\"e\"\"f\"\"\"\n", {{"[a,b]", "[c\r\nd]", "[e\"f\"]"}}},
        {"a\n\n\r\nb\n", {{"a"}, {"b"}}},
        {"5\" pipe,x\n", {{"5\" pipe", "x"}}},
        {"a,\n", {{"a", ""}}},
        {"a,\"\"", {{"a", "[]"}}},
    };
    for (const auto& row : rows) {
        for (std::size_t cut = 0; cut <= row.text.size(); ++cut) {
            const auto got = parse(row.text, cut);
            ASSERT_TRUE(got) << got.error().text();
            EXPECT_EQ(*got, row.records) << row.text << " cut at " << cut;
        }
    }
}

TEST(CsvParser, RefusesHostileFilesWithTheLine) {
    const struct {
        std::string text;
        Code code;
        std::string_view said;
    } rows[] = {
        {"a\nb,\"open\nand on", Code::invalid, "opened at line 2"},
        {"a\n\"b\"c\n", Code::invalid, "line 2: text after a closing quote"},
        {"a\nb\0c\n"s, Code::invalid, "line 2: a NUL byte"},
        {"\"\0"s, Code::invalid, "NUL"},
        {"a\n" + std::string(101, 'x'), Code::exhausted, "line 2: the record is longer than 100"},
        {"\"" + std::string(200, '\n'), Code::exhausted, "longer than 100"},
        {std::string(11, ','), Code::exhausted, "more than 10 fields"},
    };
    for (const auto& row : rows) {
        const auto got =
            parse(row.text, row.text.size() / 2, {.record_bytes_max = 100, .fields_max = 10});
        ASSERT_FALSE(got) << row.text;
        EXPECT_EQ(got.error().code, row.code);
        EXPECT_NE(got.error().message.find(row.said), std::string::npos) << got.error().text();
    }
}

TEST(CsvParser, StaysFailed) {
    CsvParser parser;
    const auto take = [](std::span<const CsvField>) {};
    EXPECT_FALSE(parser.feed("\"a\"b", take));
    EXPECT_FALSE(parser.feed("\nc\n", take));
    EXPECT_FALSE(parser.finish(take));
}

CsvStats stats_of(std::string_view text, bool header = true, CsvStatsLimits limits = {}) {
    CsvStats stats(header, limits);
    CsvParser parser;
    const auto take = [&stats](std::span<const CsvField> fields) { stats.add(fields); };
    EXPECT_TRUE(parser.feed(text, take));
    EXPECT_TRUE(parser.finish(take));
    return stats;
}

TEST(CsvStats, FindsTheNarrowestKind) {
    const auto stats = stats_of(
        "id,price,paid,day,note,none,mixed\n"
        "1,1.5,true,2026-01-02,hi,,1\n"
        "2,-3e2,false,2026-01-03T10:00:00Z,\"\",NULL,x\n"
        "3,NA,true,2025-12-31,zz,\\N,2\n");
    EXPECT_EQ(stats.rows(), 3u);
    EXPECT_EQ(stats.ragged(), 0u);
    const ColumnKind kinds[] = {ColumnKind::integer, ColumnKind::number, ColumnKind::boolean,
                                ColumnKind::date,    ColumnKind::text,   ColumnKind::empty,
                                ColumnKind::text};
    ASSERT_EQ(stats.column_count(), std::size(kinds));
    for (std::size_t i = 0; i < std::size(kinds); ++i) {
        EXPECT_EQ(stats.column(i).kind, kinds[i]) << stats.column(i).name;
    }
    EXPECT_DOUBLE_EQ(stats.column(0).mean.value(), 2.0);
    EXPECT_NEAR(stats.column(0).deviation.value(), 0.8164965809, 1e-9);
    EXPECT_DOUBLE_EQ(stats.column(1).min.value(), -300.0);
    EXPECT_DOUBLE_EQ(stats.column(1).max.value(), 1.5);
    EXPECT_EQ(stats.column(1).nulls, 1u);
    EXPECT_EQ(stats.column(2).distinct, 2u);
    EXPECT_EQ(stats.column(3).text_min, "2025-12-31");
    EXPECT_EQ(stats.column(4).text_max, "zz");
    EXPECT_EQ(stats.column(4).nulls, 0u);
    EXPECT_EQ(stats.column(5).nulls, 3u);
}

TEST(CsvStats, CountsRaggedRowsAndNamesColumnsItself) {
    const auto stats = stats_of("1,2\n3\n4,5,6\n", false);
    EXPECT_EQ(stats.rows(), 3u);
    EXPECT_EQ(stats.ragged(), 2u);
    EXPECT_EQ(stats.column(1).name, "column 2");
    EXPECT_EQ(stats.column(1).nulls, 1u);
}

TEST(CsvStats, KeepsItsMemoryBounded) {
    std::string text = "a,b\n";
    for (int i = 0; i < 100; ++i) {
        text += std::to_string(i) + "," + std::string(500, static_cast<char>('a' + i % 20)) + "\n";
    }
    const auto stats = stats_of(
        text, true, {.distinct_per_column_max = 50, .distinct_max = 60, .text_bytes_max = 8});
    EXPECT_TRUE(stats.column(0).distinct_capped);
    EXPECT_EQ(stats.column(0).distinct + stats.column(1).distinct, 60u);
    EXPECT_EQ(stats.column(1).text_max, "tttttttt");
}

TEST(CsvStats, TextsThatAreNotUtf8AreCutToTheLimitToo) {
    const std::string bytes(20, '\xff');
    const auto stats = stats_of(bytes + "\n" + bytes + "\n", true, {.text_bytes_max = 8});
    EXPECT_EQ(stats.column(0).name, "\uFFFD\uFFFD");
    EXPECT_EQ(stats.column(0).text_max, "\uFFFD\uFFFD");
}

}  // namespace
}  // namespace sluice::work
