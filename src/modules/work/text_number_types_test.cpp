// SPDX-License-Identifier: Apache-2.0
// text.markdown, json.to_csv, csv.to_json, math.next_prime, math.stats.
#include "modules/work/built_in_types_testing.h"

#include <filesystem>

namespace sluice::work {
namespace {

namespace fs = std::filesystem;

using TextNumberTypes = BuiltInTypes;

TEST_F(TextNumberTypes, MarkdownBecomesASafePage) {
    expect_in("text.markdown", R"(["texts/logbook.md","l.html",{"title":"A & B"}])", "sha256");
    const std::string page = folder.get("l.html");
    EXPECT_EQ(page.find("<!doctype html>"), 0u);
    EXPECT_NE(page.find("<title>A &amp; B</title>"), std::string::npos);
    EXPECT_NE(page.find("<table>"), std::string::npos);
    EXPECT_EQ(page.find("<script"), std::string::npos);
    EXPECT_EQ(page.find("javascript:"), std::string::npos);
    folder.put("a.md", "*x*");
    expect_in("text.markdown", R"(["a.md",{"form":"fragment"}])", R"("output":"a.md.html")");
    EXPECT_EQ(folder.get("a.md.html"), "<p><em>x</em></p>\n");
    folder.put("large.md", std::string((1 << 20) + 1, 'x'));
    expect_failure("text.markdown", R"(["large.md"])", "LimitExceeded");
}

TEST_F(TextNumberTypes, JsonBecomesCsvAndBack) {
    expect_in(
        "json.to_csv", R"(["logs/events.jsonl","e.csv"])",
        R"("rows":400,"column_count":6,"columns":["id","at.city","at.berth","weight","tags")");
    expect_in("csv.to_json", R"(["e.csv","back.jsonl",{"nested":true}])", R"("rows":400)");
    EXPECT_NE(folder.get("back.jsonl").find(R"("at":{"city":")"), std::string::npos);
    folder.put("a.json", R"([{"a":1,"b":"x;y"},{"c":null}])");
    expect_in("json.to_csv", R"(["a.json","a.csv",{"delimiter":"semicolon"}])", R"("rows":2)");
    EXPECT_EQ(folder.get("a.csv"), "a;b;c\n1;\"x;y\";\n;;\n");
    expect_in("json.to_csv", R"(["a.json","a.csv",{"columns":["b","a"],"header":false}])",
              R"("members_left_out":1)");
    EXPECT_EQ(folder.get("a.csv"), "x;y,1\n,\n");
    folder.put("b.csv",
               "\xEF\xBB\xBF"
               "n,t\n1,x\n2,\n");
    expect_in("csv.to_json", R"(["b.csv","b.json",{"form":"array"}])", R"("bytes":)");
    EXPECT_EQ(folder.get("b.json"), "[\n{\"n\":1,\"t\":\"x\"},\n{\"n\":2,\"t\":null}\n]\n");
    folder.put("none.csv", "n\n");
    expect_in("csv.to_json", R"(["none.csv","b.json",{"form":"array"}])", R"("rows":0)");
    EXPECT_EQ(folder.get("b.json"), "[]\n");
}

TEST_F(TextNumberTypes, WhatIsNoTableIsToldWithItsLine) {
    const struct {
        const char* text;
        const char* said;
    } json[] = {
        {"{\"a\":1}\n{\"a\":}\n", "InvalidInput: line 2: "},
        {"{\"a\":1}\n[1]\n", "InvalidInput: line 2: this value is no object"},
        {"[{}\n,\n", "InvalidInput: line 3: the array does not end"},
        {"{\"a\":\"", "InvalidInput: the text ends in the value that begins in line 1"},
    };
    for (const auto& row : json) {
        folder.put("in", row.text);
        expect_failure("json.to_csv", R"(["in","out"])", row.said);
    }
    folder.put("in", "{\"a\":\"" + std::string(2 << 20, 'x') + "\"}");
    expect_failure("json.to_csv", R"(["in","out"])", "LimitExceeded: line 1: a value is longer");
    folder.put("in", std::string(300'000, '['));
    expect_failure("json.to_csv", R"(["in","out"])", "InvalidInput");
    folder.put("in", "a,b\n1,2\n\n3\n");
    expect_failure("csv.to_json", R"(["in","out"])",
                   "InvalidInput: line 4: 1 fields, where the header has 2");
    expect_in("csv.to_json", R"(["in","out",{"ragged":"fill"}])", R"("ragged_rows":1)");
    EXPECT_EQ(folder.get("out"), "{\"a\":1,\"b\":2}\n{\"a\":3,\"b\":null}\n");
    fs::remove(folder / "out");
    folder.put("in", "a,a\n1,2\n");
    expect_failure("csv.to_json", R"(["in","out"])", "InvalidInput: line 1: the column \"a\"");
    expect_failure("csv.to_json", R"(["tables/broken-quotes.csv","out"])", "the file ends inside");
    folder.put("in", std::string("a\n\0\n", 4));
    expect_failure("csv.to_json", R"(["in","out"])", "line 2: a NUL byte");
    EXPECT_EQ(folder.entries(), 1u);
}

TEST_F(TextNumberTypes, PrimesAreFoundNextToANumber) {
    EXPECT_EQ(run("math.next_prime", R"([1000000,3])"),
              R"({"n":1000000,"is_prime":false,"primes":[1000003,1000033,1000037]})");
    EXPECT_EQ(run("math.next_prime", R"([7,{"count":9,"direction":"down"}])"),
              R"({"n":7,"is_prime":true,"primes":[5,3,2]})");
    expect_in("math.next_prime", R"([9007199254740992])", "9007199254740997");
    expect_failure("math.next_prime", R"([-1])", "`n` must be");
}

TEST_F(TextNumberTypes, NumbersAreDescribed) {
    expect_in("math.stats", R"([[0.1,0.1,0.1,0.1,0.1,0.1,0.1,0.1,0.1,0.1]])",
              R"("count":10,"nulls":0,"sum":1,)");
    expect_in("math.stats", R"([{"numbers":[1,2,3,4],"quantiles":[0.5],"bins":2}])",
              R"("quantiles":[{"at":0.5,"value":2.5}],"histogram":[{"from":1,"to":2.5,"count":2},)"
              R"({"from":2.5,"to":4,"count":2}])");
    expect_in("math.stats", R"([[]])", R"({"count":0,"nulls":0,"sum":0})");
    expect_in("math.stats", R"([{"path":"tables/orders.csv","column":"quantity"}])",
              R"("count":6000)");
    folder.put("n.txt", "1\n\n2\n+3\n");
    expect_in("math.stats", R"([{"path":"n.txt","header":false}])",
              R"("count":3,"nulls":0,"sum":6)");
    folder.put("n.csv", "a,b\n1,2\n3,\n");
    expect_in("math.stats", R"([{"path":"n.csv","column":"2"}])", R"("count":1,"nulls":1,"sum":2)");
    folder.put("n.csv", "a\n1\nx\"y\n");
    expect_failure("math.stats", R"([{"path":"n.csv"}])",
                   "InvalidInput: line 3: \"x\\\"y\" is no number");
    expect_failure("math.stats", R"([{"path":"n.csv","column":"z"}])", "there is no column \"z\"");
    expect_failure("math.stats", R"([{"path":"n.csv","numbers":[1]}])", "and not both");
    expect_failure("math.stats", R"([["x"]])", "`numbers` must be an array of numbers");
    expect_failure("math.stats", R"([[1],{"quantiles":[2]}])",
                   "`quantiles` must be numbers from 0");
    settings.limits.stats_numbers_max = 2;
    types.clear();
    expect_failure("math.stats", R"([[1,2,3]])", "LimitExceeded");
}

}  // namespace
}  // namespace sluice::work
