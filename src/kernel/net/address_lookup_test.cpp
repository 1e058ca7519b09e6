// SPDX-License-Identifier: Apache-2.0
#include "kernel/net/address_lookup.h"

#include "kernel/sync/channel.h"
#include "kernel/sync/clock.h"

#include <gtest/gtest.h>

#include <atomic>

namespace sluice {
namespace {

using Endpoint = AddressLookup::Endpoint;

TEST(AddressLookup, NameServerThatSaysNothingCostsNoMoreThanTheDeadline) {
    Channel<int> answers(1);
    Channel<int> hanging(2);
    std::atomic<int> asked{0};
    AddressLookup lookup([&](const HostPort& where) -> Result<Endpoint> {
        ++asked;
        hanging.push(1);
        int item = 0;
        answers.pop(item);
        return Endpoint(boost::asio::ip::address_v4::loopback(), where.port);
    });
    const Instant begun = monotonic_now();
    const auto late = lookup.find({"queue.example", 7419}, deadline_after(30ms));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Code::timeout);
    EXPECT_NE(late.error().message.find("\"queue.example\""), std::string::npos);
    EXPECT_GE(monotonic_now() - begun, 30ms);
    // While that one hangs: addresses and localhost need nobody.
    int item = 0;
    ASSERT_EQ(hanging.pop(item), ChannelStatus::ok);
    EXPECT_TRUE(lookup.find({"127.0.0.1", 1}, deadline_after(10s)));
    EXPECT_TRUE(lookup.find({"::1", 1}, deadline_after(10s)));
    EXPECT_TRUE(lookup.find({"localhost", 1}, deadline_after(10s)));
    EXPECT_EQ(asked, 1);
    answers.close();
    const auto found = lookup.find({"queue.example", 7419}, deadline_after(30s));
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->port(), 7419);
    EXPECT_EQ(asked, 2);
}

TEST(AddressLookup, UnknownNameIsInvalid) {
    AddressLookup lookup([](const HostPort& where) -> Result<Endpoint> {
        return fail(Code::invalid, "the host \"" + where.host + "\" is not known here");
    });
    const auto found = lookup.find({"queue.example", 1}, deadline_after(30s));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Code::invalid);
}

}  // namespace
}  // namespace sluice
