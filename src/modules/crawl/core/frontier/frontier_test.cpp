// SPDX-License-Identifier: Apache-2.0
// Single steps of the frontier. Its histories are judged in tests/crawl_sim.
#include "modules/crawl/core/frontier/frontier.h"

#include "modules/crawl/core/frontier/host.h"
#include "modules/crawl/core/robots/robots.h"

#include <gtest/gtest.h>

#include <map>

namespace sluice::crawl {
namespace {

constexpr WallTime zero = wall_from_ns(1'700'000'000'000'000'000);

Found found(std::string url, std::uint32_t depth = 0) {
    Found one;
    one.url = std::move(url);
    one.domain = "a.org";
    one.depth = depth;
    return one;
}

/// A frontier with a store, whose names resolve at once and whose hosts have no robots.txt unless a
/// test gives one.
class Scene {
public:
    explicit Scene(FrontierConfig config = quick()) : config_(config) { open(); }

    static FrontierConfig quick() {
        FrontierConfig config;
        config.pace.delay = 0s;
        config.pace.latency_factor = 0;
        return config;
    }

    void open() {
        frontier = std::make_unique<Frontier>(config_, 1);
        for (const auto& [key, value] : store) {
            Status read;
            if (key[0] == 'H') read = frontier->restore_host(key, value);
            if (key[0] == 'R') read = frontier->restore_robots(key, value);
            if (key[0] == 'T') read = frontier->restore_totals(value);
            EXPECT_TRUE(read) << key;
        }
        if (!store.empty()) frontier->restored(now);
    }
    void offer(const Found& one) {
        Decision out;
        frontier->offer(one, now, out);
        keep(out);
    }
    /// Everything that starts now; names and robots.txt are answered on the way.
    std::vector<FetchOrder> orders() {
        std::vector<FetchOrder> pages;
        for (bool more = true; more;) {
            Decision out;
            frontier->turn(now, out);
            more = !out.resolves.empty() || !out.reads.empty();
            for (const ResolveOrder& order : out.resolves)
                frontier->finish_resolve({order.host, {"192.0.2.1"}}, now, out);
            for (const FetchOrder& order : out.fetches) {
                if (!order.robots) pages.push_back(order);
                if (!order.robots) continue;
                more = true;
                robots_orders.push_back(order);
                frontier->finish_robots(robots_end(order), now, out);
            }
            for (const ReadOrder& order : out.reads) frontier->finish_read(read(order), now);
            keep(out);
        }
        return pages;
    }
    void finish(const FetchOrder& order, PageEnd::Kind kind, std::vector<Found> links = {},
                std::uint64_t bytes = 0, std::optional<std::uint64_t> simhash = std::nullopt) {
        PageEnd end;
        end.simhash = simhash;
        end.ticket = order.ticket;
        end.kind = kind;
        end.bytes = bytes;
        end.found = std::move(links);
        Decision out;
        frontier->finish_page(end, now, out);
        keep(out);
    }

    std::unique_ptr<Frontier> frontier;
    std::map<std::string, std::string> store;
    std::string robots;        ///< empty: 404
    std::string robots_moved;  ///< where the first answer leads to
    std::vector<FetchOrder> robots_orders;
    WallTime now = zero;
    ReadEnd read(const ReadOrder& order) const {
        ReadEnd end{order.host, order.queue, order.after, {}, true};
        auto it = store.upper_bound(queue_key(order.host, order.queue, order.after));
        const std::string last = queue_key(order.host, order.queue, UINT64_MAX);
        for (; it != store.end() && it->first <= last; ++it) {
            if (end.entries.size() == order.limit) end.last = false;
            if (!end.last) break;
            end.entries.push_back(*read_queued(it->first, it->second));
        }
        return end;
    }

private:
    RobotsEnd robots_end(const FetchOrder& order) const {
        RobotsEnd end;
        end.ticket = order.ticket;
        if (!robots_moved.empty() && order.url != robots_moved) {
            end.robots = {301, 0, true, std::nullopt, std::nullopt};
            end.location = robots_moved;
            return end;
        }
        end.robots.status = robots.empty() ? 404 : 200;
        end.rules = std::make_shared<const RobotsRules>(parse_robots(robots).for_agent("sluice"));
        return end;
    }
    void keep(Decision& out) {
        frontier->commit(out);
        for (const Write& write : out.writes) {
            if (write.value) store[write.key] = *write.value;
            if (!write.value) store.erase(write.key);
        }
        EXPECT_TRUE(frontier->totals().adds_up());
    }

    FrontierConfig config_;
};

TEST(Frontier, ACrawlEndsWhenTheLastPageHasNoNewLinks) {
    Scene scene;
    scene.offer(found("http://a.org/"));
    auto orders = scene.orders();
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders[0].address, "192.0.2.1");
    scene.finish(orders[0], PageEnd::Kind::fetched, {found("http://a.org/b", 1)});
    EXPECT_FALSE(scene.frontier->is_finished());
    orders = scene.orders();
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders[0].url, "http://a.org/b");
    scene.finish(orders[0], PageEnd::Kind::fetched, {found("http://a.org/", 2)});
    EXPECT_TRUE(scene.frontier->is_finished());
    EXPECT_EQ(scene.frontier->totals().fetched, 2U);
    EXPECT_EQ(scene.frontier->totals().seen, 2U);
}

TEST(Frontier, RobotsThatMovedAreAskedOfTheAddressOfTheHostWhereTheyAre) {
    Scene scene;
    scene.robots_moved = "https://a.org:8443/rules";
    scene.offer(found("http://a.org/"));
    EXPECT_EQ(scene.orders().size(), 1U);
    ASSERT_EQ(scene.robots_orders.size(), 2U);
    EXPECT_EQ(scene.robots_orders[1].url, scene.robots_moved);
    EXPECT_EQ(scene.robots_orders[1].address, "192.0.2.1") << "another port, the same host";

    Scene elsewhere;
    elsewhere.robots_moved = "http://b.org/robots.txt";
    elsewhere.offer(found("http://a.org/"));
    EXPECT_EQ(elsewhere.orders().size(), 1U);
    ASSERT_EQ(elsewhere.robots_orders.size(), 2U);
    EXPECT_EQ(elsewhere.robots_orders[0].address, "192.0.2.1");
    EXPECT_EQ(elsewhere.robots_orders[1].address, "") << "to be resolved";
}

TEST(Frontier, AHostGetsOneRequestAtATimeAndItsDelay) {
    FrontierConfig config = Scene::quick();
    config.pace.delay = 10s;
    Scene scene(config);
    for (const char* path : {"1", "2", "3"})
        scene.offer(found(std::string("http://a.org/") + path));
    EXPECT_TRUE(scene.orders().empty()) << "robots.txt was a request as well";
    EXPECT_EQ(scene.frontier->next_wake(), zero + 10s);
    scene.now += 10s;
    const auto orders = scene.orders();
    ASSERT_EQ(orders.size(), 1U);
    scene.now += 60s;
    EXPECT_TRUE(scene.orders().empty()) << "the first is still in flight";
    scene.finish(orders[0], PageEnd::Kind::fetched);
    EXPECT_EQ(scene.orders().size(), 1U);
}

TEST(Frontier, WhatRobotsForbidIsNeverAskedFor) {
    Scene scene;
    scene.robots = "User-agent: *\nDisallow: /private\n";
    scene.offer(found("http://a.org/private/1"));
    scene.offer(found("http://a.org/public"));
    const auto orders = scene.orders();
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders[0].url, "http://a.org/public");
    EXPECT_EQ(scene.frontier->totals().excluded[static_cast<std::size_t>(Exclusion::robots)], 1U);
}

TEST(Frontier, AUrlThatWasTooDeepIsTakenWhenItIsFoundNearer) {
    FrontierConfig config = Scene::quick();
    config.depth_max = 2;
    Scene scene(config);
    scene.offer(found("http://a.org/x", 3));
    scene.offer(found("http://a.org/x", 5));
    EXPECT_EQ(scene.frontier->totals().all_excluded(), 1U);
    EXPECT_TRUE(scene.frontier->is_finished());
    scene.offer(found("http://a.org/x", 2));
    EXPECT_EQ(scene.frontier->totals().all_excluded(), 0U);
    EXPECT_EQ(scene.frontier->totals().seen, 1U);
    EXPECT_EQ(scene.orders().size(), 1U);
}

TEST(Frontier, AFailureIsTriedAgainLaterAndNotForEver) {
    FrontierConfig config = Scene::quick();
    config.attempts_max = 3;
    Scene scene(config);
    scene.offer(found("http://a.org/"));
    for (std::uint8_t attempt = 0; attempt < 3; ++attempt) {
        auto orders = scene.orders();
        while (orders.empty()) {
            ASSERT_TRUE(scene.frontier->next_wake());
            scene.now = std::max(scene.now, *scene.frontier->next_wake());
            orders = scene.orders();
        }
        EXPECT_EQ(orders[0].attempt, attempt);
        scene.finish(orders[0], PageEnd::Kind::retry);
    }
    EXPECT_TRUE(scene.frontier->is_finished());
    EXPECT_EQ(scene.frontier->totals().retried, 2U);
    EXPECT_EQ(scene.frontier->totals().all_failed(), 1U);
}

TEST(Frontier, OrdersSayWhereTheirUrlWasFoundFirst) {
    Scene scene;
    scene.offer(found("http://a.org/"));
    auto orders = scene.orders();
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders[0].referrer, "");
    scene.finish(orders[0], PageEnd::Kind::fetched,
                 {found("http://a.org/1", 1), found("http://a.org.b.org/", 1)});
    orders = scene.orders();
    ASSERT_EQ(orders.size(), 2U);
    for (const FetchOrder& order : orders) EXPECT_EQ(order.referrer, "http://a.org/") << order.url;
    scene.open();  // the records say so, too
    orders = scene.orders();
    ASSERT_EQ(orders.size(), 2U);
    for (const FetchOrder& order : orders) EXPECT_EQ(order.referrer, "http://a.org/") << order.url;
    const bool first_is_a = orders[0].url == "http://a.org/1";
    scene.finish(orders[first_is_a ? 0 : 1], PageEnd::Kind::retry);
    scene.finish(orders[first_is_a ? 1 : 0], PageEnd::Kind::fetched, {found("http://a.org/2", 2)});
    scene.now += 1h;
    std::map<std::string, std::string> referrers;
    for (orders = scene.orders(); !orders.empty(); orders = scene.orders()) {
        referrers[orders[0].url] = orders[0].referrer;
        scene.finish(orders[0], PageEnd::Kind::fetched);
    }
    const std::map<std::string, std::string> expected = {{"http://a.org/1", "http://a.org/"},
                                                         {"http://a.org/2", "http://a.org.b.org/"}};
    EXPECT_EQ(referrers, expected);
}

TEST(Frontier, UrlsOfAHostWithoutAnAddressEndUnaskedAndAreNamed) {
    Scene scene;
    scene.offer(found("http://a.org/x", 2));
    scene.offer(found("http://a.org/y", 3));
    Decision out;
    scene.frontier->turn(scene.now, out);
    ASSERT_EQ(out.resolves.size(), 1U);
    scene.frontier->finish_resolve({out.resolves[0].host, {}, Failure::blocked}, scene.now, out);
    scene.frontier->turn(scene.now, out);
    ASSERT_EQ(out.unasked.size(), 2U);
    EXPECT_EQ(out.unasked[0].url, "http://a.org/x");
    EXPECT_EQ(out.unasked[0].failure, Failure::blocked);
    EXPECT_EQ(out.unasked[0].depth, 2U);
    EXPECT_EQ(out.unasked[1].url, "http://a.org/y");
    EXPECT_EQ(scene.frontier->totals().all_failed(), 2U);
    EXPECT_TRUE(scene.frontier->is_finished());
}

TEST(Frontier, TheLimitOfPagesCountsWhatIsInFlight) {
    FrontierConfig config = Scene::quick();
    config.pages_max = 2;
    config.host_running_max = 5;
    Scene scene(config);
    for (int i = 0; i < 5; ++i) scene.offer(found("http://a.org/" + std::to_string(i)));
    const auto orders = scene.orders();
    ASSERT_EQ(orders.size(), 2U);
    // One of them is no page, so another may be.
    scene.finish(orders[0], PageEnd::Kind::failed);
    const auto more = scene.orders();
    ASSERT_EQ(more.size(), 1U);
    scene.finish(orders[1], PageEnd::Kind::fetched);
    scene.finish(more[0], PageEnd::Kind::fetched);
    EXPECT_TRUE(scene.orders().empty());
    EXPECT_TRUE(scene.frontier->at_limit());
    EXPECT_TRUE(scene.frontier->is_over());
    EXPECT_FALSE(scene.frontier->is_finished());
}

TEST(Frontier, BytesAreReservedBeforeTheyAreRead) {
    FrontierConfig config = Scene::quick();
    config.bytes_max = 250;
    config.body_max = 100;
    config.host_running_max = 9;
    Scene scene(config);
    for (int i = 0; i < 9; ++i) scene.offer(found("http://a.org/" + std::to_string(i)));
    auto orders = scene.orders();
    ASSERT_EQ(orders.size(), 2U);
    for (const FetchOrder& order : orders)
        scene.finish(order, PageEnd::Kind::fetched, {}, order.body_max);
    orders = scene.orders();
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders[0].body_max, 50U);
    scene.finish(orders[0], PageEnd::Kind::fetched, {}, 50);
    EXPECT_TRUE(scene.orders().empty());
    EXPECT_EQ(scene.frontier->totals().bytes, 250U);
}

TEST(Frontier, ACrashRepeatsWhatWasInFlightAndNothingElse) {
    Scene scene;
    for (int i = 0; i < 3; ++i) scene.offer(found("http://a.org/" + std::to_string(i)));
    scene.finish(scene.orders().at(0), PageEnd::Kind::fetched);
    const std::string in_flight = scene.orders().at(0).url;
    scene.open();
    EXPECT_EQ(scene.frontier->totals().pending, 2U);
    scene.now += 1s;
    EXPECT_EQ(scene.orders().at(0).url, in_flight);
    Found known = found("http://a.org/0");
    const auto key = scene.frontier->must_look_up(known);
    ASSERT_TRUE(key);
    known.stored = static_cast<Seen>(scene.store.at(*key)[0]);
    scene.offer(known);
    EXPECT_EQ(scene.frontier->totals().seen, 3U);
}

TEST(Frontier, ADrainedCrawlIsOverWhenNothingIsInFlight) {
    Scene scene;
    scene.offer(found("http://a.org/1"));
    scene.offer(found("http://a.org/2"));
    const auto orders = scene.orders();
    scene.frontier->drain();
    EXPECT_FALSE(scene.frontier->is_over());
    scene.finish(orders.at(0), PageEnd::Kind::fetched);
    EXPECT_TRUE(scene.orders().empty());
    EXPECT_TRUE(scene.frontier->is_over());
}

TEST(Frontier, UrgentUrlsComeFirstAndOthersAreNotForgotten) {
    Scene scene;
    for (int i = 0; i < 40; ++i) {
        Found one = found("http://a.org/" + std::to_string(i));
        one.urgency = i % 2 == 0 ? 0 : 7;
        scene.offer(one);
    }
    int urgent = 0, others = 0;
    for (int i = 0; i < 20; ++i) {
        const FetchOrder order = scene.orders().at(0);
        ++(order.urgency == 0 ? urgent : others);
        scene.finish(order, PageEnd::Kind::fetched);
    }
    EXPECT_GT(urgent, others / 2);
    EXPECT_GT(others, 0);
    while (!scene.frontier->is_finished())
        scene.finish(scene.orders().at(0), PageEnd::Kind::fetched);
}

TEST(Frontier, APartThatBringsNothingNewComesLast) {
    FrontierConfig config = Scene::quick();
    config.novelty.stale_after = 3;
    Scene scene(config);
    scene.offer(found("http://a.org/calendar/0"));
    for (int day = 1; day <= 5; ++day)
        scene.finish(scene.orders().at(0), PageEnd::Kind::fetched,
                     {found("http://a.org/calendar/" + std::to_string(day))}, 0,
                     0x0123456789abcdef);
    EXPECT_EQ(scene.orders().at(0).urgency, urgency_last);
}

TEST(FrontierRecords, AreTheSameAfterTheyWereWrittenAndRead) {
    Host host;
    host.id = HostId(77);
    host.origin = "https://a.org:8443";
    host.domain = "a.org";
    host.stored[3] = 12;
    host.next_seq = 99;
    host.written_off = WrittenOff::dns;
    host.bytes = 1U << 20U;
    const std::string record = host_record(host);
    const auto read = read_host(host_key(host.id), record);
    ASSERT_TRUE(read);
    EXPECT_EQ(host_record(*read), record);
    EXPECT_EQ(read->id, host.id);

    const QueuedUrl url{7, "/a?b", 3, 1, 2, 1, UrlKind::sitemap, "/from"};
    const auto entry = read_queued(queue_key(host.id, 1, 7), queue_record(url));
    ASSERT_TRUE(entry);
    EXPECT_EQ(queue_record(*entry), queue_record(url));
    EXPECT_EQ(entry->seq, 7U);
    EXPECT_EQ(entry->referrer, "/from");
    // Version 1 ended with the path.
    std::string before = queue_record({7, "/a?b", 3, 1, 2, 1, UrlKind::sitemap});
    before.front() = 1;
    before.pop_back();
    const auto old = read_queued(queue_key(host.id, 1, 7), before);
    ASSERT_TRUE(old);
    EXPECT_EQ(old->path, "/a?b");
    EXPECT_EQ(old->referrer, "");
}

TEST(FrontierRecords, ACutOrStrangeRecordIsRefused) {
    Host host;
    host.origin = "http://a.org";
    const std::string record = host_record(host);
    for (std::size_t size = 0; size < record.size(); ++size)
        EXPECT_FALSE(read_host(host_key(HostId(1)), record.substr(0, size)));
    EXPECT_FALSE(read_host(host_key(HostId(1)), record + "x"));
    EXPECT_FALSE(read_host("Qabcdefgh", record));
    const std::string totals = totals_record(CrawlTotals{});
    for (std::size_t size = 0; size < totals.size(); ++size)
        EXPECT_FALSE(read_totals(totals.substr(0, size)));
    const std::string entry = queue_record({1, "/", 0, 0, 0, 0, UrlKind::page});
    EXPECT_FALSE(read_queued(queue_key(HostId(1), 0, 1), entry.substr(1)));
}

TEST(Frontier, PausedCrawlStartsNothingAndGoesOnWhereItWas) {
    Scene scene;
    scene.offer(found("http://a.org/1"));
    scene.offer(found("http://a.org/2"));
    const auto first = scene.orders();
    ASSERT_EQ(first.size(), 1U);
    scene.frontier->pause(true, scene.now);
    scene.finish(first[0], PageEnd::Kind::fetched, {found("http://b.org/", 1)});
    EXPECT_TRUE(scene.orders().empty());
    EXPECT_FALSE(scene.frontier->is_over());
    scene.frontier->pause(false, scene.now);
    EXPECT_EQ(scene.orders().size(), 2U);
}

TEST(Frontier, ChangedRatesHoldForHostsThatAlreadyWait) {
    FrontierConfig config = Scene::quick();
    config.pace.delay = 60s;
    Scene scene(config);
    scene.robots = "User-agent: *\nDisallow: /private/\n";
    scene.offer(found("http://a.org/1"));
    scene.offer(found("http://a.org/2"));
    scene.offer(found("http://a.org/3"));
    EXPECT_TRUE(scene.orders().empty()) << "robots.txt counts as a request";
    PaceConfig quicker = config.pace;
    quicker.delay = 2s;
    scene.frontier->set_politeness(quicker, config.gates, scene.now);
    scene.now += 2s;
    auto orders = scene.orders();
    ASSERT_EQ(orders.size(), 1U);
    scene.finish(orders[0], PageEnd::Kind::fetched);
    PaceConfig slower = config.pace;
    slower.delay = 100s;
    scene.frontier->set_politeness(slower, config.gates, scene.now);
    scene.now += 99s;
    EXPECT_TRUE(scene.orders().empty()) << "counted from the last start";
    scene.now += 1s;
    orders = scene.orders();
    ASSERT_EQ(orders.size(), 1U);
    scene.finish(orders[0], PageEnd::Kind::fetched);
    GateConfig gates = config.gates;
    gates.crawl.rate = TokenBucketLimit{.tokens = 1, .per = 1000s};
    scene.frontier->set_politeness(Scene::quick().pace, gates, scene.now);
    orders = scene.orders();
    ASSERT_EQ(orders.size(), 1U);
    scene.finish(orders[0], PageEnd::Kind::fetched);
    EXPECT_TRUE(scene.frontier->is_finished());
}

TEST(Frontier, WhatIsReadTogetherStaysInItsMemory) {
    FrontierConfig config = Scene::quick();
    config.window_urls = 8;
    config.window_urls_min = 1;
    config.loaded_urls_max = 16;
    Scene scene(config);
    for (int host = 0; host < 20; ++host)
        for (int page = 0; page < 10; ++page)
            scene.offer(found("http://h" + std::to_string(host) + ".org/" + std::to_string(page)));
    scene.open();
    Decision out;
    scene.frontier->turn(scene.now, out);
    ASSERT_EQ(out.reads.size(), 20U);
    std::size_t asked = 0;
    for (const ReadOrder& order : out.reads) asked += order.limit;
    EXPECT_LE(asked, 16U + 20U);
    EXPECT_EQ(scene.frontier->loaded_urls(), 0U);
    for (const ReadOrder& order : out.reads) scene.frontier->finish_read(scene.read(order), zero);
    EXPECT_EQ(scene.frontier->loaded_urls(), asked);
}

TEST(Host, TheNameOfAnOriginIsWithoutItsPort) {
    EXPECT_EQ(host_name_of("https://example.org:8443"), "example.org");
    EXPECT_EQ(host_name_of("http://example.org"), "example.org");
    EXPECT_EQ(host_name_of("http://[::1]:80"), "[::1]");
    EXPECT_EQ(host_name_of("http://[::1]"), "[::1]");
}

}  // namespace
}  // namespace sluice::crawl
