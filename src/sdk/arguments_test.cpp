// SPDX-License-Identifier: Apache-2.0
#include "sdk/arguments.h"

#include <gtest/gtest.h>

namespace sluice::sdk {
namespace {

const JobSchema schema{
    .arguments =
        {{.name = "path", .required = true, .range = {1, 20}, .help = "the file"},
         {.name = "count",
          .kind = ArgumentKind::integer,
          .required = true,
          .range = {1, 100'000},
          .help = "how many"},
         {.name = "top",
          .kind = ArgumentKind::integer,
          .range = {0, 50},
          .fallback = "10",
          .help = "the first ones"},
         {.name = "deep", .kind = ArgumentKind::boolean, .fallback = "false", .help = "all of it"},
         {.name = "mode", .choices = {"slow", "fast"}, .fallback = "slow", .help = "how"},
         {.name = "timeout",
          .kind = ArgumentKind::seconds,
          .range = {.max = 60},
          .fallback = "2.5",
          .help = "for everything"},
         {.name = "scale", .kind = ArgumentKind::number, .range = {-1, 1}, .help = "by which"},
         {.name = "note", .help = "put behind"},
         {.name = "words",
          .kind = ArgumentKind::texts,
          .range = {.max = 3},
          .help = "put behind, too"},
         {.name = "hosts", .kind = ArgumentKind::text_list, .help = "where"},
         {.name = "pairs", .kind = ArgumentKind::pairs, .help = "names and values"},
         {.name = "steps", .kind = ArgumentKind::list, .help = "one after the other"},
         {.name = "extra", .kind = ArgumentKind::object, .help = "the rest"},
         {.name = "shape", .kind = ArgumentKind::any, .help = "anything"}},
    .positions = 2,
    .notes = "Nothing else."};

/// Reads the made-up type's arguments and gives them back as one line, or the message.
std::string read(const std::string& json) {
    auto parsed = Arguments::parse(json, schema);
    if (!parsed) return parsed.error().message;
    const Arguments& given = *parsed;
    std::string out =
        given.text("path") + " " + std::to_string(given.integer("count")) + " " +
        std::to_string(given.integer("top")) + (given.boolean("deep") ? " deep" : "") +
        (given.choice("mode") == 1 ? " fast" : "") + " " +
        std::to_string(given.seconds("timeout") / 100ms) + given.text_if_given("note").value_or("");
    if (const auto scale = given.number_if_given("scale")) out += " x" + std::to_string(*scale);
    for (const auto& word : given.texts("words")) out += " " + word;
    for (const auto& host : given.texts("hosts")) out += " @" + host;
    for (const auto& [name, value] : given.pairs("pairs")) {
        out.append(" ").append(name).append("=").append(value);
    }
    for (const std::string_view name : {"steps", "extra", "shape"}) {
        if (const auto value = given.value(name)) out.append(" ").append(value->raw());
    }
    return out;
}

TEST(Arguments, ValuesInFrontAndNamedOnesMix) {
    EXPECT_EQ(read(R"(["a", 3])"), "a 3 10 25");
    EXPECT_EQ(read(R"(["a", {"count": 3}])"), "a 3 10 25");
    EXPECT_EQ(read(R"([{"count": 3, "path": "a", "note": null}])"), "a 3 10 25");
    EXPECT_EQ(read(R"(["a",3,{"top":0,"deep":true,"mode":"fast","timeout":1,"note":"!",)"
                   R"("words":["x","y"],"pairs":{"k":"v"}}])"),
              "a 3 0 deep fast 10! x y k=v");
    EXPECT_EQ(read(R"(["a",3,{"scale":-1,"hosts":"h","steps":[1,{}],"extra":{"b":2},"shape":0}])"),
              R"(a 3 10 25 x-1.000000 @h [1,{}] {"b":2} 0)");
    EXPECT_EQ(read(R"(["a",3,{"hosts":["h","i"]}])"), "a 3 10 25 @h @i");
}

TEST(Arguments, WhatIsAbsentIsToldFromItsFallback) {
    const auto parsed = Arguments::parse(R"(["a", 3, {"deep": false, "top": null}])", schema);
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->has("deep"));
    EXPECT_FALSE(parsed->has("top"));
    EXPECT_EQ(parsed->integer_if_given("top"), 10);
    EXPECT_FALSE(parsed->number_if_given("scale"));
    EXPECT_FALSE(parsed->text_if_given("note"));
}

TEST(Arguments, AnObjectMayStandInFront) {
    const JobSchema one{.arguments = {{.name = "body", .kind = ArgumentKind::any, .help = "sent"}},
                        .positions = 1};
    const auto parsed = Arguments::parse(R"([{"body": 1}])", one);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->value("body")->raw(), R"({"body": 1})");
}

TEST(Arguments, EveryMistakeNamesItsMember) {
    const struct {
        const char* json;
        const char* said;
    } rows[] = {
        {"[]", "`path` is missing"},
        {R"(["a"])", "`count` is missing"},
        {R"([null, 3])", "`path` is missing"},
        {R"([5, 3])", "`path` must be a text"},
        {R"(["", 3])", "`path` is empty"},
        {R"(["a-path-that-is-too-long", 3])", "`path` is longer than 20 bytes"},
        {R"(["a", 0])", "`count` must be a whole number from 1 to 100000"},
        {R"(["a", 1.5])", "`count` must be a whole number"},
        {R"(["a", "3"])", "`count` must be a whole number"},
        {R"(["a", 99999999999999999999])", "`count` must be a whole number"},
        {R"(["a", 3, {"deep": 1}])", "`deep` must be true or false"},
        {R"(["a", 3, {"mode": "quick"}])", "`mode` must be one of \"slow\", \"fast\""},
        {R"(["a", 3, {"mode": 1}])", "`mode` must be one of"},
        {R"(["a", 3, {"timeout": 0}])", "`timeout` must be a number of seconds above 0"},
        {R"(["a", 3, {"timeout": 61}])", "at most 60"},
        {R"(["a", 3, {"scale": 1.01}])", "`scale` must be a number from -1 to 1"},
        {R"(["a", 3, {"words": "x"}])", "`words` must be an array of texts"},
        {R"(["a", 3, {"words": ["x", 1]}])", "`words` must be an array of texts"},
        {R"(["a", 3, {"words": ["x", "x", "x", "x"]}])", "`words` has more than 3 parts"},
        {R"(["a", 3, {"hosts": 1}])", "`hosts` must be a text or an array of texts"},
        {R"(["a", 3, {"pairs": ["x"]}])", "`pairs` must be an object of texts"},
        {R"(["a", 3, {"pairs": {"x": 1}}])", "`pairs` must be an object of texts"},
        {R"(["a", 3, {"steps": {}}])", "`steps` must be an array"},
        {R"(["a", 3, {"extra": []}])", "`extra` must be an object"},
        {R"(["a", 3, {"tops": 1}])", "`tops` is not known here; did you mean `top`?"},
        {R"(["a", 3, {"tops": null}])", "`tops` is not known here"},
        {R"(["a", 3, {"path": "b"}])", "`path` is given twice"},
        {R"(["a", 3, 4])", "too many arguments"},
        {R"({"path": "a"})", "not a JSON array"},
        {"[", "no JSON array"},
        {"", "no JSON array"},
    };
    for (const auto& row : rows) {
        EXPECT_NE(read(row.json).find(row.said), std::string::npos)
            << row.json << ": " << read(row.json);
    }
}

TEST(Arguments, TheFirstRefusalCounts) {
    auto parsed = Arguments::parse(R"(["a", 3])", schema);
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->status());
    parsed->refuse("path", "is no file");
    parsed->refuse("count", "is odd");
    EXPECT_EQ(parsed->status().error().message, "`path` is no file");
}

TEST(JobSchema, DescribesItself) {
    const std::string page = describe(schema);
    EXPECT_EQ(page.substr(0, page.find("- `deep`")),
              "- `path` (text, 1 to 20 bytes, required, first value): the file.\n"
              "- `count` (whole number, 1 to 100,000, required, second value): how many.\n"
              "- `top` (whole number, 0 to 50, default `10`): the first ones.\n");
    EXPECT_NE(page.find("- `mode` (`slow` or `fast`, default `slow`): how.\n"), std::string::npos);
    EXPECT_NE(page.find("- `words` (array of texts, at most 3 texts): "), std::string::npos);
    EXPECT_TRUE(page.ends_with(": anything.\n\nNothing else.")) << page;
    EXPECT_EQ(describe({.notes = "None."}), "None.");
    EXPECT_EQ(describe({}), "");
}

}  // namespace
}  // namespace sluice::sdk
