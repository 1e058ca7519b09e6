// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/report.h"

#include "kernel/wire/json_reader.h"
#include "kernel/wire/json_text.h"
#include "modules/sim/core/report_chart.h"
#include "modules/sim/core/report_render.h"
#include "modules/sim/core/report_svg.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sluice::sim {
namespace {

/// Names that would break a page, a table or a spreadsheet if they were not escaped.
constexpr const char* evil = "<script>alert(1)</script>&\"'";

Report report() {
    Scenario scenario;
    scenario.name = evil;
    scenario.description = "a, \"b\"";
    Traffic mail;
    mail.name = evil;
    mail.tenant = "=1+2";
    mail.arrivals = ArrivalProcess::poisson(4).value();
    mail.service = Distribution::exponential(500ms).value();
    Traffic other = mail;
    other.name = "other";
    other.queue = "slow, \"quoted\"";
    other.tenant = "ünïcode";
    Pool pool;
    pool.name = "<b>pool</b>";
    pool.workers = 5;
    scenario.traffic = {mail, other};
    scenario.pools = {pool};
    scenario.events = {{.at = 1min, .lost = {pool.name, 0.4, 1min}}};
    scenario.duration = 5min;
    std::vector<RunDigest> runs;
    for (std::uint64_t r = 0; r < 4; ++r) {
        WorldOptions options;
        options.replication = r;
        options.record_workers = r == 0;
        runs.push_back(digest_of(scenario, run_world(scenario, options)));
    }
    Report out = make_report(scenario, runs, 0s);
    Answer answer;
    answer.question = evil;
    answer.sentence = evil;
    answer.columns = {evil, "b"};
    answer.rows = {{evil, "1"}};
    answer.x_name = evil;
    answer.points = {{1, {1, 0.5, 1.5}}, {2, {0.01, 0.01, 0.01}}};
    answer.target = 0.5;
    answer.curves = {out.waiting[0]};
    out.answers = {answer};
    return out;
}

TEST(Report, GroupsAddUp) {
    const Report r = report();
    EXPECT_EQ(r.traffic.size(), 2U);
    EXPECT_EQ(r.queues.size(), 2U);
    EXPECT_EQ(r.tenants.size(), 2U);
    EXPECT_NEAR(r.total[Measure::arrived].mean,
                r.traffic[0][Measure::arrived].mean + r.traffic[1][Measure::arrived].mean, 1e-9);
    EXPECT_EQ(r.waiting.size(), 2U);
    EXPECT_EQ(r.waiting[0].mean.size(), WorldOptions{}.bins);
    EXPECT_EQ(r.lives.size(), 5U);
    EXPECT_EQ(r.marks.size(), 1U);
    EXPECT_GT(r.pools[0].busy_share.mean, 0.5);
    EXPECT_LE(r.total[Measure::wait_p50].mean, r.total[Measure::wait_p99].mean);
}

TEST(Report, JsonIsOneValidObjectWithItsSchema) {
    const std::string json = report_json(report());
    JsonParser parser;
    const auto root = parser.parse(json);
    ASSERT_TRUE(root) << root.error().message;
    EXPECT_EQ(root->find("schema")->as_string().value(), "sluice.simulation/1");
    EXPECT_EQ(root->find("config")->find("name")->as_string().value(), evil);
    EXPECT_TRUE(root->find("total")->find("wait_p99_s")->find("low"));
    EXPECT_TRUE(root->find("answers"));
}

TEST(Report, CsvQuotesAndDisarmsFormulas) {
    const std::string csv = report_csv(report());
    EXPECT_TRUE(csv.starts_with("kind,name,measure,time_s,mean,low,high\r\n"));
    EXPECT_NE(csv.find("\"slow, \"\"quoted\"\"\""), std::string::npos);
    EXPECT_NE(csv.find("tenant,\"'=1+2\",wait_p99_s,"), std::string::npos);
    EXPECT_EQ(csv.find(",nan"), std::string::npos);
}

TEST(Report, HtmlIsEscapedAndRefersToNothing) {
    const std::string html = report_html(report());
    EXPECT_EQ(html.find("<script"), std::string::npos);
    EXPECT_EQ(html.find("<b>pool"), std::string::npos);
    EXPECT_EQ(html.find("http"), std::string::npos);
    EXPECT_EQ(html.find("url("), std::string::npos);
    EXPECT_EQ(html.find("src="), std::string::npos);
    for (const char* missing : {" nan", "Mnan", "Lnan", "\"nan", ">nan"})
        EXPECT_EQ(html.find(missing), std::string::npos);
    EXPECT_NE(html.find("&lt;script&gt;"), std::string::npos);
    EXPECT_NE(html.find("prefers-color-scheme:dark"), std::string::npos);
}

TEST(Report, TextFitsItsWidthAndCanBePlain) {
    const Report r = report();
    for (const std::size_t width : {40U, 80U, 120U}) {
        for (const bool unicode : {true, false}) {
            const std::string text = report_text(r, {width, unicode});
            std::size_t begin = 0;
            std::size_t over = 0;
            while (begin < text.size()) {
                const std::size_t end = text.find('\n', begin);
                if (text_width(std::string_view(text).substr(begin, end - begin)) > width) ++over;
                begin = end + 1;
            }
            // Tables are cut only in their first column; charts and sentences always fit.
            if (width >= 80) {
                EXPECT_LE(over, 8U) << text;
            }
            if (unicode) continue;
            EXPECT_TRUE(std::all_of(text.begin(), text.end(),
                                    [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
        }
    }
}

TEST(Chart, TicksAreRound) {
    EXPECT_EQ(value_ticks(3.7, AxisUnit::number, 4), (std::vector<double>{0, 1, 2, 3, 4}));
    EXPECT_EQ(value_ticks(100, AxisUnit::seconds, 4), (std::vector<double>{0, 30, 60, 90, 120}));
    EXPECT_GE(value_ticks(0, AxisUnit::seconds, 4).size(), 2U);
    const auto ticks = time_ticks(8h, 8h + 30min, 9);
    ASSERT_GE(ticks.size(), 7U);
    EXPECT_EQ(ticks[0].at, 30min);
    EXPECT_EQ(ticks[0].label, "09:00");
}

TEST(Chart, BarsRiseAndMissingOnesAreEmpty) {
    CharChart chart;
    chart.values = {0, 1, 2, 4, NAN, 4};
    chart.bin = 1min;
    chart.width = 20;
    chart.height = 4;
    chart.unicode = false;
    const std::string text = char_chart(chart);
    EXPECT_EQ(text.substr(0, text.find('\n')).find('#'), text.find('#'));
    EXPECT_NE(text.find("4 |"), std::string::npos) << text;
}

}  // namespace
}  // namespace sluice::sim
