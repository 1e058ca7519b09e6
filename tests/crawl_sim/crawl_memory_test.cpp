// SPDX-License-Identifier: Apache-2.0
// C9 at full size: the frontier's memory follows the number of hosts, not of URLs. The store is
// left out: what would be written is thrown away, and every URL is new.
#include "modules/crawl/core/frontier/frontier.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

namespace sluice::crawl::sim {
namespace {

constexpr WallTime zero = wall_from_ns(1'700'000'000'000'000'000);

double resident_mib() {
    std::uint64_t pages = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident;
    return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

TEST(CrawlMemory, TenMillionUrlsOfTwoThousandHostsNeedLessThan64MiB) {
    constexpr std::uint64_t hosts = 2'000, urls = 10'000'000;
    const double before = resident_mib();
    Frontier frontier({}, 1);
    Decision out;
    Found found;
    found.stored = Seen::no;
    for (std::uint64_t i = 0; i < urls; ++i) {
        const std::string host = "h" + std::to_string(i % hosts) + ".org";
        found.url = "https://" + host + "/a/page/with/a/path/" + std::to_string(i);
        found.domain = host;
        found.urgency = static_cast<std::uint8_t>(i % 8);
        frontier.offer(found, zero, out);
        if (i % 1'000 == 0) frontier.commit(out);
        out.clear();
    }
    const double grown = resident_mib() - before;
    std::printf("  %.1f MiB for %llu URLs, %zu of them loaded\n", grown,
                static_cast<unsigned long long>(urls), frontier.loaded_urls());
    EXPECT_EQ(frontier.totals().pending, urls);
    EXPECT_LT(grown, 64.0);
    EXPECT_LE(frontier.seen_bytes(), FrontierConfig{}.seen_bytes);
}

}  // namespace
}  // namespace sluice::crawl::sim
