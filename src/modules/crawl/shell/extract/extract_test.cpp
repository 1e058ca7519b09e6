// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/extract/extract.h"

#include "kernel/sync/thread.h"
#include "kernel/wire/json_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::crawl {
namespace {

constexpr std::string_view page =
    "<!DOCTYPE html><html><head><title> A  page </title></head><body id=top class='a b-c'>"
    "<h1 class='big title'>The <b>head</b>\n line</h1>"
    "<ul><li>one</li><li class=x>two</li><li>three</li><li class='x y'>four</li></ul>"
    "<p class=price data-unit='EUR'>12.50</p><p lang=de-AT>zwei</p><p></p>"
    "<a href='/first' rel='nofollow external'>first</a><span>s</span>"
    "<a href='https://example.com/doc.pdf' Title='It&#39;s \"here\"'>doc</a>"
    "<div><section><em>deep</em></section></div></body></html>";

std::string extract(const std::string& rule, std::string_view body = page, bool xml = false) {
    auto rules = ExtractRules::parse({rule});
    if (!rules) return "refused: " + rules.error().message;
    auto json = rules->extract(
        {.url = "https://example.com/", .body = body, .encoding = "utf-8", .xml = xml});
    return json ? *json : "failed: " + json.error().message;
}

std::string all(const std::string& selector) {
    const std::string json = extract("v[]=css:" + selector);
    return json.starts_with("{\"v\":") ? json.substr(5, json.size() - 6) : json;
}

TEST(Extract, SelectorsFindWhatBrowsersFind) {
    const std::vector<std::pair<std::string, std::string>> rows = {
        {"title", R"(["A page"])"},
        {"H1", R"(["The head line"])"},
        {"h1 b", R"(["head"])"},
        {"h1 > b", R"(["head"])"},
        {"body > b", "[]"},
        {".title", R"(["The head line"])"},
        {".titl", "[]"},
        {"h1.big.title", R"(["The head line"])"},
        {"#top > h1", R"(["The head line"])"},
        {"li", R"(["one","two","three","four"])"},
        {"li.x", R"(["two","four"])"},
        {"li:first-child", R"(["one"])"},
        {"li:last-child", R"(["four"])"},
        {"li:nth-child(2)", R"(["two"])"},
        {"li:nth-child(odd)", R"(["one","three"])"},
        {"li:nth-child(even)", R"(["two","four"])"},
        {"li:nth-child(2n + 1)", R"(["one","three"])"},
        {"li:nth-child(-n+2)", R"(["one","two"])"},
        {"li:nth-child(n+3)", R"(["three","four"])"},
        {"li:nth-child(3n-1)", R"(["two"])"},
        {"li:nth-last-child(1)", R"(["four"])"},
        {"li:nth-child(0)", "[]"},
        {"p:first-of-type", R"(["12.50"])"},
        {"p:last-of-type", R"([""])"},
        {"a:nth-of-type(2)", R"(["doc"])"},
        {"em:only-child", R"(["deep"])"},
        {"p:empty", R"([""])"},
        {"html:root > body > p.price", R"(["12.50"])"},
        {"li:not(.x)", R"(["one","three"])"},
        {"li:not(.x, :first-child)", R"(["three"])"},
        {"li:not(:not(.y))", R"(["four"])"},
        {"li:contains('re')", R"(["three"])"},
        {"li.x + li", R"(["three"])"},
        {"li.x ~ li", R"(["three","four"])"},
        {"h1, .price", R"(["The head line","12.50"])"},
        {".price,h1", R"(["The head line","12.50"])"},
        {"[data-unit]", R"(["12.50"])"},
        {"p[data-unit=EUR]", R"(["12.50"])"},
        {"p[data-unit='eur' i]", R"(["12.50"])"},
        {"p[data-unit='eur']", "[]"},
        {"a[rel~=external]", R"(["first"])"},
        {"a[rel~='nofollow external']", "[]"},
        {"[lang|=de]", R"(["zwei"])"},
        {"a[href^='https:']", R"(["doc"])"},
        {"a[href$='.pdf']", R"(["doc"])"},
        {"a[href*=example]", R"(["doc"])"},
        {"a[href*='']", "[]"},
        {"a::attr(href)", R"(["/first","https://example.com/doc.pdf"])"},
        {"p::attr(data-unit)", R"(["EUR"])"},
        {"h1::text", R"(["The head line"])"},
        {"em::html", R"(["<em>deep</em>"])"},
        {"div em", R"(["deep"])"},
        {"div > em", "[]"},
        {"div > * > em", R"(["deep"])"},
        {R"(.b-c > .\70 rice)", R"(["12.50"])"},
        {R"(a[title='It\'s "here"'])", R"(["doc"])"},
        {"and, or, div > section", R"(["deep"])"},
    };
    for (const auto& [selector, expected] : rows) EXPECT_EQ(all(selector), expected) << selector;
}

TEST(Extract, WhatIsNotUnderstoodIsRefusedWithItsPlace) {
    const std::vector<std::pair<std::string, std::string>> rows = {
        {"", "at 1: a selector is missing"},
        {"a >", "at 4: a selector is missing"},
        {"a,", "at 3: a selector is missing"},
        {"a:hover", "at 2: the pseudo-class :hover is not supported"},
        {"a:nth-foo(1)", "at 2: the pseudo-class :nth-foo is not supported"},
        {"li:nth-child(x)", "at 14: a number, odd, even or one like 2n+1 is expected"},
        {"li:nth-child(2n1)", "at 14: a number, odd, even or one like 2n+1 is expected"},
        {"li:nth-child(99999999999999999999)",
         "at 14: a number, odd, even or one like 2n+1 is expected"},
        {"[a", "at 3: \"]\" or one of = ~= |= ^= $= *= is expected"},
        {"[a='x]", "at 4: the quote is not closed"},
        {"[a!=x]", "at 3: \"]\" or one of = ~= |= ^= $= *= is expected"},
        {"a::before", "at 2: only ::text, ::html and ::attr(NAME) are supported"},
        {"a::text b", "at 9: nothing may follow ::text, which is said of the whole selector"},
        {"svg|a", "at 4: namespaces are not supported"},
        {"a.", "at 3: a class is missing"},
        {"a{", "at 2: \"{\" is not expected here"},
        {"*:first-of-type", "at 2: \"of-type\" needs a type before it, as in p:first-of-type"},
        {":not(a", "at 7: \")\" is missing"},
        {"a\\", "at 3: a character is missing behind \"\\\""},
    };
    for (const auto& [selector, expected] : rows) {
        const auto query = parse_css(selector);
        ASSERT_FALSE(query) << selector;
        EXPECT_EQ(query.error().message, expected) << selector;
        EXPECT_EQ(query.error().code, Code::invalid);
    }
    EXPECT_EQ(parse_css("a\x01").error().message, "at 2: this is no text");
    EXPECT_EQ(parse_css("[a='\xC3']").error().message, "at 5: this is no text");
    EXPECT_EQ(parse_css(std::string(2000, 'a')).error().code, Code::exhausted);
    std::string many = "a";
    for (int i = 0; i < 100; ++i) many += ">a";
    EXPECT_EQ(parse_css(many).error().code, Code::exhausted);
}

TEST(Extract, XPathGivesTextNumbersAndBooleans) {
    EXPECT_EQ(extract("t=xpath://h1"), R"({"t":"The head line"})");
    EXPECT_EQ(extract("links[]=xpath://a/@href"),
              R"({"links":["/first","https://example.com/doc.pdf"]})");
    EXPECT_EQ(extract("n=xpath:count(//li)"), R"({"n":4})");
    EXPECT_EQ(extract("n=xpath:number(//li)"), R"({"n":null})");
    EXPECT_EQ(extract("b=xpath:boolean(//nothing)"), R"({"b":false})");
    EXPECT_EQ(extract("s=xpath:normalize-space(//h1)"), R"({"s":"The head line"})");
    EXPECT_EQ(extract("t=xpath://nothing"), R"({"t":null})");
    EXPECT_EQ(extract("t[]=xpath://nothing"), R"({"t":[]})");
    EXPECT_EQ(extract("t[]=xpath:count(//li)"), R"({"t":[4]})");
    EXPECT_EQ(extract("t=xpath://li/text()"), R"({"t":"one"})");
    EXPECT_NE(extract("t=xpath://li[").find("no XPath"), std::string::npos);
    EXPECT_NE(extract("t=xpath:foo()").find("cannot be evaluated"), std::string::npos);
    EXPECT_NE(extract("t=xpath://x:y").find("cannot be evaluated"), std::string::npos);
}

TEST(Extract, RulesAreCheckedWhenTheyAreGiven) {
    for (const char* rule : {"", "title", "=css:a", "a b=css:a", "a=h1",
                             "a=css:", "a[]=xpath:", "url~[ a=css:b", "url~x", "ü=css:a"})
        EXPECT_FALSE(ExtractRules::parse({rule})) << rule;
    EXPECT_EQ(ExtractRules::parse(std::vector<std::string>(65, "a=css:b")).error().code,
              Code::exhausted);
    const auto fault = ExtractRules::parse({"good=css:a", "bad=css:a:hover"});
    ASSERT_FALSE(fault);
    EXPECT_EQ(fault.error().message,
              "the rule \"bad=css:a:hover\": at 2: the pseudo-class :hover is not supported");
}

TEST(Extract, RulesHoldForTheirUrls) {
    const auto rules = ExtractRules::parse(
        {"url~/shop/ v=css:.price", R"(url~\.html$ v=css:title)", "url~/blog/ author=css:h1"});
    ASSERT_TRUE(rules);
    EXPECT_EQ(rules->size(), 3U);
    const auto at = [&](std::string_view url) {
        return rules->extract({.url = url, .body = page, .encoding = ""}).value();
    };
    EXPECT_EQ(at("https://e/shop/x.html"), R"({"v":"12.50"})");
    EXPECT_EQ(at("https://e/x.html"), R"({"v":"A page"})");
    EXPECT_EQ(at("https://e/blog/x.html"), R"({"v":"A page","author":"The head line"})");
    EXPECT_EQ(at("https://e/other"), "");
    EXPECT_FALSE(rules->matches("https://e/other"));
    EXPECT_TRUE(rules->matches("https://e/shop/"));
}

TEST(Extract, EncodingIsThatOfThePage) {
    const auto rules = ExtractRules::parse({"t=css:title"});
    ASSERT_TRUE(rules);
    const auto read = [&](std::string_view encoding, std::string_view body) {
        return rules->extract({.url = "", .body = body, .encoding = encoding}).value();
    };
    EXPECT_EQ(read("windows-1251", "<meta charset=utf-8><title>\xCF</title>"), R"({"t":"П"})");
    EXPECT_EQ(read("UTF-8", "<meta charset=latin1><title>\xD0\x9F</title>"), R"({"t":"П"})");
    EXPECT_EQ(read("", std::string_view("<title>a\0b\xFF</title>", 19)),
              "{\"t\":\"a b\xEF\xBF\xBD\"}");
}

TEST(Extract, XmlIsReadAsXml) {
    constexpr std::string_view feed =
        "<?xml version='1.0' encoding='latin1'?><rss xmlns:dc='urn:x'><channel><Item>"
        "<dc:creator>me</dc:creator><title>\xC3\xBC</title></Item></channel></rss>";
    EXPECT_EQ(extract("c=css:creator", feed, true), R"({"c":"me"})");
    EXPECT_EQ(extract("t=css:Item > title", feed, true), R"({"t":"ü"})");
    EXPECT_EQ(extract("t=css:item", feed, true), R"({"t":null})");
    EXPECT_EQ(extract("t=css:title::html", feed, true), R"({"t":"<title>ü</title>"})");
    EXPECT_EQ(extract("t=xpath://title", feed, true), R"({"t":"ü"})");
}

TEST(Extract, EntitiesDoNotGrowAndFilesAreNotRead) {
    std::string bomb = "<?xml version='1.0'?><!DOCTYPE l [<!ENTITY a 'aaaaaaaaaa'>";
    for (char c = 'b'; c < 'k'; ++c) {
        bomb += std::string("<!ENTITY ") + c + " '";
        for (int i = 0; i < 10; ++i) bomb += std::string("&") + static_cast<char>(c - 1) + ";";
        bomb += "'>";
    }
    bomb += "<!ENTITY file SYSTEM 'file:///etc/passwd'>]><l at='&j;'>x&j;&file;</l>";
    const std::string json = extract("t=xpath:string(/l)", bomb, true);
    EXPECT_LT(json.size(), 200U) << json;
    EXPECT_EQ(json.find("root:"), std::string::npos);
    EXPECT_LT(extract("t=xpath:string(/l/@at)", bomb, true).size(), 200U);
}

TEST(Extract, HostilePagesStayWithinTheLimits) {
    std::string deep;
    for (int i = 0; i < 20'000; ++i) deep += "<div>";
    EXPECT_TRUE(is_valid_json(extract("n=xpath:count(//div)", deep)));
    std::string wide = "<ul>";
    for (int i = 0; i < 10'000; ++i) wide += "<li>x";
    EXPECT_NE(extract("n[]=css:li:nth-child(7)", wide).find("too many steps"), std::string::npos);
    EXPECT_NE(
        extract("n=xpath:count(//*[count(//*[count(//*) > 1]) > 1])", wide).find("too many steps"),
        std::string::npos);
    const std::string many = extract("n[]=css:li", wide);
    EXPECT_EQ(many.size(), std::string("{\"n\":[]}").size() + 4 * extract_matches_max - 1);
    const std::string huge = "<title>" + std::string(5U << 20U, 'x');
    EXPECT_NE(extract("t=css:title", huge).find("failed"), std::string::npos);
    const std::string large = "<p>" + std::string(200'000, 'x');
    EXPECT_EQ(extract("t=css:p", large).size(),
              std::string(R"({"t":""})").size() + extract_value_bytes_max);
    std::string values;
    for (int i = 0; i < 40; ++i) values += "<p>" + std::string(60'000, 'x');
    EXPECT_NE(extract("t[]=css:p", values).find("more than 1048576 bytes"), std::string::npos);
    EXPECT_EQ(extract("t=css:p", ""), R"({"t":null})");
    EXPECT_EQ(extract("t=css:p", "", true), "failed: no document can be read from it");
}

TEST(Extract, ThreadsMayShareRules) {
    const auto rules = ExtractRules::parse({"t=css:h1", "l[]=xpath://a/@href"});
    ASSERT_TRUE(rules);
    const std::string expected = rules->extract({.url = "", .body = page, .encoding = ""}).value();
    std::vector<std::string> got(4);
    {
        std::vector<Thread> threads;
        for (std::string& one : got) {
            threads.emplace_back("extract", [&one, &rules] {
                for (int i = 0; i < 50; ++i)
                    one = rules->extract({.url = "", .body = page, .encoding = ""}).value();
            });
        }
    }
    for (const std::string& one : got) EXPECT_EQ(one, expected);
}

TEST(Extract, LiteralsOfXPathHoldBothQuotes) {
    EXPECT_EQ(xpath_literal("a"), "'a'");
    EXPECT_EQ(xpath_literal("it's"), "\"it's\"");
    EXPECT_EQ(xpath_literal("'\""), R"(concat("'", '"', ''))");
}

}  // namespace
}  // namespace sluice::crawl
