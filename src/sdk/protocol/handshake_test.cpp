// SPDX-License-Identifier: Apache-2.0
#include "sdk/protocol/handshake.h"

#include <array>

#include <gtest/gtest.h>

namespace sluice::sdk {
namespace {

TEST(Handshake, PasswordHashMatchesThePublishedVectors) {
    EXPECT_EQ(*hash_password("foobar", {.salt = "55104dc76695721d", .iterations = 1545}),
              "6d877f8e5544b1f2598768f817413ab8a357afffa924dedae99eb91472d4ec30");
    EXPECT_EQ(*hash_password("abcde123", {.salt = "123", .iterations = 3}),
              "ef646abadf4ffba660d9bbb8de8e45576970de917b4c9da8cad96b49e64636d9");
}

TEST(Handshake, IterationsAreCappedBothWays) {
    for (const std::int64_t iterations : {-1L, 0L, 100'001L, INT64_MAX, INT64_MIN}) {
        const auto hash = hash_password("p", {.salt = "s", .iterations = iterations});
        ASSERT_FALSE(hash);
        EXPECT_EQ(hash.error().code, Code::invalid);
    }
    EXPECT_TRUE(hash_password("p", {.salt = "s", .iterations = 100'000}));
}

TEST(Handshake, AClientBelowVersionTwoHashesOnce) {
    const Challenge challenge{.salt = "55104dc76695721d", .iterations = 1545};
    const std::string once = *hash_password("foobar", {.salt = challenge.salt, .iterations = 1});
    const std::string all = *hash_password("foobar", challenge);
    EXPECT_TRUE(is_password_proof(all, "foobar", challenge, 2));
    EXPECT_TRUE(is_password_proof(all, "foobar", challenge, 3));
    EXPECT_FALSE(is_password_proof(once, "foobar", challenge, 2));
    EXPECT_TRUE(is_password_proof(once, "foobar", challenge, 0));
    EXPECT_TRUE(is_password_proof(once, "foobar", challenge, 1));
    EXPECT_FALSE(is_password_proof(all, "foobar", challenge, 0));
    EXPECT_FALSE(is_password_proof("", "foobar", challenge, 2));
    EXPECT_FALSE(is_password_proof(all, "fooba", challenge, 2));
}

TEST(Handshake, ChallengesStayInFaktorysRange) {
    std::array<std::uint8_t, challenge_bytes> bytes{};
    EXPECT_EQ(make_challenge(bytes), (Challenge{.salt = "0000000000000000", .iterations = 4000}));
    bytes.fill(0xFF);
    EXPECT_EQ(make_challenge(bytes), (Challenge{.salt = "ffffffffffffffff", .iterations = 8095}));
}

TEST(Handshake, TheGreetingHoldsOneBlankOnly) {
    EXPECT_EQ(render_greeting({}), "HI {\"v\":2}");
    EXPECT_EQ(render_greeting({.extended = true}), "HI {\"v\":2,\"x\":1}");
    const Greeting asked{.challenge = Challenge{.salt = "55104dc76695721d", .iterations = 1545},
                         .extended = true};
    EXPECT_EQ(render_greeting(asked), "HI {\"v\":2,\"i\":1545,\"s\":\"55104dc76695721d\",\"x\":1}");
}

TEST(Handshake, WhatIsRenderedIsReadBack) {
    const Greeting asked{.challenge = Challenge{.salt = "5510", .iterations = 1545},
                         .extended = true};
    for (const Greeting& greeting : {Greeting{}, Greeting{.extended = true}, asked}) {
        EXPECT_EQ(*parse_greeting(render_greeting(greeting)), greeting);
    }
    EXPECT_EQ(*parse_greeting("HI { \"v\": 2, \"other\": [1] }"), Greeting{});
}

TEST(Handshake, OddGreetingsAreRefusedWithAReason) {
    struct Case {
        std::string_view line;
        std::string_view part;
    };
    for (const Case& odd : {
             Case{"", "not a Faktory greeting"},
             Case{"HI", "not a Faktory greeting"},
             Case{"-ERR busy", "not a Faktory greeting"},
             Case{"HI {\"v\":3}", "version 3"},
             Case{"HI {}", "version 0"},
             Case{"HI {\"v\":\"2\"}", "v must be an integer"},
             Case{"HI {\"v\":2", "invalid JSON"},
             Case{"HI {\"v\":2,\"s\":\"a\",\"i\":1000000000}", "1 to 100000"},
             Case{"HI {\"v\":2,\"s\":\"a\",\"i\":0}", "1 to 100000"},
             Case{"HI {\"v\":2,\"s\":\"a\",\"i\":-5}", "1 to 100000"},
         }) {
        const auto greeting = parse_greeting(odd.line);
        ASSERT_FALSE(greeting) << odd.line;
        EXPECT_NE(greeting.error().message.find(odd.part), std::string::npos)
            << greeting.error().message;
    }
}

TEST(Handshake, ConstantTimeEqualityIsEquality) {
    EXPECT_TRUE(equal_in_constant_time("", ""));
    EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
    EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
}

}  // namespace
}  // namespace sluice::sdk
