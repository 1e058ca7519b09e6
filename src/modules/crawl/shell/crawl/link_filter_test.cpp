// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/crawl/link_filter.h"

#include "kernel/base/random.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

namespace sluice::crawl {
namespace {

Found found(std::string url, std::uint32_t depth, std::uint8_t hops = 0) {
    Found one;
    one.url = std::move(url);
    one.depth = depth;
    one.hops = hops;
    return one;
}

TEST(LinkFilter, LinkIsToldOnceUnlessItIsFoundNearer) {
    LinkFilter filter;
    const auto is_news = [&](const Found& one) {
        std::vector<Found> all{one};
        filter.keep_news(all);
        return !all.empty();
    };
    EXPECT_TRUE(is_news(found("http://a/", 3)));
    EXPECT_FALSE(is_news(found("http://a/", 3)));
    EXPECT_FALSE(is_news(found("http://a/", 4)));
    EXPECT_FALSE(is_news(found("http://a/", 3, 2)));
    EXPECT_TRUE(is_news(found("http://a/", 2, 1))) << "nearer, by a redirect";
    EXPECT_TRUE(is_news(found("http://a/", 2, 0)));
    EXPECT_FALSE(is_news(found("http://a/", 3, 0)));
    EXPECT_TRUE(is_news(found("http://b/", 3)));
}

TEST(LinkFilter, LinksOfOnePageAreToldOnceInTheirOrder) {
    LinkFilter filter;
    std::vector<Found> all{found("http://a/1", 1), found("http://a/2", 1), found("http://a/1", 1),
                           found("http://a/3", 1), found("http://a/2", 1)};
    filter.keep_news(all);
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].url, "http://a/1");
    EXPECT_EQ(all[1].url, "http://a/2");
    EXPECT_EQ(all[2].url, "http://a/3");
}

/// However small it is: what it drops was told before at least as near.
TEST(LinkFilter, NothingIsDroppedThatWasNotTold) {
    LinkFilter filter(16);
    Random random(3);
    std::map<std::string, std::pair<std::uint32_t, std::uint8_t>> told;
    std::uint64_t dropped = 0;
    for (int i = 0; i < 50'000; ++i) {
        std::vector<Found> all{found("http://a/" + std::to_string(random.below(60)),
                                     static_cast<std::uint32_t>(random.below(5)),
                                     static_cast<std::uint8_t>(random.below(3)))};
        const Found one = all[0];
        filter.keep_news(all);
        if (!all.empty()) {
            told[one.url] = {one.depth, one.hops};
            continue;
        }
        ++dropped;
        ASSERT_TRUE(told.contains(one.url));
        ASSERT_LE(told[one.url].first, one.depth);
        ASSERT_LE(told[one.url].second, one.hops);
    }
    EXPECT_GT(dropped, 1000U);
}

}  // namespace
}  // namespace sluice::crawl
