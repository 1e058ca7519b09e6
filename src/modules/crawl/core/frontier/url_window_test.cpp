// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/frontier/url_window.h"

#include "kernel/base/random.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace sluice::crawl {
namespace {

QueuedUrl url(std::uint64_t seq) { return {.seq = seq, .path = "/" + std::to_string(seq)}; }

TEST(UrlWindow, HandsOutInOrder) {
    UrlWindow window;
    for (const std::uint64_t seq : {5U, 9U, 7U}) window.add(url(seq), 10);
    EXPECT_EQ(window.pop().seq, 5U);
    EXPECT_EQ(window.pop().seq, 7U);
    EXPECT_EQ(window.pop().seq, 9U);
    EXPECT_FALSE(window.has_more());
}

TEST(UrlWindow, KeepsTheFirstAndReadsTheRest) {
    UrlWindow window;
    for (std::uint64_t seq = 1; seq <= 5; ++seq) window.add(url(seq), 3);
    EXPECT_EQ(window.size(), 3U);
    for (std::uint64_t seq = 1; seq <= 3; ++seq) EXPECT_EQ(window.pop().seq, seq);
    EXPECT_TRUE(window.needs_read());
    EXPECT_TRUE(window.begin_read());
    EXPECT_FALSE(window.begin_read()) << "one read at a time";
    EXPECT_EQ(window.through(), 3U);
    window.end_read(3, {url(4), url(5)}, true);
    EXPECT_EQ(window.pop().seq, 4U);
    EXPECT_EQ(window.pop().seq, 5U);
    EXPECT_FALSE(window.has_more());
}

TEST(UrlWindow, AnEmptyReadEndsIt) {
    UrlWindow window = UrlWindow::unread();
    EXPECT_TRUE(window.begin_read());
    window.end_read(0, {}, true);
    EXPECT_FALSE(window.has_more());
}

TEST(UrlWindow, WhatIsGivenBackComesFirstAgain) {
    UrlWindow window;
    for (std::uint64_t seq = 1; seq <= 3; ++seq) window.add(url(seq), 10);
    QueuedUrl first = window.pop();
    window.pop();
    window.give_back(std::move(first));
    EXPECT_EQ(window.pop().seq, 1U);
    EXPECT_EQ(window.pop().seq, 3U);
}

// Against a disk with everything on it: nothing twice, nothing skipped, and in order but for what
// is added in front of what was handed out.
TEST(UrlWindow, AgreesWithItsDisk) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        Random random(seed);
        std::set<std::uint64_t> disk, out;
        UrlWindow window;
        std::uint64_t last = 0;
        for (int i = 0; i < 400; ++i) {
            if (random.below(3) != 0) {
                const std::uint64_t seq = last + 1 + random.below(50);
                if (disk.insert(seq).second) window.add(url(seq), 1 + random.below(4));
            } else if (window.begin_read()) {
                ReadEnd read;
                for (auto it = disk.upper_bound(window.through()); it != disk.end(); ++it) {
                    if (read.entries.size() == 3) break;
                    read.entries.push_back(url(*it));
                }
                const bool all = read.entries.empty() || read.entries.back().seq == *disk.rbegin();
                window.end_read(window.through(), std::move(read.entries), all);
            } else if (!window.empty()) {
                last = window.pop().seq;
                ASSERT_TRUE(out.insert(last).second) << "seed " << seed;
                ASSERT_EQ(disk.erase(last), 1U);
                ASSERT_TRUE(disk.empty() || last < *disk.begin()) << "seed " << seed;
            }
        }
    }
}

}  // namespace
}  // namespace sluice::crawl
