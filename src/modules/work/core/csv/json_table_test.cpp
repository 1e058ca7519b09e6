// SPDX-License-Identifier: Apache-2.0
// JSON values out of a stream, and tables made of them and into them.
#include "modules/work/core/csv/json_table.h"
#include "modules/work/core/json_values.h"

#include <gtest/gtest.h>

namespace sluice::work {
namespace {

/// "line:value|" of each value, or the error; the same in any split of the text.
std::string cut(std::string_view text, std::size_t value_max = 100) {
    std::string first;
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{1000}}) {
        JsonValues values(value_max);
        std::string out;
        const auto take = [&out](std::string_view value, std::uint64_t line) {
            out += std::to_string(line) + ":" + std::string(value) + "|";
            return Status();
        };
        Status status;
        for (std::size_t at = 0; status && at < text.size(); at += piece) {
            status = values.feed(text.substr(at, piece), take);
        }
        if (status) status = values.finish(take);
        if (!status) out += status.error().message;
        if (piece == 1) first = out;
        EXPECT_EQ(out, first);
    }
    return first;
}

TEST(JsonValues, ComeFromLinesAndArrays) {
    const struct {
        std::string_view text;
        std::string_view values;
    } rows[] = {
        {"", ""},
        {" \n\n", ""},
        {"{}\n{\"a\":\"}\\\"\"}\n", "1:{}|2:{\"a\":\"}\\\"\"}|"},
        {"{}{}", "1:{}|1:{}|"},
        {"1 2\n\"x y\"\ntrue", "1:1|1:2|2:\"x y\"|3:true|"},
        {"[]", ""},
        {"[\n {\"a\":[1,2]},\n {}\n]\n", "2:{\"a\":[1,2]}|3:{}|"},
        {"[1,2]", "1:1|1:2|"},
        {"[1,2", "1:1|1:2|line 1: the array does not end"},
        {"[1,]", "1:1|line 1: the array ends after a comma"},
        {"[,1]", "line 1: a value is missing"},
        {"[1 2]", "1:1|line 1: a comma or the end of the array is missing"},
        {"[]\n[]", "line 2: something stands behind the array"},
        {"{}\n}", "1:{}|line 2: a value is missing"},
        {"{}\n,", "1:{}|line 2: a value is missing"},
        {"{}\n{\"a\":\"", "1:{}|the text ends in the value that begins in line 2"},
    };
    for (const auto& row : rows) EXPECT_EQ(cut(row.text), row.values) << row.text;
    EXPECT_EQ(cut("\"12345\"", 4), "line 1: a value is longer than 4 bytes");
}

std::string csv_of(const std::vector<std::string>& objects, std::uint64_t* left_out = nullptr) {
    JsonColumns columns(4);
    std::string out;
    for (const auto& text : objects) {
        const auto document = JsonDocument::parse(text).value();
        if (const auto status = columns.add_members(document.root()); !status) {
            return status.error().message;
        }
    }
    if (left_out != nullptr) {
        columns = JsonColumns(1);
        EXPECT_TRUE(columns.add("a"));
    }
    for (const auto& name : columns.names()) out += name + ";";
    out += "\n";
    for (const auto& text : objects) {
        const auto document = JsonDocument::parse(text).value();
        EXPECT_TRUE(columns.put_record(document.root(), ',', out));
    }
    if (left_out != nullptr) *left_out = columns.left_out;
    return out;
}

TEST(JsonColumns, AreTheDottedPathsOfMembers) {
    EXPECT_EQ(csv_of({R"({"a":1.50,"b":{"c":"x,y","d":true}})", R"({"b":{"d":null},"e":[1,{}]})"}),
              "a;b.c;b.d;e;\n1.50,\"x,y\",true,\n,,,\"[1,{}]\"\n");
    EXPECT_EQ(csv_of({R"({"a":""})", R"({"a":null})", R"({"a":" \"\n"})", R"({"a":{}})"}),
              "a;\n\"\"\n\"\"\n\" \"\"\n\"\n{}\n");
    EXPECT_EQ(csv_of({R"({"a":1,"b":1,"c":1,"d":1,"e":1})"}), "more than the limit of 4 columns");
    EXPECT_EQ(csv_of({"[1]"}), "this value is no object");
    std::uint64_t left_out = 0;
    EXPECT_EQ(csv_of({R"({"a":1,"b":2})", R"({"c":3})"}, &left_out), "a;\n1\n\"\"\n");
    EXPECT_EQ(left_out, 2u);
}

std::string json_of(std::string_view csv, CsvToJsonOptions options) {
    CsvParser parser;
    std::string out;
    std::optional<CsvObjects> objects;
    Status status;
    const auto take = [&](std::span<const CsvField> record) {
        if (!status) return;
        if (objects) {
            objects->put_object(record, out);
            return;
        }
        auto made = CsvObjects::make(record, options);
        if (made)
            objects = *std::move(made);
        else
            status = made.error();
    };
    EXPECT_TRUE(parser.feed(csv, take));
    EXPECT_TRUE(parser.finish(take));
    return status ? out : status.error().message;
}

TEST(CsvObjects, HaveTypesAndNesting) {
    EXPECT_EQ(json_of("a,b.c,b.d\n1,x,true\n01,\"2\",\n-1.5e3,\"\",1 \n", {}),
              R"({"a":1,"b.c":"x","b.d":true})"
              R"({"a":"01","b.c":"2","b.d":null})"
              R"({"a":-1.5e3,"b.c":"","b.d":"1 "})");
    EXPECT_EQ(json_of("a,b.c,b.d,e\n1,2,3,4\n5\n1,2,3,4,5\n", {.types = false, .nested = true}),
              R"({"a":"1","b":{"c":"2","d":"3"},"e":"4"})"
              R"({"a":"5","b":{"c":null,"d":null},"e":null})"
              R"({"a":"1","b":{"c":"2","d":"3"},"e":"4"})");
    for (const char* header : {"a,a\n", "a,a.b\n", "a.b,a\n"}) {
        EXPECT_NE(json_of(header, {.nested = true}).find("is there twice, or is a value and"),
                  std::string::npos)
            << header;
    }
    EXPECT_EQ(json_of("a,a.b\n1,2\n", {}), R"({"a":1,"a.b":2})");
}

}  // namespace
}  // namespace sluice::work
