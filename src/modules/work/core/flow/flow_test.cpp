// SPDX-License-Identifier: Apache-2.0
// Flows on paper: templates, plans, pages.
#include "modules/work/core/flow/flow_page.h"
#include "modules/work/core/flow/flow_template.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

namespace sluice::work {
namespace {

std::string expanded(const std::string& text, std::size_t bytes_max = 1000) {
    const auto document = JsonDocument::parse(text).value();
    const std::vector<TemplateValue> values{{.name = "path", .text = "a/\"b\".c"},
                                            {.name = "index", .text = "7", .json = "7"}};
    const auto out = expand_template(document.root(), values, bytes_max);
    return out ? *out : std::string(to_string(out.error().code)) + ": " + out.error().message;
}

TEST(FlowTemplate, NamesAreReplacedInsideTextsOnly) {
    EXPECT_EQ(expanded(R"(["{path}", {"k{path}": ["x{index}y"], "n": 1.50}])"),
              R"(["a/\"b\".c",{"k{path}":["x7y"],"n":1.50}])");
}

TEST(FlowTemplate, ATextThatIsOneNameBecomesItsValue) {
    EXPECT_EQ(expanded(R"(["{index}", "{index} ", "{{index}}"])"), R"([7,"7 ","{index}"])");
}

TEST(FlowTemplate, ValuesCannotLeaveTheirPlace) {
    const auto document = JsonDocument::parse(R"(["{path}"])").value();
    const std::vector<TemplateValue> values{{.name = "path", .text = "x\"],[\"{index}\n"}};
    const std::string out = expand_template(document.root(), values, 1000).value();
    const auto back = JsonDocument::parse(out).value();
    for (const JsonView text : back.root().elements()) {
        EXPECT_EQ(text.as_string().value(), values[0].text);
    }
}

TEST(FlowTemplate, WhatCannotBeMeantIsRefused) {
    EXPECT_NE(expanded(R"(["{paht}"])").find("{paht}, and there are only {path}, {index}"),
              std::string::npos);
    EXPECT_NE(expanded(R"(["a { b"])").find("a brace stands alone"), std::string::npos);
    EXPECT_NE(expanded(R"(["a } b"])").find("a brace stands alone"), std::string::npos);
    EXPECT_NE(expanded(R"(["{path}{path}{path}"])", 10).find("more than 10 bytes"),
              std::string::npos);
}

TEST(FlowTemplate, PathsHaveParts) {
    const PathParts parts = path_parts("a/b/c.tar.gz");
    EXPECT_EQ(parts.dir, "a/b");
    EXPECT_EQ(parts.name, "c.tar.gz");
    EXPECT_EQ(parts.stem, "c.tar");
    EXPECT_EQ(parts.ext, "gz");
    EXPECT_EQ(path_parts(".profile").stem, ".profile");
    EXPECT_EQ(path_parts("x").dir, ".");
}

FlowPlan two_steps() {
    FlowPlan plan;
    plan.id = "the-flow";
    plan.queue = "default";
    plan.steps = {{.type = "one", .args = R"(["{path}","out/{stem}.x"])"},
                  {.type = "two", .args = R"(["{output}",{"n":"{index}"}])", .retry = 3}};
    plan.finish = FlowStep{.type = "end", .args = R"([{"list":"{output_list}","n":"{failed}"}])"};
    plan.shape = flow_shape(100);
    plan.files = 3;
    plan.list = "files-1.jsonl";
    return plan;
}

TEST(FlowPlan, IsReadAsItWasWritten) {
    const FlowPlan plan = two_steps();
    const std::string text = format_plan(plan);
    EXPECT_EQ(format_plan(parse_plan(text).value()), text);
    EXPECT_EQ(parse_plan("{}").error().code, Code::corrupt);
    EXPECT_EQ(parse_plan(text.substr(0, text.size() / 2)).error().code, Code::corrupt);
}

TEST(FlowPlan, ShapesCoverTheWindow) {
    for (const std::uint32_t window : {1U, 63U, 64U, 100U, 256U, 1'000U, flow_window_max}) {
        const FlowShape shape = flow_shape(window);
        EXPECT_GE(shape.lanes * shape.page_files, window);
        EXPECT_LT(shape.lanes * shape.page_files, window + shape.lanes);
    }
    FlowPlan plan = two_steps();
    plan.shape = {.lanes = 4, .page_files = 10};
    plan.files = 21;
    EXPECT_EQ(plan.pages(), 3U);
    EXPECT_EQ(plan.lanes(), 3U);
}

TEST(FlowPlan, StepsSayWhatIsWrongWithThem) {
    const auto error = [](const std::string& text) {
        const auto document = JsonDocument::parse(text).value();
        return read_step(document.root(), "steps").error().message;
    };
    EXPECT_EQ(error("1"), "`steps` must be an object with type and args");
    EXPECT_EQ(error("{}"), "`steps` has no type");
    EXPECT_EQ(error(R"({"type":"x","args":{}})"), "`steps.args` must be a list");
    EXPECT_EQ(error(R"({"type":"x","retry":"1"})"),
              "`steps.retry` must be a whole number from -1 to 1000");
    EXPECT_NE(error(R"({"type":"x","agrs":[]})").find("`steps.agrs` is not known"),
              std::string::npos);
    FlowPlan plan = two_steps();
    EXPECT_TRUE(check_templates(plan));
    plan.finish->args = R"(["{path}"])";
    EXPECT_EQ(check_templates(plan).error().code, Code::invalid);
}

TEST(FlowPlan, NamesOfJobsAreDistinctAndStay) {
    const FlowHash hash = [](std::string_view text) {
        return std::string(64 - std::min<std::size_t>(text.size(), 60), '0') + std::string(text);
    };
    EXPECT_EQ(flow_jid(hash, "f", "p"), flow_jid(hash, "f", "p"));
    std::set<std::string> parts{std::string(finish_part), std::string(final_part)};
    for (std::uint64_t i = 0; i < 30; ++i) {
        for (std::uint64_t k = 0; k < 30; ++k) {
            parts.insert(file_part(i, k));
            parts.insert(page_part(i, k));
        }
    }
    EXPECT_EQ(parts.size(), 2 + 2 * 900U);
}

TEST(FlowPlan, PatternsAreForTheNameOrThePath) {
    EXPECT_TRUE(is_flow_file("", "a/b.c"));
    EXPECT_TRUE(is_flow_file("*.c", "a/b.c"));
    EXPECT_FALSE(is_flow_file("a*", "a/b.c"));
    EXPECT_TRUE(is_flow_file("a/*", "a/b.c"));
    EXPECT_FALSE(is_flow_file("b/*.c", "a/b.c"));
}

// ---------------------------------------------------------------------------- pages

constexpr FlowJobEnd good{
    .state = "succeeded", .result = R"({"output":"o"})", .errtype = {}, .message = {}};
constexpr FlowJobEnd bad{.state = "dead", .result = {}, .errtype = "E", .message = "m"};
constexpr FlowJobEnd running{.state = "running", .result = {}, .errtype = {}, .message = {}};
constexpr FlowJobEnd forgotten{.state = "unknown", .result = {}, .errtype = {}, .message = {}};

TEST(FlowPage, AFileGoesThroughItsStepsInOrder) {
    const FlowPlan plan = two_steps();
    FlowPage page({"d/a.b"}, 5, WallTime{});
    JsonParser parser;
    EXPECT_EQ(page.places(FlowFileState::waiting).size(), 1U);
    EXPECT_EQ(step_args(plan.steps[0], plan, page.files()[0], parser).value(),
              R"(["d/a.b","out/a.x"])");
    page.was_pushed(0);
    page.take(0, running, plan);
    EXPECT_EQ(page.places(FlowFileState::pushed).size(), 1U);
    page.take(0, good, plan);
    EXPECT_EQ(page.files()[0].step, 1U);
    EXPECT_EQ(step_args(plan.steps[1], plan, page.files()[0], parser).value(), R"(["o",{"n":5}])");
    page.was_pushed(0);
    EXPECT_FALSE(page.is_complete());
    page.take(0, good, plan);
    EXPECT_TRUE(page.is_complete());
    FlowTotals totals;
    page.add_to(totals);
    EXPECT_EQ(totals.count(FlowFileState::succeeded), 1U);
    EXPECT_EQ(totals.jobs, 2U);
}

TEST(FlowPage, WhatEndsOtherwiseFailsAndIsNotPushedAgain) {
    const FlowPlan plan = two_steps();
    FlowPage page({"a", "b", "c"}, 0, WallTime{});
    for (std::size_t i = 0; i < 3; ++i) page.was_pushed(i);
    page.take(0, bad, plan);
    page.take(1, forgotten, plan);
    page.take(2, running, plan);
    EXPECT_EQ(page.files()[0].error, "dead: E: m");
    EXPECT_EQ(page.files()[1].error, "the server has forgotten how the job ended");
    EXPECT_TRUE(page.places(FlowFileState::waiting).empty());
    EXPECT_TRUE(page.has_failed());
    EXPECT_FALSE(page.is_complete());
}

TEST(FlowPage, AStoppedPageBeginsNothingAndEndsWithWhatRuns) {
    const FlowPlan plan = two_steps();
    FlowPage page({"a", "b"}, 0, WallTime{});
    page.was_pushed(0);
    page.stop();
    EXPECT_EQ(page.files()[1].state, FlowFileState::skipped);
    page.take(0, good, plan);
    page.stop();
    EXPECT_TRUE(page.is_complete());
    FlowTotals totals;
    page.add_to(totals);
    EXPECT_EQ(totals.count(FlowFileState::skipped), 2U);
    EXPECT_EQ(totals.jobs, 1U);
}

TEST(FlowPage, IsReadAsItWasWritten) {
    const FlowPlan plan = two_steps();
    FlowPage page({"a\n\"", "b", "c"}, 9, wall_from_ns(77));
    page.was_pushed(0);
    page.take(0, good, plan);
    page.was_pushed(1);
    page.refuse(2, "no");
    const std::string text = page.format();
    EXPECT_EQ(FlowPage::parse(text).value().format(), text);
    EXPECT_EQ(FlowPage::parse(text.substr(0, 40)).error().code, Code::corrupt);
    EXPECT_EQ(FlowPage::parse(R"({"began_ns":1,"files":[{"index":1,"step":0,"state":"?"}]})")
                  .error()
                  .code,
              Code::corrupt);
}

TEST(FlowPage, LargeResultsAreNotKeptButTheirOutputIs) {
    const FlowPlan plan = two_steps();
    FlowPage page({"a"}, 0, WallTime{});
    page.was_pushed(0);
    const std::string large =
        R"({"output":"big","x":")" + std::string(flow_result_bytes_max, 'x') + "\"}";
    page.take(0, {.state = "succeeded", .result = large, .errtype = {}, .message = {}}, plan);
    EXPECT_EQ(page.files()[0].output, "big");
    EXPECT_TRUE(page.files()[0].result.empty());
}

TEST(FlowPage, LooksGetRarerTheLongerAPageTakes) {
    const FlowPage page({"a"}, 0, WallTime{});
    EXPECT_EQ(page.pause(WallTime{}), 200ms);
    EXPECT_EQ(page.pause(WallTime{} + 8s), 2s);
    EXPECT_EQ(page.pause(WallTime{} + 1h), 15s);
    // A clock that was put back.
    EXPECT_EQ(page.pause(WallTime{} - 1h), 200ms);
}

TEST(FlowFinish, ListsOfOutputsArePutInWhereTheyFit) {
    const FlowPlan plan = two_steps();
    JsonParser parser;
    FlowTotals totals;
    totals.files[static_cast<std::size_t>(FlowFileState::failed)] = 2;
    totals.output_list = R"(["a","b"])";
    EXPECT_EQ(finish_args(*plan.finish, totals, parser).value(), R"([{"list":["a","b"],"n":2}])");
    totals.has_output_list = false;
    EXPECT_EQ(finish_args(*plan.finish, totals, parser).error().code, Code::exhausted);
}

}  // namespace
}  // namespace sluice::work
