// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/report/chart_data.h"
#include "modules/work/core/report/chart_svg.h"
#include "modules/work/core/report/report_page.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace sluice::work {
namespace {

ReportTable table_of(std::string_view csv) {
    ReportTable table;
    CsvParser parser;
    const auto take = [&table](std::span<const CsvField> record) {
        EXPECT_TRUE(add_record(table, record, {}));
    };
    EXPECT_TRUE(parser.feed(csv, take));
    EXPECT_TRUE(parser.finish(take));
    return table;
}

TEST(ReportTable, IsMadeOfJson) {
    constexpr std::string_view text =
        R"({"top":{"a/b":[{"value":"x","count":3},{"count":1,"more":null,"deep":{"a":1}}]},"rows":[[1,"a"],[2]],"list":[1.5,true]})";
    const auto objects = table_from_json(text, "/top/a~1b", {});
    ASSERT_TRUE(objects) << objects.error().text();
    EXPECT_EQ(objects->columns, (std::vector<std::string>{"value", "count", "more", "deep"}));
    EXPECT_EQ(objects->rows[0], (std::vector<std::string>{"x", "3", "", ""}));
    EXPECT_EQ(objects->rows[1], (std::vector<std::string>{"", "1", "", R"({"a":1})"}));
    EXPECT_EQ(table_from_json(text, "/rows", {})->rows[1], (std::vector<std::string>{"2", ""}));
    EXPECT_EQ(table_from_json(text, "/list", {})->rows[1][0], "true");
    EXPECT_EQ(table_from_json(text, "/rows/1", {})->rows[0][0], "2");
    EXPECT_EQ(table_from_json(text, "/top", {})->columns[0], "name");
    EXPECT_EQ(table_from_json(text, "/none", {}).error().code, Code::not_found);
    EXPECT_EQ(table_from_json(text, "x", {}).error().code, Code::invalid);
    EXPECT_EQ(table_from_json(text, "/list/0", {}).error().code, Code::invalid);
    EXPECT_EQ(table_from_json("{", "", {}).error().code, Code::invalid);
    EXPECT_EQ(table_from_json("[1,2,3]", "", {.rows_max = 2}).error().code, Code::exhausted);
}

TEST(ReportTable, KnowsNumbersAndTimes) {
    const auto table = table_of("n,t,x\n1,2026-01-01,a\n,2026-01-02,\nNA,,3\n");
    EXPECT_TRUE(table.is_numeric(0));
    EXPECT_FALSE(table.is_numeric(1));
    EXPECT_TRUE(table.is_temporal(1));
    EXPECT_FALSE(table.is_numeric(2));
    EXPECT_NE(table.find("nn").error().message.find("did you mean \"n\""), std::string::npos);
}

TEST(PeopleNumber, IsReadable) {
    EXPECT_EQ(people_number(0), "0");
    EXPECT_EQ(people_number(1234567), "1,234,567");
    EXPECT_EQ(people_number(-1234.5), "-1,234.5");
    EXPECT_EQ(people_number(0.126), "0.13");
    EXPECT_EQ(people_number(0.001), "0.001");
    EXPECT_EQ(people_number(-0.0), "0");
    EXPECT_EQ(people_number(999), "999");
    EXPECT_EQ(people_number(1e20), "1e+20");
}

TEST(ChartData, GroupsOrdersAndLimits) {
    const auto table = table_of("city,v\nb,1\na,5\nb,3\nc,x\nd,4\n");
    const auto sums = make_chart_data({.kind = SectionKind::bar,
                                       .x = "city",
                                       .y = {"v"},
                                       .aggregate = ChartAggregate::sum,
                                       .order = ChartOrder::value,
                                       .limit = 3},
                                      table, {});
    ASSERT_TRUE(sums) << sums.error().text();
    EXPECT_EQ(sums->names, (std::vector<std::string>{"a", "b", "d"}));
    EXPECT_EQ(sums->series[0].values, (std::vector<double>{5, 4, 4}));
    EXPECT_EQ(sums->left_out, 1u);
    const auto counts = make_chart_data({.kind = SectionKind::bar,
                                         .x = "city",
                                         .aggregate = ChartAggregate::count,
                                         .order = ChartOrder::name},
                                        table, {});
    EXPECT_EQ(counts->series[0].values, (std::vector<double>{1, 2, 1, 1}));
    EXPECT_FALSE(make_chart_data({.kind = SectionKind::bar, .x = "town", .y = {"v"}}, table, {}));
}

TEST(ChartData, LinesRunAlongTheirAxis) {
    const auto table = table_of("t,v\n2026-01-03,3\n2026-01-01,1\n2026-01-02,\n");
    const auto data = make_chart_data({.kind = SectionKind::line, .x = "t", .y = {"v"}}, table, {});
    ASSERT_TRUE(data);
    EXPECT_EQ(data->axis, AxisKind::time);
    EXPECT_EQ(data->names[0], "2026-01-01");
    EXPECT_DOUBLE_EQ(data->places[1] - data->places[0], 86400);
    EXPECT_TRUE(std::isnan(data->series[0].values[1]));
    EXPECT_EQ(
        make_chart_data({.kind = SectionKind::line, .x = "t", .y = {"v"}}, table, {.points_max = 2})
            .error()
            .code,
        Code::exhausted);
}

TEST(ChartData, BinsHoldEveryNumberOnce) {
    for (const char* numbers :
         {"1", "1,1,1", "0,1,2,3,4,5,6,7,8,9,10", "-1e9,1e9", "1e-9,2e-9", "5,5,5,5,5,5,5,1e6"}) {
        std::string csv = "v\n";
        for (const char* c = numbers; *c != '\0'; ++c) csv += *c == ',' ? '\n' : *c;
        const auto table = table_of(csv + "\nx\n");
        const auto bins = make_bins({.kind = SectionKind::histogram, .x = "v"}, table, {});
        ASSERT_TRUE(bins) << bins.error().text();
        std::size_t sum = 0;
        for (const std::size_t count : bins->counts) sum += count;
        EXPECT_EQ(sum, table.rows.size() - 1) << numbers;
        EXPECT_EQ(bins->left_out, 1u);
        EXPECT_LE(bins->counts.size(), 45u) << numbers;
    }
}

TEST(Ticks, AreRoundAndFew) {
    for (const auto& [min, max] : std::vector<std::pair<double, double>>{
             {0, 1}, {-5, 17}, {0, 1e12}, {1e-6, 2e-6}, {3, 3}, {0, 7}}) {
        const auto ticks = number_ticks(min, max, 6);
        EXPECT_GE(ticks.size(), 2u) << min << ' ' << max;
        EXPECT_LE(ticks.size(), 8u) << min << ' ' << max;
    }
    EXPECT_EQ(number_ticks(0, 10, 5)[1].text, "2");
    EXPECT_EQ(number_ticks(0, 2e6, 4)[1].text, "500 k");
    const auto hours = time_ticks(0, 86400, 8);
    EXPECT_EQ(hours[0].text, "Jan 1");
    EXPECT_EQ(hours[1].text, "03:00");
    EXPECT_LE(time_ticks(-9e9, 9e9, 8).size(), 20u);
}

TEST(ReportPage, EscapesWhatTheDataSays) {
    const std::string evil = "<script>alert('x')</script>&\"";
    ReportPage page({.title = evil, .subtitle = evil});
    ReportTable table{{evil, "v"}, {{evil, "1"}, {std::string("\x01", 1), "2"}}};
    ASSERT_TRUE(page.add({.kind = SectionKind::table, .heading = evil, .text = evil}, table));
    ASSERT_TRUE(page.add(
        {.kind = SectionKind::bar, .heading = evil, .x = evil, .y = {"v"}, .unit = evil}, table));
    ASSERT_TRUE(page.add({.kind = SectionKind::line, .x = evil, .y = {"v"}}, table));
    ASSERT_TRUE(page.add({.kind = SectionKind::histogram, .heading = evil, .x = "v"}, table));
    const std::string html = page.finish();
    EXPECT_EQ(html.find("<script"), std::string::npos);
    EXPECT_EQ(html.find("alert('"), std::string::npos);
    EXPECT_EQ(html.find('\x01'), std::string::npos);
    EXPECT_NE(html.find("&lt;script&gt;"), std::string::npos);
    // Nothing is fetched: the only address is the name of SVG.
    std::string rest = html;
    const std::string name = "http://www.w3.org/2000/svg";
    for (std::size_t at = rest.find(name); at != std::string::npos; at = rest.find(name)) {
        rest.erase(at, name.size());
    }
    EXPECT_EQ(rest.find("http"), std::string::npos);
    EXPECT_EQ(rest.find("url("), std::string::npos);
    EXPECT_EQ(page.charts(), 3u);
}

TEST(ReportPage, SaysWhatItLeavesOut) {
    ReportPage page({.title = "t"});
    const auto table = table_of("a,b\n1,x\n2,y\n3,z\n");
    ASSERT_TRUE(page.add({.kind = SectionKind::table, .columns = {"b"}, .limit = 2}, table));
    EXPECT_FALSE(page.add({.kind = SectionKind::table, .columns = {"c"}}, table));
    const std::string html = page.finish();
    EXPECT_NE(html.find("The first 2 of 3 rows."), std::string::npos);
    EXPECT_EQ(html.find("<td>z"), std::string::npos);
}

std::string sections(const std::string& json) {
    const auto document = JsonDocument::parse(json);
    const auto got = read_sections(document->root(), {});
    return got ? std::to_string(got->size()) : got.error().message;
}

TEST(ReportSpec, NamesWhatIsWrong) {
    EXPECT_EQ(sections(R"([{"text":"a"},{"kind":"bar","data":"d.csv","x":"a","y":"b","limit":5}])"),
              "2");
    const std::pair<const char*, const char*> rows[] = {
        {R"([1])", "section 1 is not an object"},
        {R"([{}])", "section 1: `text` is missing"},
        {R"([{"text":"a"},{"kind":"pie"}])", "section 2: `kind` must be one of text, table"},
        {R"([{"kind":"table","data":"d","x":"a"}])", "`x` is unknown here"},
        {R"([{"kind":"bar","data":"d","x":"a"}])", "`y` is missing"},
        {R"([{"kind":"histogram","data":"d"}])", "`column` is missing"},
        {R"([{"kind":"table","data":"d","limit":0}])", "`limit` must be a whole number"},
        {R"([{"kind":"table","data":"d","columns":[1]}])", "`columns` must be an array"},
        {R"([{"text":5}])", "`text` must be a text"},
    };
    for (const auto& [json, said] : rows) {
        EXPECT_NE(sections(json).find(said), std::string::npos) << json << ": " << sections(json);
    }
}

}  // namespace
}  // namespace sluice::work
