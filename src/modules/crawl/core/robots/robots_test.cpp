// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/robots/robots.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using namespace sluice;
using namespace sluice::crawl;

constexpr WallTime midnight = wall_from_ns(0);

bool allowed(std::string_view body, std::string_view path, std::string_view agent = "Sluicebot") {
    return parse_robots(body).for_agent(agent).verdict(path).allowed;
}

TEST(Robots, TheLongestPatternDecidesAndAllowWinsATie) {
    const std::string body =
        "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c\nAllow: /a/b/c\n";
    EXPECT_TRUE(allowed(body, "/"));
    EXPECT_FALSE(allowed(body, "/a"));
    EXPECT_FALSE(allowed(body, "/a/c"));
    EXPECT_TRUE(allowed(body, "/a/b"));
    EXPECT_TRUE(allowed(body, "/a/b/c/d"));
}

TEST(Robots, TheVerdictSaysWhichLineDecided) {
    const RobotsRules rules =
        parse_robots(
            "# x\r\nUser-agent: *\r\n\r\nDisallow: /private/ # no\r\nAllow: /private/$\r\n")
            .for_agent("any");
    const RobotsVerdict no = rules.verdict("/private/x");
    EXPECT_FALSE(no.allowed);
    EXPECT_EQ(no.line, 4U);
    EXPECT_EQ(no.pattern, "/private/");
    EXPECT_EQ(to_string(no), "line 4: Disallow: /private/");
    EXPECT_EQ(to_string(rules.verdict("/private/")), "line 5: Allow: /private/$");
    EXPECT_EQ(to_string(rules.verdict("/")), "no rule for everyone matches");
    EXPECT_EQ(to_string(RobotsRules().verdict("/")), "no group for this crawler");
    const RobotsRules own = parse_robots("user-agent: Me\ndisallow:").for_agent("me");
    EXPECT_EQ(to_string(own.verdict("/")), "no rule for this crawler matches");
}

TEST(Robots, StarsAndDollarMatchLikeGoogle) {
    const auto matches = [](std::string pattern, std::string_view path) {
        return !allowed("User-agent: *\nDisallow: " + pattern, path);
    };
    EXPECT_TRUE(matches("*", "/"));
    EXPECT_TRUE(matches("/*", "/x"));
    EXPECT_TRUE(matches("*.gif$", "/a.gif"));
    EXPECT_FALSE(matches("*.gif$", "/a.gif?x"));
    EXPECT_TRUE(matches("/a*b*c", "/a--b--c--"));
    EXPECT_FALSE(matches("/a*b*c", "/a--c--b"));
    EXPECT_TRUE(matches("/a*b$", "/abab"));
    EXPECT_TRUE(matches("/a*$", "/a"));
    EXPECT_TRUE(matches("/a**b", "/ab"));
    EXPECT_FALSE(matches("/ab*b$", "/ab"));
    EXPECT_TRUE(matches("/$", "/"));
    EXPECT_FALSE(matches("/$", "/x"));
    EXPECT_TRUE(matches("/a$b", "/a$b"));
    EXPECT_FALSE(matches("a", "/a"));
    EXPECT_FALSE(matches("$", "/"));
    EXPECT_FALSE(matches("", "/"));
}

TEST(Robots, PatternsThatShareTheirBeginningAreAllAsked) {
    std::string body = "User-agent: *\n";
    for (const std::string_view path : {"/", "/a", "/a/", "/ab", "/abc$", "/abd", "/b*z"}) {
        body += "Disallow: ";
        body += path;
        body += "\nAllow: ";
        body += path;
        body += "q\n";
    }
    const RobotsRules rules = parse_robots(body).for_agent("x");
    const auto line = [&](std::string_view path) { return rules.verdict(path).line; };
    EXPECT_EQ(line("/"), 2U);
    EXPECT_EQ(line("/q"), 3U);
    EXPECT_EQ(line("/a"), 4U);
    EXPECT_EQ(line("/ac"), 4U);
    EXPECT_EQ(line("/a/q"), 7U);
    EXPECT_EQ(line("/abc"), 10U);
    EXPECT_EQ(line("/abcx"), 8U);
    EXPECT_EQ(line("/abd"), 12U);
    EXPECT_EQ(line("/bz"), 14U);
    EXPECT_EQ(line("/bbzq"), 15U);
    EXPECT_EQ(line("/z"), 2U);
}

TEST(Robots, GroupsOfOneNameAreOneAndOtherDirectivesDoNotEndThem) {
    const std::string body =
        "User-agent: a\nCrawl-delay: 3\nSitemap: http://x/s\nUser-agent: b\nDisallow: /one\n"
        "User-agent: *\nDisallow: /\n"
        "User-agent: A/1.0 (old)\nDisallow: /two\n";
    EXPECT_FALSE(allowed(body, "/one", "a"));
    EXPECT_FALSE(allowed(body, "/two", "a"));
    EXPECT_TRUE(allowed(body, "/three", "a"));
    EXPECT_FALSE(allowed(body, "/one", "B"));
    EXPECT_TRUE(allowed(body, "/two", "b"));
    EXPECT_FALSE(allowed(body, "/three", "c"));
    EXPECT_EQ(parse_robots(body).agents(), (std::vector<std::string>{"a", "b"}));
}

TEST(Robots, MisspeltDirectivesAndMissingColonsAreUnderstood) {
    EXPECT_FALSE(allowed("useragent x\ndissallow /", "/", "x"));
    EXPECT_FALSE(allowed("user agent: x\ndisalow: /", "/", "x"));
    EXPECT_FALSE(allowed("USER-AGENTS: *\nDisallowed: /", "/"));
    EXPECT_TRUE(allowed("user-agent: *\ndisallow / please", "/"));
    EXPECT_TRUE(allowed("user-agent: *\nnoallow: /", "/"));
    EXPECT_FALSE(allowed("User-agent: * everyone\nDisallow: /", "/"));
    EXPECT_TRUE(allowed("User-agent: *bot\nDisallow: /", "/"));
}

TEST(Robots, LineEndingsMarksAndNulsDoNoHarm) {
    EXPECT_FALSE(allowed("\xEF\xBB\xBFUser-agent: *\rDisallow: /", "/"));
    EXPECT_FALSE(allowed("\xEF\xBBUser-agent: *\n\rDisallow: /\r\n", "/"));
    const RobotsRules rules = parse_robots("User-agent: *\r\n\r\n\rDisallow: /").for_agent("x");
    EXPECT_EQ(rules.verdict("/").line, 4U);
    using namespace std::string_view_literals;
    EXPECT_FALSE(allowed("User-agent: *\0bot\nDisallow: /a\0b"sv, "/a"));
    EXPECT_FALSE(allowed(
        "\xFF\xFEU\0s\0e\0r\0-\0a\0g\0e\0n\0t\0:\0*\0\n\0D\0i\0s\0a\0l\0l\0o\0w\0:\0/\0"sv, "/"));
    EXPECT_TRUE(allowed("\xFE\xFF\xD8\0\xD8"sv, "/"));
    EXPECT_TRUE(allowed("", "/"));
    EXPECT_TRUE(allowed("\xFF\xFE", "/"));
}

TEST(Robots, ALongLineAndALongFileAreCut) {
    const std::string start = "User-agent: *\nDisallow: /";
    const std::string fits(robots_line_bytes_max - std::string_view("Disallow: /").size(), 'a');
    EXPECT_FALSE(allowed(start + fits + "bbb", "/" + fits + "ccc"));
    EXPECT_TRUE(allowed(start + fits + "bbb", "/" + fits.substr(1)));
    // What is cut in the middle must not forbid or allow more than was meant.
    std::string body = "User-agent: *\nDisallow: /kept\n#";
    body.append(robots_bytes_max - body.size() - 12, '.');
    body += "\nDisallow: /x/y\n";
    ASSERT_GT(body.size(), robots_bytes_max);
    EXPECT_FALSE(allowed(body, "/kept"));
    EXPECT_TRUE(allowed(body, "/x/y"));
    EXPECT_TRUE(allowed(body, "/z"));
}

TEST(Robots, EncodingsAreComparedAsOne) {
    const std::string body = "User-agent: *\nDisallow: /caf\xC3\xA9/%7e\n";
    EXPECT_FALSE(allowed(body, "/caf%C3%A9/%7E"));
    EXPECT_FALSE(allowed(body, "/caf%c3%a9/%7e"));
    EXPECT_FALSE(allowed(body, "/caf\xC3\xA9/%7E"));
    EXPECT_TRUE(allowed(body, "/caf%C3%A9/~"));
    EXPECT_EQ(normalise_robots_pattern("%"), "%");
    EXPECT_EQ(normalise_robots_pattern("%a%e4"), "%a%E4");
    EXPECT_EQ(normalise_robots_pattern("\xFF%2"), "%FF%2");
}

TEST(Robots, AnIndexPageAllowedIsItsFolderAllowed) {
    const std::string body = "User-agent: *\nAllow: /a/index.html\nDisallow: /\n";
    EXPECT_TRUE(allowed(body, "/a/"));
    EXPECT_TRUE(allowed(body, "/a/index.html"));
    EXPECT_FALSE(allowed(body, "/a/index.htm"));
    EXPECT_FALSE(allowed(body, "/a/b"));
    const RobotsVerdict verdict = parse_robots(body).for_agent("x").verdict("/a/");
    EXPECT_EQ(verdict.line, 2U);
}

TEST(Robots, TheFileItselfIsAlwaysAllowed) {
    EXPECT_TRUE(allowed("User-agent: *\nDisallow: /", "/robots.txt"));
    EXPECT_FALSE(allowed("User-agent: *\nDisallow: /", "/robots.txt2"));
    EXPECT_FALSE(
        parse_robots("User-agent: *\nDisallow: /").for_agent("x").match("/robots.txt").allowed);
}

TEST(Robots, DelaysBelongToTheAgentsAboveThem) {
    const Robots file = parse_robots(
        "Crawl-delay: 99\nUser-agent: one\nCrawl-delay: 2.5\nUser-agent: two\nCrawl-delay: 7s\n"
        "Crawl-delay: 4\nDisallow:\nUser-agent: *\nCrawl-delay: 1e9\nUser-agent: three\nAllow: /\n"
        "User-agent: four\nCrawl-delay: 99999999999999999999\nUser-agent: five\nCrawl-delay: "
        ".25\n");
    EXPECT_EQ(file.for_agent("one").crawl_delay(), Duration{2500ms});
    EXPECT_EQ(file.for_agent("two").crawl_delay(), Duration{7s});
    EXPECT_EQ(file.for_agent("three").crawl_delay(), std::nullopt);
    EXPECT_EQ(file.for_agent("four").crawl_delay(), robots_delay_max);
    EXPECT_EQ(file.for_agent("five").crawl_delay(), Duration{250ms});
    EXPECT_EQ(file.for_agent("other").crawl_delay(), Duration{1s});
    EXPECT_FALSE(parse_robots("user-agent: *\ncrawl-delay: -1").for_agent("x").crawl_delay());
}

TEST(Robots, RequestRatesHoldInTheirHours) {
    const RobotsRules rules =
        parse_robots(
            "User-agent: *\nRequest-rate: 1/5\nRequest-rate: 1/1m 0600-0845\n"
            "Request-rate: 1/2h 2300-0100\nRequest-rate: 0/1\nRequest-rate: 5\n"
            "Request-rate: 1/1 2500-2600\nCrawl-delay: 6")
            .for_agent("x");
    ASSERT_EQ(rules.rates().size(), 3U);
    EXPECT_EQ(rules.pause(midnight + 12h), Duration{6s});
    EXPECT_EQ(rules.pause(midnight + 6h), Duration{60s});
    EXPECT_EQ(rules.pause(midnight + 8h + 45min + 59s), Duration{60s});
    EXPECT_EQ(rules.pause(midnight + 8h + 46min), Duration{6s});
    EXPECT_EQ(rules.pause(midnight + 30min), Duration{2h});
    EXPECT_EQ(RobotsRules().pause(midnight), Duration{0});
}

TEST(Robots, SitemapsAreFoundEverywhereWithTheirLines) {
    const Robots file = parse_robots("Sitemap: /a\nuser-agent: x\nsite-map:http://h/B#c\nSitemap:");
    EXPECT_EQ(file.sitemaps(), (std::vector<RobotsSitemap>{{1, "/a"}, {3, "http://h/B"}}));
    std::string many;
    for (std::size_t i = 0; i < robots_sitemaps_max + 5; ++i) many += "Sitemap: /s\n";
    EXPECT_EQ(parse_robots(many).sitemaps().size(), robots_sitemaps_max);
}

TEST(Robots, RulesComeBackFromTheirDurableForm) {
    const RobotsRules rules =
        parse_robots(
            "User-agent: *\nAllow: /b/index.html\nDisallow: /*.php$\nDisallow: /\n"
            "Crawl-delay: 3\nRequest-rate: 2/1m 2300-0100")
            .for_agent("x");
    const std::string bytes = rules.encode();
    EXPECT_LT(bytes.size(), 64U);
    const auto back = RobotsRules::decode(bytes);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->encode(), bytes);
    EXPECT_EQ(back->group(), RobotsGroup::everyone);
    EXPECT_EQ(back->crawl_delay(), Duration{3s});
    EXPECT_EQ(back->rates(), rules.rates());
    EXPECT_EQ(back->rule_count(), 4U);
    EXPECT_TRUE(back->verdict("/b/").allowed);
    EXPECT_EQ(back->verdict("/x.php").line, 3U);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(RobotsRules::decode(bytes.substr(0, size))) << size;
    }
    EXPECT_FALSE(RobotsRules::decode(bytes + "x"));
    EXPECT_FALSE(RobotsRules::decode("\x02" + bytes.substr(1)));
}

TEST(Robots, HostilePatternsTakeLinearTime) {
    // With a matcher that goes back, either of these takes longer than the universe is old.
    std::string stars;
    for (int i = 0; i < 2000; ++i) stars += "*a";
    std::string body = "User-agent: *\n";
    for (int i = 0; i < 100; ++i) body += "Disallow: /" + stars + "b\n";
    const RobotsRules rules = parse_robots(body).for_agent("x");
    EXPECT_TRUE(rules.verdict("/" + std::string(4000, 'a') + "c").allowed);
    EXPECT_FALSE(rules.verdict("/" + std::string(4000, 'a') + "b").allowed);
    // Each pattern begins the next one.
    std::string nested = "User-agent: *\n";
    std::string path = "/";
    for (int i = 0; i < 900; ++i) nested += "Disallow: " + (path += 'a') + "$\n";
    EXPECT_EQ(parse_robots(nested).for_agent("x").verdict(path).line, 901U);
}

TEST(Robots, TheTokenEndsAtTheFirstOtherCharacter) {
    EXPECT_EQ(robots_token("Sluicebot/1.0 (+http://x)"), "Sluicebot");
    EXPECT_EQ(robots_token("my-bot_x2"), "my-bot_x");
    EXPECT_EQ(robots_token("/1"), "");
}

TEST(Robots, ThePathOfAUrlIsCutOutLikeGoogleDoes) {
    EXPECT_EQ(robots_path(""), "/");
    EXPECT_EQ(robots_path("http://www.example.com"), "/");
    EXPECT_EQ(robots_path("http://www.example.com/a/b?c=http://d.e/#f"), "/a/b?c=http://d.e/");
    EXPECT_EQ(robots_path("http://www.example.com?a"), "/?a");
    EXPECT_EQ(robots_path("www.example.com/a/b;c#d/e"), "/a/b;c");
    EXPECT_EQ(robots_path("//a/b/c"), "/b/c");
    EXPECT_EQ(robots_path("http://h#/x"), "/");
}

}  // namespace
