// SPDX-License-Identifier: Apache-2.0
#include "kernel/net/address_rules.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace sluice {
namespace {

TEST(IpAddress, OnlyAddressesOfTheOpenInternetArePublic) {
    for (const auto* text : {"1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.0.1", "172.32.0.1",
                             "100.63.255.255", "100.128.0.1", "168.63.129.17",
                             "2606:4700:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8"}) {
        EXPECT_TRUE(is_public(IpAddress::parse(text).value())) << text;
    }
    for (const auto* text : {"127.0.0.1",
                             "127.255.1.2",
                             "0.0.0.0",
                             "10.1.2.3",
                             "172.16.0.1",
                             "172.31.255.255",
                             "192.168.1.1",
                             "169.254.169.254",
                             "168.63.129.16",
                             "100.64.0.1",
                             "100.127.255.255",
                             "224.0.0.1",
                             "239.1.1.1",
                             "255.255.255.255",
                             "198.18.0.1",
                             "192.0.2.7",
                             "::",
                             "::1",
                             "fe80::1",
                             "fc00::1",
                             "fd12::1",
                             "ff02::1",
                             "::ffff:127.0.0.1",
                             "::ffff:10.0.0.1",
                             "::127.0.0.1",
                             "64:ff9b::7f00:1",
                             "2002:7f00:1::",
                             "2001:0:1::1",
                             "2001:db8::1",
                             "3fff::1",
                             "100::1",
                             "fec0::1"}) {
        EXPECT_FALSE(is_public(IpAddress::parse(text).value())) << text;
    }
}

TEST(IpAddress, IsReadFromSocketAddressesAndWritten) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = htonl(0xC0000207);
    const auto* raw4 = reinterpret_cast<const sockaddr*>(&v4);
    EXPECT_EQ(IpAddress::from_sockaddr(raw4, sizeof v4).value().text(), "192.0.2.7");
    EXPECT_FALSE(IpAddress::from_sockaddr(raw4, 4));
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    ASSERT_EQ(inet_pton(AF_INET6, "::ffff:10.0.0.1", &v6.sin6_addr), 1);
    const auto* raw6 = reinterpret_cast<const sockaddr*>(&v6);
    EXPECT_EQ(IpAddress::from_sockaddr(raw6, sizeof v6).value().text(), "10.0.0.1");
    EXPECT_FALSE(IpAddress::from_sockaddr(raw6, sizeof v4));
    v6.sin6_family = AF_UNIX;
    EXPECT_FALSE(IpAddress::from_sockaddr(raw6, sizeof v6));
    EXPECT_EQ(IpAddress::parse("2001:db8::0:1").value().text(), "2001:db8::1");
}

TEST(IpNetwork, ContainsWhatItsPrefixSays) {
    const auto inside = [](const char* network, const char* address) {
        return IpNetwork::parse(network).value().contains(IpAddress::parse(address).value());
    };
    EXPECT_TRUE(inside("10.0.0.0/8", "10.255.0.1"));
    EXPECT_FALSE(inside("10.0.0.0/8", "11.0.0.1"));
    EXPECT_TRUE(inside("10.0.0.0/9", "10.127.0.1"));
    EXPECT_FALSE(inside("10.0.0.0/9", "10.128.0.1"));
    EXPECT_TRUE(inside("127.0.0.1", "::ffff:127.0.0.1"));
    EXPECT_FALSE(inside("0.0.0.0/0", "::1"));
    EXPECT_TRUE(inside("::/0", "1.2.3.4"));
    EXPECT_TRUE(inside("fd00::/8", "fdff::1"));
    for (const auto* wrong :
         {"", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "fd00::/129", "x/8", "10.0.0.0/8x"}) {
        EXPECT_FALSE(IpNetwork::parse(wrong)) << wrong;
    }
}

TEST(AddressRules, NothingIsAllowedUnlessConfigured) {
    const auto none = AddressRules::make({}, {}).value();
    EXPECT_FALSE(none.enabled());
    EXPECT_FALSE(none.allows_host("example.org"));
    EXPECT_FALSE(none.allows_address(IpAddress::parse("8.8.8.8").value()));
}

TEST(AddressRules, HostsOpenThePublicInternetAndNetworksOpenThemselves) {
    const auto hosts = AddressRules::make({"example.org", "*.Example.org"}, {}).value();
    EXPECT_TRUE(hosts.allows_host("Example.ORG."));
    EXPECT_TRUE(hosts.allows_host("www.example.org"));
    EXPECT_FALSE(hosts.allows_host("badexample.org"));
    EXPECT_FALSE(hosts.allows_host("example.org.evil.net"));
    EXPECT_TRUE(hosts.allows_address(IpAddress::parse("8.8.8.8").value()));
    EXPECT_FALSE(hosts.allows_address(IpAddress::parse("10.0.0.1").value()));

    const auto networks = AddressRules::make({}, {"10.1.0.0/16"}).value();
    EXPECT_TRUE(networks.allows_host("anything.internal"));
    EXPECT_TRUE(networks.allows_address(IpAddress::parse("10.1.2.3").value()));
    EXPECT_FALSE(networks.allows_address(IpAddress::parse("10.2.0.1").value()));
    EXPECT_FALSE(networks.allows_address(IpAddress::parse("8.8.8.8").value()));

    const auto all = AddressRules::public_internet();
    EXPECT_TRUE(all.allows_host("anything.example"));
    EXPECT_TRUE(all.allows_address(IpAddress::parse("8.8.8.8").value()));
    EXPECT_FALSE(all.allows_address(IpAddress::parse("127.0.0.1").value()));

    EXPECT_FALSE(AddressRules::make({"http://example.org"}, {}));
    EXPECT_FALSE(AddressRules::make({}, {"intranet"}));
}

}  // namespace
}  // namespace sluice
