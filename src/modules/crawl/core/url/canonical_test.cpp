// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/url/canonical.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sluice::crawl {
namespace {

std::string canonical(std::string_view text, const CanonicalRules& rules = {}) {
    auto url = parse_url(text);
    EXPECT_TRUE(url) << text;
    make_canonical(*url, rules);
    EXPECT_TRUE(url->is_consistent());
    Url again = *url;
    make_canonical(again, rules);
    EXPECT_EQ(again.href(), url->href()) << "a canonical form is its own";
    return std::string(url->href());
}

UrlRefusal refusal(std::string_view text, const ShapeLimits& limits = {}) {
    Url url;
    return resolve_link(url, text, nullptr, {.shape = limits}).refusal;
}

TEST(Canonical, FragmentsGoAndTripletsAreWrittenOneWay) {
    EXPECT_EQ(canonical("HTTP://H:80/a/../%7eb%2f?%41#x"), "http://h/~b%2F?A");
    EXPECT_EQ(canonical("http://h/100%"), "http://h/100%25");
    EXPECT_EQ(canonical("http://h/%%32E%zz"), "http://h/%252E%25zz")
        << "no new triplet comes to be";
    EXPECT_EQ(canonical("http://h/[a]|b?x[]=1"), "http://h/%5Ba%5D%7Cb?x%5B%5D=1");
    EXPECT_EQ(canonical("http://h/%7e", {.normalise_percent = false}), "http://h/%7e");
    EXPECT_EQ(canonical("mailto:%7e#x"), "mailto:%7e");
}

TEST(Canonical, SessionsAreDropped) {
    EXPECT_EQ(canonical("http://h/a;jsessionid=1F/b;x=1;JSESSIONID=2?PHPSESSID=3&q=4"),
              "http://h/a/b;x=1?q=4");
    EXPECT_EQ(canonical("http://h/?sid=0123456789abcdef"), "http://h/");
    EXPECT_EQ(canonical("http://h/?sid=7&ASPSESSIONIDABC=x"), "http://h/?sid=7");
    EXPECT_EQ(canonical("http://h/?%73essionid=1&a"), "http://h/?a");
    EXPECT_EQ(canonical("http://h/?sessionid=1", {.drop_session_ids = false}),
              "http://h/?sessionid=1");
}

TEST(Canonical, OtherRulesAreAskedFor) {
    EXPECT_EQ(canonical("http://h./a//b?utm_source=x&b=1&a=2"),
              "http://h./a//b?utm_source=x&b=1&a=2");
    EXPECT_EQ(canonical("http://h/?utm_source=x&gclid=1&b=1", {.drop_tracking = true}),
              "http://h/?b=1");
    EXPECT_EQ(canonical("http://h/?b=2&&a=2&b=1&a", {.sort_query = true}),
              "http://h/?a&a=2&b=1&b=2");
    EXPECT_EQ(canonical("http://h//a///b", {.merge_slashes = true}), "http://h/a/b");
    EXPECT_EQ(canonical("http://h../", {.drop_host_dot = true}), "http://h/");
    EXPECT_EQ(canonical("http://h/?"), "http://h/");
    EXPECT_EQ(canonical("http://h/?", {.drop_empty_query = false}), "http://h/?");
}

TEST(Canonical, LinksThatACrawlDoesNotTakeSayWhy) {
    EXPECT_EQ(refusal("http://h/a/b?c=1"), UrlRefusal::none);
    EXPECT_EQ(refusal("//"), UrlRefusal::not_a_url);
    EXPECT_EQ(refusal("javascript:void(0)"), UrlRefusal::scheme);
    EXPECT_EQ(refusal("http://" + std::string(64, 'a') + ".com/"), UrlRefusal::host_length);
    EXPECT_EQ(refusal("http://a..com/"), UrlRefusal::host_length);
    EXPECT_EQ(refusal("http://a.com./"), UrlRefusal::none);
    EXPECT_EQ(refusal("http://[::1]/"), UrlRefusal::none);
    EXPECT_EQ(refusal("http://h/" + std::string(2039, 'a')), UrlRefusal::none);
    EXPECT_EQ(refusal("http://h/" + std::string(2040, 'a')), UrlRefusal::too_long);
    EXPECT_EQ(refusal("http://h/a#" + std::string(3000, 'a')), UrlRefusal::none)
        << "the fragment is dropped";
    EXPECT_EQ(to_string(UrlRefusal::too_long), "too_long");
}

TEST(Canonical, PathsAndQueriesHaveLimits) {
    std::string path;
    for (int i = 0; i < 32; ++i) path += "/" + std::to_string(i);
    EXPECT_EQ(refusal("http://h" + path + "/"), UrlRefusal::none);
    EXPECT_EQ(refusal("http://h" + path + "/x"), UrlRefusal::too_many_segments);
    EXPECT_EQ(refusal("http://h/a/b/a/c/a"), UrlRefusal::none);
    EXPECT_EQ(refusal("http://h/a/b/a/c/a/a"), UrlRefusal::repeated_segment);
    EXPECT_EQ(refusal("http://h////////"), UrlRefusal::none) << "empty segments are none";
    std::string query = "?a";
    for (int i = 0; i < 15; ++i) query += "&" + std::to_string(i);
    EXPECT_EQ(refusal("http://h/" + query), UrlRefusal::none);
    EXPECT_EQ(refusal("http://h/" + query + "&x"), UrlRefusal::too_many_query_keys);
    const ShapeLimits none{
        .bytes_max = 0, .segments_max = 0, .repeats_max = 0, .query_keys_max = 0};
    EXPECT_EQ(
        refusal("http://h/a/a/a/a" + path + "/x/" + std::string(5000, 'a') + query + "&x", none),
        UrlRefusal::none);
}

TEST(Canonical, ALinkIsResolvedInOneStep) {
    const Url base = *parse_url("http://h/a/b");
    Url url;
    const LinkVerdict good = resolve_link(url, "../c%7e?sessionid=1#x", &base);
    EXPECT_EQ(good.refusal, UrlRefusal::none);
    EXPECT_EQ(url.href(), "http://h/c~");
    const LinkVerdict bad = resolve_link(url, "http://h:x/", &base);
    EXPECT_EQ(bad.refusal, UrlRefusal::not_a_url);
    EXPECT_EQ(bad.fault, UrlFault::port_invalid);
}

}  // namespace
}  // namespace sluice::crawl
