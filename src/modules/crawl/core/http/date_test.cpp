// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/http/date.h"

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace sluice;
using namespace sluice::crawl;

constexpr WallTime example = wall_from_ns(784'111'777LL * 1'000'000'000);
constexpr WallTime now = wall_from_ns(1'763'700'000LL * 1'000'000'000);  // November 2025

TEST(HttpDate, AllThreeFormsSayTheSame) {
    for (const std::string text :
         {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
          "Sun Nov  6 08:49:37 1994", " Sun, 6 Nov 1994 8:49:37 UTC "}) {
        const auto time = parse_http_date(text, now);
        ASSERT_TRUE(time) << text;
        EXPECT_EQ(*time, example) << text;
    }
    EXPECT_EQ(format_http_date(example), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(format_http_date(wall_from_ns(-1)), "Wed, 31 Dec 1969 23:59:59 GMT");
}

TEST(HttpDate, AYearOfTwoDigitsIsTheNearestOneNotFarAhead) {
    EXPECT_EQ(format_http_date(*parse_http_date("Sun, 06-Nov-74 08:49:37 GMT", now)).substr(12, 4),
              "2074");
    EXPECT_EQ(format_http_date(*parse_http_date("Sun, 06-Nov-75 08:49:37 GMT", now)).substr(12, 4),
              "1975");
}

TEST(HttpDate, WhatIsNoDateIsRefused) {
    for (const std::string text :
         {"", "0", "Sun", "Sun, 06 Nov 1994", "Sun, 31 Feb 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:49:37 GMT x",
          "Sun, 06 Xyz 1994 08:49:37 GMT", "1994-11-06T08:49:37Z", "Sun Nov 6 08:49:37 94"}) {
        EXPECT_FALSE(parse_http_date(text, now)) << text;
    }
}

TEST(CookieDate, AnyOrderIsRead) {
    for (const std::string text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Nov 6 94 8:49:37",
                                   "1994 08:49:37 6-november", "06-Nov-1994 08:49:37 nonsense"}) {
        const auto time = parse_cookie_date(text);
        ASSERT_TRUE(time) << text;
        EXPECT_EQ(*time, example) << text;
    }
}

TEST(CookieDate, ImpossibleDatesAreRefusedAndFarOnesAreBounded) {
    for (const std::string text :
         {"", "Nov 6 08:49:37", "32 Nov 1994 08:49:37", "31 Feb 1994 08:49:37",
          "6 Nov 1600 08:49:37", "6 Nov 1994 08:60:37", "6 Nov 1994 08:49:60",
          "0 Nov 1994 1:1:1"}) {
        EXPECT_FALSE(parse_cookie_date(text)) << text;
    }
    EXPECT_GT(*parse_cookie_date("6 Nov 9999 08:49:37"), now + 200 * 365 * 24h);
    EXPECT_LT(*parse_cookie_date("6 Nov 1601 08:49:37"), wall_from_ns(0));
}

}  // namespace
