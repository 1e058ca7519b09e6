// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/robots/robots_tag.h"

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace sluice;
using namespace sluice::crawl;

PageDirectives tag(std::string_view value) {
    PageDirectives out;
    add_robots_tag(out, value, "Sluicebot");
    return out;
}

TEST(RobotsTag, WordsForEveryoneAreTaken) {
    EXPECT_EQ(tag("noindex, NoFollow"), (PageDirectives{.noindex = true, .nofollow = true}));
    EXPECT_EQ(tag("none"), (PageDirectives{.noindex = true, .nofollow = true}));
    EXPECT_EQ(tag("all, index, follow, x"), PageDirectives{});
    EXPECT_EQ(tag(""), PageDirectives{});
    EXPECT_TRUE(tag(" noarchive,,nosnippet , notranslate").notranslate);
}

TEST(RobotsTag, WordsForOthersAreNot) {
    EXPECT_EQ(tag("googlebot: noindex, nofollow"), PageDirectives{});
    EXPECT_TRUE(tag("sluicebot: noindex").noindex);
    const PageDirectives mixed = tag("nofollow, badbot: noindex, nosnippet, SLUICEBOT: noarchive");
    EXPECT_EQ(mixed, (PageDirectives{.nofollow = true, .noarchive = true}));
    EXPECT_TRUE(tag("otherbot: none, *: noindex").noindex);
}

TEST(RobotsTag, LimitsAndDatesKeepTheStricterValue) {
    PageDirectives out = tag("max-snippet:20, max-image-preview: large, max-video-preview:-1");
    EXPECT_EQ(out.max_snippet, 20);
    EXPECT_EQ(out.max_video_preview, -1);
    add_robots_tag(out, "Sluicebot: max-snippet: 5, max-video-preview: x", "sluicebot");
    add_robots_tag(out, "max-snippet: -1", "sluicebot");
    EXPECT_EQ(out.max_snippet, 5);
    const WallTime then = wall_from_ns(1'277'478'000LL * 1'000'000'000);
    for (const std::string date : {"25 Jun 2010 15:00:00 PST", "Fri, 25 Jun 2010 15:00:00 GMT",
                                   "Friday, 25-Jun-10 15:00:00 UTC", "2010-06-25T15:00:00Z"}) {
        const PageDirectives dated = tag("unavailable_after: " + date + ", nofollow");
        EXPECT_EQ(dated.unavailable_after, then) << date;
        EXPECT_TRUE(dated.nofollow) << date;
        EXPECT_FALSE(dated.forbids_index(then - 1s));
        EXPECT_TRUE(dated.forbids_index(then));
    }
    EXPECT_FALSE(tag("unavailable_after: soon").unavailable_after);
    EXPECT_TRUE(tag("sluicebot: unavailable_after: 25 Jun 2010 15:00:00 GMT").unavailable_after);
}

TEST(RobotsTag, AMetaElementNamesNoCrawlers) {
    PageDirectives out;
    add_meta_robots(out, "NOINDEX,max-snippet:3");
    EXPECT_TRUE(out.noindex);
    EXPECT_EQ(out.max_snippet, 3);
}

TEST(RobotsTag, ALongValueIsCut) {
    EXPECT_FALSE(tag(std::string(robots_tag_bytes_max, ',') + "noindex").noindex);
    EXPECT_TRUE(tag("noindex" + std::string(1'000'000, ',')).noindex);
}

}  // namespace
