// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/politeness/rates.h"

#include <gtest/gtest.h>

namespace sluice::crawl {
namespace {

Rates changed_rates() {
    Rates rates;
    rates.pace.delay = 250ms;
    rates.pace.burst = 3;
    rates.pace.latency_factor = 0.75;
    rates.gates.domain.rate = TokenBucketLimit{90, 1min, 2};
    rates.gates.crawl.running_max = 17;
    return rates;
}

TEST(Rates, ComeBackFromTheirRecord) {
    const auto read = read_rates(rates_record(changed_rates(), Rates{}), Rates{});
    ASSERT_TRUE(read && *read);
    const Rates& rates = **read;
    EXPECT_EQ(rates.pace.delay, Duration(250ms));
    EXPECT_EQ(rates.pace.burst, 3U);
    EXPECT_EQ(rates.pace.latency_factor, 0.75);
    EXPECT_EQ(rates.pace.park, PaceConfig{}.park);
    EXPECT_FALSE(rates.gates.address.rate);
    ASSERT_TRUE(rates.gates.domain.rate);
    EXPECT_EQ(rates.gates.domain.rate->tokens, 90U);
    EXPECT_EQ(rates.gates.domain.rate->per, Duration(1min));
    EXPECT_EQ(rates.gates.domain.rate->burst, 2U);
    EXPECT_EQ(rates.gates.crawl.running_max, 17U);
}

TEST(Rates, GiveWayToThoseThatTheCallerHasChosenSince) {
    Rates begun;
    const std::string record = rates_record(changed_rates(), begun);
    begun.gates.crawl.running_max = 5;
    auto read = read_rates(record, begun);
    EXPECT_TRUE(read && *read) << "more or fewer requests at once are no other rate";
    begun.gates.crawl.rate = TokenBucketLimit{1, 1s, 1};
    read = read_rates(record, begun);
    EXPECT_TRUE(read && !*read);
}

TEST(Rates, DamagedRecordsAreRefused) {
    const std::string record = rates_record(changed_rates(), Rates{});
    for (std::size_t length = 0; length < record.size(); ++length)
        EXPECT_FALSE(read_rates(record.substr(0, length), Rates{})) << length;
    EXPECT_FALSE(read_rates(record + "x", Rates{}));
}

}  // namespace
}  // namespace sluice::crawl
