// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/url/url.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sluice::crawl {
namespace {

Url parsed(std::string_view text, const Url* base = nullptr) {
    auto url = parse_url(text, base);
    EXPECT_TRUE(url) << text << ": " << (url ? "" : url.error().message);
    if (!url) return {};
    EXPECT_TRUE(url->is_consistent()) << text;
    const auto again = parse_url(url->href());
    EXPECT_TRUE(again && *again == *url) << text << " became " << url->href();
    return *std::move(url);
}

std::string resolved(std::string_view text, std::string_view base_text) {
    const Url base = parsed(base_text);
    return std::string(parsed(text, &base).href());
}

UrlFault fault_of(std::string_view text) {
    Url url;
    return parse_url_into(url, text);
}

TEST(Url, GivesItsParts) {
    const Url url = parsed("HTTPS://user:pa%20ss@Example.COM:8443/a/b?q=1#top");
    EXPECT_EQ(url.href(), "https://user:pa%20ss@example.com:8443/a/b?q=1#top");
    EXPECT_EQ(url.scheme(), "https");
    EXPECT_EQ(url.protocol(), "https:");
    EXPECT_EQ(url.username(), "user");
    EXPECT_EQ(url.password(), "pa%20ss");
    EXPECT_EQ(url.host(), "example.com:8443");
    EXPECT_EQ(url.hostname(), "example.com");
    EXPECT_EQ(url.port(), "8443");
    EXPECT_EQ(url.effective_port(), 8443);
    EXPECT_EQ(url.pathname(), "/a/b");
    EXPECT_EQ(url.search(), "?q=1");
    EXPECT_EQ(url.query(), "q=1");
    EXPECT_EQ(url.hash(), "#top");
    EXPECT_EQ(url.origin(), "https://example.com:8443");
    EXPECT_EQ(url.request_target(), "/a/b?q=1");
    EXPECT_EQ(url.without_fragment(), "https://user:pa%20ss@example.com:8443/a/b?q=1");
    EXPECT_EQ(url.host_kind(), HostKind::domain);
}

TEST(Url, AnEmptyOneHasNoParts) {
    const Url url;
    EXPECT_TRUE(url.empty());
    EXPECT_TRUE(url.is_consistent());
    for (const auto part :
         {url.href(), url.scheme(), url.protocol(), url.username(), url.password(), url.host(),
          url.hostname(), url.port(), url.pathname(), url.search(), url.hash()})
        EXPECT_EQ(part, "");
    EXPECT_EQ(url.query(), std::nullopt);
    EXPECT_EQ(url.origin(), "null");
}

TEST(Url, TheDefaultPortIsNotWritten) {
    EXPECT_EQ(parsed("http://a:80/").href(), "http://a/");
    EXPECT_EQ(parsed("http://a:0080/").effective_port(), 80);
    EXPECT_EQ(parsed("https://a:80/").port(), "80");
    EXPECT_EQ(parsed("x://a:80/").port(), "80");
    EXPECT_EQ(parsed("http://a:/").href(), "http://a/");
}

TEST(Url, RelativeTextsResolve) {
    constexpr std::string_view base = "http://h/a/b/c?q#f";
    EXPECT_EQ(resolved("", base), "http://h/a/b/c?q");
    EXPECT_EQ(resolved("#x", base), "http://h/a/b/c?q#x");
    EXPECT_EQ(resolved("?x", base), "http://h/a/b/c?x");
    EXPECT_EQ(resolved("x", base), "http://h/a/b/x");
    EXPECT_EQ(resolved("./x/.", base), "http://h/a/b/x/");
    EXPECT_EQ(resolved("../../../x", base), "http://h/x");
    EXPECT_EQ(resolved("..", base), "http://h/a/");
    EXPECT_EQ(resolved("%2E%2e/x", base), "http://h/a/x");
    EXPECT_EQ(resolved("/x/../y", base), "http://h/y");
    EXPECT_EQ(resolved("//other/x", base), "http://other/x");
    EXPECT_EQ(resolved("\\\\other\\x", base), "http://other/x");
    EXPECT_EQ(resolved("http:x", base), "http://h/a/b/x");
    EXPECT_EQ(resolved("https:x", base), "https://x/");
    EXPECT_EQ(resolved("mailto:x", base), "mailto:x");
    EXPECT_EQ(resolved("#x", "mailto:a@b"), "mailto:a@b#x");
}

TEST(Url, FilesKeepTheirDrive) {
    EXPECT_EQ(resolved("../../x", "file:///C:/a/b"), "file:///C:/x");
    EXPECT_EQ(resolved("/x", "file:///C:/a/b"), "file:///C:/x");
    EXPECT_EQ(resolved("d|/x", "file:///C:/a/b"), "file:///d:/x");
    EXPECT_EQ(parsed("file://localhost/x").href(), "file:///x");
    EXPECT_EQ(parsed("file:\\\\server\\x").href(), "file://server/x");
}

TEST(Url, APathThatLooksLikeAHostIsKeptApart) {
    const Url url = parsed("web+demo:/.//not-a-host/");
    EXPECT_EQ(url.href(), "web+demo:/.//not-a-host/");
    EXPECT_EQ(url.pathname(), "//not-a-host/");
    EXPECT_FALSE(url.has_host());
    EXPECT_EQ(resolved("x", "web+demo:/.//not-a-host/"), "web+demo:/.//not-a-host/x");
    EXPECT_EQ(resolved("/x", "web+demo:/.//not-a-host/"), "web+demo:/x");
}

TEST(Url, HostsAreAddressesOrDomains) {
    EXPECT_EQ(parsed("http://0x7F.1/").hostname(), "127.0.0.1");
    EXPECT_EQ(parsed("http://017700000001/").hostname(), "127.0.0.1");
    EXPECT_EQ(parsed("http://%30/").hostname(), "0.0.0.0");
    EXPECT_EQ(parsed("http://[0:0::1]:81/").hostname(), "[::1]");
    EXPECT_EQ(parsed("http://[1:0:0:2:0:0:0:3]/").hostname(), "[1:0:0:2::3]");
    EXPECT_EQ(parsed("http://[::ffff:1.2.3.4]/").hostname(), "[::ffff:102:304]");
    EXPECT_EQ(parsed("x://A%7Eb/").hostname(), "A%7Eb");
    EXPECT_EQ(parsed("http://1.2.3.4/").host_kind(), HostKind::ipv4);
    EXPECT_EQ(parsed("http://[::]/").host_kind(), HostKind::ipv6);
    EXPECT_EQ(parsed("x://a/").host_kind(), HostKind::opaque);
    EXPECT_EQ(parsed("file:///a").host_kind(), HostKind::empty);
    EXPECT_EQ(parsed("mailto:a").host_kind(), HostKind::none);
}

TEST(Url, RefusesWhatIsNone) {
    EXPECT_EQ(fault_of("x"), UrlFault::relative_without_base);
    EXPECT_EQ(fault_of("http://"), UrlFault::host_missing);
    EXPECT_EQ(fault_of("http://a@/"), UrlFault::host_missing);
    EXPECT_EQ(fault_of("http://a b/"), UrlFault::host_invalid);
    EXPECT_EQ(fault_of("http://a%00b/"), UrlFault::host_invalid);
    EXPECT_EQ(fault_of("http://1.2.3.256/"), UrlFault::ipv4_invalid);
    EXPECT_EQ(fault_of("http://1.2.3.4.5/"), UrlFault::ipv4_invalid);
    EXPECT_EQ(fault_of("http://99999999999999999999999/"), UrlFault::ipv4_invalid);
    EXPECT_EQ(fault_of("http://[::1/"), UrlFault::host_invalid);
    EXPECT_EQ(fault_of("http://[1:2]/"), UrlFault::ipv6_invalid);
    EXPECT_EQ(fault_of("http://a:65536/"), UrlFault::port_invalid);
    EXPECT_EQ(fault_of("http://a:8x/"), UrlFault::port_invalid);
    EXPECT_EQ(fault_of("http://" + std::string(url_input_bytes_max, 'a')), UrlFault::too_long);
    const auto refused = parse_url("http://a:x/");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::invalid);
    EXPECT_NE(refused.error().message.find("port"), std::string::npos);
}

TEST(Url, BlanksAreRemovedAndBytesEncoded) {
    EXPECT_EQ(parsed(" \x01http://a/\tb\r\nc \x1f").href(), "http://a/bc");
    EXPECT_EQ(parsed("ht\ntp://a/").href(), "http://a/");
    EXPECT_EQ(parsed("http://a/ \"'?'\"#'`").href(), "http://a/%20%22'?%27%22#'%60");
    EXPECT_EQ(parsed("http://a/ä?ö#ü").href(), "http://a/%C3%A4?%C3%B6#%C3%BC");
    EXPECT_EQ(parsed(std::string_view("http://a/\0x\0", 12)).href(), "http://a/%00x");
}

TEST(Url, WhatIsNoUtf8BecomesTheReplacementCharacter) {
    EXPECT_EQ(parsed("http://a/\xff?\xc3#\xed\xa0\x80").href(),
              "http://a/%EF%BF%BD?%EF%BF%BD#%EF%BF%BD%EF%BF%BD%EF%BF%BD");
    EXPECT_EQ(fault_of("http://a\xff/"), UrlFault::domain_invalid);
}

TEST(Url, LongTextsTakeNoLongerThanTheirLength) {
    const std::string letters(100'000, 'a');
    EXPECT_EQ(parsed("http://h/" + letters).pathname().size(), 100'001U);
    EXPECT_EQ(parsed("http://" + letters + "/").hostname().size(), 100'000U);
    std::string dots;
    for (int i = 0; i < 30'000; ++i) dots += i % 2 == 0 ? "a/" : "../";
    EXPECT_EQ(parsed("http://h/" + dots).href(), "http://h/");
    const std::string ats(100'000, '@');
    EXPECT_EQ(parsed("http://" + ats + "h/").username().size(), 99'999U * 3);
    EXPECT_EQ(fault_of("http://[" + std::string(100'000, ':') + "]/"), UrlFault::ipv6_invalid);
}

TEST(Url, MemoryIsUsedAgain) {
    const Url base = parsed("http://example.com/folder/page");
    Url out;
    ASSERT_EQ(parse_url_into(out, "/a-path-that-is-longer-than-the-others?and=a&query=too", &base),
              UrlFault::none);
    const char* const memory = out.href().data();
    for (const std::string_view link : {"x", "../y", "#z", "//other/"}) {
        ASSERT_EQ(parse_url_into(out, link, &base), UrlFault::none);
        EXPECT_EQ(out.href().data(), memory) << link;
    }
    EXPECT_EQ(out.href(), "http://other/");
    EXPECT_EQ(parse_url_into(out, "http://", &base), UrlFault::host_missing);
    EXPECT_TRUE(out.empty());
}

/// Latin-1, as an example of an encoding.
class Latin1 final : public QueryEncoder {
public:
    Step encode(std::string_view utf8, std::string& out) override {
        for (std::size_t i = 0; i < utf8.size(); ++i) {
            const auto lead = static_cast<unsigned char>(utf8[i]);
            if (lead < 0x80) {
                out += utf8[i];
            } else if (lead < 0xC4) {
                out += static_cast<char>((lead & 3U) << 6U |
                                         (static_cast<unsigned char>(utf8[i + 1]) & 63U));
                ++i;
            } else {
                return {i + 3, 0x20AC};  // the only other character of this test
            }
        }
        return {utf8.size(), 0};
    }
};

TEST(Url, TheQueryIsWrittenInTheDocumentsEncoding) {
    Latin1 latin1;
    const UrlOptions options{.query_encoder = &latin1};
    EXPECT_EQ(parse_url("http://h/ä?ä=€&ö#ü", nullptr, options)->href(),
              "http://h/%C3%A4?%E4=%26%238364%3B&%F6#%C3%BC");
    EXPECT_EQ(parse_url("x://h/?ä", nullptr, options)->href(), "x://h/?%C3%A4");
    EXPECT_EQ(parse_url("ws://h/?ä", nullptr, options)->href(), "ws://h/?%C3%A4");
}

}  // namespace
}  // namespace sluice::crawl
