// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_http
// The 78 cases of publicsuffix.org, against the list that Debian installs.
#include "kernel/base/ascii.h"
#include "modules/crawl/core/http/public_suffix.h"
#include "vectors.h"

#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace {

using namespace sluice;
using namespace sluice::crawl;

class PslVectors : public vectors::VectorTest {};

std::optional<PublicSuffixes> load() {
    std::ifstream file("/usr/share/publicsuffix/public_suffix_list.dat", std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    auto list = PublicSuffixes::parse(text);
    if (!list) return std::nullopt;
    return std::move(list).value();
}

TEST_F(PslVectors, RegisteredDomainsAreThoseOfTheList) {
    const auto list = load();
    if (!list) GTEST_SKIP() << "the package publicsuffix is not installed";
    std::size_t count = 0;
    for (const std::string& line : vectors::read_lines("psl/tests.txt")) {
        if (line.starts_with("//")) continue;
        const std::size_t blank = line.find(' ');
        ASSERT_NE(blank, std::string::npos) << line;
        const std::string name = line.substr(0, blank);
        const std::string expected = line.substr(blank + 1);
        ++count;
        // "null" as a name stands for none. Hosts come in lower case from the URL parser.
        const std::string host = name == "null" ? "" : ascii_lowered(name);
        EXPECT_EQ(list->registrable(host), expected == "null" ? "" : expected) << line;
    }
    EXPECT_EQ(count, 78U);
}

TEST_F(PslVectors, TheOlderFormOfTheCasesSaysTheSame) {
    const auto list = load();
    if (!list) GTEST_SKIP() << "the package publicsuffix is not installed";
    std::size_t count = 0;
    for (const std::string& line : vectors::read_lines("psl/test_psl.txt")) {
        if (!line.starts_with("checkPublicSuffix('")) continue;
        const std::size_t end = line.find('\'', 19);
        const std::string host = ascii_lowered(line.substr(19, end - 19));
        const std::size_t open = line.find('\'', end + 1);
        const std::string expected =
            open == std::string::npos ? "" : line.substr(open + 1, line.rfind('\'') - open - 1);
        ++count;
        EXPECT_EQ(list->registrable(host), expected) << line;
    }
    EXPECT_EQ(count, 77U);
}

}  // namespace
