// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/entry_name.h"
#include "modules/work/core/path_pattern.h"

#include <gtest/gtest.h>

namespace sluice::work {
namespace {

std::string cleaned(std::string_view name, const NameLimits& limits = {}) {
    const auto result = clean_entry_name(name, limits);
    if (const auto* fault = std::get_if<NameFault>(&result)) {
        return "! " + std::string(to_string(*fault));
    }
    return std::get<std::string>(result);
}

TEST(EntryName, BecomesAPathBelowAFolderOrIsRefused) {
    const struct {
        std::string_view name;
        std::string_view path;
    } rows[] = {
        {"a.txt", "a.txt"},
        {"./a//b/./c/", "a/b/c"},
        {"./", ""},
        {".hidden", ".hidden"},
        {"...", "..."},
        {"a..b/..c", "a..b/..c"},
        {"größe.txt", "größe.txt"},
        {"a\\b", "a\\b"},
        {"", "! has no name that can be read"},
        {"/etc/passwd", "! has an absolute name"},
        {"..", "! has a name that leads upwards (`..`)"},
        {"a/../b", "! has a name that leads upwards (`..`)"},
        {"a/..", "! has a name that leads upwards (`..`)"},
        {"a\nb", "! has a line end or control character in its name"},
        {"a\x7f", "! has a line end or control character in its name"},
        {"a\xc2\x85z", "! has a line end or control character in its name"},
        {"a\xff", "! has a name that is not UTF-8"},
        {"a\xc0\xae", "! has a name that is not UTF-8"},
    };
    for (const auto& row : rows) EXPECT_EQ(cleaned(row.name), row.path) << row.name;
    EXPECT_EQ(cleaned(std::string("a\0b", 3)), "! has a line end or control character in its name");
    EXPECT_EQ(cleaned(std::string(256, 'x')), "! has a name that is too long");
    EXPECT_EQ(cleaned(std::string(255, 'x')), std::string(255, 'x'));
    EXPECT_EQ(cleaned("a/b/c", {.parts_max = 2}), "! lies in too many folders");
    EXPECT_EQ(cleaned("abc/d", {.bytes_max = 4}), "! has a name that is too long");
}

TEST(EntryName, MayStandInAMessage) {
    EXPECT_EQ(quoted_name("a\nb\xff"), "\"a?b\xEF\xBF\xBD\"");
    EXPECT_EQ(quoted_name(std::string(121, 'x')), "\"" + std::string(120, 'x') + "…\"");
}

TEST(PathPattern, LooksAtThePathOrAtTheName) {
    const struct {
        const char* pattern;
        const char* path;
        bool fits;
    } rows[] = {{"*.csv", "a/b/x.csv", true},    {"*.csv", "x.csv", true},
                {"a*x", "a/bx", false},          {"a/*x", "a/b/x", true},
                {"b/x.csv", "a/b/x.csv", false}, {"*/x.csv", "a/b/x.csv", true},
                {"b", "a/b/x.csv", false},       {"", "", true}};
    for (const auto& row : rows) {
        EXPECT_EQ(path_fits(row.pattern, row.path), row.fits) << row.pattern << " " << row.path;
    }
}

TEST(NamePatterns, MeanPathsAndWhatIsBelow) {
    const auto all = NamePatterns::make({}, {}).value();
    EXPECT_TRUE(all.is_meant("a/b"));
    const auto some = NamePatterns::make({"*.csv", "docs"}, {"*.tmp.csv", "a/private"}).value();
    EXPECT_TRUE(some.is_meant("x.csv"));
    EXPECT_TRUE(some.is_meant("deep/er/x.csv"));
    EXPECT_TRUE(some.is_meant("docs/readme.txt"));
    EXPECT_FALSE(some.is_meant("readme.txt"));
    EXPECT_FALSE(some.is_meant("deep/x.tmp.csv"));
    EXPECT_FALSE(some.is_meant("a/private/x.csv"));
    EXPECT_TRUE(some.is_kept("a/readme.txt"));
    EXPECT_FALSE(some.is_kept("a/private"));
    EXPECT_FALSE(NamePatterns::make({""}, {}));
    EXPECT_FALSE(NamePatterns::make({}, std::vector<std::string>(101, "x")));
    EXPECT_FALSE(NamePatterns::make({std::string(1001, 'x')}, {}));
}

}  // namespace
}  // namespace sluice::work
