// SPDX-License-Identifier: Apache-2.0
#include "sdk/name_lookup.h"

#include "kernel/sync/channel.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/thread.h"

#include <gtest/gtest.h>

#include <atomic>

#include <arpa/inet.h>

namespace sluice::sdk {
namespace {

/// A name server that says nothing until it is told to.
struct SilentResolver {
    Resolver resolver() {
        return [this](const char*, const char* port, const addrinfo*, addrinfo** list) {
            ++asked;
            hanging.try_push(1);
            answer.wait_until(no_deadline);
            return getaddrinfo("127.0.0.1", port, nullptr, list);
        };
    }
    void await_question() {
        int item = 0;
        EXPECT_EQ(hanging.pop(item), ChannelStatus::ok);
    }
    Wake answer;
    Channel<int> hanging{100};
    std::atomic<int> asked{0};
};

TEST(NameLookup, ALateOneEndsAtItsDeadlineAndTheNextOneIsAskedAfresh) {
    SilentResolver silent;
    NameLookup names(silent.resolver());
    const Instant begun = monotonic_now();
    const auto late = names.find("queue.example", 7419, {.deadline = deadline_after(30ms)});
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Code::timeout);
    EXPECT_NE(late.error().message.find("queue.example"), std::string::npos);
    EXPECT_GE(monotonic_now() - begun, 30ms);
    // While that one hangs: addresses and localhost need nobody.
    silent.await_question();
    EXPECT_TRUE(names.find("127.0.0.1", 1, {.deadline = deadline_after(10s)}));
    EXPECT_TRUE(names.find("::1", 1, {.deadline = deadline_after(10s)}));
    EXPECT_TRUE(names.find("localhost", 1, {.deadline = deadline_after(10s)}));
    EXPECT_EQ(silent.asked, 1);
    silent.answer.notify();
    const auto found = names.find("queue.example", 7419, {.deadline = deadline_after(30s)});
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(reinterpret_cast<const sockaddr_in*>(found->get()->ai_addr)->sin_port, htons(7419));
    EXPECT_EQ(silent.asked, 2);
}

TEST(NameLookup, LocalhostIsTheLoopbackAddressesAndNothingElse) {
    SilentResolver silent;
    NameLookup names(silent.resolver());
    const auto found = names.find("localhost", 7419, {.deadline = deadline_after(10s)});
    ASSERT_TRUE(found) << found.error().message;
    bool is_v4_there = false;
    for (const addrinfo* one = found->get(); one != nullptr; one = one->ai_next) {
        if (one->ai_family == AF_INET) {
            const auto* address = reinterpret_cast<const sockaddr_in*>(one->ai_addr);
            EXPECT_EQ(address->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
            EXPECT_EQ(address->sin_port, htons(7419));
            is_v4_there = true;
        } else {
            ASSERT_EQ(one->ai_family, AF_INET6);
            EXPECT_TRUE(IN6_IS_ADDR_LOOPBACK(
                &reinterpret_cast<const sockaddr_in6*>(one->ai_addr)->sin6_addr));
        }
    }
    EXPECT_TRUE(is_v4_there);
    EXPECT_EQ(silent.asked, 0);
}

TEST(NameLookup, IsEndedByAWake) {
    SilentResolver silent;
    NameLookup names(silent.resolver());
    Wake wake;
    Thread ender("ender", [&] { wake.notify(); });
    const auto ended =
        names.find("queue.example", 1, {.deadline = deadline_after(30s), .wake = &wake});
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code, Code::cancelled);
    silent.answer.notify();
}

TEST(NameLookup, TooManyAtOnceAreRefused) {
    SilentResolver silent;
    NameLookup names(silent.resolver());
    int refused = 0;
    for (int i = 0; i < 100; ++i) {
        const auto late = names.find("queue.example", 1, {.deadline = monotonic_now()});
        ASSERT_FALSE(late);
        if (late.error().code == Code::busy) ++refused;
    }
    EXPECT_GE(refused, 100 - 64 - 4);
    silent.answer.notify();
}

TEST(NameLookup, AnUnknownNameIsNotFound) {
    NameLookup names(
        [](const char*, const char*, const addrinfo*, addrinfo**) { return EAI_NONAME; });
    const auto found = names.find("queue.example", 1, {.deadline = deadline_after(30s)});
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Code::not_found);
}

}  // namespace
}  // namespace sluice::sdk
