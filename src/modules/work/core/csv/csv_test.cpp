// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/csv/csv_parser.h"
#include "modules/work/core/csv/csv_stats.h"
#include "modules/work/core/csv/csv_value.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::work {
namespace {

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
        {std::string("a\nb\0c\n", 6), Code::invalid, "line 2: a NUL byte"},
        {std::string("\"\0", 2), Code::invalid, "NUL"},
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

TEST(CsvParser, PiecesMakeNoDifference) {
    // Long enough for whole blocks of the fast way, with everything that it must leave alone.
    std::string text;
    for (int i = 0; i < 40; ++i) {
        text += std::to_string(i) + ",\"a, \"\"b\"\"\r\nc\",,plain \" quote,\"\"\n\r\n";
        text += std::string(static_cast<std::size_t>(i * 3), 'x') + ",y\r\nlone\rcr,1\n";
    }
    const auto whole = parse(text, text.size());
    ASSERT_TRUE(whole) << whole.error().text();
    EXPECT_EQ(whole->size(), 160u);
    EXPECT_EQ((*whole)[0],
              (std::vector<std::string>{"0", "[a, \"b\"\r\nc]", "", "plain \" quote", "[]"}));
    // Every place in the first blocks, then places that drift through the blocks and records.
    for (std::size_t cut = 0; cut < text.size(); cut += cut < 150 ? 1 : 41) {
        ASSERT_EQ(*parse(text, cut), *whole) << cut;
    }
}

TEST(CsvParser, CountsLinesInsideQuotesToo) {
    CsvParser parser;
    const auto take = [](std::span<const CsvField>) {};
    const auto status = parser.feed("a\r\n\"b\r\nb\nb\",c\n\nd,\"e\"x\n", take);
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("line 6: text after"), std::string::npos)
        << status.error().text();
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
    const auto stats = stats_of(text, true,
                                {.distinct_per_column_max = 50,
                                 .distinct_max = 60,
                                 .text_bytes_max = 8,
                                 .profiled_max = 1});
    EXPECT_TRUE(stats.column(0).distinct_estimated);
    EXPECT_NEAR(static_cast<double>(stats.column(0).distinct), 100, 3);
    EXPECT_EQ(stats.column(1).values, 100u);
    EXPECT_EQ(stats.column(1).distinct, 0u);  // beyond the columns that are profiled
    const auto all = stats_of(text, true, {.distinct_max = 60, .text_bytes_max = 8});
    EXPECT_TRUE(all.column(0).distinct_estimated);
    EXPECT_FALSE(all.column(1).distinct_estimated);
    EXPECT_EQ(all.column(1).distinct, 20u);
    EXPECT_EQ(all.column(1).text_max, "tttttttt");
}

TEST(CsvStats, GivesQuantilesTopValuesAndLengths) {
    std::string text = "n,city\n";
    for (int i = 1; i <= 1000; ++i) {
        text += std::to_string(i) + (i % 3 == 0 ? ",Łódź\n" : i % 3 == 1 ? ",Rome\n" : ",Oslo\n");
    }
    const auto stats = stats_of(text);
    const auto n = stats.column(0, 2);
    ASSERT_EQ(n.quantiles.size(), ColumnQuantiles::count);
    EXPECT_DOUBLE_EQ(n.quantiles[3], 500.5);
    EXPECT_DOUBLE_EQ(n.quantiles[0], 10.99);
    EXPECT_EQ(n.quantile_rank_error, 0.0);
    EXPECT_DOUBLE_EQ(n.sum.value(), 500500);
    EXPECT_EQ(n.length_min, 1u);
    EXPECT_EQ(n.length_max, 4u);
    const auto city = stats.column(1, 2);
    ASSERT_EQ(city.top.size(), 2u);
    EXPECT_EQ(city.top[0].text, "Rome");
    EXPECT_EQ(city.top[0].count, 334u);
    EXPECT_EQ(city.top[1].text, "Oslo");
    EXPECT_EQ(city.length_min, 4u);
    EXPECT_EQ(city.length_max, 4u);
    EXPECT_TRUE(city.quantiles.empty());
}

TEST(CsvStats, TextsThatAreNotUtf8AreCutToTheLimitToo) {
    const std::string bytes(20, '\xff');
    const auto stats = stats_of(bytes + "\n" + bytes + "\n", true, {.text_bytes_max = 8});
    EXPECT_EQ(stats.column(0).name, "\uFFFD\uFFFD");
    EXPECT_EQ(stats.column(0).text_max, "\uFFFD\uFFFD");
}

TEST(CsvValue, ReadsNumbers) {
    const struct {
        std::string_view text;
        std::optional<double> number;
    } rows[] = {
        {"0", 0},
        {"-12.50", -12.5},
        {"+7", 7},
        {".5", .5},
        {"5.", 5},
        {"1e3", 1000},
        {"-2E-2", -.02},
        {"0.1", 0.1},
        {"123456789012345", 123456789012345.0},
        {"1234567890123456789", 1234567890123456789.0},
        {"", {}},
        {"-", {}},
        {".", {}},
        {"+-1", {}},
        {"inf", {}},
        {"-inf", {}},
        {"nan", {}},
        {"1,5", {}},
        {"1 000", {}},
        {"0x10", {}},
        {"1.2.3", {}},
        {"1e999", {}},
    };
    for (const auto& row : rows) EXPECT_EQ(as_number(row.text), row.number) << row.text;
}

TEST(CsvValue, ReadsTimes) {
    const auto seconds = [](std::string_view text) -> std::optional<double> {
        const auto time = as_time(text);
        if (!time) return std::nullopt;
        return static_cast<double>(to_ns(*time)) / 1e9;
    };
    EXPECT_EQ(seconds("1970-01-02"), 86400.0);
    EXPECT_EQ(seconds("1970-01-01T00:00:01.5Z"), 1.5);
    EXPECT_EQ(seconds("1970-01-01 01:00+01:00"), 0.0);
    EXPECT_EQ(seconds("1969-12-31T23:00:00-0130"), 1800.0);
    EXPECT_EQ(seconds("1700-02-28"), -8515324800.0);
    for (const char* text : {"1970-02-30", "0001-01-01", "9999-12-31", "1970-01-01T25:00",
                             "1970-01-01T1", "1970-01-01T00:00:00+9", "1970-01-01T00:00Zx", "x"}) {
        EXPECT_EQ(seconds(text), std::nullopt) << text;
    }
}

TEST(CsvValue, WritesFieldsThatReadBackTheSame) {
    for (const std::string_view text :
         {"", "a", "a,b", "say \"hi\"", "two\nlines", "cr\r", " x "}) {
        for (const bool quoted : {false, true}) {
            std::string out = "x,";
            put_csv_field(out, {text, quoted}, ',');
            const auto back = parse(out + "\n", 3);
            ASSERT_TRUE(back) << out;
            const std::string got = (*back)[0][1];
            EXPECT_EQ(got.starts_with('[') ? got.substr(1, got.size() - 2) : got, text) << out;
            EXPECT_EQ(got.starts_with('['), quoted || out.find('"') != std::string::npos);
        }
    }
}

}  // namespace
}  // namespace sluice::work
