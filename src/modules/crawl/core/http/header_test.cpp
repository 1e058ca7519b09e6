// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/http/header.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::crawl;

constexpr WallTime now = wall_from_ns(784'111'777LL * 1'000'000'000);  // 6 Nov 1994 08:49:37

TEST(ContentType, TypeAndCharsetAreRead) {
    const auto plain = parse_content_type("Text/HTML");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->essence, "text/html");
    EXPECT_TRUE(plain->is_html());
    EXPECT_EQ(plain->charset, "");
    for (const std::string value :
         {"text/html;charset=utf-8", " text/html ; x=y; CHARSET=\"utf\\-8\" ; charset=latin1",
          "text/html;;charset=;charset=utf-8", "text/html;q=\";charset=x\";charset=utf-8"}) {
        const auto type = parse_content_type(value);
        ASSERT_TRUE(type) << value;
        EXPECT_EQ(type->charset, "utf-8") << value;
    }
    EXPECT_TRUE(parse_content_type("application/atom+xml")->is_xml());
    EXPECT_FALSE(parse_content_type("text/html")->is_xml());
    for (const std::string value :
         {"", "text", "/html", "text/", "te xt/html", "text/ht ml", ";"}) {
        EXPECT_FALSE(parse_content_type(value)) << value;
    }
    EXPECT_EQ(parse_content_type("text/html; charset=\"unended")->charset, "unended");
}

TEST(RetryAfter, SecondsAndDatesAreRead) {
    EXPECT_EQ(parse_retry_after("120", now), Duration{120s});
    EXPECT_EQ(parse_retry_after(" 0 ", now), Duration{0});
    EXPECT_EQ(parse_retry_after("99999999999999999999", now), Duration{365 * 24h});
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now), Duration{60s});
    EXPECT_EQ(parse_retry_after("Sunday, 06-Nov-94 08:50:37 GMT", now), Duration{60s});
    EXPECT_EQ(parse_retry_after("Sun Nov  6 08:50:37 1994", now), Duration{60s});
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), Duration{0});
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 2094 08:00:00 GMT", now), Duration{365 * 24h});
    for (const std::string value : {"", "-1", "1.5", "soon", "120s"}) {
        EXPECT_EQ(parse_retry_after(value, now), std::nullopt) << value;
    }
}

TEST(CacheControl, TheStricterDirectiveCounts) {
    const CacheControl usual =
        parse_cache_control("public, Max-Age=\"600\", s-maxage=5,max-age=60");
    EXPECT_EQ(usual.max_age, Duration{60s});
    EXPECT_FALSE(usual.no_store);
    EXPECT_TRUE(parse_cache_control("no-store,no-cache=\"a,b\"").no_cache);
    EXPECT_TRUE(parse_cache_control(" NO-STORE ").no_store);
    EXPECT_EQ(parse_cache_control("max-age=x").max_age, Duration{0});
    EXPECT_FALSE(parse_cache_control("").max_age);
    EXPECT_FALSE(parse_cache_control("x=\"max-age=1").max_age);
}

TEST(LinkHeader, EveryLinkHasItsRelations) {
    const auto links = parse_link_header(
        "<http://x/a,b;c>; rel=\"Canonical next\"; type=Text/HTML, </p?q>;rel=prev;rel=other,"
        " <empty>, junk <last>; title=\"a, <no>; rel=x\"; REL = nofollow");
    ASSERT_EQ(links.size(), 4U);
    EXPECT_EQ(links[0].url, "http://x/a,b;c");
    EXPECT_EQ(links[0].rels, (std::vector<std::string>{"canonical", "next"}));
    EXPECT_EQ(links[0].type, "text/html");
    EXPECT_EQ(links[1].rels, std::vector<std::string>{"prev"});
    EXPECT_TRUE(links[2].rels.empty());
    EXPECT_TRUE(links[3].has_rel("nofollow"));
    EXPECT_TRUE(parse_link_header("").empty());
    EXPECT_TRUE(parse_link_header("<never ended").empty());
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "<x>,";
    EXPECT_EQ(parse_link_header(many).size(), header_links_max);
}

TEST(Validators, OnlyWellFormedOnesAreSentBack) {
    EXPECT_EQ(parse_etag(" \"abc\" "), "\"abc\"");
    EXPECT_EQ(parse_etag("W/\"\""), "W/\"\"");
    for (const std::string value :
         {"", "abc", "\"", "w/\"x\"", "\"a b\"", "\"a\"b\"", "\"a\r\n\""}) {
        EXPECT_EQ(parse_etag(value), "") << value;
    }
    EXPECT_EQ(parse_last_modified("Sun, 06 Nov 1994 08:49:37 GMT", now),
              "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(parse_last_modified("yesterday", now), "");
}

}  // namespace
