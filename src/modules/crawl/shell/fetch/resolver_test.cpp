// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/fetch/resolver.h"

#include "kernel/sync/channel.h"
#include "kernel/sync/clock.h"
#include "modules/crawl/shell/fetch/dns_server_testing.h"
#include "modules/crawl/shell/fetch/name_cache.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

namespace sluice::crawl {
namespace {

using Addresses = std::vector<std::string>;

class Names {
public:
    explicit Names(ResolverConfig config) {
        auto started = Resolver::start(std::move(config), [this](Resolved resolved) {
            EXPECT_EQ(answers_.push(std::move(resolved)), ChannelStatus::ok);
        });
        EXPECT_TRUE(started) << (started ? "" : started.error().text());
        if (started) resolver_ = *std::move(started);
    }
    bool order(const std::string& origin) { return resolver_->resolve({HostId(++hosts_), origin}); }
    Resolved next() {
        Resolved resolved;
        EXPECT_EQ(answers_.pop_until(resolved, deadline_after(100s)), ChannelStatus::ok);
        return resolved;
    }
    Resolved get(const std::string& origin) {
        EXPECT_TRUE(order(origin));
        Resolved resolved = next();
        EXPECT_EQ(resolved.host, HostId(hosts_));
        return resolved;
    }
    Resolver& resolver() { return *resolver_; }
    [[nodiscard]] std::size_t answers_left() const { return answers_.counters().depth; }

private:
    Channel<Resolved> answers_{4096};
    std::uint64_t hosts_ = 0;
    std::unique_ptr<Resolver> resolver_;
};

/// Public addresses, this server, no hosts file.
ResolverConfig config_of(const DnsServer& server) {
    ResolverConfig config;
    config.servers = {server.address()};
    config.hosts_file.clear();
    config.timeout = 10min;
    return config;
}

TEST(Resolver, GivesTheAllowedAddressesAndHowLongTheyHold) {
    DnsServer server;
    server.say_a("one.example", {"8.8.8.8", "10.0.0.1", "1.1.1.1"}, 300);
    server.say_a("soon.example", {"8.8.4.4"}, 1);
    server.say_a("long.example", {"8.8.4.4"}, 1'000'000);
    server.say("six.example", DnsRecord::a, {});
    server.say("six.example", DnsRecord::aaaa,
               {.records = {{"six.example", DnsRecord::aaaa, 100, "2606:4700::1"}}});
    server.say_a("both.example", {"8.8.4.4"});
    server.say("both.example", DnsRecord::aaaa,
               {.records = {{"both.example", DnsRecord::aaaa, 100, "2606:4700::2"}}});
    server.start();
    Names names(config_of(server));
    const Resolved one = names.get("https://One.Example:8443");
    EXPECT_EQ(one.addresses, (Addresses{"8.8.8.8", "1.1.1.1"}));
    EXPECT_EQ(one.ttl, Duration(300s));
    EXPECT_EQ(names.get("http://soon.example").ttl, Duration(30s));
    EXPECT_EQ(names.get("http://long.example").ttl, Duration(1h));
    const Resolved six = names.get("http://six.example");
    EXPECT_EQ(six.addresses, (Addresses{"2606:4700::1"}));
    EXPECT_EQ(six.ttl, Duration(100s));
    EXPECT_EQ(names.get("http://both.example").addresses, (Addresses{"8.8.4.4"}));
    // Known now: whatever the scheme and port, nobody is asked again, and the time runs.
    const int before = server.queries();
    EXPECT_LE(names.get("http://one.example").ttl, Duration(300s));
    EXPECT_EQ(names.get("http://one.example.").addresses, one.addresses);
    EXPECT_EQ(names.resolver().counters().cached, 2u);
    EXPECT_EQ(names.resolver().counters().queries, 5u);
    EXPECT_LE(server.queries(), before + 5);  // the IPv6 halves of the others may be late
}

TEST(Resolver, NamesWithoutAnAllowedAddressFailWithTheReason) {
    DnsServer server;
    server.say_a("inside.example", {"192.168.1.1", "169.254.169.254"});
    server.say("inside.example", DnsRecord::aaaa,
               {.records = {{"inside.example", DnsRecord::aaaa, 100, "64:ff9b::7f00:1"},
                            {"inside.example", DnsRecord::aaaa, 100, "::ffff:127.0.0.1"},
                            {"inside.example", DnsRecord::aaaa, 100, "2002:7f00:1::"}}});
    server.say("none.example", DnsRecord::a, {});
    server.say("none.example", DnsRecord::aaaa, {});
    server.say("failed.example", DnsRecord::a, {.rcode = 2});
    server.say("failed.example", DnsRecord::aaaa, {.rcode = 2});
    server.start();
    auto config = config_of(server);
    config.negative_ttl = 77s;
    config.failure_ttl = 7s;
    Names names(std::move(config));
    const auto expect = [&names](const std::string& origin, Failure failure, Duration ttl) {
        const Resolved resolved = names.get(origin);
        EXPECT_EQ(resolved.addresses, Addresses{}) << origin;
        EXPECT_EQ(to_string(resolved.failure), to_string(failure)) << origin;
        EXPECT_EQ(resolved.ttl, ttl) << origin;
    };
    expect("http://inside.example", Failure::blocked, 77s);
    expect("http://unknown.example", Failure::dns, 77s);
    expect("http://none.example", Failure::dns, 77s);
    expect("http://failed.example", Failure::dns, 7s);
    // These are never asked of a server.
    const auto asked = names.resolver().counters().queries;
    for (const auto* literal :
         {"http://0.0.0.0", "http://127.0.0.1", "http://169.254.169.254", "http://[::1]",
          "http://[::ffff:127.0.0.1]", "http://[64:ff9b::7f00:1]", "http://[2002:7f00:1::]",
          "http://[::]", "http://10.0.0.1", "http://localhost", "http://a.localhost"}) {
        expect(literal, Failure::blocked, 77s);
    }
    for (const auto* nonsense : {"http://127.1", "http://2130706433", "http://0x7f000001",
                                 "http://a..b", "http://", "nothing"}) {
        expect(nonsense, Failure::dns, 77s);
    }
    EXPECT_EQ(names.resolver().counters().queries, asked);
}

TEST(Resolver, FixedNamesAndTheHostsFileAreAnsweredAtOnceAndJudged) {
    DnsServer server;
    server.start();
    const std::string path = testing::TempDir() + "/sluice_hosts_" + std::to_string(::getpid());
    {
        std::ofstream file(path);
        file << "# comment\n8.8.8.8 From-File other # x\n127.0.0.1 inside\n2606:4700::9 from-file\n"
                "not-an-address name\n";
    }
    auto config = config_of(server);
    config.hosts_file = path;
    config.fixed = {{"Fixed.example", {"9.9.9.9"}},
                    {"other", {"9.9.9.10"}},
                    {"evil.example", {"::ffff:127.0.0.1", "0.0.0.0"}}};
    Names names(std::move(config));
    EXPECT_EQ(names.get("http://fixed.EXAMPLE:81").addresses, (Addresses{"9.9.9.9"}));
    EXPECT_EQ(names.get("http://from-file").addresses, (Addresses{"8.8.8.8"}));
    EXPECT_EQ(names.get("http://other").addresses, (Addresses{"9.9.9.10"}));
    EXPECT_EQ(names.get("http://8.8.4.4:99").addresses, (Addresses{"8.8.4.4"}));
    EXPECT_EQ(names.get("http://[2606:4700::1]:99").addresses, (Addresses{"2606:4700::1"}));
    for (const auto* origin : {"http://evil.example", "http://inside"}) {
        const Resolved resolved = names.get(origin);
        EXPECT_EQ(resolved.addresses, Addresses{});
        EXPECT_EQ(resolved.failure, Failure::blocked);
    }
    EXPECT_EQ(names.resolver().counters().local, 7u);
    EXPECT_EQ(server.queries(), 0);
    ::unlink(path.c_str());
}

TEST(Resolver, LoopbackIsThereWhereItIsAllowed) {
    DnsServer server;
    server.start();
    auto config = config_of(server);
    config.rules = AddressRules::make({"*"}, {"127.0.0.0/8"}).value();
    Names names(std::move(config));
    EXPECT_EQ(names.get("http://localhost:8080").addresses, (Addresses{"127.0.0.1"}));
    EXPECT_EQ(names.get("http://[::ffff:127.0.0.9]").addresses, (Addresses{"127.0.0.9"}));
    EXPECT_EQ(names.get("http://[::1]").failure, Failure::blocked);
}

TEST(Resolver, HostsThatTheRulesDoNotNameAreNotAskedFor) {
    DnsServer server;
    server.say_a("www.example", {"8.8.8.8"});
    server.start();
    auto config = config_of(server);
    config.rules = AddressRules::make({"*.example"}, {}).value();
    Names names(std::move(config));
    EXPECT_EQ(names.get("http://www.example").addresses, (Addresses{"8.8.8.8"}));
    EXPECT_EQ(names.get("http://www.other").failure, Failure::blocked);
    EXPECT_EQ(names.resolver().counters().queries, 1u);
}

TEST(Resolver, FollowsAliasesAndTruncatedAnswersAndIgnoresForgedOnes) {
    DnsServer server;
    server.say("alias.example", DnsRecord::a,
               {.records = {{"alias.example", DnsRecord::cname, 50, "b.example"},
                            {"b.example", DnsRecord::cname, 400, "c.example"},
                            {"c.example", DnsRecord::a, 300, "8.8.8.8"}}});
    DnsReply big{.truncated = true};
    for (int i = 1; i < 60; ++i) {
        big.records.push_back({"big.example", DnsRecord::a, 300, "8.8.1." + std::to_string(i)});
    }
    server.say("big.example", DnsRecord::a, std::move(big));
    server.say("forged.example", DnsRecord::a,
               {.records = {{"forged.example", DnsRecord::a, 300, "8.8.8.9"}}, .wrong_id = true});
    server.start();
    Names names(config_of(server));
    const Resolved alias = names.get("http://alias.example");
    EXPECT_EQ(alias.addresses, (Addresses{"8.8.8.8"}));
    EXPECT_EQ(alias.ttl, Duration(50s));
    const Resolved many = names.get("http://big.example");
    EXPECT_EQ(many.addresses.size(), 16u);
    EXPECT_EQ(many.addresses[0], "8.8.1.1");
    EXPECT_GE(server.tcp_queries(), 1);
    EXPECT_EQ(names.get("http://forged.example").addresses, (Addresses{"8.8.8.9"}));
}

TEST(Resolver, SilentAndBrokenServersEndInAFailure) {
    DnsServer server;
    for (const auto type : {DnsRecord::a, DnsRecord::aaaa}) {
        server.say("silent.example", type, {.silent = true});
        server.say("garbage.example", type, {.garbage = true});
    }
    server.say_a("half.example", {"8.8.8.8"});
    server.say("half.example", DnsRecord::aaaa, {.silent = true});
    server.start();
    auto config = config_of(server);
    config.timeout = 20ms;
    config.attempts = 2;
    config.failure_ttl = 9s;
    Names names(std::move(config));
    for (const auto* origin : {"http://silent.example", "http://garbage.example"}) {
        const Resolved resolved = names.get(origin);
        EXPECT_EQ(resolved.addresses, Addresses{});
        EXPECT_EQ(resolved.failure, Failure::dns);
        EXPECT_EQ(resolved.ttl, Duration(9s));
    }
    // One family is enough; the other is not waited for.
    Names patient(config_of(server));
    EXPECT_EQ(patient.get("http://half.example").addresses, (Addresses{"8.8.8.8"}));
}

TEST(Resolver, OneQuestionServesAllWhoWaitForItAndTheLineHasAnEnd) {
    DnsServer server;
    for (const auto type : {DnsRecord::a, DnsRecord::aaaa}) {
        for (int i = 0; i < 10; ++i) {
            server.say("s" + std::to_string(i) + ".example", type, {.silent = true});
        }
    }
    server.start();
    auto config = config_of(server);
    config.in_flight_max = 2;
    config.queue_max = 8;
    Names names(std::move(config));
    // As a channel and a line of eight each hold them, so many are taken at least.
    int taken = 0;
    for (int i = 0; i < 40; ++i) {
        if (names.order("http://s" + std::to_string(i % 4) + ".example")) ++taken;
    }
    EXPECT_GE(taken, 8);
    // Those above the line are refused as they are looked at; the others wait until the end.
    for (int i = 8; i < taken; ++i) {
        EXPECT_EQ(names.next().failure, Failure::dns);
    }
    const ResolverCounters counters = names.resolver().counters();
    EXPECT_LE(counters.queries, 2u);
    EXPECT_EQ(counters.refused, static_cast<std::uint64_t>(taken - 8));
    names.resolver().stop();
    EXPECT_FALSE(names.order("http://s1.example"));
    for (int i = 0; i < 8; ++i) EXPECT_EQ(names.next().failure, Failure::dns);
    EXPECT_EQ(names.answers_left(), 0u);
}

TEST(Resolver, ManyNamesAtOnce) {
    DnsServer server;
    for (int i = 0; i < 300; ++i) {
        server.say_a("h" + std::to_string(i) + ".example",
                     {"8.8." + std::to_string(i / 250) + "." + std::to_string(i % 250)});
    }
    server.start();
    auto config = config_of(server);
    config.timeout = 1s;  // datagrams may be lost
    config.attempts = 5;
    config.in_flight_max = 32;
    Names names(std::move(config));
    for (int i = 0; i < 600; ++i) {
        EXPECT_TRUE(names.order("http://h" + std::to_string(i % 300) + ".example"));
    }
    std::map<std::string, int> seen;
    for (int i = 0; i < 600; ++i) {
        const Resolved resolved = names.next();
        ASSERT_EQ(resolved.addresses.size(), 1u);
        ++seen[resolved.addresses[0]];
    }
    EXPECT_EQ(seen.size(), 300u);
    for (const auto& [address, times] : seen) EXPECT_EQ(times, 2) << address;
    EXPECT_EQ(names.resolver().counters().queries, 300u);
}

TEST(Resolver, ConfigurationsThatCannotWorkAreRefused) {
    const auto refused = [](auto change) {
        ResolverConfig config;
        change(config);
        auto started = Resolver::start(std::move(config), [](Resolved) {});
        return !started && started.error().code == Code::invalid;
    };
    EXPECT_TRUE(refused([](ResolverConfig& c) { c.servers = {"not a server"}; }));
    EXPECT_TRUE(refused([](ResolverConfig& c) { c.fixed = {{"a", {"b"}}}; }));
    EXPECT_TRUE(refused([](ResolverConfig& c) { c.fixed = {{"a", {}}}; }));
    EXPECT_TRUE(refused([](ResolverConfig& c) { c.in_flight_max = 0; }));
    EXPECT_TRUE(refused([](ResolverConfig& c) { c.ttl_max = Duration(0); }));
    EXPECT_TRUE(refused([](ResolverConfig& c) { c.attempts = 0; }));
}

TEST(NameCache, ForgetsWhatHasEndedAndWhatEndsSoonest) {
    NameCache cache(2);
    const Instant start{};
    cache.put("a", {{"1.1.1.1"}, Failure::dns}, start + 10s);
    cache.put("b", {{}, Failure::blocked}, start + 5s);
    ASSERT_NE(cache.find("b", start), nullptr);
    EXPECT_EQ(cache.find("b", start)->failure, Failure::blocked);
    cache.put("c", {{"3.3.3.3"}, Failure::dns}, start + 20s);
    EXPECT_EQ(cache.size(), 2u);
    EXPECT_EQ(cache.find("b", start), nullptr);
    EXPECT_EQ(cache.end_of("a"), start + 10s);
    cache.put("a", {{"1.1.1.2"}, Failure::dns}, start + 30s);
    EXPECT_EQ(cache.find("a", start + 29s)->addresses, (Addresses{"1.1.1.2"}));
    EXPECT_EQ(cache.find("a", start + 30s), nullptr);
    EXPECT_EQ(cache.size(), 0u);
}

}  // namespace
}  // namespace sluice::crawl
