// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/scope/scope.h"

#include <gtest/gtest.h>

namespace sluice::crawl {
namespace {

ScopeRule rule(const ScopeConfig& config, std::string_view url) {
    const auto scope = Scope::make(config);
    EXPECT_TRUE(scope) << scope.error().text();
    const auto parsed = parse_url(url);
    EXPECT_TRUE(parsed) << url;
    return scope->verdict(*parsed).rule;
}

TEST(Scope, AHostMeansAllItsPortsUnlessOneIsGiven) {
    const ScopeConfig config{.hosts = {"Example.ORG", "other.org:8080"}};
    EXPECT_EQ(rule(config, "http://example.org/"), ScopeRule::inside);
    EXPECT_EQ(rule(config, "https://example.org:8443/"), ScopeRule::inside);
    EXPECT_EQ(rule(config, "http://www.example.org/"), ScopeRule::host);
    EXPECT_EQ(rule(config, "http://other.org:8080/"), ScopeRule::inside);
    EXPECT_EQ(rule(config, "http://other.org/"), ScopeRule::host);
}

TEST(Scope, ADomainMeansWhatIsBelowItAndNotWhatEndsLikeIt) {
    const ScopeConfig config{.domains = {"example.org"}};
    EXPECT_EQ(rule(config, "http://example.org/"), ScopeRule::inside);
    EXPECT_EQ(rule(config, "http://a.b.example.org/"), ScopeRule::inside);
    EXPECT_EQ(rule(config, "http://badexample.org/"), ScopeRule::host);
    EXPECT_EQ(rule(config, "http://example.org.evil.net/"), ScopeRule::host);
}

TEST(Scope, OnlyWebUrlsAreEverInside) {
    const ScopeConfig config{.any_host = true};
    for (const char* url : {"ftp://example.org/", "file:///etc/passwd", "mailto:a@example.org",
                            "javascript:alert(1)", "data:text/html,x"})
        EXPECT_EQ(rule(config, url), ScopeRule::scheme) << url;
    const ScopeConfig secure{.any_host = true, .https_only = true};
    EXPECT_EQ(rule(secure, "http://example.org/"), ScopeRule::scheme);
    EXPECT_EQ(rule(secure, "https://example.org/"), ScopeRule::inside);
}

TEST(Scope, PathsAndPatternsIncludeAndExclude) {
    const ScopeConfig config{.any_host = true,
                             .paths = {"/docs/", "/blog/"},
                             .paths_excluded = {"/docs/old/"},
                             .patterns = {"\\.html$", "/$"},
                             .patterns_excluded = {"[?&]print=1"}};
    EXPECT_EQ(rule(config, "http://a.org/docs/x.html"), ScopeRule::inside);
    EXPECT_EQ(rule(config, "http://a.org/blog/"), ScopeRule::inside);
    EXPECT_EQ(rule(config, "http://a.org/shop/x.html"), ScopeRule::path);
    EXPECT_EQ(rule(config, "http://a.org/docs/old/x.html"), ScopeRule::path_excluded);
    EXPECT_EQ(rule(config, "http://a.org/docs/x.pdf"), ScopeRule::pattern);
    EXPECT_EQ(rule(config, "http://a.org/docs/?a=2&print=1"), ScopeRule::pattern_excluded);
    EXPECT_EQ(rule(config, "http://a.org/docs/x.html#part"), ScopeRule::inside);
}

TEST(Scope, TheVerdictNamesItsRule) {
    const auto scope = Scope::make({.any_host = true, .patterns_excluded = {"\\.pdf$"}});
    ASSERT_TRUE(scope);
    const auto url = parse_url("http://a.org/x.pdf");
    EXPECT_EQ(to_string(scope->verdict(*url)), "excluded by the pattern \\.pdf$");
}

TEST(Scope, BadRulesAreRefusedWithAReason) {
    const auto pattern = Scope::make({.patterns = {"a(b"}});
    ASSERT_FALSE(pattern);
    EXPECT_NE(pattern.error().message.find("a(b"), std::string::npos);
    for (const char* host : {"", "a.org/path", "user@a.org", "exa mple.org", "http://a.org"})
        EXPECT_FALSE(Scope::make({.hosts = {host}})) << host;
    EXPECT_FALSE(Scope::make({.patterns = {std::string(2'000, 'a')}}));
    EXPECT_FALSE(Scope::make({.paths = std::vector<std::string>(2'000, "/")}));
    // Needs more memory than a pattern may have.
    EXPECT_FALSE(Scope::make({.patterns = {"((a{100}){100}){100}"}}));
}

// A pattern that makes backtracking engines take exponential time.
TEST(Scope, HostilePatternsTakeLinearTime) {
    const auto scope = Scope::make({.any_host = true, .patterns_excluded = {"(a+)+$"}});
    ASSERT_TRUE(scope);
    const auto url = parse_url("http://a.org/" + std::string(100'000, 'a') + "!");
    ASSERT_TRUE(url);
    EXPECT_TRUE(scope->verdict(*url).inside());
}

}  // namespace
}  // namespace sluice::crawl
