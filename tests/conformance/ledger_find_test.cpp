// SPDX-License-Identifier: Apache-2.0
// The part of the conformance suite that looks jobs up by their jids.
#include "ledger_conformance.h"

#include <string>

namespace sluice::jobs {
namespace {

TEST_P(LedgerConformance, FindGivesTheLatestJobOfAJid) {
    write({PutJob{make_job(1, "a"), true}, PutJid{Seq(1), "a"}});
    JobRecord old = make_job(1, "a");
    old.head.superseded = true;
    write({PutJob{old, false}, PutJob{make_job(2, "a", 4000), true}, PutJid{Seq(2), "a"}});
    const Sought names[] = {{"nobody", {}}, {"a", {}}, {"", {}}};
    std::vector<std::optional<JobRecord>> found(17);
    ASSERT_TRUE(ledger().find(names, SIZE_MAX, found));
    ASSERT_EQ(found.size(), 3U);
    EXPECT_FALSE(found[0] || found[2]);
    ASSERT_TRUE(found[1]);
    EXPECT_EQ(found[1]->head.seq, Seq(2));
    EXPECT_EQ(found[1]->body->args().size(), 4004U);
    // The earlier one ends: the jid goes on naming the later one.
    write({EraseJob{Seq(1)}});
    EXPECT_EQ(find("a")->head.seq, Seq(2));
    write({EraseJob{Seq(2), "a"}});
    EXPECT_FALSE(find("a"));
    ASSERT_TRUE(ledger().find({}, SIZE_MAX, found));
    EXPECT_TRUE(found.empty());
}

TEST_P(LedgerConformance, FindBelievesTheSeqOnlyIfTheJobThereHasThatJid) {
    write({PutJob{make_job(1, "unnamed"), true}, PutJob{make_job(2, "b", 4000), true},
           PutJob{make_job(3, "named"), true}, PutJid{Seq(3), "named"}});
    const Sought sought[] = {{"unnamed", Seq(1)}, {"unnamed", {}},    {"b", Seq(2)},
                             {"named", Seq(2)},   {"named", Seq(9)},  {"named", Seq(3)},
                             {"nobody", Seq(1)},  {"unnamed", Seq(3)}};
    std::vector<std::optional<JobRecord>> found;
    ASSERT_TRUE(ledger().find(sought, SIZE_MAX, found));
    std::vector<std::uint64_t> where;
    for (const auto& job : found) where.push_back(job ? job->head.seq.value() : 0);
    EXPECT_EQ(where, (Numbers{1, 0, 2, 3, 3, 3, 0, 0}));
    EXPECT_EQ(found[2]->body->jid(), "b");
}

TEST_P(LedgerConformance, FindEndsAtItsBytesAndGoesOnFromThere) {
    std::vector<Write> writes;
    std::vector<std::string> names;
    for (std::uint64_t seq = 1; seq <= 100; ++seq) {
        names.push_back("j" + std::to_string(seq));
        if (seq % 10 == 0) continue;  // not stored
        // Small ones, and ones whose body is kept apart.
        writes.emplace_back(PutJob{make_job(seq, names.back(), seq % 3 == 0 ? 50'000 : 10), true});
        if (seq % 2 == 0) writes.emplace_back(PutJid{Seq(seq), names.back()});
    }
    write(writes);
    for (const std::size_t bytes_max : {std::size_t{1}, std::size_t{120'000}, SIZE_MAX}) {
        std::vector<Sought> sought;
        for (const std::string& name : names) {
            const bool has_row = sought.size() % 2 != 0;
            sought.push_back({name, has_row ? Seq{} : Seq(sought.size() + 1)});
        }
        std::uint64_t seq = 0;
        std::size_t calls = 0;
        for (std::span<const Sought> rest = sought; !rest.empty(); ++calls) {
            std::vector<std::optional<JobRecord>> found;
            ASSERT_TRUE(ledger().find(rest, bytes_max, found));
            ASSERT_GE(found.size(), 1U);
            ASSERT_LE(found.size(), rest.size());
            std::size_t before_last = 0;
            std::size_t bytes = 0;
            for (const auto& job : found) {
                ++seq;
                ASSERT_EQ(job.has_value(), seq % 10 != 0) << seq;
                if (!job) continue;
                EXPECT_EQ(job->head.seq, Seq(seq));
                EXPECT_EQ(job->body->args().size(), (seq % 3 == 0 ? 50'000U : 10U) + 4);
                before_last = bytes;
                bytes += memory_bytes(*job);
            }
            EXPECT_LT(before_last, bytes_max);  // every job but the last fits
            rest = rest.subspan(found.size());
        }
        EXPECT_EQ(seq, names.size());
        EXPECT_EQ(calls == 1, bytes_max == SIZE_MAX);
    }
}

}  // namespace
}  // namespace sluice::jobs
