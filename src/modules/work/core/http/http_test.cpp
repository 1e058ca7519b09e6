// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/http/json_match.h"
#include "modules/work/core/http/response_checks.h"

#include <gtest/gtest.h>

namespace sluice::work {
namespace {

TEST(JsonMatch, PointersLeadWhereTheRfcSays) {
    // RFC 6901, 5.
    const auto document =
        JsonDocument::parse(R"({"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, " ": 7})")
            .value();
    const std::pair<std::string_view, std::string_view> rows[] = {{"/foo", R"(["bar", "baz"])"},
                                                                  {"/foo/0", "\"bar\""},
                                                                  {"/", "0"},
                                                                  {"/a~1b", "1"},
                                                                  {"/m~0n", "8"},
                                                                  {"/ ", "7"}};
    for (const auto& [pointer, raw] : rows) {
        const auto found = find_json(document.root(), pointer);
        ASSERT_TRUE(found) << pointer;
        EXPECT_EQ(found->raw(), raw);
    }
    EXPECT_TRUE(find_json(document.root(), "")->is_object());
    for (const auto* none : {"/foo/2", "/foo/01", "/foo/-", "/nope", "/foo/0/x", "foo", "/m~n"}) {
        EXPECT_FALSE(find_json(document.root(), none)) << none;
    }
}

TEST(JsonMatch, TheSameIsTheSame) {
    const auto same = [](const char* a, const char* b) {
        const auto x = JsonDocument::parse(a).value();
        const auto y = JsonDocument::parse(b).value();
        return is_same_json(x.root(), y.root());
    };
    EXPECT_TRUE(same(R"({"a": 1, "b": [true, null]})", R"({"b": [true,null], "a": 1.0})"));
    EXPECT_TRUE(same("\"\\u0041\"", "\"A\""));
    EXPECT_TRUE(same("1e2", "100"));
    for (const auto& [a, b] : {std::pair{"1", "\"1\""},
                               {"[1]", "[1,2]"},
                               {"[1,2]", "[1]"},
                               {"{}", "[]"},
                               {R"({"a":1})", R"({"b":1})"},
                               {"null", "false"}}) {
        EXPECT_FALSE(same(a, b)) << a << b;
    }
}

std::string faults(const std::string& checks, const CheckedAnswer& answer) {
    const auto document = JsonDocument::parse(checks).value();
    auto read = ResponseChecks::parse(document.root());
    if (!read) return "refused: " + read.error().message;
    std::string out;
    for (const std::string& each : read->faults(answer)) out += each + ";";
    return out;
}

TEST(ResponseChecks, SayWhatDoesNotHold) {
    const std::string type = "text/html; charset=utf-8";
    const CheckedAnswer answer{
        .status = 204,
        .header =
            [&type](std::string_view name) { return name == "Content-Type" ? &type : nullptr; },
        .body = R"({"state": "up", "n": [1, 2]})",
        .latency = 300ms};
    EXPECT_EQ(faults("{}", answer), "");
    EXPECT_EQ(faults(R"({"status": 204, "headers": {"Content-Type": {"matches": "^text/"}},
                         "contains": "up", "json": {"/state": "up", "/n": [1, 2]}, "latency": 1})",
                     answer),
              "");
    EXPECT_EQ(faults(R"({"status": ["2xx", 404]})", answer), "");
    EXPECT_EQ(faults(R"({"status": [200, "3xx"]})", answer), "the status is 204, not 200 or 3xx;");
    EXPECT_EQ(faults(R"({"headers": {"Content-Type": "text/html", "X": "y"}})", answer),
              "the header \"Content-Type\" is \"text/html; charset=utf-8\", not \"text/html\";"
              "there is no header \"X\";");
    EXPECT_EQ(faults(R"({"contains": ["up", "down"]})", answer),
              "the body does not contain \"down\";");
    EXPECT_EQ(faults(R"({"json": {"/state": "down", "/x": 1}})", answer),
              "at \"/state\" is \"up\", not \"down\";nothing is at \"/x\";");
    EXPECT_EQ(faults(R"({"latency": 0.25})", answer), "it took 300ms, more than 250ms;");
    CheckedAnswer cut = answer;
    cut.body = "{\"st";
    cut.body_is_cut = true;
    EXPECT_EQ(faults(R"({"json": {"/a": 1}})", cut), "the body is too long to be read as JSON;");
}

TEST(ResponseChecks, WhatCannotBeCheckedIsRefused) {
    for (const auto* wrong :
         {R"({"status": 99})", R"({"status": "2x"})", R"({"status": [true]})", R"({"stauts": 200})",
          R"({"headers": {"X": 1}})", R"({"headers": {"X": {"matches": "("}}})", R"({"json": 1})",
          R"({"json": {"a": 1}})", R"({"contains": 1})", R"({"latency": 0})",
          R"({"latency": "1"})"}) {
        EXPECT_EQ(faults(wrong, {}).substr(0, 9), "refused: ") << wrong;
    }
}

}  // namespace
}  // namespace sluice::work
