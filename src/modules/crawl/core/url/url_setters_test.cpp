// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/url/url.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sluice::crawl {
namespace {

using Setter = bool (Url::*)(std::string_view);

/// The URL after one setter; "refused" if it did not take the value.
std::string after(std::string_view text, Setter setter, std::string_view value) {
    auto url = parse_url(text);
    EXPECT_TRUE(url) << text;
    const std::string before(url->href());
    const bool taken = ((*url).*setter)(value);
    EXPECT_TRUE(url->is_consistent()) << url->href();
    const auto again = parse_url(url->href());
    EXPECT_TRUE(again && *again == *url) << url->href();
    if (taken) return std::string(url->href());
    EXPECT_EQ(url->href(), before);
    return "refused";
}

TEST(UrlSetters, ChangeOnePart) {
    constexpr std::string_view url = "http://a:b@h:81/p?q#f";
    EXPECT_EQ(after(url, &Url::set_href, "x:y"), "x:y");
    EXPECT_EQ(after(url, &Url::set_protocol, "https"), "https://a:b@h:81/p?q#f");
    EXPECT_EQ(after(url, &Url::set_username, "ä:"), "http://%C3%A4%3A:b@h:81/p?q#f");
    EXPECT_EQ(after(url, &Url::set_username, ""), "http://:b@h:81/p?q#f");
    EXPECT_EQ(after(url, &Url::set_password, ""), "http://a@h:81/p?q#f");
    EXPECT_EQ(after(url, &Url::set_host, "i:82"), "http://a:b@i:82/p?q#f");
    EXPECT_EQ(after(url, &Url::set_hostname, "[::1]"), "http://a:b@[::1]:81/p?q#f");
    EXPECT_EQ(after(url, &Url::set_port, ""), "http://a:b@h/p?q#f");
    EXPECT_EQ(after(url, &Url::set_port, "80"), "http://a:b@h/p?q#f");
    EXPECT_EQ(after(url, &Url::set_pathname, "x/../y?#"), "http://a:b@h:81/y%3F%23?q#f");
    EXPECT_EQ(after(url, &Url::set_search, "x#'"), "http://a:b@h:81/p?x%23%27#f");
    EXPECT_EQ(after(url, &Url::set_search, ""), "http://a:b@h:81/p#f");
    EXPECT_EQ(after(url, &Url::set_hash, "#x y"), "http://a:b@h:81/p?q#x%20y");
    EXPECT_EQ(after(url, &Url::set_hash, ""), "http://a:b@h:81/p?q");
}

TEST(UrlSetters, RefuseWhatWouldBeAnotherUrl) {
    EXPECT_EQ(after("http://h/", &Url::set_href, "x"), "refused");
    EXPECT_EQ(after("http://h/", &Url::set_protocol, "mailto"), "refused");
    EXPECT_EQ(after("http://h:81/", &Url::set_protocol, "file"), "refused");
    EXPECT_EQ(after("x://h/", &Url::set_protocol, "http"), "refused");
    EXPECT_EQ(after("http://h/", &Url::set_protocol, "1"), "refused");
    EXPECT_EQ(after("http://h/", &Url::set_host, ""), "refused");
    EXPECT_EQ(after("http://h/", &Url::set_host, "a b"), "refused");
    EXPECT_EQ(after("http://h/", &Url::set_hostname, "a:81"), "refused");
    EXPECT_EQ(after("http://h/", &Url::set_port, "x"), "refused");
    EXPECT_EQ(after("http://h/", &Url::set_port, "65536"), "refused");
    EXPECT_EQ(after("mailto:x", &Url::set_host, "h"), "refused");
    EXPECT_EQ(after("mailto:x", &Url::set_pathname, "y"), "refused");
    EXPECT_EQ(after("mailto:x", &Url::set_username, "y"), "refused");
    EXPECT_EQ(after("file:///x", &Url::set_port, "1"), "refused");
    EXPECT_EQ(after("http://h/", &Url::set_hash, std::string(url_input_bytes_max + 1, 'x')),
              "refused");
}

TEST(UrlSetters, KeepAPathFromBecomingAHost) {
    EXPECT_EQ(after("x:/a", &Url::set_pathname, "//b"), "x:/.//b");
    EXPECT_EQ(after("x:/.//b", &Url::set_pathname, "c"), "x:/c");
    EXPECT_EQ(after("x:/.//b", &Url::set_host, "h"), "x://h//b");
}

TEST(UrlSetters, APathThatBeginsWithADriveIsThatOfAFile) {
    EXPECT_EQ(after("http://h/d|/x", &Url::set_protocol, "file"), "file://h/d:/x");
    EXPECT_EQ(after("http://h/d|", &Url::set_protocol, "file"), "file://h/d:");
    EXPECT_EQ(after("http://h/dd|/x", &Url::set_protocol, "file"), "file://h/dd|/x");
    EXPECT_EQ(after("http://h/d|/x", &Url::set_protocol, "https"), "https://h/d|/x");
}

TEST(UrlSetters, AnEmptyUrlTakesNothingButAWholeOne) {
    for (const Setter setter : {&Url::set_protocol, &Url::set_username, &Url::set_password,
                                &Url::set_host, &Url::set_hostname, &Url::set_port,
                                &Url::set_pathname, &Url::set_search, &Url::set_hash}) {
        Url url;
        EXPECT_FALSE((url.*setter)("x"));
        EXPECT_TRUE(url.empty());
    }
    Url url;
    EXPECT_TRUE(url.set_href("http://h/"));
}

TEST(UrlSetters, AFragmentIsCutOff) {
    Url url = *parse_url("http://h/?q#f");
    url.remove_fragment();
    EXPECT_EQ(url.href(), "http://h/?q");
    url.remove_fragment();
    EXPECT_TRUE(url.is_consistent());
    EXPECT_EQ(url.fragment(), std::nullopt);
}

}  // namespace
}  // namespace sluice::crawl
