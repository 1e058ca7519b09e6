// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/http/cookie_jar.h"

#include "modules/crawl/core/http/public_suffix.h"

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace sluice;
using namespace sluice::crawl;

constexpr WallTime now = wall_from_ns(1'300'000'000LL * 1'000'000'000);  // March 2011
constexpr CookieRequest here{.host = "www.example.com", .path = "/a/b?c/d"};
constexpr CookieRequest secure{.host = "www.example.com", .path = "/a/b", .secure = true};

const PublicSuffixes& suffixes() {
    static const auto list = PublicSuffixes::parse("com\nco.uk\n// private\ngithub.io\n");
    return *list;
}

TEST(CookieJar, ACookieGoesBackToItsHostAndFolder) {
    CookieJar jar;
    EXPECT_TRUE(jar.set(here, "a=1", now));
    EXPECT_EQ(jar.header(here, now), "a=1");
    EXPECT_EQ(jar.header({.host = "www.example.com", .path = "/a"}, now), "a=1");
    EXPECT_EQ(jar.header({.host = "www.example.com", .path = "/ab"}, now), "");
    EXPECT_EQ(jar.header({.host = "x.www.example.com", .path = "/a"}, now), "");
    EXPECT_EQ(jar.header({.host = "example.com", .path = "/a"}, now), "");
}

TEST(CookieJar, ADomainReachesItsSubdomainsOnly) {
    CookieJar jar({}, &suffixes());
    EXPECT_TRUE(jar.set(here, "a=1; Domain=.Example.COM; Path=/", now));
    EXPECT_EQ(jar.header({.host = "example.com"}, now), "a=1");
    EXPECT_EQ(jar.header({.host = "deep.www.example.com"}, now), "a=1");
    EXPECT_EQ(jar.header({.host = "badexample.com"}, now), "");
    EXPECT_FALSE(jar.set(here, "a=1; Domain=com", now));
    EXPECT_FALSE(jar.set(here, "a=1; Domain=other.com", now));
    EXPECT_FALSE(jar.set(here, "a=1; Domain=x.www.example.com", now));
    EXPECT_FALSE(jar.set({.host = "me.github.io"}, "a=1; Domain=github.io", now));
    // A suffix may set cookies for itself alone.
    EXPECT_TRUE(jar.set({.host = "github.io"}, "own=1; Domain=github.io", now));
    EXPECT_EQ(jar.header({.host = "github.io"}, now), "own=1");
    EXPECT_EQ(jar.header({.host = "me.github.io"}, now), "");
}

TEST(CookieJar, AddressesHaveNoSubdomains) {
    CookieJar jar;
    EXPECT_TRUE(jar.set({.host = "127.0.0.1"}, "a=1; Domain=127.0.0.1", now));
    EXPECT_FALSE(jar.set({.host = "127.0.0.1"}, "b=1; Domain=0.0.1", now));
    EXPECT_TRUE(jar.set({.host = "[::1]"}, "c=1", now));
    EXPECT_EQ(jar.header({.host = "127.0.0.1"}, now), "a=1");
    EXPECT_EQ(jar.header({.host = "[::1]"}, now), "c=1");
    EXPECT_EQ(jar.header({.host = "9.127.0.0.1"}, now), "a=1") << "that is a name, not an address";
}

TEST(CookieJar, SecureCookiesStaySecure) {
    CookieJar jar;
    EXPECT_FALSE(jar.set(here, "a=1; Secure", now));
    EXPECT_TRUE(jar.set(secure, "a=1; Secure", now));
    EXPECT_EQ(jar.header(here, now), "");
    EXPECT_EQ(jar.header(secure, now), "a=1");
    EXPECT_FALSE(jar.set(secure, "__Secure-a=1", now));
    EXPECT_FALSE(jar.set(secure, "__host-a=1; Secure", now));
    EXPECT_TRUE(jar.set(secure, "__Host-a=1; Secure; Path=/", now));
}

TEST(CookieJar, CookiesExpireAndAreRemovedByExpiredOnes) {
    CookieJar jar;
    jar.set(here, "a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT", now);
    jar.set(here, "b=2; Expires=Sun, 13 Mar 2011 07:06:41 GMT", now);
    jar.set(here, "c=3; Max-Age=99999999999999999999", now);
    jar.set(here, "d=4; Max-Age=soon", now);
    EXPECT_EQ(jar.header(here, now), "a=1; b=2; c=3; d=4");
    EXPECT_EQ(jar.header(here, now + 1s), "a=1; c=3; d=4");
    EXPECT_TRUE(jar.set(here, "c=; Max-Age=-5", now));
    EXPECT_EQ(jar.header(here, now + 10s), "d=4");
    EXPECT_EQ(jar.size(), 3U);
    jar.expire(now + 10s);
    EXPECT_EQ(jar.size(), 1U);
    jar.set(here, "d=x; Max-Age=0", now);
    EXPECT_EQ(jar.size(), 0U);
    EXPECT_EQ(jar.bytes(), 0U);
}

TEST(CookieJar, LongerPathsComeFirstAndReplacingKeepsThePlace) {
    CookieJar jar;
    jar.set(here, "a=1; Path=/", now);
    jar.set(here, "b=2; Path=/", now);
    jar.set(here, "c=3", now);
    jar.set(here, "a=9; Path=/", now);
    EXPECT_EQ(jar.header(here, now), "c=3; a=9; b=2");
}

TEST(CookieJar, LimitsHold) {
    const CookieLimits limits{.cookie_bytes_max = 100,
                              .domain_count_max = 3,
                              .count_max = 5,
                              .bytes_max = 400,
                              .header_bytes_max = 12};
    CookieJar jar(limits);
    EXPECT_FALSE(jar.set(here, "a=" + std::string(100, 'x'), now));
    EXPECT_FALSE(jar.set(here, "a=1; Path=/" + std::string(100, 'x'), now));
    for (const char name : std::string("abcd")) {
        EXPECT_TRUE(jar.set(here, std::string(1, name) + "=1", now));
    }
    EXPECT_EQ(jar.header(here, now), "b=1; c=1") << "the third no longer fits into the header";
    EXPECT_EQ(jar.size(), 3U);
    for (const std::string host : {"one.x", "two.x", "three.x"})
        jar.set({.host = host}, "z=1", now);
    EXPECT_EQ(jar.size(), 5U);
    EXPECT_EQ(jar.header(here, now), "c=1; d=1");
    for (const std::string host : {"one.x", "two.x", "three.x", "four.x", "five.x"}) {
        jar.set({.host = host}, "y=" + std::string(95, 'y'), now);
    }
    EXPECT_LE(jar.bytes(), 400U);
    EXPECT_LE(jar.size(), 4U);
    EXPECT_GE(jar.size(), 3U);
}

TEST(CookieJar, ItComesBackFromItsDurableForm) {
    CookieJar jar;
    jar.set(secure, "a=1; Secure; HttpOnly; Max-Age=60", now);
    jar.set(here, "b=2; Domain=example.com; Path=/", now);
    const std::string bytes = jar.encode();
    CookieJar other;
    ASSERT_TRUE(other.decode(bytes));
    EXPECT_EQ(other.encode(), bytes);
    EXPECT_EQ(other.bytes(), jar.bytes());
    EXPECT_EQ(other.header(secure, now), "a=1; b=2");
    EXPECT_EQ(other.header(here, now + 60s), "b=2");
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(other.decode(bytes.substr(0, size))) << size;
        EXPECT_EQ(other.size(), 0U);
    }
    CookieJar small({.count_max = 1});
    EXPECT_FALSE(small.decode(bytes));
}

TEST(Cookie, WhatIsNoCookieIsRefused) {
    for (const std::string header : {"", ";", "=", "=x", "a", ";a=b", " \t", "a; b=c"}) {
        EXPECT_FALSE(parse_set_cookie(header)) << header;
    }
    const auto cookie = parse_set_cookie(" a = \"b c\" ;path=x; Path = /y ; domain=; HTTPONLY=1");
    ASSERT_TRUE(cookie);
    EXPECT_EQ(cookie->name, "a");
    EXPECT_EQ(cookie->value, "\"b c\"");
    EXPECT_EQ(cookie->path, "/y");
    EXPECT_TRUE(cookie->domain.empty());
    EXPECT_TRUE(cookie->http_only);
    EXPECT_FALSE(parse_set_cookie("a=1;max-age=1x")->max_age);
    EXPECT_FALSE(parse_set_cookie("a=1;max-age=-")->max_age);
}

TEST(PublicSuffixes, NamesAreCutAtWhatCanBeRegistered) {
    const PublicSuffixes& list = suffixes();
    EXPECT_EQ(list.registered_domain("a.b.example.com"), "example.com");
    EXPECT_EQ(list.registered_domain("x.y.co.uk"), "y.co.uk");
    EXPECT_EQ(list.registered_domain("co.uk"), "co.uk");
    EXPECT_EQ(list.registrable("co.uk"), "");
    EXPECT_EQ(list.registered_domain("me.github.io"), "me.github.io");
    EXPECT_EQ(list.registered_domain("127.0.0.1"), "127.0.0.1");
    EXPECT_EQ(list.registered_domain("[2001:db8::1]"), "[2001:db8::1]");
    EXPECT_EQ(list.registered_domain("localhost"), "localhost");
    EXPECT_EQ(list.registered_domain(""), "");
    EXPECT_EQ(list.registered_domain(".com"), ".com");
    const std::string longer(5000, 'a');
    EXPECT_EQ(list.registered_domain(longer), longer);
    EXPECT_TRUE(list.is_suffix("com"));
    EXPECT_FALSE(list.is_suffix("example.com"));
    EXPECT_FALSE(PublicSuffixes::parse(""));
    EXPECT_FALSE(PublicSuffixes::parse("// nothing\n"));
}

}  // namespace
