// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/arguments.h"

#include <gtest/gtest.h>

namespace sluice::work {
namespace {

/// Reads a made-up type's arguments and gives them back as one line, or the message.
std::string read(const std::string& json) {
    auto parsed = Arguments::parse(json, {"path", "count"});
    if (!parsed) return parsed.error().message;
    const std::string path = parsed->text("path");
    const auto count = parsed->integer("count", {1, 100});
    const auto top = parsed->integer_or("top", 10, {0, 50});
    const bool deep = parsed->boolean_or("deep", false);
    const auto mode = parsed->choice("mode", {"slow", "fast"});
    const auto seconds = parsed->seconds_or("timeout", 2.5, 60);
    const auto note = parsed->text_if_given("note");
    std::string out = path + " " + std::to_string(count) + " " + std::to_string(top) +
                      (deep ? " deep" : "") + (mode == 1 ? " fast" : "") + " " +
                      std::to_string(static_cast<int>(seconds * 10)) + note.value_or("");
    for (const auto& word : parsed->texts_or_none("words")) out += " " + word;
    for (const auto& [name, value] : parsed->pairs_or_none("pairs")) {
        out.append(" ").append(name).append("=").append(value);
    }
    const auto status = parsed->finish();
    return status ? out : status.error().message;
}

TEST(Arguments, ValuesInFrontAndNamedOnesMix) {
    EXPECT_EQ(read(R"(["a", 3])"), "a 3 10 25");
    EXPECT_EQ(read(R"(["a", {"count": 3}])"), "a 3 10 25");
    EXPECT_EQ(read(R"([{"count": 3, "path": "a", "note": null}])"), "a 3 10 25");
    EXPECT_EQ(read(R"(["a",3,{"top":0,"deep":true,"mode":"fast","timeout":1,"note":"!",)"
                   R"("words":["x","y"],"pairs":{"k":"v"}}])"),
              "a 3 0 deep fast 10! x y k=v");
}

TEST(Arguments, EveryMistakeNamesItsMember) {
    const struct {
        const char* json;
        const char* said;
    } rows[] = {
        {"[]", "`path` is missing"},
        {R"(["a"])", "`count` is missing"},
        {R"([5, 3])", "`path` must be a text"},
        {R"(["a", 0])", "`count` must be a whole number from 1 to 100"},
        {R"(["a", 1.5])", "`count` must be a whole number"},
        {R"(["a", "3"])", "`count` must be a whole number"},
        {R"(["a", 99999999999999999999])", "`count` must be a whole number"},
        {R"(["a", 3, {"deep": 1}])", "`deep` must be true or false"},
        {R"(["a", 3, {"mode": "quick"}])", "`mode` must be one of \"slow\", \"fast\""},
        {R"(["a", 3, {"mode": 1}])", "`mode` must be one of"},
        {R"(["a", 3, {"timeout": 0}])", "`timeout` must be a number of seconds"},
        {R"(["a", 3, {"timeout": 61}])", "at most 60"},
        {R"(["a", 3, {"words": "x"}])", "`words` must be an array of texts"},
        {R"(["a", 3, {"words": ["x", 1]}])", "`words` must be an array of texts"},
        {R"(["a", 3, {"pairs": ["x"]}])", "`pairs` must be an object of texts"},
        {R"(["a", 3, {"tops": 1}])", "`tops` is not known here; did you mean `top`?"},
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

}  // namespace
}  // namespace sluice::work
