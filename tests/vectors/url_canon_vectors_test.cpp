// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_url simdjson::simdjson
// Canonical URLs and resolving against the tables of crawler-commons and the recorded answers of
// w3lib (Scrapy).
#include "modules/crawl/core/url/canonical.h"
#include "modules/crawl/core/url/url.h"
#include "vectors.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {
namespace {

using vectors::VectorTest;
namespace dom = simdjson::dom;

/// Fields between commas, without blanks around them; in double quotes "" is one.
std::vector<std::string> split_csv(std::string_view line) {
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"')
            fields.back() += line[++i];
        else if (c == '"')
            quoted = !quoted;
        else if (c == ',' && !quoted)
            fields.emplace_back();
        else if (c != ' ' || !fields.back().empty())
            fields.back() += c;
    }
    for (std::string& field : fields)
        while (field.ends_with(' ')) field.pop_back();
    return fields;
}

std::vector<std::vector<std::string>> read_table(std::string_view name) {
    std::vector<std::vector<std::string>> rows;
    for (const std::string& line : vectors::read_lines(name))
        if (!line.starts_with('#')) rows.push_back(split_csv(line));
    return rows;
}

/// The canonical form, which must be its own.
std::string canonical(std::string_view text, const CanonicalRules& rules) {
    auto url = parse_url(text);
    if (!url) return "refused";
    make_canonical(*url, rules);
    EXPECT_TRUE(url->is_consistent());
    Url again = *url;
    make_canonical(again, rules);
    EXPECT_EQ(again.href(), url->href());
    return std::string(url->href());
}

/// A case in which we differ on purpose: how its input begins, and why.
struct Difference {
    std::string_view input;
    std::string_view reason;
};

template <std::size_t size>
bool is_expected(const Difference (&differences)[size], std::string_view input) {
    return std::any_of(std::begin(differences), std::end(differences),
                       [input](const Difference& one) { return input.starts_with(one.input); });
}

TEST_F(VectorTest, CrawlerCommonsNormalisesMostUrlsLikeUs) {
    constexpr Difference differences[] = {
        {"ftp:/", "the standard: no URL without a host"},
        {"http:////", "the same"},
        {"foo.com/index.html", "the standard: relative, it guesses no scheme"},
        {"file:/",
         "the standard writes file:///, and other schemes than http are not canonicalised"},
        {"http://foo.com/index?a=1&b=", "\"b=\" is not \"b\" to many servers"},
        {"http://foo.com/index?b=&a=1", "the same"},
        {"http://foo.com/index?&=1", "a value without a name stays"},
        {"http://foo.com/index?=1", "the same"},
    };
    constexpr CanonicalRules rules{
        .sort_query = true, .merge_slashes = true, .drop_host_dot = true};
    int cases = 0;
    int different = 0;
    for (const auto& row : read_table("canon/crawler-commons-weirdToNormalizedUrls.csv")) {
        ASSERT_EQ(row.size(), 2U) << row[0];
        ++cases;
        const std::string ours = canonical(row[0], rules);
        if (ours == row[1]) continue;
        ++different;
        EXPECT_TRUE(is_expected(differences, row[0]))
            << row[0] << " became " << ours << ", not " << row[1];
    }
    EXPECT_EQ(cases, 112);
    EXPECT_EQ(different, 11);
}

TEST_F(VectorTest, CrawlerCommonsResolvesLikeUs) {
    int cases = 0;
    for (const auto& row : read_table("canon/crawler-commons-url-resolve.csv")) {
        ASSERT_EQ(row.size(), 3U) << row[0];
        ++cases;
        const auto base = parse_url(row[1]);
        const auto url = parse_url(row[0], base ? &*base : nullptr);
        ASSERT_TRUE(url) << row[0];
        EXPECT_EQ(url->href(), row[2]);
    }
    EXPECT_EQ(cases, 22);
}

TEST_F(VectorTest, WhatCrawlerCommonsRefusesIsRefused) {
    for (const auto& row : read_table("canon/crawler-commons-invalidUrls.csv"))
        EXPECT_EQ(canonical(row[0], {}), "refused") << row[0];
}

/// Where Scrapy's canonicalize_url and safe_url_string differ from the standard.
constexpr Difference w3lib_differences[] = {
    {"http://www.example.com/do?b=&c", "it writes \"c\" as \"c=\""},
    {"http://www.example.com/do?1750,4",
     "it writes a name without value as \"name=\", and commas as %2C"},
    {"http://www.example.com/do?q=a space", "it writes blanks in queries as \"+\""},
    {"http://www.example.com/do?q=a%20space", "the same"},
    {"https://example.com/a%23b%2cc", "it decodes reserved characters of the path"},
    {"a#frag", "no base: relative texts are no URLs to us"},
    {"a?b=1", "the same"},
    {"?b=1", "the same"},
    {"sftp://", "the standard leaves hosts of such schemes as they are"},
    {"http://.\u00e9x", "it leaves a domain alone if one of its labels is empty"},
    {"http://www.\u00e9x", "it leaves a domain alone if one of its labels is too long"},
    {"https://\"%;<=>@", "it writes a lone % of a password as %25"},
    {"ftp://admin:|%@", "the same"},
    {"http://%user", "the same"},
    {"http://%26user", "it decodes %26 in a user's name"},
    {"http://%25%26user", "the same"},
    {"a://example.com?\"", "RFC 3986 in schemes that we do not canonicalise"},
    {"ftp://example.com?\"", "the same"},
    {"ws://example.com?\"", "the same"},
    {"wss://example.com?\"", "the same"},
    {"file://example.com?\"", "the same"},
    {"http://[v6a.ip]", "it takes any text in brackets for a host"},
    {"data:text/plain;base64", "the standard keeps blanks in an opaque path"},
};

/// Cases without parameters of canonicalize_url (sorted queries) and of safe_url_string (the answer
/// and the input must be one URL to us, or neither of them one). Not comparable: the calls with an
/// encoding or with other options, which are Scrapy's own, and the functions that read HTML or edit
/// queries.
TEST_F(VectorTest, ScrapyWritesMostUrlsLikeUs) {
    dom::parser parser;
    int cases = 0;
    int different = 0;
    for (const std::string& line : vectors::read_lines("canon/w3lib_cases.jsonl")) {
        dom::element test;
        ASSERT_FALSE(parser.parse(line).get(test)) << line;
        std::string_view function;
        std::string_view input;
        std::string_view output;
        ASSERT_FALSE(test["fn"].get(function));
        const bool sorted = function == "canonicalize_url";
        if ((!sorted && function != "safe_url_string") || test["kw"].get_object().size() != 0)
            continue;
        ASSERT_FALSE(test["args"].at(0).get(input) || test["out"].get(output)) << line;
        ++cases;
        const CanonicalRules rules{.sort_query = sorted};
        const std::string ours = canonical(input, rules);
        if (ours == (sorted ? std::string(output) : canonical(output, rules))) continue;
        ++different;
        EXPECT_TRUE(is_expected(w3lib_differences, input))
            << input << " became " << ours << ", not " << output;
    }
    EXPECT_EQ(cases, 354);
    EXPECT_EQ(different, 23);
}

}  // namespace
}  // namespace sluice::crawl
