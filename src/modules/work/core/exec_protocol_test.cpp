// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/exec_protocol.h"

#include <gtest/gtest.h>

namespace sluice::work {
namespace {

TEST(ExecProtocol, TheJobIsOneLineOfJson) {
    EXPECT_EQ(exec_envelope({.jid = "j\"1",
                             .queue = "q",
                             .type = "t",
                             .attempt = 3,
                             .args = R"([1,"a"])",
                             .custom = R"({"k":1})"}),
              R"({"jid":"j\"1","queue":"q","type":"t","attempt":3,"args":[1,"a"],)"
              R"("custom":{"k":1}})"
              "\n");
    EXPECT_EQ(exec_envelope({.jid = "j", .queue = "q", .type = "t", .args = {}, .custom = {}}),
              R"({"jid":"j","queue":"q","type":"t","attempt":1,"args":[],"custom":{}})"
              "\n");
}

TEST(ExecProtocol, TheResultIsJsonElseText) {
    EXPECT_EQ(exec_result("  {\"a\": 1}\n"), "{\"a\": 1}");
    EXPECT_EQ(exec_result("42\n"), "42");
    EXPECT_EQ(exec_result("done \"now\"\n"), R"("done \"now\"")");
    EXPECT_EQ(exec_result(" \n"), "");
    EXPECT_EQ(exec_result("\xff"), "\"\xef\xbf\xbd\"");
}

TEST(ExecProtocol, ProgressLinesAreKnownFromOthers) {
    const auto named = parse_exec_progress("SLUICE_PROGRESS 40 half  way ", false);
    ASSERT_TRUE(named);
    EXPECT_EQ(named->percent, 40);
    EXPECT_EQ(named->note, "half  way");
    EXPECT_EQ(parse_exec_progress("SLUICE_PROGRESS 7%", false)->percent, 7);
    EXPECT_EQ(parse_exec_progress("100 end\r", true)->note, "end");
    for (const char* line : {"40 half", "SLUICE_PROGRESS", "SLUICE_PROGRESS 101", "PROGRESS 1",
                             "SLUICE_PROGRESS -1", "SLUICE_PROGRESS x", ""}) {
        EXPECT_FALSE(parse_exec_progress(line, false)) << line;
    }
    EXPECT_FALSE(parse_exec_progress("4000", true));
}

TEST(ExecProtocol, LinesAreCutHoweverTheyCome) {
    std::vector<std::string> lines;
    const auto take = [&](std::string_view line) { lines.emplace_back(line); };
    LineCutter cutter;
    for (const char* piece : {"a", "b\nc\n\nd", "e", "\nf"}) cutter.feed(piece, take);
    cutter.finish(take);
    EXPECT_EQ(lines, (std::vector<std::string>{"ab", "c", "", "de", "f"}));
    lines.clear();
    cutter.feed(std::string(10'000, 'x'), take);
    cutter.feed("yy\nz\n", take);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0], std::string(exec_line_bytes_max, 'x'));
    EXPECT_EQ(lines[1], "z");
}

TEST(ExecProtocol, TheTailOfComplaintsIsKept) {
    TailText tail(20);
    for (int i = 0; i < 1000; ++i) tail.add_line("line " + std::to_string(i));
    EXPECT_EQ(tail.text(), "line 998\nline 999");
    TailText shorter(100);
    shorter.add_line("one");
    EXPECT_EQ(shorter.text(), "one");
}

TEST(ExecProtocol, ExitCodesHaveTheMeaningTheyAreGiven) {
    const ExitMap usual = ExitMap::parse({}).value();
    EXPECT_EQ(usual.judge(0), ExitVerdict::success);
    EXPECT_EQ(usual.judge(1), ExitVerdict::retry);
    EXPECT_EQ(usual.judge(65), ExitVerdict::never_retry);
    EXPECT_EQ(usual.judge(137), ExitVerdict::retry);
    const ExitMap own =
        ExitMap::parse({.success = {"0", "3"}, .never_retry = {"64-78"}, .give_back = {"99"}})
            .value();
    EXPECT_EQ(own.judge(3), ExitVerdict::success);
    EXPECT_EQ(own.judge(78), ExitVerdict::never_retry);
    EXPECT_EQ(own.judge(79), ExitVerdict::retry);
    EXPECT_EQ(own.judge(99), ExitVerdict::give_back);
    for (const char* text : {"256", "-1", "x", "5-3", "", "1-"}) {
        EXPECT_FALSE(ExitMap::parse({.give_back = {text}})) << text;
    }
    const auto twice = ExitMap::parse({.never_retry = {"1-10"}, .give_back = {"10"}});
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().message, "exit code 10 is given two meanings");
}

}  // namespace
}  // namespace sluice::work
