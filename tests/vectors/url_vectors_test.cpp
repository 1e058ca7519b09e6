// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_url simdjson::simdjson
// The URL parser against the tests that browsers share (web-platform-tests, url/resources).
#include "modules/crawl/core/url/canonical.h"
#include "modules/crawl/core/url/idna.h"
#include "modules/crawl/core/url/url.h"
#include "vectors.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::crawl {
namespace {

namespace dom = simdjson::dom;
using vectors::VectorTest;

/// JSON texts may hold \uXXXX surrogates without their partner, which simdjson refuses; a USVString
/// has U+FFFD for each of them.
std::string replace_lone_surrogates(std::string text) {
    const auto unit = [&text](std::size_t at) -> unsigned {
        if (text.compare(at, 2, "\\u") != 0) return 0;
        return static_cast<unsigned>(std::stoul(text.substr(at + 2, 4), nullptr, 16));
    };
    for (std::size_t at = 0; at + 6 <= text.size(); ++at) {
        if (text[at] != '\\') continue;
        const unsigned first = unit(at);
        if (first >= 0xD800 && first <= 0xDFFF) {
            const unsigned second = at + 12 <= text.size() ? unit(at + 6) : 0;
            if (first < 0xDC00 && second >= 0xDC00 && second <= 0xDFFF)
                at += 6;
            else
                text.replace(at, 6, "\\uFFFD");
            at += 5;
        } else {
            ++at;  // the escaped character
        }
    }
    return text;
}

class UrlVectorTest : public VectorTest {
protected:
    dom::array load(std::string_view name) { return document(name).get_array(); }
    dom::element document(std::string_view name) {
        const simdjson::padded_string text(replace_lone_surrogates(vectors::read(name)));
        dom::element root;
        EXPECT_FALSE(parser_.parse(text).get(root)) << name;
        return root;
    }

    dom::parser parser_;
};

std::optional<std::string> text_of(dom::element element, std::string_view key) {
    std::string_view text;
    if (element[key].get(text)) return std::nullopt;
    return std::string(text);
}

/// The part of a URL that an attribute of the standard's interface gives.
std::string attribute(const Url& url, std::string_view name) {
    if (name == "href") return std::string(url.href());
    if (name == "origin") return url.origin();
    if (name == "protocol") return std::string(url.protocol());
    if (name == "username") return std::string(url.username());
    if (name == "password") return std::string(url.password());
    if (name == "host") return std::string(url.host());
    if (name == "hostname") return std::string(url.hostname());
    if (name == "port") return std::string(url.port());
    if (name == "pathname") return std::string(url.pathname());
    if (name == "search") return std::string(url.search());
    if (name == "hash") return std::string(url.hash());
    ADD_FAILURE() << "unknown attribute " << name;
    return {};
}

constexpr std::string_view attributes[] = {"href",     "origin", "protocol", "username",
                                           "password", "host",   "hostname", "port",
                                           "pathname", "search", "hash"};

void check_case(dom::element test) {
    const auto input = text_of(test, "input").value_or("");
    const auto base_text = text_of(test, "base");
    SCOPED_TRACE("input <" + input + "> base <" + base_text.value_or("none") + ">");
    Result<Url> base = fail(Code::invalid, "none");
    if (base_text) base = parse_url(*base_text);
    bool failure = false;
    const bool expects_failure = !test["failure"].get(failure) && failure;
    if (base_text && !base) {
        EXPECT_TRUE(expects_failure) << "the base fails";
        return;
    }
    const auto url = parse_url(input, base ? &*base : nullptr);
    EXPECT_EQ(url.has_value(), !expects_failure)
        << (url ? std::string(url->href()) : url.error().message);
    if (!url || expects_failure) return;
    EXPECT_TRUE(url->is_consistent());
    for (const std::string_view name : attributes) {
        const auto expected = text_of(test, name);
        EXPECT_EQ(attribute(*url, name), expected.value_or(attribute(*url, name))) << name;
    }
    const auto again = parse_url(url->href());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->href(), url->href());
}

using UrlParsing = UrlVectorTest;

TEST_F(UrlParsing, AgreesWithTheTestsOfTheBrowsers) {
    int cases = 0;
    for (const dom::element test : load("url/urltestdata.json")) {
        if (!test.is_object()) continue;
        ++cases;
        check_case(test);
    }
    EXPECT_EQ(cases, 891);
}

/// Domains that characters of Unicode 15.1 to 17.0 decide; our tables are of 15.0
/// (docs/adr/0018-idna-tables.md), for which they are unassigned and so refused.
constexpr std::string_view newer_characters[] = {
    "\U00032931",  // CJK unified ideographs extension J, Unicode 17.0
    "\U00032B9A",  // the same
};

bool has_newer_character(std::string_view input) {
    return std::any_of(std::begin(newer_characters), std::end(newer_characters),
                       [input](std::string_view c) { return input.find(c) != input.npos; });
}

/// The host of "https://DOMAIN/x". An empty domain cannot be written so; it is given to UTS 46
/// alone.
std::string to_ascii_by_parser(const std::string& domain) {
    if (domain.empty()) return domain_to_ascii(domain).value_or("refused");
    const auto url = parse_url("https://" + domain + "/x");
    return url ? std::string(url->hostname()) : "refused";
}

struct DomainCounts {
    int cases = 0;
    int newer = 0;
};

DomainCounts check_domains(const dom::array& tests) {
    DomainCounts counts;
    for (const dom::element test : tests) {
        if (!test.is_object()) continue;
        ++counts.cases;
        const auto input = text_of(test, "input").value_or("");
        const auto expected = text_of(test, "output").value_or("refused");
        const std::string output = to_ascii_by_parser(input);
        if (has_newer_character(input) && output != expected) {
            EXPECT_EQ(output, "refused") << input;
            ++counts.newer;
            continue;
        }
        EXPECT_EQ(output, expected) << input << " " << text_of(test, "comment").value_or("");
        if (output == "refused" || input.empty()) continue;
        EXPECT_EQ(to_ascii_by_parser(output), output) << input;
        const std::string unicode = domain_to_unicode(output);
        EXPECT_EQ(to_ascii_by_parser(unicode), output) << input << " as " << unicode;
    }
    return counts;
}

TEST_F(UrlVectorTest, DomainsBecomeAscii) {
    const DomainCounts counts = check_domains(load("url/toascii.json"));
    EXPECT_EQ(counts.cases, 87);
    EXPECT_EQ(counts.newer, 0);
}

TEST_F(UrlVectorTest, DomainsOfUts46BecomeAscii) {
    const DomainCounts counts = check_domains(load("url/IdnaTestV2.json"));
    EXPECT_EQ(counts.cases, 2671);
    EXPECT_EQ(counts.newer, 3);
}

bool set_attribute(Url& url, std::string_view name, std::string_view value) {
    if (name == "href") return url.set_href(value);
    if (name == "protocol") return url.set_protocol(value);
    if (name == "username") return url.set_username(value);
    if (name == "password") return url.set_password(value);
    if (name == "host") return url.set_host(value);
    if (name == "hostname") return url.set_hostname(value);
    if (name == "port") return url.set_port(value);
    if (name == "pathname") return url.set_pathname(value);
    if (name == "search") return url.set_search(value);
    if (name == "hash") return url.set_hash(value);
    ADD_FAILURE() << "unknown attribute " << name;
    return false;
}

void check_setter(dom::element test, std::string_view name) {
    const auto href = text_of(test, "href").value_or("");
    const auto value = text_of(test, "new_value").value_or("");
    SCOPED_TRACE("<" + href + "> " + std::string(name) + " = <" + value + ">");
    auto url = parse_url(href);
    ASSERT_TRUE(url);
    const Url before = *url;
    const bool taken = set_attribute(*url, name, value);
    EXPECT_TRUE(taken || *url == before);
    EXPECT_TRUE(url->is_consistent());
    for (const auto expected : test["expected"].get_object()) {
        std::string_view text;
        ASSERT_FALSE(expected.value.get(text));
        EXPECT_EQ(attribute(*url, expected.key), text) << expected.key;
    }
}

TEST_F(UrlVectorTest, SettersAgreeWithTheTestsOfTheBrowsers) {
    int cases = 0;
    for (const auto list : document("url/setters_tests.json").get_object()) {
        if (list.key == "comment") continue;
        for (const dom::element test : list.value.get_array()) {
            ++cases;
            check_setter(test, list.key);
        }
    }
    EXPECT_EQ(cases, 278);
}

/// Of this file the UTF-8 answers only: the other encodings are not this folder's, which knows how
/// to write what an encoder gives it (Url.TheQueryIsWrittenInTheDocumentsEncoding).
TEST_F(UrlVectorTest, QueriesArePercentEncoded) {
    int cases = 0;
    for (const dom::element test : load("url/percent-encoding.json")) {
        if (!test.is_object()) continue;
        ++cases;
        const auto input = text_of(test, "input").value_or("");
        std::string_view expected;
        ASSERT_FALSE(test["output"]["utf-8"].get(expected));
        const auto url = parse_url("http://h/?" + input + "#" + input);
        ASSERT_TRUE(url) << input;
        EXPECT_EQ(url->query(), expected);
        EXPECT_EQ(url->fragment(), expected);
    }
    EXPECT_EQ(cases, 7);
}

TEST_F(UrlVectorTest, LengthsOfDomainsAreThoseOfTheNameSystem) {
    int cases = 0;
    for (const dom::element test : load("url/verifydnslength_tests.json")) {
        if (!test.is_object()) continue;
        ++cases;
        const auto url = parse_url(text_of(test, "input").value_or(""));
        ASSERT_TRUE(url);
        bool failure = false;
        ASSERT_FALSE(test["failure"].get(failure));
        EXPECT_EQ(fits_name_system(url->hostname()), !failure) << url->href();
    }
    EXPECT_EQ(cases, 17);
}

}  // namespace
}  // namespace sluice::crawl
