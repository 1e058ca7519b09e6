// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/politeness/gates.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace sluice::crawl {
namespace {

constexpr WallTime zero = wall_from_ns(1'000'000'000'000);

GateLimit each(Duration interval, std::uint64_t burst = 1, std::uint32_t running_max = 0) {
    return {TokenBucketLimit{1, interval, burst}, running_max};
}

/// Has every waiting host try again until nobody may.
std::vector<std::uint64_t> let_in(Gates& gates, const std::map<HostId, Route>& routes,
                                  WallTime now) {
    std::vector<std::uint64_t> started;
    while (const auto host = gates.next_ready(now)) {
        if (gates.start(*host, routes.at(*host), now)) started.push_back(host->value());
    }
    return started;
}

TEST(Gates, ADomainsHostsShareItsRateInTheOrderInWhichTheyCame) {
    Gates gates({.domain = each(1s)});
    std::map<HostId, Route> routes;
    for (std::uint64_t i = 1; i <= 3; ++i)
        routes[HostId(i)] = {gates.address("10.0.0." + std::to_string(i)), gates.domain("a.org")};
    EXPECT_TRUE(gates.start(HostId(1), routes[HostId(1)], zero));
    EXPECT_FALSE(gates.start(HostId(3), routes[HostId(3)], zero));
    EXPECT_FALSE(gates.start(HostId(2), routes[HostId(2)], zero));
    EXPECT_EQ(gates.waits_at(HostId(3)), GateKind::domain);
    EXPECT_EQ(gates.next_wake(), zero + 1s);
    EXPECT_EQ(gates.next_ready(zero + 999ms), std::nullopt);
    EXPECT_EQ(let_in(gates, routes, zero + 1s), std::vector<std::uint64_t>{3});
    EXPECT_EQ(let_in(gates, routes, zero + 2s), std::vector<std::uint64_t>{2});
    EXPECT_EQ(gates.waiting(), 0U);
}

TEST(Gates, ABurstMayStartAtOnce) {
    Gates gates({.crawl = each(100ms, 3)});
    const Route route{gates.address("10.0.0.1"), gates.domain("a.org")};
    for (std::uint64_t i = 1; i <= 3; ++i) EXPECT_TRUE(gates.start(HostId(i), route, zero));
    EXPECT_FALSE(gates.start(HostId(4), route, zero));
    EXPECT_EQ(gates.next_wake(), zero + 100ms);
}

TEST(Gates, AStartIsCountedInAllGatesOrInNone) {
    Gates gates({.address = each(1s), .domain = each(5s)});
    const Route first{gates.address("10.0.0.1"), gates.domain("a.org")};
    const Route same_domain{gates.address("10.0.0.2"), gates.domain("a.org")};
    const Route same_address{gates.address("10.0.0.2"), gates.domain("b.org")};
    EXPECT_TRUE(gates.start(HostId(1), first, zero));
    EXPECT_FALSE(gates.start(HostId(2), same_domain, zero));
    // The refused start took nothing from the address.
    EXPECT_TRUE(gates.start(HostId(3), same_address, zero));
}

TEST(Gates, OneMayGoWhenAnotherIsDone) {
    Gates gates({.address = {std::nullopt, 1}});
    const Route route{gates.address("10.0.0.1"), gates.domain("a.org")};
    EXPECT_TRUE(gates.start(HostId(1), route, zero));
    EXPECT_FALSE(gates.start(HostId(2), route, zero));
    EXPECT_EQ(gates.next_wake(), std::nullopt);
    gates.finished(route, zero + 5s);
    EXPECT_EQ(gates.next_ready(zero + 5s), HostId(2));
    EXPECT_TRUE(gates.start(HostId(2), route, zero + 5s));
    EXPECT_EQ(gates.running(), 1U);
}

TEST(Gates, WhoWithdrawsIsNotWokenAndKeepsNobodyOut) {
    Gates gates({.crawl = each(1s)});
    const Route route{gates.address("10.0.0.1"), gates.domain("a.org")};
    EXPECT_TRUE(gates.start(HostId(1), route, zero));
    EXPECT_FALSE(gates.start(HostId(2), route, zero));
    EXPECT_FALSE(gates.start(HostId(3), route, zero));
    gates.withdraw(HostId(2), zero);
    EXPECT_EQ(gates.next_ready(zero + 1s), HostId(3));
    gates.withdraw(HostId(3), zero + 1s);
    EXPECT_EQ(gates.next_wake(), std::nullopt);
}

// Two busy gates and a host that needs both: without holding it would meet one shut for ever.
TEST(Gates, AHostBetweenTwoBusyGatesIsNotStarved) {
    Gates gates({.address = each(300ms), .domain = each(700ms), .patience = 4});
    std::map<HostId, Route> routes;
    const HostId unlucky(1);
    routes[unlucky] = {gates.address("10.0.0.1"), gates.domain("a.org")};
    for (std::uint64_t i = 2; i <= 9; ++i)
        routes[HostId(i)] = {gates.address("10.0.0.1"), gates.domain("d" + std::to_string(i))};
    for (std::uint64_t i = 10; i <= 17; ++i)
        routes[HostId(i)] = {gates.address("10.0.1." + std::to_string(i)), gates.domain("a.org")};
    std::map<std::uint64_t, int> starts;
    WallTime now = zero;
    const auto go = [&](HostId host) {
        // Started hosts come back at once, so both gates always have somebody who wants in.
        if (!gates.start(host, routes[host], now)) return;
        ++starts[host.value()];
        gates.finished(routes[host], now);
        EXPECT_FALSE(gates.start(host, routes[host], now));
    };
    for (const auto& [host, route] : routes) go(host);
    for (int i = 0; i < 4000; ++i) {
        now = std::max(now, gates.next_wake().value());
        while (const auto host = gates.next_ready(now)) go(*host);
    }
    EXPECT_GE(starts[1] * 40, starts[2]);
    EXPECT_GE(starts[1] * 40, starts[10]);
}

TEST(Gates, AfterACrashEveryBucketIsEmptyAlsoThoseMadeLater) {
    Gates gates({.domain = each(1s, 2), .crawl = each(100ms)});
    gates.assume_spent(zero);
    const Route route{gates.address("10.0.0.1"), gates.domain("a.org")};
    EXPECT_FALSE(gates.start(HostId(1), route, zero));
    EXPECT_EQ(gates.next_ready(zero + 999ms), std::nullopt);
    EXPECT_EQ(gates.next_ready(zero + 1s), HostId(1));
    EXPECT_TRUE(gates.start(HostId(1), route, zero + 1s));
}

// A burst of zero counts as one, as everywhere; the largest fills in a hundred years, not never.
TEST(Gates, AfterACrashABucketOfAnySizeIsEmpty) {
    for (const std::uint64_t burst : {std::uint64_t{0}, UINT64_MAX}) {
        Gates gates({.domain = each(1s, burst)});
        gates.assume_spent(zero);
        const Route route{gates.address("10.0.0.1"), gates.domain("a.org")};
        EXPECT_FALSE(gates.start(HostId(1), route, zero)) << burst;
        EXPECT_EQ(gates.next_wake(), zero + 1s) << burst;
    }
}

TEST(Gates, LimitsMayChangeWhileHostsWait) {
    Gates gates({.crawl = each(1h)});
    const Route route{gates.address("10.0.0.1"), gates.domain("a.org")};
    EXPECT_TRUE(gates.start(HostId(1), route, zero));
    EXPECT_FALSE(gates.start(HostId(2), route, zero));
    gates.set_limits({}, zero + 1s);
    EXPECT_EQ(gates.next_ready(zero + 1s), HostId(2));
}

TEST(Gates, WhatNobodyUsesIsForgotten) {
    Gates gates({.address = each(1ms)});
    for (int i = 0; i < 20'000; ++i) {
        const WallTime now = zero + 1ms * i;
        const Route route{gates.address(std::to_string(i)), gates.domain("a.org")};
        EXPECT_TRUE(gates.start(HostId(static_cast<std::uint64_t>(i) + 1), route, now));
        gates.finished(route, now);
        gates.let_go(route.address);
        gates.let_go(route.domain);
    }
    EXPECT_LE(gates.size(), 1100U);
}

}  // namespace
}  // namespace sluice::crawl
