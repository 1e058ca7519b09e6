// SPDX-License-Identifier: Apache-2.0
// What the tests of the conformance suite share: one ledger of each kind, loaded, and short words
// for its verbs.
#pragma once

#include "ledger_rig.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::jobs {

class LedgerConformance : public testing::TestWithParam<LedgerKind> {
protected:
    void SetUp() override { load(); }

    Ledger& ledger() { return rig_->ledger(); }
    LedgerState load() {
        loaded_.clear();
        auto state = ledger().load([&](JobRecord&& job) { loaded_.push_back(std::move(job)); });
        EXPECT_TRUE(state) << state.error().text();
        return state ? std::move(*state) : LedgerState{};
    }
    void write(std::vector<Write> writes) {
        const Status status = ledger().write(writes);
        ASSERT_TRUE(status) << status.error().text();
    }
    void sync() {
        const Status status = ledger().sync();
        ASSERT_TRUE(status) << status.error().text();
    }
    std::optional<JobRecord> find(std::string_view jid) {
        std::vector<std::optional<JobRecord>> found;
        const Sought sought{jid, {}};
        const Status status = ledger().find({&sought, 1}, SIZE_MAX, found);
        EXPECT_TRUE(status);
        return found.empty() ? std::nullopt : found[0];
    }
    ReadResult read(const WantedRead& wanted) {
        auto result = ledger().read(wanted);
        EXPECT_TRUE(result) << result.error().text();
        return result ? std::move(*result) : ReadResult{};
    }
    /// seqs of a page, with a final 0 when it is the last.
    static std::vector<std::uint64_t> seqs(const ReadResult& page) {
        std::vector<std::uint64_t> out;
        for (const auto& job : page.jobs) out.push_back(job.head.seq.value());
        if (page.at_end) out.push_back(0);
        return out;
    }

    std::unique_ptr<LedgerRig> rig_ = make_rig(GetParam());
    std::vector<JobRecord> loaded_;
};

using Numbers = std::vector<std::uint64_t>;

}  // namespace sluice::jobs
