// SPDX-License-Identifier: Apache-2.0
#include "sdk/spool.h"

#include <gtest/gtest.h>
#include <support/scratch_folder.h>

namespace sluice::sdk {
namespace {

class SpoolFolder : public testing::Test {
protected:
    [[nodiscard]] Spool::Options options(std::string server = "h:1") const {
        return {.folder = folder.path(), .server = std::move(server), .bytes_max = kib(4)};
    }
    ScratchFolder folder;
};

Answer ack(std::uint64_t lease, std::string result) {
    return {.kind = Answer::Kind::ack,
            .jid = "job-" + std::to_string(lease),
            .lease = lease,
            .result = std::move(result),
            .failure = {}};
}

Answer failure(std::uint64_t lease) {
    return {.kind = Answer::Kind::fail,
            .jid = "job",
            .lease = lease,
            .result = {},
            .failure = {.errtype = "E", .message = "m", .final = true, .retry_in = 5s}};
}

TEST_F(SpoolFolder, WhatWasAppendedIsThereAfterTheWorkersEnd) {
    {
        auto spool = Spool::open(options()).value();
        EXPECT_TRUE(spool.take_recovered().empty());
        const Answer one = ack(7, R"({"a":1})");
        const Answer two = failure(8);
        ASSERT_TRUE(spool.append({&one, &two}));
    }
    auto next = Spool::open(options()).value();
    const auto recovered = next.take_recovered();
    ASSERT_EQ(recovered.size(), 2U);
    EXPECT_EQ(recovered[0].lease, 7U);
    EXPECT_EQ(recovered[0].jid, "job-7");
    EXPECT_EQ(recovered[0].result, R"({"a":1})");
    EXPECT_EQ(recovered[1].kind, Answer::Kind::fail);
    EXPECT_EQ(recovered[1].failure.retry_in, Duration{5s});
    EXPECT_TRUE(recovered[1].failure.final);
    ASSERT_TRUE(next.clear());
    EXPECT_EQ(folder.entries(), 1U) << "its own";
}

TEST_F(SpoolFolder, UntilTheyAreDeliveredTheyOutliveSeveralWorkers) {
    {
        auto spool = Spool::open(options()).value();
        const Answer one = ack(1, "1");
        ASSERT_TRUE(spool.append({&one}));
    }
    for (int i = 0; i < 3; ++i) EXPECT_EQ(Spool::open(options())->take_recovered().size(), 1U);
    auto last = Spool::open(options()).value();
    ASSERT_TRUE(last.clear());
    EXPECT_TRUE(Spool::open(options())->take_recovered().empty());
}

TEST_F(SpoolFolder, LivingWorkersAndOtherServersKeepTheirs) {
    auto living = Spool::open(options()).value();
    const Answer one = ack(1, "1");
    ASSERT_TRUE(living.append({&one}));
    EXPECT_TRUE(Spool::open(options())->take_recovered().empty());
    {
        auto other = Spool::open(options("other:1")).value();
        ASSERT_TRUE(other.append({&one}));
    }
    EXPECT_TRUE(Spool::open(options())->take_recovered().empty());
    EXPECT_EQ(Spool::open(options("other:1"))->take_recovered().size(), 1U);
}

TEST_F(SpoolFolder, ItHasABound) {
    auto spool = Spool::open(options()).value();
    const Answer large = ack(1, std::string(3000, '1'));
    ASSERT_TRUE(spool.append({&large}));
    const auto refused = spool.append({&large});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::exhausted);
    ASSERT_TRUE(spool.clear());
    EXPECT_TRUE(spool.append({&large}));
}

TEST_F(SpoolFolder, WhatIsForgottenDoesNotComeBackThoughItsBytesMayStillBeThere) {
    for (const std::size_t later : {std::size_t{1}, std::size_t{8}, std::size_t{40}}) {
        {
            auto spool = Spool::open(options()).value();
            const Answer first = ack(1, "12345678");
            const Answer second = ack(2, "12345678");
            ASSERT_TRUE(spool.append({&first, &second}));
            ASSERT_TRUE(spool.sync());
            ASSERT_TRUE(spool.clear());
            const Answer third = ack(3, std::string(later, '3'));
            ASSERT_TRUE(spool.append({&third}));
        }
        auto next = Spool::open(options()).value();
        const auto recovered = next.take_recovered();
        ASSERT_EQ(recovered.size(), 1U) << later;
        EXPECT_EQ(recovered[0].lease, 3U);
        ASSERT_TRUE(next.clear());
    }
    {
        auto spool = Spool::open(options()).value();
        const Answer one = ack(1, "1");
        ASSERT_TRUE(spool.append({&one}));
        ASSERT_TRUE(spool.clear());
    }
    EXPECT_TRUE(Spool::open(options())->take_recovered().empty());
}

TEST_F(SpoolFolder, WithoutAnswersNothingIsLeft) {
    {
        auto spool = Spool::open(options()).value();
    }
    EXPECT_EQ(folder.entries(), 0U);
}

TEST(SpoolRecords, ATornOrSpoiltFileGivesWhatIsWhole) {
    std::string bytes;
    append_spool_record(bytes, ack(1, "one"));
    const std::size_t first = bytes.size();
    append_spool_record(bytes, ack(2, "two"));
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
        const std::size_t whole = size == bytes.size() ? 2 : size >= first ? 1 : 0;
        EXPECT_EQ(read_spool_records(std::string_view(bytes).substr(0, size)).size(), whole);
    }
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        std::string spoilt = bytes;
        spoilt[at] = static_cast<char>(spoilt[at] ^ 0x40);
        EXPECT_LE(read_spool_records(spoilt).size(), at < first ? 0U : 1U) << at;
    }
}

}  // namespace
}  // namespace sluice::sdk
