// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/ledger/record.h"

#include "kernel/base/random.h"
#include "kernel/base/text.h"

#include <gtest/gtest.h>

#include <limits>

namespace sluice::jobs {
namespace {

std::string random_text(Random& random, std::size_t size_max) {
    std::string text(random.below(size_max + 1), '\0');
    for (char& c : text) c = static_cast<char>(random.next());
    return text;
}

std::int64_t random_number(Random& random) {
    switch (random.below(5)) {
        case 0: return 0;
        case 1: return static_cast<std::int64_t>(random.below(300));
        case 2: return -static_cast<std::int64_t>(random.below(300));
        case 3: return std::numeric_limits<std::int64_t>::min();
        default: return static_cast<std::int64_t>(random.next());
    }
}

WallTime random_time(Random& random) { return wall_from_ns(random_number(random)); }

JobPolicy random_policy(Random& random) {
    JobPolicy policy;
    if (random.chance(0.3)) return policy;
    policy.retry = static_cast<std::int32_t>(random_number(random));
    policy.priority = static_cast<std::uint8_t>(random.next());
    policy.wait_when_worker_lost = random.chance(0.5);
    policy.reserve_for = Duration(random_number(random));
    policy.timeout = Duration(random_number(random));
    policy.keep = Duration(random_number(random));
    policy.at = random_time(random);
    policy.created_at = random_time(random);
    if (random.chance(0.5)) {
        policy.backoff = {static_cast<BackoffKind>(random.below(4)),
                          Duration(random_number(random)), Duration(random_number(random)),
                          static_cast<std::uint8_t>(random.next())};
    }
    return policy;
}

JobRecord random_job(Random& random) {
    JobRecord job;
    JobHead& head = job.head;
    head.seq = Seq(random.next());
    head.queue = QueueId(random.chance(0.5) ? random.below(100) : random.next());
    head.state = static_cast<JobState>(random.below(job_state_count));
    head.priority = static_cast<std::uint8_t>(random.next());
    head.indexed = random.chance(0.5);
    head.named = random.chance(0.5);
    head.superseded = random.chance(0.5);
    head.cancel_requested = random.chance(0.5);
    head.losses = static_cast<std::uint8_t>(random.chance(0.5) ? 0 : random.next());
    head.attempt = static_cast<std::int32_t>(random_number(random));
    head.order = random.chance(0.3) ? 0 : random.next();
    head.due_at = random_time(random);
    head.enqueued_at = random_time(random);
    head.first_loss_at = random_time(random);
    head.changed_at = random_time(random);
    if (random.chance(0.6)) {
        head.lease.token = LeaseToken(random.next());
        head.lease.expires_at = random_time(random);
        head.lease.mode = static_cast<LeaseMode>(random.below(2));
        head.lease.lapse = static_cast<Lapse>(random.below(3));
        if (random.chance(0.7)) {
            head.lease.wid = std::make_shared<const std::string>(random_text(random, 30));
        }
    }
    if (random.chance(0.3)) {
        head.failure = std::make_shared<const JobFailure>(
            JobFailure{static_cast<std::int32_t>(random_number(random)),
                       static_cast<std::int32_t>(random_number(random)), random_time(random),
                       random_time(random), random_text(random, 20), random_text(random, 200),
                       random_text(random, 300)});
    }
    if (random.chance(0.3)) {
        head.result = std::make_shared<const std::string>(random_text(random, 100));
    }
    const std::size_t big = random.chance(0.2) ? 3000 : 60;
    const std::string texts[6] = {random_text(random, 24),  random_text(random, 20),
                                  random_text(random, 10),  random_text(random, big),
                                  random_text(random, big), random_text(random, 20)};
    job.body = std::make_shared<const JobBody>(
        JobBody::Texts{texts[0], texts[1], texts[2], texts[3], texts[4], texts[5]},
        random_policy(random));
    return job;
}

void expect_same_head(const JobHead& a, const JobHead& b) {
    EXPECT_EQ(a.seq, b.seq);
    EXPECT_EQ(a.queue, b.queue);
    EXPECT_EQ(a.state, b.state);
    EXPECT_EQ(a.priority, b.priority);
    EXPECT_EQ(a.indexed, b.indexed);
    EXPECT_EQ(a.named, b.named);
    EXPECT_EQ(a.superseded, b.superseded);
    EXPECT_EQ(a.cancel_requested, b.cancel_requested);
    EXPECT_EQ(a.losses, b.losses);
    EXPECT_EQ(a.attempt, b.attempt);
    EXPECT_EQ(a.order, b.order);
    EXPECT_EQ(a.due_at, b.due_at);
    EXPECT_EQ(a.enqueued_at, b.enqueued_at);
    EXPECT_EQ(a.first_loss_at, b.first_loss_at);
    EXPECT_EQ(a.changed_at, b.changed_at);
    EXPECT_EQ(a.lease.token, b.lease.token);
    EXPECT_EQ(a.lease.expires_at, b.lease.expires_at);
    EXPECT_EQ(a.lease.mode, b.lease.mode);
    EXPECT_EQ(a.lease.lapse, b.lease.lapse);
    ASSERT_EQ(a.lease.wid == nullptr, b.lease.wid == nullptr);
    EXPECT_EQ(a.lease.holder(), b.lease.holder());
    ASSERT_EQ(a.failure == nullptr, b.failure == nullptr);
    if (a.failure) {
        EXPECT_EQ(*a.failure, *b.failure);
    }
    ASSERT_EQ(a.result == nullptr, b.result == nullptr);
    if (a.result) {
        EXPECT_EQ(*a.result, *b.result);
    }
}

void expect_same_body(const JobBody& a, const JobBody& b) {
    EXPECT_EQ(a.bytes(), b.bytes());
    EXPECT_EQ(a.ends(), b.ends());
    EXPECT_EQ(a.policy(), b.policy());
}

TEST(Record, RandomJobsComeBackAsTheyWere) {
    Random random(1);
    std::string row;
    for (int i = 0; i < 5000; ++i) {
        const JobRecord job = random_job(random);
        encode_job(job, row);
        JobRecord back;
        const Status status = decode_job(job.head.seq, row, back);
        ASSERT_TRUE(status) << status.error().text();
        expect_same_head(job.head, back.head);
        const auto state = peek_state(row);
        ASSERT_TRUE(state);
        EXPECT_EQ(*state, job.head.state);
        ASSERT_EQ(back.body == nullptr, body_is_apart(*job.body));
        if (back.body) {
            expect_same_body(*job.body, *back.body);
            continue;
        }
        encode_body(job.head.seq, *job.body, row);
        const auto body = decode_body(job.head.seq, row);
        ASSERT_TRUE(body);
        expect_same_body(*job.body, **body);
    }
}

TEST(Record, EveryTruncationIsAnError) {
    Random random(2);
    std::string row;
    for (int i = 0; i < 60; ++i) {
        const JobRecord job = random_job(random);
        encode_job(job, row);
        for (std::size_t size = 0; size < row.size(); ++size) {
            const std::string cut = row.substr(0, size);  // its own allocation: ASan sees overreads
            JobRecord back;
            EXPECT_EQ(decode_job(job.head.seq, cut, back).error().code, Code::corrupt);
            (void)peek_state(cut);
        }
        encode_body(job.head.seq, *job.body, row);
        for (std::size_t size = 0; size < row.size(); ++size) {
            EXPECT_FALSE(decode_body(job.head.seq, row.substr(0, size)));
        }
    }
}

TEST(Record, EveryFlippedByteIsAnError) {
    Random random(3);
    std::string row;
    for (int i = 0; i < 20'000; ++i) {
        const JobRecord job = random_job(random);
        encode_job(job, row);
        std::string bad = row;
        for (std::uint64_t n = 1 + random.below(3); n > 0; --n) {
            bad[random.below(bad.size())] ^= static_cast<char>(1 + random.below(255));
        }
        if (bad == row) continue;
        JobRecord back;
        EXPECT_FALSE(decode_job(job.head.seq, bad, back));
        (void)peek_state(bad);
    }
}

TEST(Record, RandomBytesAreAnError) {
    Random random(4);
    for (int i = 0; i < 50'000; ++i) {
        std::string bytes = random_text(random, 200);
        if (!bytes.empty()) bytes[0] = 1;
        JobRecord back;
        EXPECT_FALSE(decode_job(Seq(1), bytes, back));
        EXPECT_FALSE(decode_body(Seq(1), bytes));
        EXPECT_FALSE(decode_queue(QueueId(1), bytes));
        EXPECT_FALSE(decode_totals(bytes));
    }
}

TEST(Record, RowUnderAnotherKeyIsAnError) {
    Random random(5);
    const JobRecord job = random_job(random);
    std::string row;
    encode_job(job, row);
    JobRecord back;
    EXPECT_FALSE(decode_job(Seq(job.head.seq.value() + 1), row, back));
}

TEST(Record, NewerVersionSaysToUpgrade) {
    Random random(6);
    const JobRecord job = random_job(random);
    std::string row;
    encode_job(job, row);
    row[0] = 3;
    JobRecord back;
    const Status status = decode_job(job.head.seq, row, back);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::corrupt);
    EXPECT_NE(status.error().message.find("written by a newer Sluice"), std::string::npos);
}

TEST(Record, QueuesAndTotalsComeBackAsTheyWere) {
    std::string row;
    for (unsigned bits = 0; bits < 16; ++bits) {
        const QueueRow queue{.id = QueueId(7),
                             .name = "mails",
                             .paused = (bits & 1U) != 0,
                             .removed = (bits & 2U) != 0,
                             .listed = (bits & 4U) != 0,
                             .durable = (bits & 8U) != 0};
        encode_queue(queue, row);
        EXPECT_EQ(*decode_queue(QueueId(7), row), queue);
    }
    EXPECT_FALSE(decode_queue(QueueId(8), row));
    EXPECT_FALSE(decode_queue(QueueId(7), row.substr(0, row.size() - 1)));
    const Totals totals{1, 2, 3, 400, 5, 1ULL << 60U, 7, 8};
    encode_totals(totals, row);
    EXPECT_EQ(*decode_totals(row), totals);
    EXPECT_FALSE(decode_totals(row.substr(1)));
}

/// A row as version 1 wrote it: whoever changes the codec must go on reading it.
std::string from_hex(std::string_view text) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        bytes.push_back(static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
    return bytes;
}

TEST(Record, RowsOfEarlierVersions) {
    JobRecord job;
    job.head.seq = Seq(5);
    job.head.queue = QueueId(3);
    job.head.order = 9;
    job.head.lease.wid = std::make_shared<const std::string>("w");
    job.body = std::make_shared<const JobBody>(
        JobBody::Texts{
            .jid = "j", .type = "t", .queue = "q", .args = "[]", .custom = "", .extra = ""},
        JobPolicy{.retry = 3});
    const std::string_view version_1 =
        "010105200403017700000000000000090200060101010200006a74715b5dbb001ce7";
    job.head.named = true;  // as every job of that version was
    JobRecord back;
    ASSERT_TRUE(decode_job(job.head.seq, from_hex(version_1), back));
    expect_same_head(job.head, back.head);
    expect_same_body(*job.body, *back.body);
    EXPECT_TRUE(peek_state(from_hex(version_1)));

    std::string row;
    encode_job(job, row);
    EXPECT_EQ(to_hex(row), "020105204403017700000000000000090200060101010200006a74715b5d14662187");
}

}  // namespace
}  // namespace sluice::jobs
