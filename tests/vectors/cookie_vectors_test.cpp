// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_http simdjson::simdjson
// The cases of the IETF's http-state group: what a jar sends back after some Set-Cookie headers,
// and how the dates of cookies are read. They were written in 2011, so the clock stands there.
#include "modules/crawl/core/http/cookie_jar.h"
#include "modules/crawl/core/http/date.h"
#include "vectors.h"

#include <simdjson.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

namespace {

using namespace sluice;
using namespace sluice::crawl;

class CookieVectors : public vectors::VectorTest {
protected:
    simdjson::dom::parser parser;
};

constexpr WallTime now = wall_from_ns(1'300'000'000LL * 1'000'000'000);

/// Switched off by their authors as well: RFC 6265 compares paths byte for byte.
const std::set<std::string, std::less<>> not_in_the_rfc = {"DISABLED_PATH0029"};

std::string expected_header(simdjson::dom::element sent) {
    std::string out;
    const simdjson::dom::array cookies = sent.get_array().value_unsafe();
    for (const simdjson::dom::element cookie : cookies) {
        if (!out.empty()) out += "; ";
        out += cookie["name"].get_string().value_unsafe();
        out += '=';
        out += cookie["value"].get_string().value_unsafe();
    }
    return out;
}

TEST_F(CookieVectors, TheJarSendsWhatItShould) {
    simdjson::dom::array cases;
    const std::string text = vectors::read("cookies/parser.json");
    ASSERT_EQ(parser.parse(text).get(cases), simdjson::SUCCESS);
    std::size_t right = 0;
    for (const simdjson::dom::element example : cases) {
        const std::string_view name = example["test"].get_string().value_unsafe();
        CookieJar jar;
        const CookieRequest from{.host = "home.example.org", .path = "/cookie-parser?x"};
        const simdjson::dom::array received = example["received"].get_array().value_unsafe();
        for (const auto header : received) {
            jar.set(from, header.get_string().value_unsafe(), now);
        }
        std::string host = "home.example.org";
        std::string path = "/cookie-parser-result?x";
        std::string_view to;
        if (example["sent-to"].get(to) == simdjson::SUCCESS) {
            path = to;
            if (to.starts_with("http://")) {
                to.remove_prefix(7);
                host = to.substr(0, to.find_first_of(":/"));
                path = to.substr(to.find('/'));
                for (char& c : host) c = static_cast<char>(std::tolower(c));
            }
        }
        const std::string sent = jar.header({.host = host, .path = path}, now);
        const bool same = sent == expected_header(example["sent"]);
        if (same) ++right;
        EXPECT_EQ(same, !not_in_the_rfc.contains(name)) << name << " sends " << sent;
    }
    EXPECT_EQ(cases.size(), 222U);
    EXPECT_EQ(right, 221U);
}

TEST_F(CookieVectors, DatesAreReadAsBrowsersDo) {
    std::size_t count = 0;
    for (const std::string file : {"cookies/examples.json", "cookies/bsd-examples.json"}) {
        std::string text = vectors::read(file);
        text.erase(0, text.find('['));  // the licence
        simdjson::dom::array cases;
        ASSERT_EQ(parser.parse(text).get(cases), simdjson::SUCCESS) << file;
        for (const simdjson::dom::element example : cases) {
            ++count;
            const std::string_view date = example["test"].get_string().value_unsafe();
            const auto read = parse_cookie_date(date);
            std::string_view expected;
            if (example["expected"].get(expected) != simdjson::SUCCESS) {
                EXPECT_FALSE(read) << date;
            } else {
                ASSERT_TRUE(read) << date;
                EXPECT_EQ(format_http_date(*read), expected) << date;
            }
        }
    }
    EXPECT_GT(count, 30U);
}

}  // namespace
