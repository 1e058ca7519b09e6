// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_robots simdjson::simdjson
// robots.txt against Google's matcher: its own cases, cases from RFC 9309, and what it says to
// 3,410 real files; then what the tests of two other parsers expect, where that is the same
// reading.
#include "modules/crawl/core/robots/robots.h"
#include "vectors.h"

#include <simdjson.h>

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::crawl;

class RobotsVectors : public vectors::VectorTest {
protected:
    simdjson::dom::parser parser;

    simdjson::dom::element parse(const std::string& line) {
        simdjson::dom::element out;
        EXPECT_EQ(parser.parse(line).get(out), simdjson::SUCCESS) << line;
        return out;
    }
    static std::string text(simdjson::dom::element object, const char* name) {
        std::string_view out;
        EXPECT_EQ(object[name].get(out), simdjson::SUCCESS) << name;
        return std::string(out);
    }
    static bool truth(simdjson::dom::element object, const char* name) {
        bool out = false;
        EXPECT_EQ(object[name].get(out), simdjson::SUCCESS) << name;
        return out;
    }
};

/// Bytes that were written as the characters U+0000 to U+00FF.
std::string bytes_of(std::string_view utf8) {
    std::string out;
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto byte = static_cast<unsigned char>(utf8[i]);
        if (byte < 0x80) {
            out += utf8[i];
        } else {
            const auto next = static_cast<unsigned char>(utf8[++i]);
            out += static_cast<char>(((byte & 3U) << 6) | (next & 63U));
        }
    }
    return out;
}

bool ask(const std::string& body, const std::string& agent, const std::string& url) {
    return parse_robots(body).for_agent(agent).verdict(robots_path(url)).allowed;
}

TEST_F(RobotsVectors, CasesOfGoogleAreAnsweredLikeGoogle) {
    std::size_t right = 0;
    for (const std::string& line : vectors::read_lines("robots/google-cases.jsonl")) {
        const auto example = parse(line);
        const std::string body = bytes_of(text(example, "robots"));
        const std::string url = bytes_of(text(example, "url"));
        const bool expected = truth(example, "allowed");
        const RobotsRules rules = parse_robots(body).for_agent(text(example, "agent"));
        const bool same = rules.match(robots_path(url)).allowed == expected;
        EXPECT_TRUE(same) << text(example, "test") << ' ' << text(example, "agent") << ' '
                          << url.substr(0, 200) << " should be " << expected << " in\n"
                          << body.substr(0, 500);
        if (same) ++right;
    }
    EXPECT_EQ(right, 145U);
}

TEST_F(RobotsVectors, CasesFromTheRfcAreRight) {
    std::size_t right = 0;
    for (const std::string& line : vectors::read_lines("robots/rfc9309-cases.jsonl")) {
        const auto example = parse(line);
        const std::string body = text(example, "robots");
        const bool same =
            ask(body, text(example, "agent"), text(example, "url")) == truth(example, "allowed");
        EXPECT_TRUE(same) << line;
        if (same) ++right;
    }
    EXPECT_EQ(right, 40U);
}

TEST_F(RobotsVectors, RealFilesAreReadAsGoogleReadsThem) {
    std::map<std::string, Robots> files;
    for (const std::string& line : vectors::read_lines("robots/real-bodies.jsonl.gz")) {
        const auto file = parse(line);
        files.emplace(text(file, "name"), parse_robots(text(file, "body")));
    }
    EXPECT_EQ(files.size(), 3410U);
    std::size_t asked = 0;
    std::size_t different = 0;
    std::vector<std::string> exceptions;
    for (const std::string& line : vectors::read_lines("robots/real-verdicts.jsonl.gz")) {
        const auto file = parse(line);
        const auto found = files.find(text(file, "name"));
        ASSERT_NE(found, files.end());
        RobotsRules rules = found->second.for_agent(text(file, "agent"));
        // What is kept of a host says the same.
        const auto kept = RobotsRules::decode(rules.encode());
        ASSERT_TRUE(kept);
        simdjson::dom::object paths;
        ASSERT_EQ(file["allowed"].get(paths), simdjson::SUCCESS);
        for (const auto& [path, value] : paths) {
            const bool expected = value.get_uint64().value_unsafe() == 1;
            const RobotsVerdict verdict = rules.match(path);
            ++asked;
            ASSERT_EQ(kept->match(path).line, verdict.line);
            if (rules.verdict(path).allowed != verdict.allowed) exceptions.emplace_back(path);
            if (verdict.allowed == expected) continue;
            ++different;
            ADD_FAILURE() << found->first << ' ' << text(file, "agent") << ' ' << path
                          << " should be " << expected << "; " << to_string(verdict);
        }
    }
    EXPECT_EQ(asked, 148'579U);
    EXPECT_EQ(different, 0U);
    // What a crawl asks differs from it in two places, both because the RFC says so: the file
    // itself is always allowed, and "%2b" in a link is "%2B".
    for (const std::string& path : exceptions) {
        EXPECT_TRUE(path == "/robots.txt" || path != normalise_robots_pattern(path)) << path;
    }
    EXPECT_EQ(exceptions.size(), 30U);
}

struct Otherwise {
    int cases;
    const char* because;
};
/// What Protego answers otherwise than Google's matcher, whose reading we have.
const std::map<std::string, Otherwise> protego_reads_otherwise = {
    {"test_1996rfc_examples", {4, "names with digits, and %7E is not ~"}},
    {"test_allowed_wildcards", {22, "names with digits"}},
    {"test_escaped_special_symbols", {4, "%24 and %2A are not $ and *"}},
    {"test_escaped_url", {2, "%3C is not <"}},
    {"test_generosity", {3, "three words without a colon, and names with *"}},
    {"test_grouping_unknown_keys", {3, "an unknown directive ends no group"}},
    {"test_nonterminal_dollar", {2, "%24 is not $"}},
    {"test_percentage_encoding", {1, "%62 is not b"}},
    {"test_special_symbols_dual_behaviour", {2, "a $ at the end is the end only"}},
    {"test_unescaped_url", {2, "< is not %3C"}},
    {"test_unicode_url_and_useragent", {4, "names beyond ASCII"}},
    {"test_with_absolute_urls", {1, "a pattern begins with a slash or a star"}},
};

TEST_F(RobotsVectors, CasesOfProtegoAreRightWhereGoogleReadsThemSo) {
    std::map<std::string, int> other;
    std::size_t same = 0;
    for (const std::string& line : vectors::read_lines("robots/protego-cases.jsonl")) {
        const auto example = parse(line);
        if (text(example, "query") != "can_fetch") continue;
        simdjson::dom::array args;
        ASSERT_EQ(example["args"].get(args), simdjson::SUCCESS);
        const std::string url(args.at(0).get_string().value_unsafe());
        const std::string agent(args.at(1).get_string().value_unsafe());
        if (ask(text(example, "robots"), agent, url) == truth(example, "answer")) {
            ++same;
        } else {
            ++other[text(example, "test")];
            EXPECT_TRUE(protego_reads_otherwise.contains(text(example, "test"))) << line;
        }
    }
    for (const auto& [test, expected] : protego_reads_otherwise) {
        EXPECT_EQ(other[test], expected.cases) << test << ": " << expected.because;
    }
    EXPECT_EQ(same, 263U);
}

TEST_F(RobotsVectors, DelaysAndRatesOfProtegoAreRight) {
    std::size_t delays = 0;
    std::size_t rates = 0;
    for (const std::string& line : vectors::read_lines("robots/protego-cases.jsonl")) {
        const auto example = parse(line);
        const std::string query = text(example, "query");
        if (query != "crawl_delay" && query != "request_rate") continue;
        // Three words without a colon are nothing to Google.
        if (text(example, "test") == "test_generosity") continue;
        simdjson::dom::array args;
        ASSERT_EQ(example["args"].get(args), simdjson::SUCCESS);
        const std::string agent(args.at(0).get_string().value_unsafe());
        const RobotsRules rules = parse_robots(text(example, "robots")).for_agent(agent);
        simdjson::dom::element answer;
        ASSERT_EQ(example["answer"].get(answer), simdjson::SUCCESS);
        if (query == "crawl_delay") {
            ++delays;
            EXPECT_EQ(rules.crawl_delay().has_value(), !answer.is_null()) << line;
            if (answer.is_null() || !rules.crawl_delay()) continue;
            const std::chrono::duration<double> seconds(answer.get_double().value_unsafe());
            EXPECT_EQ(*rules.crawl_delay(), std::chrono::duration_cast<Duration>(seconds)) << line;
        } else {
            ++rates;
            ASSERT_EQ(rules.rates().empty(), answer.is_null()) << line;
            if (answer.is_null()) continue;
            const RobotsRate& rate = rules.rates()[0];
            EXPECT_EQ(rate.requests, answer.at(0).get_uint64().value_unsafe());
            EXPECT_EQ(rate.period / 1s, answer.at(1).get_int64().value_unsafe());
            EXPECT_EQ(rate.window.has_value(), !answer.at(2).is_null());
            if (!rate.window) continue;
            const std::string first(answer.at(2).get_string().value_unsafe());
            EXPECT_EQ((*rate.window)[0], std::stoi(first) * 60 + std::stoi(first.substr(3)));
        }
    }
    EXPECT_EQ(delays, 6U);
    EXPECT_EQ(rates, 11U);
}

class OddRobots : public RobotsVectors {
protected:
    static Robots file(const std::string& name) {
        return parse_robots(vectors::read("robots/crawler-commons/" + name + ".txt"));
    }
    static bool allowed(const std::string& name, std::string_view agent, std::string_view path) {
        return file(name).for_agent(agent).verdict(path).allowed;
    }
};

TEST_F(OddRobots, EveryByteOrderMarkIsUnderstood) {
    for (const std::string name :
         {"robots-with-utf8-bom", "robots-with-utf16le-bom", "robots-with-utf16be-bom"}) {
        EXPECT_FALSE(allowed(name, "Foobot", "/profile")) << name;
        EXPECT_FALSE(allowed(name, "Foobot", "/x/output/print")) << name;
        EXPECT_FALSE(allowed(name, "Googlebot", "/login.aspx")) << name;
        EXPECT_TRUE(allowed(name, "Foobot", "/")) << name;
        EXPECT_EQ(file(name).sitemaps().size(), 1U) << name;
    }
}

TEST_F(OddRobots, DelaysAndRatesOfGroupsAreTheirOwn) {
    const Robots merged = file("crawl-delay-group-merging");
    EXPECT_EQ(merged.for_agent("mybot").crawl_delay(), Duration{10s});
    EXPECT_EQ(merged.for_agent("yourbot").crawl_delay(), std::nullopt);
    EXPECT_EQ(merged.for_agent("other").crawl_delay(), Duration{30s});
    EXPECT_FALSE(merged.for_agent("mybot").verdict("/private/").allowed);
    EXPECT_TRUE(merged.for_agent("mybot").verdict("/login/").allowed);
    EXPECT_FALSE(merged.for_agent("yourbot").verdict("/private/").allowed);
    EXPECT_FALSE(merged.for_agent("yourbot").verdict("/login/").allowed);
    const Robots more = file("extensions-group-merging");
    EXPECT_EQ(more.for_agent("mybot").pause(WallTime{}), Duration{6s});
    EXPECT_EQ(more.for_agent("yourbot").pause(WallTime{}), Duration{0});
    EXPECT_EQ(more.for_agent("other").pause(WallTime{}), Duration{2s});
    EXPECT_FALSE(more.for_agent("mybot").verdict("/private/").allowed);
    EXPECT_FALSE(more.for_agent("other").verdict("/x").allowed);
    EXPECT_TRUE(more.for_agent("other").verdict("/llms.txt").allowed);
    EXPECT_EQ(file("dos-line-endings").for_agent("x").crawl_delay(), Duration{1s});
    EXPECT_EQ(file("astore.amazon.com-robots").for_agent("x").pause(WallTime{}), Duration{5s});
    EXPECT_EQ(file("twitter.com-robots").for_agent("slurp").crawl_delay(), Duration{1s});
}

TEST_F(OddRobots, TyposAreForgivenLikeGoogleForgivesThem) {
    EXPECT_TRUE(allowed("directive-typos-robots", "bot", "/desallow/"));
    EXPECT_FALSE(allowed("format-errors-robots", "bot", "/whitespace-before-colon/"));
    EXPECT_FALSE(allowed("format-errors-robots", "bot", "/no-colon/"));
    EXPECT_EQ(file("format-errors-robots").sitemaps()[0].url, "/sitemap.xml");
    EXPECT_EQ(file("sitemap-robots").sitemaps().size(), 2U);
    EXPECT_EQ(file("sitemap-robots").sitemaps()[1].url,
              "http://domain.com/dir/MixedCased-sitemap.xml");
    EXPECT_FALSE(allowed("malformed-path", "x", "/wiki/Wikipedia_talk%3Mediation_Committee/"));
}

TEST_F(OddRobots, GroupsAreMergedAndTheLongestPatternWins) {
    EXPECT_TRUE(allowed("merge-rules", "wget", "/foo/bar"));
    EXPECT_FALSE(allowed("merge-rules", "wget", "/tmp/bar"));
    EXPECT_FALSE(allowed("merge-rules", "curl", "/x"));
    EXPECT_FALSE(allowed("merge-rules", "other", "/foo/bar"));
    EXPECT_FALSE(allowed("precedence-of-rules", "wget", "/x"));
    EXPECT_TRUE(allowed("precedence-of-rules", "wget", "/"));
    EXPECT_TRUE(allowed("precedence-of-rules", "wget", "/foo"));
    EXPECT_TRUE(allowed("precedence-of-rules", "testy", "/foo/bar"));
    EXPECT_FALSE(allowed("precedence-of-rules", "testy", "/foo/baz"));
    EXPECT_FALSE(allowed("many-user-agents", "Alexibot", "/"));
    EXPECT_FALSE(allowed("many-user-agents", "other", "/bot-trap/"));
    EXPECT_TRUE(allowed("many-user-agents", "other", "/"));
    EXPECT_FALSE(allowed("wildcards", "x", "/gp/cart?a"));
}

}  // namespace
